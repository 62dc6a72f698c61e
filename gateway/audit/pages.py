"""The auditor's pages: `/audit` with its search, one event, the reads of slides, and exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Flask, Response, render_template, request
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from gateway.audit import chain, extents, queries, spool, standalone
from gateway.audit.answers import ANSWERS, totals
from gateway.audit.exports import FORMATS, forms_named
from gateway.audit.schemas import PatientSearchSchema, SearchSchema
from gateway.audit.search import EVERYTHING, Search
from gateway.audit.viewing import answered, bundled, exported, looked
from gateway.clock import now
from gateway.errors import NotFound
from gateway.people.access import may, requires
from gateway.trail.models import Event
from gateway.web.cards import Card

if TYPE_CHECKING:
    from gateway.people.models import Account

pages = Blueprint("audit", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, what it means, and what is wrong with it."""

    typed: dict[str, str]
    search: Search
    before: int | None
    faults: dict[str, list[str]]

    @property
    def posted(self) -> bool:
        """Whether a form was sent, which may name a patient."""
        return request.method == "POST"


def install(app: Flask) -> None:
    """Put the audit on the dashboard of those who may read it, and take room for looks at it."""
    spool.make_room()
    cards: list[Callable[[Account], list[Card]]] = app.extensions.setdefault("dashboard", [])
    cards.append(audit_cards)


def audit_cards(_account: Account) -> list[Card]:
    """The way to the log, for auditors."""
    if not may("audit.read"):
        return []
    return [Card("Audit trail", "Search who did what and who saw which slide, and export it.", "/audit")]


def _asked() -> Asked:
    """Of the address, or of a form that was sent: only that may name a patient, as addresses are written into logs."""
    sent = request.method == "POST"
    schema, given = (PatientSearchSchema(), request.form) if sent else (SearchSchema(), request.args)
    typed = {key: value for key, value in given.items() if key in schema.fields and value}
    try:
        loaded = schema.load(typed)
    except ValidationError as error:
        faults = cast(dict[str, list[str]], error.messages)
        return Asked(typed, EVERYTHING, None, faults)
    typed.pop("before", None)
    return Asked(typed, loaded["search"], loaded["before"], {})


@pages.get("/audit")
@requires("audit.read")
def index() -> tuple[str, int]:
    """Search the log, newest first, under a banner that says whether the chain is whole."""
    asked = _asked()

    def question(db: Session) -> str:
        found = queries.find(db, asked.search, before=asked.before)
        return render_template(
            "audit/events.html",
            asked=asked,
            found=found,
            names=found.names,
            titles=queries.titles_of(db, (each.project for each in found.events)),
            status=chain.status(db, now()),
            actions=queries.actions(db),
            sites=queries.sites(db),
            may_export=may("audit.export"),
        )

    if asked.faults:
        return _faulty(asked), 422
    return looked(asked.search, "events", question), 200


@pages.get("/audit/events/<int:seq>")
@requires("audit.read")
def event(seq: int) -> str:
    """One event: its body, what its commitments open to, its hash and its neighbours."""

    def question(db: Session) -> str:
        found, openings = queries.event(db, seq)
        before, after = queries.neighbours(db, seq)
        return render_template(
            "audit/event.html",
            event=found,
            body=found.record,
            openings=openings,
            before=before,
            after=after,
            titles=queries.titles_of(db, [found.project]),
            status=chain.status(db, now()),
            person=_person_of(found),
        )

    return looked(EVERYTHING, f"event {seq}", question)


@pages.route("/audit/reads", methods=["GET", "POST"])
@requires("audit.read")
def reads() -> tuple[str, int]:
    """What left: the reads of slides that match, how much went out, and under which approval, policy and consent."""
    asked = _asked()

    def question(db: Session) -> str:
        found = extents.reads(db, asked.search, before=asked.before)
        return render_template(
            "audit/reads.html",
            titles=queries.titles_of(db, (each.project for each in found.reads)),
            asked=asked,
            found=found,
            total=totals(db, asked.search),
            sites=queries.sites(db),
            unknown=extents.UNKNOWN,
            may_export=may("audit.export"),
        )

    if asked.faults:
        return _faulty(asked), 422
    return looked(asked.search, "reads", question), 200


@pages.route("/audit/answer.<form>", methods=["GET", "POST"])
@requires("audit.export")
def answer(form: str) -> Response | tuple[str, int]:
    """The reads that match with what they rest on and what they come to, as a file."""
    if form not in ANSWERS:
        raise NotFound
    asked = _asked()
    return (_faulty(asked), 422) if asked.faults else answered(asked.search, form)


@pages.route("/audit/export.<form>", methods=["GET", "POST"])
@requires("audit.export")
def export(form: str) -> Response | tuple[str, int]:
    """The events that match, as a file."""
    if form not in (*FORMATS, "bundle"):
        raise NotFound
    asked = _asked()
    if asked.faults:
        return _faulty(asked), 422
    if form == "bundle":
        return bundled(asked.search, forms_named(request.values.get("forms", "all")))
    return exported(asked.search, form)


@pages.get(f"/audit/{standalone.NAME}")
@requires("audit.read")
def verifier() -> Response:
    """The verifier as one file; the same for everybody who runs this version."""
    held = {"Content-Disposition": f'attachment; filename="{standalone.NAME}"', "Cache-Control": "no-store"}
    return Response(standalone.verifier(), content_type="application/zip", headers=held)


def _faulty(asked: Asked) -> str:
    return render_template("audit/faulty.html", asked=asked)


def _person_of(event: Event) -> str:
    return event.actor_id if event.actor_kind == "account" else ""
