"""The queue and the picture, as a steward has them; nobody else has."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from sqlalchemy import select

from gateway import db as database
from gateway.screening.models import Opinion
from tests.people.visitors import send, signed_in
from tests.release.builders import World, events
from tests.screening.builders import NAME_BOX, do_the_work
from tests.screening.test_deciding import the, waiting


def test_a_steward_sees_what_waits_and_nobody_is_named(world: World) -> None:
    page = signed_in(world.app, "priya").get("/screening").text
    assert "Slide 1" in page or "Slide 2" in page
    assert "US image" in page
    assert "0 of 2" in page
    for named in ("Quillfeather", "QUILLFEATHER", "NGH26-510009"):
        assert named not in page


def test_nobody_else_gets_there(world: World) -> None:
    researcher, slide = signed_in(world.app, "ada"), the("slide")
    for path in ("", f"/{slide.id}", f"/{slide.id}/picture"):
        assert researcher.get(f"/screening{path}").status_code == 403
    assert researcher.post(f"/screening/{slide.id}").status_code in (400, 403)
    assert world.app.test_client().get(f"/screening/{slide.id}/picture").status_code in (302, 303, 401)


def test_looking_at_a_picture_is_on_the_record_first(world: World) -> None:
    slide = the("slide")
    page = signed_in(world.app, "priya").get(f"/screening/{slide.id}").text
    assert 'name="left"' in page
    assert [event.detail["screening"] for event in events("pixels.opened")] == [slide.id]


def test_a_picture_that_is_asked_for_by_its_address_is_on_the_record_too(world: World) -> None:
    steward, clip = signed_in(world.app, "priya"), the("image")
    for frame in (1, 2):
        assert steward.get(f"/screening/{clip.id}/picture?frame={frame}").status_code == 200
    assert [event.detail for event in events("pixels.shown")] == [
        {"screening": clip.id, "frame": 1},
        {"screening": clip.id, "frame": 2},
    ]


def test_the_picture_is_kept_by_nobody(world: World) -> None:
    answer = signed_in(world.app, "priya").get(f"/screening/{the('slide').id}/picture")
    assert answer.headers["Cache-Control"] == "no-store"
    assert Image.open(BytesIO(answer.data)).size == (1024, 768)


def test_frames_of_a_clip_are_seen_one_by_one(world: World) -> None:
    steward, clip = signed_in(world.app, "priya"), the("image")
    assert "Frame 2 of" in steward.get(f"/screening/{clip.id}?frame=2").text
    assert steward.get(f"/screening/{clip.id}?frame=9999").status_code == 404
    assert steward.get(f"/screening/{clip.id}/picture?frame=2").status_code == 200
    assert steward.get(f"/screening/{clip.id}/picture?frame=9999").status_code == 404
    assert steward.get(f"/screening/{clip.id}/picture?frame=-1").status_code == 404


def test_a_form_without_a_script_does(world: World) -> None:
    steward, path = signed_in(world.app, "priya"), f"/screening/{the('slide').id}"
    left, top, right, bottom = ([str(side), ""] for side in NAME_BOX)
    done = send(steward, path, path, decision="redact", left=left, top=top, right=right, bottom=bottom)
    assert done.status_code == 303
    with database.reading() as db:
        assert [each.boxes for each in db.scalars(select(Opinion))] == [[NAME_BOX]]
    do_the_work()
    assert [each.kind for each in waiting()] == ["image"]


def test_a_second_person_sees_what_the_first_said_and_agrees_with_it(world: World) -> None:
    path = f"/screening/{the('image').id}"
    first, second = signed_in(world.app, "priya"), signed_in(world.app, "paul")
    box = {"left": "3", "top": "4", "right": "640", "bottom": "61"}
    assert send(first, path, path, decision="redact", **box).status_code == 303
    assert "another person decides too" in first.get("/screening").text
    page = second.get(path).text
    assert "take out 1 box" in page
    assert "2 people have to agree" in page
    assert all(f'name="{side}" value="{value}"' in page for side, value in box.items())
    assert "1 of 2" in second.get("/screening").text
    assert send(second, path, path, decision="redact", **box).status_code == 303
    assert "being carried out" in second.get("/screening").text
    do_the_work()
    assert "released without what was marked, by 2 people" in first.get("/screening").text
    assert [each.kind for each in waiting()] == ["slide"]


def test_a_bad_box_is_told_in_one_line(world: World) -> None:
    steward, path = signed_in(world.app, "priya"), f"/screening/{the('slide').id}"
    for box, told in (
        (("10", "10", "5", "20"), "A box has a width and a height."),
        (("ten", "10", "50", "20"), "A box needs four whole numbers."),
        (("10", "10", "50", "99999999"), "A box needs four whole numbers."),
    ):
        left, top, right, bottom = box
        answer = send(steward, path, path, decision="redact", left=left, top=top, right=right, bottom=bottom)
        assert answer.status_code == 422
        assert told in answer.text
        assert f'value="{left}"' in answer.text, "what was typed is still there"
    assert send(steward, path, path, decision="redact", left="").status_code == 422
    assert send(steward, path, path).status_code == 422


def test_an_old_picture_is_not_decided_again(world: World) -> None:
    steward, path = signed_in(world.app, "priya"), f"/screening/{the('slide').id}"
    assert send(steward, path, path, decision="accept").status_code == 303
    assert send(steward, "/screening", path, decision="withhold").status_code == 303
    assert len(events("pixels.opinion-given")) == 1
    assert "decided on already" in steward.get("/screening").text


def test_looking_again_is_asked_for_and_on_the_record(world: World) -> None:
    steward = signed_in(world.app, "priya")
    assert send(steward, "/screening", "/screening/again").status_code == 303
    assert len(events("pixels.rescan-asked")) == 1
