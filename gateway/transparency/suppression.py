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
    """The names of the sums that may be told; a name stands for one sum in all rounds.

    The same counts and rounds in the same order give the same names, whenever and wherever they are asked for.
    """
    books = _Books(counts)
    for each in rounds:
        books.publish(each)
    return frozenset(books.told)


@dataclass(frozen=True, slots=True)
class _Class:
    """Cells that stand in the same told sums, and how much could move among them, one left in each but the empty.

    The sums are told as a number with a bit for each: there are thousands of them, and classes are made often.
    """

    sums: int
    cells: Cells
    loose: int


@dataclass(slots=True)
class _Books:
    """What is told and what is small so far; `standing` has the told sums of each cell, a bit for each."""

    counts: Mapping[Any, int]
    told: dict[Name, Cells] = field(default_factory=dict)
    small: list[Cells] = field(default_factory=list)
    bits: dict[Name, int] = field(default_factory=dict)
    standing: defaultdict[Cell, int] = field(default_factory=lambda: defaultdict(int))

    def publish(self, each: Round) -> None:
        """Tell what can be told of a round."""
        looked_at = dict.fromkeys((*each.sums.values(), *each.guarded))  # in their order, the same in every process
        self.small += [cells for cells in looked_at if 0 < self._total(cells) < FEWEST]
        fresh = {name: cells for name, cells in each.sums.items() if not 0 < self._total(cells) < FEWEST}
        for name, cells in fresh.items():
            self._tell(name, cells)
        while fresh:
            classes = self._classes()
            exposed = next((cells for cells in self.small if _exposed(cells, classes)), None)
            if exposed is None:
                return
            for name in self._least(exposed, classes, fresh):
                self._hide(name, fresh.pop(name))

    def _tell(self, name: Name, cells: Cells) -> None:
        self.told[name] = cells
        self.bits[name] = 1 << len(self.bits)
        for cell in cells:
            self.standing[cell] |= self.bits[name]

    def _hide(self, name: Name, cells: Cells) -> None:
        del self.told[name]
        for cell in cells:
            self.standing[cell] &= ~self.bits[name]

    def _total(self, cells: Collection[Cell]) -> int:
        return sum(self.counts[cell] for cell in cells)

    def _classes(self) -> dict[Cell, _Class]:
        """The class of each cell."""
        alike: defaultdict[int, set[Cell]] = defaultdict(set)
        for cell in self.counts:
            alike[self.standing[cell]].add(cell)
        made = [_Class(sums, frozenset(cells), self._loose(cells)) for sums, cells in alike.items()]
        return {cell: each for each in made for cell in each.cells}

    def _loose(self, cells: Collection[Cell]) -> int:
        return sum(max(0, self.counts[cell] - 1) for cell in cells)

    def _least(self, exposed: Cells, classes: Mapping[Cell, _Class], fresh: Mapping[Any, Cells]) -> frozenset[Name]:
        """The sums to hide so that a class of the exposed sum and one outside become one; else all of the round."""
        elsewhere = ~sum(self.bits[name] for name in fresh)
        ways = {
            way: inside.loose + outside.loose
            for inside, outside in _pairs(exposed, classes)
            if not (way := inside.sums ^ outside.sums) & elsewhere
        }
        if not ways:
            return frozenset(fresh)
        worth = {name: self._total(cells) for name, cells in fresh.items()}

        def cost(way: int) -> tuple[bool, int, list[str]]:
            names = self._named(way, fresh)
            return ways[way] < FEWEST - 1, sum(worth[name] for name in names), sorted(map(repr, names))

        return frozenset(self._named(min(ways, key=cost), fresh))

    def _named(self, way: int, fresh: Mapping[Any, Cells]) -> list[Name]:
        return [name for name in fresh if self.bits[name] & way]


def _exposed(small: Cells, classes: Mapping[Cell, _Class]) -> bool:
    """Whether what is told bounds a small sum too closely."""
    touched = {each.sums: each for each in (classes[cell] for cell in small)}
    if 0 in touched:
        return False  # some of it stands in no told sum at all
    return sum(each.loose for each in touched.values() if not each.cells <= small) < FEWEST - 1


def _pairs(exposed: Cells, classes: Mapping[Cell, _Class]) -> Iterator[tuple[_Class, _Class]]:
    every = {each.sums: each for each in classes.values()}.values()
    outside = [each for each in every if not each.cells <= exposed]
    for inner in every:
        if inner.cells & exposed:
            yield from ((inner, outer) for outer in outside if outer is not inner)
