"""What the data is used for: read from projects and grants, in words for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from gateway.catalogue.models import Dataset
from gateway.errors import NotFound
from gateway.people.models import Account
from gateway.projects.models import LEAD, Grant, Project
from gateway.projects.standing import Standing, standing


class NoSuchUse(NotFound):
    """The register has no project of this id."""

    code = "use-not-found"
    title = "The register has no such project"


@dataclass(frozen=True, slots=True)
class Source:
    """One dataset that a project may see, and whose it is."""

    title: str
    slug: str
    site: str
    site_code: str


@dataclass(frozen=True, slots=True)
class Use:
    """One project, as the public may read of it: no person of it is named but the organisation that answers."""

    id: str
    title: str
    lay_title: str
    lay_summary: str
    organisation: str
    organisation_kind: str
    aim: str
    sources: tuple[Source, ...]
    standings: tuple[Standing, ...]
    conditions: tuple[str, ...]

    @property
    def running(self) -> bool:
        """Whether any of its grants lets somebody in now."""
        return any(each.state == "running" for each in self.standings)


def register(db: Session, now: datetime, *, site: str = "") -> list[Use]:
    """Every project that was ever granted access, newest first; of one site if its code is given."""
    uses = [told(db, each, now) for each in registered(db)]
    return [each for each in uses if not site or any(source.site_code == site for source in each.sources)]


def registered(db: Session) -> Sequence[Project]:
    """Projects that were ever granted access, newest first."""
    members, datasets = selectinload(Project.memberships), selectinload(Project.grants).selectinload(Grant.datasets)
    asked = select(Project).join(Grant).distinct().order_by(Project.created_at.desc(), Project.id)
    more = (selectinload(Project.statement), selectinload(Project.closure))
    return db.scalars(asked.options(members, datasets, *more)).all()


def project(db: Session, project_id: str) -> Project:
    """A project that the register has. Raises NoSuchUse."""
    found = db.get(Project, project_id)
    if found is None or not found.grants:
        raise NoSuchUse
    return found


def use(db: Session, project_id: str, now: datetime) -> Use:
    """One project of the register. Raises NoSuchUse."""
    return told(db, project(db, project_id), now)


def told(db: Session, project: Project, now: datetime) -> Use:
    """A project as the public may read of it."""
    leads = [each.account_id for each in project.memberships if each.role == LEAD]
    organisation = db.scalar(select(Account.organisation).where(Account.id.in_(leads)).limit(1)) or ""
    said = project.statement
    ids = {each for grant in project.grants for each in grant.dataset_ids}
    datasets = db.scalars(select(Dataset).where(Dataset.id.in_(ids)).order_by(Dataset.title))
    return Use(
        id=project.id,
        title=project.title,
        lay_title=project.lay_title or project.title,
        lay_summary=project.lay_summary,
        organisation=said.organisation if said and said.organisation else organisation,
        organisation_kind=said.organisation_kind if said else "",
        aim=said.aim if said else "",
        sources=tuple(Source(each.title, each.slug, each.site.name, each.site.code) for each in datasets),
        standings=tuple(standing(each, now) for each in project.grants),
        conditions=tuple(dict.fromkeys(each for grant in project.grants for each in grant.conditions)),
    )
