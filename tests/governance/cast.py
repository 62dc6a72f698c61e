"""Builders for the tests of governance and projects: people, datasets, applications at every stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import gateway.governance.keeping
import gateway.governance.meeting_keeping
import gateway.governance.meeting_models
import gateway.governance.models
import gateway.jobs.models
import gateway.projects.barring
import gateway.projects.holding  # noqa: F401  # their tables and triggers
from gateway import db as database_room
from gateway.catalogue.models import Archive, Dataset, Site
from gateway.governance import applying, committee, guards, reviewing
from gateway.governance.form import Form, read_form
from gateway.governance.models import Application, Recommendation
from gateway.governance.workflow import Workflow, read_workflow
from gateway.people.models import Account, AccountRole
from gateway.people.reaffirming import Reaffirmed
from gateway.projects import commands, grants, training
from gateway.projects.models import Certificate, Grant, Project
from gateway.projects.readiness import NOTHING, agreements_of, lacks
from gateway.projects.signing import sign
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def database(tmp_path: Path) -> Iterator[None]:
    """A fresh database with every table."""
    engine = database_room.bind(f"sqlite:///{tmp_path / 'test.db'}")
    database_room.Base.metadata.create_all(engine)
    yield
    engine.dispose()


def the_form() -> Form:
    return read_form(ROOT / "policies", "research-access")


def the_workflow() -> Workflow:
    return read_workflow(ROOT / "policies", "standard")


def an_account(db: Session, name: str, *roles: str) -> Account:
    account = Account(
        email=f"{name.lower()}@example.org",
        name=name,
        organisation="University",
        created_at=MORNING,
    )
    account.roles = [AccountRole(role=each) for each in roles or ("researcher",)]
    db.add(account)
    db.flush()
    return account


def a_dataset(db: Session, slug: str = "breast", *, deid_policy: str = "pathology-research") -> Dataset:
    site = db.query(Site).first() or Site(code="north", name="North")
    archive = Archive(name=f"archive-{slug}", uri="file:///nowhere", site=site, added_at=MORNING)
    dataset = Dataset(
        slug=slug,
        title=slug.title(),
        summary="Slides",
        archive=archive,
        site=site,
        terms=[],
        added_at=MORNING,
        deid_policy=deid_policy,
    )
    db.add(dataset)
    db.flush()
    return dataset


def a_project(db: Session, *, lead: Account, title: str = "Counting cells") -> Project:
    return commands.begin_project(
        db, by=SYSTEM, title=title, lay_title="Counting", lay_summary="We count.", lead=lead, now=MORNING
    )


def a_grant(db: Session, *, project: Project, **changes: Any) -> Grant:
    values: dict[str, Any] = {
        "datasets": ["d" * 16],
        "starts": MORNING,
        "ends": MORNING + 30 * DAY,
        "deid_policy": "pathology-research",
        "needs": NOTHING,
    }
    return grants.issue(db, by=SYSTEM, project=project, now=MORNING, **(values | changes))


def signed(db: Session, account: Account, project: Project, now: datetime = MORNING) -> None:
    """The member signs whatever the project's grants ask for."""
    for each in agreements_of(db, project.id, now):
        sign(
            db,
            owner=Reaffirmed(account.id),
            project=project,
            agreement=each.sha256,
            name=account.name,
            now=now,
        )


def a_certificate(db: Session, account: Account, *, days: int = 365, now: datetime = MORNING) -> Certificate:
    """One that waits, good from yesterday on."""
    today = now.date()
    return training.show(
        db, by=account, kind="research-data", provider="University", taken_on=today - DAY, ends_on=today + days * DAY,
        now=now,
    )  # fmt: skip


def trained(db: Session, account: Account, *, days: int = 365, now: datetime = MORNING) -> Certificate:
    """One that somebody has accepted."""
    checker = db.query(Account).filter_by(name="Checker").first() or an_account(db, "Checker", "data-steward")
    certificate = a_certificate(db, account, days=days, now=now)
    training.accept(db, by=checker, certificate=certificate, now=now)
    return certificate


def made_ready(db: Session, project: Project, now: datetime = MORNING) -> None:
    """Every member signs and is trained, as far as they are not yet."""
    for each in project.memberships:
        account = db.get_one(Account, each.account_id)
        signed(db, account, project, now)
        if lacks(db, project_id=project.id, account_id=account.id, now=now).training:
            trained(db, account, now=now)


def good_answers(**changes: Any) -> dict[str, Any]:
    """Answers that leave nothing open."""
    return {
        "organisation": "University of Westhaven",
        "organisation_kind": "university",
        "training": True,
        "title": "Counting cells",
        "lay_title": "Can a computer count?",
        "lay_summary": "We teach a computer to count cells.",
        "aim": "software",
        "benefit": "Patients",
        "commercial": "no",
        "ethics": "not-needed",
        "datasets": ["breast"],
        "need": "Slides alone",
        "linkage": "no",
        "where": "tre",
        "protection": ["encrypted"],
        "months": "6",
        "outputs": ["paper"],
        "reidentify": True,
        **changes,
    }


@dataclass(frozen=True)
class Cast:
    """Everybody who has a part."""

    applicant: Account
    colleague: Account
    steward: Account
    reviewers: tuple[Account, Account, Account]
    chair: Account


def the_cast(db: Session) -> Cast:
    """A researcher, a colleague who holds every role, a steward, three reviewers and a chair."""
    a_dataset(db)
    everything = ("researcher", "data-steward", "ethics-reviewer", "committee-chair")
    return Cast(
        applicant=an_account(db, "Ada", *everything),
        colleague=an_account(db, "Ben", *everything),
        steward=an_account(db, "Priya", "data-steward"),
        reviewers=(
            an_account(db, "Tom", "ethics-reviewer"),
            an_account(db, "Ruth", "ethics-reviewer"),
            an_account(db, "Una", "ethics-reviewer", "committee-chair"),
        ),
        chair=an_account(db, "Helen", "committee-chair"),
    )


def together(db: Session, cast: Cast) -> Cast:
    """The same people in this session."""
    found: dict[str, Any] = {}
    for each in fields(cast):
        value = getattr(cast, each.name)
        found[each.name] = tuple(map(db.merge, value)) if isinstance(value, tuple) else db.merge(value)
    return Cast(**found)


def all_declare(db: Session, application: Application) -> Application:
    """Everybody whom the rules give a part says that they have no conflict of interest."""
    for each in db.query(Account):
        with suppress(guards.OwnApplication, guards.RoleNeeded):
            committee.declare_none(db, by=each, application=application, now=MORNING)
    return application


def a_draft(db: Session, cast: Cast, **changes: Any) -> Application:
    answers = good_answers(team=["BEN@example.org"]) | changes
    return applying.start(db, by=cast.applicant, form=the_form(), answers=answers, now=MORNING)


def a_submitted(db: Session, cast: Cast, **changes: Any) -> Application:
    application = a_draft(db, cast, **changes)
    applying.submit(db, by=cast.applicant, application=application, workflow=the_workflow(), now=MORNING)
    return all_declare(db, application)


def one_in_review(db: Session, cast: Cast, **changes: Any) -> Application:
    application = a_submitted(db, cast, **changes)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=application, reviewers=asked, now=MORNING)
    return application


def one_to_decide(db: Session, cast: Cast, **changes: Any) -> Application:
    application = one_in_review(db, cast, **changes)
    for reviewer in cast.reviewers[:2]:
        approve_review(db, reviewer, application)
    return application


def approve_review(db: Session, reviewer: Account, application: Application) -> None:
    reviewing.recommend(db, by=reviewer, application=application, recommendation=Recommendation.APPROVE, now=MORNING)
