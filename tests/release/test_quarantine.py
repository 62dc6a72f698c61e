"""What is held back is shown to a steward, with its reason and no name; never to a researcher."""

from __future__ import annotations

from gateway import db as database
from gateway.catalogue.models import BROKEN, Instance
from gateway.release import quarantine
from tests.people.visitors import an_account, send, signed_in
from tests.release.builders import World, events


def spoil(world: World) -> str:
    """Let one object of the archive be one that could not be read; gives the id."""
    with database.transaction() as db:
        instance = db.get_one(Instance, world.released()[0].instance_id)
        instance.state, instance.reason = BROKEN, "the file ends too early"
        return instance.id


def test_a_steward_sees_what_could_not_be_read_and_what_was_withheld(world: World) -> None:
    spoiled = spoil(world)
    an_account("priya", "data-steward")
    page = signed_in(world.app, "priya").get("/quarantine").text
    assert "The file ends too early" in page
    assert spoiled in page
    assert "slide&#39;s label" in page
    for patient in ("Quillfeather", "HN", "NGH26-510"):
        assert patient not in page


def test_a_researcher_never_sees_it(world: World) -> None:
    browser = signed_in(world.app, "ada")
    assert browser.get("/quarantine").status_code == 403
    assert "/quarantine" not in browser.get("/").text


def test_withheld_images_are_counted_by_reason(world: World) -> None:
    with database.reading() as db:
        found = {each.reason: (each.images, each.releases) for each in quarantine.withheld(db)}
    assert sum(images for images, _ in found.values()) == len(world.entries()) - len(world.released())
    assert {releases for _, releases in found.values()} == {1}


def test_reading_again_is_on_the_record_and_clears_the_version(world: World) -> None:
    spoiled = spoil(world)
    an_account("priya", "data-steward")
    steward = signed_in(world.app, "priya")
    with database.reading() as db:
        archive = db.get_one(Instance, spoiled).archive_id
    done = send(steward, "/quarantine", "/quarantine", archive=archive, reason="the file ends too early")
    assert done.status_code == 303
    with database.reading() as db:
        assert db.get_one(Instance, spoiled).version == ""
    assert [event.detail for event in events("archive.retried")] == [{"objects": 1}]
    assert send(steward, "/quarantine", "/quarantine", archive=archive, reason="nothing").status_code == 404
