"""The workflow with every stage: three review groups, two sites, a vote, the chair. Builders for its tests."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from gateway.catalogue import custodians
from gateway.catalogue.models import Archive, Dataset, Site
from gateway.governance import applying, committee, reviewing
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer
from gateway.governance.workflow import Workflow, read_workflow
from gateway.people.models import Account
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM
from tests.governance.cast import MORNING, Cast, a_draft, all_declare, an_account, the_cast

GROUPS = ("scientific", "lay", "ethics")


@dataclass(frozen=True)
class Nation:
    """Everybody who has a part in the national workflow."""

    cast: Cast
    reviewers: dict[str, tuple[Account, ...]]
    custodians: dict[str, Account]
    members: tuple[Account, ...]


def the_national() -> Workflow:
    return read_workflow(ROOT / "policies", "national")


def the_nation(db: Session) -> Nation:
    """The cast, two more review groups, a custodian of each of two sites, three voters."""
    cast = the_cast(db)
    south = Site(code="south", name="South")
    archive = Archive(name="archive-south", uri="file:///nowhere", site=south, added_at=MORNING)
    db.add(
        Dataset(slug="colon", title="Colon", summary="", archive=archive, site=south, terms=[], added_at=MORNING,
                deid_policy="pathology-research")
    )  # fmt: skip
    db.flush()
    keepers = {code: an_account(db, f"Keeper-{code}", "site-custodian") for code in ("north", "south")}
    for code, account in keepers.items():
        site = db.query(Site).filter_by(code=code).one()
        custodians.appoint(db, by=SYSTEM, site=site, account=account, now=MORNING)
    return Nation(
        cast=cast,
        reviewers={
            "scientific": tuple(an_account(db, name, "scientific-reviewer") for name in ("Sol", "Sue")),
            "lay": tuple(an_account(db, name, "ppie-panel") for name in ("Lee", "Lou")),
            "ethics": cast.reviewers[:2],
        },
        custodians=keepers,
        members=tuple(an_account(db, name, "committee-member") for name in ("Mia", "Max", "Moe")),
    )


def submitted(db: Session, nation: Nation) -> Application:
    application = a_draft(db, nation.cast, datasets=["breast", "colon"])
    applying.submit(db, by=nation.cast.applicant, application=application, workflow=the_national(), now=MORNING)
    return all_declare(db, application)


def reviewed(db: Session, nation: Nation, *groups: str) -> Application:
    """In review, with the recommendations of these groups in (default: all)."""
    application = submitted(db, nation)
    asked = nation.reviewers
    reviewing.begin_review(db, by=nation.cast.steward, application=application, reviewers=asked, now=MORNING)
    for group in groups or GROUPS:
        for reviewer in asked[group]:
            advice = Recommendation.APPROVE
            reviewing.recommend(db, by=reviewer, application=application, recommendation=advice, now=MORNING)
    return application


def site_says(db: Session, nation: Nation, application: Application, code: str, answer: SiteAnswer) -> None:
    site = db.query(Site).filter_by(code=code).one()
    committee.answer_for_site(
        db,
        by=nation.custodians[code],
        application=application,
        site_id=site.id,
        answer=answer,
        reasons="So",
        now=MORNING,
    )


def votes(db: Session, nation: Nation, application: Application, *choices: Choice) -> None:
    for member, choice in zip(nation.members, choices, strict=False):
        committee.cast_vote(db, by=member, application=application, choice=choice, now=MORNING)
