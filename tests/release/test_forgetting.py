"""Forgetting a patient in a project is final: nothing is served, built, or derived of them there any more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue.models import Instance
from gateway.clock import now
from gateway.dicom.uids import ClearUid
from gateway.projects.grants import issue
from gateway.projects.keys_patient import AlreadyForgotten, PatientForgotten, key_ring
from gateway.projects.models import Grant
from gateway.projects.readiness import NOTHING
from gateway.release.building import build
from gateway.release.facts import first
from gateway.release.forgetting import WITHDRAWN, NotAReason, forget_patient
from gateway.release.models import ManifestEntry, Release
from gateway.release.queries import ClearPatient, patient_of
from gateway.trail.models import Event, Opening
from gateway.trail.record import SYSTEM
from tests.release.builders import DAY, World, a_release, at, events


def whose(entry: ManifestEntry) -> ClearPatient:
    with database.reading() as db:
        return patient_of(db, entry.instance_id)


def forget(world: World, patient: ClearPatient, reason: str = "patient-asked") -> int:
    with database.transaction() as db:
        return forget_patient(
            db, by=SYSTEM, project_id=world.release.project_id, patient=patient, reason=reason, now=now()
        )


@pytest.mark.parametrize("way", ["", "/metadata", "/frames/1", "/rendered", "/thumbnail"])
def test_what_was_released_of_a_forgotten_patient_is_served_no_more(world: World, way: str) -> None:
    entry, other = world.released()[0], world.released()[-1]
    assert whose(entry) != whose(other)
    assert world.get(at(entry, way)).status_code == 200
    forget(world, whose(entry))
    assert world.get(at(entry, way)).status_code == 404
    assert world.get(at(other, way)).status_code == 200


def test_a_forgotten_patient_is_found_by_no_search(world: World) -> None:
    entry = world.released()[0]
    pseudonym = first(entry.facts, "00100020")
    assert pseudonym in world.get("/studies").text
    forget(world, whose(entry))
    told = world.get("/studies").text + world.get("/instances").text
    assert pseudonym not in told
    assert entry.study_uid not in told


def test_the_database_no_longer_says_what_lay_behind_a_released_uid(world: World) -> None:
    theirs = [each for each in world.entries() if whose(each) == whose(world.released()[0])]
    forget(world, whose(theirs[0]))
    gone = {uid for each in theirs for uid in (each.uid, each.series_uid, each.study_uid)}
    left = world.entries()
    assert gone.isdisjoint(uid for each in left for uid in (each.uid, each.series_uid, each.study_uid))
    nameless = [each for each in left if each.reason == WITHDRAWN]
    assert len(nameless) == len(theirs)
    assert all(not each.released and each.facts == {} for each in nameless)
    assert len({each.series_uid for each in nameless}) == len({each.series_uid for each in theirs})
    with database.reading() as db:
        release = db.get_one(Release, world.release.id)
        counted = [each.released for each in left]
        assert (release.released, release.withheld) == (sum(counted), len(counted) - sum(counted))


def test_a_manifest_brought_back_from_a_backup_serves_no_forgotten_patient(world: World) -> None:
    kept = world.released()[0]
    assert world.get(at(kept)).status_code == 200
    copy = {column.name: getattr(kept, column.name) for column in ManifestEntry.__table__.columns}
    forget(world, whose(kept))
    with database.transaction() as db:
        db.add(ManifestEntry(**copy))
    answer = world.get(at(kept))
    assert answer.status_code == 403
    assert answer.json["code"] == "patient-forgotten"


def test_a_later_release_to_the_project_withholds_the_forgotten_patient(world: World) -> None:
    patient = whose(world.released()[0])
    forget(world, patient)
    with database.transaction() as db:
        former = db.get_one(Grant, world.release.grant_id)
        grant = issue(
            db, by=SYSTEM, project=former.project, datasets=former.dataset_ids, starts=now() - DAY,
            ends=now() + DAY, deid_policy=former.deid_policy, needs=NOTHING, now=now(),
        )  # fmt: skip
    again = build(by=SYSTEM, grant_id=grant.id, now=now())
    with database.reading() as db:
        entries = db.scalars(select(ManifestEntry).where(ManifestEntry.release_id == again.id)).all()
    theirs = [each for each in entries if whose(each) == patient]
    assert theirs
    assert {(each.released, each.reason) for each in theirs} == {(False, WITHDRAWN)}
    assert again.released == sum(each.released for each in world.released() if whose(each) != patient)


def test_another_project_goes_on_with_the_patient(world: World) -> None:
    other = a_release(world.reader)
    forget(world, whose(world.released()[0]))
    world.release, world.token = other, world.token_for(world.reader, f"release:{other.id}")
    assert {world.get(at(each)).status_code for each in world.released()} == {200}


def test_no_pseudonym_and_no_uid_can_be_derived_of_a_forgotten_patient(world: World) -> None:
    entry = world.released()[0]
    patient = whose(entry)
    with database.reading() as db:
        keys = key_ring(db, world.release.project_id).patient(db, site=patient.site, patient_id=patient.patient_id)
        assert keys.uid(ClearUid(db.get_one(Instance, entry.instance_id).uid)) == entry.uid
    forget(world, patient)
    with database.reading() as db, pytest.raises(PatientForgotten):
        key_ring(db, world.release.project_id).patient(db, site=patient.site, patient_id=patient.patient_id)
    with pytest.raises(AlreadyForgotten):
        forget(world, patient)


def test_the_trail_says_that_and_why_and_never_who(world: World) -> None:
    entry = world.released()[0]
    patient, pseudonym = whose(entry), first(entry.facts, "00100020")
    withheld = forget(world, patient, "on-behalf")
    (event,) = events("patient.forgotten")
    assert event.project == world.release.project_id
    assert '"reason":"on-behalf"' in event.body
    assert f'"withheld":{withheld}' in event.body
    with database.reading() as db:
        told = event.body + "".join(each.value for each in db.scalars(select(Opening)))
        told += "".join(db.scalars(select(Event.body).where(Event.seq == event.seq)))
    assert patient.patient_id not in told
    assert pseudonym not in told
    assert entry.uid not in told


def test_nobody_is_forgotten_without_one_of_the_reasons(world: World) -> None:
    entry = world.released()[0]
    with pytest.raises(NotAReason):
        forget(world, whose(entry), "because Mr Smith of room 4 asked")
    assert world.get(at(entry)).status_code == 200


def test_an_image_that_the_archive_gave_to_another_patient_is_withheld(world: World) -> None:
    entry, other = world.released()[0], world.released()[-1]
    with database.transaction() as db:
        instance, stranger = (db.get_one(Instance, each.instance_id) for each in (entry, other))
        assert instance.series is not None
        assert stranger.series is not None
        instance.series.study.patient_id = stranger.series.study.patient_id
        instance.version = "indexed again"
    answer = world.get(at(entry))
    assert answer.status_code == 403
    assert "archive has changed" in answer.json["title"] + answer.json.get("detail", "")
