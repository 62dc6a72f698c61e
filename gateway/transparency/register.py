"""The public data use register, after the UK Health Data Research Alliance's standard (white paper, 2022).

Who, what, why and how, for each project that was ever granted access. It names no person but those who agreed to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from gateway.paging import Page
from gateway.projects.models import Project, Statement
from gateway.projects.stating import Words
from gateway.settings import current
from gateway.trail.models import Event
from gateway.trail.reads import OPENED
from gateway.transparency import uses
from gateway.transparency.basis import Basis, read_basis
from gateway.transparency.uses import Use

BUILT = "release.built"


@dataclass(frozen=True, slots=True)
class Entry:
    """One project in the register; texts are empty where nothing was asked or said."""

    use: Use
    words: Words | Statement
    basis: Basis
    people: int
    policies: tuple[str, ...]
    approved_at: datetime
    starts_at: datetime
    ends_at: datetime
    released_at: datetime | None
    accessed_at: datetime | None
    outputs: tuple[str, ...]
    updated_at: datetime

    @property
    def state(self) -> str:
        """Whether access runs: of several grants, the one that is most alive."""
        states = {each.state for each in self.use.standings}
        return next(each for each in ("running", "suspended", "not yet", "ended", "revoked") if each in states)

    @property
    def legal_basis_article6(self) -> str:
        """The project's own ground; that of the gateway where it named none."""
        return self.words.legal_basis_6 or self.basis.legal_basis_article6

    @property
    def legal_basis_article9(self) -> str:
        """The same for data about health."""
        return self.words.legal_basis_9 or self.basis.legal_basis_article9

    @property
    def sublicence(self) -> str:
        """Who else may use the data through the project."""
        return self.words.sublicence or self.basis.sublicence

    @property
    def url(self) -> str:
        """Where this entry is read, in full."""
        return f"{current().base_url.rstrip('/')}/register/{self.use.id}"


def page_of_entries(db: Session, now: datetime, page: int) -> Page[Entry]:
    """A page of the register, newest project first."""
    found = uses.registered(db, page)
    return Page(_entries(db, found.rows, now), found.number, found.more)


def entries(db: Session, now: datetime) -> Iterator[Entry]:
    """The whole register, newest project first, in memory of one page."""
    for number in count(1):
        page = page_of_entries(db, now, number)
        yield from page.rows
        if not page.more:
            return


def entry(db: Session, project_id: str, now: datetime) -> Entry:
    """One project of the register. Raises NoSuchUse."""
    return _entries(db, [uses.project(db, project_id)], now)[0]


def _entries(db: Session, projects: Sequence[Project], now: datetime) -> list[Entry]:
    told, basis = uses.told(db, projects, now), read_basis(current().policies_dir)
    released, accessed = (_first(db, [each.id for each in projects], action) for action in (BUILT, OPENED))
    return [
        _entry(use, project, basis, released.get(use.id), accessed.get(use.id))
        for use, project in zip(told, projects, strict=True)
    ]


def _entry(use: Use, project: Project, basis: Basis, released: datetime | None, accessed: datetime | None) -> Entry:
    grants, said, closure = project.grants, project.statement, project.closure
    approved = max([each.issued_at for each in grants] + ([said.approved_at] if said else []))
    changes = [approved, released, closure.closed_at if closure else None]
    changes += [moment for each in grants for moment in (each.revoked_at, each.suspended_at)]
    return Entry(
        use=use,
        words=said or Words(),
        basis=basis,
        people=len(project.memberships),
        policies=tuple(sorted({each.deid_policy for each in grants})),
        approved_at=approved,
        starts_at=min(each.starts_at for each in grants),
        ends_at=max(each.ends_at for each in grants),
        released_at=released,
        accessed_at=accessed,
        outputs=tuple(closure.outputs) if closure else (),
        updated_at=max(moment for moment in changes if moment is not None),
    )


def _first(db: Session, ids: Sequence[str], action: str) -> dict[str, datetime]:
    """When something was first done under each of some projects. Index: ix_trail_event_project_pseq."""
    asked = [
        select(Event.project, Event.at)
        .where(Event.project == each, Event.action == action)
        .order_by(Event.pseq)
        .limit(1)
        for each in ids
    ]
    if not asked:
        return {}
    found = union_all(*(select(each.subquery()) for each in asked))
    return {row[0]: row[1] for row in db.execute(found)}
