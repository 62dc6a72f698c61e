"""The demo's slides open in wsidicom and OpenSlide, and give the pixels that are in their frames."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pydicom
import pytest
from pydicom.encaps import generate_frames
from wsidicom import WsiDicom

from gateway.demo.archive import cases
from gateway.demo.frames import JPEG_422, NATIVE
from gateway.demo.slides import SlideSpec, write_slide
from gateway.demo.tissue import Picture


def finest(folder: Path) -> Path:
    return next(folder.glob("*_0.dcm"))


def whole_picture(path: Path) -> Picture:
    """Level 0 put together from its frames by hand: decoded one by one, placed as the header says."""
    dataset = pydicom.dcmread(path)
    rows, columns, count = dataset.Rows, dataset.Columns, int(dataset.NumberOfFrames)
    across = -(-dataset.TotalPixelMatrixColumns // columns)
    picture = np.zeros((dataset.TotalPixelMatrixRows + rows, dataset.TotalPixelMatrixColumns + columns, 3), np.uint8)
    for number, frame in enumerate(decoded(dataset, count)):
        left, top = number % across * columns, number // across * rows
        if "PerFrameFunctionalGroupsSequence" in dataset:
            place = dataset.PerFrameFunctionalGroupsSequence[number].PlanePositionSlideSequence[0]
            left = place.ColumnPositionInTotalImagePixelMatrix - 1
            top = place.RowPositionInTotalImagePixelMatrix - 1
        picture[top : top + rows, left : left + columns] = frame
    return picture[: dataset.TotalPixelMatrixRows, : dataset.TotalPixelMatrixColumns]


def decoded(dataset: pydicom.Dataset, count: int) -> list[Picture]:
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        size = (count, dataset.Rows, dataset.Columns, 3)
        return list(np.frombuffer(dataset.PixelData, np.uint8, int(np.prod(size))).reshape(size))
    return [imagecodecs.imread(frame) for frame in generate_frames(dataset.PixelData, number_of_frames=count)]


def differs(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_every_slide_has_three_levels_and_a_label_in_openslide(slides: list[Path]) -> None:
    assert len(slides) >= 12
    for folder in slides:
        with openslide.OpenSlide(finest(folder)) as slide:
            assert slide.level_count >= 3
            assert set(slide.associated_images) == {"label", "macro"}
            assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5)


def test_openslide_reads_the_pixels_of_the_frames(slides: list[Path]) -> None:
    for folder in slides:
        with openslide.OpenSlide(finest(folder)) as slide:
            region = np.asarray(slide.read_region((20, 10), 0, (290, 240)).convert("RGB"))
        assert differs(region, whole_picture(finest(folder))[10:250, 20:310]) < 1.5, folder


def test_wsidicom_reads_the_pixels_of_the_frames(slides: list[Path]) -> None:
    for folder in slides:
        with WsiDicom.open(folder) as slide:
            assert len(slide.levels) >= 3
            assert slide.read_label() is not None
            assert slide.read_overview() is not None
            region = np.asarray(slide.read_region((20, 10), 0, (290, 240)).convert("RGB"))
        assert differs(region, whole_picture(finest(folder))[10:250, 20:310]) < 1.5, folder


@pytest.mark.parametrize(
    "spec",
    [
        SlideSpec(JPEG_422, width=700, height=500, tiling="gaps"),
        SlideSpec(JPEG_422, width=700, height=500, tiling="sparse", offsets="bot"),
        SlideSpec(NATIVE, width=700, height=500, tile=240),
    ],
    ids=lambda spec: f"{spec.codec.photometric} {spec.tiling}",
)
def test_a_slide_of_any_build_reads_the_same_in_both(spec: SlideSpec, tmp_path: Path) -> None:
    from dataclasses import replace

    path = write_slide(tmp_path, replace(cases(7, 0.25)[0], spec=spec))[0]
    truth = whole_picture(path)[100:400, 200:600]
    with openslide.OpenSlide(path) as slide:
        region = slide.read_region((200, 100), 0, (400, 300))
        there = np.asarray(region)[..., 3] == 255  # what a sparse slide leaves out is see-through
        assert differs(np.asarray(region.convert("RGB"))[there], truth[there]) < 1.5
    with WsiDicom.open(tmp_path) as wsi:
        seen = np.asarray(wsi.read_region((200, 100), 0, (400, 300)).convert("RGB"))
        assert differs(seen[there], truth[there]) < 1.5
