"""Linked images of other kinds: an ultrasound clip with the name burnt in, and a few slices of a CT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.demo import plants
from gateway.demo.slides import Case
from gateway.demo.tissue.noise import clouds

US_MULTIFRAME = UID("1.2.840.10008.5.1.4.1.1.3.1")
CT = UID("1.2.840.10008.5.1.4.1.1.2")


def _blank(case: Case, sop_class: UID, number: int, modality: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = sop_class, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = case.uids.new(f"{modality} sop {number}")
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = case.patient.charset
    plants.people_and_places(dataset, case)
    plants.unknown_elements(dataset, case)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = case.uids.new(f"{modality} study")
    dataset.SeriesInstanceUID = case.uids.new(f"{modality} series")
    dataset.FrameOfReferenceUID = case.uids.new(f"{modality} frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.Modality, dataset.InstanceNumber = modality, number
    dataset.BodyPartExamined = {"US": "ABDOMEN", "CT": "CHEST"}[modality]  # unpaired: no Laterality
    dataset.Manufacturer, dataset.ManufacturerModelName = "Lumen Imaging", f"{modality} One"
    dataset.PatientOrientation = ""
    return dataset


def write_ultrasound(folder: Path, case: Case) -> Path:
    """An ultrasound-like clip; the patient's name stands in the pixels of every frame."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(case.seed)
    frames = []
    y, x = np.mgrid[0:480, 0:640]
    fan = (np.hypot(x - 320, y + 40) < 480) & (np.abs(np.arctan2(x - 320, y + 40)) < 0.75) & (y > 60)
    for _frame in range(6):
        speckle = clouds(rng, (480, 640), 24, 4) * rng.gamma(2.0, 0.5, (480, 640))
        image = Image.fromarray((np.clip(speckle * 150, 0, 255) * fan).astype(np.uint8)).convert("RGB")
        draw = ImageDraw.Draw(image)
        draw.text((12, 8), case.patient.printed, fill="white", font=ImageFont.load_default(22))
        draw.text(
            (12, 34), f"{case.patient.hospital_number}  {case.date}", fill="white", font=ImageFont.load_default(18)
        )
        frames.append(np.asarray(image).tobytes())
    dataset = _blank(case, US_MULTIFRAME, 1, "US")
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, "RGB"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = len(frames), 480, 640
    dataset.FrameTime, dataset.FrameIncrementPointer = "40", 0x00181063
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.LossyImageCompression, dataset.BurnedInAnnotation = "00", "NO"
    dataset.PixelData = b"".join(frames)
    path = folder / f"{case.accession}_US.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_ct(folder: Path, case: Case, slices: int = 3) -> list[Path]:
    """A few slices of a chest-like phantom."""
    folder.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    written = []
    for number in range(1, slices + 1):
        body = np.hypot(x / 0.9, y / 0.7) < 1
        lungs = (np.hypot((x - 0.38) / 0.3, y / 0.45) < 1) | (np.hypot((x + 0.38) / 0.3, y / 0.45) < 1)
        spine = np.hypot(x / 0.12, (y - 0.45) / 0.12) < 1
        hounsfield = np.where(body, 40, -1000) + np.where(lungs & body, -840, 0) + np.where(spine, 500, 0)
        dataset = _blank(case, CT, number, "CT")
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.Rows = dataset.Columns = 256
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "HU"
        dataset.WindowCenter, dataset.WindowWidth, dataset.KVP = "40", "400", "120"
        dataset.PixelSpacing, dataset.SliceThickness = ["1.4", "1.4"], "5"
        dataset.ImagePositionPatient = ["-180", "-180", str(5 * number)]
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        dataset.AcquisitionNumber, dataset.PatientPosition = 1, "HFS"
        dataset.PixelData = hounsfield.astype("<i2").tobytes()
        path = folder / f"{case.accession}_CT{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        written.append(path)
    return written
