"""Pictures with and without text, made from a seed: what is burnt into pathology, ultrasound, captures and CT.

    python -m tests.pixels.corpus --seed 7 --each 20

Every positive knows which of its pixels are text; every class has as many negatives of the same kind.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gateway.demo.tissue import section

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
NAMES = ("QUILLFEATHER, Philomena", "Thistlewick Bartholomew", "Bronisława Szczepanik", "Okonkwo-Smith N.",
         "JONES, Angharad", "Kurosakiyama H", "van der Molen, C")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture (rows, columns, RGB) and its text pixels; none in a negative."""

    kind: str
    picture: Picture
    text: Mask


class Maker:
    """Draws one sample after another from one generator of random numbers."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def lines(self, count: int) -> list[str]:
        number = "".join(str(self.whole(0, 10)) for _ in range(10))
        every = [str(self.rng.choice(NAMES)), f"NHS {number[:3]} {number[3:6]} {number[6:]}",
                 f"H26-{self.whole(10000, 99999)}", f"DOB {self.whole(1, 28):02}/{self.whole(1, 12):02}/19{number[:2]}",
                 f"MRN {number[:7]}"]  # fmt: skip
        start = self.whole(0, 2)
        return every[start : start + count]

    def written(self, ground: Picture, lines: list[str], at: tuple[int, int], size: int, ink: tuple[int, ...],
                angle: float = 0.0) -> tuple[Picture, Mask]:  # fmt: skip
        """Text over a picture, turned about its middle; the mask is where it darkened or lightened."""
        height, width = ground.shape[:2]
        layer = Image.new("L", (width, height))
        draw = ImageDraw.Draw(layer)
        for number, line in enumerate(lines):
            draw.text((at[0], at[1] + number * size * 1.35), line, fill=255, font=ImageFont.load_default(size))
        if angle:
            layer = layer.rotate(angle, Image.Resampling.BICUBIC, center=(width / 2, height / 2))
        return inked(ground, np.asarray(layer), ink)

    # grounds -----------------------------------------------------------------------------------------------------

    def paper(self, side: int = 512) -> Picture:
        base = self.rng.normal(244, 2.5, (side, side, 1)) + self.rng.normal(0, 3, 3)
        return np.clip(base, 0, 255).astype(np.uint8)

    def tissue(self, width: int = 640, height: int = 512) -> Picture:
        organ = str(self.rng.choice(("breast", "prostate", "colon", "skin")))
        stain = str(self.rng.choice(("H&E", "IHC")))
        return section(self.whole(0, 10_000), width, height, stain, organ)

    def fan(self) -> Picture:
        y, x = np.mgrid[0:480, 0:640].astype(np.float32)
        inside = (np.hypot(x - 320, y + 40) < 480) & (np.abs(np.arctan2(x - 320, y + 40)) < 0.75) & (y > 70)
        speckle = cv2.GaussianBlur(self.rng.gamma(1.6, 0.5, (480, 640)).astype(np.float32), (0, 0), 1.6)
        grey = np.clip(speckle * 120 * np.exp(-y / 600), 0, 255) * inside
        return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)

    def chest(self) -> Picture:
        y, x = np.mgrid[-1:1:512j, -1:1:512j]
        grey = np.where(np.hypot(x / 0.9, y / 0.7) < 1, 150, 8).astype(np.float32)
        for side in (-1, 1):
            grey[np.hypot((x - side * 0.4) / 0.3, y / 0.45) < 1] = 40
        grey[np.hypot(x / 0.13, (y - 0.42) / 0.12) < 1] = 235
        grey += self.rng.normal(0, 5, grey.shape)
        return np.repeat(np.clip(grey, 0, 255)[..., None], 3, axis=2).astype(np.uint8)

    def screen(self) -> Picture:
        picture = np.full((480, 720, 3), 30 + self.whole(0, 60), np.uint8)
        for _ in range(12):
            left, top = self.whole(0, 640), self.whole(60, 420)
            shade = tuple(self.whole(20, 235) for _ in range(3))
            cv2.rectangle(picture, (left, top), (left + self.whole(20, 80), top + self.whole(10, 60)), shade, -1)
        return picture

    def glass(self) -> Picture:
        """An overview without its label."""
        picture = np.full((384, 1024, 3), 232, np.uint8)
        picture[:] = np.clip(picture + self.rng.normal(0, 1.5, picture.shape), 0, 255)
        piece = self.tissue(480, 288)
        picture[48:336, 480:960] = np.minimum(picture[48:336, 480:960], piece)
        cv2.rectangle(picture, (440, 16), (1000, 368), (200, 206, 210), 2)
        return picture


def inked(ground: Picture, layer: NDArray[np.uint8], ink: tuple[int, ...]) -> tuple[Picture, Mask]:
    share = layer.astype(np.float32)[..., None] / 255
    picture = ground * (1 - share) + np.asarray(ink, np.float32) * share
    return picture.astype(np.uint8), layer > 96


DARK, LIGHT, AMBER = (18, 18, 26), (240, 240, 240), (235, 205, 110)


def label(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.paper()
    return (ground, *make.written(ground, make.lines(4), (24, 40), make.whole(26, 44), DARK))


def label_tilted(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground, angle = make.paper(640), float(make.rng.uniform(-18, 18))
    return (ground, *make.written(ground, make.lines(3), (110, 220), make.whole(26, 40), DARK, angle))


def label_turned(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground, angle = make.paper(640), float(make.rng.choice((90, 180, 270)))
    return (ground, *make.written(ground, make.lines(3), (110, 220), make.whole(26, 40), DARK, angle))


def codes(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.paper()
    kind = (zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128)
    chosen = kind[make.whole(0, 3)]
    code = np.array(zxingcpp.create_barcode(f"H26-{make.whole(10000, 99999)}", chosen).to_image())
    scale = 300 // max(code.shape) if chosen == kind[2] else 180 // max(code.shape)
    large = np.kron(code, np.ones((max(scale, 2), max(scale, 2)), np.uint8))
    if chosen == kind[2]:
        large = np.repeat(large[:1], 90, axis=0) if code.shape[0] == 1 else large[:90]
    layer = np.zeros(ground.shape[:2], np.uint8)
    top, left = make.whole(40, 200), make.whole(30, 512 - large.shape[1] - 20)
    layer[top : top + large.shape[0], left : left + large.shape[1]] = 255 - large
    return (ground, *inked(ground, layer, DARK))


def low_contrast(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.paper()
    ink = (ground.mean(axis=(0, 1)) - make.whole(28, 60)).tolist()
    return (ground, *make.written(ground, make.lines(3), (24, 90), make.whole(30, 44), tuple(ink)))


def script(make: Maker) -> tuple[Picture, Picture, Mask]:
    """Hand-like strokes, as a marker writes on glass."""
    ground = make.paper()
    layer = np.zeros(ground.shape[:2], np.uint8)
    face = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)[make.whole(0, 2)]
    for number, line in enumerate(make.lines(3)):
        plain = line.replace("ł", "l")
        cv2.putText(layer, plain, (16, 130 + 90 * number), face, 1.3, 255, make.whole(2, 4), cv2.LINE_AA)
    return (ground, *inked(ground, layer, (20, 30, 120)))


def ultrasound(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.fan()
    ink = (LIGHT, AMBER)[make.whole(0, 2)]
    return (ground, *make.written(ground, make.lines(2), (10, 6), make.whole(16, 24), ink))


def capture(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.screen()
    return (ground, *make.written(ground, make.lines(2), (16, 4), make.whole(16, 22), LIGHT))


def ct(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.chest()
    corner = ((6, 4), (6, 440))[make.whole(0, 2)]
    return (ground, *make.written(ground, make.lines(3), corner, make.whole(14, 20), LIGHT))


def on_tissue(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.tissue()
    at = (make.whole(20, 120), make.whole(40, 300))
    return (ground, *make.written(ground, make.lines(2), at, make.whole(28, 44), DARK))


def macro(make: Maker) -> tuple[Picture, Picture, Mask]:
    ground = make.glass()
    ground[20:364, 16:400] = 250
    return (ground, *make.written(ground, make.lines(4), (32, 60), make.whole(24, 32), DARK))


KINDS: dict[str, Callable[[Maker], tuple[Picture, Picture, Mask]]] = {
    "label, straight": label, "label, tilted": label_tilted, "label, turned": label_turned, "codes": codes,
    "low contrast": low_contrast, "script fonts": script, "ultrasound": ultrasound, "capture": capture,
    "CT text": ct, "text on tissue": on_tissue, "macro": macro,
}  # fmt: skip


def samples(seed: int, each: int, kinds: list[str] | None = None) -> Iterator[tuple[Sample, Sample]]:
    """(positive, negative) pairs, `each` of every kind."""
    for place, kind in enumerate(KINDS):
        if kinds and kind not in kinds:
            continue
        make = Maker(seed * 1000 + place)
        for _ in range(each):
            ground, picture, text = KINDS[kind](make)
            yield Sample(kind, picture, text), Sample(kind, ground, np.zeros_like(text))


@dataclass
class Score:
    """What was found of one kind."""

    text: int = 0
    covered: int = 0
    worst: float = 1.0
    flagged: int = 0
    negatives: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


def measure(seed: int, each: int, kinds: list[str] | None = None) -> dict[str, Score]:
    """Find what is in the corpus, on one core."""
    from gateway.pixels.detect.reader import Reader

    reader, scores = Reader(), dict[str, Score]()
    for positive, negative in samples(seed, each, kinds):
        score = scores.setdefault(positive.kind, Score())
        covered = np.zeros_like(positive.text)
        begun = time.perf_counter()
        for found in reader.find(positive.picture):
            covered[found.box.top : found.box.bottom, found.box.left : found.box.right] = True
        took = time.perf_counter() - begun
        text, hit = int(positive.text.sum()), int((positive.text & covered).sum())
        score.text, score.covered = score.text + text, score.covered + hit
        score.worst = min(score.worst, hit / max(text, 1))
        score.seconds, score.slowest = score.seconds + took, max(score.slowest, took)
        score.flagged += bool(reader.find(negative.picture))
        score.negatives += 1
    return scores


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--kind", action="append")
    chosen = parser.parse_args()
    click.echo(f"{'kind':18}{'covered':>9}{'worst':>8}{'flagged':>10}{'mean s':>8}{'max s':>8}")
    for kind, score in measure(chosen.seed, chosen.each, chosen.kind).items():
        share, mean = score.covered / max(score.text, 1), score.seconds / score.negatives
        flagged = f"{score.flagged}/{score.negatives}"
        click.echo(f"{kind:18}{share:9.4f}{score.worst:8.3f}{flagged:>10}{mean:8.2f}{score.slowest:8.2f}")


if __name__ == "__main__":
    main()
