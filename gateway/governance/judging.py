"""From a validated page form or API body to the command that it asks for.

The schemas ask whoever has a say whether they have a conflict of interest; that they have none is declared first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.governance import (
    appealing,
    committee,
    deciding,
    guards,
    handing_over,
    redacting,
    referring,
    remarking,
    reviewing,
)
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer, State
from gateway.governance.paperwork import Audience
from gateway.people.models import Account

Values = Mapping[str, Any]
Judgement = Callable[..., None]  # of (db, by, application, values, now)


def choose_reviewers(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """TriageSchema: begin the review, or ask more people once it has begun."""
    committee.declare_none(db, by=by, application=application, now=now)
    chosen = {group: [_person(db, each) for each in ids] for group, ids in values["reviewers"].items() if ids}
    if application.state != State.IN_REVIEW:
        reviewing.begin_review(db, by=by, application=application, reviewers=chosen, now=now, version=values["version"])
        return
    guards.as_seen(application, values["version"])
    if not chosen:
        raise guards.UnfitReviewer("Choose somebody to ask.")
    for group, people in chosen.items():
        for reviewer in people:
            reviewing.ask_another(db, by=by, application=application, group=group, reviewer=reviewer, now=now)


def _person(db: Session, account_id: str) -> Account:
    found = db.get(Account, account_id)
    if found is None:
        raise guards.UnfitReviewer("Choose from the people who are listed.")
    return found


def give_site_answer(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """SiteSchema: agree for a site, or decline."""
    committee.declare_none(db, by=by, application=application, now=now)
    answer, site = SiteAnswer(values["answer"]), values["site"]
    committee.answer_for_site(
        db, by=by, application=application, site_id=site, answer=answer, reasons=values["reasons"], now=now
    )


def give_vote(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """VoteSchema: vote."""
    committee.declare_none(db, by=by, application=application, now=now)
    committee.cast_vote(db, by=by, application=application, choice=Choice(values["choice"]), now=now)


def tell_conflict(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """ConflictSchema: declare a conflict of interest."""
    committee.declare_conflict(db, by=by, application=application, why=values["why"], now=now)


def give_review(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """ReviewSchema: recommend, or step aside."""
    if values["conflict"]:
        reviewing.step_aside(db, by=by, application=application, conflict=values["conflict_detail"], now=now)
        return
    committee.declare_none(db, by=by, application=application, now=now)
    reviewing.recommend(
        db,
        by=by,
        application=application,
        recommendation=Recommendation(values["recommendation"]),
        comments=values["comments"],
        conditions=values["conditions"],
        now=now,
    )


def hear_appeal(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """HearingSchema: allow the appeal, or dismiss it."""
    committee.declare_none(db, by=by, application=application, now=now)
    command = appealing.allow if values["verdict"] == "allow" else appealing.dismiss
    command(db, by=by, application=application, reasons=values["reasons"], now=now)


def give_decision(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """DecisionSchema: approve, return or reject."""
    committee.declare_none(db, by=by, application=application, now=now)
    reasons, version = values["reasons"], values["version"]
    if values["outcome"] == "approve":
        deciding.approve(
            db,
            by=by,
            application=application,
            ends=deciding.end_of(values["ends_on"]),
            conditions=values["conditions"],
            reasons=reasons,
            now=now,
            version=version,
        )
    elif values["outcome"] == "return":
        deciding.send_back(db, by=by, application=application, reasons=reasons, now=now, version=version)
    else:
        deciding.reject(db, by=by, application=application, reasons=reasons, now=now, version=version)


def ask_to_lead(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """HandOverSchema: ask a co-applicant to lead it."""
    told = {"to_id": values["to"], "reason": values["reason"]}
    handing_over.hand_over(db, by=by, application=application, now=now, **told)


def answer_hand_over(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """HandOverAnswerSchema: accept, decline, or ask no longer."""
    answers = {"accept": handing_over.accept, "decline": handing_over.decline, "back": handing_over.take_back}
    answers[values["answer"]](db, by=by, application=application, now=now)


def redact_file(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """RedactionSchema, and which file: destroy its content."""
    told = {"attachment_id": values["file"], "reason": values["reason"]}
    redacting.redact(db, by=by, application=application, now=now, **told)


def assign_external_id(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """ExternalIdSchema: what it is called elsewhere."""
    referring.assign_external_id(db, by=by, application=application, external_id=values["external_id"], now=now)


def give_remark(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """RemarkSchema: remark on it."""
    audience = Audience(values["audience"])
    remarking.remark(db, by=by, application=application, text=values["remark"], audience=audience, now=now)
