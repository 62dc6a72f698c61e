"""What the catalogue keeps of one object: facts of its header and its frame index, or why it is broken."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from gateway.archive.connect import Archive, ObjectRef
from gateway.archive.upstream import UpstreamFailed, UpstreamResting
from gateway.catalogue.words import body_part_of_code, body_part_of_term, stain_of_code
from gateway.dicom.errors import DicomError
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import Header, read_header
from gateway.errors import SlidegateError
from gateway.pixels.ground import ground_of, stored

LONGEST = 64
UNREADABLE = (  # what pydicom raises over values that are not what their VR says
    ValueError, TypeError, AttributeError, NotImplementedError, LookupError, ArithmeticError,
    struct.error, BytesLengthException, InvalidDicomError,
)  # fmt: skip
USING_SUBSTANCE = (["424361007"], ["G-C350"])  # SCT and its older form


class NotAnInstance(DicomError):
    """A DICOM file that is no instance of a study: a DICOMDIR, or one without its UIDs."""

    code = "not-an-instance"
    title = "this is not an instance of a study: UIDs or patient ID are missing"


class TooLong(DicomError):
    """A UID or patient ID of more than 64 characters (PS3.5 6.2)."""

    code = "too-long"
    title = "a UID or the patient ID is longer than it may be"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of a good object."""

    study_uid: str
    series_uid: str
    uid: str
    patient_id: str
    header_sha256: str
    sop_class: str
    modality: str
    transfer_syntax: str
    body_part: str
    stain: str
    frame_index: bytes = field(repr=False)
    image_type: tuple[str, ...] = ()
    burned_in: str = ""
    label_in_image: str = ""
    manufacturer: str = ""
    model: str = ""
    instance_number: int = 0
    rows: int = 0
    columns: int = 0
    total_rows: int = 0
    total_columns: int = 0
    ground: list[Any] | None = None
    frame_count: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """Why an object cannot be used; the reason holds nothing of its content."""

    reason: str


def read_facts(archive: Archive, ref: ObjectRef) -> Facts | Broken:
    """The facts of one object; only its header and its item tags are read. Never raises for bad bytes.

    Raises UpstreamFailed, UpstreamResting: an archive that does not answer says nothing of the object.
    """
    try:
        source = archive.open(ref.locator)
    except (UpstreamFailed, UpstreamResting):
        raise
    except (SlidegateError, OSError):
        return Broken("the object could not be opened")
    try:
        return _facts(read_header(source), source.size)
    except (UpstreamFailed, UpstreamResting):
        raise
    except SlidegateError as error:
        return Broken(f"{error.message} [{error.code}]"[:200])
    except UNREADABLE:
        return Broken("the header holds a value that cannot be read [bad-value]")
    finally:
        source.close()


def _facts(header: Header, size: int) -> Facts:
    index = index_frames(header)
    dataset = header.parsed()
    study, series, uid = (str(dataset.get(k, "")) for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    patient_id = str(dataset.get("PatientID", "") or "").strip()
    if not (study and series and uid and patient_id):
        raise NotAnInstance
    if max(map(len, (study, series, uid, patient_id))) > LONGEST:
        raise TooLong
    return Facts(
        study_uid=study,
        series_uid=series,
        uid=uid,
        patient_id=patient_id,
        header_sha256=hashlib.sha256(header.meta + header.dataset).hexdigest(),
        sop_class=str(dataset.get("SOPClassUID", ""))[:LONGEST],
        modality=str(dataset.get("Modality", "") or "")[:16],
        transfer_syntax=header.transfer_syntax,
        body_part=_body_part(dataset),
        stain=_stain(dataset),
        frame_index=index.pack(),
        image_type=_image_type(dataset),
        burned_in=str(dataset.get("BurnedInAnnotation", "") or "")[:16],
        label_in_image=str(dataset.get("SpecimenLabelInImage", "") or "")[:16],
        manufacturer=str(dataset.get("Manufacturer", "") or "")[:64],
        model=str(dataset.get("ManufacturerModelName", "") or "")[:64],
        instance_number=int(dataset.get("InstanceNumber", 0) or 0),
        rows=int(dataset.get("Rows", 0) or 0),
        columns=int(dataset.get("Columns", 0) or 0),
        total_rows=int(dataset.get("TotalPixelMatrixRows", 0) or 0),
        total_columns=int(dataset.get("TotalPixelMatrixColumns", 0) or 0),
        ground=stored(ground_of(dataset)),
        frame_count=index.count,
        size=size,
    )


def _image_type(dataset: Dataset) -> tuple[str, ...]:
    """ImageType; a file that gives but one value has it as one string."""
    value = dataset.get("ImageType", None) or ()
    return (value,) if isinstance(value, str) else tuple(str(part) for part in value)


def _codes(item: Dataset, keyword: str) -> Iterator[tuple[str, str]]:
    """Value and scheme of the codes in a sequence. Their meanings are free text, and are not read."""
    for code in item.get(keyword, None) or ():
        yield str(code.get("CodeValue", "")), str(code.get("CodingSchemeDesignator", ""))


def _body_part(dataset: Dataset) -> str:
    """What was examined, in the standard's words; nothing free is taken."""
    for specimen in dataset.get("SpecimenDescriptionSequence", None) or ():
        for value, scheme in _codes(specimen, "PrimaryAnatomicStructureSequence"):
            return body_part_of_code(value, scheme)
    return body_part_of_term(str(dataset.get("BodyPartExamined", "") or ""))


def _stain(dataset: Dataset) -> str:
    """The substances that the specimen was stained with, by the standard's meaning of their codes (TID 8003)."""
    found: list[str] = []
    for specimen in dataset.get("SpecimenDescriptionSequence", None) or ():
        for step in specimen.get("SpecimenPreparationSequence", None) or ():
            for item in step.get("SpecimenPreparationStepContentItemSequence", None) or ():
                if [value for value, _ in _codes(item, "ConceptNameCodeSequence")][:1] in USING_SUBSTANCE:
                    found += [stain_of_code(*code) for code in _codes(item, "ConceptCodeSequence")]
    return ", ".join(name for name in dict.fromkeys(found) if name)[:200]
