"""What no command may do the database refuses by itself, whoever asks it."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.db import transaction
from gateway.governance import (
    appealing,
    applying,
    attaching,
    committee,
    deciding,
    handing_over,
    inviting,
    keeping,
    redacting,
    remarking,
    reviewing,
)
from gateway.governance.models import Choice, SiteAnswer, State
from gateway.governance.paperwork import Audience
from gateway.governance.states import NEXT
from gateway.people.roles import roles
from gateway.projects import barring, blocking
from tests.governance.cast import (
    DAY,
    MORNING,
    a_draft,
    all_declare,
    an_account,
    approve_review,
    the_workflow,
    together,
)
from tests.governance.national import reviewed, site_says, submitted, the_nation, votes
from tests.projects.keyrings import a_keyed_gateway

pytestmark = pytest.mark.usefixtures("gateway_folder")
gateway_folder = pytest.fixture(a_keyed_gateway)


@pytest.fixture
def nation(gateway_folder):
    with transaction() as db:
        return the_nation(db)


def to_decide(db, nation):
    application = reviewed(db, nation)
    for code in ("north", "south"):
        site_says(db, nation, application, code, SiteAnswer.AGREED)
    votes(db, nation, application, Choice.YES, Choice.YES, Choice.YES)
    return application


def rejected(db, nation):
    application = to_decide(db, nation)
    deciding.reject(db, by=nation.cast.chair, application=application, reasons="No", now=MORNING)
    return application


def appealed(db, nation):
    application = rejected(db, nation)
    appealing.appeal(db, by=nation.cast.applicant, application=application, grounds="Look", now=MORNING)
    return application


def dismissed(db, nation):
    application = appealed(db, nation)
    other = an_account(db, "Other", "committee-chair")
    all_declare(db, application)
    appealing.dismiss(db, by=other, application=application, reasons="No", now=MORNING)
    return application


def approved(db, nation):
    application = to_decide(db, nation)
    ends = MORNING + 90 * DAY
    deciding.approve(db, by=nation.cast.chair, application=application, ends=ends, now=MORNING)
    return application


def joined(db, nation):
    """In review with a co-applicant who accepted under another address."""
    application = a_draft(db, nation.cast, datasets=["breast", "colon"])
    _, secret = inviting.invite(db, by=nation.cast.applicant, application=application, email="c@else.org", now=MORNING)
    inviting.accept(db, by=an_account(db, "Cora", "committee-member"), secret=secret, now=MORNING)
    return application


def with_ben(db, nation):
    """To decide, with Ben who applies too."""
    application, ben = a_draft(db, nation.cast), nation.cast.colleague
    _, secret = inviting.invite(db, by=nation.cast.applicant, application=application, email="b@e.org", now=MORNING)
    inviting.accept(db, by=ben, secret=secret, now=MORNING)
    applying.submit(db, by=nation.cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    all_declare(db, application)
    asked = {"ethics": nation.cast.reviewers[:2]}
    reviewing.begin_review(db, by=nation.cast.steward, application=application, reviewers=asked, now=MORNING)
    for each in nation.cast.reviewers[:2]:
        approve_review(db, each, application)
    return application


def with_ben_asked(db, nation):
    application, told = with_ben(db, nation), {"to_id": nation.cast.colleague.id, "reason": "So"}
    handing_over.hand_over(db, by=nation.cast.applicant, application=application, now=MORNING, **told)
    return application


def led_by_ben(db, nation):
    application = with_ben_asked(db, nation)
    handing_over.accept(db, by=nation.cast.colleague, application=application, now=MORNING)
    return application


def filed(db, nation):
    """Submitted, with a file."""
    application, ada = a_draft(db, nation.cast), nation.cast.applicant
    told = {"question": "ethics_letter", "name": "a.pdf", "content": b"%PDF-1.4\n%%EOF\n"}
    attaching.attach(db, by=ada, application=application, now=MORNING, **told)
    applying.submit(db, by=ada, application=application, workflow=the_workflow(), now=MORNING)
    return all_declare(db, application)


def wiped(db, nation):
    application = filed(db, nation)
    file, told = application.attachments[0].id, {"reason": "It names a patient", "now": MORNING}
    redacting.redact(db, by=nation.cast.steward, application=application, attachment_id=file, **told)
    return application


def blocked(db, nation):
    """Approved, and then the applicant is blocked from another dataset."""
    application = approved(db, nation)
    told = {"email": nation.cast.applicant.email, "reason": "So", "ends": None, "now": MORNING}
    blocking.block(db, by=nation.cast.steward, dataset_id="x" * 16, **told)
    return application


def joined_by_blocked(db, nation):
    application = approved(db, nation)
    an_account(db, "Eve")
    dataset = application.project.grants[0].dataset_ids[0]
    told = {"email": "eve@example.org", "reason": "So", "ends": None, "now": MORNING}
    blocking.block(db, by=nation.cast.steward, dataset_id=dataset, **told)
    return application


def remarked(db, nation):
    application, told = submitted(db, nation), {"text": "So", "audience": Audience.COMMITTEE}
    remarking.remark(db, by=nation.cast.steward, application=application, now=MORNING, **told)
    return application


def with_a_newcomer(stage):
    """The same, and Eve, who holds every role and has declared nothing."""

    def made(db, nation):
        stage(db, nation)
        an_account(db, "Eve", *roles().by_key)

    return made


WHO = "(SELECT id FROM people_account WHERE name = '{}')"
ADA, MIA, CORA, EVE = (WHO.format(name) for name in ("Ada", "Mia", "Cora", "Eve"))
DECISION = (
    "INSERT INTO decision (application_id, decided_by_id, decided_at, outcome, reasons, conditions, form_sha256, "
    "workflow_sha256) SELECT id, {}, started_at, {}, '', '[]', '', '' FROM application"
)
REMARK = (
    "INSERT INTO remark (id, application_id, by_id, audience, text, made_at) "
    "SELECT 'x', id, {}, 'committee', 'So', started_at FROM application"
)
WIPE = "UPDATE attachment SET sealed = '', name = 'Removed file', redacted_at = added_at, redacted_by_id = {}"
GRANTED = (
    "INSERT INTO access_grant_dataset (grant_id, dataset_id) SELECT g.id, b.dataset_id FROM access_grant g, "
    "dataset_block b"
)
VOTE = (
    "INSERT INTO vote (application_id, account_id, choice, cast_at) SELECT id, {}, 'yes', started_at FROM application"
)
REFUSED = {
    "answers change after submission": (submitted, "UPDATE application SET answers = '{}'"),
    "the applicant changes": (submitted, "UPDATE application SET applicant_id = " + MIA),
    "somebody is made the lead who was not asked": (
        with_ben, "UPDATE application SET applicant_id = " + WHO.format("Ben"),
    ),
    "somebody is made the lead who has not accepted": (
        with_ben_asked, "UPDATE application SET applicant_id = " + WHO.format("Ben"),
    ),
    "somebody is made the lead who said no": (
        with_ben_asked,
        "UPDATE hand_over SET state = 'declined', answered_at = proposed_at;"
        "UPDATE application SET applicant_id = " + WHO.format("Ben"),
    ),
    "a stranger is asked to lead": (
        with_ben,
        "INSERT INTO hand_over (id, application_id, from_id, to_id, proposed_by_id, reason, proposed_at, state)"
        f" SELECT 'x', id, {ADA}, {MIA}, {ADA}, '', started_at, 'waiting' FROM application",
    ),
    "who was asked to lead changes": (with_ben_asked, "UPDATE hand_over SET to_id = " + MIA),
    "that somebody was asked to lead is deleted": (with_ben_asked, "DELETE FROM hand_over"),
    "a grant is given to somebody who is blocked": (blocked, GRANTED),
    "somebody who is blocked joins a project with access": (
        joined_by_blocked,
        "INSERT INTO membership (project_id, account_id, role, since) SELECT id, (SELECT id FROM people_account WHERE"
        " name = 'Eve'), 'member', created_at FROM project",
    ),
    "a block is lifted and nobody says by whom": (
        blocked, "UPDATE dataset_block SET email = 'other@example.org', lifted_at = made_at, lifted_by_id = made_by_id",
    ),
    "a block is deleted": (blocked, "DELETE FROM dataset_block"),
    "a file is emptied and nobody says so": (filed, "UPDATE attachment SET sealed = ''"),
    "a file is said to be gone and is not": (
        filed, "UPDATE attachment SET redacted_at = added_at, redacted_by_id = " + WHO.format("Priya"),
    ),
    "the applicant removes a file": (filed, WIPE.format(ADA)),
    "what was removed comes back": (
        wiped, "UPDATE attachment SET redacted_at = NULL, redacted_by_id = NULL, name = 'a.pdf'",
    ),
    "why a file was removed changes": (wiped, "UPDATE attachment SET redacted_because = 'No reason'"),
    "what is left of a removed file is deleted": (wiped, "DELETE FROM attachment"),
    "the applicant remarks on their own": (submitted, REMARK.format(ADA)),
    "a co-applicant remarks on their own": (with_ben, REMARK.format(WHO.format("Ben"))),
    "somebody remarks on a draft": (joined, REMARK.format(MIA)),
    "a remark changes": (remarked, "UPDATE remark SET audience = 'applicants'"),
    "a remark is deleted": (remarked, "DELETE FROM remark"),
    "somebody decides who declared under another lead": (
        led_by_ben,
        "UPDATE application SET state = 'rejected'; " + DECISION.format(WHO.format("Helen"), "'rejected'"),
    ),
    "the form changes": (submitted, "UPDATE application SET form_sha256 = workflow_sha256"),
    "the rules change": (reviewed, "UPDATE application SET workflow_sha256 = form_sha256"),
    "the day of submission changes": (submitted, "UPDATE application SET submitted_at = '2020-01-01'"),
    "an application is deleted": (submitted, "DELETE FROM application"),
    "the text of a policy changes": (submitted, "UPDATE policy_text SET source = ''"),
    "the text of a policy is deleted": (submitted, "DELETE FROM policy_text"),
    "an application begins approved": (
        submitted,
        "INSERT INTO application (id, applicant_id, kind, state, version, form_sha256, answers, started_at,"
        " submitted_at)"
        " SELECT 'x', applicant_id, kind, 'approved', 1, form_sha256, '{}', started_at, submitted_at FROM application",
    ),
    "a review changes": (reviewed, "UPDATE review SET recommendation = 'reject'"),
    "a review is taken back": (reviewed, "UPDATE review SET state = 'waiting', recommendation = NULL"),
    "a reviewer steps aside without a conflict": (
        reviewed, "UPDATE review SET state = 'stepped-aside', recommendation = NULL",
    ),
    "a review is deleted": (reviewed, "DELETE FROM review"),
    "the applicant's review counts": (
        reviewed,
        "INSERT INTO review (id, application_id, reviewer_id, review_group, state, asked_at, comments, conditions,"
        f" conflict) SELECT 'x', id, {ADA}, 'ethics', 'waiting', started_at, '', '[]', '' FROM application;"
        "UPDATE review SET state = 'given', recommendation = 'approve' WHERE id = 'x'",
    ),
    "a site's answer changes": (to_decide, "UPDATE site_consent SET state = 'declined'"),
    "a site's answer is taken back": (to_decide, "UPDATE site_consent SET state = 'waiting', answered_by_id = NULL"),
    "a site's question is deleted": (to_decide, "DELETE FROM site_consent"),
    "the applicant answers for a site": (
        reviewed, f"UPDATE site_consent SET state = 'agreed', answered_by_id = {ADA}",
    ),
    "a vote changes": (to_decide, "UPDATE vote SET choice = 'no'"),
    "a vote is deleted": (to_decide, "DELETE FROM vote"),
    "the applicant votes": (reviewed, VOTE.format(ADA)),
    "a vote is cast before the review": (submitted, VOTE.format(MIA)),
    "a vote is cast after the decision": (
        rejected, VOTE.format(WHO.format("Helen")),
    ),
    "somebody votes who has not declared": (with_a_newcomer(reviewed), VOTE.format(EVE)),
    "somebody answers for a site who has not declared": (
        with_a_newcomer(reviewed), f"UPDATE site_consent SET state = 'agreed', answered_by_id = {EVE}",
    ),
    "somebody reviews who has not declared": (
        with_a_newcomer(reviewed),
        "INSERT INTO review (id, application_id, reviewer_id, review_group, state, asked_at, comments, conditions,"
        f" conflict) SELECT 'x', id, {EVE}, 'ethics', 'waiting', started_at, '', '[]', '' FROM application;"
        "UPDATE review SET state = 'given', recommendation = 'approve' WHERE id = 'x'",
    ),
    "somebody asks for a review who has not declared": (
        with_a_newcomer(reviewed),
        "INSERT INTO review (id, application_id, reviewer_id, review_group, state, asked_at, asked_by_id, comments,"
        f" conditions, conflict) SELECT 'x', id, {MIA}, 'ethics', 'waiting', started_at, {EVE}, '', '[]', ''"
        " FROM application",
    ),
    "somebody chooses reviewers who has not declared": (
        with_a_newcomer(submitted), f"UPDATE application SET triaged_by_id = {EVE}",
    ),
    "somebody decides who has not declared": (
        with_a_newcomer(to_decide), "UPDATE application SET state = 'rejected'; " + DECISION.format(EVE, "'rejected'"),
    ),
    "somebody hears an appeal who has not declared": (
        with_a_newcomer(appealed), f"UPDATE appeal SET state = 'dismissed', decided_by_id = {EVE}",
    ),
    "a declaration is taken back": (reviewed, "DELETE FROM interest_declaration"),
    "a declaration changes": (reviewed, "UPDATE interest_declaration SET account_id = " + ADA),
    "a decision changes": (rejected, "UPDATE decision SET outcome = 'approved'"),
    "a decision is deleted": (rejected, "DELETE FROM decision"),
    "the applicant decides": (
        to_decide, "UPDATE application SET state = 'approved'; " + DECISION.format(ADA, "'approved'"),
    ),
    "a co-applicant decides": (
        joined, DECISION.format(CORA, "state"),
    ),
    "a decision says something else than the state": (to_decide, DECISION.format(MIA, "'approved'")),
    "an appeal is decided by who decided before": (
        appealed, f"UPDATE appeal SET state = 'allowed', decided_by_id = {WHO.format('Helen')}",
    ),
    "an appeal is decided by the applicant": (appealed, f"UPDATE appeal SET state = 'allowed', decided_by_id = {ADA}"),
    "an appeal is decided anew": (dismissed, "UPDATE appeal SET state = 'allowed'"),
    "an appeal is deleted": (appealed, "DELETE FROM appeal"),
    "whoever decided comes onto the project": (
        approved,
        "INSERT INTO membership (project_id, account_id, role, since) "
        f"SELECT id, {WHO.format('Helen')}, 'member', created_at FROM project",
    ),
    "the bar is lifted": (approved, "DELETE FROM project_barred"),
}  # fmt: skip


def execute(statements):
    with transaction() as db:
        for statement in statements.split(";"):
            db.execute(text(statement))


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses_that(nation, what):
    stage, statements = REFUSED[what]
    with transaction() as db:
        stage(db, together_with(db, nation))
    with pytest.raises(DBAPIError) as refusal:
        execute(statements)
    said = {each.says for each in (*keeping.REFUSALS, *barring.REFUSALS)}
    assert any(each in str(refusal.value) for each in said), refusal.value


def together_with(db, nation):
    """The same people in this session."""
    return replace(
        nation,
        cast=together(db, nation.cast),
        reviewers={group: tuple(map(db.merge, people)) for group, people in nation.reviewers.items()},
        custodians={code: db.merge(each) for code, each in nation.custodians.items()},
        members=tuple(map(db.merge, nation.members)),
    )


@pytest.mark.parametrize("there", State)
@pytest.mark.parametrize("stage", [submitted, reviewed, rejected])
def test_no_state_is_skipped(nation, stage, there):
    with transaction() as db:
        here = State(stage(db, together_with(db, nation)).state)
    move = text("UPDATE application SET state = :there")
    if there == here or there in NEXT.get(here, ()):
        with transaction() as db:
            db.execute(move, {"there": there.value})
        return
    with pytest.raises(DBAPIError), transaction() as db:
        db.execute(move, {"there": there.value})


def test_files_of_what_was_submitted_stay(nation):
    with transaction() as db:
        people = together_with(db, nation)
        draft = a_draft(db, people.cast)
        attaching.attach(
            db, by=people.cast.applicant, application=draft, question="ethics_letter", name="a.pdf",
            content=b"%PDF-1.4\n%%EOF\n", now=MORNING,
        )  # fmt: skip
    with transaction() as db:
        db.execute(text("UPDATE attachment SET name = 'b.pdf'"))
        db.execute(text("UPDATE application SET state = 'withdrawn'"))
    for statement in ("DELETE FROM attachment", "UPDATE attachment SET name = 'c.pdf'"):
        with pytest.raises(DBAPIError, match=keeping.SUBMITTED), transaction() as db:
            db.execute(text(statement))


def test_a_conflict_that_was_declared_gives_way_to_nothing_but_what_was_said(nation):
    with transaction() as db:
        people = together_with(db, nation)
        application = to_decide(db, people)
        for each in (people.members[0], people.custodians["north"], people.reviewers["lay"][0]):
            committee.declare_conflict(db, by=each, application=application, why="A friend", now=MORNING)
        assert len(application.votes) == 2
        assert len(application.given_in("lay")) == 1
    for statement in ("DELETE FROM conflict_of_interest", "UPDATE conflict_of_interest SET why = ''"):
        with pytest.raises(DBAPIError, match=keeping.SAID), transaction() as db:
            db.execute(text(statement))
