"""Finding accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gateway.errors import NotFound
from gateway.paging import Page, page_of
from gateway.people.models import Account, AccountRole


class NoSuchAccount(NotFound):
    """Nobody has this id or address."""

    code = "account-not-found"
    title = "There is no such account"


def account_by_email(db: Session, email: str) -> Account | None:
    """Whose address this is. Uses uq_people_account_email."""
    return db.scalar(select(Account).where(Account.email == email.strip().lower()))


def account(db: Session, account_id: str) -> Account:
    """By id. Raises NoSuchAccount."""
    found = db.get(Account, account_id)
    if found is None:
        raise NoSuchAccount
    return found


def holders(db: Session, role: str) -> Sequence[Account]:
    """Everybody who holds a role and can sign in, by name."""
    held = select(AccountRole.account_id).where(AccountRole.role == role)
    query = select(Account).where(Account.id.in_(held), Account.closed_at.is_(None))
    return db.scalars(query.order_by(Account.name, Account.id)).all()


def names(db: Session, ids: Collection[str]) -> dict[str, str]:
    """The names of some accounts by their ids."""
    return {row[0]: row[1] for row in db.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))}


def page_of_accounts(db: Session, page: int, *, named: str = "") -> Page[Account]:
    """A page of everybody, or of those whose name or address holds some text. Index: ix_people_account_name."""
    asked = select(Account).order_by(Account.name, Account.id)
    if text := named.strip():
        asked = asked.where(
            or_(Account.name.icontains(text, autoescape=True), Account.email.icontains(text, autoescape=True))
        )
    return page_of(db, asked, page)


def accounts(db: Session) -> Sequence[Account]:
    """Everybody, by name."""
    return db.scalars(select(Account).order_by(Account.name, Account.id)).all()
