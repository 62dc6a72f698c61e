"""A file of a submitted application is destroyed: its bytes are nowhere, the fact stays, another may be given."""

import sqlite3
from pathlib import Path

import pytest

import gateway.visas.models  # noqa: F401  # a page for those who judge shows what visas say
from gateway.db import engine, reading, transaction
from gateway.errors import Invalid
from gateway.governance import applying, attaching, deciding, guards, redacting, reviewing
from gateway.governance.history import history
from gateway.governance.models import Application, Attachment
from gateway.trail.models import Event
from tests.governance.cast import (
    MORNING,
    a_draft,
    all_declare,
    approve_review,
    the_cast,
    the_form,
    the_workflow,
    together,
)
from tests.governance.walk import ApiClient, Walk, an_app
from tests.projects.keyrings import a_keyed_gateway

pytestmark = pytest.mark.usefixtures("gateway_folder")
gateway_folder = pytest.fixture(a_keyed_gateway)
app = pytest.fixture(an_app)
LETTER = b"%PDF-1.4\n" + b"Dear Mrs Miller, born 1 2 1950\n" * 2000 + b"%%EOF\n"
WHY = "It names a patient"


@pytest.fixture
def cast(gateway_folder):
    with transaction() as db:
        return the_cast(db)


@pytest.fixture
def filed(cast):
    """Submitted, with a letter; its id and that of the file."""
    with transaction() as db:
        people = together(db, cast)
        application = a_draft(db, people, ethics="yes", ethics_reference="22/1")
        told = {"question": "ethics_letter", "name": "Miller.pdf", "content": LETTER, "now": MORNING}
        file = attaching.attach(db, by=people.applicant, application=application, **told).id
        applying.submit(db, by=people.applicant, application=application, workflow=the_workflow(), now=MORNING)
        all_declare(db, application)
        return application.id, file


def redact(db, who, application, file, reason=WHY):
    redacting.redact(db, by=db.merge(who), application=application, attachment_id=file, reason=reason, now=MORNING)


def on_disk():
    """Every byte that the database has written and not taken away again."""
    place = Path(engine().url.database)
    return b"".join(each.read_bytes() for each in place.parent.glob(place.name + "*"))


def test_the_bytes_are_nowhere_not_even_sealed(cast, filed):
    with reading() as db:
        sealed = db.get_one(Attachment, filed[1]).sealed
    sqlite3.connect(engine().url.database).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pieces = [sealed[at : at + 16] for at in range(0, len(sealed) - 16, 500)]
    there = on_disk()
    assert sum(each in there for each in pieces) > len(pieces) * 0.9, "but where one runs over the end of a page"
    with transaction() as db:
        redact(db, cast.steward, db.get_one(Application, filed[0]), filed[1])
    left = on_disk()
    assert sum(each in left for each in pieces) == 0


def test_its_name_goes_and_the_fact_stays_for_everybody_to_read(cast, filed):
    with transaction() as db:
        application = db.get_one(Application, filed[0])
        redact(db, cast.steward, application, filed[1])
        assert application.file_names == {filed[1]: attaching.REMOVED}
        for who in (cast.applicant, cast.steward, cast.reviewers[0]):
            assert [(each.what, each.text) for each in history(db, application, who)] == [("file-removed", WHY)]
        told = db.query(Event).filter_by(action="attachment.redacted").one()
        assert "Miller" not in told.body
        assert WHY not in told.body, "personal, and so only committed to"
        with pytest.raises(attaching.RemovedFile):
            attaching.content_of(db, application.attachments[0])


def test_only_a_steward_outside_the_project_may_and_only_after_submission(cast, filed):
    with transaction() as db:
        people = together(db, cast)
        application = db.get_one(Application, filed[0])
        for who, refusal in (
            (people.applicant, guards.OwnApplication),
            (people.colleague, guards.OwnApplication),
            (people.chair, guards.RoleNeeded),
        ):
            with pytest.raises(refusal):
                redact(db, who, application, filed[1])
        with pytest.raises(Invalid):
            redact(db, people.steward, application, filed[1], " ")
        with pytest.raises(attaching.NoSuchFile):
            redact(db, people.steward, application, "x" * 16)
        with pytest.raises(guards.WrongState):
            redact(db, people.steward, a_draft(db, people), filed[1])
        redact(db, people.steward, application, filed[1])
        with pytest.raises(redacting.AlreadyRemoved):
            redact(db, people.steward, application, filed[1])


def returned(db, cast, application):
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=application, reviewers=asked, now=MORNING)
    for each in cast.reviewers[:2]:
        approve_review(db, each, application)
    deciding.send_back(db, by=cast.chair, application=application, reasons="Another letter", now=MORNING)


def test_another_file_is_given_when_it_is_sent_back(cast, filed):
    with transaction() as db:
        people = together(db, cast)
        application = db.get_one(Application, filed[0])
        redact(db, people.steward, application, filed[1])
        returned(db, people, application)
        draft = applying.revise(db, by=people.applicant, application=application, form=the_form(), now=MORNING)
        assert draft.attachments == []
        assert "ethics_letter" not in draft.answers
        told = {"question": "ethics_letter", "name": "Blank.pdf", "content": b"%PDF-1.4\n%%EOF\n", "now": MORNING}
        attaching.attach(db, by=people.applicant, application=draft, **told)
        applying.submit(db, by=people.applicant, application=draft, workflow=the_workflow(), now=MORNING)


def test_the_copies_in_other_rounds_go_too(cast, filed):
    with transaction() as db:
        people = together(db, cast)
        application = db.get_one(Application, filed[0])
        returned(db, people, application)
        draft = applying.revise(db, by=people.applicant, application=application, form=the_form(), now=MORNING)
        [copy] = draft.attachments
        redact(db, people.steward, application, filed[1])
        assert copy.redacted_at is not None
        assert "ethics_letter" not in draft.answers
        applying.submit(db, by=people.applicant, application=draft, workflow=the_workflow(), now=MORNING)


def test_a_steward_removes_it_on_the_page_and_the_download_says_that_it_is_gone(app, cast, filed):
    walk = Walk(app)
    walk.sign_in(cast.steward)
    walk.open(f"/reviews/{filed[0]}")
    page = walk.press("Remove Miller.pdf", reason=WHY)
    assert "The file is gone for good." in page.text
    assert "Miller" not in page.text
    walk.sign_in(cast.applicant)
    assert WHY in walk.open(f"/applications/{filed[0]}").text
    assert walk.open(f"/applications/{filed[0]}/files/{filed[1]}").status == 404
    answer = ApiClient(app, cast.applicant).get(f"/api/v1/applications/{filed[0]}/files/{filed[1]}")
    assert (answer.status_code, answer.json["code"]) == (404, "file-removed")
