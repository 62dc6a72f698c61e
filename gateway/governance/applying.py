"""What an applicant does: start, save, submit, withdraw, and revise what was returned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue import queries as catalogue
from gateway.errors import Invalid
from gateway.governance import guards, telling
from gateway.governance.attaching import copy_files
from gateway.governance.form import Form
from gateway.governance.inviting import carry_over
from gateway.governance.models import Application, PolicyText, State
from gateway.governance.schemas import answers_schema, faults
from gateway.governance.states import move, touch
from gateway.governance.workflow import Workflow
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record


class Incomplete(Invalid):
    """Questions are left; `faults` says which and why."""

    code = "application-incomplete"

    def __init__(self, found: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {fault}" for key, fault in found.items()) + ".")
        self.faults = dict(found)


class MixedPolicies(Invalid):
    """One grant has one de-identification policy."""

    code = "mixed-deid-policies"
    title = "These datasets are de-identified in different ways: apply for them one by one"


def start(
    db: Session,
    *,
    by: Account,
    form: Form,
    now: datetime,
    answers: Mapping[str, Any] | None = None,
    application_id: str | None = None,
) -> Application:
    """A new draft on this form. With `application_id` a second call by the same person gives the same one."""
    if application_id is not None:
        earlier = db.get(Application, application_id)
        if earlier is not None:
            guards.is_applicant(earlier, by)
            return earlier
    application = Application(
        applicant=by,
        form_sha256=_keep(db, form, now=now),
        answers=form.shown(dict(answers or {})),
        state=State.DRAFT.value,
        version=1,
        started_at=now,
    )
    if application_id is not None:
        application.id = application_id
    db.add(application)
    db.flush()
    _record(db, application, "application.started", by=by, now=now, detail={"form": form.sha256})
    return application


def save(
    db: Session,
    *,
    by: Account,
    application: Application,
    answers: Mapping[str, Any],
    now: datetime,
    version: int | None = None,
) -> None:
    """Keep these answers in the draft, as loaded by the form's schema; None takes an answer back.

    Raises WrongState after submission: nothing is edited then.
    """
    guards.is_applicant(application, by)
    guards.in_state(application, State.DRAFT)
    guards.as_seen(application, version)
    files = {each.key for each in application.form.questions if each.kind == "files"}  # `attaching` keeps those
    said = {key: value for key, value in answers.items() if key not in files}
    kept = {k: v for k, v in {**application.answers, **said}.items() if v is not None}
    touch(db, application, answers=application.form.shown(kept), touched_at=now)


def submit(
    db: Session,
    *,
    by: Account,
    application: Application,
    workflow: Workflow,
    now: datetime,
    version: int | None = None,
) -> None:
    """Hand the application in. Raises Incomplete, MixedPolicies, or WrongState if it is no draft."""
    guards.is_applicant(application, by)
    guards.in_state(application, State.DRAFT)
    guards.as_seen(application, version)
    offered = {each.slug: each for each in catalogue.datasets(db)}
    try:
        answers_schema(application.form, datasets=offered, files=application.file_names).load(application.answers)
    except ValidationError as error:
        raise Incomplete(faults(error)) from None
    if len({offered[slug].deid_policy for slug in application.dataset_slugs}) > 1:
        raise MixedPolicies
    move(
        db,
        application,
        State.SUBMITTED,
        submitted_at=now,
        workflow_sha256=_keep(db, workflow, now=now),
    )
    detail = {
        "form": application.form_sha256,
        "workflow": workflow.sha256,
        "datasets": application.dataset_slugs,
    }
    _record(db, application, "application.submitted", by=by, now=now, detail=detail)
    telling.submitted(db, application=application, now=now)


def withdraw(db: Session, *, by: Account, application: Application, now: datetime) -> None:
    """Take the application back, at any time before the decision."""
    guards.is_applicant(application, by)
    move(db, application, State.WITHDRAWN, closed_at=now)
    _record(db, application, "application.withdrawn", by=by, now=now)


def revise(db: Session, *, by: Account, application: Application, form: Form, now: datetime) -> Application:
    """A new draft with the answers of one that was returned; a second call gives the same draft.

    What was judged stays as it was judged: the returned application itself never changes again.
    """
    guards.is_applicant(application, by)
    guards.in_state(application, State.RETURNED)
    earlier = db.scalar(select(Application).where(Application.revises_id == application.id))
    if earlier is not None:
        return earlier
    draft = start(db, by=by, form=form, answers=application.answers, now=now)
    draft.revises_id, draft.external_id = application.id, application.external_id
    copy_files(db, source=application, to=draft, now=now)
    carry_over(source=application, to=draft, now=now)
    db.flush()
    return draft


def _keep(db: Session, policy: Form | Workflow, *, now: datetime) -> str:
    """Keep the text that the application relies on; gives its hash."""
    if db.get(PolicyText, policy.sha256) is None:
        db.add(PolicyText(sha256=policy.sha256, source=policy.source, kept_at=now))
        db.flush()
    return policy.sha256


def _record(
    db: Session,
    application: Application,
    action: str,
    *,
    by: Account,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    record(db, action=action, actor=acting(by), now=now, subject=application.id, detail=detail)
