"""No small number is given away: not by itself, and not by any sum and difference of what is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transparency.suppression import FEWEST, Round, tellable

Counts = Mapping[Any, int]
Sums = Mapping[Any, frozenset[Any]]


def value(counts: Counts, cells: frozenset[Any]) -> int:
    return sum(counts[cell] for cell in cells)


def small(counts: Counts, cells: frozenset[Any]) -> bool:
    return 0 < value(counts, cells) < FEWEST


def follows_from(wanted: frozenset[Any], told: Sequence[frozenset[Any]], cells: Sequence[Any]) -> bool:
    """Whether some sum and difference of the told sums gives the wanted one, by elimination over the rationals."""
    rows: list[list[Fraction]] = []
    for each in [*told, wanted]:
        row = [Fraction(cell in each) for cell in cells]
        for former in rows:
            lead = next(place for place, number in enumerate(former) if number)
            if row[lead]:
                factor = row[lead] / former[lead]
                row = [a - factor * b for a, b in zip(row, former, strict=True)]
        if any(row):
            rows.append(row)
        elif each is wanted:
            return True
    return False


@st.composite
def tables(draw: st.DrawFn) -> tuple[Counts, Sums]:
    """A table of two ways of looking at it, with its cells, margins, groups of rows and total."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    few = st.one_of(st.integers(0, 6), st.integers(0, 60))
    counts = {(r, c): draw(few) for r in range(rows) for c in range(columns)}
    group = [draw(st.integers(0, 2)) for _ in range(rows)]
    sums: dict[Any, frozenset[Any]] = {("cell", cell): frozenset([cell]) for cell in counts}
    for name, of in (
        ("row", lambda cell: cell[0]),
        ("column", lambda cell: cell[1]),
        ("group", lambda cell: group[cell[0]]),
        ("all", lambda _: 0),
    ):
        for key in {of(cell) for cell in counts}:
            sums[name, key] = frozenset(cell for cell in counts if of(cell) == key)
    return counts, sums


@given(tables())
@settings(max_examples=300)
def test_nothing_small_is_told_or_follows_from_what_is_told(table: tuple[Counts, Sums]) -> None:
    counts, sums = table
    names = tellable(counts, [Round(sums)])
    told = [sums[name] for name in names]
    for name, cells in sums.items():
        if small(counts, cells):
            assert name not in names
            assert not follows_from(cells, told, list(counts))


@given(tables())
@settings(max_examples=300)
def test_no_margin_less_the_cells_that_are_told_leaves_a_hidden_cell(table: tuple[Counts, Sums]) -> None:
    counts, sums = table
    told = {name: sums[name] for name in tellable(counts, [Round(sums)])}
    seen = frozenset(cell for kind, cell in told if kind == "cell")
    for (kind, _), margin in told.items():
        left = margin - seen
        if kind != "cell" and left != margin and len(left) == 1:
            assert not small(counts, left)  # hidden for the sake of another, and large itself


@given(tables())
@settings(max_examples=200)
def test_no_difference_of_two_views_is_small(table: tuple[Counts, Sums]) -> None:
    counts, sums = table
    told = [sums[name] for name in tellable(counts, [Round(sums)])]
    hidden = {cells for cells in sums.values() if small(counts, cells)}
    for one, other in combinations(told, 2):
        assert one - other not in hidden or not other <= one
        assert other - one not in hidden or not one <= other


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.lists(st.integers(0, 1), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_hidden_number_may_be_any_of_five(numbers: list[int], group: list[int]) -> None:
    """By trying out every world that tells the same."""
    counts = dict(enumerate(numbers))
    sums: dict[Any, frozenset[Any]] = {("cell", cell): frozenset([cell]) for cell in counts}
    for key in (0, 1):
        sums["group", key] = frozenset(cell for cell in counts if group[cell] == key)
    sums = {name: cells for name, cells in {**sums, ("all", 0): frozenset(counts)}.items() if cells}
    told = [(sums[name], value(counts, sums[name])) for name in tellable(counts, [Round(sums)])]
    hidden = [cells for cells in sums.values() if cells not in [each for each, _ in told]]
    worlds = [
        world
        for world in product(range(13), repeat=len(counts))
        if all(_sum(world, cells) == number for cells, number in told) and all(_sum(world, each) for each in hidden)
    ]
    for cells in sums.values():
        if small(counts, cells):
            assert len({_sum(world, cells) for world in worlds}) >= FEWEST


def _sum(world: Sequence[int], cells: frozenset[Any]) -> int:
    return sum(world[cell] for cell in cells)


def growing(counts: Counts) -> list[Round]:
    """What is published month by month: each row and all of them so far, and the month itself."""
    rounds: list[Round] = []
    for last in sorted({month for _, month in counts}):
        so_far = frozenset(cell for cell in counts if cell[1] <= last)
        month = frozenset(c for c in so_far if c[1] == last)
        sums = {("row", row, last): frozenset(c for c in so_far if c[0] == row) for row, _ in counts}
        sums |= {("all", last): so_far, ("month", last): month}
        rounds.append(Round(sums, [cells & month for cells in sums.values()]))
    return rounds


@given(tables())
@settings(max_examples=200)
def test_what_was_told_before_stays_told_and_no_later_number_less_an_earlier_one_is_small(
    table: tuple[Counts, Sums],
) -> None:
    counts, _ = table
    rounds = growing(counts)
    before: frozenset[Any] = frozenset()
    for months in range(1, len(rounds) + 1):
        names = tellable(counts, rounds[:months])
        assert before <= names
        before = names
    told = [cells for each in rounds for name, cells in each.sums.items() if name in before]
    for cells in (cells for each in rounds for cells in (*each.sums.values(), *each.guarded)):
        if small(counts, cells):
            assert not follows_from(cells, told, list(counts))


def of(**counts: int) -> tuple[dict[str, int], dict[str, frozenset[str]]]:
    """A list with its total."""
    sums = {name: frozenset([name]) for name in counts}
    return counts, {**sums, "all": frozenset(counts)}


def test_large_numbers_are_all_told() -> None:
    counts, sums = of(a=5, b=6, c=700)
    assert tellable(counts, [Round(sums)]) == sums.keys()


def test_one_small_number_hides_the_smallest_beside_it() -> None:
    counts, sums = of(a=4, b=60, c=12, d=700)
    assert tellable(counts, [Round(sums)]) == {"b", "d", "all"}


def test_two_small_numbers_that_hold_too_little_together_hide_a_third() -> None:
    counts, sums = of(a=1, b=1, c=9, d=20)
    assert tellable(counts, [Round(sums)]) == {"d", "all"}


def test_two_small_numbers_that_hold_enough_hide_each_other_and_zero_is_told() -> None:
    counts, sums = of(a=4, b=3, c=9, d=20, nothing=0)
    assert tellable(counts, [Round(sums)]) == {"c", "d", "nothing", "all"}


def test_nothing_is_told_where_all_of_it_is_small() -> None:
    counts, sums = of(a=1, b=3)
    assert tellable(counts, [Round(sums)]) == frozenset()


def test_a_group_does_not_give_away_the_small_one_in_it() -> None:
    counts, sums = of(a=3, b=100, c=40, d=50)
    sums |= {"a and b": frozenset("ab"), "c and d": frozenset("cd")}
    names = tellable(counts, [Round(sums)])
    assert "a" not in names
    assert not {"b", "a and b"} <= names
    assert "all" in names
