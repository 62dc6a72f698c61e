"""What custodians and committee members do: answer for a site, vote, declare a conflict of interest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue import custodians
from gateway.errors import Conflict as Refused
from gateway.errors import Forbidden, Invalid
from gateway.governance import guards, progress, telling
from gateway.governance.models import (
    Application,
    Choice,
    Conflict,
    Declaration,
    ReviewState,
    SiteAnswer,
    SiteConsent,
    State,
    Vote,
)
from gateway.governance.states import touch
from gateway.governance.workflow import Stage
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


class NotYourSite(Forbidden):
    """Only a site's own custodian answers for it."""

    code = "not-your-site"
    title = "You do not answer for this site, or it is not asked about this application"


class NoSitesAsked(Refused):
    """The workflow does not ask the sites."""

    code = "no-sites-asked"
    title = "The sites are not asked about this application"


class AlreadyAnswered(Refused):
    """A site answers once, a member votes once."""

    code = "already-answered"
    title = "This has been answered already; an answer is given once"


class NoVoteNow(Refused):
    """The vote comes after reviews and sites, if the workflow has one."""

    code = "no-vote-now"
    title = "There is no vote on this application now"


def sites_to_answer(application: Application, account: Account, mine: Collection[str]) -> list[SiteConsent]:
    """Of the account's own sites those for which it may answer now: not answered, no conflict, not its own project."""
    workflow = application.workflow
    if workflow is None or workflow.sites is None or application.state != State.IN_REVIEW:
        return []
    if not _may(application, account, workflow.sites) or not progress.is_open(application, workflow.sites):
        return []
    return [each for each in progress.sites_waiting(application) if each.site_id in mine]


def _may(application: Application, account: Account, stage: Stage) -> bool:
    try:
        guards.may_judge(application, account, stage.role)
    except Forbidden:
        return False
    return True


def answer_for_site(
    db: Session,
    *,
    by: Account,
    application: Application,
    site_id: str,
    answer: SiteAnswer,
    reasons: str = "",
    now: datetime,
) -> None:
    """Agree for a site, or decline with reasons.

    Raises NoSitesAsked, NotYourSite, AlreadyAnswered, TooEarly, and what may_judge raises.
    """
    guards.in_state(application, State.IN_REVIEW)
    stage = guards.rules_of(application).sites
    if stage is None:
        raise NoSitesAsked
    guards.may_judge(application, by, stage.role)
    progress.has_begun(application, stage)
    guards.has_declared(application, by)
    consent = next((each for each in application.sites if each.site_id == site_id), None)
    if consent is None or site_id not in {each.id for each in custodians.sites_of(db, by.id)}:
        raise NotYourSite
    if consent.state != SiteAnswer.WAITING:
        raise AlreadyAnswered
    if answer == SiteAnswer.WAITING or (answer == SiteAnswer.DECLINED and not reasons.strip()):
        raise Invalid("Say why the site declines: the applicant reads it.")
    consent.state, consent.reasons = answer.value, reasons.strip()
    consent.answered_by_id, consent.answered_at = by.id, now
    touch(db, application)
    detail = {"site": site_id, "answer": answer.value}
    record(db, action="site.answered", actor=acting(by), now=now, subject=application.id, detail=detail)
    telling.came_in(db, application=application, stage=stage, now=now)


def cast_vote(db: Session, *, by: Account, application: Application, choice: Choice, now: datetime) -> Vote:
    """Vote once, when reviews and sites are in. Raises NoVoteNow, AlreadyAnswered, and what may_judge raises."""
    guards.in_state(application, State.IN_REVIEW)
    ballot = guards.rules_of(application).ballot
    if ballot is None or not progress.is_open(application, ballot):
        raise NoVoteNow
    guards.may_vote(application, by, ballot)
    guards.has_declared(application, by)
    if any(each.account_id == by.id for each in application.votes):
        raise AlreadyAnswered
    vote = Vote(account=by, choice=Choice(choice).value, cast_at=now)
    application.votes.append(vote)
    touch(db, application)
    detail = {"choice": vote.choice}
    record(db, action="vote.cast", actor=acting(by), now=now, subject=application.id, detail=detail)
    telling.came_in(db, application=application, stage=ballot, now=now)
    return vote


def declare_none(db: Session, *, by: Account, application: Application, now: datetime) -> None:
    """Declare that one has no conflict of interest: only then one has any say. A second time changes nothing.

    Raises WrongState, OwnApplication, RoleNeeded, Conflicted.
    """
    guards.in_state(application, State.SUBMITTED, State.IN_REVIEW, State.REJECTED)
    guards.not_own(application, by)
    guards.has_a_part(application, by)
    guards.no_conflict(application, by)
    lead = application.applicant_id
    if any(each.account_id == by.id and each.lead_id == lead for each in application.declarations):
        return
    application.declarations.append(Declaration(account_id=by.id, lead_id=lead, declared_at=now))
    db.flush()  # it is what the database asks for before anything is said
    record(db, action="conflict.none-declared", actor=acting(by), now=now, subject=application.id)


def declare_conflict(db: Session, *, by: Account, application: Application, why: str, now: datetime) -> None:
    """Declare a conflict of interest: from then on the account has no say, and what it said no longer counts."""
    guards.in_state(application, State.SUBMITTED, State.IN_REVIEW)
    guards.not_own(application, by)
    guards.has_a_part(application, by)
    guards.no_conflict(application, by)
    reason = why.strip() or "A conflict of interest"
    application.conflicts.append(Conflict(account=by, why=reason, declared_at=now))
    db.flush()  # it is what lets the database give way to the rest
    for review in application.reviews:
        if review.reviewer_id == by.id:
            review.state, review.recommendation = ReviewState.STEPPED_ASIDE.value, None
            review.conflict, review.answered_at = reason, now
    for vote in [each for each in application.votes if each.account_id == by.id]:
        application.votes.remove(vote)
        db.delete(vote)
    for consent in application.sites:
        if consent.answered_by_id == by.id:
            consent.state, consent.reasons = SiteAnswer.WAITING.value, ""
            consent.answered_by_id = consent.answered_at = None
    touch(db, application)
    record(db, action="conflict.declared", actor=acting(by), now=now, subject=application.id)
