"""One instance under one project's keys: what both building a release and serving it do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.patches import kept
from gateway.catalogue.queries import frame_index
from gateway.catalogue.sources import open_source
from gateway.deid.keys import ProjectKeys
from gateway.deid.marks import Pixels
from gateway.deid.plan import Plan
from gateway.deid.rewrite import rewrite
from gateway.dicom.frames.index import FrameIndex
from gateway.dicom.header import Header, PixelElement, read_header
from gateway.dicom.rope import Literal, Rope, SourceRange
from gateway.dicom.source import ByteSource
from gateway.errors import Withheld
from gateway.pixels import patch
from gateway.pixels.findings import GLASS
from gateway.pixels.screen import CLEAN
from gateway.pixels.source import pixel_facts
from gateway.pixels.stand_in import label

PATIENT_ID = 0x00100020


@dataclass(frozen=True, slots=True)
class Original:
    """The header of an instance as the archive has it, read, and its source closed. Deflated, it is not `plain`."""

    header: Header
    plain: bool


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to an instance beside the plan.

    What its screening took out is taken out, and the texts that its study refused; with `stand_in` its one frame is a
    label that is drawn here.
    """

    screening_id: str | None = None
    stand_in: bool = False
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An instance as it may leave: its new front, and its pixels over the source's."""

    front: bytes
    frames: FrameIndex
    pixel: PixelElement
    replaced: Mapping[int, patch.Piece]
    marked: Pixels = Pixels.UNSEEN

    def rope(self, source: ByteSource) -> Rope:
        """The whole instance."""
        return Rope([Literal(self.front), *self._pixels(source)])

    @property
    def length(self) -> int:
        """Length of the whole instance in bytes."""
        return sum(piece.length for piece in (Literal(self.front), *self._pixels(_Nowhere())))

    def _pixels(self, source: ByteSource) -> tuple[patch.Piece, ...]:
        start, end = self.pixel.start, self.frames.end
        if not self.replaced:
            return (SourceRange(source, start, end - start),)
        if self.pixel.length is not None:
            return patch.native(source, start, end, self.frames, self.replaced)
        return patch.encapsulated(source, start, self.frames, self.replaced).pieces


class _Nowhere:
    """A source of which only ranges are made."""

    size = 0

    def read(self, _start: int, _length: int) -> bytes:
        """Nothing is ever read."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held."""


def original(db: Session, instance: Instance) -> Original:
    """The header of an instance. Raises ArchiveError, DicomError."""
    source = open_source(db, instance)
    try:
        header = read_header(source)
        return Original(header, header.body is source)
    finally:
        source.close()


def rewritten(
    db: Session, instance: Instance, plan: Plan, keys: ProjectKeys, treatment: Treatment, read: Original | None = None
) -> Rewritten:
    """The instance under a plan, keys and a treatment; `read` is its header if it was read before.

    Raises Withheld, ArchiveError, DicomError.
    """
    read = read or original(db, instance)
    header = read.header
    if header.pixel is None or not read.plain:
        raise Withheld("Deflated objects and objects without pixels are not released.")
    if sha256(header.meta + header.dataset).hexdigest() != instance.header_sha256:
        raise Withheld("The archive has changed this image since it was indexed.")
    frames, replaced, pixels = frame_index(db, instance.id), dict[int, patch.Piece](), Pixels.UNSEEN
    if treatment.screening_id is not None:
        screening = db.get_one(Screening, treatment.screening_id)
        if screening.instance_id != instance.id or screening.version != instance.version:
            raise Withheld("The archive has changed this image since its pixels were looked at.")
        replaced |= kept(db, screening)
        pixels = _seen(screening)
    if treatment.stand_in:
        replaced, pixels = {0: Literal(_label(header, frames, keys))}, Pixels.REDACTED
    front = rewrite(header, plan, keys, pixels=pixels, refused=treatment.refused)
    if replaced and header.pixel.length is None:
        laid_out = patch.encapsulated(_Nowhere(), header.pixel.start, frames, replaced)
        front = patch.with_offsets(front, header.encoding, laid_out)
    return Rewritten(front, frames, header.pixel, replaced, pixels)


def _seen(screening: Screening) -> Pixels:
    if screening.state == CLEAN:
        return Pixels.CLEAN
    return Pixels.TISSUE if any(mark[1] == GLASS for mark in screening.marks) else Pixels.REDACTED


def _label(header: Header, frames: FrameIndex, keys: ProjectKeys) -> bytes:
    if frames.count != 1:
        raise Withheld("A label has one frame.")
    patient_id = (header.value(PATIENT_ID) or b"").strip(b"\0 ").decode("latin-1")
    return label(keys.pseudonym("patient", patient_id), pixel_facts(header))
