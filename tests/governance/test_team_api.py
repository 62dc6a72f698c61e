"""Co-applicants, files, notices and sites through the API."""

from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select

from gateway import settings
from gateway.catalogue.models import Site
from gateway.db import Base, transaction
from tests.governance.cast import a_draft, an_account, database, the_cast
from tests.governance.walk import ApiClient, an_app
from tests.notices.postbox import a_postbox

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def draft(fresh_database):
    with transaction() as db:
        cast = the_cast(db)
        return cast, f"/api/v1/applications/{a_draft(db, cast).id}"


def test_an_invitation_is_made_accepted_once_and_told_to_nobody_else(app, draft):
    cast, root = draft
    with transaction() as db:
        nia, eve = an_account(db, "Nia"), an_account(db, "Eve")
    ada, nia, eve = (ApiClient(app, each) for each in (cast.applicant, nia, eve))
    made = ada.post(f"{root}/invitations", json={"email": "nia@elsewhere.example"})
    assert made.status_code == 201
    assert made.json["link"].endswith(f"/invitations/{made.json['secret']}")
    assert "secret" not in ada.get(f"{root}/invitations").json[0]
    assert eve.get(f"{root}/invitations").status_code == 404
    accept = "/api/v1/applications/invitations/accept"
    assert nia.post(accept, json={"secret": made.json["secret"]}).json["id"] in root
    assert eve.post(accept, json={"secret": made.json["secret"]}).json["code"] == "invitation-not-found"
    assert ada.get(f"{root}/invitations").json[0]["accepted_at"]
    assert nia.get(root).status_code == 200
    taken = ada.client.delete(f"{root}/invitations/{made.json['id']}", headers=ada.headers)
    assert taken.status_code == 204
    assert nia.get(root).status_code == 404


def test_a_file_is_added_given_back_and_removed(app, draft):
    cast, root = draft
    ada = ApiClient(app, cast.applicant)
    sent = {"question": "ethics_letter", "file": (BytesIO(PDF), "letter.pdf")}
    kept = ada.post(f"{root}/files", data=sent)
    assert (kept.status_code, kept.json["media_type"]) == (201, "application/pdf")
    wrong = {"question": "ethics_letter", "file": (BytesIO(b"MZ"), "letter.pdf")}
    assert ada.post(f"{root}/files", data=wrong).json["code"] == "bad-file"
    where = f"{root}/files/{kept.json['id']}"
    assert ada.get(where).data == PDF
    assert ada.get(where).headers["Content-Disposition"].startswith("attachment")
    assert ada.client.delete(where, headers=ada.headers).status_code == 204
    assert ada.get(where).status_code == 404


def test_notices_are_read_and_marked(app, draft):
    cast, root = draft
    ada, priya = ApiClient(app, cast.applicant), ApiClient(app, cast.steward)
    ada.post(f"{root}/submit", json={})
    (notice,) = priya.get("/api/v1/notices").json
    assert notice["read_at"] is None
    assert ada.post(f"/api/v1/notices/{notice['id']}/read").status_code == 404
    assert priya.post(f"/api/v1/notices/{notice['id']}/read").json["read_at"]
    assert priya.post("/api/v1/notices/read").status_code == 204
    assert priya.get("/api/v1/notices?page=0").status_code == 422


def test_a_custodian_is_appointed_and_dismissed(app, draft):
    cast, _ = draft
    priya = ApiClient(app, cast.steward)
    with transaction() as db:
        site, kay = db.query(Site).one(), an_account(db, "Kay", "site-custodian")
    where = f"/api/v1/sites/{site.id}/custodians"
    assert priya.post(where, json={"account": cast.applicant.id}).json["code"] == "not-a-custodian"
    assert priya.post(where, json={"account": kay.id}).json["custodians"] == [kay.id]
    assert priya.get("/api/v1/sites").json[0]["custodians"] == [kay.id]
    assert priya.client.delete(f"{where}/{kay.id}", headers=priya.headers).status_code == 204
    assert priya.client.delete(f"{where}/{kay.id}", headers=priya.headers).status_code == 404


def test_an_invitation_goes_out_by_email_and_its_link_works(app, draft):
    cast, root = draft
    with transaction() as db:
        account = an_account(db, "Nia")
    nia, ada, before = ApiClient(app, account), ApiClient(app, cast.applicant), settings.current()
    with a_postbox() as postbox:
        settings.use(replace(before, **postbox.settings))
        try:
            made = ada.post(f"{root}/invitations", json={"email": "nia@elsewhere.example"}).json
            postbox.answers["RCPT"] = "550 unknown"
            other = ada.post(f"{root}/invitations", json={"email": "gone@elsewhere.example"}).json
        finally:
            settings.use(before)
    assert (made["mailed"], other["mailed"]) == (True, False)
    ((to, letter),) = postbox.letters
    assert "nia@elsewhere.example" in to
    assert made["link"] in letter.get_content()
    assert "Ada" not in letter.as_string()
    secret = made["link"].rsplit("/", 1)[1]
    with transaction() as db:
        kept = "".join(str(db.execute(select(each)).all()) for each in Base.metadata.sorted_tables)
    assert "invitation.mailed" in kept
    assert secret not in kept
    assert nia.post("/api/v1/applications/invitations/accept", json={"secret": secret}).status_code == 200
