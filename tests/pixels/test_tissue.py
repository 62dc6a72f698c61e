"""Of an overview nothing is kept but the part of the glass that the slide's own images cover."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from gateway.demo.frames import JPEG_422
from gateway.demo.patients import cast
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids
from gateway.dicom.header import Header, read_header
from gateway.dicom.source import FileSource
from gateway.pixels.boxes import Box, without
from gateway.pixels.detect.reader import Reader
from gateway.pixels.encodings import decoded
from gateway.pixels.findings import Finding
from gateway.pixels.screen import REDACTED, WITHHELD, screen_slide
from gateway.pixels.source import frames_of, level_of, pixel_facts
from gateway.pixels.tissue import NotMapped, beside_tissue, screen_overview


def a_slide(folder: Path, *, pen: bool = False) -> Path:
    patient = cast(5, 1)[0]
    spec = SlideSpec(JPEG_422, width=2048, height=1536, levels=2, pen=pen)
    write_slide(folder, Case(patient, Uids("A1", patient), "NGH", "Northfield", "A1", "A1", "20260302", spec, 705))
    return folder


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_slide(tmp_path_factory.mktemp("slide"))


def header(path: Path) -> Header:
    return read_header(FileSource(path))


def volumes(slide: Path) -> list[Header]:
    return [header(slide / f"A1_{level}.dcm") for level in (0, 1)]


def changed(slide: Path, tmp_path: Path, name: str, change: Callable[[Dataset], None]) -> Header:
    dataset = pydicom.dcmread(slide / name)
    change(dataset)
    dataset.save_as(tmp_path / name)
    return header(tmp_path / name)


def test_what_is_kept_is_the_tissue_and_the_label_is_not(slide: Path) -> None:
    rest = beside_tissue(header(slide / "A1_overview.dcm"), volumes(slide))
    kept = without(Box(0, 0, 1536, 512), rest)
    assert len(kept) == 1
    tissue = kept[0]
    assert 560 < tissue.left < tissue.right < 1490
    assert abs(tissue.width / tissue.height - 2048 / 1536) < 0.02
    picture = pydicom.dcmread(slide / "A1_overview.dcm").pixel_array.astype(int)
    inside = picture[tissue.top : tissue.bottom, tissue.left : tissue.right]
    beside = picture[20:490, 1480:1490]
    assert (inside[..., 0] - inside[..., 1]).mean() > 20 > (beside[..., 0] - beside[..., 1]).mean()  # stained, bare


def test_an_overview_leaves_with_its_tissue_only(slide: Path) -> None:
    overview = header(slide / "A1_overview.dcm")
    done = screen_overview(overview, volumes(slide), Reader())
    assert done.state == REDACTED
    facts = pixel_facts(overview)
    picture = decoded(done.replaced[0], facts)
    assert len(np.unique(picture[:, :540].reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 1000
    assert picture.shape == decoded(frames_of(overview)[0](0), facts).shape


def test_a_name_in_pen_over_the_tissue_keeps_it_here(tmp_path: Path) -> None:
    slide, reader = a_slide(tmp_path, pen=True), Reader()
    seen = screen_slide([level_of(each) for each in volumes(slide)], reader)
    assert {each.state for each in seen} == {"review"}


class SeesInk:
    def find(self, _picture: np.ndarray) -> list[Finding]:
        return []

    find_rest = find

    def find_ink(self, _picture: np.ndarray) -> list[Finding]:
        return [Finding("text", Box(700, 100, 800, 140), 0.9)]


def test_ink_that_is_seen_on_what_is_left_withholds_it(slide: Path) -> None:
    assert screen_overview(header(slide / "A1_overview.dcm"), volumes(slide), SeesInk()).state == WITHHELD


@pytest.mark.parametrize("turned", [(0, 1, 0, 1, 0, 0), (1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0, 1, 0, -1, 0, 0)])
def test_the_rectangle_is_the_same_however_the_volume_was_scanned(
    slide: Path, tmp_path: Path, turned: tuple[int]
) -> None:
    """The same mm of glass, its rows and columns running another way."""
    across, down = 2048 * 0.0005, 1536 * 0.0005  # mm along y and x, as the slide was written

    def turn(dataset: Dataset) -> None:
        column, row = turned[:2], turned[3:5]
        origin = dataset.TotalPixelMatrixOriginSequence[0]
        x = 20.0 if min(column[0], row[0]) < 0 else 20.0 - down
        y = 40.0 if min(column[1], row[1]) < 0 else 40.0 - across
        origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = f"{x:.6f}", f"{y:.6f}"
        if column[0]:  # rows run along x: as many columns as there is glass that way
            dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = 1536, 2048
        dataset.ImageOrientationSlide = [str(each) for each in turned]

    overview = header(slide / "A1_overview.dcm")
    expected = beside_tissue(overview, volumes(slide))
    assert beside_tissue(overview, [changed(slide, tmp_path, "A1_0.dcm", turn)]) == expected


WRONG: dict[str, Callable[[Dataset], None]] = {
    "another slide": lambda d: setattr(d, "FrameOfReferenceUID", "1.2.3"),
    "no frame of reference": lambda d: delattr(d, "FrameOfReferenceUID"),
    "no origin": lambda d: delattr(d, "TotalPixelMatrixOriginSequence"),
    "no spacing": lambda d: delattr(d.SharedFunctionalGroupsSequence[0], "PixelMeasuresSequence"),
    "spacing of nothing": lambda d: setattr(
        d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], "PixelSpacing", ["0", "0"]
    ),
    "askew": lambda d: setattr(d, "ImageOrientationSlide", ["0.6", "-0.8", "0", "-0.8", "-0.6", "0"]),
    "elsewhere": lambda d: setattr(d.TotalPixelMatrixOriginSequence[0], "YOffsetInSlideCoordinateSystem", "4000.0"),
    "all of the glass": lambda d: (
        setattr(d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], "PixelSpacing", ["1", "1"])
        or setattr(d.TotalPixelMatrixOriginSequence[0], "YOffsetInSlideCoordinateSystem", "100.0")
        or setattr(d.TotalPixelMatrixOriginSequence[0], "XOffsetInSlideCoordinateSystem", "100.0")
    ),
    "a label in it": lambda d: setattr(d, "SpecimenLabelInImage", "YES"),
    "perhaps a label in it": lambda d: delattr(d, "SpecimenLabelInImage"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_volume_that_does_not_say_where_it_lies_keeps_the_overview_here(
    slide: Path, tmp_path: Path, wrong: str
) -> None:
    volume = changed(slide, tmp_path, "A1_0.dcm", WRONG[wrong])
    with pytest.raises(NotMapped):
        beside_tissue(header(slide / "A1_overview.dcm"), [volume])


def test_no_volume_and_an_overview_of_several_frames_keep_it_here(slide: Path, tmp_path: Path) -> None:
    with pytest.raises(NotMapped):
        beside_tissue(header(slide / "A1_overview.dcm"), [])
    tiled = changed(slide, tmp_path, "A1_overview.dcm", lambda d: setattr(d, "TotalPixelMatrixColumns", 3072))
    with pytest.raises(NotMapped):
        beside_tissue(tiled, volumes(slide))
