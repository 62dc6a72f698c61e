"""Files of an application: what they are is looked at, they lie encrypted, and only readers of it get them back."""

import io
import os
import zipfile
from dataclasses import replace

import pytest

from gateway import settings
from gateway.db import transaction
from gateway.errors import NotFound
from gateway.governance import applying, attaching, deciding, guards
from gateway.governance.attaching import BadFile, DamagedFile, content_of
from gateway.governance.file_types import file_type
from gateway.governance.models import Application, Attachment
from tests.governance.cast import (
    MORNING,
    a_draft,
    all_declare,
    an_account,
    approve_review,
    database,
    reviewing,
    the_cast,
    the_form,
    the_workflow,
)
from tests.governance.walk import Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database", "own_folder")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
PDF = b"%PDF-1.7\nThe committee approves of Mrs Brown's study.\n%%EOF"
ALL = ("pdf", "png", "jpg", "docx", "txt")


@pytest.fixture
def own_folder(tmp_path):
    before = settings.current()
    settings.use(replace(before, data_dir=tmp_path))
    yield
    settings.use(before)


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def cast(db):
    return the_cast(db)


def a_letter_draft(db, cast):
    return a_draft(db, cast, ethics="yes", ethics_reference="22/1")


def attach(db, cast, application, content=PDF, name="letter.pdf", by=None):
    return attaching.attach(
        db, by=by or cast.applicant, application=application, question="ethics_letter", name=name, content=content,
        now=MORNING,
    )  # fmt: skip


def a_docx(*more):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("[Content_Types].xml", "word/document.xml", *more):
            archive.writestr(name, "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "pdf"), (b"\x89PNG\r\n\x1a\n...", "png"), (b"\xff\xd8\xff\xe0", "jpg"), (a_docx(), "docx"),
        ("Grüße\n".encode(), "txt"), (a_docx("word/vbaProject.bin"), None), (b"MZ\x90\x00", None),
        (b"PK\x03\x04nonsense", None), (b"<html>\x00", None),
    ],
)  # fmt: skip
def test_a_file_is_what_its_content_says(content, kind):
    assert file_type(content, ALL) == kind
    assert file_type(content, ()) is None


def test_a_file_comes_back_as_it_was_and_lies_encrypted(db, cast):
    attachment = attach(db, cast, a_letter_draft(db, cast))
    assert content_of(db, attachment) == PDF
    assert b"Brown" not in attachment.sealed
    assert attachment.name == "letter.pdf"


def test_two_files_of_one_content_are_sealed_differently(db, cast):
    application = a_letter_draft(db, cast)
    first, second = attach(db, cast, application), attach(db, cast, application)
    assert first.sealed != second.sealed
    assert application.answers["ethics_letter"] == [first.id, second.id]


def test_a_changed_or_exchanged_content_is_not_given_out(db, cast):
    application = a_letter_draft(db, cast)
    first, second = attach(db, cast, application), attach(db, cast, application, b"%PDF-other")
    first.sealed, second.sealed = second.sealed, bytes([*second.sealed[:-1], second.sealed[-1] ^ 1])
    for each in (first, second):
        with pytest.raises(DamagedFile):
            content_of(db, each)


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00\x03", b"%PDF-" + bytes(10 * 1024 * 1024), b"plain words"])
def test_empty_large_and_other_files_are_refused(db, cast, content):
    application = a_letter_draft(db, cast)
    with pytest.raises(BadFile):
        attach(db, cast, application, content)
    assert not application.attachments


@pytest.mark.parametrize(
    ("name", "kept"), [("../../etc/passwd", "passwd.pdf"), ("a<b>\r\n.exe", "a_b_.pdf"), ("C:\\x\\é.pdf", "é.pdf")]
)
def test_a_name_is_only_a_name(db, cast, name, kept):
    assert attach(db, cast, a_letter_draft(db, cast), name=name).name == kept


def test_a_question_that_takes_no_files_gets_none(db, cast):
    application = a_letter_draft(db, cast)
    with pytest.raises(BadFile):
        attaching.attach(
            db, by=cast.applicant, application=application, question="need", name="x", content=PDF, now=MORNING
        )


def test_only_the_applicant_adds_and_removes_and_only_in_a_draft(db, cast):
    application = a_letter_draft(db, cast)
    with pytest.raises(guards.NotYours):
        attach(db, cast, application, by=cast.colleague)
    attachment = attach(db, cast, application)
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    with pytest.raises(guards.WrongState):
        attach(db, cast, application)
    with pytest.raises(guards.WrongState):
        attaching.detach(db, by=cast.applicant, application=application, attachment_id=attachment.id, now=MORNING)


def test_saving_answers_changes_no_file(db, cast):
    application = a_letter_draft(db, cast)
    attachment = attach(db, cast, application)
    for files in (None, [], ["x" * 16]):
        applying.save(db, by=cast.applicant, application=application, answers={"ethics_letter": files}, now=MORNING)
        assert application.answers["ethics_letter"] == [attachment.id]


def test_what_the_scanner_refuses_or_cannot_judge_is_not_taken(db, cast, tmp_path):
    scanner = tmp_path / "scanner"
    scanner.write_text("#!/bin/sh\n! grep -q EICAR\n", "utf-8")
    scanner.chmod(0o700)
    application = a_letter_draft(db, cast)
    for command, content, taken in (
        (str(scanner), PDF, True), (str(scanner), PDF + b"EICAR", False), (str(tmp_path / "gone"), PDF, False),
    ):  # fmt: skip
        settings.use(replace(settings.current(), attachment_scan=command))
        if taken:
            attach(db, cast, application, content)
            continue
        with pytest.raises(BadFile):
            attach(db, cast, application, content)
    assert len(application.attachments) == 1
    assert os.access(scanner, os.X_OK)


def test_a_revision_has_its_own_copy(db, cast):
    application = a_letter_draft(db, cast)
    attachment = attach(db, cast, application)
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    all_declare(db, application)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=application, reviewers=asked, now=MORNING)
    for reviewer in cast.reviewers[:2]:
        approve_review(db, reviewer, application)
    deciding.send_back(db, by=cast.chair, application=application, reasons="Newer letter", now=MORNING)
    draft = applying.revise(db, by=cast.applicant, application=application, form=the_form(), now=MORNING)
    (copy,) = draft.attachments
    assert copy.id != attachment.id
    assert draft.answers["ethics_letter"] == [copy.id]
    attaching.detach(db, by=cast.applicant, application=draft, attachment_id=copy.id, now=MORNING)
    assert content_of(db, attachment) == PDF
    assert "ethics_letter" not in draft.answers


def test_on_the_pages_a_file_is_added_read_by_readers_only_and_removed(app):
    with transaction() as db:
        cast = the_cast(db)
        draft = a_letter_draft(db, cast).id
        eve = an_account(db, "Eve")
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    walk.open(f"/applications/{draft}/edit/project")
    wrong = walk.press("Save draft", ethics_letter=[(io.BytesIO(b"MZ\x90"), "letter.pdf")])
    assert "one of these types" in wrong.text
    walk.open(f"/applications/{draft}/edit/project")
    walk.press("Save draft", ethics_letter=[(io.BytesIO(PDF), "letter.pdf")])
    with transaction() as db:
        attachment = db.query(Attachment).one().id
        assert db.get(Application, draft).answers["ethics_letter"] == [attachment]
    assert "letter.pdf" in walk.open(f"/applications/{draft}/check").text
    url = f"/applications/{draft}/files/{attachment}"
    answer = walk.client.get(url)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for stranger in (eve, cast.steward):  # a draft is nobody else's
        walk.sign_in(stranger)
        assert walk.open(url).status == NotFound.status
    walk.sign_in(cast.applicant)
    page = walk.open(f"/applications/{draft}/edit/project")
    assert "Remove letter.pdf" in page.text
    walk.press("Save draft", **{"ethics_letter-remove": attachment, "ethics_letter": []})
    with transaction() as db:
        assert db.query(Attachment).count() == 0
