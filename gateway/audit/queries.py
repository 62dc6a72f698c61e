"""Reading the log: find events, page through them, stream them, and what stands beside one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from gateway.audit.search import EVERYTHING, STAYS_HERE, Search
from gateway.audit.verify import Head
from gateway.catalogue.models import Site
from gateway.catalogue.released import FINDERS, Clear
from gateway.errors import NotFound
from gateway.people.models import Account
from gateway.projects.models import Project
from gateway.trail.chain import GENESIS
from gateway.trail.models import Event, Opening
from gateway.trail.reads import CLOSED, OPENED

PAGE = 50
BATCH = 1000


class NoSuchEvent(NotFound):
    """The log has no event with this number."""

    code = "no-such-event"
    title = "The log has no such event"


@dataclass(frozen=True, slots=True)
class Found:
    """One page of events, newest first; `older` is where the next page begins, None on the last."""

    events: Sequence[Event]
    names: dict[int, str]
    older: int | None


def head(db: Session) -> Head:
    """The last event; seq 0 in an empty log."""
    last = db.execute(select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)).one_or_none()
    return Head(last.seq, last.hash) if last else Head(0, GENESIS)


def holds(db: Session, head: Head) -> bool:
    """Whether the log still has an event that was its last."""
    return head.seq == 0 or db.scalar(select(Event.hash).where(Event.seq == head.seq)) == head.hash


def find(db: Session, search: Search, *, before: int | None = None, most: int = PAGE) -> Found:
    """A page of the events that match, from the newest (or the one before `before`) down."""
    query = select(Event).where(matching(db, search)).order_by(Event.seq.desc()).limit(most + 1)
    if before is not None:
        query = query.where(Event.seq < before)
    events = list(db.scalars(query))
    shown = events[:most]
    names = names_of(db, shown)
    db.expunge_all()  # plain values: they outlive the session
    return Found(shown, names, shown[-1].seq if len(events) > most else None)


@dataclass(frozen=True, slots=True)
class Sought:
    """A search, with the ids and codes that its words for people, projects and sites stand for."""

    search: Search
    accounts: tuple[str, ...]
    projects: tuple[str, ...]
    sites: tuple[str, ...]

    @property
    def lasts(self) -> bool:
        """Whether it finds the same up to a place in the log whenever it is made."""
        return not (self.search.patient or self.search.study or self.search.extent)

    def within(self, query: Select[Any]) -> Select[Any]:
        """The query with the conditions of the search."""
        return query if self.search == EVERYTHING else query.where(self.condition)

    @property
    def condition(self) -> ColumnElement[bool]:
        """The conditions in SQL.

        Indexes: ix_trail_event_actor_seq, _project_pseq, _release_seq, _action_seq, _instance_action_seq, _site_seq,
        _at.
        """
        search = self.search
        parts: list[ColumnElement[bool]] = [true()]
        if search.person:
            parts.append(Event.actor_id.in_(self.accounts))
        if search.project:
            parts.append(Event.project.in_(self.projects))
        if search.release:
            parts.append(Event.release_id == search.release)
        if search.action:
            name = search.action.rstrip(".")
            parts.append(or_(Event.action == name, Event.action.startswith(name + ".", autoescape=True)))
        if search.instance:
            parts.append(Event.instance_uid == search.instance)
        if search.site:
            parts.append(Event.site.in_(self.sites))
        if search.patient or search.study:
            parts.append(_of_images(search, self.sites))
        if search.extent:
            parts.append(_of_unknown_extent())
        if search.since is not None:
            parts.append(Event.at >= search.since)
        if search.until is not None:
            parts.append(Event.at < search.until)
        return and_(*parts)


def sought(db: Session, search: Search) -> Sought:
    """Look up the names of people and sites and the titles of projects."""
    return Sought(
        search,
        tuple(_account_ids(db, search.person) if search.person else ()),
        tuple(_project_ids(db, search.project) if search.project else ()),
        tuple(_sites(db, search.site) if search.site else ()),
    )


def matching(db: Session, search: Search) -> ColumnElement[bool]:
    """The SQL condition of a search."""
    return sought(db, search).condition


def _of_images(search: Search, sites: Sequence[str]) -> ColumnElement[bool]:
    """Events of a patient's or a study's images. Patients of two sites may have the same number."""
    asked = [Clear(search.patient, search.study, each) for each in sites or [""]]
    return or_(*(Event.instance_uid.in_(find(each)) for find in FINDERS.values() for each in asked), false())


def _of_unknown_extent() -> ColumnElement[bool]:
    """Reads that never told their end. Index: ix_trail_event_lease_seq."""
    end = aliased(Event)
    return and_(Event.action == OPENED, ~exists().where(end.lease_seq == Event.seq, end.action == CLOSED))


def _sites(db: Session, site: str) -> list[str]:
    """Codes of the sites that are meant, and their ids, by which some events name them."""
    meant = or_(Site.code == site, Site.name.icontains(site, autoescape=True))
    rows = db.execute(select(Site.code, Site.id).where(meant).limit(500)).all()
    return list(dict.fromkeys((site, *(each for row in rows for each in row))))


def sites(db: Session) -> dict[str, str]:
    """Code of each site -> its name."""
    return {row.code: row.name for row in db.execute(select(Site.code, Site.name).order_by(Site.name))}


def _account_ids(db: Session, person: str) -> list[str]:
    by_name = or_(Account.email.icontains(person, autoescape=True), Account.name.icontains(person, autoescape=True))
    return [person, *db.scalars(select(Account.id).where(by_name).limit(500))]


def _project_ids(db: Session, project: str) -> list[str]:
    by_title = Project.title.icontains(project, autoescape=True)
    return [project, *db.scalars(select(Project.id).where(by_title).limit(500))]


def titles_of(db: Session, projects: Iterable[str | None]) -> dict[str, str]:
    """Project id -> title, of those that there are."""
    query = select(Project.id, Project.title).where(Project.id.in_({each for each in projects if each}))
    return {row.id: row.title for row in db.execute(query)}


def names_of(db: Session, events: Sequence[Event]) -> dict[int, str]:
    """seq -> the actor's name, where its opening has not been erased."""
    wanted = [event.seq for event in events]
    query = select(Opening.seq, Opening.value).where(Opening.seq.in_(wanted), Opening.field == "actor.name")
    return {row.seq: row.value for row in db.execute(query)}


def event(db: Session, seq: int) -> tuple[Event, list[Opening]]:
    """One event and its openings. Raises NoSuchEvent."""
    found = db.get(Event, seq)
    if found is None:
        raise NoSuchEvent
    return found, list(db.scalars(select(Opening).where(Opening.seq == seq).order_by(Opening.field)))


def neighbours(db: Session, seq: int) -> tuple[Event | None, Event | None]:
    """The event before and the one after."""
    return db.get(Event, seq - 1), db.get(Event, seq + 1)


def actions(db: Session) -> list[str]:
    """The kinds of action that the log knows of, sorted: one step along ix_trail_event_action_seq for each."""
    found: list[str] = []
    step: str | None = ""
    while (step := db.scalar(select(func.min(Event.action)).where(Event.action > step))) is not None:
        found.append(step)
    return found


def in_order(db: Session, *, after: int, until: int) -> Iterator[Row[Any]]:
    """Columns of every event after one place up to another, oldest first, in constant memory."""
    query: Select[Any] = select(*Event.__table__.columns).order_by(Event.seq)
    query = query.where(Event.seq > after, Event.seq <= until).execution_options(yield_per=BATCH)
    yield from db.execute(query)


def matching_seqs(db: Session, search: Search, *, after: int, until: int) -> set[int]:
    """Which events between two places match."""
    query = select(Event.seq).where(matching(db, search), Event.seq > after, Event.seq <= until)
    return set(db.scalars(query))


def openings(db: Session, *, after: int, until: int) -> dict[int, dict[str, Opening]]:
    """seq -> field -> opening, of the events between two places; without the patients that somebody searched for."""
    found: dict[int, dict[str, Opening]] = {}
    here = (Opening.seq > after, Opening.seq <= until, Opening.field.not_in(STAYS_HERE))
    for each in db.scalars(select(Opening).where(*here)):
        found.setdefault(each.seq, {})[each.field] = each
    return found
