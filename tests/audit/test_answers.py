"""Who saw this patient's slides, how much, and under which approval, policy and consent: over real releases."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from gateway import db as database
from gateway.audit import queries
from gateway.audit.answers import totals
from gateway.audit.offline.check import check
from gateway.audit.search import Search
from gateway.catalogue.models import Instance, Series, Study
from gateway.clock import now
from gateway.people.models import Account
from gateway.release.forgetting import forget_patient
from gateway.release.models import ManifestEntry, Release
from gateway.release.queries import patient_of
from gateway.trail.models import Event, Opening
from gateway.trail.reads import OPENED
from gateway.trail.record import SYSTEM, record
from tests.people.visitors import an_account, bearer, send, signed_in
from tests.release.builders import World, a_gateway, a_release, at, the_template

APPLICATION = "abcd1234ffff0000"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("answers"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        an_account("vera", "auditor")
        with database.transaction() as db:
            project = made.release.project_id
            record(db, action="application.approved", actor=SYSTEM, now=now(), project=project, subject=APPLICATION)
        yield made


def study_of(entry: ManifestEntry) -> Study:
    with database.reading() as db:
        query = select(Study).join(Series).join(Instance).where(Instance.id == entry.instance_id)
        return db.scalars(query).one()


def two_read(world: World) -> tuple[ManifestEntry, ManifestEntry]:
    """One image of each of two patients, each read once by the project."""
    first = world.biggest()
    second = next(each for each in world.released() if each.study_uid != first.study_uid)
    for each in (first, second):
        assert world.get(at(each)).status_code == 200
    return first, second


def asked(client: FlaskClient, **sent: str) -> str:
    answer = send(client, "/audit/reads", "/audit/reads", **sent)
    assert answer.status_code == 200
    return str(answer.text)


def by_program(world: World, **sent: str) -> dict[str, Any]:
    with database.reading() as db:
        vera = db.scalars(select(Account).where(Account.name == "Vera")).one()
    told = world.browser.post("/api/v1/audit/reads", json=sent, headers=bearer(world.token_for(vera, "account"))).json
    assert told is not None
    return dict(told)


def test_who_saw_a_patients_slides(world: World) -> None:
    first, second = two_read(world)
    page = asked(signed_in(world.app, "vera"), patient=study_of(first).patient_id)
    assert first.uid in page
    assert second.uid not in page
    assert "of Northfield" in page


def test_a_study_is_found_by_its_own_uid_and_by_the_released_one(world: World) -> None:
    first, _ = two_read(world)
    for study in (study_of(first).uid, first.study_uid):
        assert {each["instance"] for each in by_program(world, study=study)["reads"]} == {first.uid}
    assert by_program(world, study="1.2.3")["reads"] == []


def test_the_slides_of_a_patient_are_found_along_an_index(world: World) -> None:
    first, _ = two_read(world)
    search = Search(patient=study_of(first).patient_id, action=OPENED)
    with database.reading() as db:
        query = select(Event.seq).where(queries.matching(db, search)).order_by(Event.seq.desc()).limit(50)
        written = str(query.compile(db.get_bind(), compile_kwargs={"literal_binds": True}))
        plan = str(db.execute(text(f"EXPLAIN QUERY PLAN {written}")).all())
    for index in ("ix_trail_event_instance_action_seq", "ix_study_patient_id", "ix_manifest_entry_instance_id"):
        assert index in plan


def test_a_patient_is_found_in_every_project_and_only_at_their_own_hospital(world: World) -> None:
    first, _ = two_read(world)
    a_release(an_account("ben"))
    with database.reading() as db:
        entries = db.scalars(select(ManifestEntry).where(ManifestEntry.instance_id == first.instance_id)).all()
        assert len({each.uid for each in entries}) == 2
    number = study_of(first).patient_id
    assert by_program(world, patient=number, site="Northfield")["totals"]["reads"] == 1
    assert by_program(world, patient=number, site="ELSEWHERE")["totals"]["reads"] == 0


def test_a_forgotten_patient_is_found_no_more(world: World) -> None:
    first, _ = two_read(world)
    with database.transaction() as db:
        patient = patient_of(db, first.instance_id)
        forget_patient(
            db, by=SYSTEM, project_id=world.release.project_id, patient=patient, reason="patient-asked", now=now()
        )
    page = asked(signed_in(world.app, "vera"), patient=patient.patient_id)
    assert "nobody can tell any more" in page
    assert by_program(world, site="NGH")["totals"]["reads"] == 2  # that something was read stays on the record


def test_a_patients_number_is_in_no_event_no_log_and_no_address(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    first, _ = two_read(world)
    number, study = study_of(first).patient_id, study_of(first).uid
    auditor = signed_in(world.app, "vera")
    with caplog.at_level(logging.DEBUG):
        page = asked(auditor, patient=number, study=study)
        send(auditor, "/audit/reads", "/audit/answer.csv", patient=number)
        send(auditor, "/audit/reads", "/audit/export.html", patient=number)
    assert f"={number}" not in page  # no link carries it
    assert number not in caplog.text + "".join(capfd.readouterr())
    with database.reading() as db:
        bodies = list(db.scalars(select(Event.body).where(Event.action.startswith("audit."))))
        openings = db.execute(select(Opening.field, Opening.value).where(Opening.field.contains("searched"))).all()
    assert len(openings) == 4
    assert not any(number in body or study in body for body in bodies)
    assert set(openings) == {("personal.searched_patient", number), ("personal.searched_study", study)}
    assert auditor.get(f"/audit/reads?patient={number}").text.count(first.uid) > 0  # an address asks for no patient


def test_a_read_is_told_with_what_it_rests_on(world: World) -> None:
    two_read(world)
    told = by_program(world)["reads"][0]["approval"]
    with database.reading() as db:
        release = db.get_one(Release, world.release.id)
        decision = db.scalars(select(Event).where(Event.action == "application.approved")).one()
    assert told["application"] == "ABCD-1234"
    assert told["decision"] == decision.seq
    assert (told["policy"], told["recipe_sha256"]) == (release.deid_policy, release.deid_sha256)
    assert (told["pixels_sha256"], told["consent_epoch"]) == (release.pixels_sha256, release.consent_epoch)
    page = asked(signed_in(world.app, "vera"))
    for shown in ("ABCD-1234", release.deid_policy, release.deid_sha256, release.pixels_sha256, "consent epoch 0"):
        assert shown in page


def test_a_later_approval_is_not_what_an_earlier_read_rests_on(world: World) -> None:
    two_read(world)
    with database.transaction() as db:
        record(
            db, action="application.approved-with-conditions", actor=SYSTEM, now=now(),
            project=world.release.project_id, subject="9999zzzz00000000",
        )  # fmt: skip
    assert {each["approval"]["application"] for each in by_program(world)["reads"]} == {"ABCD-1234"}


def test_what_left_is_added_up(world: World) -> None:
    first, second = two_read(world)
    world.get(at(first, "/frames/1,2"))
    told = by_program(world)["totals"]
    assert told == {
        "reads": 3, "people": 1, "instances": 2, "unknown_extent": 1, "frames": 0,
        "bytes_sent": first.size + second.size,
    }  # fmt: skip
    assert by_program(world, extent="unknown")["totals"]["reads"] == 1
    with database.reading() as db:
        assert totals(db, Search(person="nobody")).reads == 0


def test_the_answer_is_taken_away_with_what_each_read_rests_on(world: World) -> None:
    first, _ = two_read(world)
    auditor = signed_in(world.app, "vera")
    number = study_of(first).patient_id
    answer = send(auditor, "/audit/reads", "/audit/answer.csv", patient=number)
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["instance"], row["application"], row["bytes_sent"]) == (first.uid, "ABCD-1234", str(first.size))
    assert row["recipe_sha256"] == world.release.deid_sha256
    told = send(auditor, "/audit/reads", "/audit/answer.json", patient=number).json
    assert told["totals"]["bytes_sent"] == first.size
    assert [each["instance"] for each in told["reads"]] == [first.uid]
    assert told["search"] == {"patient": "given"}
    assert number not in answer.text


def test_a_bundle_of_a_question_brings_the_answer_and_no_patients_number(world: World, tmp_path: Path) -> None:
    first, second = two_read(world)
    auditor, number = signed_in(world.app, "vera"), study_of(first).patient_id
    answer = send(auditor, "/audit/reads", "/audit/export.bundle", patient=number)
    (tmp_path / "audit.zip").write_bytes(answer.data)
    found = check(tmp_path / "audit.zip")
    assert found.sound, found.faults
    bundle = ZipFile(tmp_path / "audit.zip")
    told = json.loads(bundle.read("answer.json"))
    assert [(each["instance"], each["extent"]) for each in told["reads"]] == [(first.uid, "whole instance")]
    assert first.uid in bundle.read("answer.csv").decode()
    assert {"answer.csv", "answer.json"} <= set(json.loads(bundle.read("bundle.json"))["forms"])
    everything = auditor.get("/audit/export.bundle?action=audit").data
    for name in (whole := ZipFile(io.BytesIO(everything))).namelist():
        assert number.encode() not in whole.read(name)
    lines = send(auditor, "/audit/reads", "/audit/export.ndjson").text
    assert "Vera" in lines
    assert number not in lines
    assert second.uid not in bundle.read("events.ndjson").decode()


def test_only_an_auditor_gets_an_answer(world: World) -> None:
    an_account("sam", "data-steward")
    other = signed_in(world.app, "sam")
    for path in ("/audit/reads", "/audit/answer.csv", "/audit/export.csv"):
        assert send(other, "/usage", path, patient="1").status_code == 403
    answer = world.browser.post("/api/v1/audit/reads", json={}, headers=bearer(world.token))
    assert answer.status_code == 403
