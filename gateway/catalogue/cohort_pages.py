"""`/datasets/cohort`: choose patients by facets, see how many there are, and apply for the datasets that hold them."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy.orm import Session

from gateway.catalogue.cohorts import FACETS, Choice, Cohort, cohort
from gateway.catalogue.perturbing import secret
from gateway.db import reading

cohorts = Blueprint("cohorts", __name__)


def chosen(pairs: Iterable[tuple[str, str]]) -> Choice:
    """What the address asks for; what is no facet is not heard."""
    given = list(pairs)
    return {key: frozenset(value for name, value in given if name == key and value) for key in FACETS}


def find(db: Session, choice: Choice) -> Cohort:
    """The cohort, its counts under the secret of this gateway."""
    return cohort(db, choice, secret())


@cohorts.get("/datasets/cohort")
def index() -> str:
    """The facets, and what the choice finds."""
    with reading() as db:
        found = find(db, chosen(request.args.items(multi=True)))
    return render_template("catalogue/cohort.html", found=found)


@cohorts.get("/datasets/cohort.json")
def live() -> Response:
    """The same counts, for the page's own script."""
    with reading() as db:
        found = find(db, chosen(request.args.items(multi=True)))
    return jsonify(
        patients=found.patients,
        datasets={each.slug: {"count": each.count, "enough": each.enough} for each in found.datasets},
        facets={key: {each.value: each.count for each in values} for key, _, values in found.facets},
    )
