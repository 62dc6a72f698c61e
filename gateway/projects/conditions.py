"""Conditions of an approval, tracked to done: set, reported by the project, accepted or sent back by a steward."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, Invalid
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.grant_changes import not_a_member
from gateway.projects.models import Condition, Project
from gateway.projects.queries import membership
from gateway.projects.telling import reference, tell_members, tell_stewards
from gateway.trail.record import Actor, record

OPEN, REPORTED, DONE = "open", "reported", "done"


class NotOnProject(Forbidden):
    """Only members speak for a project."""

    code = "not-on-project"
    title = "Only members of the project can do this"


class NotThere(Conflict):
    """The condition does not stand where this step begins."""

    code = "condition-state"
    title = "This condition has moved on since you opened the page"


def set_conditions(db: Session, *, by: Actor, project: Project, texts: Sequence[str], now: datetime) -> None:
    """Ask these things of a project; what it was asked before is not asked twice."""
    known = {each.text for each in project.conditions}
    fresh = [text for text in dict.fromkeys(texts) if text not in known]
    project.conditions += [Condition(text=text[:500], state=OPEN, set_at=now) for text in fresh]
    db.flush()
    if fresh:
        record(db, action="conditions.set", actor=by, now=now, project=project.id, detail={"number": len(fresh)})
        text = f"Project {reference(project.id)} has new conditions to meet"
        tell_members(db, project_id=project.id, kind=Kind.CONDITION, text=text, now=now)


def report_done(db: Session, *, by: Account, condition: Condition, note: str, now: datetime) -> None:
    """A member says what was done. Raises NotOnProject, NotThere, Invalid without a note."""
    if membership(db, condition.project_id, by.id) is None:
        raise NotOnProject
    if not note.strip():
        raise Invalid("Say what was done.")
    _move(db, condition, OPEN, REPORTED)
    condition.note, condition.reported_at = note.strip(), now
    _record(db, condition, "condition.reported", by, now)
    text = f"Project {reference(condition.project_id)} says that it has met a condition: accept it or send it back"
    tell_stewards(db, project_id=condition.project_id, kind=Kind.CONDITION, text=text, now=now)


def accept(db: Session, *, by: Account, condition: Condition, now: datetime) -> None:
    """Somebody outside the project agrees that it is done. Raises OwnProject, NotThere."""
    not_a_member(db, condition.project_id, by)
    _move(db, condition, REPORTED, DONE)
    condition.done_at = now
    _record(db, condition, "condition.done", by, now)
    _tell(db, condition, "is accepted", now)


def send_back(db: Session, *, by: Account, condition: Condition, remark: str, now: datetime) -> None:
    """Somebody outside the project says what is missing. Raises OwnProject, NotThere, Invalid without a remark."""
    not_a_member(db, condition.project_id, by)
    if not remark.strip():
        raise Invalid("Say what is missing.")
    _move(db, condition, REPORTED, OPEN)
    condition.remark = remark.strip()
    _record(db, condition, "condition.sent-back", by, now)
    _tell(db, condition, "is sent back: something is missing", now)


def judge(db: Session, *, by: Account, condition: Condition, verdict: str, remark: str, now: datetime) -> None:
    """Accept what was reported, or send it back, as `VerdictSchema` gave it. Raises what they raise."""
    if verdict == "accept":
        accept(db, by=by, condition=condition, now=now)
    else:
        send_back(db, by=by, condition=condition, remark=remark, now=now)


def _move(db: Session, condition: Condition, before: str, after: str) -> None:
    db.refresh(condition, with_for_update=True)
    if condition.state != before:
        raise NotThere
    condition.state = after


def _record(db: Session, condition: Condition, action: str, by: Account, now: datetime) -> None:
    db.flush()
    record(db, action=action, actor=acting(by), now=now, project=condition.project_id, subject=condition.id)


def _tell(db: Session, condition: Condition, words: str, now: datetime) -> None:
    text = f"What project {reference(condition.project_id)} reported on a condition {words}"
    tell_members(db, project_id=condition.project_id, kind=Kind.CONDITION, text=text, now=now)
