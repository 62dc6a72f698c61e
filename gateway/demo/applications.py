"""Play the demo's applications as far as their stories go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.demo.story import Story
from gateway.governance import applying, committee, deciding, reviewing
from gateway.governance.form import read_form
from gateway.governance.models import Application, Recommendation
from gateway.governance.workflow import read_workflow
from gateway.people.models import Account
from gateway.people.reaffirming import Reaffirmed
from gateway.projects import training
from gateway.projects.agreement import in_force
from gateway.projects.readiness import agreements_of
from gateway.projects.signing import sign
from gateway.settings import current

STAGES = ("draft", "submitted", "in-review", "approved")
RUNS_FOR = timedelta(days=180)


def play(db: Session, story: Story, people: Mapping[str, Account], slugs: list[str], now: datetime) -> None:
    """One application, from draft to where its story ends. Stories follow each other, so that time runs forward."""
    begun = now - timedelta(days=story.days_ago)
    policies = current().policies_dir
    far = STAGES.index(story.reaches)
    applicant = people[story.applicant]
    form = read_form(policies, "research-access")
    draft = applying.start(db, by=applicant, form=form, now=begun)
    applying.save(db, by=applicant, application=draft, answers=story.answers(slugs), now=begun)
    if far >= 1:
        workflow = read_workflow(policies, form.workflow)
        applying.submit(db, by=applicant, application=draft, workflow=workflow, now=begun + timedelta(hours=20))
        _show_training(db, applicant, begun + timedelta(hours=21))
    if far >= 2:
        _review(db, story, draft, people, begun)
    if far >= 3:
        chair, decided = people["committee-chair"], begun + timedelta(days=7)
        committee.declare_none(db, by=chair, application=draft, now=decided)
        deciding.approve(
            db,
            by=chair,
            application=draft,
            ends=deciding.end_of((now + RUNS_FOR).date()),
            conditions=story.conditions,
            reasons="A good question, and the least data that can answer it.",
            now=decided,
        )
        _bring(db, draft, people, begun + timedelta(days=7, hours=2))


def _show_training(db: Session, applicant: Account, now: datetime) -> None:
    """Each applicant shows one certificate; a steward accepts it once an application is approved."""
    if not training.certificates_of(db, applicant.id):
        taken = now.date() - timedelta(days=40)
        training.show(
            db,
            by=applicant,
            kind=in_force().training[0].key,
            provider="University of Westhaven",
            number="WH-26-0731",
            taken_on=taken,
            ends_on=taken + timedelta(days=1000),
            now=now,
        )


def _bring(db: Session, draft: Application, people: Mapping[str, Account], now: datetime) -> None:
    """The members of the new project are trained, and sign; the demo has given them their passwords itself."""
    assert draft.project is not None
    steward = people["data-steward"]
    for each in draft.project.memberships:
        account = db.get_one(Account, each.account_id)
        for certificate in training.certificates_of(db, account.id):
            training.accept(db, by=steward, certificate=certificate, now=now)
        for agreement in agreements_of(db, draft.project.id, now):
            sign(
                db,
                owner=Reaffirmed(account.id),
                project=draft.project,
                agreement=agreement.sha256,
                name=account.name,
                now=now,
            )


def _review(db: Session, story: Story, draft: Application, people: Mapping[str, Account], begun: datetime) -> None:
    reviewers = [people["ethics-reviewer"], people["ethics-reviewer-2"]]
    steward = people["data-steward"]
    chosen = {"ethics": reviewers}
    committee.declare_none(db, by=steward, application=draft, now=begun + timedelta(days=2))
    reviewing.begin_review(db, by=steward, application=draft, reviewers=chosen, now=begun + timedelta(days=2))
    for reviewer, remark in zip(reviewers, story.remarks, strict=True):
        if remark:
            committee.declare_none(db, by=reviewer, application=draft, now=begun + timedelta(days=4))
            advice = Recommendation.APPROVE_WITH_CONDITIONS if story.conditions else Recommendation.APPROVE
            reviewing.recommend(
                db,
                by=reviewer,
                application=draft,
                recommendation=advice,
                comments=remark,
                conditions=story.conditions,
                now=begun + timedelta(days=4),
            )
