"""A large bundle, bent in every way at random places: `python -m tests.faults.tampering` does more of it."""

from __future__ import annotations

from tests.faults.tampering import found


def test_nothing_that_is_bent_goes_unseen() -> None:
    result = found(events=10_000, times=4, seed=7)
    assert len(result) == 8
    assert set(result.values()) == {4}, result
