"""`/projects/<id>/destruction`: what a project has to destroy, and its word that it has; `/destruction`: of all."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Invalid
from gateway.people.access import may, requires, signed_in
from gateway.people.models import Account
from gateway.projects.queries import membership
from gateway.projects.viewer import me, seen_by
from gateway.release.destroying import NoSuchOrder, confirm, counted, counted_of, orders_of, page_of_orders
from gateway.release.models import DestructionOrder
from gateway.settings import current
from gateway.web.cards import MOST, Card
from gateway.web.paging import asked
from gateway.web.spreadsheet import MEDIA_TYPE, row

destruction = Blueprint("destruction", __name__)
PERMISSION = "patient.forget"


def cards(account: Account) -> list[Card]:
    """What a member has to destroy; and for those who watch over it, what nobody has confirmed."""
    found = []
    with reading() as db:
        for project_id, title, count in counted_of(db, account.id)[:MOST]:
            text = f"A patient of “{title}” has withdrawn: destroy your copies, and confirm it."
            found.append(Card("Data to destroy", text, f"/projects/{project_id}/destruction", count))
        if may(PERMISSION):
            text = "Projects that have to destroy data of patients who withdrew."
            found.append(Card("Destruction", text, "/destruction", counted(db)))
    return found


@destruction.get("/destruction")
@requires(PERMISSION)
def index() -> str:
    """Every order, with its age."""
    with reading() as db:
        page = page_of_orders(db, asked()).told(lambda each: (each, (now() - each.made_at).days))
    return render_template("release/destructions.html", page=page, most=current().destroy_days)


@destruction.get("/projects/<project_id>/destruction")
@signed_in
def show(project_id: str) -> str:
    """The orders of one project."""
    return _page(project_id, "", {}, {})


@destruction.get("/projects/<project_id>/destruction/<order_id>.csv")
@signed_in
def table(project_id: str, order_id: str) -> Response:
    """The released names of one order, for a program that deletes."""
    with reading() as db:
        seen_by(db, project_id, me(db))
        order = _order(db.get(DestructionOrder, order_id), project_id)
    lines = [row(("level", "uid")), *(row(("study", each)) for each in order.studies)]
    lines += [row(("instance", each)) for each in order.instances]
    name = {"Content-Disposition": f'attachment; filename="destroy-{order.id}.csv"'}
    return Response("".join(lines), content_type=MEDIA_TYPE, headers=name)


@destruction.post("/projects/<project_id>/destruction/<order_id>")
@signed_in
def confirmed(project_id: str, order_id: str) -> Any:
    """A member confirms one order."""
    sent = request.form.to_dict()
    try:
        day = date(*(int(sent.get(f"destroyed_on-{part}", "")) for part in ("year", "month", "day")))
    except (ValueError, OverflowError):
        return _page(project_id, order_id, sent, {"destroyed_on": "Enter a date, such as 15 1 2027"}), 422
    try:
        with transaction() as db:
            account = me(db)
            seen_by(db, project_id, account)
            order = _order(db.get(DestructionOrder, order_id), project_id)
            confirm(db, by=account, order=order, statement=sent.get("statement", ""), destroyed_on=day, now=now())
    except Invalid as refusal:
        field = "destroyed_on" if "day" in refusal.message else "statement"
        return _page(project_id, order_id, sent, {field: refusal.message}), 422
    except Conflict as refusal:
        flash(refusal.message)
    else:
        flash("Thank you. Your statement is kept with the order.", "success")
    return redirect(url_for(".show", project_id=project_id), 303)


def _order(found: DestructionOrder | None, project_id: str) -> DestructionOrder:
    if found is None or found.project_id != project_id:
        raise NoSuchOrder
    return found


def _page(project_id: str, order_id: str, values: dict[str, str], faults: dict[str, str]) -> str:
    with reading() as db:
        account = me(db)
        project = seen_by(db, project_id, account)
        return render_template(
            "release/destruction.html",
            project=project,
            orders=orders_of(db, project.id),
            member=membership(db, project.id, account.id) is not None,
            days=current().destroy_days,
            wrong=order_id,
            values=values,
            faults=faults,
        )
