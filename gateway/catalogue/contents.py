"""What was seen in pixels is known by the bytes that it was seen in: two copies of an object have one result.

The digest of an image is that of its own bytes, and of those that it was looked at together with: what is found on one
level of a slide is marked on all. Another object under the same UID, or in the same place, has another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import INDEXED, Instance, Screening
from gateway.catalogue.patches import kept
from gateway.catalogue.seen import FAILED, last_word, latest, marks_of
from gateway.dicom.header import Header
from gateway.dicom.rope import SourceRange
from gateway.pixels.rules import PixelRules
from gateway.pixels.screen import CLEAN, REDACTED, Screened

CHUNK = 1024**2  # bytes


def contents_of(headers: Sequence[Header], beside: Sequence[Header] = ()) -> list[str]:
    """The digest of each of some images that are looked at together; `beside` are others that tell of them.

    Raises ArchiveError, Truncated.
    """
    own = [_digest(each) for each in headers]
    together = sorted((*own, *map(_digest, beside)))
    return [sha256(" ".join((each, *together)).encode()).hexdigest() for each in own]


def _digest(header: Header) -> str:
    """SHA-256 of all of an object but its preamble; of a deflated one, inflated."""
    found = sha256(header.meta + header.dataset)
    begin = header.pixel.start if header.pixel is not None else header.body.size
    for at in range(begin, header.body.size, CHUNK):
        found.update(header.body.read(at, min(CHUNK, header.body.size - at)))
    return found.hexdigest()


def seen_before(db: Session, contents: Sequence[str], rules: PixelRules) -> list[Screening]:
    """The results that copies of all these images have under these rules and models, of machine or people; or none."""
    found = [_newest(db, each, rules) for each in contents]
    return [each for each in found if each is not None] if all(found) else []


def _newest(db: Session, content: str, rules: PixelRules) -> Screening | None:
    """Index: ix_screening_content_sha256."""
    found = last_word(db, rules, Screening.content_sha256 == content)
    return found if found is not None and found.state != FAILED else None


def copies_of(db: Session, screening: Screening, rules: PixelRules) -> list[Instance]:
    """Other instances of the catalogue with the same bytes, and of which the same was seen."""
    if not screening.content_sha256:
        return []
    others = db.scalars(
        select(Instance)
        .join(Screening, Screening.instance_id == Instance.id)
        .where(Screening.content_sha256 == screening.content_sha256, Instance.id != screening.instance_id)
        .where(Instance.state == INDEXED, Instance.version == Screening.version)
        .distinct()
    )
    found = [(each, latest(db, each, rules)) for each in others.all()]
    return [each for each, seen in found if seen is not None and seen.content_sha256 == screening.content_sha256]


def as_seen(db: Session, earlier: Screening) -> Screened:
    """An earlier result as it was; its frames are read when they are asked for. Raises Withheld if some are lost."""
    marks = tuple(marks_of(earlier))
    frames = _Read(kept(db, earlier)) if earlier.state in (CLEAN, REDACTED) else {}
    return Screened(earlier.state, marks, frames, earlier.rounds, earlier.reason)


class _Read(Mapping[int, bytes]):
    """Kept frames as bytes, one at a time."""

    def __init__(self, ranges: Mapping[int, SourceRange]) -> None:
        self._ranges = ranges

    def __getitem__(self, number: int) -> bytes:
        found = self._ranges[number]
        return found.read(0, found.length)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ranges)

    def __len__(self) -> int:
        return len(self._ranges)
