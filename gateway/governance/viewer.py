"""Who is looking, for the pages and the API of this room."""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session

from gateway.clock import now
from gateway.errors import Unauthenticated
from gateway.governance import queries
from gateway.governance.form import Form
from gateway.governance.judging import Judgement, Values
from gateway.governance.models import Application
from gateway.governance.workflow import Workflow, read_workflow
from gateway.people.access import may, the_account
from gateway.people.models import Account
from gateway.settings import current

FORM = "research-access"


def me(db: Session) -> Account:
    """The account of this request, in this session. Raises Unauthenticated."""
    found = db.get(Account, the_account().id)
    if found is None:
        raise Unauthenticated
    return found


def judged(db: Session, application_id: str, judge: Judgement, values: Values) -> tuple[Application, Account]:
    """Have me judge an application that I may see; gives both. Raises NotFound, and what the judgement raises."""
    account = me(db)
    found = queries.application_seen_by(db, application_id, account, reads_all=reads_all())
    judge(db, by=account, application=found, values=values, now=now())
    return found, account


def rules_for(form: Form) -> Workflow:
    """The workflow that the form names, as it is now."""
    return read_workflow(current().policies_dir, form.workflow)


def reads_all() -> bool:
    """Whether this request may read every submitted application."""
    return may("application.read-all")


def may_apply() -> bool:
    """Whether this request may write applications."""
    return may("application.write")


def seen_version() -> int | None:
    """The version of the application that the page was made from."""
    return request.form.get("version", type=int)
