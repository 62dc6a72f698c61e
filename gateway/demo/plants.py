"""Where identifiers hide in real headers, and are hidden here: people, places, free text, nested and UN elements,
private blocks of the scanner's maker."""

from __future__ import annotations

from functools import lru_cache
from struct import pack
from typing import TYPE_CHECKING

from PIL import ImageCms
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

if TYPE_CHECKING:
    from gateway.demo.slides import Case

CLINICIANS = ("Strickleborough^Everilda", "Abernethyson^Mordecai", "Quennelworth^Isolde")


@lru_cache(maxsize=1)
def colour_profile() -> bytes:
    """An sRGB profile, of even length."""
    data = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return data + b"\0" * (len(data) & 1)


def people_and_places(dataset: Dataset, case: Case) -> None:
    """Patient, study, series, equipment: all that a hospital's systems fill in."""
    patient, plant = case.patient, case.patient.plant
    dataset.PatientName, dataset.PatientID = patient.name, patient.hospital_number
    dataset.PatientBirthDate, dataset.PatientSex = patient.born, patient.sex
    dataset.PatientAge = f"{2026 - int(patient.born[:4]):03}Y"
    dataset.PatientComments = f"NHS {patient.nhs_number}, lives at {patient.address}"
    other = Dataset()
    other.PatientID, other.TypeOfPatientID = patient.nhs_number, "TEXT"
    other.IssuerOfPatientID = plant("NHSNumberRegistry")
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = case.uids.new("study"), case.uids.new("series")
    dataset.FrameOfReferenceUID = case.uids.new("frame of reference")
    dataset.PositionReferenceIndicator = "SLIDE_CORNER"
    dataset.StudyDate = dataset.ContentDate = dataset.SeriesDate = case.date
    dataset.StudyTime = dataset.ContentTime = "101530"
    dataset.AcquisitionDateTime = f"{case.date}101500"
    dataset.AccessionNumber = plant(case.accession)
    dataset.StudyID, dataset.SeriesNumber = plant(f"STY{case.accession[-6:]}"), 1
    dataset.Modality = "SM"
    dataset.ReferringPhysicianName = CLINICIANS[0]
    dataset.OperatorsName = CLINICIANS[1]
    dataset.StudyDescription = f"{case.spec.organ.capitalize()} biopsy, {patient.family}"
    dataset.SeriesDescription = f"Slide of {patient.given} {patient.family}"
    dataset.InstitutionName, dataset.InstitutionAddress = plant(case.institution), plant(f"1 {case.institution} Way")
    dataset.StationName = plant(f"SCAN{case.site}07X")
    dataset.DeviceSerialNumber = plant(f"LGR{case.site}40921")
    dataset.ImageComments = f"Rescanned for Dr {CLINICIANS[2].replace('^', ', ')}; patient {patient.printed}"
    for clinician in CLINICIANS:
        for part in clinician.split("^"):
            plant(part)


def specimen_words(case: Case) -> str:
    """A short description as pathologists write it."""
    return f"{case.spec.organ}, {case.patient.family} {case.accession}"[:64]


def preparation_words(case: Case) -> str:
    """A step description with more in it than there should be."""
    return f"{case.spec.stain} section from block {case.accession}-{case.block} of {case.patient.family}"


def private_and_nested(dataset: Dataset, case: Case) -> None:
    """A maker's private block, a request, former attributes, and elements encoded as UN."""
    patient = case.patient
    block = dataset.private_block(0x0009, "LUMEN OPTICS 1", create=True)
    block.add_new(0x01, "LO", f"{patient.family}, {patient.given}")
    block.add_new(0x02, "LT", f"<scan barcode='{case.accession}' mrn='{patient.hospital_number}'/>")
    inner = Dataset()
    inner.PatientName, inner.PatientID = patient.name, patient.hospital_number
    block.add_new(0x03, "SQ", Sequence([inner]))
    request = Dataset()
    request.RequestedProcedureDescription = f"Second opinion for {patient.family}"
    request.ScheduledProcedureStepDescription = f"Scan {case.accession}"
    request.RequestedProcedureID = case.accession
    request.ScheduledProcedureStepID = case.accession[-6:]
    dataset.RequestAttributesSequence = Sequence([request])
    block.add_new(0x04, "UN", _implicit_item({0x00100020: patient.hospital_number, 0x00104000: patient.address}))


def unknown_elements(dataset: Dataset, case: Case) -> None:
    """Standard elements encoded as UN. Not on slides: libdicom, and so OpenSlide, refuses to read such a file."""
    telephone = case.patient.plant(f"0{case.patient.nhs_number[:9]}")
    _add_unknown(dataset, 0x00102154, _even(telephone.encode("ascii")))
    referenced = {0x00081150: "1.2.840.10008.3.1.2.1.1", 0x00081155: case.uids.new("patient object")}
    _add_unknown(dataset, 0x00081120, _implicit_item({**referenced, 0x00100020: case.patient.hospital_number}))


def _add_unknown(dataset: Dataset, tag: int, value: bytes) -> None:
    """A standard element with VR UN, which pydicom would otherwise put right."""
    config.replace_un_with_known_vr, before = False, config.replace_un_with_known_vr
    try:
        dataset.add(DataElement(tag, "UN", value))
    finally:
        config.replace_un_with_known_vr = before


def _even(value: bytes) -> bytes:
    return value + b" " * (len(value) & 1)


def _implicit_item(texts: dict[int, str]) -> bytes:
    """One item of text elements, implicit VR little endian, as UN values hold sequences (PS3.5 6.2.2)."""
    body = b""
    for tag, text in sorted(texts.items()):
        value = text.encode("ascii")
        value += (b"\0" if tag >> 16 == 8 else b" ") * (len(value) & 1)
        body += pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value
    return pack("<HHI", 0xFFFE, 0xE000, len(body)) + body
