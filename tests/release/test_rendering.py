"""Pictures as they are asked for (PS3.18 8.3.5): size, region, quality, colours; and tiles drawn once only."""

from __future__ import annotations

from io import BytesIO
from struct import pack_into, unpack_from

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from gateway.consent.optouts import import_optouts
from gateway.db import transaction
from gateway.projects.keys import data_master
from gateway.release import colour, pyramid
from gateway.settings import current
from gateway.trail.frames import unpacked
from gateway.trail.leases import close_frame_book
from gateway.trail.record import SYSTEM
from tests.release.builders import SITE, World, at, events, now
from tests.release.test_frames import parts, source_of

FRAME = "/frames/9/rendered"


def seen(world: World, query: str, accept: str = "image/png", frame: str = FRAME) -> Image.Image:
    answer = world.get(at(world.biggest(), frame + query), Accept=accept)
    assert answer.status_code == 200, answer.text
    return Image.open(BytesIO(answer.data))


def whole(world: World) -> Image.Image:
    return Image.fromarray(imagecodecs.jpeg8_decode(source_of(world, world.biggest())[8]))


def as_array(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def close(one: Image.Image, other: Image.Image, most: float = 2.0) -> bool:
    return bool(np.abs(as_array(one).astype(int) - as_array(other)).mean() < most)


def test_a_jpeg_frame_passes_untouched(world: World) -> None:
    entry = world.biggest()
    for query in ("", "?iccprofile=no", "?unknown=1", "?annotation=patient"):
        answer = world.get(at(entry, FRAME + query), Accept="image/jpeg")
        assert answer.data == source_of(world, entry)[8], query


@pytest.mark.parametrize(
    ("asked", "size"), [("100,100", (100, 100)), ("100,40", (40, 40)), ("512,600", (512, 512)), ("1,4096", (1, 1))]
)
def test_a_picture_is_as_large_as_fits_into_its_viewport(world: World, asked: str, size: tuple[int, int]) -> None:
    picture = seen(world, f"?viewport={asked}")
    assert picture.size == size
    assert close(picture, whole(world).resize(size, Image.Resampling.LANCZOS))


@pytest.mark.parametrize("asked", ["64,64,10,20,64,64", "64,64,10,20,-64,64", "64,64,10,20,64,-64"])
def test_a_viewport_shows_its_region_mirrored_where_that_is_asked(world: World, asked: str) -> None:
    part = as_array(whole(world).crop((10, 20, 74, 84)))
    part = part[:, ::-1] if ",-64,64" in asked else part[::-1] if asked.endswith("-64") else part
    assert np.array_equal(as_array(seen(world, f"?viewport={asked}")), part)


def test_what_of_a_region_is_left_out_reaches_to_the_edge(world: World) -> None:
    size = whole(world).width
    picture = seen(world, f"?viewport=4096,{size - 16},,16,,")
    assert picture.size == (size, size - 16)
    assert np.array_equal(as_array(picture), as_array(whole(world).crop((0, 16, size, size))))


def test_a_lower_quality_is_smaller_and_still_the_same_picture(world: World) -> None:
    entry = world.biggest()
    sizes = []
    for quality in (1, 30, 95):
        body = world.get(at(entry, f"{FRAME}?quality={quality}"), Accept="image/jpeg").data
        sizes.append(len(body))
    assert sizes == sorted(set(sizes))
    assert close(Image.open(BytesIO(body)), whole(world))


@pytest.mark.parametrize(
    "query",
    ["viewport=0,10", "viewport=10", "viewport=10,10,1", "viewport=5000,10", "viewport=a,b", "viewport=9,9,9999,0,5,5",
     "viewport=9,9,-1,0,5,5", "viewport=9,9,0,0,nan,5", "quality=0", "quality=101", "quality=a", "quality=%C2%B2",
     "window=1", "window=a,b,linear", "window=1,0,linear", "window=1,2,cubic", "window=40,400,linear",
     "iccprofile=adobergb", "iccprofile=rommrgb", "iccprofile=maybe"],
)  # fmt: skip
def test_what_cannot_be_drawn_as_asked_is_refused(world: World, query: str) -> None:
    answer = world.get(at(world.biggest(), f"{FRAME}?{query}"))
    assert (answer.status_code, answer.json["code"]) == (400, "bad-rendering")


def test_the_accept_parameter_is_heard_before_the_header(world: World) -> None:
    answer = world.get(at(world.biggest(), f"{FRAME}?accept=image/png"), Accept="image/jpeg")
    assert answer.mimetype == "image/png"
    answer = world.get(at(world.biggest(), f"{FRAME}?accept=image/gif"), Accept="image/jpeg")
    assert answer.mimetype == "image/jpeg"  # PS3.18 8.7.8.1: the header counts where nothing of the query can be had
    assert world.get(at(world.biggest(), f"{FRAME}?accept=image/gif"), Accept="image/gif").status_code == 406


def test_several_frames_are_rendered_in_one_answer(world: World) -> None:
    entry = world.biggest()
    answer = world.get(at(entry, "/frames/9,1,9/rendered"), Accept='multipart/related; type="image/jpeg"')
    frames = source_of(world, entry)
    assert parts(answer) == [("image/jpeg", frames[number]) for number in (8, 0, 8)]
    assert world.get(at(entry, f"/frames/{'1,' * 32}1/rendered")).status_code == 413


@pytest.mark.parametrize("accept", ["image/jpeg", "image/png"])
def test_the_colour_profile_comes_along_where_it_is_asked_for(world: World, accept: str) -> None:
    told = world.get(at(world.biggest(), "/metadata")).json[0]
    profile = colour.profile_of(told)
    assert profile is not None
    for query, expected in (("", None), ("?iccprofile=no", None), ("?iccprofile=yes", profile)):
        picture = seen(world, query, accept)
        assert picture.info.get("icc_profile") == expected
        assert np.array_equal(as_array(picture), as_array(whole(world)))
    picture = seen(world, "?iccprofile=srgb", accept)
    assert picture.info["icc_profile"][36:40] == b"acsp"
    assert close(picture, whole(world))


def swapped() -> bytes:
    """A profile in which red is blue and blue is red."""
    profile = bytearray(colour.srgb())
    places = {
        bytes(profile[at : at + 4]): at + 4 for at in range(132, 132 + 12 * unpack_from(">I", profile, 128)[0], 12)
    }
    red, blue = (unpack_from(">II", profile, places[name]) for name in (b"rXYZ", b"bXYZ"))
    pack_into(">II", profile, places[b"rXYZ"], *blue)
    pack_into(">II", profile, places[b"bXYZ"], *red)
    return bytes(profile)


def test_colours_go_through_the_profile() -> None:
    image = Image.new("RGB", (4, 4), (250, 120, 10))
    made = colour.in_srgb(image, swapped()).getpixel((1, 1))
    assert isinstance(made, tuple)
    assert np.abs(np.array(made) - (10, 120, 250)).max() <= 3
    assert colour.in_srgb(image, None).getpixel((1, 1)) == (250, 120, 10)
    with pytest.raises(colour.UnknownColours):
        colour.in_srgb(image, b"\0" * 200)


def test_only_a_slide_with_other_colours_is_drawn_anew_for_the_viewer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = world.token_for(world.reader, "account")
    path = f"/releases/{world.release.id}/view/{world.biggest().series_uid}/slide.json"
    assert [level["query"] for level in world.get(path, token=token).json["levels"]] == ["", "", ""]
    assert colour.is_srgb(colour.srgb())
    assert colour.is_srgb(b"what cannot be applied")
    assert not colour.is_srgb(swapped())
    monkeypatch.setattr(pyramid, "profile_of", lambda _told: swapped())
    queries = [level["query"] for level in world.get(path, token=token).json["levels"]]
    assert queries == ["?iccprofile=srgb"] * 3


def test_a_profile_of_any_length_is_put_into_a_jpeg_whole() -> None:
    jpeg = BytesIO()
    Image.new("RGB", (16, 16), (200, 30, 90)).save(jpeg, "JPEG")
    for length in (100, 65_519, 65_520, 200_001):
        profile = bytes(number % 251 for number in range(length))
        made = colour.with_profile(jpeg.getvalue(), profile)
        assert Image.open(BytesIO(made)).info["icc_profile"] == profile
        assert colour.has_profile(made)
        assert np.array_equal(imagecodecs.jpeg8_decode(made), imagecodecs.jpeg8_decode(jpeg.getvalue()))


def test_components_that_are_rgb_are_shown_as_rgb() -> None:
    red = np.full((16, 16, 3), (220, 20, 40), np.uint8)
    bare = imagecodecs.jpeg8_encode(red, colorspace="RGB", outcolorspace="RGB", level=95)
    for name, number in zip(b"RGB", b"\1\2\3", strict=True):  # ids that say what they are would be believed
        bare = bare.replace(bytes((name, 0x11)), bytes((number, 0x11))).replace(bytes((name, 0)), bytes((number, 0)))
    assert bare[2:4] == b"\xff\xee"
    bare = bare[:2] + bare[18:]  # nor is there an Adobe segment
    made = colour.plainly_coloured(bare, "RGB")
    assert made is not None
    assert np.abs(np.asarray(Image.open(BytesIO(made)).convert("RGB")).astype(int) - red).max() < 12
    assert np.abs(np.asarray(Image.open(BytesIO(bare)).convert("RGB")).astype(int) - red).max() > 50
    assert colour.plainly_coloured(made, "RGB") == made


def test_a_thumbnail_fits_into_the_viewport_asked_for(world: World) -> None:
    entry = world.biggest()
    for path in (at(entry, "/thumbnail"), f"/studies/{entry.study_uid}/series/{entry.series_uid}/thumbnail"):
        picture = Image.open(BytesIO(world.get(f"{path}?viewport=100,60", Accept="image/png").data))
        assert picture.size == (84, 60)
    frame = Image.open(BytesIO(world.get(at(entry, "/frames/9/thumbnail?viewport=50,90"), Accept="image/png").data))
    assert frame.size == (50, 50)
    assert close(frame, whole(world).resize((50, 50), Image.Resampling.LANCZOS))


def kept() -> list[bytes]:
    return [path.read_bytes() for path in sorted((current().data_dir / "tiles").glob("*/*/*"))]


def mark_kept(text: bytes) -> None:
    for path in (current().data_dir / "tiles").glob("*/*/*"):
        path.write_bytes(text)


def test_a_tile_is_drawn_once_and_entered_in_the_record_each_time(world: World) -> None:
    path = at(world.biggest(), "/frames/3/rendered")
    first = world.get(path, Accept="image/png").data
    assert kept() == [first]
    mark_kept(b"kept")
    close_frame_book()
    assert world.get(path, Accept="image/png").data == b"kept"
    close_frame_book()
    frames = [unpacked(event.detail) for event in events("release.read.frames")]
    assert frames == [{2}, {2}]
    assert [event.detail["bytes_sent"] for event in events("release.read.closed")] == [len(first), 4]
    for other in ("?quality=50", "?viewport=50,50", "?iccprofile=srgb"):
        assert world.get(path + other, Accept="image/png").data != b"kept", other
    assert world.get(path, Accept="image/jpeg").data[:2] == b"\xff\xd8"


def test_a_kept_tile_is_as_far_away_as_the_frame_once_access_ends(world: World) -> None:
    path = at(world.biggest(), "/frames/3/rendered")
    assert world.get(path, Accept="image/png").status_code == 200
    world.revoke()
    assert world.get(path, Accept="image/png").status_code == 403


def test_no_tile_drawn_under_another_consent_epoch_is_shown_or_left(world: World) -> None:
    path = at(world.biggest(), "/frames/3/rendered")
    before = world.get(path, Accept="image/png").data
    mark_kept(b"stale")
    with transaction() as db:
        import_optouts(db, by=SYSTEM, master=data_master(db), rows=[(SITE, "nobody")], sites=[SITE], now=now())
    assert world.get(path, Accept="image/png").data == before
    assert kept() == [before]
