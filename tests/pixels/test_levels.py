"""Each pixel of each frame of the level that is looked at is on a picture that somebody looks at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian

from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.pixels.boxes import Box
from gateway.pixels.encodings import CannotDecode, PixelFacts
from gateway.pixels.findings import Finding
from gateway.pixels.ground import Ground, pyramids, stored
from gateway.pixels.levels import Level
from gateway.pixels.screen import CLEAN, REVIEW, WITHHELD, redact_slide, screen_slide
from gateway.pixels.source import level_of

TILE = 64
FACTS = PixelFacts(ExplicitVRLittleEndian, TILE, TILE, 3, photometric="RGB")
BARE, INK = 230, 10
GRID = [(x, y) for y in (0, TILE) for x in (0, TILE)]


class Sharp:
    """Sees every dark pixel, as one box about all of them."""

    def find(self, picture: np.ndarray) -> list[Finding]:
        rows, columns = np.nonzero(picture[..., 0] < 100)
        if not len(rows):
            return []
        return [
            Finding("text", Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1), 1)
        ]

    find_rest = find

    def find_ink(self, _picture: np.ndarray) -> list[Finding]:
        return []


def tile(*, inked: bool = False) -> bytes:
    picture = np.full((TILE, TILE, 3), BARE, np.uint8)
    if inked:
        picture[20:30, 20:40] = INK
    return picture.tobytes()


def a_level(places: Sequence[tuple[int, int]], inked: int | None, side: int = 2 * TILE) -> Level:
    return Level(lambda number: tile(inked=number == inked), places, side, side, FACTS)


def test_every_focal_plane_is_looked_at() -> None:
    for inked in range(8):
        (outcome,) = screen_slide([a_level(GRID * 2, inked)], Sharp())
        assert outcome.state == WITHHELD
        assert {each.frame for each in outcome.marks} == {inked % 4, inked % 4 + 4}
    assert screen_slide([a_level(GRID * 2, None)], Sharp())[0].state == CLEAN


def test_frames_that_overlap_hide_nothing() -> None:
    for inked in range(3):
        (outcome,) = screen_slide([a_level([(0, 0), (10, 5), (64, 64)], inked)], Sharp())
        assert outcome.state != CLEAN


def test_every_part_of_the_level_that_is_looked_at_is() -> None:
    parts = [a_level(GRID[:2], None), a_level(GRID[2:], 1)]
    assert [each.state for each in screen_slide(parts, Sharp())] == [WITHHELD, WITHHELD]


def test_what_reaches_over_the_edge_of_a_slide_is_looked_at() -> None:
    level = Level(lambda _n: tile(inked=True), [(0, 0)], 10, 10, FACTS)
    assert screen_slide([level], Sharp())[0].state == REVIEW


def test_a_box_is_taken_out_of_all_frames_at_its_place() -> None:
    (outcome,) = redact_slide([a_level(GRID * 2, None)], 0, [Box(0, 0, 2 * TILE, 2 * TILE)])
    assert sorted(outcome.replaced) == list(range(8))


def test_a_level_too_large_to_be_looked_at_at_once_keeps_its_thin_strokes() -> None:
    wide = PixelFacts(ExplicitVRLittleEndian, 10, 10_000, 3, photometric="RGB")
    picture = np.full((10, 10_000, 3), BARE, np.uint8)
    picture[:, 4001] = 0
    (sheet,) = Level(lambda _n: picture.tobytes(), [(0, 0)], 10_000, 10, wide).sheets()
    assert sheet.shape == (5, 5000, 3)
    assert sheet[:, 2000].max() < BARE - 80


A, B = Ground("1.2", 5, 5, 20, 15, 0.001), Ground("1.2", 5.01, 5, 20.03, 15.02, 0.03)


@pytest.mark.parametrize(
    ("others", "together"),
    [
        ([B], [[0, 1]]),
        ([Ground("1.2", 30, 5, 20, 15, 0.03)], [[0], [1]]),
        ([Ground("1.2", 5, 5, 10, 7, 0.03)], [[0], [1]]),
        ([Ground("1.3", 5, 5, 20, 15, 0.03)], [[0], [1]]),
        ([None, B, None], [[0, 2], [1], [3]]),
    ],
)
def test_levels_are_of_one_pyramid_if_they_cover_the_same_glass(
    others: list[Ground | None], together: list[list[int]]
) -> None:
    assert pyramids([stored(each) for each in (A, *others)]) == together


def a_file(frames: int, **told: object) -> FileDataset:
    dataset = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.3"
    dataset.Rows = dataset.Columns = TILE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.TotalPixelMatrixColumns = dataset.TotalPixelMatrixRows = 2 * TILE
    dataset.NumberOfFrames, dataset.PixelData = frames, tile() * frames
    for name, value in told.items():
        setattr(dataset, name, value)
    return dataset


def read(dataset: FileDataset) -> Level:
    held = BytesIO()
    dataset.save_as(held, enforce_file_format=True)
    return level_of(read_header(BytesSource(held.getvalue())))


def positions(*places: tuple[int, int] | None) -> Items:
    items = []
    for place in places:
        item, plane = Dataset(), Dataset()
        if place is not None:
            plane.ColumnPositionInTotalImagePixelMatrix, plane.RowPositionInTotalImagePixelMatrix = place
            item.PlanePositionSlideSequence = Items([plane])
        items.append(item)
    return Items(items)


def test_planes_lie_one_after_another() -> None:
    assert list(read(a_file(8, DimensionOrganizationType="TILED_FULL")).places) == GRID * 2


def test_a_part_of_a_whole_goes_on_where_the_last_ended() -> None:
    assert list(read(a_file(2, ConcatenationFrameOffsetNumber=2)).places) == GRID[2:]


@pytest.mark.parametrize("places", [((1, 1), None), ((1, 1), (0, 1)), ((1, 1), (200, 1))])
def test_a_frame_that_lies_nowhere_keeps_the_slide_here(places: tuple[tuple[int, int] | None, ...]) -> None:
    with pytest.raises(CannotDecode):
        read(a_file(2, PerFrameFunctionalGroupsSequence=positions(*places)))
