"""Taking visas of other issuers as evidence, and putting them away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, NotFound
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.trail.record import record
from gateway.visas.checking import Checked, check
from gateway.visas.models import Evidence
from gateway.visas.trusting import Issuer


class SomebodyElses(Conflict):
    """One identity at an issuer is one person here."""

    code = "visa-of-another"
    title = "Another account here has shown visas of this identity"


class NoSuchEvidence(NotFound):
    """Not there, or somebody else's."""

    code = "evidence-not-found"
    title = "There is no such visa"


def show(db: Session, *, by: Account, token: str, trusted: Sequence[Issuer], now: datetime) -> Evidence:
    """Check a visa and keep what it says beside the account; a fresh one replaces the one before it.

    Raises NotBelieved, SomebodyElses.
    """
    said = check(token, trusted=trusted, now=now)
    same = (Evidence.iss == said.iss, Evidence.sub == said.sub)
    if db.scalar(select(Evidence.id).where(*same, Evidence.account_id != by.id)) is not None:
        raise SomebodyElses
    kept = _kept(db, by, said)
    kept.issuer, kept.by, kept.checked_at = said.issuer, said.by, now
    kept.asserted_at, kept.expires_at = said.asserted, said.expires
    db.flush()
    told = {"type": said.type, "expires": said.expires.isoformat()}
    personal = {"iss": said.iss, "sub": said.sub, "value": said.value, "source": said.source}
    record(db, action="visa.believed", actor=acting(by), now=now, subject=kept.id, detail=told, personal=personal)
    return kept


def put_away(db: Session, *, by: Account, evidence_id: str, now: datetime) -> None:
    """Show it no longer. Raises NoSuchEvidence."""
    found = db.get(Evidence, evidence_id)
    if found is None or found.account_id != by.id:
        raise NoSuchEvidence
    db.delete(found)
    db.flush()
    record(db, action="visa.put-away", actor=acting(by), now=now, subject=evidence_id)


def _kept(db: Session, by: Account, said: Checked) -> Evidence:
    """The row that says the same, or a new one."""
    told = {"iss": said.iss, "sub": said.sub, "type": said.type, "value": said.value, "source": said.source}
    found = db.scalar(select(Evidence).filter_by(account_id=by.id, **told))
    if found is None:
        found = Evidence(account_id=by.id, **told)
        db.add(found)
    return found
