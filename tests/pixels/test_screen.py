"""Look, take out, look again: what leaves has been seen to be clean, and nothing is clean that was not seen."""

from __future__ import annotations

from ctypes.util import find_library

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from gateway.pixels.boxes import Box
from gateway.pixels.detect.reader import Reader
from gateway.pixels.encodings import CannotDecode, PixelFacts, decoded
from gateway.pixels.findings import Finding
from gateway.pixels.levels import Level
from gateway.pixels.screen import CLEAN, REDACTED, REVIEW, redact_slide, screen, screen_slide
from tests.pixels.corpus import DARK, LIGHT, Maker
from tests.pixels.jpegs import saved

JPEG, LITTLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


class Blind:
    def find(self, _picture: np.ndarray) -> list[Finding]:
        return []

    find_rest = find


class Stubborn:
    """Sees something however often it is taken out."""

    def find(self, _picture: np.ndarray) -> list[Finding]:
        return [Finding("text", Box(2, 2, 30, 12), 0.9)]

    find_rest = find


def a_clip(count: int = 3) -> tuple[list[bytes], PixelFacts]:
    make = Maker(5)
    frames = [make.written(make.fan(), ["OKONKWO, Ngozi", "MRN 7719203"], (10, 6), 22, LIGHT)[0] for _ in range(count)]
    return [each.tobytes() for each in frames], PixelFacts(LITTLE, 480, 640, 3, photometric="RGB")


def test_burnt_in_text_is_taken_out_of_every_frame_and_seen_to_be_gone(reader: Reader) -> None:
    frames, facts = a_clip()
    done = screen(frames.__getitem__, len(frames), facts, reader)
    assert done.state == REDACTED
    assert sorted(done.replaced) == [0, 1, 2]
    for frame in done.replaced.values():
        assert reader.find(decoded(frame, facts)) == []
    before, after = decoded(frames[0], facts), decoded(done.replaced[0], facts)
    assert np.array_equal(before[120:], after[120:])


def test_a_clean_clip_is_clean_and_untouched(reader: Reader) -> None:
    fan = Maker(5).fan()
    done = screen(lambda _n: fan.tobytes(), 2, PixelFacts(LITTLE, 480, 640, 3, photometric="RGB"), reader)
    assert (done.state, dict(done.replaced)) == (CLEAN, {})


def test_after_three_rounds_a_person_is_asked() -> None:
    frames, facts = a_clip(1)
    done = screen(frames.__getitem__, 1, facts, Stubborn())
    assert (done.state, done.rounds, dict(done.replaced)) == (REVIEW, 3, {})


def test_what_cannot_be_decoded_is_never_clean() -> None:
    with pytest.raises(CannotDecode):
        screen(lambda _n: b"\xff\xd8 no picture", 1, PixelFacts(JPEG, 480, 640, 3), Blind())


def test_deep_pixels_are_looked_at_over_their_whole_range(reader: Reader) -> None:
    make = Maker(9)
    grey = make.written(make.chest(), ["OKONKWO, Ngozi"], (6, 4), 20, LIGHT)[0][..., 0]
    deep = (grey.astype(np.int16) * 3 - 200).astype("<i2")
    facts = PixelFacts(LITTLE, 512, 512, 1, 16, 12, signed=True)
    done = screen(lambda _n: deep.tobytes(), 1, facts, reader)
    assert done.state == REDACTED
    inverted = PixelFacts(LITTLE, 512, 512, 1, 16, 12, signed=True, photometric="MONOCHROME1")
    assert screen(lambda _n: deep.tobytes(), 1, inverted, reader).state == REDACTED


@pytest.mark.parametrize("brighter", [25, 60])
def test_text_that_only_a_narrow_window_shows_is_taken_out(reader: Reader, brighter: int) -> None:
    make = Maker(9)
    ground = make.chest()[..., 0].astype(np.int16) * 12 - 1000
    text = make.written(np.zeros((512, 512, 3), np.uint8), ["OKONKWO, Ngozi"], (6, 4), 20, LIGHT)[1]
    flat = np.where(ground < -500, -1000, ground)
    facts = PixelFacts(LITTLE, 512, 512, 1, 16, 12, signed=True)
    done = screen(lambda _n: (flat + brighter * text).astype("<i2").tobytes(), 1, facts, reader)
    assert done.state == REDACTED
    assert len(np.unique(decoded(done.replaced[0], facts)[text])) == 1
    assert screen(lambda _n: flat.astype("<i2").tobytes(), 1, facts, reader).state == CLEAN


def test_a_palette_is_looked_at_in_its_colours(reader: Reader) -> None:
    text = Maker(9).written(np.zeros((512, 512, 3), np.uint8), ["OKONKWO, Ngozi"], (6, 4), 40, LIGHT)[1]
    palette = np.zeros((256, 3), np.uint8)
    palette[101] = 255
    frame = np.where(text, 101, 100).astype(np.uint8).tobytes()
    facts = PixelFacts(LITTLE, 512, 512, photometric="PALETTE COLOR", palette=palette)
    assert screen(lambda _n: frame, 1, facts, reader).state == REDACTED


def levels_of(picture: np.ndarray) -> list[Level]:
    """Two levels in JPEG tiles of 256; the lower is half the size."""
    found = []
    for scale in (1, 2):
        image = Image.fromarray(picture).resize((picture.shape[1] // scale, picture.shape[0] // scale))
        places = [(x, y) for y in range(0, image.height, 256) for x in range(0, image.width, 256)]
        tiles = [saved(image.crop((x, y, x + 256, y + 256)), quality=90) for x, y in places]
        facts = PixelFacts(JPEG, 256, 256, 3, photometric="YBR_FULL_422")
        found.append(Level(tiles.__getitem__, places, image.width, image.height, facts))
    return found


@pytest.mark.skipif(find_library("turbojpeg") is None, reason="libturbojpeg is not installed")
def test_text_on_a_slide_is_shown_to_a_person_and_taken_out_of_the_frames_of_every_level(reader: Reader) -> None:
    make = Maker(4)
    ground = make.tissue(1280, 1024)
    picture, text = make.written(ground, ["QUILLFEATHER P", "H26-44120"], (300, 300), 80, DARK)
    levels = levels_of(picture)
    assert [each.state for each in screen_slide(levels, reader)] == [REVIEW, REVIEW]
    outcomes = redact_slide(levels, 1, [Box(140, 140, 520, 270)])
    assert [each.state for each in outcomes] == [REDACTED, REDACTED]
    full = levels[0]
    after = Level(lambda n: outcomes[0].replaced.get(n) or full.frames(n), full.places, 1280, 1024, full.facts)
    assert after.sheets()[0][text].std() == 0
    assert reader.find(after.sheets()[0]) == []
    assert 0 < len(outcomes[0].replaced) < len(full.places)
    for number, frame in outcomes[0].replaced.items():
        assert len(frame) == len(full.frames(number))


@pytest.mark.skipif(find_library("turbojpeg") is None, reason="libturbojpeg is not installed")
def test_what_is_known_of_one_level_is_taken_out_of_all_before_anyone_looks() -> None:
    levels, known = levels_of(Maker(4).tissue(1280, 1024)), [(), (Box(0, 0, 640, 64),)]
    shown: list[np.ndarray] = []

    class Sees:
        def find(self, picture: np.ndarray) -> list[Finding]:
            shown.append(picture)
            return []

        find_ink = find_rest = find

    outcomes = screen_slide(levels, Sees(), known)
    assert [each.state for each in outcomes] == [REDACTED, REDACTED]
    assert {mark.kind for each in outcomes for mark in each.marks} == {"device"}
    assert shown[0][:128].std() < 1
    full, outcome = levels[0], outcomes[0]
    after = Level(lambda n: outcome.replaced.get(n) or full.frames(n), full.places, 1280, 1024, full.facts)
    assert after.sheets()[0][:128].std() < 1
    assert np.array_equal(after.sheets()[0][256:], full.sheets()[0][256:])
    for boxes in ([], [Box(0, 900, 8, 908)]):  # what people accept, and what they redact
        for decided, seen in zip(redact_slide(levels, 0, boxes, known), outcomes, strict=True):
            assert seen.replaced.keys() <= decided.replaced.keys()


def test_a_clean_slide_is_clean_on_every_level(reader: Reader) -> None:
    outcomes = screen_slide(levels_of(Maker(4).tissue(1280, 1024)), reader)
    assert [each.state for each in outcomes] == [CLEAN, CLEAN]


def test_a_mutant_that_takes_nothing_out_is_caught(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.pixels.screen.redacted", lambda frame, _boxes, _facts: frame)
    frames, facts = a_clip(1)
    assert screen(frames.__getitem__, 1, facts, reader).state == REVIEW


def test_lossless_pixels_stay_what_they_were_outside_the_boxes(reader: Reader) -> None:
    make = Maker(6)
    picture = make.written(make.screen(), ["OKONKWO, Ngozi"], (16, 4), 22, LIGHT)[0]
    frame = bytes(imagecodecs.jpeg2k_encode(picture, level=0, codecformat="J2K", reversible=True))
    facts = PixelFacts("1.2.840.10008.1.2.4.90", 480, 720, 3, photometric="YBR_RCT")
    done = screen(lambda _n: frame, 1, facts, reader)
    assert done.state == REDACTED
    assert np.array_equal(decoded(done.replaced[0], facts)[100:], picture[100:])
