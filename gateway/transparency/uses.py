"""What the data is used for: read from projects and grants, in words for everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from gateway.catalogue.models import Dataset, Site
from gateway.errors import NotFound
from gateway.paging import Page, page_of
from gateway.people.models import Account
from gateway.projects.models import LEAD, Grant, GrantDataset, Project
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


def page_of_uses(db: Session, now: datetime, page: int, *, site: str = "") -> Page[Use]:
    """A page of the projects that were ever granted access, newest first; of one site if its code is given."""
    asked = _registered()
    if site:
        asked = asked.where(Project.id.in_(_with_data_of(site)))
    found = page_of(db, asked, page)
    uses = {each.id: each for each in told(db, found.rows, now)}
    return found.told(lambda each: uses[each.id])


def registered(db: Session, page: int) -> Page[Project]:
    """A page of the projects that were ever granted access, newest first. Index: ix_project_created_at."""
    return page_of(db, _registered(), page)


def titles(db: Session, ids: Collection[str]) -> dict[str, str]:
    """What some projects are called in everyday words, by their ids."""
    asked = select(Project.id, Project.lay_title, Project.title).where(Project.id.in_(ids))
    return {row[0]: row[1] or row[2] for row in db.execute(asked)}


def _registered() -> Select[Project]:
    granted = select(1).where(Grant.project_id == Project.id).exists()
    grants = selectinload(Project.grants).selectinload(Grant.datasets)
    more = (selectinload(each) for each in (Project.memberships, Project.statement, Project.closure))
    newest = select(Project).where(granted).order_by(Project.created_at.desc(), Project.id)
    return newest.options(grants, *more)


def _with_data_of(site: str) -> Select[str]:
    """Ids of the projects that may see something of a site. Index: ix_access_grant_dataset_dataset_id."""
    of_site = select(Dataset.id).join(Site, Dataset.site_id == Site.id).where(Site.code == site)
    here = select(Grant.project_id).join(GrantDataset, GrantDataset.grant_id == Grant.id)
    return here.where(GrantDataset.dataset_id.in_(of_site))


def project(db: Session, project_id: str) -> Project:
    """A project that the register has. Raises NoSuchUse."""
    found = db.get(Project, project_id)
    if found is None or not found.grants:
        raise NoSuchUse
    return found


def use(db: Session, project_id: str, now: datetime) -> Use:
    """One project of the register. Raises NoSuchUse."""
    return told(db, [project(db, project_id)], now)[0]


def told(db: Session, projects: Sequence[Project], now: datetime) -> list[Use]:
    """Some projects, as the public may read of them."""
    leads = {each.id: one.account_id for each in projects for one in each.memberships if one.role == LEAD}
    asked = select(Account.id, Account.organisation).where(Account.id.in_(set(leads.values())))
    of = {row[0]: row[1] for row in db.execute(asked)}
    ids = {each for project in projects for grant in project.grants for each in grant.dataset_ids}
    datasets = select(Dataset).where(Dataset.id.in_(ids)).options(joinedload(Dataset.site)).order_by(Dataset.title)
    sources = {each.id: Source(each.title, each.slug, each.site.name, each.site.code) for each in db.scalars(datasets)}
    return [_told(each, now, of.get(leads.get(each.id, ""), ""), sources) for each in projects]


def _told(project: Project, now: datetime, organisation: str, sources: Mapping[str, Source]) -> Use:
    said = project.statement
    ids = {each for grant in project.grants for each in grant.dataset_ids}
    return Use(
        id=project.id,
        title=project.title,
        lay_title=project.lay_title or project.title,
        lay_summary=project.lay_summary,
        organisation=said.organisation if said and said.organisation else organisation,
        organisation_kind=said.organisation_kind if said else "",
        aim=said.aim if said else "",
        sources=tuple(source for key, source in sources.items() if key in ids),
        standings=tuple(standing(each, now) for each in project.grants),
        conditions=tuple(dict.fromkeys(each for grant in project.grants for each in grant.conditions)),
    )
