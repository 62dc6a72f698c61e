"""What people decide on a picture is carried out everywhere, and only once enough of them agree."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.encaps import generate_frames
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.seen import stale, write
from gateway.clock import now
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from gateway.people.models import Account
from gateway.pixels.encodings import CannotDecode
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.screen import CLEAN, REDACTED, REVIEW, WITHHELD
from gateway.pixels.source import level_of
from gateway.release.deciding import FOR_A_PERSON
from gateway.release.models import ManifestEntry
from gateway.screening import queries
from gateway.screening.commands import ACCEPT, REDACT, WITHHOLD, NothingToSee, NotYourWord, Superseded, give_opinion
from gateway.screening.models import Opinion
from gateway.screening.settling import BY_PEOPLE, settle
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.release.builders import World, at, events, eyes
from tests.release.test_frames import parts
from tests.screening.builders import NAME_BOX, do_the_work, rules, seen_in

US_BOX = [0, 0, 640, 60]


def says(name: str, screening: Screening, decision: str, *boxes: list[int]) -> Opinion:
    """Somebody's word."""
    with database.transaction() as db:
        account = db.scalars(select(Account).where(Account.email == f"{name}@example.org")).one()
        seen = db.get_one(Screening, screening.id)
        return give_opinion(db, by=account, screening=seen, decision=decision, boxes=boxes, now=now())


def waiting() -> list[queries.Waiting]:
    with database.reading() as db:
        return queries.waiting(db, rules())


def the(kind: str) -> Screening:
    """The screening of the slide, or of the clip, that waits."""
    (found,) = [each for each in waiting() if each.kind == kind]
    with database.reading() as db:
        return db.get_one(Screening, found.id)


def assembled(world: World, entry: ManifestEntry) -> NDArray[np.uint8]:
    """A released level as whoever downloads it sees it."""
    header = read_header(BytesSource(world.get(at(entry)).data))
    return level_of(header).sheets()[0]


def entries(world: World, modality: str) -> list[ManifestEntry]:
    with database.reading() as db:
        ids = set(db.scalars(select(Instance.id).where(Instance.modality == modality)))
    volume = [each for each in world.entries() if each.instance_id in ids and each.flavour not in ("LABEL", "OVERVIEW")]
    return sorted(volume, key=lambda each: -each.frame_count)


def test_what_a_machine_cannot_judge_waits_and_is_withheld(world: World) -> None:
    assert sorted(each.kind for each in waiting()) == ["image", "slide"]
    for entry in (*entries(world, "SM"), *entries(world, "US")):
        assert (entry.released, entry.reason) == (False, FOR_A_PERSON)


def test_a_redacted_slide_is_released_with_nothing_left_to_read(world: World) -> None:
    before = the("slide")
    says("priya", before, REDACT, NAME_BOX)
    do_the_work()
    found = entries(world, "SM")
    assert [each.reason for each in found if not each.released] == []
    assert [each.state for each in seen_in("SM")] == [REDACTED, REDACTED]
    for entry in found:
        dataset = dcmread(BytesIO(world.get(at(entry)).data))
        assert dataset.BurnedInAnnotation == "NO"
        assert "113101" in [code.CodeValue for code in dataset.DeidentificationMethodCodeSequence]
    with database.reading() as db:
        assert db.get_one(Screening, before.id).state == REVIEW, "what the machine said stays on file"
    whole = assembled(world, found[0])
    assert eyes().find_ink(whole) == []
    left, top, right, bottom = NAME_BOX
    assert whole[top:bottom, left:right].std() < 1


def test_frames_without_a_box_are_those_of_the_archive(world: World) -> None:
    says("priya", the("slide"), REDACT, NAME_BOX)
    do_the_work()
    entry = entries(world, "SM")[0]
    with database.reading() as db:
        path = world.archive / db.get_one(Instance, entry.instance_id).locator
    many = ",".join(str(number + 1) for number in range(entry.frame_count))
    accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    sent = [body for _, body in parts(world.get(at(entry, f"/frames/{many}"), Accept=accept))]
    source = dcmread(path)
    theirs = list(generate_frames(source.PixelData, number_of_frames=entry.frame_count))
    marked = {mark[0] for mark in seen_in("SM")[0].marks}
    assert 0 < len(marked) < entry.frame_count
    for number, (ours, archive) in enumerate(zip(sent, theirs, strict=True)):
        assert (ours == archive) is (number not in marked)


def test_an_accepted_slide_is_released_as_it_is(world: World) -> None:
    says("priya", the("slide"), ACCEPT)
    do_the_work()
    assert [each.state for each in seen_in("SM")] == [CLEAN, CLEAN]
    assert all(each.released for each in entries(world, "SM"))


def test_a_withheld_slide_stays_withheld_and_says_by_whom(world: World) -> None:
    says("priya", the("slide"), WITHHOLD)
    do_the_work()
    assert [each.state for each in seen_in("SM")] == [WITHHELD, WITHHELD]
    assert {(each.released, each.reason) for each in entries(world, "SM")} == {(False, BY_PEOPLE)}
    assert [each.kind for each in waiting()] == ["image"]


def test_where_the_policy_asks_for_two_people_one_does_not_do(world: World) -> None:
    clip = the("image")
    assert not says("priya", clip, REDACT, US_BOX).settles
    assert not says("priya", clip, REDACT, US_BOX).settles, "the same person twice is one person"
    assert not says("paul", clip, REDACT, [0, 0, 640, 50]).settles, "other boxes are another opinion"
    do_the_work()
    assert not any(each.released for each in entries(world, "US"))
    assert says("priya", clip, REDACT, [0, 0, 640, 50]).settles
    do_the_work()
    (entry,) = entries(world, "US")
    assert entry.released
    pixels = dcmread(BytesIO(world.get(at(entry)).data)).pixel_array
    assert not pixels[:, :50].any()
    assert pixels[:, 60:].any()
    assert [each.people for each in seen_in("US")] == [2]


def test_a_picture_is_decided_once(world: World) -> None:
    slide = the("slide")
    says("priya", slide, ACCEPT)
    with pytest.raises(Superseded):
        says("paul", slide, WITHHOLD)
    do_the_work()
    with pytest.raises(Superseded):
        says("paul", slide, WITHHOLD)


def test_a_decision_is_carried_out_once(world: World) -> None:
    opinion = says("priya", the("slide"), ACCEPT)
    do_the_work()
    before = len(events("pixels.screened"))
    settle(opinion.id, now=now())
    assert len(events("pixels.screened")) == before


def test_who_has_no_role_for_it_decides_nothing(world: World) -> None:
    with pytest.raises(NotYourWord):
        says("ada", the("slide"), ACCEPT)


def test_every_word_is_on_the_trail_and_names_no_patient(world: World) -> None:
    says("priya", the("slide"), REDACT, NAME_BOX)
    do_the_work()
    (said,) = events("pixels.opinion-given")
    assert said.detail["decision"] == "redact"
    assert said.detail["boxes"] == 1
    (refreshed,) = events("release.refreshed")[-1:]
    assert refreshed.detail["changed"] == 2


def test_what_could_not_be_decoded_can_only_be_withheld(world: World) -> None:
    with database.transaction() as db:
        clip = db.scalars(select(Instance).where(Instance.modality == "US")).one()
        write(db, clip, CannotDecode(), rules(), by=SYSTEM, now=now())
    with pytest.raises(NothingToSee):
        says("priya", the("image"), ACCEPT)
    says("priya", the("image"), WITHHOLD)


def test_a_redaction_that_cannot_be_made_stays_withheld_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_args: object) -> None:
        raise CannotRedact

    monkeypatch.setattr("gateway.pixels.levels.redacted", refuses)
    says("priya", the("slide"), REDACT, NAME_BOX)
    do_the_work()
    assert {each.state for each in seen_in("SM")} == {"failed"}
    assert not any(each.released for each in entries(world, "SM"))


def test_changed_rules_make_what_was_seen_stale_until_it_is_looked_at_again(world: World) -> None:
    with database.reading() as db:
        assert stale(db, rules()) == 0
    path = current().policies_dir / "pixels" / "20-other-modalities.toml"
    path.write_text(path.read_text() + "# changed\n")
    with database.reading() as db:
        assert stale(db, rules()) == 3
        assert queries.waiting(db, rules()) == []
    assert not any(each.released for each in entries(world, "SM"))


def test_people_can_take_back_what_a_machine_let_through(world: World) -> None:
    says("priya", the("slide"), ACCEPT)
    do_the_work()
    entry = entries(world, "SM")[0]
    assert world.get(at(entry)).status_code == 200
    says("priya", seen_in("SM")[0], WITHHOLD)
    do_the_work()
    assert world.get(at(entry)).status_code == 404
