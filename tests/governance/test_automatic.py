"""What a workflow does by itself: reminds, closes, asks reviewers. Recorded as the system's; it never decides."""

import inspect
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import settings
from gateway.db import reading, transaction
from gateway.governance import applying, automatic, committee, deciding, guards, reviewing, workflow
from gateway.governance.models import Application, Decision, PolicyText, State
from gateway.governance.workflow import BadWorkflow, Then, When, parse_workflow
from gateway.notices.models import Notice
from gateway.projects.models import Grant
from gateway.settings import ROOT
from gateway.trail.models import Event
from tests.governance.cast import (
    DAY,
    MORNING,
    a_draft,
    a_submitted,
    an_account,
    approve_review,
    database,
    one_in_review,
    one_to_decide,
    the_cast,
    the_form,
)
from tests.governance.sequences.world import Beginning

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
STANDARD = (ROOT / "policies" / "workflows" / "standard.toml").read_text("utf-8").split("\n[[automatic]]")[0]


def rule(when, days, then):
    return f'\n[[automatic]]\nwhen = "{when}"\ndays = {days}\nthen = "{then}"\n'


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def cast(db):
    return the_cast(db)


def due(db, application, days):
    automatic.do_what_is_due(db, application=application, now=MORNING + days * DAY)


def told(db, application):
    return [each.text for each in db.query(Notice).order_by(Notice.made_at) if application.reference in each.text]


def submitted_under(db, cast, text):
    made = a_draft(db, cast)
    applying.submit(db, by=cast.applicant, application=made, workflow=parse_workflow(text), now=MORNING)
    return made


def test_a_draft_that_nobody_touches_is_closed_after_a_notice(db, cast):
    draft = a_draft(db, cast)
    due(db, draft, 160)
    assert told(db, draft) == []
    for days in (166, 170):
        due(db, draft, days)
    assert len(told(db, draft)) == 1
    assert "is closed on" in told(db, draft)[0]
    assert draft.state == State.DRAFT
    for _ in range(2):
        due(db, draft, 180)
    assert draft.state == State.WITHDRAWN
    assert "was closed" in told(db, draft)[-1]
    said = db.query(Event).filter_by(action="application.withdrawn").one()
    assert said.actor_kind == "system"
    assert '"automatic":"draft-untouched"' in said.body


def test_a_draft_that_was_changed_has_its_time_again(db, cast):
    draft = a_draft(db, cast)
    later = MORNING + 170 * DAY
    applying.save(db, by=cast.applicant, application=draft, answers={"need": "More"}, now=later)
    due(db, draft, 185)
    assert draft.state == State.DRAFT
    due(db, draft, 336)
    due(db, draft, 350)
    assert draft.state == State.WITHDRAWN


def test_no_draft_is_closed_before_its_applicants_have_known_of_it_for_two_weeks(db, cast):
    draft = a_draft(db, cast)
    for days in (400, 413):  # the jobs did not run, or the rule is new
        due(db, draft, days)
        assert draft.state == State.DRAFT
    assert f"is closed on {MORNING + 414 * DAY:%Y-%m-%d}" in told(db, draft)[0]
    due(db, draft, 414)
    assert draft.state == State.WITHDRAWN
    alone = a_draft(db, cast)
    cast.applicant.closed_at = MORNING  # nobody is there to be told
    due(db, alone, 180)
    assert alone.state == State.WITHDRAWN


def returned(db, cast):
    made = one_to_decide(db, cast)
    deciding.send_back(db, by=cast.chair, application=made, reasons="More", now=MORNING)
    return made


def test_a_change_that_is_not_made_is_reminded_of_once(db, cast):
    made = returned(db, cast)
    before = told(db, made)
    due(db, made, 59)
    assert told(db, made) == before
    for days in (60, 61, 90):
        due(db, made, days)
    assert len(told(db, made)) == len(before) + 1
    assert "was returned 60 days ago" in told(db, made)[-1]
    assert made.state == State.RETURNED


def test_a_revision_that_is_not_finished_can_be_closed_and_one_that_was_sent_is_left_alone(db, cast):
    text = STANDARD + rule("change-not-made", 30, "withdraw")
    made = submitted_under(db, cast, text)
    for each in (cast.steward, *cast.reviewers[:2], cast.chair):
        declares(db, made, each)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=made, reviewers=asked, now=MORNING)
    for each in cast.reviewers[:2]:
        approve_review(db, each, made)
    deciding.send_back(db, by=cast.chair, application=made, reasons="More", now=MORNING)
    draft = applying.revise(db, by=cast.applicant, application=made, form=the_form(), now=MORNING)
    applying.save(db, by=cast.applicant, application=draft, answers={"need": "More"}, now=MORNING + 20 * DAY)
    due(db, made, 30)
    assert draft.state == State.DRAFT  # somebody is at it
    due(db, made, 50)
    assert draft.state == State.WITHDRAWN
    assert made.state == State.RETURNED


def declares(db, application, who):
    committee.declare_none(db, by=who, application=application, now=MORNING)


def test_reviewers_are_asked_by_group_those_first_who_have_the_fewest_reviews_to_give(db, cast):
    one_in_review(db, cast)  # waits for the first two
    third = an_account(db, "Vic", "ethics-reviewer")
    made = submitted_under(db, cast, STANDARD + rule("submitted", 2, "assign"))
    due(db, made, 1)
    assert made.state == State.SUBMITTED
    for _ in range(2):
        due(db, made, 2)
    assert made.state == State.IN_REVIEW
    assert {each.reviewer_id for each in made.reviews} == {cast.reviewers[2].id, third.id}
    assert made.triaged_by_id is None
    assert all(each.asked_by_id is None for each in made.reviews)
    kinds = {each.actor_kind for each in db.query(Event).filter_by(subject=made.id) if each.action == "review.asked"}
    assert kinds == {"system"}


def test_it_is_left_to_a_steward_where_too_few_are_fit(db, cast):
    for each in cast.reviewers[1:]:
        each.closed_at = MORNING
    made = submitted_under(db, cast, STANDARD + rule("submitted", 0, "assign"))
    due(db, made, 5)
    assert made.state == State.SUBMITTED


@pytest.mark.parametrize(
    ("when", "days", "then"),
    [
        ("submitted", 1, "approve"),
        ("submitted", 1, "reject"),
        ("submitted", 1, "withdraw"),
        ("draft-untouched", 1, "assign"),
        ("draft-untouched", 0, "withdraw"),
        ("change-not-made", -1, "remind"),
        ("change-not-made", 5000, "remind"),
        ("in-review", 1, "remind"),
    ],
)
def test_a_rule_that_would_decide_or_means_nothing_is_refused(when, days, then):
    with pytest.raises(BadWorkflow):
        parse_workflow(STANDARD + rule(when, days, then))


# --- law: nothing is ever decided by itself ---------------------------------------------------------------------


def test_there_is_no_rule_that_decides():
    assert {each.value for each in Then} == {"remind", "withdraw", "assign"}
    assert set(workflow.FITTING) == set(automatic.DOES) == set(When)


def test_the_round_knows_no_command_that_decides_or_opens_anything():
    source = inspect.getsource(automatic)
    for name in ("deciding", "opening", "grants", "Decision", "APPROVED", "REJECTED"):
        assert name not in source


def test_whatever_stands_wherever_and_however_long_nothing_is_approved_by_itself(tmp_path):
    before = settings.current()
    everything = STANDARD + "".join(rule(when, 1, then) for when in When for then in sorted(workflow.FITTING[when]))
    beginning = Beginning(tmp_path)
    folder = tmp_path / "policies" / "workflows"
    folder.mkdir(parents=True)
    (folder / "standard.toml").write_text(everything, "utf-8")
    settings.use(replace(settings.current(), policies_dir=tmp_path / "policies"))
    try:
        decided, given = facts()
        for days in (1, 30, 200, 700, 900):
            automatic.automatic(MORNING + timedelta(days=days))
        assert facts() == (decided, given)
        assert len(beginning.applications) > 10
        with reading() as db:
            changed = {each.state for each in db.query(Application)}
        assert State.WITHDRAWN in changed, "it did something"
    finally:
        settings.use(before)


def test_an_old_draft_whose_workflow_is_gone_holds_up_no_other(fresh_database):
    with transaction() as db:
        cast = the_cast(db)
        old, other = a_draft(db, cast), a_draft(db, cast)
        source = old.form_text.source.replace('workflow = "standard"', 'workflow = "gone"')
        db.add(PolicyText(sha256="0" * 64, source=source, kept_at=MORNING))
        db.flush()
        old.form_sha256, old.started_at = "0" * 64, MORNING - DAY
    for days in (166, 180):
        automatic.automatic(MORNING + days * DAY)
    with reading() as db:
        assert db.get(Application, old.id).state == State.DRAFT
        assert db.get(Application, other.id).state == State.WITHDRAWN


def facts():
    """Every decision, and every grant."""
    with reading() as db:
        decided = sorted((each.application_id, each.outcome, each.decided_by_id) for each in db.query(Decision))
        return decided, sorted((each.id, each.ends_at) for each in db.query(Grant))


def test_what_was_asked_by_itself_is_decided_by_people_as_ever(db, cast):
    made = submitted_under(db, cast, STANDARD + rule("submitted", 0, "assign"))
    due(db, made, 1)
    reviewers = [each.reviewer for each in made.reviews]
    with pytest.raises(guards.NotDeclared):
        approve_review(db, reviewers[0], made)
    for each in (*reviewers, cast.chair):
        declares(db, made, each)
    for each in reviewers:
        approve_review(db, each, made)
    ends = MORNING + 9 * DAY
    assert deciding.approve(db, by=cast.chair, application=made, ends=ends, now=MORNING + DAY)


def test_a_submitted_application_without_such_a_rule_waits_for_a_steward(db, cast):
    made = a_submitted(db, cast)
    due(db, made, 500)
    assert made.state == State.SUBMITTED
