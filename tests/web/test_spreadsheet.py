"""CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.spreadsheet import LIVE, inert, row, rows


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_cell_that_could_start_a_formula_is_made_inert(start: str) -> None:
    assert inert(start + "1+1") == "'" + start + "1+1"
    assert inert("a" + start) == "a" + start


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=2))
def test_a_row_reads_back_as_it_was_but_for_apostrophes(cells: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(row(cells), newline=""))
    assert [cell for cell in read if cell.startswith(LIVE)] == []
    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in cells]


CELLS = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=6),
    st.sampled_from(["", *LIVE, '"', ",", '{"a":1,"b":"x"}', "plain", "a\nb", "'=1"]),
)


@given(st.integers(2, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)))
def test_many_rows_at_once_are_the_same_as_one_by_one(many: list[list[str]]) -> None:
    assert rows(many) == "".join(map(row, many))
