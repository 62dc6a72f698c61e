"""Frames as they are, pictures of them, and what may be asked for."""

from __future__ import annotations

from email.parser import BytesParser
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames

from gateway.release.models import ManifestEntry
from gateway.trail.leases import close_frame_book
from tests.release.builders import World, a_download, at, events

MANY = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'


def parts(answer: Any) -> list[tuple[str, bytes]]:
    """(media type, body) of each part, as an ordinary parser of MIME reads them."""
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.data)
    found = message.get_payload()
    assert isinstance(found, list)
    boundary = b"--" + str(message.get_boundary()).encode()
    bodies = [piece.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for piece in answer.data.split(boundary)[1:-1]]
    return list(zip([str(each["Content-Type"]) for each in found], bodies, strict=True))


def sources(world: World) -> list[list[bytes]]:
    """The frames of every file of the archive."""
    found = []
    for path in sorted(world.archive.rglob("*.dcm")):
        dataset = dcmread(path)
        found.append(list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames))))
    return found


def source_of(world: World, entry: ManifestEntry) -> list[bytes]:
    """The frames that the archive has of a released instance."""
    first = world.get(at(entry, "/frames/1")).data
    (match,) = [frames for frames in sources(world) if frames[0] == first and len(frames) == entry.frame_count]
    return match


def sparse(world: World) -> ManifestEntry:
    return next(each for each in world.released() if "TILED_SPARSE" in world.get(at(each, "/metadata")).text)


def test_every_frame_is_byte_identical_to_the_source(world: World) -> None:
    for entry in (world.biggest(), sparse(world)):
        frames = source_of(world, entry)
        numbers = ",".join(str(number + 1) for number in range(len(frames)))
        answer = world.get(at(entry, f"/frames/{numbers}"), Accept=MANY)
        assert [body for _, body in parts(answer)] == frames


def test_frames_come_in_the_order_asked_for_and_as_often(world: World) -> None:
    entry = world.biggest()
    frames = source_of(world, entry)
    answer = world.get(at(entry, "/frames/3,1,3"), Accept=MANY)
    assert [body for _, body in parts(answer)] == [frames[2], frames[0], frames[2]]


def test_the_pixels_of_a_download_are_those_of_the_source(world: World) -> None:
    for entry in world.released():
        dataset = dcmread(BytesIO(world.get(at(entry)).data))
        assert dataset.SOPInstanceUID == entry.uid
        frames = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
        assert frames in sources(world)


@pytest.mark.parametrize(
    "numbers", ["0", "-1", "1,0", "a", "1.5", "1,", ",", "%C2%B2", "1e3", " 1", "9" * 5000, "1," * 300 + "1"]
)
def test_what_is_no_frame_number_is_refused(world: World, numbers: str) -> None:
    for rest in ("", "/rendered"):
        answer = world.get(at(world.biggest(), f"/frames/{numbers}{rest}"))
        assert (answer.status_code, answer.json["code"]) == (400, "invalid")


@pytest.mark.parametrize("number", ["999", "2147483648", "9999999999"])
def test_a_number_beyond_the_last_frame_is_not_there(world: World, number: str) -> None:
    for rest in ("", "/rendered"):
        answer = world.get(at(world.biggest(), f"/frames/{number}{rest}"))
        assert (answer.status_code, answer.json["code"]) == (404, "not-in-release")


JPEG = "1.2.840.10008.1.2.4.50"


@pytest.mark.parametrize(
    ("accept", "type_", "multipart"),
    [
        ("*/*", "image/jpeg", False),
        ("image/jpeg", "image/jpeg", False),
        ("image/*", "image/jpeg", False),
        (f"image/jpeg; transfer-syntax={JPEG}", "image/jpeg", False),
        ("application/octet-stream; transfer-syntax=*", "application/octet-stream", False),
        ('multipart/related; type="image/jpeg"', "multipart/related", True),
        (f'multipart/related; type="application/octet-stream"; transfer-syntax={JPEG}', "multipart/related", True),
        ('multipart/related; type="image/jls", multipart/related; type="image/jpeg"', "multipart/related", True),
        ("image/png, application/octet-stream;q=0.5", "application/octet-stream", False),
        ("image/jpeg;q=0.1, application/octet-stream;q=0.9", "application/octet-stream", False),
        ("image/jpeg;q=0, */*", "application/octet-stream", False),
        ("*/*, image/*;q=0", "application/octet-stream", False),
        ("image/*;q=0.2, image/jpeg;q=0.9, application/octet-stream;q=0.5", "image/jpeg", False),
        (f"*/*;q=0.9, image/jpeg;q=0.1, image/jpeg;q=1;transfer-syntax={JPEG}", "image/jpeg", False),
        ('application/octet-stream;q=0.5, multipart/related; type="image/jpeg"', "multipart/related", True),
    ],
)
def test_a_frame_comes_as_the_best_of_what_is_accepted(world: World, accept: str, type_: str, multipart: bool) -> None:
    answer = world.get(at(world.biggest(), "/frames/1"), Accept=accept)
    assert (answer.status_code, answer.mimetype) == (200, type_)
    body = parts(answer)[0][1] if multipart else answer.data
    assert body[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    "accept",
    ["image/png", "text/html", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1",
     'multipart/related; type="application/dicom"', "image/jpeg;q=0", "image/jpeg;q=0, image/*",
     "*/*;q=0, image/png", "*/*; transfer-syntax=1.2.3"],
)  # fmt: skip
def test_what_cannot_be_given_is_not_acceptable(world: World, accept: str) -> None:
    answer = world.get(at(world.biggest(), "/frames/1"), Accept=accept)
    assert (answer.status_code, answer.json["code"]) == (406, "not-acceptable")


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/dicom", 200), ('multipart/related; type="application/dicom"', 200), ("*/*", 200),
     ("application/dicom; transfer-syntax=*", 200), (f"application/dicom; transfer-syntax={JPEG}", 200),
     ("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", 406), ("image/png", 406)],
)  # fmt: skip
def test_an_instance_comes_in_its_own_transfer_syntax_only(world: World, accept: str, status: int) -> None:
    answer = world.get(at(world.released()[0]), Accept=accept)
    assert answer.status_code == status
    if status == 200:
        body = parts(answer)[0][1] if answer.mimetype == "multipart/related" else answer.data
        assert body[128:132] == b"DICM"


@pytest.mark.parametrize("accept", ["image/png", "image/jpeg"])
def test_a_rendered_frame_has_the_pixels_of_its_source(world: World, accept: str) -> None:
    entry = world.biggest()
    answer = world.get(at(entry, "/frames/9/rendered"), Accept=accept)
    assert answer.mimetype == accept
    decoded = imagecodecs.jpeg8_decode(source_of(world, entry)[8])
    assert np.array_equal(np.asarray(Image.open(BytesIO(answer.data)).convert("RGB")), decoded)


def test_a_thumbnail_is_small_and_of_the_slide(world: World) -> None:
    entry = world.biggest()
    for path in (at(entry, "/thumbnail"), f"/studies/{entry.study_uid}/series/{entry.series_uid}/thumbnail"):
        picture = Image.open(BytesIO(world.get(path, Accept="image/png").data))
        assert max(picture.size) <= 256
        assert picture.width / picture.height == pytest.approx(1792 / 1280, rel=0.05)


def test_sparse_tiles_are_put_where_they_lie(world: World) -> None:
    entry = sparse(world)
    token = world.token_for(world.reader, "account")
    told = world.get(f"/releases/{world.release.id}/view/{entry.series_uid}/slide.json", token=token).json
    level = told["levels"][-1]
    places = level["frames"]
    across, down = -(-level["width"] // level["tileWidth"]), -(-level["height"] // level["tileHeight"])
    assert len(places) == entry.frame_count < across * down
    metadata = world.get(at(entry, "/metadata")).json[0]
    for number, item in enumerate(metadata["52009230"]["Value"], 1):
        place = item["0048021A"]["Value"][0]
        column, row = ((place[tag]["Value"][0] - 1) // 128 for tag in ("0048021E", "0048021F"))
        assert places[f"{column},{row}"] == number
        assert column < across
        assert row < down


def test_each_part_says_how_its_instance_is_encoded(world: World) -> None:
    entry = world.biggest()
    kind = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    for path in (f"/studies/{entry.study_uid}", at(entry)):
        answer = world.get(path, Accept=kind)
        assert {each for each, _ in parts(answer)} == {f"application/dicom; transfer-syntax={JPEG}"}
        assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_one_part_alone_is_for_what_is_one_thing(world: World) -> None:
    entry = world.biggest()
    series = f"/studies/{entry.study_uid}/series/{entry.series_uid}"
    asked = {
        series: "application/dicom", f"{series}/rendered": "image/jpeg", at(entry, "/frames/1,2"): "image/jpeg",
        at(entry, "/frames/1,2/rendered"): "image/png",
    }  # fmt: skip
    for path, kind in asked.items():
        assert world.get(path, Accept=kind).status_code == 406
        for accept in ("*/*", "multipart/*", f"multipart/related; type={kind}"):
            assert world.get(path, Accept=accept).mimetype == "multipart/related"


def test_where_nothing_of_the_query_can_be_had_the_header_decides(world: World) -> None:
    path = at(world.biggest(), "/frames/1?accept=image/gif")
    assert world.get(path, Accept="application/octet-stream").mimetype == "application/octet-stream"
    assert {world.get(path).status_code, world.get(path, Accept="image/gif").status_code} == {406}


def test_an_instance_says_in_which_transfer_syntax_it_comes(world: World) -> None:
    answer = world.get(at(world.biggest()), Accept="application/dicom; transfer-syntax=*")
    assert answer.content_type == f"application/dicom; transfer-syntax={JPEG}"


def test_a_study_comes_in_a_transfer_syntax_only_if_all_of_it_has_it(world: World) -> None:
    path = f"/studies/{world.biggest().study_uid}"
    kind = 'multipart/related; type="application/dicom"'
    for syntax, status in (("*", 200), (JPEG, 200), ("1.2.840.10008.1.2.1", 406)):
        assert world.get(path, Accept=f"{kind}; transfer-syntax={syntax}").status_code == status


def test_frames_that_are_many_bytes_are_streamed_and_no_other_than_these(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = world.biggest()
    frames = source_of(world, entry)
    close_frame_book()
    seen = len(events("release.read.closed"))
    monkeypatch.setattr("gateway.release.frames.AT_ONCE", 1000)
    with a_download(world, at(entry, "/frames/9,2,9")) as (length, pieces):
        assert length == sum(map(len, pieces)) > 3000
    answer = world.get(at(entry, "/frames/4"), Accept="image/jpeg")
    assert (answer.data, answer.mimetype) == (frames[3], "image/jpeg")
    many = world.get(at(entry, "/frames/9,2,9"), Accept=MANY)
    assert [body for _, body in parts(many)] == [frames[8], frames[1], frames[8]]
    close_frame_book()
    (closed,) = events("release.read.closed")[seen:]
    assert closed.detail["bytes_sent"] == 4 * len(frames[8]) + 2 * len(frames[1]) + len(frames[3])


def test_frames_that_stay_unread_are_closed_as_what_was_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.release.frames.AT_ONCE", 1000)
    with a_download(world, at(world.biggest(), "/frames/1,2")):
        pass
    close_frame_book()
    (closed,) = events("release.read.closed")
    assert (closed.detail["outcome"], closed.detail["bytes_sent"]) == ("aborted", 0)
