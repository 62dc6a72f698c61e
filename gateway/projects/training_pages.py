"""`/training`: my certificates; and for stewards those that wait to be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Conflict, Forbidden
from gateway.people.access import requires, signed_in
from gateway.people.once import once
from gateway.people.schemas import faults
from gateway.projects.agreement import in_force
from gateway.projects.checking import check
from gateway.projects.models import CertificateState
from gateway.projects.schemas import CheckSchema, NewCertificateSchema
from gateway.projects.telling import STEWARD
from gateway.projects.training import BadCertificate, certificates_of, show, to_check
from gateway.projects.viewer import me

training = Blueprint("training", __name__)


@training.get("/training")
@signed_in
def index() -> str:
    """My certificates, and a form for another."""
    return _page({}, {})


@training.post("/training")
@signed_in
@once
def add() -> Any:
    """Show one more."""
    try:
        sent = NewCertificateSchema().load(request.form)
        with transaction() as db:
            show(db, by=me(db), now=now(), **sent)
    except ValidationError as error:
        return _page(request.form, faults(error)), 422
    except BadCertificate as refusal:
        return _page(request.form, {"ends_on": refusal.message}), 422
    flash("Thank you. A data steward looks at your certificate.", "success")
    return redirect(url_for(".index"), 303)


@training.get("/training/waiting")
@requires(STEWARD)
def waiting() -> str:
    """What waits for a steward, and what counts now."""
    with reading() as db:
        return render_template(
            "projects/training_waiting.html",
            waiting=to_check(db, CertificateState.WAITING),
            counting=[each for each in to_check(db, CertificateState.ACCEPTED) if each.ends_at > now()],
            titles=_titles(),
        )


@training.post("/training/<certificate_id>/<any(accept, refuse, withdraw):verdict>")
@requires(STEWARD)
def judge(certificate_id: str, verdict: str) -> Response:
    """Accept it, refuse it, or take it out again."""
    try:
        sent = CheckSchema().load({**request.form.to_dict(), "verdict": verdict})
        with transaction() as db:
            check(db, by=me(db), certificate_id=certificate_id, values=sent, now=now())
    except ValidationError as error:
        flash(str(next(iter(faults(error).values()))[0]))
    except (Conflict, Forbidden) as refusal:
        flash(refusal.message)
    else:
        flash("Recorded. The holder is told.", "success")
    return redirect(url_for(".waiting"), 303)


def _titles() -> dict[str, str]:
    return {each.key: each.title for each in in_force().training}


def _page(values: Mapping[str, str], found_faults: Mapping[str, Any]) -> str:
    with reading() as db:
        return render_template(
            "projects/training.html",
            certificates=certificates_of(db, me(db).id),
            kinds=in_force().training,
            titles=_titles(),
            now=now(),
            values=values,
            faults=found_faults,
        )
