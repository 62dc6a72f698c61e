"""An archive that goes wrong is tried again, then left alone for a while; half an object is never taken for a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.archive import upstream
from gateway.archive.access import Access
from gateway.archive.connect import connect
from gateway.archive.upstream import (
    ATTEMPTS,
    FAULTS,
    REST,
    Breaker,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamResting,
    with_patience,
)
from tests.archive.faulty import BODY, LOCATOR, Faulty
from tests.archive.faulty import FAULTS as KINDS


def left_over(folder: Path) -> list[str]:
    return [path.name for path in (folder / "spool").iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_in_half_or_not_at_all_is_refused(service: Faulty, tmp_path: Path, kind: str) -> None:
    service.faults = [kind] * ATTEMPTS
    with pytest.raises(UpstreamFailed) as told:
        connect(f"dicomweb+{service.address}", Access(spool=tmp_path / "spool")).open(LOCATOR)
    assert service.asked == ATTEMPTS
    assert "127.0.0.1" not in str(told.value)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_passes_is_not_noticed(service: Faulty, tmp_path: Path, kind: str) -> None:
    service.faults = [kind]
    source = connect(f"dicomweb+{service.address}", Access(spool=tmp_path / "spool")).open(LOCATOR)
    assert source.read(0, source.size) == BODY
    source.close()
    assert service.asked == 2


def test_what_was_fetched_once_is_not_fetched_again(service: Faulty, tmp_path: Path) -> None:
    archive = connect(f"dicomweb+{service.address}", Access(spool=tmp_path / "spool"))
    for _ in range(3):
        archive.open(LOCATOR).close()
    assert service.asked == 1


def failing() -> None:
    raise UpstreamFailed


def test_after_some_failures_nothing_is_asked_for_a_while() -> None:
    moment = [0.0]
    breaker = Breaker(lambda: moment[0])
    for _ in range(FAULTS):
        with pytest.raises(UpstreamFailed):
            breaker.call(failing)
    asked: list[int] = []
    with pytest.raises(UpstreamResting):
        breaker.call(lambda: asked.append(1))
    assert asked == []
    moment[0] += REST
    with pytest.raises(UpstreamFailed):  # one try, and it rests again
        breaker.call(failing)
    with pytest.raises(UpstreamResting):
        breaker.call(failing)
    moment[0] += REST
    breaker.call(lambda: asked.append(1))
    breaker.call(lambda: asked.append(2))
    assert asked == [1, 2]


def test_waits_grow_between_tries() -> None:
    waits: list[float] = []
    with pytest.raises(UpstreamFailed):
        with_patience(failing, sleep=waits.append)
    assert waits == sorted(waits)
    assert len(waits) == ATTEMPTS - 1


def test_who_is_not_let_in_does_not_try_again() -> None:
    asked: list[int] = []

    def refused() -> None:
        asked.append(1)
        raise UpstreamRefused

    with pytest.raises(UpstreamRefused):
        with_patience(refused, sleep=lambda _seconds: None)
    assert asked == [1]


def test_an_answer_that_only_trickles_is_given_up(
    service: Faulty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "GRACE", 0.2)
    monkeypatch.setattr(upstream, "SLOWEST", 1e12)  # nothing that takes longer than that is as fast
    service.faults = ["trickle"] * ATTEMPTS
    with pytest.raises(UpstreamFailed):
        connect(f"dicomweb+{service.address}", Access(spool=tmp_path / "spool")).open(LOCATOR)
    assert service.asked == ATTEMPTS
    assert left_over(tmp_path) == []


def test_what_comes_steadily_is_let_through_however_long_it_takes() -> None:
    now = iter(range(0, 10_000, 100)).__next__  # a hundred seconds a piece
    piece = bytes(100 * 64 * 1024)
    assert sum(map(len, upstream.steadily([piece] * 5, now))) == 5 * len(piece)
    slower = upstream.steadily([piece, b"x", b"x"], iter(range(0, 10_000, 100)).__next__)
    with pytest.raises(UpstreamFailed):
        list(slower)
