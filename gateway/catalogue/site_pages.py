"""`/sites`: the sites and who answers for each, for those who keep the catalogue."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.catalogue import custodians, queries
from gateway.catalogue.models import Custodian, Site
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid, NotFound
from gateway.people.access import actor, requires
from gateway.people.models import Account, AccountRole
from gateway.web.paging import asked

sites = Blueprint("sites", __name__)


@sites.get("/sites")
@requires("catalogue.manage")
def index() -> str:
    """Every site with its custodians, and the people who could be one."""
    with reading() as db:
        known = custodians.custodians(db)
        page = queries.page_of_sites(db, asked())
        return render_template(
            "catalogue/sites.html",
            page=page.told(lambda site: (site, [account for one, account in known if one == site.id])),
            candidates=_candidates(db),
        )


@sites.post("/sites/<site_id>/custodians")
@requires("catalogue.manage")
def appoint(site_id: str) -> Response:
    """Make somebody a custodian of the site."""
    try:
        with transaction() as db:
            site, account = db.get(Site, site_id), db.get(Account, request.form.get("account", ""))
            if site is None or account is None:
                raise NotFound
            custodians.appoint(db, by=actor(), site=site, account=account, now=now())
    except (Conflict, Invalid) as refusal:
        flash(refusal.message)
    else:
        flash("The custodian is appointed.")
    return redirect(url_for(".index"))


@sites.post("/sites/<site_id>/custodians/<account_id>/dismiss")
@requires("catalogue.manage")
def dismiss(site_id: str, account_id: str) -> Response:
    """The person answers for the site no longer."""
    with transaction() as db:
        found = db.get(Custodian, (site_id, account_id))
        if found is None:
            raise NotFound
        custodians.dismiss(db, by=actor(), custodian=found, now=now())
    flash("The custodian is dismissed.")
    return redirect(url_for(".index"))


def _candidates(db: Session) -> list[Account]:
    """People with the role, by name."""
    return list(
        db.scalars(
            select(Account)
            .join(AccountRole, AccountRole.account_id == Account.id)
            .where(AccountRole.role == custodians.ROLE, Account.closed_at.is_(None))
            .order_by(Account.name)
        )
    )
