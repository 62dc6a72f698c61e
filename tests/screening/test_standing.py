"""What people decided stands: no other model, no other rules and no machine overrules them; no person a policy."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from pydicom import dcmread
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue import seen
from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.patches import kept
from gateway.catalogue.screening import screen_datasets
from gateway.catalogue.seen import write
from gateway.clock import now
from gateway.pixels.boxes import Box
from gateway.pixels.findings import DEVICE, TEXT, Finding
from gateway.pixels.levels import Mark
from gateway.pixels.screen import CLEAN, REDACTED, REVIEW, WITHHELD, Eyes, Screened
from gateway.release.jobs import refresh_releases
from gateway.screening.commands import ACCEPT, REDACT, WITHHOLD, NotForReview
from gateway.screening.models import Opinion
from gateway.screening.settling import BY_PEOPLE
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.release.builders import World, at
from tests.screening.builders import do_the_work, every_dataset, rules, seen_in
from tests.screening.test_deciding import assembled, entries, says, the

NAMES = [0, 0, 300, 60]
Change = Callable[[], None]


def sees(*boxes: Box) -> Eyes:
    """Eyes that find these boxes on whatever is not black there."""

    def find(picture: np.ndarray) -> list[Finding]:  # type: ignore[type-arg]
        return [
            Finding(TEXT, each, 1.0) for each in boxes if picture[each.top : each.bottom, each.left : each.right].any()
        ]

    return SimpleNamespace(find=find, find_ink=find, find_rest=lambda _picture: [])  # type: ignore[return-value]


def look(eyes: Eyes) -> None:
    """Everything that is stale or failed is looked at, and the releases follow."""
    screen_datasets(every_dataset(), by=SYSTEM, now=now(), eyes=eyes, again=True)
    refresh_releases({"instances": None})


def other_rules() -> None:
    path = current().policies_dir / "pixels" / "20-other-modalities.toml"
    path.write_text(path.read_text() + "# changed\n")


@pytest.fixture
def another_model(monkeypatch: pytest.MonkeyPatch) -> Change:
    return lambda: monkeypatch.setattr(seen, "model_hash", lambda: "f" * 64)


def two_say(decision: str, *boxes: list[int]) -> None:
    for name in ("priya", "paul"):
        says(name, the("image"), decision, *boxes)
    do_the_work()


def the_clip() -> Instance:
    with database.reading() as db:
        return db.scalars(select(Instance).where(Instance.modality == "US")).one()


@pytest.mark.parametrize("found", [(), (Box(8, 8, 200, 40),)], ids=["clean", "redacted"])
def test_what_people_withheld_stays_so_under_another_model(
    world: World, another_model: Change, found: tuple[Box, ...]
) -> None:
    two_say(WITHHOLD)
    another_model()
    look(sees(*found))
    (now_seen,) = seen_in("US")
    assert (now_seen.state, now_seen.people, now_seen.reason) == (WITHHELD, 2, BY_PEOPLE)
    (entry,) = entries(world, "US")
    assert (entry.released, entry.reason) == (False, BY_PEOPLE)


def test_what_people_withheld_stays_so_under_other_rules(world: World) -> None:
    two_say(WITHHOLD)
    other_rules()
    look(sees())
    assert [(each.state, each.people) for each in seen_in("US")] == [(WITHHELD, 2)]


@pytest.mark.parametrize("found", [(), (Box(8, 8, 200, 40),)], ids=["clean", "redacted"])
def test_what_people_redacted_waits_for_people_with_their_boxes_when_a_machine_sees_it_otherwise(
    world: World, another_model: Change, found: tuple[Box, ...]
) -> None:
    two_say(REDACT, [300, 300, 400, 400])
    another_model()
    look(sees(*found))
    (now_seen,) = seen_in("US")
    assert (now_seen.state, now_seen.people) == (REVIEW, 0)
    assert {tuple(mark[2:]) for mark in now_seen.marks} == {
        (300, 300, 400, 400),
        *((each.left, each.top, each.right, each.bottom) for each in found),
    }
    assert not entries(world, "US")[0].released


def test_what_people_withheld_stays_so_when_the_rules_of_before_come_back(world: World) -> None:
    path = current().policies_dir / "pixels" / "20-other-modalities.toml"
    before = path.read_text()
    with database.transaction() as db:
        write(db, the_clip(), Screened(CLEAN), rules(), by=SYSTEM, now=now())
    other_rules()
    with database.transaction() as db:
        write(db, the_clip(), Screened(REVIEW), rules(), by=SYSTEM, now=now())
    two_say(WITHHOLD)
    path.write_text(before)
    assert seen_in("US") == []
    with database.reading() as db:
        assert seen.stale(db, rules()) == 1
    refresh_releases({"instances": None})
    assert not entries(world, "US")[0].released
    look(sees())
    assert [(each.state, each.people) for each in seen_in("US")] == [(WITHHELD, 2)]


def test_what_people_accepted_waits_for_them_when_a_machine_finds_something(
    world: World, another_model: Change
) -> None:
    two_say(ACCEPT)
    another_model()
    look(sees(Box(8, 8, 200, 40)))
    assert [(each.state, each.people) for each in seen_in("US")] == [(REVIEW, 0)]


def test_what_people_accepted_and_a_machine_finds_clean_is_clean(world: World, another_model: Change) -> None:
    two_say(ACCEPT)
    another_model()
    look(sees())
    assert [(each.state, each.people) for each in seen_in("US")] == [(CLEAN, 0)]
    assert entries(world, "US")[0].released


def test_a_level_that_is_new_does_not_undo_what_people_said_of_its_slide(world: World) -> None:
    says("priya", the("slide"), WITHHOLD)
    do_the_work()
    with database.transaction() as db:
        low = db.scalars(select(Instance).where(Instance.id == seen_in("SM")[1].instance_id)).one()
        for each in db.scalars(select(Screening).where(Screening.instance_id == low.id)):
            each.version = "of another object"
    look(sees())
    assert [(each.state, each.people) for each in seen_in("SM")] == [(WITHHELD, 1)] * 2
    assert not any(each.released for each in entries(world, "SM"))


def a_blacklist() -> None:
    path = current().policies_dir / "pixels" / "90-blacklist.dicom"
    path.write_text("FORMAT dicom\n%filter blacklist\nLABEL none of these\n  equals Modality US\n")


def test_nobody_lets_out_what_a_blacklist_withholds(world: World) -> None:
    a_blacklist()
    look(sees())
    (withheld,) = seen_in("US")
    assert withheld.state == WITHHELD
    for decision, boxes in ((ACCEPT, ()), (REDACT, ([0, 0, 9, 9],))):
        with pytest.raises(NotForReview):
            says("priya", withheld, decision, *boxes)


def test_a_blacklist_withholds_slides_too(world: World) -> None:
    path = current().policies_dir / "pixels" / "90-blacklist.dicom"
    path.write_text("FORMAT dicom\n%filter blacklist\nLABEL none of these\n  equals Modality SM\n")
    look(sees())
    assert {each.state for each in seen_in("SM")} == {WITHHELD}


def test_what_a_device_is_known_to_write_on_a_slide_is_taken_out_of_all_its_levels(world: World) -> None:
    path = current().policies_dir / "pixels" / "90-devices.dicom"
    lowest = min(each.total_columns for each in the_levels())
    only = f"  equals Modality SM\n  + equals TotalPixelMatrixColumns {lowest}\n"
    path.write_text(f"FORMAT dicom\n%filter graylist\nLABEL top\n{only}  coordinates 0,0,{lowest},8\n")
    look(sees())
    found = seen_in("SM")
    assert [each.state for each in found] == [REDACTED, REDACTED]
    assert {mark[1] for each in found for mark in each.marks} == {DEVICE}
    for entry in entries(world, "SM"):
        assert entry.released
        picture = assembled(world, entry)
        assert picture[: 8 * picture.shape[1] // lowest].std() < 1
        assert picture.std() > 1


def the_levels() -> list[Instance]:
    with database.reading() as db:
        return [each for each in db.scalars(select(Instance)) if each.image_type[2:3] == ["VOLUME"]]


def test_a_blacklist_holds_even_where_people_have_been_asked(world: World) -> None:
    a_blacklist()
    with database.transaction() as db:
        write(db, the_clip(), Screened(REVIEW), rules(), by=SYSTEM, now=now())
    two_say(ACCEPT)
    assert [each.state for each in seen_in("US")] == [WITHHELD]


def test_a_redacted_image_cannot_be_had_whole_by_accepting_it(world: World) -> None:
    with database.transaction() as db:
        marks = (Mark(0, TEXT, Box(0, 0, 9, 9)),)
        write(db, the_clip(), Screened(REDACTED, marks, {0: b"frame"}), rules(), by=SYSTEM, now=now())
    for decision in (ACCEPT, REDACT):
        with pytest.raises(NotForReview):
            says("priya", seen_in("US")[0], decision, NAMES)
    says("priya", seen_in("US")[0], WITHHOLD)


def test_accepting_leaves_out_what_a_device_is_known_to_write(world: World) -> None:
    path = current().policies_dir / "pixels" / "90-devices.dicom"
    path.write_text("FORMAT dicom\n%filter graylist\nLABEL top\n  equals Modality US\n  coordinates 0,0,640,60\n")
    with database.transaction() as db:
        write(db, the_clip(), Screened(REVIEW), rules(), by=SYSTEM, now=now())
    two_say(ACCEPT)
    (done,) = seen_in("US")
    assert (done.state, {mark[1] for mark in done.marks}) == (REDACTED, {DEVICE})
    look(sees())  # the rules are others, so that the release is looked at anew
    (entry,) = entries(world, "US")
    assert entry.screening_id == done.id
    assert entry.released


def test_a_redaction_takes_out_what_a_device_is_known_to_write_too(world: World) -> None:
    path = current().policies_dir / "pixels" / "90-devices.dicom"
    path.write_text("FORMAT dicom\n%filter graylist\nLABEL top\n  equals Modality US\n  coordinates 0,0,640,60\n")
    with database.transaction() as db:
        write(db, the_clip(), Screened(REVIEW), rules(), by=SYSTEM, now=now())
    two_say(REDACT, [300, 300, 400, 400])
    with database.reading() as db:
        frames = kept(db, seen_in("US")[0])
    picture = np.frombuffer(frames[0].read(0, frames[0].length), np.uint8).reshape(480, 640, 3)
    assert not picture[:60].any()
    assert not picture[300:400, 300:400].any()


def test_an_image_that_says_that_it_has_text_waits_for_people_where_none_is_found(world: World) -> None:
    with database.transaction() as db:
        db.scalars(select(Instance).where(Instance.modality == "US")).one().burned_in = " yes"
    other_rules()
    look(sees())
    (doubted,) = seen_in("US")
    assert doubted.state == REVIEW
    assert "marked" in doubted.reason
    assert not entries(world, "US")[0].released


def test_an_image_that_says_that_it_has_text_is_redacted_where_it_is_found(world: World) -> None:
    with database.transaction() as db:
        db.scalars(select(Instance).where(Instance.modality == "US")).one().burned_in = "YES"
    other_rules()
    look(sees(Box(8, 8, 200, 40)))
    assert [each.state for each in seen_in("US")] == [REDACTED]


def test_opinions_of_before_are_kept(world: World, another_model: Change) -> None:
    two_say(WITHHOLD)
    another_model()
    look(sees())
    with database.reading() as db:
        assert [each.decision for each in db.scalars(select(Opinion))] == [WITHHOLD, WITHHOLD]


def test_a_released_clip_shows_nothing_of_what_people_took_out(world: World) -> None:
    two_say(REDACT, NAMES)
    (entry,) = entries(world, "US")
    pixels = dcmread(BytesIO(world.get(at(entry)).data)).pixel_array
    assert not pixels[:, :60, :300].any()
