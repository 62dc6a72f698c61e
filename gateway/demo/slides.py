"""Whole-slide studies as scanners write them: a pyramid of VOLUME instances, a LABEL, an OVERVIEW (PS3.3 A.32.8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID

from gateway.demo import plants
from gateway.demo.frames import Codec, as_the_stage_went, encapsulated, is_glass, tiles
from gateway.demo.label import label, overview, written_on
from gateway.demo.makers import private_blocks
from gateway.demo.patients import Patient
from gateway.demo.specimen import specimen
from gateway.demo.tissue import Picture, halved, section
from gateway.demo.uids import Uids
from gateway.demo.wholeslide import functional_groups, optical_path, whole_slide

WSI = UID("1.2.840.10008.5.1.4.1.1.77.1.6")
Placed = tuple[int, int, Picture]  # left, top, tile
SPACING = 0.0005  # mm for each pixel of level 0


@dataclass(frozen=True, slots=True)
class SlideSpec:
    """What kind of slide: its codec, offset table ("eot", "bot", "none"), tiling, stain ("H&E", "IHC") and organ.

    Tiling of level 0: "full"; "sparse", where each frame says its place and all are there, in the stage's order;
    "gaps", sparse and without the tiles of bare glass (as PS3.3 C.8.12.14 allows, though dciodvfy does not).
    With `pen` somebody has written the patient's name on the cover slip, over the tissue.
    """

    codec: Codec
    offsets: str = "eot"
    tiling: str = "full"
    stain: str = "H&E"
    organ: str = "breast"
    tile: int = 256
    width: int = 4096
    height: int = 3072
    levels: int = 3
    pen: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One study of one patient at one site: what all its instances share."""

    patient: Patient
    uids: Uids
    site: str
    institution: str
    accession: str
    block: str
    date: str
    spec: SlideSpec
    seed: int


def write_slide(folder: Path, case: Case) -> list[Path]:
    """Write the instances of one slide; gives their paths."""
    spec = case.spec
    folder.mkdir(parents=True, exist_ok=True)
    tissue = section(case.seed, spec.width, spec.height, spec.stain, spec.organ)
    if spec.pen:
        tissue = written_on(tissue, case.patient.family)
    written = []
    for level in range(spec.levels):
        picture = halved(tissue, 2 * level)
        flavour = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"] if level else ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        dataset = _image(case, picture, flavour, number=level + 1, tile=spec.tile, spacing=SPACING * 4**level)
        written.append(_save(dataset, folder / f"{case.accession}_{level}.dcm"))
    printed = label(case)
    glass, (left, top, across) = overview(printed, halved(tissue, 2))
    spacing = spec.width * SPACING / across  # so that the tissue lies where the volume says
    for name, picture, number, place in (("LABEL", printed, 8, (0, 0)), ("OVERVIEW", glass, 9, (left, top))):
        flavour = ["ORIGINAL", "PRIMARY", name, "NONE"]
        dataset = _image(case, picture, flavour, number=number, tile=0, spacing=spacing, place=place)
        written.append(_save(dataset, folder / f"{case.accession}_{name.lower()}.dcm"))
    return written


def _save(dataset: FileDataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


def _image(
    case: Case,
    picture: Picture,
    flavour: list[str],
    *,
    number: int,
    tile: int,
    spacing: float,
    place: tuple[int, int] = (0, 0),
) -> FileDataset:
    """One instance; `tile` 0 makes one frame of the whole picture. `place`: of the volume's corner, in its pixels."""
    spec, uids = case.spec, case.uids
    height, width = picture.shape[:2]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = WSI, uids.new(f"sop {number}")
    meta.TransferSyntaxUID = UID(spec.codec.transfer_syntax)
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = case.patient.charset
    dataset.SOPClassUID, dataset.SOPInstanceUID = WSI, meta.MediaStorageSOPInstanceUID
    dataset.ImageType = flavour
    plants.people_and_places(dataset, case)
    dataset.InstanceNumber = number
    specimen(dataset, case)
    volume = flavour[2] == "VOLUME"
    sparse = spec.tiling != "full" and volume and number == 1
    kept = _kept(list(tiles(picture, tile)) if tile else [(0, 0, picture)], spec.tiling if sparse else "full")
    frames = [spec.codec.encode(each) for _left, _top, each in kept]
    rows, columns = kept[0][2].shape[:2]
    _pixels(dataset, spec.codec, rows, columns, frames, picture.nbytes)
    whole_slide(dataset, width, height, spacing, place, volume=volume)
    optical_path(dataset)
    places = [(left, top) for left, top, _tile in kept] if sparse else None
    functional_groups(dataset, uids, flavour, spacing, places)
    if not volume:
        dataset.LabelText = f"{case.patient.printed} {case.accession}"
        dataset.BarcodeValue = case.accession
    plants.history(dataset, case)
    private_blocks(dataset, case)
    _pixel_data(dataset, spec, frames)
    return dataset


def _kept(placed: list[Placed], tiling: str) -> list[Placed]:
    """The tiles that become frames, in their order."""
    if tiling == "sparse":
        return as_the_stage_went(placed)
    if tiling == "gaps":
        return [each for each in placed if not is_glass(each[2])] or placed[:1]
    return placed


def _pixel_data(dataset: Dataset, spec: SlideSpec, frames: list[bytes]) -> None:
    """The pixel data element and its offset table."""
    if not spec.codec.encapsulated:
        dataset.add_new("PixelData", "OB", b"".join(frames))
        return
    data = encapsulated(frames, basic_table=spec.offsets == "bot")
    if spec.offsets == "eot":
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = data.offsets, data.lengths
    dataset.add_new("PixelData", "OB", data.value)
    dataset["PixelData"].is_undefined_length = True


def _pixels(dataset: Dataset, codec: Codec, rows: int, columns: int, frames: list[bytes], raw: int) -> None:
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = codec.photometric
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = len(frames), rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "01" if codec.method else "00"
    if codec.method:
        dataset.LossyImageCompressionRatio = f"{raw / sum(map(len, frames)):.2f}"
        dataset.LossyImageCompressionMethod = codec.method
