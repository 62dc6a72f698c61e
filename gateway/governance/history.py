"""What happened to an application beside its stages, as the one who looks may know it: as hand-overs and remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, NotFound
from gateway.governance import guards
from gateway.governance.blocked import Standing, told_of_blocks
from gateway.governance.handing_over import STATES, handed_over, waiting
from gateway.governance.models import Application
from gateway.governance.paperwork import Audience, HandOver
from gateway.governance.remarking import remarks_seen_by
from gateway.people.models import Account

What = Literal["handed-over", "file-removed", "remark", "remark-for-committee"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, in words for people."""

    at: datetime
    what: What
    title: str
    text: str = ""


def history(db: Session, application: Application, account: Account) -> list[Happening]:
    """What the account may know, of an application that it may see; oldest first."""
    found = [*_hand_overs(db, application), *_removed(application), *_remarks(db, application, account)]
    return sorted(found, key=lambda each: each.at)


def _hand_overs(db: Session, application: Application) -> Iterator[Happening]:
    for each in handed_over(db, application):
        title = f"Handed over by {each.former.name} to {each.to.name}"
        yield Happening(each.answered_at or each.proposed_at, "handed-over", title, each.reason)


def _removed(application: Application) -> Iterator[Happening]:
    for each in application.attachments:
        if each.redacted_at is not None:
            yield Happening(each.redacted_at, "file-removed", "A steward removed a file", each.redacted_because)


def _remarks(db: Session, application: Application, account: Account) -> Iterator[Happening]:
    inside = guards.on_the_committee_side(application, account)
    for each in remarks_seen_by(db, application, account):
        who = each.by.name if inside else "those who handle your application"
        if each.audience == Audience.COMMITTEE:
            yield Happening(each.made_at, "remark-for-committee", f"Remark by {who}, for the committee", each.text)
        else:
            yield Happening(each.made_at, "remark", f"Remark by {who}", each.text)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a page about an application shows and offers beside the judgement."""

    history: list[Happening]
    asked: HandOver | None  # who is asked to lead it, if anybody is
    asks_me: bool
    may_hand_over: bool
    blocked: list[Standing]  # for those who judge
    may_remark: bool
    is_steward: bool  # of it, who may remove a file or say what it is called elsewhere


def beside(db: Session, application: Application, account: Account, now: datetime) -> Beside:
    """For this account, which may see the application."""
    asked = waiting(db, application)
    return Beside(
        history=history(db, application, account),
        asked=asked,
        asks_me=asked is not None and asked.to_id == account.id,
        may_hand_over=application.state in STATES and _may(guards.may_hand_over, application, account),
        blocked=_blocked(db, application, account, now),
        may_remark=_may(guards.may_remark, application, account),
        is_steward=_may(guards.is_steward, application, account),
    )


def _blocked(db: Session, application: Application, account: Account, now: datetime) -> list[Standing]:
    if not guards.on_the_committee_side(application, account):
        return []
    return [each for each, _ in told_of_blocks(db, application, account, now)]


def _may(guard: Callable[[Application, Account], None], application: Application, account: Account) -> bool:
    try:
        guard(application, account)
    except (Conflict, Forbidden, NotFound):
        return False
    return True
