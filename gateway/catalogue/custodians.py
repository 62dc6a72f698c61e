"""Who answers for a site's data: appoint, dismiss, ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Custodian, Site
from gateway.errors import Conflict, Invalid
from gateway.people.models import Account
from gateway.trail.record import Actor, record

ROLE = "site-custodian"


class NotACustodian(Invalid):
    """The role comes first, from an administrator; then the site."""

    code = "not-a-custodian"
    title = "Only somebody with the role of site custodian can be a site's custodian"


class AlreadyCustodian(Conflict):
    """A person is a site's custodian once."""

    code = "already-custodian"
    title = "This person is a custodian of the site already"


def appoint(db: Session, *, by: Actor, site: Site, account: Account, now: datetime) -> Custodian:
    """Make the account a custodian of the site. Raises NotACustodian, AlreadyCustodian."""
    if account.closed_at is not None or ROLE not in account.role_keys:
        raise NotACustodian
    if db.get(Custodian, (site.id, account.id)) is not None:
        raise AlreadyCustodian
    custodian = Custodian(site=site, account_id=account.id, since=now)
    db.add(custodian)
    db.flush()
    record(db, action="custodian.appointed", actor=by, now=now, subject=account.id, detail={"site": site.id})
    return custodian


def dismiss(db: Session, *, by: Actor, custodian: Custodian, now: datetime) -> None:
    """The account answers for the site no longer; what it answered before stands."""
    site, account = custodian.site_id, custodian.account_id
    db.delete(custodian)
    db.flush()
    record(db, action="custodian.dismissed", actor=by, now=now, subject=account, detail={"site": site})


def sites_of(db: Session, account_id: str) -> Sequence[Site]:
    """The sites that this account answers for. Index: ix_site_custodian_account_id."""
    return db.scalars(
        select(Site).join(Custodian, Custodian.site_id == Site.id).where(Custodian.account_id == account_id)
    ).all()


def custodians(db: Session) -> Sequence[tuple[str, Account]]:
    """The id of a site and one of its custodians, of every site."""
    asked = select(Custodian.site_id, Account).join(Account, Account.id == Custodian.account_id)
    return [(row[0], row[1]) for row in db.execute(asked.order_by(Custodian.site_id, Account.name, Account.id))]
