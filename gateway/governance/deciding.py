"""What the chair does: approve, return or reject. An approval opens the door in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from gateway.catalogue import queries as catalogue
from gateway.catalogue.models import Dataset
from gateway.consent.duo import read_vocabulary
from gateway.errors import Conflict, Invalid
from gateway.governance import guards, progress, telling
from gateway.governance.applying import MixedPolicies
from gateway.governance.blocked import nobody_is_blocked
from gateway.governance.fitting import fits, verdicts_of
from gateway.governance.models import Application, Decision, Outcome, State
from gateway.governance.opening import Opened, open_the_door, project_for
from gateway.governance.states import move
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.models import Grant, Project
from gateway.settings import current
from gateway.trail.record import record


class DatasetGone(Conflict):
    """A dataset that was applied for is no longer offered."""

    code = "dataset-gone"
    title = "A dataset in this application is no longer offered, so it cannot be approved"


def end_of(day: date) -> datetime:
    """The moment at which a last day of access is over (UTC)."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def approve(
    db: Session,
    *,
    by: Account,
    application: Application,
    ends: datetime,
    conditions: Sequence[str] = (),
    reasons: str = "",
    now: datetime,
    version: int | None = None,
) -> Grant:
    """Approve until `ends`: makes the project, its members, its grant, and the work of building the release.

    An amendment or renewal changes the project that it is about instead; see `opening`.
    Access starts at once, or on the day the applicant asked for if that is later.
    Raises whatever the guards raise (WrongState, NoQuorum, OwnApplication, EndNotAllowed, BlockedFromIt...).
    """
    _may_decide(application, by, version)
    starts = max(now, _start_asked(application) or now)
    guards.end_is_allowed(ends, starts=starts, workflow=guards.rules_of(application))
    progress.carried(application)
    datasets = _datasets(db, application)
    nobody_is_blocked(db, application, [each.id for each in datasets], now)
    policy = _one_policy({each.deid_policy for each in datasets})
    outcome = Outcome.APPROVED_WITH_CONDITIONS if conditions else Outcome.APPROVED
    project = project_for(db, by=acting(by), application=application, now=now)
    _decide(
        db,
        by=by,
        application=application,
        decision=Decision(outcome=outcome.value, conditions=list(conditions), reasons=reasons.strip(), ends_at=ends),
        now=now,
        project=project,
        detail={
            "kind": application.kind,
            "deid_policy": policy,
            "deid_policy_sha256": _recipe_hash(policy),
            "ends": ends.isoformat(),
            "datasets": sorted(each.id for each in datasets),
        },
    )
    opened = Opened(datasets=frozenset(each.id for each in datasets), starts=starts, ends=ends, deid_policy=policy)
    return open_the_door(db, by=acting(by), project=project, opened=opened, conditions=conditions, now=now)


def send_back(
    db: Session,
    *,
    by: Account,
    application: Application,
    reasons: str,
    now: datetime,
    version: int | None = None,
) -> None:
    """Return the application: the applicant may revise it and apply again. Needs reasons."""
    _close(
        db,
        by=by,
        application=application,
        outcome=Outcome.RETURNED,
        reasons=reasons,
        now=now,
        version=version,
    )


def reject(
    db: Session,
    *,
    by: Account,
    application: Application,
    reasons: str,
    now: datetime,
    version: int | None = None,
) -> None:
    """Refuse the application for good. Needs reasons."""
    _close(
        db,
        by=by,
        application=application,
        outcome=Outcome.REJECTED,
        reasons=reasons,
        now=now,
        version=version,
    )


def _close(
    db: Session,
    *,
    by: Account,
    application: Application,
    outcome: Outcome,
    reasons: str,
    now: datetime,
    version: int | None,
) -> None:
    _may_decide(application, by, version)
    if not reasons.strip():
        raise Invalid("Give your reasons: the applicant reads them.")
    decision = Decision(outcome=outcome.value, conditions=[], reasons=reasons.strip())
    _decide(db, by=by, application=application, decision=decision, now=now)


def _may_decide(application: Application, by: Account, version: int | None) -> None:
    guards.in_state(application, State.IN_REVIEW)
    guards.may_decide(application, by)
    guards.has_declared(application, by)
    guards.as_seen(application, version)
    progress.everything_is_in(application)


def _datasets(db: Session, application: Application) -> list[Dataset]:
    """The datasets to grant: all that were asked for but those of sites that declined."""
    found = [each for each in catalogue.datasets(db) if each.slug in application.dataset_slugs]
    if len(found) != len(set(application.dataset_slugs)):
        raise DatasetGone
    agreed = progress.sites_agreed(application)
    kept = [each for each in found if agreed is None or each.site_id in agreed]
    if not kept:
        raise progress.NoSiteAgreed
    return kept


def _decide(
    db: Session,
    *,
    by: Account,
    application: Application,
    decision: Decision,
    now: datetime,
    project: Project | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write the decision, move the application, record the event with the hashes of what was relied on."""
    workflow = guards.rules_of(application)
    project_id = project.id if project else None
    move(db, application, State(decision.outcome), closed_at=now, project_id=project_id)
    decision.decided_by_id, decision.decided_at = by.id, now
    decision.form_sha256, decision.workflow_sha256 = application.form_sha256, workflow.sha256
    application.decision = decision
    db.flush()
    hashes = {
        "form": application.form_sha256,
        "workflow": workflow.sha256,
        "conditions": list(decision.conditions),
        "duo": read_vocabulary(current().policies_dir).sha256,
        "fits": verdicts_of(fits(db, application, now)),
    }
    record(
        db,
        action=f"application.{decision.outcome}",
        actor=acting(by),
        now=now,
        project=project_id,
        subject=application.id,
        detail={**hashes, **(detail or {})},
    )
    telling.decided(db, application=application, outcome=Outcome(decision.outcome), now=now)


def _start_asked(application: Application) -> datetime | None:
    day = application.form.answer_for("start", application.answers)
    return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None


def _one_policy(policies: set[str]) -> str:
    if len(policies) > 1:
        raise MixedPolicies
    return next(iter(policies)) or current().default_deid_policy


def _recipe_hash(name: str) -> str:
    """SHA-256 of the recipe's text as it is at the decision; empty if there is none."""
    path: Path = current().policies_dir / "deid" / f"{Path(name).name}.dicom"
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
