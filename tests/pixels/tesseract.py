"""An engine that the gateway has no part in, Debian's tesseract: what it reads on pictures, and if that was planted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.pixels.encodings import decoded
from gateway.pixels.looks import shown
from gateway.pixels.source import frames_of, level_of, pixel_facts

TESSERACT = shutil.which("tesseract")
needs_tesseract = pytest.mark.skipif(
    TESSERACT is None, reason="no tesseract on this machine: apt-get install tesseract-ocr"
)
SHORTEST = 5  # letters and digits of something that could name somebody
NOISE = re.compile(r"[^A-Za-z0-9]+")
HALVED = 256  # pixels: a picture with a shorter side is read as it is only
PAGE_END = "\f"
Pictures = dict[str, NDArray[np.uint8]]


def words(planted: Iterable[str]) -> set[str]:
    """Names and numbers that could be read, without what separates them."""
    parts = {NOISE.sub("", part).lower() for text in planted for part in (text, *re.split(r"[\s^=,]+", text))}
    return {part for part in parts if len(part) >= SHORTEST}


def planted_in(told: Mapping[str, str], planted: Iterable[str]) -> list[tuple[str, str]]:
    """(name of the picture, word) for every word that was read on it."""
    asked = words(planted)
    return [(name, word) for name, text in told.items() for word in sorted(asked) if word in text]


def in_download(data: bytes) -> Pictures:
    """All objects of a tar file as pictures."""
    found: Pictures = {}
    with tarfile.open(fileobj=BytesIO(data)) as tar:
        for each in tar:
            held = tar.extractfile(each) if each.name.endswith(".dcm") else None
            if held is not None:
                found |= in_object(f"download {len(found)}", held.read())
    return found


def in_object(name: str, data: bytes) -> Pictures:
    """A whole object as pictures: a slide's level put together, every frame of another image."""
    header = read_header(BytesSource(data))
    if b"TILED" in (header.value(0x00209311) or b""):
        return {f"{name} whole {number}": each for number, each in enumerate(level_of(header).sheets())}
    (frames, count), facts = frames_of(header), pixel_facts(header)
    return {f"{name} frame {each}": shown(decoded(frames(each), facts), facts) for each in range(count)}


def read(pictures: Mapping[str, NDArray[np.uint8]]) -> dict[str, str]:
    """By name what is read on each: letters and digits, small and without accents."""
    views = [(name, view) for name, each in pictures.items() for view in _views(each)]
    told = dict.fromkeys(pictures, "")
    with TemporaryDirectory() as folder:
        for (name, _view), text in zip(views, _texts(Path(folder), [view for _name, view in views]), strict=True):
            told[name] += NOISE.sub("", normalize("NFKD", text)).lower()
    return told


def _views(picture: NDArray[np.uint8]) -> Iterator[Image.Image]:
    """As it is; through a red filter, where ink stands out from tissue; for large letters, at half its size."""
    whole = Image.fromarray(np.ascontiguousarray(picture))
    grey = whole.convert("L")
    yield grey
    if whole.mode == "RGB":
        yield whole.getchannel("R")
    if min(whole.size) >= HALVED:
        yield grey.reduce(2)


def _texts(folder: Path, views: list[Image.Image]) -> list[str]:
    """The text of each, from one run of the command; as sparse text (--psm 11) no letter is left out."""
    paths = [folder / f"{number}.png" for number in range(len(views))]
    for path, view in zip(paths, views, strict=True):
        view.save(path, compress_level=1)
    listed = folder / "all.txt"
    listed.write_text("".join(f"{path}\n" for path in paths))
    command: list[Any] = [TESSERACT, listed, "-", "--psm", "11"]
    once = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # several threads make it slower
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=once)
    return ran.stdout.split(PAGE_END)[: len(views)]
