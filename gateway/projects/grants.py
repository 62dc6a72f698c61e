"""Grants: issue, revoke, and the one gate, `admit`, which gives a Pass or says why not.

Governance decides, the data plane obeys, and they meet only here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Forbidden, Invalid
from gateway.notices.models import Kind
from gateway.projects.blocking import nobody_is_blocked
from gateway.projects.models import Grant, GrantDataset, Membership, Project
from gateway.projects.readiness import Needs, ready
from gateway.projects.telling import ask_to_sign, reference, tell_members
from gateway.trail.record import Actor, record


class NotAMember(Forbidden):
    """Not on the project; also the answer for a grant that does not exist."""

    code = "not-a-member"
    title = "You are not a member of the project that holds this grant"


class NotYet(Forbidden):
    """The grant has not begun."""

    code = "grant-not-started"
    title = "Access under this grant has not started yet"


class Ended(Forbidden):
    """The grant is over."""

    code = "grant-ended"
    title = "Access under this grant has ended"


class Revoked(Forbidden):
    """The grant was taken back."""

    code = "grant-revoked"
    title = "Access under this grant was revoked"


class Suspended(Forbidden):
    """The grant rests: it was stopped for a time."""

    code = "grant-suspended"
    title = "Access under this grant is suspended"


class ProjectClosed(Conflict):
    """A closed project gets no more access."""

    code = "project-closed"
    title = "This project is closed"


class AlreadyRevoked(Conflict):
    """A grant is revoked once."""

    code = "grant-already-revoked"
    title = "This grant is revoked already"


_SEAL = object()


@dataclass(frozen=True, slots=True)
class Pass:
    """Proof that this account may use this grant now. Only `admit` makes one.

    It is good until `ends_at` and while the grant's epoch is `epoch`: ask `admit` again to be sure.
    """

    grant_id: str
    project_id: str
    account_id: str
    ends_at: datetime
    epoch: int
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a Pass comes from grants.admit")


def admit(db: Session, *, account_id: str, grant_id: str, now: datetime) -> Pass:
    """A Pass for this account under this grant, at this moment: until the grant ends, or training runs out.

    Raises NotAMember, Revoked, Suspended, NotYet, Ended, or NotSigned, Untrained, TrainingEnded.
    The start is inside the grant, the end is not.
    """
    gate = (Grant.starts_at, Grant.ends_at, Grant.revoked_at, Grant.suspended_at, Grant.epoch)
    found = db.execute(
        select(Grant.project_id, *gate, Grant.agreement_sha256, Grant.training)
        .join(Membership, Membership.project_id == Grant.project_id)
        .where(Grant.id == grant_id, Membership.account_id == account_id)
    ).one_or_none()
    if found is None:
        raise NotAMember
    if found.revoked_at is not None:
        raise Revoked
    if found.suspended_at is not None:
        raise Suspended
    if now < found.starts_at:
        raise NotYet
    if now >= found.ends_at:
        raise Ended
    needs = Needs(found.agreement_sha256, tuple(found.training))
    until = ready(db, project_id=found.project_id, account_id=account_id, needs=needs, now=now)
    ends = found.ends_at if until is None else min(found.ends_at, until)
    return Pass(grant_id, found.project_id, account_id, ends, found.epoch, seal=_SEAL)


def issue(
    db: Session,
    *,
    by: Actor,
    project: Project,
    datasets: Collection[str],
    starts: datetime,
    ends: datetime,
    deid_policy: str,
    needs: Needs,
    now: datetime,
    conditions: Sequence[str] = (),
) -> Grant:
    """A new grant of these datasets (catalogue ids) to the project; each member is let in once they meet the needs.

    Raises Invalid if the grant could never admit anyone, ProjectClosed, Blocked.
    """
    if project.closure is not None:
        raise ProjectClosed
    nobody_is_blocked(db, project_id=project.id, datasets=datasets, now=now)
    if not datasets:
        raise Invalid("A grant opens at least one dataset.")
    if ends <= max(starts, now):
        raise Invalid("A grant must end after it starts, and in the future.")
    if not deid_policy:
        raise Invalid("A grant names the de-identification policy that its data goes through.")
    grant = Grant(
        project=project,
        starts_at=starts,
        ends_at=ends,
        issued_at=now,
        epoch=1,
        deid_policy=deid_policy,
        conditions=list(conditions),
        agreement_sha256=needs.agreement,
        training=list(needs.training),
        datasets=[GrantDataset(dataset_id=each) for each in sorted(set(datasets))],
    )
    db.add(grant)
    db.flush()
    record(
        db,
        action="grant.issued",
        actor=by,
        now=now,
        project=project.id,
        subject=grant.id,
        detail={
            "datasets": list(grant.dataset_ids),
            "starts": starts.isoformat(),
            "ends": ends.isoformat(),
            "deid_policy": deid_policy,
            "conditions": list(conditions),
            "agreement": needs.agreement,
            "training": list(needs.training),
        },
    )
    if needs.agreement is not None:
        ask_to_sign(db, project_id=project.id, agreement=needs.agreement, now=now)
    return grant


def revoke(db: Session, *, by: Actor, grant: Grant, reason: str, now: datetime) -> None:
    """Take a grant back for good, and bump its epoch. Raises Invalid without a reason, AlreadyRevoked."""
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why the grant is revoked.")
    taken = db.execute(
        update(Grant)
        .where(Grant.id == grant.id, Grant.revoked_at.is_(None))
        .values(revoked_at=now, revoked_because=reason[:500], epoch=Grant.epoch + 1)
        .returning(Grant.epoch)
    ).scalar_one_or_none()
    if taken is None:
        raise AlreadyRevoked
    db.refresh(grant)
    record(
        db,
        action="grant.revoked",
        actor=by,
        now=now,
        project=grant.project_id,
        subject=grant.id,
        detail={"epoch": taken},
        personal={"reason": reason[:500]},
    )
    text = f"Access of project {reference(grant.project_id)} has been taken back"
    tell_members(db, project_id=grant.project_id, kind=Kind.REVOKED, text=text, now=now, but=by.id)
