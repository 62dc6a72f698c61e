"""Where identifiers hide in real headers, and are hidden here: people, places, free text, nested and UN elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.demo import codes
from gateway.demo.codes import code
from gateway.demo.makers import MAKERS, equipment, implicit_item

if TYPE_CHECKING:
    from gateway.demo.slides import Case

CLINICIANS = ("Strickleborough^Everilda", "Abernethyson^Mordecai", "Quennelworth^Isolde")
FILLS_IN_MORE = "NGH"  # the site whose systems send all that they know of a patient


def people_and_places(dataset: Dataset, case: Case) -> None:
    """Patient, study, series, equipment: all that a hospital's systems fill in."""
    patient, plant = case.patient, case.patient.plant
    _patient(dataset, case)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = case.uids.new("study"), case.uids.new("series")
    dataset.FrameOfReferenceUID = case.uids.new("frame of reference")
    dataset.PositionReferenceIndicator = "SLIDE_CORNER"
    dataset.StudyDate = dataset.ContentDate = dataset.SeriesDate = case.date
    dataset.StudyTime = dataset.ContentTime = "101530"
    dataset.AcquisitionDateTime = f"{case.date}101500"
    dataset.AccessionNumber = plant(case.accession)
    dataset.StudyID, dataset.SeriesNumber = plant(f"STY{case.accession[-6:]}"), 1
    dataset.Modality = "SM"
    dataset.ReferringPhysicianName, dataset.OperatorsName, reader = CLINICIANS
    dataset.NameOfPhysiciansReadingStudy = [reader, CLINICIANS[0]]
    dataset.StudyDescription = f"{case.spec.organ.capitalize()} excision, {patient.title} {patient.family}"
    dataset.SeriesDescription = f"Slide of {patient.given} {patient.family}"
    dataset.InstitutionName, dataset.InstitutionAddress = plant(case.institution), plant(f"1 {case.institution} Way")
    dataset.InstitutionalDepartmentName = f"Cellular pathology, {case.institution}"
    equipment(dataset, case)
    named = f"{reader.replace('^', ', ')}; patient {patient.printed}"
    dataset.ImageComments = f"Rescanned for Dr {named}, d.o.b. {plant(patient.born_as_written)}"
    for clinician in CLINICIANS:
        for part in clinician.split("^"):
            plant(part)


def _patient(dataset: Dataset, case: Case) -> None:
    patient, plant = case.patient, case.patient.plant
    dataset.PatientName, dataset.PatientID = patient.name, patient.hospital_number
    dataset.IssuerOfPatientID = f"{case.institution} PAS"
    dataset.PatientBirthDate, dataset.PatientSex = patient.born, patient.sex
    dataset.PatientAge = f"{2026 - int(patient.born[:4]):03}Y"
    reached = f"e-mail {plant(patient.email)}, tel {plant(patient.telephone)}"
    dataset.PatientComments = f"NHS {patient.nhs_grouped}, lives at {patient.address}, {reached}"
    other = Dataset()
    other.PatientID, other.TypeOfPatientID = patient.nhs_number, "TEXT"
    other.IssuerOfPatientID = plant("NHSNumberRegistry")
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.AdditionalPatientHistory = f"{patient.title} {patient.family} was first seen at {case.institution}"
    if case.site == FILLS_IN_MORE:
        dataset.PatientAddress, dataset.PatientTelephoneNumbers = patient.address, patient.telephone
        dataset.PatientMotherBirthName = f"{plant('Featherstonhaugh')}^{plant('Mabelline')}"
        dataset.OtherPatientNames = f"{patient.family}^{plant('Wilhelmina')}"


def history(dataset: Dataset, case: Case) -> None:
    """A request, former attributes, earlier studies and other machines: the sequences that travel with an image."""
    patient = case.patient
    request = Dataset()
    request.RequestedProcedureDescription = f"Second opinion for {patient.family}"
    request.ScheduledProcedureStepDescription = f"Scan {case.accession}"
    request.RequestedProcedureID = case.accession
    request.ScheduledProcedureStepID = case.accession[-6:]
    request.AccessionNumber = case.accession
    dataset.RequestAttributesSequence = Sequence([request])
    dataset.OriginalAttributesSequence = Sequence([_before_correction(case)])
    dataset.ReferencedStudySequence = Sequence([_reference("1.2.840.10008.3.1.2.3.1", case.uids.new("earlier study"))])
    dataset.ContributingEquipmentSequence = Sequence([_other_machine(case)])


def _before_correction(case: Case) -> Dataset:
    """What the header said before somebody put the name and number right (PS3.3 C.12.1)."""
    former = Dataset()
    former.PatientName = f"{case.patient.family}^{case.patient.given}^MISREAD"
    former.PatientID = case.patient.plant(f"TMP-{case.patient.hospital_number[-7:]}-Z")
    change = Dataset()
    change.SourceOfPreviousValues = case.institution
    change.AttributeModificationDateTime = f"{case.date}112233"
    change.ModifyingSystem = case.patient.plant(f"{case.site}-PACS-EDIT")
    change.ReasonForTheAttributeModification = "CORRECT"
    change.ModifiedAttributesSequence = Sequence([former])
    return change


def _reference(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item


def _other_machine(case: Case) -> Dataset:
    machine = Dataset()
    machine.PurposeOfReferenceCodeSequence = Sequence([code(*codes.CORRECTED)])
    machine.Manufacturer = MAKERS[case.site].name
    machine.InstitutionName = case.institution
    machine.OperatorsName = CLINICIANS[1]
    machine.DeviceSerialNumber = case.patient.plant(f"MODX{case.site}77310")
    machine.ContributionDateTime = f"{case.date}112233"
    return machine


def unknown_elements(dataset: Dataset, case: Case) -> None:
    """Standard elements encoded as UN. Not on slides: libdicom, and so OpenSlide, refuses to read such a file."""
    patient = case.patient
    del dataset.AdditionalPatientHistory, dataset.OtherPatientIDsSequence
    told = f"Lives alone at {patient.address}; NHS {patient.nhs_number}; tel {patient.telephone}"
    _add_unknown(dataset, 0x001021B0, _even(told.encode("ascii")))
    other = {0x00100020: patient.nhs_number, 0x00100021: "NHSNumberRegistry", 0x00100022: "TEXT"}
    _add_unknown(dataset, 0x00101002, implicit_item(other))


def _add_unknown(dataset: Dataset, tag: int, value: bytes) -> None:
    """A standard element with VR UN, which pydicom would otherwise put right."""
    config.replace_un_with_known_vr, before = False, config.replace_un_with_known_vr
    try:
        dataset.add(DataElement(tag, "UN", value))
    finally:
        config.replace_un_with_known_vr = before


def _even(value: bytes) -> bytes:
    return value + b" " * (len(value) & 1)
