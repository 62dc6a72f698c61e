"""Pixels: taking text out of a JPEG beside one decoding of it, and looking at a picture on one core."""

from __future__ import annotations

import os
from io import BytesIO

import imagecodecs
import numpy as np
from PIL import Image

from gateway.demo.tissue import section
from gateway.pixels.boxes import Box
from gateway.pixels.detect.reader import Reader
from gateway.pixels.redact.jpeg import flattened
from tests.benchmarks.rows import Row, best_seconds
from tests.pixels.corpus import KINDS, samples

SIDE = 1024  # pixels
BOX = Box(64, 64, 480, 128)


def measure() -> list[Row]:
    return [*_redaction(), _looking()]


def _redaction() -> list[Row]:
    rows, picture = [], Image.fromarray(section(3, SIDE, SIDE, "H&E", "breast"))
    for sampling in ("4:4:4", "4:2:2", "4:2:0"):
        target = BytesIO()
        picture.save(target, "JPEG", quality=82, subsampling=sampling)
        jpeg = target.getvalue()
        ours = best_seconds(lambda jpeg=jpeg: flattened(jpeg, [BOX]), rounds=20)  # type: ignore[misc]
        theirs = best_seconds(lambda jpeg=jpeg: imagecodecs.jpeg8_decode(jpeg), rounds=20)  # type: ignore[misc]
        rows.append(Row("pixels", f"JPEG of {SIDE} x {SIDE}, {sampling}", ours * 1000, "ms", "one decoding",
                        ours / theirs, "<= 1.5 times one decoding", ours / theirs <= 1.5))  # fmt: skip
    return rows


def _looking() -> Row:
    """The mean over one picture of every kind of the corpus."""
    core = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(core)})
    try:
        reader = Reader()
        seen = [positive for positive, _negative in samples(7, 1)]
        reader.find(np.asarray(seen[0].picture))
        seconds = [best_seconds(lambda each=each: reader.find(each.picture), rounds=2) for each in seen]  # type: ignore[misc]
    finally:
        os.sched_setaffinity(0, core)
    slowest = max(seconds)
    return Row("pixels", f"a picture looked at, the slowest of {len(KINDS)} kinds", slowest, "s", "1.5 s on one core",
               slowest / 1.5, "<= 1", slowest <= 1.5)  # fmt: skip
