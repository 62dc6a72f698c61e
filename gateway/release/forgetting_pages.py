"""`/admin/withdrawal`: forget a patient in a project, for good."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from gateway.catalogue.queries import sites
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.people.access import actor, may, requires
from gateway.people.models import Account
from gateway.projects.keys_patient import AlreadyForgotten
from gateway.projects.queries import project as project_of
from gateway.projects.queries import titles
from gateway.release import forgetting as commands
from gateway.release.queries import ClearPatient
from gateway.web.cards import Card

forgetting = Blueprint("forgetting", __name__, url_prefix="/admin/withdrawal")
PERMISSION = "patient.forget"


def cards(_account: Account) -> list[Card]:
    """The way here, for those who may."""
    text = "Destroy the key of a patient who withdraws from a project."
    return [Card("Final withdrawal", text, "/admin/withdrawal")] if may(PERMISSION) else []


@forgetting.get("")
@requires(PERMISSION)
def index() -> str:
    """The form."""
    return _form({}, {})


@forgetting.post("")
@requires(PERMISSION)
def forget() -> Any:
    """Forget the patient, or say what is missing."""
    typed = request.form.to_dict()
    patient = ClearPatient(typed.get("site", ""), typed.get("patient", "").strip())
    faults = {} if typed.get("sure") else {"sure": "Tick the box: it cannot be undone"}
    if not faults:
        faults = _forgotten(typed, patient)
    if faults:
        return _form(typed, faults), 422
    return redirect(url_for(".index"), 303)


def _forgotten(typed: dict[str, str], patient: ClearPatient) -> dict[str, str]:
    """Nothing if it is done; else what is wrong with which field."""
    try:
        with transaction() as db:
            found = project_of(db, typed.get("project", ""))
            if found is None:
                return {"project": "Choose one of the projects"}
            reason = typed.get("reason", "")
            withheld = commands.forget_patient(
                db, by=actor(), project_id=found.id, patient=patient, reason=reason, now=now()
            )
    except commands.NotAReason as refusal:
        return {"reason": refusal.message}
    except (commands.NoSuchPatient, AlreadyForgotten) as refusal:
        return {"patient": refusal.message}
    flash(f"The patient is forgotten in this project. Images that are now withheld: {withheld}.", "success")
    return {}


def _form(values: dict[str, str], faults: dict[str, str]) -> str:
    with reading() as db:
        return render_template(
            "release/withdrawal.html",
            find=request.args.get("find", ""),
            projects=titles(db, request.args.get("find", "")),
            sites=[(each.code, each.name) for each in sites(db)],
            reasons=list(commands.REASONS.items()),
            values=values,
            faults=faults,
        )
