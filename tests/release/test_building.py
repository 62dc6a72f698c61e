"""Building a release: nobody waits for it, nothing of it is seen before its end, and whoever goes on finds the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_charset_files, get_testdata_file
from sqlalchemy import select

from gateway import db as database
from gateway import turns
from gateway.catalogue.models import Dataset, Instance
from gateway.catalogue.seen import write
from gateway.clock import now
from gateway.consent.given import OPTED_OUT
from gateway.consent.optouts import import_optouts
from gateway.dicom.header import read_header
from gateway.dicom.source import FileSource
from gateway.pixels.rules import load_rules
from gateway.pixels.screen import WITHHELD, Screened
from gateway.projects import grants
from gateway.projects.commands import begin_project
from gateway.projects.grants import AlreadyRevoked
from gateway.projects.keys import data_master
from gateway.projects.models import Grant
from gateway.projects.readiness import NOTHING
from gateway.release import bands, building, delivering, facts, listing
from gateway.release.building import build
from gateway.release.deciding import Decider
from gateway.release.errors import BeingBuilt, BuiltElsewhere
from gateway.release.forgetting import WITHDRAWN, forget_patient
from gateway.release.models import CHECKING, LISTING, SEALED, Release
from gateway.release.queries import patient_of
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.people.visitors import signed_in
from tests.release.builders import SITE, World, at, events
from tests.release.test_every_kind_of_pixels import COLOUR, GREY

DAY = timedelta(days=1)
CHARSETS = ("chrH31", "chrRuss", "chrFrenMulti", "chrX1")
WHAT_COUNTS = ("instance_id", "position", "site", "released", "reason", "flavour", "undecided")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PORTION", 2)
    monkeypatch.setattr(building, "BAND", 2)


@pytest.fixture
def grant(world: World) -> Grant:
    """Another grant of the same data, in another project; nothing is built of it."""
    with database.transaction() as db:
        project = begin_project(
            db, by=SYSTEM, title="More", lay_title="More", lay_summary="More.", lead=world.reader, now=now() - DAY
        )
        return grants.issue(
            db, by=SYSTEM, project=project, datasets=list(db.scalars(select(Dataset.id))), starts=now() - DAY,
            ends=now() + DAY, deid_policy="pathology-research", needs=NOTHING, now=now(),
        )  # fmt: skip


def built(world: World, grant: Grant, progress: Callable[[str, int, int], None] = lambda *_: None) -> None:
    """Build it, and make it the world's."""
    try:
        build(by=SYSTEM, grant_id=grant.id, now=now(), progress=progress)
    finally:
        with database.reading() as db:
            world.release = db.scalars(select(Release).where(Release.grant_id == grant.id)).one()
        world.token = world.token_for(world.reader)


def killed(world: World, grant: Grant, state: str, done: int = 0) -> None:
    """Build it until so many images are done in a state; there the process is killed."""

    def progress(now_in: str, so_many: int, _every: int) -> None:
        if now_in == state and so_many >= done:
            raise Killed

    with pytest.raises(Killed):
        built(world, grant, progress)


def told(world: World) -> list[dict[str, Any]]:
    return [{name: getattr(each, name) for name in WHAT_COUNTS} for each in world.entries()]


@pytest.mark.parametrize(("state", "done"), [(LISTING, 2), (LISTING, 8), (CHECKING, 0), (CHECKING, 6), (CHECKING, 9)])
def test_a_build_that_was_killed_is_gone_on_with(world: World, grant: Grant, state: str, done: int) -> None:
    whole = told(world)
    killed(world, grant, state, done)
    assert world.release.state != SEALED
    before = [(each.uid, each.facts) for each in world.entries() if not each.undecided]
    built(world, grant)
    assert told(world) == whole
    assert set(map(str, before)) <= {str((each.uid, each.facts)) for each in world.entries()}
    assert (world.release.state, world.release.listed) == (SEALED, 9)
    assert (world.release.released, world.release.withheld) == (5, 4)
    assert len([each for each in events("release.built") if each.detail["grant"] == grant.id]) == 1


@pytest.mark.parametrize("state", [LISTING, CHECKING])
def test_nothing_is_seen_of_a_release_before_it_is_sealed(
    world: World, grant: Grant, state: str, tmp_path: Path
) -> None:
    entry = world.biggest()
    killed(world, grant, state, 6)
    for path in ("/studies", "/instances", at(entry), at(entry, "/frames/1"), at(entry, "/metadata")):
        answer = world.get(path)
        assert (answer.status_code, answer.json["code"]) == (503, "release-being-built"), path
    given = {"release": world.release, "recipient": world.reader, "destination": str(tmp_path)}
    with database.transaction() as db, pytest.raises(BeingBuilt):
        delivering.begin(db, by=SYSTEM, now=now(), **given)
    assert events("release.read.opened") == []
    assert {each.detail["code"] for each in events("release.refused")} == {"release-being-built"}


def test_the_pages_say_how_far_a_build_is(world: World, grant: Grant) -> None:
    killed(world, grant, CHECKING, 6)
    visitor = signed_in(world.app, "ada")
    page = visitor.get(f"/releases/{world.release.id}").text
    assert "of 9 images checked" in page
    assert world.released()[0].uid not in page
    assert "of 9 so far" in visitor.get(f"/projects/{world.release.project_id}").text
    listed = {each["id"]: each["state"] for each in visitor.get("/api/v1/releases").json}
    assert listed[world.release.id] == CHECKING


def test_everybody_can_write_while_images_are_checked(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote = []
    decide = Decider.decide

    def beside(self: Decider, *given: Any) -> Any:
        with turns.at_most(0.0), database.transaction() as db:
            wrote.append(db.execute(select(1)).scalar())
        return decide(self, *given)

    monkeypatch.setattr(Decider, "decide", beside)
    built(world, grant)
    assert len(wrote) == 5  # a rule withholds labels and overviews as the list is made


def say_no(entry_instance: str) -> None:
    with database.transaction() as db:
        patient = patient_of(db, entry_instance)
        rows = [(patient.site, patient.patient_id)]
        import_optouts(db, by=SYSTEM, master=data_master(db), rows=rows, sites=[SITE], now=now())


@pytest.mark.parametrize(("state", "done"), [(LISTING, 2), (LISTING, 9), (CHECKING, 2), (CHECKING, 9)])
def test_who_says_no_during_a_build_is_not_in_it(world: World, grant: Grant, state: str, done: int) -> None:
    first = world.released()[0].instance_id
    asked = []

    def progress(now_in: str, so_many: int, _every: int) -> None:
        if now_in == state and so_many >= done and not asked:
            asked.append(first)
            say_no(first)

    built(world, grant, progress)
    with database.reading() as db:
        patient = patient_of(db, first)
        theirs = [each for each in world.entries() if patient_of(db, each.instance_id) == patient]
    assert asked
    assert not any(each.released for each in theirs)
    assert OPTED_OUT in {each.reason for each in theirs}
    assert world.release.consent_epoch == 1
    assert world.release.released == len(world.released()) < 5
    assert world.release.released + world.release.withheld == world.release.listed


def test_a_decision_on_pixels_during_a_build_is_heard(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide, seen = Decider.decide, []

    def late(self: Decider, db: Any, case: Any) -> Any:
        decision = decide(self, db, case)
        if decision.released and not seen:
            seen.append(case.instance.id)
            with database.transaction() as other:
                what = Screened(WITHHELD, reason="Two people have said no.")
                instance = other.get_one(Instance, case.instance.id)
                write(other, instance, what, load_rules(current().policies_dir), by=SYSTEM, now=now(), people=2)
        return decision

    monkeypatch.setattr(Decider, "decide", late)
    built(world, grant)
    (entry,) = (each for each in world.entries() if each.instance_id == seen[0])
    assert (entry.released, entry.reason) == (False, "Two people have said no.")


def test_a_patient_forgotten_during_a_build_is_not_in_it(world: World, grant: Grant) -> None:
    killed(world, grant, CHECKING, 4)
    with database.transaction() as db:
        patient = patient_of(db, world.entries()[-1].instance_id)
        forget_patient(db, by=SYSTEM, project_id=grant.project_id, patient=patient, reason="ordered", now=now())
    built(world, grant)
    with database.reading() as db:
        theirs = [each for each in world.entries() if patient_of(db, each.instance_id) == patient]
    assert {(each.released, each.reason) for each in theirs} == {(False, WITHDRAWN)}
    assert world.release.released == len(world.released()) > 0
    assert world.release.released + world.release.withheld == 9


@pytest.mark.parametrize("state", [LISTING, CHECKING])
def test_a_build_ends_when_access_is_revoked(world: World, grant: Grant, state: str) -> None:
    def progress(now_in: str, _done: int, _every: int) -> None:
        with database.transaction() as db:
            here = db.get_one(Grant, grant.id)
            if now_in == state and here.revoked_at is None:
                grants.revoke(db, by=SYSTEM, grant=here, reason="a test", now=now())

    with pytest.raises(AlreadyRevoked):
        built(world, grant, progress)
    assert world.release.state != SEALED
    page = signed_in(world.app, "ada").get(f"/releases/{world.release.id}").text
    assert "Access was revoked before anything was released" in page


@pytest.mark.parametrize("state", [LISTING, CHECKING])
def test_a_list_of_a_former_policy_is_thrown_away(world: World, grant: Grant, state: str) -> None:
    killed(world, grant, state, 6)
    former = world.release.pixels_sha256
    rules = current().policies_dir / "pixels" / "10-whole-slide.toml"
    rules.write_text(rules.read_text("utf-8").replace('flavour = "VOLUME"', 'flavour = "NOTHING"'), "utf-8")
    built(world, grant)
    assert world.release.pixels_sha256 == load_rules(current().policies_dir).sha256 != former
    assert (world.release.released, world.release.withheld, world.released()) == (0, 9, [])
    assert [each.position for each in world.entries()] == list(range(9))


def test_who_builds_under_a_former_policy_stops_when_another_has_begun_anew(world: World, grant: Grant) -> None:
    rules = current().policies_dir / "pixels" / "10-whole-slide.toml"

    def progress(state: str, done: int, _every: int) -> None:
        if state == CHECKING and done >= 6 and 'flavour = "VOLUME"' in rules.read_text("utf-8"):
            rules.write_text(rules.read_text("utf-8").replace('flavour = "VOLUME"', 'flavour = "NOTHING"'), "utf-8")
            killed(world, grant, LISTING, 4)

    with pytest.raises(BuiltElsewhere):
        built(world, grant, progress)
    built(world, grant)
    assert (world.release.state, world.release.released, world.release.withheld) == (SEALED, 0, 9)


def test_two_who_build_the_same_list_do_not_mix(world: World, grant: Grant) -> None:
    def progress(state: str, done: int, _every: int) -> None:
        if (state, done) == (LISTING, 4):
            build(by=SYSTEM, grant_id=grant.id, now=now())

    with pytest.raises(BuiltElsewhere):
        built(world, grant, progress)
    assert (world.release.state, world.release.released, world.release.withheld) == (SEALED, 5, 4)
    assert [each.position for each in world.entries()] == list(range(9))


def test_two_who_check_the_same_images_count_them_once(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(world, grant, CHECKING)
    settle, inside = bands.Desk.settle, []

    def both(self: bands.Desk, *given: Any) -> int:
        if not inside:
            inside.append(True)
            build(by=SYSTEM, grant_id=grant.id, now=now())
        return settle(self, *given)

    monkeypatch.setattr(bands.Desk, "settle", both)
    built(world, grant)
    assert (world.release.released, world.release.withheld) == (5, 4)
    assert len([each for each in events("release.built") if each.detail["grant"] == grant.id]) == 1


@pytest.mark.parametrize("name", [*GREY, *COLOUR, *CHARSETS, "reportsi", "CT_small"])
def test_what_searches_find_is_what_the_metadata_say(name: str) -> None:
    found = get_charset_files(f"{name}.dcm") or [get_testdata_file(f"{name}.dcm", download=False)]
    path = Path(str(found[0]))
    header = read_header(FileSource(path))
    front = path.read_bytes()[: header.dataset_start + len(header.dataset)]
    metadata = facts.metadata(pydicom.dcmread(path, stop_before_pixels=True))
    levels = (facts.STUDY_LEVEL, facts.SERIES_LEVEL, facts.INSTANCE_LEVEL, facts.MORE_OF_STUDY, facts.MORE_OF_SERIES,
              facts.MORE_OF_INSTANCE, (facts.AVAILABLE_TRANSFER_SYNTAX,))  # fmt: skip
    expected = {tag: metadata[tag] for level in levels for tag in level if tag in metadata}
    assert facts.searchable(front) == expected
