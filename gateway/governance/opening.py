"""What an approval opens: a new project with its grant, or for an amendment or renewal what changes in the old one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.governance import guards
from gateway.governance.models import Application
from gateway.jobs.queue import enqueue
from gateway.people.models import Account
from gateway.projects import grant_changes, grants
from gateway.projects.agreement import in_force
from gateway.projects.commands import add_member, bar, begin_project, change_lead
from gateway.projects.conditions import set_conditions
from gateway.projects.models import Grant, Project
from gateway.projects.readiness import keep
from gateway.projects.stating import Words, state
from gateway.trail.record import Actor

TRE = "tre"  # the answer to where the work is done that means a trusted research environment


@dataclass(frozen=True, slots=True)
class Opened:
    """What was approved: these datasets (catalogue ids), from when, until when, under which policy."""

    datasets: frozenset[str]
    starts: datetime
    ends: datetime
    deid_policy: str


def project_for(db: Session, *, by: Actor, application: Application, now: datetime) -> Project:
    """The project to open the door for: a new one, or the one that is changed, with who is new on its team.

    Whoever judged it is barred from it. Raises ProjectClosed for a change to a closed project, JudgedIt.
    """
    project = application.changes
    if project is None:
        project = _begun(db, by, application, now)
    elif project.closure is not None:
        raise grants.ProjectClosed
    else:
        _welcome(db, by, application, project, now)
    bar(db, by=by, project=project, accounts=guards.judges(application) | {by.id}, now=now)
    _state(db, by, project, application, now)
    return project


def _begun(db: Session, by: Actor, application: Application, now: datetime) -> Project:
    form, answers = application.form, application.answers
    return begin_project(
        db,
        by=by,
        title=application.title,
        lay_title=form.answer_for("lay-title", answers) or "",
        lay_summary=form.answer_for("lay-summary", answers) or "",
        lead=application.applicant,
        members=_team(db, application),
        application_id=application.id,
        now=now,
    )


def _welcome(db: Session, by: Actor, application: Application, project: Project, now: datetime) -> None:
    known = {each.account_id for each in project.memberships}
    for account in {each.id: each for each in (application.applicant, *_team(db, application))}.values():
        if account.id not in known:
            add_member(db, by=by, project=project, account=account, now=now)
    change_lead(db, by=by, project=project, lead=application.applicant, now=now)  # if it was handed over meanwhile


def open_the_door(
    db: Session, *, by: Actor, project: Project, opened: Opened, conditions: Sequence[str], now: datetime
) -> Grant:
    """Lengthen the live grants that hold nothing but what was approved, and issue one for what is not in them yet.

    A suspended grant stays suspended. Gives the new grant, or the longest of those that were there.
    """
    grant = _open(db, by=by, project=project, opened=opened, conditions=conditions, now=now)
    set_conditions(db, by=by, project=project, texts=conditions, now=now)
    return grant


def _state(db: Session, by: Actor, project: Project, application: Application, now: datetime) -> None:
    """Tell the public what was approved. A form says by the purposes of its questions what is published."""
    form, answers = application.form, application.answers
    place = form.answer_for("setting", answers)
    words = Words(
        organisation=form.words_for("organisation", answers),
        organisation_kind=form.words_for("organisation-kind", answers),
        aim=form.words_for("aim", answers),
        benefit=form.words_for("benefit", answers),
        commercial=form.words_for("commercial", answers),
        ethics=form.words_for("ethics", answers),
        need=form.words_for("need", answers),
        linkage=form.words_for("linkage", answers),
        setting=form.words_for("setting", answers),
        access_type=("TRE" if place == TRE else "Release") if place else "",
        protection=form.words_for("protection", answers),
        planned_outputs=form.words_for("planned-outputs", answers),
        organisation_id=form.words_for("organisation-id", answers),
        applicants=form.words_for("applicants", answers),
        accredited=form.words_for("accredited", answers),
        funders=form.words_for("funders", answers),
        technical_summary=form.words_for("technical-summary", answers),
        frequency=form.words_for("frequency", answers),
        sublicence=form.words_for("sublicence", answers),
        legal_basis_6=form.words_for("legal-basis-6", answers),
        legal_basis_9=form.words_for("legal-basis-9", answers),
    )
    state(db, by=by, project=project, words=words, now=now)


def _open(
    db: Session, *, by: Actor, project: Project, opened: Opened, conditions: Sequence[str], now: datetime
) -> Grant:
    live = [each for each in project.grants if _fits(each, opened, now)]
    needs = keep(db, agreement=in_force(), now=now)
    for grant in live:
        if grant.ends_at < opened.ends:
            grant_changes.extend(db, by=by, grant=grant, ends=opened.ends, needs=needs, now=now)
    left = opened.datasets - {each for grant in live for each in grant.dataset_ids}
    if not left:
        return max(live, key=lambda each: each.ends_at)
    grant = grants.issue(
        db,
        by=by,
        project=project,
        datasets=left,
        starts=opened.starts,
        ends=opened.ends,
        deid_policy=opened.deid_policy,
        needs=needs,
        conditions=conditions,
        now=now,
    )
    enqueue(db, kind="release.build", payload={"grant_id": grant.id}, now=now)
    return grant


def _fits(grant: Grant, opened: Opened, now: datetime) -> bool:
    """Whether the grant lives, under the same policy, and holds nothing that was not approved now."""
    lives = grant.revoked_at is None and grant.ends_at > now
    return lives and grant.deid_policy == opened.deid_policy and opened.datasets.issuperset(grant.dataset_ids)


def _team(db: Session, application: Application) -> Sequence[Account]:
    """Who is named and has an account, and who accepted an invitation; an invitation alone opens nothing."""
    named = [each.lower() for each in application.form.answer_for("team", application.answers) or []]
    found = db.scalars(select(Account).where(func.lower(Account.email).in_(named))).all()
    return list({each.id: each for each in (*found, *application.co_applicants)}.values())
