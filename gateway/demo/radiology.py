"""Linked images of other kinds: an ultrasound clip with the name burnt in, and a few slices of a CT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
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


def _echoes(rng: np.random.Generator, beat: float) -> NDArray[np.uint8]:
    """One frame of a fan of speckle: a bright capsule, vessels, a dark cyst and what is bright behind it."""
    y, x = np.mgrid[0:480, 0:640].astype(np.float32)
    depth, angle = np.hypot(x - 320, y + 40), np.arctan2(x - 320, y + 40)
    fan = (depth < 480) & (np.abs(angle) < 0.75) & (depth > 100)
    speckle = np.asarray(Image.fromarray(rng.gamma(1.6, 0.5, (240, 160)).astype(np.float32)).resize((640, 480)))
    along = ((depth - 100) / 380 * 239).astype(int).clip(0, 239), ((angle + 0.8) * 99).astype(int).clip(0, 159)
    grain = 0.55 * speckle + 0.75 * rng.gamma(1.6, 0.5, (240, 160)).astype(np.float32)[along]
    tissue = 0.35 + 0.75 * clouds(np.random.default_rng(5), (480, 640), 90, 4)
    tissue += 0.9 * np.exp(-(((depth - 175 - 9 * np.sin(angle * 5 + beat)) / 5) ** 2))
    cyst = np.hypot((x - 372) / 46, (y - 258 - 2 * np.sin(beat)) / 34)
    tissue *= np.clip((cyst - 0.94) * 9, 0.04, 1)
    tissue += 0.55 * (np.abs(x - 372 - (y - 258) * 0.17) < 38) * (y > 292) * np.exp(-(y - 292) / 70)
    for middle in (150, 215, 460):
        vessel = np.hypot((x - middle) / (9 + 1.5 * np.sin(beat)), (y - 300 + 0.2 * middle) / 22)
        tissue *= np.clip((vessel - 0.9) * 4, 0.1, 1)
    fading = np.exp(-(depth - 100) / 420)
    return np.asarray(np.clip(tissue * grain * fading * 165, 0, 255) * fan, np.uint8)


def write_ultrasound(folder: Path, case: Case, count: int = 8) -> Path:
    """An ultrasound-like clip; the patient's name stands in the pixels of every frame."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(case.seed)
    frames = []
    for number in range(count):
        image = Image.fromarray(_echoes(rng, 2 * np.pi * number / count)).convert("RGB")
        draw = ImageDraw.Draw(image)
        small, large = ImageFont.load_default(15), ImageFont.load_default(22)
        draw.text((12, 8), case.patient.printed, fill="white", font=large)
        draw.text((12, 36), f"{case.patient.hospital_number}  {case.date}", fill="white", font=small)
        draw.text((470, 10), f"{case.site}  MI 0.9  TIs 0.4", fill=(235, 210, 120), font=small)
        for mark in range(8):
            draw.line((620, 70 + 50 * mark, 628, 70 + 50 * mark), fill=(200, 200, 200))
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


def _chest(rng: np.random.Generator, height: float) -> NDArray[np.int16]:
    """Hounsfield units of one slice of a chest; `height` from 0 to 1 makes lungs and heart larger or smaller."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j].astype(np.float32)

    def disc(middle_x: float, middle_y: float, wide: float, high: float) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = np.hypot((x - middle_x) / wide, (y - middle_y) / high) < 1
        return inside

    units = np.full(x.shape, -1000, np.float32)
    units[disc(0, 0, 0.9, 0.68)] = -95  # fat
    units[disc(0, 0, 0.84, 0.62)] = 45  # muscle
    for side in (-1, 1):
        lung = disc(side * 0.40, -0.02, 0.33, 0.46 + 0.06 * height)
        units[lung] = -860 + 110 * clouds(rng, x.shape, 9, 2)[lung]
        for rib in np.linspace(0.35, 2.75, 6):
            units[disc(side * 0.77 * np.sin(rib), -0.57 * np.cos(rib), 0.05, 0.035)] = 520
    units[disc(0.12, -0.08, 0.21 + 0.10 * height, 0.24 + 0.08 * height)] = 60  # heart
    units[disc(-0.06, -0.16, 0.08, 0.09)] = 260  # contrast in a vessel
    units[disc(0.10, 0.27, 0.075, 0.075)] = 240  # aorta
    units[disc(0, 0.42, 0.13, 0.11)] = 430  # vertebra
    units[disc(0, 0.52, 0.05, 0.05)] = 30
    units[disc(-0.44, 0.12, 0.045, 0.045)] = 55  # a nodule
    return np.asarray(units + rng.normal(0, 12, x.shape), np.int16)


def write_ct(folder: Path, case: Case, slices: int = 5) -> list[Path]:
    """A few slices of a chest-like phantom."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(case.seed + 1)
    written = []
    for number in range(1, slices + 1):
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
        dataset.PixelData = _chest(rng, number / slices).astype("<i2").tobytes()
        path = folder / f"{case.accession}_CT{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        written.append(path)
    return written
