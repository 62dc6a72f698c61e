"""Over HTTP, as a reader sees it: an OCR engine looks at what a release shows, and reads nobody's name or number."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rapidocr_onnxruntime import RapidOCR

from tests.blackbox.test_nothing_identifying_leaves import value
from tests.conftest import Demo
from tests.pixels import tesseract
from tests.pixels.tesseract import NOISE, in_download, needs_tesseract, planted_in, words


@pytest.fixture(scope="module")
def pictures(demo: Demo) -> list[tuple[str, np.ndarray]]:
    """(address, picture) of every frame of radiology, and of each slide its thumbnail and first and middle frames."""
    root = demo.described["release"]["dicomweb_url"].removeprefix(demo.base_url).rstrip("/")
    with demo.client(demo.described["release"]["token"]) as client:
        found = client.get(f"{root}/instances?limit=10000").json()
        addresses = [each for item in found for each in _addresses(root, item)]
        answers = [(each, client.get(each, headers={"Accept": "image/png, image/jpeg;q=0.9"})) for each in addresses]
    assert {answer.status_code for _, answer in answers} == {200}
    return [(each, np.asarray(Image.open(BytesIO(answer.content)).convert("RGB"))) for each, answer in answers]


def _addresses(root: str, item: dict[str, Any]) -> Iterator[str]:
    study, series, sop = (value(item, tag) for tag in ("0020000D", "0020000E", "00080018"))
    here = f"{root}/studies/{study}/series/{series}/instances/{sop}"
    count = int(value(item, "00280008")) if "00280008" in item else 1
    slide = value(item, "00080060") == "SM"
    yield f"{here}/thumbnail" if slide else f"{here}/rendered"
    for number in sorted({1, (count + 1) // 2}) if slide else range(1, count + 1):
        yield f"{here}/frames/{number}/rendered"


def read(engine: RapidOCR, picture: np.ndarray) -> str:
    found, _times = engine(np.ascontiguousarray(picture[..., ::-1]))
    return NOISE.sub("", "".join(text for _quad, text, _score in found or ())).lower()


def test_no_planted_name_or_number_can_be_read(demo: Demo, pictures: list[tuple[str, np.ndarray]]) -> None:
    engine = RapidOCR()
    assert len(pictures) > 100
    told = {address: read(engine, picture) for address, picture in pictures}
    assert planted_in(told, demo.described["planted"]) == []


@needs_tesseract
def test_a_second_engine_reads_none_on_them_nor_on_any_level_that_is_downloaded(
    demo: Demo, pictures: list[tuple[str, np.ndarray]]
) -> None:
    root = demo.described["release"]["dicomweb_url"].removeprefix(demo.base_url).rstrip("/")
    with demo.client(demo.described["release"]["token"]) as client:
        levels = in_download(client.get(f"{root}/download.tar").content)
    assert len(levels) > 30
    tiles = {address for address, _picture in pictures if "/frames/" in address}  # the levels are made of them
    told = tesseract.read(levels | {address: each for address, each in pictures if address not in tiles})
    assert planted_in(told, demo.described["planted"]) == []


def test_the_engine_would_have_read_them_in_the_archive(demo: Demo) -> None:
    from pydicom import dcmread

    (path,) = demo.directory.joinpath("archive").rglob("*_US.dcm")
    told = read(RapidOCR(), dcmread(path).pixel_array[0])
    assert [word for word in words(demo.described["planted"]) if word in told]


def test_radiology_is_released_once_its_pixels_are_clean(demo: Demo) -> None:
    root = demo.described["release"]["dicomweb_url"].removeprefix(demo.base_url).rstrip("/")
    with demo.client(demo.described["release"]["token"]) as client:
        (clip,) = client.get(f"{root}/instances?Modality=US").json()
        study, series, sop = (value(clip, tag) for tag in ("0020000D", "0020000E", "00080018"))
        (told,) = client.get(f"{root}/studies/{study}/series/{series}/instances/{sop}/metadata").json()
    codes = {item["00080100"]["Value"][0] for item in told["00120064"]["Value"]}
    assert "113101" in codes
    assert told["00280301"]["Value"] == ["NO"]
    assert told["00080008"]["Value"][0] == "DERIVED"
    assert told["00082111"]["Value"][0].startswith("Text and codes")
