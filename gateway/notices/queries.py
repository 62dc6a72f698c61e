"""Reading notices. Index: ix_notice_account_id_read_at."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.notices.models import Notice

ON_A_PAGE = 50


def unread(db: Session, account_id: str) -> int:
    """How many notices this account has not read."""
    query = select(func.count()).where(Notice.account_id == account_id, Notice.read_at.is_(None))
    return db.scalars(query).one()


def page_of(db: Session, account_id: str, page: int) -> tuple[Sequence[Notice], bool]:
    """One page of an account's notices, the newest first; and whether there are older ones. Pages begin at 1."""
    found = db.scalars(
        select(Notice)
        .where(Notice.account_id == account_id)
        .order_by(Notice.made_at.desc(), Notice.id)
        .offset((page - 1) * ON_A_PAGE)
        .limit(ON_A_PAGE + 1)
    ).all()
    return found[:ON_A_PAGE], len(found) > ON_A_PAGE
