"""From a validated page form or API body to the command that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.governance import deciding, guards, reviewing
from gateway.governance.models import Application, Recommendation, State
from gateway.people.models import Account

Values = Mapping[str, Any]


def choose_reviewers(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """TriageSchema: begin the review, or ask more people once it has begun."""
    reviewers = [db.get(Account, each) for each in values["reviewers"]]
    found = [each for each in reviewers if each is not None]
    if len(found) < len(reviewers):
        raise guards.UnfitReviewer("Choose from the people who are listed.")
    if application.state != State.IN_REVIEW:
        reviewing.begin_review(db, by=by, application=application, reviewers=found, now=now, version=values["version"])
        return
    guards.as_seen(application, values["version"])
    if not found:
        raise guards.UnfitReviewer("Choose somebody to ask.")
    for reviewer in found:
        reviewing.ask_another(db, by=by, application=application, reviewer=reviewer, now=now)


def give_review(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """ReviewSchema: recommend, or step aside."""
    if values["conflict"]:
        reviewing.step_aside(db, by=by, application=application, conflict=values["conflict_detail"], now=now)
        return
    reviewing.recommend(
        db,
        by=by,
        application=application,
        recommendation=Recommendation(values["recommendation"]),
        comments=values["comments"],
        conditions=values["conditions"],
        now=now,
    )


def give_decision(db: Session, *, by: Account, application: Application, values: Values, now: datetime) -> None:
    """DecisionSchema: approve, return or reject."""
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
