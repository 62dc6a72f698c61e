"""Play the demo's applications as far as their stories go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.demo.story import Story
from gateway.governance import applying, deciding, reviewing
from gateway.governance.form import read_form
from gateway.governance.models import Application, Recommendation
from gateway.governance.workflow import read_workflow
from gateway.people.models import Account
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
    if far >= 2:
        _review(db, story, draft, people, begun)
    if far >= 3:
        deciding.approve(
            db,
            by=people["committee-chair"],
            application=draft,
            ends=deciding.end_of((now + RUNS_FOR).date()),
            conditions=story.conditions,
            reasons="A good question, and the least data that can answer it.",
            now=begun + timedelta(days=7),
        )


def _review(db: Session, story: Story, draft: Application, people: Mapping[str, Account], begun: datetime) -> None:
    reviewers = [people["ethics-reviewer"], people["ethics-reviewer-2"]]
    steward = people["data-steward"]
    chosen = {"ethics": reviewers}
    reviewing.begin_review(db, by=steward, application=draft, reviewers=chosen, now=begun + timedelta(days=2))
    for reviewer, remark in zip(reviewers, story.remarks, strict=True):
        if remark:
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
