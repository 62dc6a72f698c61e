"""What is read while it comes is what comes whole in the end, or the reader is told that it is not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gateway.archive.access import Access
from gateway.archive.connect import ArchiveError, connect
from gateway.archive.growing import EarlyFrame, Frame, GrowingSource
from gateway.archive.landing import Landing
from gateway.archive.upstream import ATTEMPTS, UpstreamFailed
from gateway.dicom.source import ByteSource, FileSource
from tests.archive.faulty import BODY, LOCATOR, Faulty
from tests.archive.faulty import FAULTS as KINDS

IN_THE_MIDDLE = ("cut without a length", "cut before the length", "cut before the last boundary", "reset", "stall")


def opened(service: Faulty, folder: Path, size: int = len(BODY)) -> ByteSource:
    return connect(f"dicomweb+{service.address}", Access(spool=folder / "spool")).open(LOCATOR, "", size)


def whole(source: ByteSource) -> bytes:
    return b"".join(source.read(at, min(10_000, source.size - at)) for at in range(0, source.size, 10_000))


@pytest.mark.parametrize("kind", ["none", *KINDS])
def test_a_fault_that_passes_is_not_noticed_by_who_reads_meanwhile(service: Faulty, tmp_path: Path, kind: str) -> None:
    service.faults = [kind]
    assert whole(opened(service, tmp_path)) == BODY
    assert isinstance(opened(service, tmp_path), FileSource)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_stays_never_looks_like_the_end(service: Faulty, tmp_path: Path, kind: str) -> None:
    service.faults = [kind] * ATTEMPTS
    with pytest.raises(UpstreamFailed):
        whole(opened(service, tmp_path))
    assert [path.name for path in (tmp_path / "spool").iterdir()] == []


@pytest.mark.parametrize("more", [-100, -1, 1, 100])
def test_an_object_of_another_length_than_it_had_never_ends_well(service: Faulty, tmp_path: Path, more: int) -> None:
    source = opened(service, tmp_path, len(BODY) + more)
    if isinstance(source, GrowingSource):
        with pytest.raises(ArchiveError):
            whole(source)


def a_landing(folder: Path) -> Landing:
    landing = Landing()
    landing.on(folder / "part")
    landing.begin()
    return landing


def test_an_attempt_that_brings_other_bytes_than_were_read_has_failed(tmp_path: Path) -> None:
    landing = a_landing(tmp_path)
    landing.write(b"abcdef")
    assert landing.read(0, 3, 9) == b"abc"
    landing.begin()
    landing.write(b"ab")
    with pytest.raises(UpstreamFailed):
        landing.write(b"xdefghi")
    landing.begin()
    landing.write(b"abcXYZghi")  # nobody has read what changed
    landing.end()
    assert landing.read(0, 9, 9) == b"abcXYZghi"


def test_the_last_bytes_are_given_only_when_all_has_come_well(tmp_path: Path) -> None:
    landing, got = a_landing(tmp_path), list[bytes]()
    landing.write(b"abcdef")
    reader = threading.Thread(target=lambda: got.append(landing.read(3, 3, 6)))
    reader.start()
    assert landing.read(0, 5, 6) == b"abcde"
    reader.join(0.05)
    assert got == []
    landing.end()
    reader.join(30)
    assert got == [b"def"]


FIRST, LAST = Frame(0, [(2, 3)]), Frame(7, [(20, 2), (24, 2)])


def asked(folder: Path, given: dict[int, bytes | None]) -> tuple[EarlyFrame, list[int], Landing]:
    """The last frame of an object of 30 bytes of which ten have come; what was asked for; the landing."""
    landing, heard = a_landing(folder), list[int]()
    landing.write(b"0123456789")

    def ask(number: int, _length: int) -> bytes | None:
        heard.append(number)
        return given[number]

    return EarlyFrame(GrowingSource(landing, 30, ask), LAST, FIRST), heard, landing


def test_a_frame_is_asked_for_by_itself_of_an_archive_that_has_given_one_as_it_is_stored(tmp_path: Path) -> None:
    frame, heard, _landing = asked(tmp_path, {0: b"234", 7: b"last"})
    assert frame.read(0, 2) + frame.read(2, 2) == b"last"
    assert heard == [0, 7]
    assert frame.read(0, 4) == b"last"
    assert heard == [0, 7, 7]  # the proof is remembered, the frame is not


@pytest.mark.parametrize("given", [{0: b"XYZ"}, {0: None}, {0: b"234", 7: None}])
def test_frames_of_an_archive_that_changes_them_are_waited_for(tmp_path: Path, given: dict[int, bytes | None]) -> None:
    frame, heard, landing = asked(tmp_path, given)
    bringing = threading.Timer(0.05, lambda: (landing.write(b"abcdefghijKLmnOPqrst"), landing.end()))
    bringing.start()
    assert frame.read(0, 4) == b"KLOP"
    bringing.join(30)
    assert heard == list(given)
