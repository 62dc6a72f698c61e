"""A store that fills up, or turns read-only, in mid-stream: `python -m tests.faults.stores` does it more often."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway import settings as settings_room
from tests.faults.stores import AT_MOST, FAULTS, lost, why_not


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    if reason := why_not():
        pytest.skip(reason)
    before = settings_room.current()
    yield
    settings_room.use(before)


@pytest.mark.parametrize("kind", FAULTS)
def test_nothing_leaves_without_a_record_while_the_store_takes_nothing(kind: str) -> None:
    found = lost(kind, 1)
    assert found.frames > 5
    assert found.instances > 1
    assert (found.frames_missing, found.instances_missing) == (0, 0)
    assert found.back_after <= AT_MOST
