"""`/api/v1/sites` and `/api/v1/datasets/cohort`: who answers for which site, and the counts of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_smorest import Blueprint

from gateway.catalogue import custodians, queries
from gateway.catalogue.cohort_pages import find
from gateway.catalogue.models import Custodian, Site
from gateway.catalogue.schemas import ChoiceSchema, CohortSchema, NewCustodianSchema, SiteToldSchema
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import NotFound
from gateway.people.access import actor, requires
from gateway.people.models import Account
from gateway.web.paging import PageSchema, following

Json = Mapping[str, Any]
KEEPER = "catalogue.manage"


def add_to(api: Blueprint) -> None:
    """Put these routes on the blueprint of the room."""
    keeps = requires(KEEPER)
    paged = api.arguments(PageSchema, location="query")
    api.get("/sites")(paged(api.response(200, SiteToldSchema(many=True))(keeps(index))))
    api.post("/sites/<site_id>/custodians")(
        api.arguments(NewCustodianSchema)(api.response(201, SiteToldSchema)(keeps(appoint)))
    )
    api.delete("/sites/<site_id>/custodians/<account_id>")(api.response(204)(keeps(dismiss)))
    open_to_all = api.doc(security=[])
    api.get("/datasets/cohort")(
        open_to_all(api.arguments(ChoiceSchema, location="query")(api.response(200, CohortSchema)(cohort)))
    )


def index(asked: Json) -> tuple[list[Json], dict[str, str]]:
    """Every site, and who answers for it"""
    with reading() as db:
        page, known = queries.page_of_sites(db, asked["page"]), custodians.custodians(db)
        return [_told(each, known) for each in page.rows], following(page)


def appoint(sent: Json, site_id: str) -> Json:
    """Make somebody a custodian of the site"""
    with transaction() as db:
        site, account = db.get(Site, site_id), db.get(Account, sent["account"])
        if site is None or account is None:
            raise NotFound
        custodians.appoint(db, by=actor(), site=site, account=account, now=now())
        return _told(site, custodians.custodians(db))


def dismiss(site_id: str, account_id: str) -> None:
    """The person answers for the site no longer"""
    with transaction() as db:
        found = db.get(Custodian, (site_id, account_id))
        if found is None:
            raise NotFound
        custodians.dismiss(db, by=actor(), custodian=found, now=now())


def cohort(sent: Json) -> Json:
    """How many patients a choice of facets finds, and in which datasets

    Each facet may be given several times: any of its values will do.
    """
    with reading() as db:
        found = find(db, {key: frozenset(values) for key, values in sent.items()})
    facets = [{"key": key, "title": title, "values": values} for key, title, values in found.facets]
    return {"patients": found.patients, "datasets": found.datasets, "facets": facets}


def _told(site: Site, known: Sequence[tuple[str, Account]]) -> Json:
    answer = [account.id for one, account in known if one == site.id]
    return {"id": site.id, "code": site.code, "name": site.name, "custodians": answer}
