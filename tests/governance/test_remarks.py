"""A remark is read by those whom it is for, and by nobody else: on pages, by API, printed, exported, in notices."""

import pytest

from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.governance import committee, deciding, guards, remarking
from gateway.governance.history import history
from gateway.governance.models import Application
from gateway.governance.paperwork import Audience
from gateway.notices.models import Notice
from gateway.trail.models import Opening
from tests.governance.cast import MORNING, a_draft, a_submitted, an_account, database, one_to_decide, the_cast, together
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
INSIDE, OUTSIDE = "The statistics look thin", "Please bring the ethics letter"


@pytest.fixture
def cast():
    with transaction() as db:
        return the_cast(db)


def remark(db, who, application, text=INSIDE, audience=Audience.COMMITTEE):
    return remarking.remark(db, by=db.merge(who), application=application, text=text, audience=audience, now=MORNING)


@pytest.fixture
def remarked(cast):
    """One in review, with a remark for the committee and one for everybody; its id."""
    with transaction() as db:
        application = one_to_decide(db, together(db, cast))
        remark(db, cast.steward, application)
        remark(db, cast.steward, application, OUTSIDE, Audience.APPLICANTS)
        return application.id


def everywhere(app, who, application_id):
    """Whatever this person can read about the application, as one text."""
    walk, program = Walk(app), ApiClient(app, who)
    walk.sign_in(who)
    pages = [f"/applications/{application_id}", f"/applications/{application_id}/print", f"/reviews/{application_id}"]
    read = [walk.open(each).text for each in [*pages, "/applications", "/reviews", "/notices", "/"]]
    told = [f"/api/v1/applications/{application_id}{rest}" for rest in ("", "/history", "/terms")]
    read += [program.get(each).text for each in [*told, "/api/v1/applications", "/api/v1/notices"]]
    return "\n".join(read)


def test_what_is_for_the_committee_no_applicant_ever_reads(app, cast, remarked):
    for who in (cast.applicant, cast.colleague):
        read = everywhere(app, who, remarked)
        assert INSIDE not in read
        assert OUTSIDE in read
        assert cast.steward.name not in read, "applicants do not read who it was"


def test_those_who_handle_it_read_both_and_who_remarked(app, cast, remarked):
    for who in (cast.steward, cast.reviewers[0], cast.chair):
        read = everywhere(app, who, remarked)
        assert INSIDE in read
        assert OUTSIDE in read
        assert cast.steward.name in read


def test_whoever_has_a_conflict_reads_what_the_applicants_read(app, cast, remarked):
    with transaction() as db:
        found, by = db.get(Application, remarked), db.merge(cast.reviewers[0])
        committee.declare_conflict(db, by=by, application=found, why="My sister", now=MORNING)
    read = everywhere(app, cast.reviewers[0], remarked)
    assert INSIDE not in read


def test_strangers_read_nothing_of_it(app, cast, remarked):
    with transaction() as db:
        zoe = an_account(db, "Zoe")
    read = everywhere(app, zoe, remarked)
    assert INSIDE not in read
    assert OUTSIDE not in read


def test_the_record_and_every_export_tell_that_there_is_one_and_not_what_it_says(app, cast, remarked):
    with transaction() as db:
        auditor = an_account(db, "Aud", "auditor")
    program = ApiClient(app, auditor)
    exports = {each: program.get(f"/api/v1/audit/export.{each}") for each in ("csv", "ndjson", "fhir", "atna", "html")}
    texts = {each: answer.text for each, answer in exports.items() if answer.status_code == 200}
    assert {"csv", "ndjson"} <= set(texts)
    assert "remark.made" in texts["ndjson"]
    with reading() as db:
        opened = " ".join(each.value for each in db.query(Opening))
    for read in (*texts.values(), opened):
        assert INSIDE not in read
        assert OUTSIDE not in read


def test_only_a_remark_for_the_applicants_gives_them_a_notice_and_it_does_not_quote(cast):
    with transaction() as db:
        application = one_to_decide(db, together(db, cast))
        before = {each.id for each in db.query(Notice)}
        remark(db, cast.steward, application)
        assert {each.id for each in db.query(Notice)} == before
        remark(db, cast.steward, application, OUTSIDE, Audience.APPLICANTS)
        [told] = [each for each in db.query(Notice) if each.id not in before]
        assert told.account_id == cast.applicant.id
        assert OUTSIDE not in told.text


def test_remarks_are_made_by_whoever_handles_it_at_any_time_after_submission(cast):
    with transaction() as db:
        cast = together(db, cast)
        draft = a_draft(db, cast)
        with pytest.raises(guards.WrongState):
            remark(db, cast.steward, draft)
        submitted = a_submitted(db, cast)
        for who in (cast.steward, cast.reviewers[0], cast.chair):
            remark(db, who, submitted)
        for who in (cast.applicant, cast.colleague):
            with pytest.raises(guards.OwnApplication):
                remark(db, who, submitted)
        with pytest.raises(guards.RoleNeeded):
            remark(db, an_account(db, "Zoe"), submitted)
        decided = one_to_decide(db, cast)
        deciding.reject(db, by=cast.chair, application=decided, reasons="No", now=MORNING)
        remark(db, cast.steward, decided)
        assert [each.text for each in history(db, decided, cast.chair)] == [INSIDE]


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_a_remark_says_something_and_not_too_much(cast, text):
    with transaction() as db:
        application = a_submitted(db, together(db, cast))
        with pytest.raises(Invalid):
            remark(db, cast.steward, application, text)


def test_pages_offer_it_to_those_who_may_and_hand_over_to_the_lead(app, cast, remarked):
    walk = Walk(app)
    walk.sign_in(cast.chair)
    walk.open(f"/reviews/{remarked}")
    page = walk.press("Keep the remark", remark="One more thing", audience="committee")
    assert page.path == f"/reviews/{remarked}"
    assert "One more thing" in page.text
    walk.sign_in(cast.applicant)
    page = walk.open(f"/applications/{remarked}")
    assert "Keep the remark" not in page.text
    assert "One more thing" not in page.text
