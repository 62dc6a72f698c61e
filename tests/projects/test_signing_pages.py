"""Signing and showing certificates at the pages and through the API."""

from datetime import timedelta

import pytest

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import deciding
from gateway.people.models import Account
from gateway.people.passwords import hash_password
from gateway.projects import grants, readiness
from gateway.projects.models import Certificate, Grant, Signature
from tests.governance.cast import DAY, database, one_to_decide, the_cast
from tests.governance.walk import ApiClient, Walk, an_app
from tests.people.visitors import PASSWORD

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)


@pytest.fixture
def grant(fresh_database):
    """Ada's, approved yesterday; she knows her password."""
    with transaction() as db:
        cast = the_cast(db)
        cast.applicant.password_hash = hash_password(PASSWORD)
        application = one_to_decide(db, cast)
        return deciding.approve(db, by=cast.chair, application=application, ends=now() + 90 * DAY, now=now() - DAY)


def account(name):
    with reading() as db:
        return db.query(Account).filter_by(name=name).one()


def admitted(name, grant):
    with reading() as db:
        try:
            return grants.admit(db, account_id=account(name).id, grant_id=grant.id, now=now())
        except (readiness.NotSigned, readiness.Untrained) as refusal:
            return type(refusal)


def last_days():
    return {"taken_on": (now() - DAY).date(), "ends_on": (now() + 300 * DAY).date()}


def test_a_member_signs_and_shows_training_and_a_steward_accepts_it_at_the_pages(app, grant):
    walk = Walk(app)
    walk.sign_in(account("Ada"))
    assert "Before you see data" in walk.open(f"/projects/{grant.project_id}").text
    assert "Agreement not signed" in walk.page.text
    walk.press_link("Read and sign: Agreement on the use of the data, version 1")
    assert walk.press("I have read the agreement, and sign it", name="Ada", password="wrong").status == 422
    assert walk.press("I have read the agreement, and sign it", name="Eve", password=PASSWORD).status == 422
    assert "You have signed" in walk.press("I have read the agreement, and sign it", name="ada", password=PASSWORD).text
    assert admitted("Ada", grant) is readiness.Untrained
    assert "/training" in walk.page.text
    walk.open("/training")
    days = {f"{name}-{part}": str(getattr(day, part)) for name, day in last_days().items()
            for part in ("day", "month", "year")}  # fmt: skip
    assert "Enter the day of the course" in walk.press("Show the certificate", provider="University").text
    shown = walk.press("Show the certificate", kind="research-data", provider="University", **days)
    assert "Waits to be checked" in shown.text
    walk.sign_in(account("Priya"))
    assert "Training to check" in walk.open("/").text
    assert "Ada: Research data" in walk.open("/training/waiting").text
    assert "The holder is told" in walk.press("Accept").text
    assert admitted("Ada", grant)
    walk.sign_in(account("Ada"))
    assert "trained until" in walk.open(f"/projects/{grant.project_id}").text
    assert "Before you see data" not in walk.page.text
    assert "You signed this" in walk.open(f"/projects/{grant.project_id}/agreement").text


def test_a_certificate_is_refused_or_withdrawn_with_the_reason_that_its_holder_reads(app, grant):
    ada, priya = ApiClient(app, account("Ada")), Walk(app)
    days = {name: day.isoformat() for name, day in last_days().items()}
    for number in ("1", "2"):
        told = {"kind": "research-data", "provider": "University", "number": number, **days}
        assert ada.post("/api/v1/training", json=told).status_code == 201
    priya.sign_in(account("Priya"))
    priya.open("/training/waiting")
    assert "Say why" in priya.press("Refuse").text
    priya.press("Refuse", remark="Not known there")
    priya.press("Accept")
    priya.press("Withdraw it", remark="It was another Ada")
    told = ada.get("/api/v1/training").json
    assert {(each["state"], each["remark"]) for each in told} == {
        ("refused", "Not known there"),
        ("withdrawn", "It was another Ada"),
    }


def test_the_same_through_the_api(app, grant):
    ada, priya = ApiClient(app, account("Ada")), ApiClient(app, account("Priya"))
    root = f"/api/v1/projects/{grant.project_id}"
    (agreement,) = ada.get(f"{root}/agreements").json
    assert agreement["signed"] == []
    assert agreement["clauses"][0]["title"] == "What you may do"
    signature = {"sha256": agreement["sha256"], "name": "Ada", "password": PASSWORD}
    assert priya.post(f"{root}/signatures", json=signature).status_code == 403
    refused = ada.post(f"{root}/signatures", json={**signature, "password": "x"})
    assert (refused.status_code, refused.json["code"]) == (400, "wrong-password")
    told = ada.post(f"{root}/signatures", json=signature).json
    assert [each["account_id"] for each in told[0]["signed"]] == [account("Ada").id]
    days = {name: day.isoformat() for name, day in last_days().items()}
    shown = ada.post("/api/v1/training", json={"kind": "research-data", "provider": "University", **days}).json
    assert shown["state"] == "waiting"
    assert [each["id"] for each in priya.get("/api/v1/training/waiting").json] == [shown["id"]]
    where = f"/api/v1/training/{shown['id']}/check"
    assert priya.post(where, json={"verdict": "refuse"}).status_code == 422
    assert ada.post(where, json={"verdict": "accept"}).status_code == 403
    assert priya.post(where, json={"verdict": "accept"}).json["state"] == "accepted"
    assert priya.post(where, json={"verdict": "accept"}).json["code"] == "certificate-state"
    assert admitted("Ada", grant)


def test_nothing_is_signed_by_somebody_else_at_an_open_screen(app, grant):
    ada = ApiClient(app, account("Ada"))
    with reading() as db:
        sha256 = db.get(Grant, grant.id).agreement_sha256
    for _ in range(3):
        ada.post(
            f"/api/v1/projects/{grant.project_id}/signatures",
            json={"sha256": sha256, "name": "Ada", "password": "guess"},
        )
    with reading() as db:
        assert db.query(Signature).count() == 0
        assert db.query(Certificate).count() == 0
        assert db.query(Account).filter_by(name="Ada").one().failures == 3
    assert now() - timedelta(days=2) < grant.issued_at
