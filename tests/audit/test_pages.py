"""The auditor's pages and API over HTTP: who may look, what they see, and that looking is on the record."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from gateway import clock, settings
from gateway.audit import queries, standalone
from gateway.audit.offline.check import check
from gateway.audit.search import Search
from gateway.audit.verify import verify
from gateway.db import reading, transaction
from gateway.people import tokens
from gateway.people.models import Account, AccountRole
from gateway.trail import sequencer
from gateway.trail.models import Event
from tests.audit.conftest import OTHER, SLIDE

LOOKS = (
    "/audit",
    "/audit/events/1",
    "/audit/reads",
    "/audit/export.csv",
    "/audit/export.ndjson",
    "/audit/export.bundle",
)
API_LOOKS = ("events", "events/1", "reads", "chain", "export.csv", "export.ndjson", "export.bundle")


@pytest.fixture
def visitor(story: Path) -> Iterator[FlaskClient]:
    app = create_app(settings.current())
    app.testing = True
    with app.test_client() as client:
        yield client


def bearer(account_id: str, *roles: str) -> dict[str, str]:
    moment = clock.now()
    with transaction() as db:
        account = db.get_one(Account, account_id)
        account.roles = [AccountRole(role=role) for role in roles]
        _, secret = tokens.issue(db, account=account, scope="account", expires=moment + timedelta(days=1), now=moment)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def auditor(visitor: FlaskClient) -> dict[str, str]:
    return bearer("ada", "auditor")


def recorded(action: str) -> list[Event]:
    with reading() as db:
        return list(queries.find(db, Search(action=action)).events)


def test_only_an_auditor_may_look(visitor: FlaskClient) -> None:
    others = bearer("ben", "researcher", "administrator", "data-steward")
    for path in LOOKS + tuple(f"/api/v1/audit/{each}" for each in API_LOOKS):
        assert visitor.get(path, headers=others).status_code == 403, path
        assert visitor.get(path).status_code in (302, 303, 401), path
    assert recorded("audit") == []


def test_every_look_is_on_the_record(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    sequencer.sequence(now=clock.now())  # the key that signs is announced
    for path in LOOKS + tuple(f"/api/v1/audit/{each}" for each in API_LOOKS):
        before = len(recorded("audit"))
        answer = visitor.get(path, headers=auditor)
        assert answer.status_code == 200, (path, answer.text)
        (event,) = recorded("audit")[: len(recorded("audit")) - before]
        assert event.actor_id == "ada"


def test_a_person_searched_for_is_only_committed_to(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    assert visitor.get("/audit?person=Lovelace", headers=auditor).status_code == 200
    (event,) = recorded("audit.searched")
    assert "Lovelace" not in event.body
    assert event.detail["search"] == {"person": "given"}


def test_the_page_shows_the_chain_and_the_events_found(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    page = visitor.get("/audit?project=p2", headers=auditor).text
    assert "The chain is whole" in page
    assert "grant.revoked" in page
    assert "Grading by machine" in page
    assert SLIDE not in page
    assert OTHER in page
    assert "=Ben" in page


def test_the_page_says_loudly_that_the_log_was_bent(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    from tests.audit.test_reading import bent

    bent("UPDATE trail_event SET body = replace(body, 'g1', 'g7') WHERE seq = 1")
    page = visitor.get("/audit", headers=auditor).text
    assert "The chain is broken" in page
    assert "event 1 is not what was recorded" in page


def test_who_saw_a_slide_and_how_much(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    page = visitor.get(f"/audit/reads?instance={OTHER}", headers=auditor).text
    assert "unknown extent: counted whole" in page
    assert SLIDE not in page
    told = visitor.get("/api/v1/audit/reads?person=ada", headers=auditor).json
    assert told is not None
    assert [(read["instance"], read["extent"]) for read in told["reads"]] == [
        (SLIDE, "4 frames"),
        (SLIDE, "whole instance"),
    ]


def test_an_event_is_shown_with_its_neighbours(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    page = visitor.get("/audit/events/9", headers=auditor).text
    for shown in ("/audit/events/8", "/audit/events/10", OTHER, "=Ben"):
        assert shown in page
    assert visitor.get("/audit/events/999999", headers=auditor).status_code == 404


def test_an_export_with_proofs_verifies_and_is_on_the_record_under_its_own_checkpoint(
    visitor: FlaskClient, auditor: dict[str, str], tmp_path: Path
) -> None:
    answer = visitor.get("/audit/export.bundle", headers=auditor)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    (tmp_path / "audit.zip").write_bytes(answer.data)
    found = check(tmp_path / "audit.zip")
    assert found.sound, found.faults
    (last,) = recorded("audit.exported")
    assert (last.detail["format"], found.size >= last.seq) == ("bundle", True)
    assert not list(settings.current().data_dir.glob("tmp*"))


@pytest.mark.parametrize(
    ("asked", "forms"),
    [("", {"csv", "fhir", "atna", "html"}), ("&forms=csv,html", {"csv", "html"}), ("&forms=none", set())],
)
@pytest.mark.parametrize("path", ["/audit/export.bundle", "/api/v1/audit/export.bundle"])
def test_a_bundle_brings_the_forms_that_are_asked_for(
    visitor: FlaskClient, auditor: dict[str, str], tmp_path: Path, path: str, asked: str, forms: set[str]
) -> None:
    answer = visitor.get(f"{path}?project=p2{asked}", headers=auditor)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    (tmp_path / "audit.zip").write_bytes(answer.data)
    assert check(tmp_path / "audit.zip").sound
    with zipfile.ZipFile(tmp_path / "audit.zip") as archive:
        names = set(archive.namelist())
    assert {name for name in names if name.startswith("audit.")} == {f"audit.{form}" for form in forms}
    assert visitor.get(f"{path}?forms=pdf", headers=auditor).status_code == 400


def test_the_verifier_is_handed_out(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    page = visitor.get("/audit", headers=auditor).text
    assert "/audit/slidegate-verify.pyz" in page
    answer = visitor.get("/audit/slidegate-verify.pyz", headers=auditor)
    assert (answer.status_code, answer.data) == (200, standalone.verifier())
    assert visitor.get("/audit/slidegate-verify.pyz").status_code == 303  # to sign in


def test_the_api_tells_of_the_bundle(visitor: FlaskClient) -> None:
    told = visitor.get("/api/openapi.json").json
    assert told is not None
    route = told["paths"]["/api/v1/audit/export.bundle"]["get"]
    assert "application/zip" in route["responses"]["200"]["content"]
    assert {"project", "since", "forms"} <= {each["name"] for each in route["parameters"] if "name" in each}


def test_an_export_over_http_verifies(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    answer = visitor.get("/audit/export.ndjson?project=p2", headers=auditor)
    assert answer.mimetype == "application/x-ndjson"
    assert "attachment" in answer.headers["Content-Disposition"]
    verdict = verify(answer.text.splitlines())
    assert (verdict.faults, verdict.shown) == ([], 4)
    with reading() as db:
        last = db.scalars(select(Event).order_by(Event.seq.desc()).limit(1)).one()
        assert (last.action, last.hash) == ("audit.exported", verdict.head.hash)


def test_the_api_gives_bodies_that_can_be_checked(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    told = visitor.get("/api/v1/audit/events?action=grant.issued", headers=auditor).json
    assert told is not None
    assert [event["seq"] for event in told["events"]] == [2, 1]
    with reading() as db:
        assert told["events"][0]["body"] == json.loads(db.get_one(Event, 2).body)


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-45", "since=2026-01-01T10:00:00", "before=x"])
def test_a_search_that_cannot_be_understood_is_said_so(
    visitor: FlaskClient, auditor: dict[str, str], query: str
) -> None:
    answer = visitor.get(f"/audit?{query}", headers=auditor)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert visitor.get(f"/api/v1/audit/events?{query}", headers=auditor).status_code == 422
    assert recorded("audit") == []


def test_a_last_day_is_searched_to_its_end(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    told = visitor.get("/api/v1/audit/events?since=2026-02-02&until=2026-02-02", headers=auditor).json
    assert told is not None
    assert [event["seq"] for event in told["events"]] == [11, 10, 9]


def test_what_is_typed_is_never_markup(visitor: FlaskClient, auditor: dict[str, str]) -> None:
    page = visitor.get("/audit?person=%3Cscript%3Ealert(1)%3C/script%3E&project=%22%3E%3Cb%3E", headers=auditor).text
    assert "<script>alert" not in page
    assert '"><b>' not in page
