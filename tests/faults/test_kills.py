"""Nothing that reached a client is missing from the record, however its worker ends; and the test would see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway import settings as settings_room
from tests.faults.kills import lost


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    before = settings_room.current()
    yield
    settings_room.use(before)


@pytest.mark.parametrize("mutant", [False, True])
def test_nothing_reaches_a_client_without_a_record(mutant: bool) -> None:
    found = lost(5, mutant=mutant)
    assert found.frames > 5
    assert found.instances >= 5
    assert (found.frames_missing > 0) is mutant
    assert (found.instances_missing > 0) is mutant
