"""While somebody writes and afterwards: autosave, how a lay summary reads, what changed, the page to print."""

import pytest

from gateway.db import transaction
from gateway.governance import applying, deciding
from gateway.governance.differences import differences
from gateway.governance.models import Application
from gateway.governance.readability import readability
from tests.governance.cast import MORNING, a_draft, a_submitted, database, one_to_decide, the_cast, the_form
from tests.governance.walk import Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
PLAIN = "We look at slides. They show cells. We count the cells that grow. A fast count helps a doctor choose. " * 2
HARD = (
    "Convolutional architectures quantifying mitotic proliferation throughout heterogeneous neoplastic populations "
    "necessitate comprehensive histopathological annotation encompassing multidisciplinary pathological expertise "
    "alongside computational infrastructure"
)


def test_a_hard_text_scores_higher_than_a_plain_one():
    assert readability(PLAIN).lix < 40 < 50 < readability(HARD).lix
    assert readability("Too short.") is None
    # Björnsson's measure: 20 words in 2 sentences, 5 of them longer than six letters: 10 + 25.
    text = "aa " * 7 + "aaaaaaa aaaaaaa aaaaaaa. " + "aa " * 8 + "aaaaaaa aaaaaaa."
    assert readability(text).lix == 35


def test_what_is_typed_is_saved_as_far_as_it_is_right(app):
    with transaction() as db:
        cast = the_cast(db)
        draft = a_draft(db, cast).id
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    page = walk.open(f"/applications/{draft}/edit/project")
    assert f'data-autosave="/applications/{draft}/autosave/project"' in page.text
    version = page.boxes("version")[0].value
    sent = {"title": "Counting", "lay_summary": PLAIN, "commercial": "perhaps", "version": version}
    told = walk.post(f"/applications/{draft}/autosave/project", **sent)
    assert told.status == 200
    assert "Easy to read" in told.text
    with transaction() as db:
        kept = db.get(Application, draft)
        assert (kept.answers["title"], kept.answers["commercial"]) == ("Counting", "no")
        assert kept.version == int(version) + 1
    walk.open(f"/applications/{draft}/edit/project")
    assert walk.post(f"/applications/{draft}/autosave/project", **sent).status == 409  # seen before the last change


def test_somebody_elses_draft_and_a_submitted_one_are_not_autosaved(app):
    with transaction() as db:
        cast = the_cast(db)
        draft, done = a_draft(db, cast).id, a_submitted(db, cast).id
    walk = Walk(app)
    walk.sign_in(cast.colleague)
    walk.open("/applications/new")
    assert walk.post(f"/applications/{draft}/autosave/project", title="Mine").status == 404
    walk.sign_in(cast.applicant)
    walk.open("/applications/new")
    assert walk.post(f"/applications/{done}/autosave/project", title="New").status == 409


def test_the_differences_say_word_by_word_what_changed():
    with transaction() as db:
        cast = the_cast(db)
        before = one_to_decide(db, cast)
        deciding.send_back(db, by=cast.chair, application=before, reasons="Less", now=MORNING)
        after = applying.revise(db, by=cast.applicant, application=before, form=the_form(), now=MORNING)
        answers = {"need": "Slides of adults alone", "linkage": "yes", "linkage_detail": "Registry"}
        applying.save(db, by=cast.applicant, application=after, answers=answers, now=MORNING)
        found = {each.question: each.pieces for each in differences(before, after, {"breast": "Breast"})}
    assert len(found) == 3
    need = next(pieces for question, pieces in found.items() if question.startswith("Why do you need"))
    assert need == (("same", "Slides "), ("added", "of adults "), ("same", "alone"))
    linkage = next(pieces for question, pieces in found.items() if question.startswith("Will you link"))
    assert linkage == (("removed", "No"), ("added", "Yes"))


def test_the_pages_show_differences_and_print_to_those_who_may_read(app):
    with transaction() as db:
        cast = the_cast(db)
        before = one_to_decide(db, cast)
        deciding.send_back(db, by=cast.chair, application=before, reasons="Less", now=MORNING)
        after = applying.revise(db, by=cast.applicant, application=before, form=the_form(), now=MORNING)
        applying.save(db, by=cast.applicant, application=after, answers={"need": "<b>Few</b>"}, now=MORNING)
        ids = before.id, after.id
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    assert "What changed since" in walk.open(f"/applications/{ids[1]}").text
    page = walk.open(f"/applications/{ids[1]}/differences")
    assert "<ins>&lt;b&gt;Few&lt;/b&gt;</ins>" in page.text
    assert walk.open(f"/applications/{ids[0]}/differences").status == 404
    assert "Decision of" in walk.open(f"/applications/{ids[0]}/print").text
    walk.sign_in(cast.steward)
    for path in ("differences", "print"):
        assert walk.open(f"/applications/{ids[1]}/{path}").status == 404  # still a draft
