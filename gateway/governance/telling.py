"""Who is told what about an application, and when it is whose turn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.catalogue import custodians
from gateway.errors import Conflict, Forbidden
from gateway.governance import guards, progress
from gateway.governance.models import AppealState, Application, Outcome, Review, ReviewState, State
from gateway.governance.workflow import Ballot, ReviewGroup, Sites, Stage, Triage
from gateway.notices.commands import tell
from gateway.notices.models import Kind, Notice
from gateway.people import queries as people
from gateway.people.models import Account

OUTCOMES = {
    Outcome.APPROVED: "has been approved",
    Outcome.APPROVED_WITH_CONDITIONS: "has been approved with conditions",
    Outcome.RETURNED: "has been returned: change it, and apply again",
    Outcome.REJECTED: "has been rejected",
}

APPEALS = {
    AppealState.ALLOWED: "is judged anew after your appeal",
    AppealState.DISMISSED: "stays rejected after your appeal",
}


def submitted(db: Session, *, application: Application, now: datetime) -> None:
    """Those who choose the reviewers are told."""
    role = guards.rules_of(application).triage.role
    to = _fit(db, application, role)
    _to_judges(db, application, to, Kind.SUBMITTED, "has been submitted: choose its reviewers", now)


def asked_to_review(db: Session, *, application: Application, reviewer: Account, now: datetime) -> None:
    """The reviewer is told."""
    _to_judges(db, application, [reviewer], Kind.ASKED, "waits for your review", now)


def asked_for_sites(db: Session, *, application: Application, stage: Sites, now: datetime) -> None:
    """The custodians of the sites that have not answered are told."""
    to, what = _turn(db, application, stage)
    _to_judges(db, application, to, Kind.TURN, f"waits for {what}", now)


def came_in(db: Session, *, application: Application, stage: Stage, now: datetime) -> None:
    """Something came in at a stage: if it is done with that, whoever comes next is told, and deciders at the end."""
    rules = guards.rules_of(application)
    following = [each for each in rules.between if each.step == stage.step + 1]
    if following and progress.is_open(application, following[0]):
        for each in following:
            _has_begun(db, application, each, now)
    if not progress.missing(application):
        to, what = _turn(db, application, rules.decision)
        _to_judges(db, application, to, Kind.TURN, f"waits for {what}", now, once="decide")


def _has_begun(db: Session, application: Application, stage: Stage, now: datetime) -> None:
    match stage:
        case ReviewGroup():
            places = [each for each in application.reviews if each.group == stage.key]
            to = [each.reviewer for each in places if each.state == ReviewState.WAITING]
            _to_judges(db, application, to, Kind.ASKED, "waits for your review", now, once=stage.key)
        case Sites():
            asked_for_sites(db, application=application, stage=stage, now=now)
        case Ballot():
            to, what = _turn(db, application, stage)
            _to_judges(db, application, to, Kind.TURN, f"waits for {what}", now, once="vote")


def late(db: Session, *, application: Application, stage: Stage, days: int, now: datetime) -> None:
    """Those whose turn it is at a stage, but for reviewers (`overdue`), are reminded; once for each stage."""
    to, what = _turn(db, application, stage)
    words = f"has waited for {what} for more than {days} days"
    _to_judges(db, application, to, Kind.OVERDUE, words, now, once=f"late-{stage.key}")


def _turn(db: Session, application: Application, stage: Stage) -> tuple[list[Account], str]:
    """Whose turn it is at a stage that is not a review, and what it waits for."""
    match stage:
        case Triage():
            return _fit(db, application, stage.role), "its reviewers to be chosen"
        case Sites():
            asked = {each.site_id for each in progress.sites_waiting(application)}
            answering = [each for site, each in custodians.custodians(db) if site in asked]
            fit = [each for each in answering if _may_judge(application, each, stage.role)]
            return fit, "the answer of your site"
        case Ballot():
            return _voters(db, application, stage), "your vote"
        case _:
            deciding = people.holders(db, stage.role)
            return [each for each in deciding if _may_decide(application, each)], "your decision"


def decided(db: Session, *, application: Application, outcome: Outcome, now: datetime) -> None:
    """The applicant and who applied with them are told how it ended."""
    kind = Kind.RETURNED if outcome == Outcome.RETURNED else Kind.DECIDED
    _to_team(db, application, kind, OUTCOMES[outcome], now)


def overdue(db: Session, *, review: Review, days: int, now: datetime) -> None:
    """The reviewer is reminded, and those who may ask somebody else are told; once."""
    application, once = review.application, f"overdue-{review.id}"
    words = f"has waited for your review for more than {days} days"
    _to_judges(db, application, [review.reviewer], Kind.OVERDUE, words, now, once=once)
    stewards = _fit(db, application, guards.rules_of(application).triage.role)
    words = f"has waited for a review for more than {days} days: somebody else can be asked"
    _to_judges(db, application, stewards, Kind.OVERDUE, words, now, once=once)


def asked_to_lead(db: Session, *, application: Application, to: Account, now: datetime) -> None:
    """Whoever is to lead the application is told."""
    words = "waits for your answer: will you lead it from now on?"
    _to_people(db, application, [to], Kind.TURN, words, now)


def handed_over(db: Session, *, application: Application, former: Account, now: datetime) -> None:
    """The former lead is told, and those who have a say: they know best whether the new one is close to them."""
    _to_people(db, application, [former], Kind.ACCESS, "is led by somebody else from now on", now)
    ids = {each.account_id for each in application.declarations}
    words = "has another lead: say so if you have a conflict of interest now"
    rules = application.workflow
    if rules is not None and application.state in (State.SUBMITTED, State.IN_REVIEW):
        found = [each for role in sorted(rules.roles) for each in _fit(db, application, role) if each.id in ids]
        to = {each.id: each for each in found}
        _to_judges(db, application, to.values(), Kind.ASKED, words, now)


def remarked(db: Session, *, application: Application, now: datetime) -> None:
    """The applicants are told that there is a remark for them."""
    _to_team(db, application, Kind.ASKED, "has a remark from those who handle it", now)


def redacted(db: Session, *, application: Application, now: datetime) -> None:
    """The applicants are told that a file was removed."""
    _to_team(db, application, Kind.ASKED, "has lost a file that a steward removed: see why", now)


def about_to_close(db: Session, *, application: Application, due: datetime, once: str, now: datetime) -> None:
    """The applicants are told that their draft is closed soon, unless somebody changes it."""
    words = f"is a draft that nobody has changed for long: it is closed on {due:%Y-%m-%d} unless you go on with it"
    _to_team(db, application, Kind.RETURNED, words, now, once=f"closing-{once}")


def told_of_closing(db: Session, *, application: Application, once: str) -> datetime | None:
    """When the first of the applicants was told that. Index: uq_notice_account_id."""
    to = [each.id for each in (application.applicant, *application.co_applicants)]
    key = Notice.once == f"closing-{once}:{application.id}"
    return db.scalar(select(func.min(Notice.made_at)).where(Notice.account_id.in_(to), key))


def can_be_told(application: Application) -> bool:
    """Whether the account of anybody who applies is open."""
    return any(each.closed_at is None for each in (application.applicant, *application.co_applicants))


def untouched(db: Session, *, application: Application, days: int, once: str, now: datetime) -> None:
    """The applicants are reminded of a draft."""
    words = f"is a draft that nobody has changed for {days} days: go on with it, or withdraw it"
    _to_team(db, application, Kind.RETURNED, words, now, once=once)


def not_changed(db: Session, *, application: Application, days: int, now: datetime) -> None:
    """The applicants are reminded that it was returned to them."""
    words = f"was returned {days} days ago: change it and apply again, or withdraw what you have begun"
    _to_team(db, application, Kind.RETURNED, words, now, once="not-changed")


def closed_by_itself(db: Session, *, application: Application, days: int, now: datetime) -> None:
    """The applicants are told that their draft was closed."""
    words = f"was closed, as nobody had changed it for {days} days: you can start another at any time"
    _to_team(db, application, Kind.RETURNED, words, now)


def appealed(db: Session, *, application: Application, now: datetime) -> None:
    """Those who can hear the appeal are told."""
    rules = guards.rules_of(application).appeal
    if rules is None:
        return
    barred = guards.judges(application)
    to = [each for each in _fit(db, application, rules.role) if each.id not in barred]
    _to_judges(db, application, to, Kind.TURN, "has an appeal that waits to be heard", now)


def appeal_heard(db: Session, *, application: Application, state: AppealState, now: datetime) -> None:
    """The applicant and who applied with them are told."""
    _to_team(db, application, Kind.DECIDED, APPEALS[state], now)


def _to_team(
    db: Session, application: Application, kind: Kind, words: str, now: datetime, *, once: str | None = None
) -> None:
    _to_people(db, application, [application.applicant, *application.co_applicants], kind, words, now, once=once)


def _to_people(
    db: Session,
    application: Application,
    to: Iterable[Account],
    kind: Kind,
    words: str,
    now: datetime,
    *,
    once: str | None = None,
) -> None:
    text = f"Application {application.reference} {words}"
    key = f"{once}:{application.id}" if once else None
    tell(db, to=to, kind=kind, text=text, href=f"/applications/{application.id}", now=now, once=key)


def _to_judges(
    db: Session,
    application: Application,
    to: Iterable[Account],
    kind: Kind,
    words: str,
    now: datetime,
    *,
    once: str | None = None,
) -> None:
    text = f"Application {application.reference} {words}"
    key = f"{once}:{application.id}" if once else None
    tell(db, to=to, kind=kind, text=text, href=f"/reviews/{application.id}", now=now, once=key)


def _voters(db: Session, application: Application, ballot: Ballot) -> list[Account]:
    done = {each.account_id for each in application.votes} | guards.had_a_say_before(application)
    if not ballot.may_have_reviewed:
        done |= {each.reviewer_id for each in application.reviews_given}
    return [each for each in _fit(db, application, ballot.role) if each.id not in done]


def _fit(db: Session, application: Application, role: str) -> list[Account]:
    return [each for each in people.holders(db, role) if _may_judge(application, each, role)]


def _may_judge(application: Application, account: Account, role: str) -> bool:
    try:
        guards.may_judge(application, account, role)
    except Forbidden:
        return False
    return True


def _may_decide(application: Application, account: Account) -> bool:
    try:
        guards.may_decide(application, account)
    except (Forbidden, Conflict):
        return False
    return True
