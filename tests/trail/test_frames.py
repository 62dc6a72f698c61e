"""Sets of frames: packed small, unpacked whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trail.canonical import canonical
from gateway.trail.frames import packed, unpacked


@given(st.sets(st.integers(0, 5000), min_size=1))
def test_what_is_packed_comes_back(frames: set[int]) -> None:
    detail = packed(frames)
    assert unpacked(detail) == frames
    assert detail["count"] == len(frames)


def test_a_few_runs_can_be_read_by_a_person() -> None:
    assert packed([7, 0, 1, 2, 2]) == {"count": 4, "runs": "0-2,7"}


def test_a_scattered_hundred_thousand_stays_small() -> None:
    assert len(canonical(packed(range(0, 200_000, 2)))) < 1_000


def test_an_empty_set_is_no_event() -> None:
    with pytest.raises(ValueError, match="no frame"):
        packed([])
