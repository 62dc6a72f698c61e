"""Blocks that touch an application: what those who judge it are shown, and what the person who is blocked is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue import queries as catalogue
from gateway.errors import Conflict
from gateway.governance import guards
from gateway.governance.models import Application
from gateway.governance.states import OPEN
from gateway.people.models import Account
from gateway.projects import blocking
from gateway.projects.models import Block

KINDLY = (
    "We cannot give you access to {title} at the moment. You can still send your application, and those who look at it "
    "know about this. If you would like to know why, or think that it is a mistake, please write to the data team."
)


class BlockedFromIt(Conflict):
    """Somebody who applies is blocked from a dataset that is asked for."""

    code = "applicant-blocked"


@dataclass(frozen=True, slots=True)
class Standing:
    """A block that holds: who is kept from which dataset, and why."""

    block: Block
    who: str
    dataset: str


def blocked_on(db: Session, application: Application, now: datetime) -> list[Standing]:
    """The blocks of anybody who applies, is named or invited, or is on the project, from what is asked for."""
    asked = {each.id: each.title for each in catalogue.datasets(db) if each.slug in application.dataset_slugs}
    found = _blocks(db, application, asked, now)
    return [Standing(each, each.account.name if each.account else each.email, asked[each.dataset_id]) for each in found]


def nobody_is_blocked(db: Session, application: Application, datasets: Collection[str], now: datetime) -> None:
    """None of those who apply is blocked from these datasets (ids). Raises BlockedFromIt."""
    if _blocks(db, application, datasets, now):
        titles = {each.block.dataset_id: each.dataset for each in blocked_on(db, application, now)}
        named = " and ".join(sorted({title for key, title in titles.items() if key in datasets}))
        raise BlockedFromIt(
            f"Somebody who applies is blocked from {named}, so this cannot be approved. "
            "Have the block lifted, or return the application so that it asks for other data or comes from others."
        )


def told_of_blocks(
    db: Session, application: Application, account: Account, now: datetime
) -> list[tuple[Standing, str]]:
    """Each block with what this account reads of it: who judges all, who applies of their own, the others nothing.

    Nothing is told of an application that is closed.
    """
    if application.state not in OPEN:
        return []
    found = blocked_on(db, application, now)
    if guards.on_the_committee_side(application, account):
        return [(each, f"{each.who} is blocked from {each.dataset}. {each.block.reason}") for each in found]
    return [(each, KINDLY.format(title=each.dataset)) for each in found if _is_about(each.block, account)]


def told_kindly(db: Session, application: Application, account: Account, now: datetime) -> list[str]:
    """What somebody who applies reads about their own blocks; of others they are told nothing."""
    if guards.on_the_committee_side(application, account):
        return []
    return [words for _, words in told_of_blocks(db, application, account, now)]


def _is_about(block: Block, account: Account) -> bool:
    return block.account_id == account.id or block.email == account.email.lower()


def _blocks(db: Session, application: Application, datasets: Collection[str], now: datetime) -> Sequence[Block]:
    members = [each.account_id for each in application.changes.memberships] if application.changes else []
    people = [application.applicant, *application.co_applicants, *(db.get_one(Account, each) for each in members)]
    return blocking.blocks(db, datasets=datasets, people=people, emails=application.team_emails, now=now)
