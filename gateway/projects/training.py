"""Certificates of training: shown by their holder, checked by a steward, and withdrawn if one was not what it said."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.people.queries import accounts
from gateway.people.roles import permissions_of
from gateway.people.tokens import acting
from gateway.projects.agreement import in_force
from gateway.projects.models import Certificate, CertificateState, Membership
from gateway.projects.telling import STEWARD
from gateway.trail.record import record

PAGE = "/training"


class NoSuchCertificate(NotFound):
    """Not there, or not yours to see."""

    code = "certificate-not-found"
    title = "There is no such certificate"


class NotYours(Forbidden):
    """Whoever gains from it does not check it."""

    code = "own-training"
    title = "You are on a project with this person, so somebody else has to check the certificate"


class MovedOn(Conflict):
    """It does not stand where this step begins."""

    code = "certificate-state"
    title = "This certificate has been checked since you opened the page"


class BadCertificate(Invalid):
    """One that could never count."""

    code = "bad-certificate"


def show(
    db: Session,
    *,
    by: Account,
    kind: str,
    provider: str,
    number: str = "",
    taken_on: date,
    ends_on: date,
    now: datetime,
) -> Certificate:
    """Show a certificate of one's own; it counts once a steward accepts it. Raises BadCertificate."""
    training = in_force().kind(kind)
    if training is None:
        raise BadCertificate("Choose one of the kinds of training.")
    if taken_on > now.date():
        raise BadCertificate("The day of the course lies ahead: show the certificate once you have been there.")
    if ends_on <= taken_on or ends_on < now.date():
        raise BadCertificate("This certificate has run out already.")
    if (ends_on - taken_on).days > training.days:
        raise BadCertificate(f"No certificate of this kind counts for longer than {training.days} days.")
    certificate = Certificate(
        account_id=by.id, kind=kind, provider=provider.strip(), number=number.strip(), taken_on=taken_on,
        ends_on=ends_on, ends_at=datetime.combine(ends_on + timedelta(days=1), time(), UTC), shown_at=now,
    )  # fmt: skip
    db.add(certificate)
    db.flush()
    detail = {"kind": kind, "taken_on": taken_on.isoformat(), "ends_on": ends_on.isoformat()}
    record(db, action="training.shown", actor=acting(by), now=now, subject=certificate.id, detail=detail)
    to = [each for each in accounts(db) if each.id != by.id and STEWARD in permissions_of(each)]
    text = "A certificate of training waits to be checked"
    tell(db, to=to, kind=Kind.TRAINING, text=text, href=f"{PAGE}/waiting", now=now)
    return certificate


def accept(db: Session, *, by: Account, certificate: Certificate, now: datetime) -> None:
    """It counts from now on. Raises NotYours, MovedOn."""
    _move(db, certificate, by, CertificateState.WAITING, CertificateState.ACCEPTED, "", now)
    _done(db, certificate, by, "training.accepted", f"is accepted, and counts until {certificate.ends_on}", now)


def refuse(db: Session, *, by: Account, certificate: Certificate, remark: str, now: datetime) -> None:
    """It does not count. Raises NotYours, MovedOn, Invalid without a remark."""
    _said(remark)
    _move(db, certificate, by, CertificateState.WAITING, CertificateState.REFUSED, remark, now)
    _done(db, certificate, by, "training.refused", "is not accepted", now)


def withdraw(db: Session, *, by: Account, certificate: Certificate, remark: str, now: datetime) -> None:
    """It counts no more, and what is read on the strength of it stops. Raises NotYours, MovedOn, Invalid."""
    _said(remark)
    _move(db, certificate, by, CertificateState.ACCEPTED, CertificateState.WITHDRAWN, remark, now)
    _done(db, certificate, by, "training.withdrawn", "counts no more", now)


def may_check(db: Session, *, by: Account, certificate: Certificate) -> None:
    """Raises NotYours for one's own certificate, and for that of somebody whom one shares a project with."""
    theirs = aliased(Membership)
    shared = (
        select(Membership.project_id)
        .join(theirs, theirs.project_id == Membership.project_id)
        .where(Membership.account_id == by.id, theirs.account_id == certificate.account_id)
    )
    if by.id == certificate.account_id or db.scalars(shared.limit(1)).first() is not None:
        raise NotYours


def _said(remark: str) -> None:
    if not remark.strip():
        raise Invalid("Say why: the holder reads it.")


def _move(
    db: Session,
    certificate: Certificate,
    by: Account,
    before: CertificateState,
    after: CertificateState,
    remark: str,
    now: datetime,
) -> None:
    may_check(db, by=by, certificate=certificate)
    db.refresh(certificate, with_for_update=True)
    if certificate.state != before:
        raise MovedOn
    certificate.state, certificate.remark = after.value, remark.strip()[:500]
    certificate.checked_by_id, certificate.checked_at = by.id, now
    db.flush()


def _done(db: Session, certificate: Certificate, by: Account, action: str, words: str, now: datetime) -> None:
    detail = {"kind": certificate.kind, "holder": certificate.account_id, "ends_on": certificate.ends_on.isoformat()}
    record(db, action=action, actor=acting(by), now=now, subject=certificate.id, detail=detail)
    text = f"Your certificate of training {words}"
    tell(db, to=[certificate.holder], kind=Kind.TRAINING, text=text, href=PAGE, now=now)


def certificates_of(db: Session, account_id: str) -> list[Certificate]:
    """This account's certificates, the newest first. Index: ix_training_certificate_holder."""
    mine = select(Certificate).where(Certificate.account_id == account_id)
    return list(db.scalars(mine.order_by(Certificate.shown_at.desc(), Certificate.id)))


def to_check(db: Session, *states: CertificateState) -> list[Certificate]:
    """Certificates in these states, the longest there first. Index: ix_training_certificate_state."""
    found = select(Certificate).where(Certificate.state.in_([each.value for each in states]))
    return list(db.scalars(found.order_by(Certificate.shown_at, Certificate.id)))


def certificate(db: Session, certificate_id: str) -> Certificate:
    """One certificate. Raises NoSuchCertificate."""
    found = db.get(Certificate, certificate_id)
    if found is None:
        raise NoSuchCertificate
    return found
