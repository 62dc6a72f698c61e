"""Which counts may be told, so that none from one to four is given away, not even by the difference of two others.

Everything that is told is a sum over cells. Cells that the told sums never tell apart form a class, so whoever reads
all of them learns the total of each class, and no more. A small sum stays hidden as long as it cuts through classes
with enough to move: with one left in each cell that is not empty, four or more, so that it may be any of five numbers
at least. Where it does not, further sums are hidden (secondary suppression) until two classes become one; of all ways
the one that takes least away. Zero is told.

What was told once cannot be taken back, so sums come in rounds, one for each publication: a round hides only its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

FEWEST = 5
Cell: TypeAlias = Hashable
Name: TypeAlias = Hashable
Cells: TypeAlias = frozenset[Any]


@dataclass(frozen=True, slots=True)
class Round:
    """One publication: sums to tell under their names, and others that nobody must be able to work out if small.

    Each of them counts a cell that no earlier round counts.
    """

    sums: Mapping[Any, Cells]
    guarded: Collection[Cells] = ()


def tellable(counts: Mapping[Any, int], rounds: Sequence[Round]) -> frozenset[Name]:
    """The names of the sums that may be told; a name stands for one sum in all rounds."""
    books = _Books(counts)
    for each in rounds:
        books.publish(each)
    return frozenset(books.told)


@dataclass(frozen=True, slots=True)
class _Class:
    """Cells that stand in the same told sums, and how much could move among them, one left in each but the empty."""

    sums: frozenset[Name]
    cells: Cells
    loose: int


@dataclass(slots=True)
class _Books:
    """What is told and what is small so far."""

    counts: Mapping[Any, int]
    told: dict[Name, Cells] = field(default_factory=dict)
    small: list[Cells] = field(default_factory=list)

    def publish(self, each: Round) -> None:
        """Tell what can be told of a round."""
        self.small += [cells for cells in {*each.sums.values(), *each.guarded} if 0 < self._total(cells) < FEWEST]
        fresh = {name: cells for name, cells in each.sums.items() if not 0 < self._total(cells) < FEWEST}
        self.told |= fresh
        while fresh:
            classes = self._classes()
            exposed = next((cells for cells in self.small if _exposed(cells, classes)), None)
            if exposed is None:
                return
            for name in self._least(exposed, classes, fresh):
                del self.told[name], fresh[name]

    def _total(self, cells: Collection[Cell]) -> int:
        return sum(self.counts[cell] for cell in cells)

    def _classes(self) -> dict[Cell, _Class]:
        """The class of each cell."""
        standing: defaultdict[Cell, set[Name]] = defaultdict(set)
        for name, cells in self.told.items():
            for cell in cells:
                standing[cell].add(name)
        alike: defaultdict[frozenset[Name], set[Cell]] = defaultdict(set)
        for cell in self.counts:
            alike[frozenset(standing[cell])].add(cell)
        made = [_Class(sums, frozenset(cells), self._loose(cells)) for sums, cells in alike.items()]
        return {cell: each for each in made for cell in each.cells}

    def _loose(self, cells: Collection[Cell]) -> int:
        return sum(max(0, self.counts[cell] - 1) for cell in cells)

    def _least(self, exposed: Cells, classes: Mapping[Cell, _Class], fresh: Mapping[Any, Cells]) -> frozenset[Name]:
        """The sums to hide so that a class of the exposed sum and one outside become one; else all of the round."""
        ways = {
            inside.sums ^ outside.sums: inside.loose + outside.loose
            for inside, outside in _pairs(exposed, classes)
            if inside.sums ^ outside.sums <= fresh.keys()
        }
        if not ways:
            return frozenset(fresh)
        return min(ways, key=lambda way: (ways[way] < FEWEST - 1, sum(map(self._value, way)), sorted(map(repr, way))))

    def _value(self, name: Name) -> int:
        return self._total(self.told[name])


def _exposed(small: Cells, classes: Mapping[Cell, _Class]) -> bool:
    """Whether what is told bounds a small sum too closely."""
    touched = {each.sums: each for each in (classes[cell] for cell in small)}
    if frozenset() in touched:
        return False  # some of it stands in no told sum at all
    return sum(each.loose for each in touched.values() if not each.cells <= small) < FEWEST - 1


def _pairs(exposed: Cells, classes: Mapping[Cell, _Class]) -> Iterator[tuple[_Class, _Class]]:
    every = {each.sums: each for each in classes.values()}.values()
    outside = [each for each in every if not each.cells <= exposed]
    for inner in every:
        if inner.cells & exposed:
            yield from ((inner, outer) for outer in outside if outer is not inner)
