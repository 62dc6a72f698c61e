"""A made-up slide header to show a policy on: nobody's, with something in each place where people are named."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.dicom.header import Header, read_header
from gateway.dicom.source import BytesSource

WSI, ROOT = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.826.0.1.3680043.9.7777"


@lru_cache(maxsize=1)
def sample_header() -> Header:
    """The header of a slide of Alys Example, who was never a patient."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(WSI), UID(f"{ROOT}.1")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slide = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    _who_and_when(slide)
    _picture(slide)
    slide.SpecimenDescriptionSequence = Sequence([_specimen()])
    slide.OpticalPathSequence = Sequence([_optics()])
    block = slide.private_block(0x0009, "LUMEN OPTICS 1", create=True)
    block.add_new(1, "LO", "Example, Alys; 900 000 0001")
    target = BytesIO()
    slide.save_as(target, enforce_file_format=True)
    return read_header(BytesSource(target.getvalue()))


def _who_and_when(slide: Dataset) -> None:
    slide.SpecificCharacterSet = "ISO_IR 192"
    slide.PatientName, slide.PatientID = "Example^Alys^^Mrs", "HN0000001"
    slide.PatientBirthDate, slide.PatientSex, slide.PatientAge = "19310405", "F", "093Y"
    slide.PatientAddress, slide.OtherPatientIDs = "1 Sample Street, Modeltown", "9000000001"
    slide.EthnicGroup, slide.Occupation, slide.PatientComments = "Welsh", "Teacher", "Sister of Mrs Model"
    slide.StudyInstanceUID, slide.SeriesInstanceUID = UID(f"{ROOT}.2"), UID(f"{ROOT}.3")
    slide.SOPClassUID, slide.SOPInstanceUID, slide.FrameOfReferenceUID = UID(WSI), UID(f"{ROOT}.1"), UID(f"{ROOT}.4")
    slide.StudyDate, slide.StudyTime, slide.ContentDate, slide.ContentTime = "20260311", "101500", "20260311", "101512"
    slide.AcquisitionDateTime, slide.AccessionNumber, slide.StudyID = "20260311101500+0000", "S26-00001", "S26-1"
    slide.StudyDescription, slide.SeriesDescription = "Breast biopsy, H&E", "Slide A1 of Mrs Example"
    slide.ReferringPhysicianName, slide.OperatorsName = "Model^Bryn", "Pattern^Cerys"
    slide.InstitutionName, slide.StationName = "Modeltown Hospital", "SCAN-ROOM-2"
    slide.ImageComments = "Rescanned for Dr Model"


def _picture(slide: Dataset) -> None:
    slide.Modality, slide.Manufacturer, slide.ManufacturerModelName = "SM", "Lumen Optics", "Glass 40"
    slide.SoftwareVersions, slide.DeviceSerialNumber = "4.2", "SN-40-1234"
    slide.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    slide.SeriesNumber, slide.InstanceNumber = 1, 1
    slide.SamplesPerPixel, slide.PhotometricInterpretation, slide.PlanarConfiguration = 3, "RGB", 0
    slide.NumberOfFrames, slide.Rows, slide.Columns = 1, 256, 256
    slide.BitsAllocated = slide.BitsStored = 8
    slide.HighBit, slide.PixelRepresentation = 7, 0
    slide.TotalPixelMatrixColumns, slide.TotalPixelMatrixRows = 40_960, 30_720
    slide.ImagedVolumeWidth, slide.ImagedVolumeHeight = 10.24, 7.68
    slide.BurnedInAnnotation, slide.LossyImageCompression = "NO", "00"
    slide.BarcodeValue, slide.LabelText = "S26-00001-A1", "Example S26-00001"
    slide.ContainerIdentifier = "S26-00001-A1-1"


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _specimen() -> Dataset:
    block, stain, note = Dataset(), Dataset(), Dataset()
    block.ValueType, stain.ValueType, note.ValueType = "TEXT", "CODE", "TEXT"
    block.ConceptNameCodeSequence = Sequence([_code("111705", "DCM", "Parent Specimen Identifier")])
    block.TextValue = "S26-00001-A1"
    stain.ConceptNameCodeSequence = Sequence([_code("424361007", "SCT", "Using substance")])
    stain.ConceptCodeSequence = Sequence([_code("12710003", "SCT", "hematoxylin stain, for Mrs Example")])
    note.ConceptNameCodeSequence = Sequence([_code("111703", "DCM", "Processing step description")])
    note.TextValue = "Cut by Cerys Pattern"
    step, specimen = Dataset(), Dataset()
    step.SpecimenPreparationStepContentItemSequence = Sequence([block, stain, note])
    specimen.SpecimenIdentifier, specimen.SpecimenUID = "S26-00001-A1", UID(f"{ROOT}.5")
    specimen.SpecimenShortDescription = "Left breast, core biopsy"
    specimen.SpecimenDetailedDescription = "Mrs Example, left breast, 10 o'clock"
    specimen.SpecimenPreparationSequence = Sequence([step])
    return specimen


def _optics() -> Dataset:
    path = Dataset()
    path.OpticalPathIdentifier, path.OpticalPathDescription = "1", "Brightfield"
    path.IlluminationTypeCodeSequence = Sequence([_code("111744", "DCM", "Brightfield illumination")])
    path.ObjectiveLensPower = "20"
    return path
