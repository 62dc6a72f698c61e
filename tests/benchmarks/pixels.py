"""Pixels: taking text out of a JPEG beside one decoding of it; what is found in the corpus, on one core."""

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
from gateway.pixels.rules import load_rules
from gateway.settings import ROOT
from tests.benchmarks.rows import Row, best_seconds
from tests.pixels import corpus, real

SIDE = 1024  # pixels
BOX = Box(64, 64, 480, 128)
SEED, EACH = 2026, 28  # of every kind so many with text and as many without: more than 300 of either


def measure() -> list[Row]:
    return [*_redaction(), *_looking(), _judged()]


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


def _looking() -> list[Row]:
    """How much text of each kind is covered, how many pictures without text are flagged, and how long it takes."""
    core = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(core)})
    try:
        Reader().find(np.zeros((64, 64, 3), np.uint8))
        scores = corpus.measure(SEED, EACH)
    finally:
        os.sched_setaffinity(0, core)
    rows = []
    for kind, score in scores.items():
        covered = score.covered / score.text
        rows.append(Row("pixels", f"text covered: {kind}", covered, "of 1", f"all text of {EACH} pictures", covered,
                        ">= 0.995", covered >= 0.995))  # fmt: skip
    flagged, negatives = (sum(getattr(each, name) for each in scores.values()) for name in ("flagged", "negatives"))
    slowest = max(scores.items(), key=lambda each: each[1].seconds / each[1].negatives)
    took = slowest[1].seconds / slowest[1].negatives
    return [
        *rows,
        Row("pixels", "pictures without text that are flagged", flagged, "pictures", f"{negatives} pictures",
            flagged / negatives, "<= 0.01", flagged / negatives <= 0.01),
        Row("pixels", f"a picture looked at, slowest kind: {slowest[0]}", took, "s", "1.5 s on one core", took / 1.5,
            "<= 1", took <= 1.5),
    ]  # fmt: skip


def _judged() -> Row:
    """Every real file of the packages, looked at as a release would, against what a person saw on it."""
    rules, eyes, said = load_rules(ROOT / "policies"), Reader(), real.verdicts()
    done = [real.judge(path, rules, eyes) for path in real.real_files()]
    right = sum(each.outcome == said[each.file].outcome for each in done)
    return Row("pixels", "real files that come out as a person judged them", right, "files", f"{len(done)} files",
               right / len(done), "all", right == len(done))  # fmt: skip
