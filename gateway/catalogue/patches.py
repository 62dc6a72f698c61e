"""Frames that take the place of the archive's, kept in rows of a megabyte at most: read one by one, never at once.

Whoever opens an instance reads where they lie and how long they are; a frame is read when it is sent.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import ScreenedFrame, Screening
from gateway.db import reading
from gateway.dicom.errors import Truncated
from gateway.dicom.rope import SourceRange
from gateway.errors import Withheld

PART_BYTES = 1024**2  # of a frame in one row
BATCH = 8  # rows that are written at once


@dataclass(frozen=True, slots=True)
class _Rows:
    """Row after row as they are kept: which part of which frame, and its length in bytes."""

    frames: array[int] = field(default_factory=lambda: array("L"))
    parts: array[int] = field(default_factory=lambda: array("L"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))


class KeptFrames:
    """The kept frames of a screening, one behind the other, as a source. In memory is no more than the last row."""

    def __init__(self, screening_id: str, rows: _Rows) -> None:
        self._screening_id, self._rows = screening_id, rows
        self._starts = array("Q", accumulate(rows.lengths, initial=0))
        self._last = (-1, b"")
        self.size = self._starts[-1]

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`. Raises Truncated, also if a row is gone."""
        if start < 0 or start + length > self.size:
            raise Truncated
        return b"".join(self._pieces(start, start + length))

    def close(self) -> None:
        """Nothing is held."""

    def ranges(self) -> dict[int, SourceRange]:
        """Frame by number, from 0: where it lies in this."""
        found: dict[int, SourceRange] = {}
        for frame, start, length in zip(self._rows.frames, self._starts, self._rows.lengths, strict=False):
            begun = found.get(frame)
            found[frame] = SourceRange(self, *((begun.start, begun.length + length) if begun else (start, length)))
        return found

    def _pieces(self, at: int, stop: int) -> Iterator[bytes]:
        while at < stop:
            place = bisect_right(self._starts, at) - 1
            begin, data = self._starts[place], self._row(place)
            yield data[at - begin : stop - begin]
            at = begin + len(data)

    def _row(self, place: int) -> bytes:
        last, data = self._last  # of whichever thread came last; both of one row
        if last == place:
            return data
        here = (self._screening_id, self._rows.frames[place], self._rows.parts[place])
        with reading() as db:
            row = db.get(ScreenedFrame, here)
        if row is None or len(row.data) != self._rows.lengths[place]:
            raise Truncated
        self._last = place, row.data
        return row.data


def keep(db: Session, screening: Screening, frames: Mapping[int, bytes]) -> None:
    """Write down what takes the place of the archive's frames. The screening knows how many bytes these are."""
    db.flush()
    batch: list[dict[str, object]] = []
    for frame, part, data in _parts(frames):
        batch.append({"screening_id": screening.id, "frame": frame, "part": part, "length": len(data), "data": data})
        screening.replaced += len(data)
        if len(batch) == BATCH:
            db.execute(insert(ScreenedFrame), batch)
            batch = []
    if batch:
        db.execute(insert(ScreenedFrame), batch)


def _parts(frames: Mapping[int, bytes]) -> Iterator[tuple[int, int, bytes]]:
    for frame in sorted(frames):
        data = frames[frame]
        for part, at in enumerate(range(0, len(data), PART_BYTES)):
            yield frame, part, data[at : at + PART_BYTES]


def kept(db: Session, screening: Screening) -> dict[int, SourceRange]:
    """Where the frames lie that take the place of the archive's; none where nothing was taken out.

    Raises Withheld unless they are all there.
    """
    found = db.execute(
        select(ScreenedFrame.frame, ScreenedFrame.part, ScreenedFrame.length)
        .where(ScreenedFrame.screening_id == screening.id)
        .order_by(ScreenedFrame.frame, ScreenedFrame.part)
    )
    rows = _Rows()
    for frame, part, length in found:
        rows.frames.append(frame)
        rows.parts.append(part)
        rows.lengths.append(length)
    if sum(rows.lengths) != screening.replaced or (screening.marks and not rows.lengths):
        raise Withheld("What was taken out of this image has to be taken out anew.")
    return KeptFrames(screening.id, rows).ranges()
