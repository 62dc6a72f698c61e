"""The public data use register, after the UK Health Data Research Alliance's standard (white paper, 2022).

Who, what, why and how, for each project that was ever granted access. It names no person but those who agreed to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

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


def entries(db: Session, now: datetime) -> list[Entry]:
    """The whole register, newest project first."""
    return [_entry(db, each, now) for each in uses.registered(db)]


def entry(db: Session, project_id: str, now: datetime) -> Entry:
    """One project of the register. Raises NoSuchUse."""
    return _entry(db, uses.project(db, project_id), now)


def _entry(db: Session, project: Project, now: datetime) -> Entry:
    grants, said, closure = project.grants, project.statement, project.closure
    approved = max([each.issued_at for each in grants] + ([said.approved_at] if said else []))
    released = _first(db, project.id, BUILT)
    changes = [approved, released, closure.closed_at if closure else None]
    changes += [moment for each in grants for moment in (each.revoked_at, each.suspended_at)]
    return Entry(
        use=uses.told(db, project, now),
        words=said or Words(),
        basis=read_basis(current().policies_dir),
        people=len(project.memberships),
        policies=tuple(sorted({each.deid_policy for each in grants})),
        approved_at=approved,
        starts_at=min(each.starts_at for each in grants),
        ends_at=max(each.ends_at for each in grants),
        released_at=released,
        accessed_at=_first(db, project.id, OPENED),
        outputs=tuple(closure.outputs) if closure else (),
        updated_at=max(moment for moment in changes if moment is not None),
    )


def _first(db: Session, project_id: str, action: str) -> datetime | None:
    """When something was first done under a project. Index: ix_trail_event_project_pseq."""
    asked = select(Event.at).where(Event.project == project_id, Event.action == action)
    return db.scalar(asked.order_by(Event.pseq).limit(1))
