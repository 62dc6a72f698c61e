"""What a member brings before a grant lets them in: a signature under its agreement, and training that counts.

A grant carries what was asked for on the day of its approval, so that the gate needs no policy file to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.errors import Forbidden
from gateway.projects.agreement import Agreement, parse_agreement
from gateway.projects.models import AgreementText, Certificate, CertificateState, Grant, Signature


class NotSigned(Forbidden):
    """A member, but one who has not agreed to anything."""

    code = "agreement-not-signed"
    title = "Sign the agreement on the page of your project first"


class Untrained(Forbidden):
    """No certificate that a steward has accepted."""

    code = "training-needed"
    title = "Show a certificate of the training that your project asks for, and wait until a data steward accepts it"


class TrainingEnded(Forbidden):
    """There was one, and its day has passed."""

    code = "training-ended"
    title = "Your certificate of training has run out: show a new one to see data again"


@dataclass(frozen=True, slots=True)
class Needs:
    """What each member needs: a signature under this text (its SHA-256), and training of these kinds."""

    agreement: str | None
    training: tuple[str, ...]


NOTHING = Needs(None, ())  # for a project that no committee approved


@dataclass(frozen=True, slots=True)
class Lacks:
    """What keeps a member out of the grants that run or will run: texts to sign, kinds of training to show."""

    agreements: tuple[Agreement, ...]
    training: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the member has all that is asked for."""
        return not self.agreements and not self.training


def keep(db: Session, *, agreement: Agreement, now: datetime) -> Needs:
    """What this agreement asks for, with its text kept for as long as anybody may have signed it."""
    if db.get(AgreementText, agreement.sha256) is None:
        db.add(AgreementText(sha256=agreement.sha256, source=agreement.source, kept_at=now))
        db.flush()
    return Needs(agreement.sha256, tuple(each.key for each in agreement.training))


def ready(db: Session, *, project_id: str, account_id: str, needs: Needs, now: datetime) -> datetime | None:
    """Until when this account meets the needs; None where nothing of it ends.

    Raises NotSigned, Untrained or TrainingEnded. Index: pk_agreement_signature, ix_training_certificate_holder.
    """
    if needs.agreement is not None and db.get(Signature, (project_id, account_id, needs.agreement)) is None:
        raise NotSigned
    if not needs.training:
        return None
    last = trained_until(db, [account_id], needs.training).get(account_id, {})
    if len(last) < len(needs.training):
        raise Untrained
    until = min(last.values())
    if now >= until:
        raise TrainingEnded
    return until


def trained_until(
    db: Session, accounts: Iterable[str], kinds: Sequence[str] | None = None
) -> Mapping[str, Mapping[str, datetime]]:
    """For each account, until when its best accepted certificate of each kind (all: None) counts."""
    best = select(Certificate.account_id, Certificate.kind, func.max(Certificate.ends_at)).where(
        Certificate.account_id.in_(list(accounts)), Certificate.state == CertificateState.ACCEPTED
    )
    if kinds is not None:
        best = best.where(Certificate.kind.in_(list(kinds)))
    found: dict[str, dict[str, datetime]] = {}
    for account_id, kind, until in db.execute(best.group_by(Certificate.account_id, Certificate.kind)):
        found.setdefault(account_id, {})[kind] = until
    return found


def lacks(db: Session, *, project_id: str, account_id: str, now: datetime) -> Lacks:
    """What this member still has to sign or show, for all grants of the project that are not over."""
    grants = grants_ahead(db, project_id, now)
    wanted = list(dict.fromkeys(each.agreement_sha256 for each in grants if each.agreement_sha256))
    signed = {each.agreement_sha256 for each in signatures(db, project_id) if each.account_id == account_id}
    kinds = list(dict.fromkeys(kind for each in grants for kind in each.training))
    until = trained_until(db, [account_id], kinds).get(account_id, {})
    return Lacks(
        agreements=tuple(text_of(db, each) for each in wanted if each not in signed),
        training=tuple(kind for kind in kinds if kind not in until or until[kind] <= now),
    )


def agreements_of(db: Session, project_id: str, now: datetime) -> list[Agreement]:
    """The agreements that the project's grants ask for, the latest grant's first."""
    asked = [each.agreement_sha256 for each in reversed(grants_ahead(db, project_id, now)) if each.agreement_sha256]
    return [text_of(db, each) for each in dict.fromkeys(asked)]


def grants_ahead(db: Session, project_id: str, now: datetime) -> Sequence[Grant]:
    """Grants of the project that run, rest or will run, in the order of their issue."""
    live = select(Grant).where(Grant.project_id == project_id, Grant.revoked_at.is_(None), Grant.ends_at > now)
    return db.scalars(live.order_by(Grant.issued_at, Grant.id)).all()


def signatures(db: Session, project_id: str) -> Sequence[Signature]:
    """Who signed what for this project, the first first."""
    return db.scalars(
        select(Signature).where(Signature.project_id == project_id).order_by(Signature.signed_at, Signature.account_id)
    ).all()


def text_of(db: Session, sha256: str) -> Agreement:
    """A kept version of the agreement."""
    return parse_agreement(db.get_one(AgreementText, sha256).source)
