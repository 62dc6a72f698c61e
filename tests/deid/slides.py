"""Builders: a small slide with an identifier in each usual place, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from struct import pack

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filereader import dcmread
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID, JPEGBaseline8Bit

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan, load_plan
from gateway.deid.rewrite import rewrite
from gateway.dicom.elements import elements, items
from gateway.dicom.encoding import IMPLICIT_LE, Encoding
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.settings import ROOT

KEYS = ProjectKeys(b"a project's secret of 32 bytes...")
POLICIES = ROOT / "policies"
RESEARCH = load_plan(POLICIES, "pathology-research")
BASIC = load_plan(POLICIES, "basic")
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
CLEAR = "1.2.826.0.1.3680043.99."  # every UID of these slides begins so
SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", JPEGBaseline8Bit)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(concept: Dataset, *, coded: Dataset | None = None, text: str = "") -> Dataset:
    item = Dataset()
    item.ValueType = "CODE" if coded else "TEXT"
    item.ConceptNameCodeSequence = Sequence([concept])
    if coded:
        item.ConceptCodeSequence = Sequence([coded])
    else:
        item.TextValue = text
    return item


def a_specimen() -> Dataset:
    step = Dataset()
    step.SpecimenPreparationStepContentItemSequence = Sequence(
        [
            content(code("121041", "DCM", "Specimen Identifier"), text="PATH26-7001-A1"),
            content(code("111701", "DCM", "Processing type"), coded=code("127790008", "SCT", "Staining for Okonkwo")),
            content(code("111703", "DCM", "Processing step description"), text="cut by Okonkwo"),
        ]
    )
    specimen = Dataset()
    specimen.SpecimenIdentifier, specimen.SpecimenUID = "PATH26-7001-A1", CLEAR + "8"
    specimen.SpecimenShortDescription = "breast, Okonkwo"
    specimen.SpecimenPreparationSequence = Sequence([step])
    return specimen


def a_slide(**changes: object) -> Dataset:
    """A dataset without file meta; a change of None leaves the attribute out."""
    slide = Dataset()
    slide.SpecificCharacterSet = "ISO_IR 192"
    slide.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    slide.SOPClassUID, slide.SOPInstanceUID = UID(WHOLE_SLIDE), CLEAR + "1"
    slide.StudyInstanceUID, slide.SeriesInstanceUID = CLEAR + "2", CLEAR + "3"
    slide.FrameOfReferenceUID = CLEAR + "4"
    slide.StudyDate, slide.AcquisitionDateTime = "20240311", "20240311101500+0100"
    slide.Modality, slide.Manufacturer = "SM", "Lumen Optics"
    slide.PatientName, slide.PatientID = "Okonkwo^Ngozi=吴^恩=ご", "MRN7719203"
    slide.PatientBirthDate, slide.PatientSex, slide.PatientAge = "19310405", "F", "093Y"
    slide.AccessionNumber, slide.ContainerIdentifier = "ACC5550123", "PATH26-7001"
    slide.DeviceSerialNumber = "SERIAL90210"
    slide.SpecimenDescriptionSequence = Sequence([a_specimen()])
    slide.SamplesPerPixel, slide.PhotometricInterpretation = 3, "YBR_FULL_422"
    slide.NumberOfFrames, slide.Rows, slide.Columns = 2, 8, 8
    slide.BitsAllocated = slide.BitsStored = 8
    slide.TotalPixelMatrixColumns, slide.TotalPixelMatrixRows = 16, 8
    block = slide.private_block(0x0009, "LUMEN OPTICS 1", create=True)
    block.add_new(1, "LO", "Okonkwo, Ngozi")
    for keyword, value in changes.items():
        if value is None:
            delattr(slide, keyword)
        else:
            setattr(slide, keyword, value)
    return slide


def encoded(
    slide: Dataset, syntax: str = JPEGBaseline8Bit, *, frames: tuple[bytes, ...] = (b"one!", b"two!!!")
) -> bytes:
    """The slide as the bytes of a file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = slide.get("SOPClassUID", WHOLE_SLIDE)
    meta.MediaStorageSOPInstanceUID = slide.get("SOPInstanceUID", CLEAR + "1")
    meta.TransferSyntaxUID = UID(syntax)
    little = syntax != "1.2.840.10008.1.2.2"
    file = FileDataset("", slide, b"Okonkwo!" * 16, meta, syntax == "1.2.840.10008.1.2", little)
    if UID(syntax).is_encapsulated:
        file.PixelData = encapsulate(list(frames))
        file["PixelData"].is_undefined_length = True
    else:
        file.PixelData = bytes(2 * 8 * 8 * 3)
    file["PixelData"].VR = "OB"
    data = BytesIO()
    dcmwrite(data, file, enforce_file_format=True)
    return data.getvalue()


def released(data: bytes, plan: Plan = RESEARCH, keys: ProjectKeys = KEYS) -> bytes:
    """The new front of the file."""
    return rewrite(read_header(BytesSource(data)), plan, keys)


def parsed(front: bytes) -> FileDataset:
    return dcmread(BytesIO(front))


def walked(data: bytes, encoding: Encoding) -> Iterator[tuple[int, bytes, bytes]]:
    """(tag, VR, value) of every element at every depth; sequences in UN are opened too."""
    for element in elements(data, encoding):
        yield element.tag, element.vr, data[element.value_start : element.end]
        if element.vr == b"SQ" or (element.vr == b"UN" and data[element.value_start :][:4] == b"\xfe\xff\x00\xe0"):
            inside = IMPLICIT_LE if element.vr == b"UN" else encoding
            for start, stop in items(data, element, encoding):
                yield from walked(data[start:stop], inside)


def unknown(tag: int, value: bytes) -> bytes:
    """An element with VR UN, explicit VR little endian."""
    return pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"UN", 0, len(value)) + value
