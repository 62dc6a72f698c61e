"""Orders to destroy: a patient withdraws, and a project that has data of theirs destroys its copies and says so.

An order names what was sent under released names only. It never says which patient of the archive that was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.notices.models import Kind
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.models import Membership, Project
from gateway.projects.queries import membership
from gateway.projects.telling import reference, tell_members, tell_stewards
from gateway.release.facts import first
from gateway.release.models import DestructionOrder, ManifestEntry, Release
from gateway.release.queries import ClearPatient, entries_of_patient
from gateway.settings import current
from gateway.trail.models import Event
from gateway.trail.reads import OPENED
from gateway.trail.record import Actor, record

OPT_OUT, CONSENT, FORGOTTEN = "opt-out", "consent", "forgotten"
PATIENT_ID = "00100020"
PORTION = 500  # instances that the trail is asked for at once
LONGEST = 4000  # characters of a statement
PAGE = "/destruction"


class NoSuchOrder(NotFound):
    """Not there, or another project's."""

    code = "order-not-found"
    title = "There is no such order to destroy data"


class NotOnTheProject(Forbidden):
    """Whoever has the copies answers for them."""

    code = "not-on-the-project"
    title = "Only a member of the project can confirm that its copies are destroyed"


class AlreadyConfirmed(Conflict):
    """An order is confirmed once."""

    code = "already-confirmed"
    title = "This order has been confirmed already"


def order_destruction(
    db: Session, *, by: Actor, project_id: str, patient: ClearPatient, because: str, now: datetime
) -> DestructionOrder | None:
    """Order what the project was sent of a patient to be destroyed; None if nothing was, or all is ordered already."""
    due = to_destroy(db, project_id, patient)
    if not due:
        return None
    order = DestructionOrder(
        project_id=project_id,
        because=because,
        made_at=now,
        pseudonym=str(next((told for each in due if (told := first(each.facts, PATIENT_ID))), "")),
        studies=sorted({each.study_uid for each in due}),
        instances=[each.uid for each in due],
    )
    db.add(order)
    db.flush()
    detail = {"order": order.id, "because": because, "studies": len(order.studies), "images": len(due)}
    record(db, action="destruction.ordered", actor=by, now=now, project=project_id, subject=order.id, detail=detail)
    text = f"A patient has withdrawn: project {reference(project_id)} has to destroy its copies, and to confirm it"
    tell_members(db, project_id=project_id, kind=Kind.DESTROY, text=text, now=now, page=PAGE)
    return order


def to_destroy(db: Session, project_id: str, patient: ClearPatient) -> list[ManifestEntry]:
    """What the project was sent of a patient since the last order, and has to destroy."""
    if db.get_one(Project, project_id).closure is not None:
        return []  # it has stated already that all its copies are destroyed
    releases = list(db.scalars(select(Release.id).where(Release.project_id == project_id)))
    entries = {each.uid: each for each in entries_of_patient(db, releases, patient) if each.released}
    sent = _sent(db, releases, entries)
    return [entries[uid] for uid in sorted(set(sent) - _ordered(db, project_id, sent))]


def _sent(db: Session, releases: Sequence[str], entries: Collection[str]) -> dict[str, datetime]:
    """Released UID -> when it was last asked for, of what was. Index: ix_trail_event_instance_action_seq."""
    uids, found = sorted(entries), dict[str, datetime]()
    for at in range(0, len(uids), PORTION):
        asked = select(Event.instance_uid, func.max(Event.at)).where(
            Event.instance_uid.in_(uids[at : at + PORTION]), Event.action == OPENED, Event.release_id.in_(releases)
        )
        found |= {str(uid): moment for uid, moment in db.execute(asked.group_by(Event.instance_uid))}
    return found


def _ordered(db: Session, project_id: str, sent: dict[str, datetime]) -> set[str]:
    """Those for which an order was made since they were last sent. Index: ix_destruction_order_project_id."""
    orders = db.scalars(select(DestructionOrder).where(DestructionOrder.project_id == project_id))
    return {uid for each in orders for uid in each.instances if uid in sent and sent[uid] <= each.made_at}


def confirm(
    db: Session, *, by: Account, order: DestructionOrder, statement: str, destroyed_on: date, now: datetime
) -> None:
    """A member states that the project's copies are destroyed. Raises NotOnTheProject, Invalid, AlreadyConfirmed."""
    if membership(db, order.project_id, by.id) is None:
        raise NotOnTheProject
    if not statement.strip() or len(statement) > LONGEST:
        raise Invalid(f"Say where copies were, and how they were destroyed, in at most {LONGEST} characters.")
    if destroyed_on > now.date():
        raise Invalid("Confirm it once the data are destroyed: the day is still to come.")
    if destroyed_on < order.made_at.date() - timedelta(days=1):
        raise Invalid("The day lies before the order was made.")
    taken = db.execute(
        update(DestructionOrder)
        .where(DestructionOrder.id == order.id, DestructionOrder.confirmed_at.is_(None))
        .values(confirmed_at=now, confirmed_by_id=by.id, destroyed_on=destroyed_on, statement=statement.strip())
        .returning(DestructionOrder.id)
    ).scalar_one_or_none()
    if taken is None:
        raise AlreadyConfirmed
    db.refresh(order)
    detail = {"order": order.id, "destroyed_on": destroyed_on.isoformat(), "days": (now - order.made_at).days}
    record(
        db, action="destruction.confirmed", actor=acting(by), now=now, project=order.project_id, subject=order.id,
        detail=detail,
    )  # fmt: skip
    text = f"Project {reference(order.project_id)} states that it has destroyed its copies of a patient who withdrew"
    tell_stewards(db, project_id=order.project_id, kind=Kind.DESTROY, text=text, now=now)


def remind(db: Session, *, now: datetime) -> None:
    """Tell members, each week again, of orders that are overdue; and the stewards once."""
    for order in waiting(db):
        late = (now - order.made_at).days - current().destroy_days
        if late < 0:
            continue
        text = f"Project {reference(order.project_id)} has not confirmed that it destroyed the data of a patient"
        once = f"destroy:{order.id}:{late // 7}"
        tell_members(db, project_id=order.project_id, kind=Kind.OVERDUE, text=text, now=now, once=once, page=PAGE)
        tell_stewards(
            db, project_id=order.project_id, kind=Kind.OVERDUE, text=text, now=now, once=f"destroy:{order.id}"
        )


def waiting(db: Session) -> Sequence[DestructionOrder]:
    """Orders that nobody has confirmed, the oldest first. Index: ix_destruction_order_confirmed_at_made_at."""
    asked = select(DestructionOrder).where(DestructionOrder.confirmed_at.is_(None))
    return db.scalars(asked.order_by(DestructionOrder.made_at, DestructionOrder.id)).all()


def page_of_orders(db: Session, page: int, *, projects: Collection[str] | None = None) -> Page[DestructionOrder]:
    """A page of all orders, or of some projects': those that wait, the oldest first; then what was confirmed last.

    Indexes: ix_destruction_order_confirmed_at_made_at, ix_destruction_order_project_id.
    """
    done = DestructionOrder.confirmed_at
    asked = select(DestructionOrder).options(selectinload(DestructionOrder.project))
    if projects is not None:
        asked = asked.where(DestructionOrder.project_id.in_(projects))
    return page_of(
        db, asked.order_by(done.is_not(None), done.desc(), DestructionOrder.made_at, DestructionOrder.id), page
    )


def orders_of(db: Session, project_id: str) -> Sequence[DestructionOrder]:
    """The orders of a project, those that wait first. Index: ix_destruction_order_project_id."""
    asked = select(DestructionOrder).where(DestructionOrder.project_id == project_id)
    return db.scalars(asked.order_by(DestructionOrder.confirmed_at.is_not(None), DestructionOrder.made_at)).all()


def counted(db: Session) -> int:
    """How many orders wait for a confirmation. Index: ix_destruction_order_confirmed_at_made_at."""
    return db.scalar(select(func.count()).where(DestructionOrder.confirmed_at.is_(None))) or 0


def counted_of(db: Session, account_id: str) -> Sequence[tuple[str, str, int]]:
    """(id and title of a project, how many orders wait) for an account's projects. Index: ix_membership_account_id."""
    rows = db.execute(
        select(Project.id, Project.title, func.count())
        .join(Membership, Membership.project_id == Project.id)
        .join(DestructionOrder, DestructionOrder.project_id == Project.id)
        .where(Membership.account_id == account_id, DestructionOrder.confirmed_at.is_(None))
        .group_by(Project.id, Project.title)
        .order_by(Project.title, Project.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]
