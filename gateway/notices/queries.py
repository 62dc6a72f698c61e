"""Reading notices. Index: ix_notice_account_id_read_at."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.notices.models import Notice
from gateway.paging import Page, page_of


def unread(db: Session, account_id: str) -> int:
    """How many notices this account has not read."""
    query = select(func.count()).where(Notice.account_id == account_id, Notice.read_at.is_(None))
    return db.scalars(query).one()


def notices_of(db: Session, account_id: str, page: int) -> Page[Notice]:
    """One page of an account's notices, the newest first. Index: ix_notice_account_id_made_at."""
    mine = select(Notice).where(Notice.account_id == account_id)
    return page_of(db, mine.order_by(Notice.made_at.desc(), Notice.id), page)
