"""People who are blocked from a dataset: no grant of it is issued to a project that they are on, until it is lifted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.models import Block, Grant, GrantDataset, Membership
from gateway.trail.record import record


class Blocked(Conflict):
    """Somebody on it is blocked from one of the datasets."""

    code = "person-blocked"
    title = "Somebody on this project is blocked from one of its datasets; lift the block first, or leave them out"


class AlreadyBlocked(Conflict):
    """One block at a time, of one person from one dataset."""

    code = "already-blocked"
    title = "This person is blocked from this dataset already"


class AlreadyLifted(Conflict):
    """A block is lifted once."""

    code = "already-lifted"
    title = "This block has been lifted already"


class OwnBlock(Forbidden):
    """Somebody else looks at it."""

    code = "own-block"
    title = "This is about yourself, so somebody else has to do it"


def block(
    db: Session, *, by: Account, dataset_id: str, email: str, reason: str, ends: datetime | None, now: datetime
) -> Block:
    """Block the person with this address, or with the account of this address, from a dataset.

    Running access is not touched: a grant is suspended or revoked by itself. Raises AlreadyBlocked, OwnBlock, Invalid.
    """
    address, why = email.strip().lower(), reason.strip()[:1000]
    if not why:
        raise Invalid("Say why: those who judge an application of this person read it.")
    if ends is not None and ends <= now:
        raise Invalid("A block ends in the future.")
    account = db.scalar(select(Account).where(func.lower(Account.email) == address))
    if by.email.lower() == address:
        raise OwnBlock
    if blocks(db, datasets=[dataset_id], people=[account] if account else [], emails=[address], now=now):
        raise AlreadyBlocked
    made = Block(
        dataset_id=dataset_id, email=address, account=account, reason=why, made_by_id=by.id, made_at=now, ends_at=ends
    )
    db.add(made)
    _record(db, made, "block.made", by, why, now)
    return made


def lift(db: Session, *, by: Account, made: Block, reason: str, now: datetime) -> None:
    """Let the person have the dataset again. Raises OwnBlock, AlreadyLifted, Invalid."""
    why = reason.strip()[:1000]
    if by.id == made.account_id or by.email.lower() == made.email:
        raise OwnBlock
    if made.lifted_at is not None:
        raise AlreadyLifted
    if not why:
        raise Invalid("Say why the block is lifted.")
    made.lifted_at, made.lifted_by_id, made.lifted_because = now, by.id, why
    _record(db, made, "block.lifted", by, why, now)


def blocks(
    db: Session, *, datasets: Collection[str], people: Collection[Account], emails: Collection[str] = (), now: datetime
) -> Sequence[Block]:
    """The blocks that hold now of these people or addresses. Index: ix_dataset_block_dataset_id."""
    addresses = {each.lower() for each in emails} | {each.email.lower() for each in people}
    of_them = or_(Block.email.in_(addresses), Block.account_id.in_({each.id for each in people}))
    found = select(Block).where(Block.dataset_id.in_(datasets), of_them, _holds(now))
    return db.scalars(found.order_by(Block.made_at, Block.id)).all()


def nobody_is_blocked(db: Session, *, project_id: str, datasets: Collection[str], now: datetime) -> None:
    """Nobody on the project is blocked from any of these datasets. Raises Blocked."""
    on_it = select(Account).join(Membership, Membership.account_id == Account.id)
    people = db.scalars(on_it.where(Membership.project_id == project_id)).all()
    if blocks(db, datasets=datasets, people=people, now=now):
        raise Blocked


def may_join(db: Session, *, project_id: str, account: Account, now: datetime) -> None:
    """The account is not blocked from anything that the project may see. Raises Blocked."""
    open_ = select(GrantDataset.dataset_id).join(Grant, Grant.id == GrantDataset.grant_id)
    live = open_.where(Grant.project_id == project_id, Grant.revoked_at.is_(None), Grant.ends_at > now)
    if blocks(db, datasets=db.scalars(live).all(), people=[account], now=now):
        raise Blocked


def page_of_blocks(db: Session, page: int) -> Page[Block]:
    """All there ever were, the newest first. Index: ix_dataset_block_made_at."""
    newest = select(Block).options(selectinload(Block.account)).order_by(Block.made_at.desc(), Block.id)
    return page_of(db, newest, page)


def block_named(db: Session, block_id: str) -> Block:
    """The one of that id. Raises NotFound."""
    found = db.get(Block, block_id)
    if found is None:
        raise NotFound("There is no such block.")
    return found


def _holds(now: datetime) -> ColumnElement[bool]:
    return Block.lifted_at.is_(None) & or_(Block.ends_at.is_(None), Block.ends_at > now)


def _record(db: Session, made: Block, action: str, by: Account, why: str, now: datetime) -> None:
    db.flush()
    detail = {"dataset": made.dataset_id, "ends": made.ends_at.isoformat() if made.ends_at else None}
    personal = {"email": made.email, "reason": why}
    record(db, action=action, actor=acting(by), now=now, subject=made.id, detail=detail, personal=personal)
