"""Slides with thousands of frames: their functional groups survive, the work grows with their number and no faster."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from io import BytesIO
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

from gateway.deid.rewrite import rewrite
from gateway.deid.trace import Tally
from gateway.dicom.header import Header, read_header
from gateway.dicom.source import BytesSource
from gateway.errors import SlidegateError
from tests.deid.slides import KEYS, RESEARCH, a_slide, encoded, parsed, released


def a_frame(number: int) -> Dataset:
    content, plane, path, frame = Dataset(), Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [number % 100 + 1, number // 100 + 1]
    content.FrameAcquisitionDateTime = "20240311101500"
    plane.XOffsetInSlideCoordinateSystem, plane.YOffsetInSlideCoordinateSystem = "1.5", str(number)
    plane.ColumnPositionInTotalImagePixelMatrix, plane.RowPositionInTotalImagePixelMatrix = number * 8 + 1, 1
    path.OpticalPathIdentifier = "1"
    frame.FrameContentSequence, frame.PlanePositionSlideSequence = Sequence([content]), Sequence([plane])
    frame.OpticalPathIdentificationSequence = Sequence([path])
    return frame


def frames(count: int, *, undefined: bool = False) -> bytes:
    slide = a_slide(DimensionOrganizationType="TILED_SPARSE")
    slide.PerFrameFunctionalGroupsSequence = Sequence([a_frame(number) for number in range(count)])
    if undefined:
        slide["PerFrameFunctionalGroupsSequence"].is_undefined_length = True
        for item in slide.PerFrameFunctionalGroupsSequence:
            item.is_undefined_length_sequence_item = True
    return encoded(slide)


MANY = {undefined: frames(260, undefined=undefined) for undefined in (False, True)}


def test_the_places_of_sparse_tiles_survive() -> None:
    for undefined in (False, True):
        groups = parsed(released(frames(30, undefined=undefined))).PerFrameFunctionalGroupsSequence
        assert [list(each.FrameContentSequence[0].DimensionIndexValues) for each in groups] == [
            [number % 100 + 1, number // 100 + 1] for number in range(30)
        ]
        assert [each.PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix for each in groups] == [
            number * 8 + 1 for number in range(30)
        ]
        assert {each.OpticalPathIdentificationSequence[0].OpticalPathIdentifier for each in groups} == {"1"}
        assert not any("FrameAcquisitionDateTime" in each.FrameContentSequence[0] for each in groups)


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "delimiters"])
def test_items_taken_for_alike_become_what_they_become_one_by_one(undefined: bool) -> None:
    data = frames(300, undefined=undefined)
    header = read_header(BytesSource(data))
    one_by_one = rewrite(header, RESEARCH, KEYS, Tally())  # nothing is taken for alike while somebody watches
    assert rewrite(header, RESEARCH, KEYS) == one_by_one


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "delimiters"])
@given(st.floats(0.2, 0.9), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_an_item_unlike_the_others_is_seen(undefined: bool, place: float, damage: bytes) -> None:
    header = read_header(BytesSource(MANY[undefined]))
    inside = int(place * len(header.dataset))
    dataset = header.dataset[:inside] + damage + header.dataset[inside + len(damage) :]
    header = replace(header, dataset=dataset)
    assert front(header, None) == front(header, Tally())


def front(header: Header, tally: Tally | None) -> bytes | type[SlidegateError]:
    try:
        return rewrite(header, RESEARCH, KEYS, tally)
    except SlidegateError as refused:
        return type(refused)


def test_ten_thousand_frames_take_little_memory_and_linear_time() -> None:
    headers = {count: read_header(BytesSource(frames(count))) for count in (1000, 10000)}
    seconds = {}
    for count, header in headers.items():
        rounds = []
        for _ in range(3):
            start = perf_counter()
            rewrite(header, RESEARCH, KEYS)
            rounds.append(perf_counter() - start)
        seconds[count] = min(rounds)
    assert seconds[10000] < 30 * seconds[1000]
    tracemalloc.start()
    rewrite(headers[10000], RESEARCH, KEYS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


def test_a_thousand_instances_leave_no_more_behind_than_a_hundred() -> None:
    def held(count: int) -> int:
        tracemalloc.start()
        for number in range(count):
            slide = a_slide(SOPInstanceUID=f"1.2.826.0.1.3680043.99.{number}", PatientID=f"MRN{number:07}")
            released(encoded(slide))
        now = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return now

    released(encoded(a_slide()))
    assert held(300) < held(30) + 2 * 1024 * 1024


def test_pydicom_reads_it_back_and_writes_the_same() -> None:
    data = BytesIO()
    slide = parsed(released(frames(5)))
    dcmwrite(data, slide, enforce_file_format=True)
    assert parsed(data.getvalue()) == slide
