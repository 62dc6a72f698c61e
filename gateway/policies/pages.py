"""`/policies`: what de-identification does, shown on a made-up slide to those who answer for it."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gateway.people.access import requires
from gateway.pixels.rules import load_rules
from gateway.policies import queries
from gateway.settings import current

pages = Blueprint(
    "policies", __name__, template_folder="templates", static_folder="static", static_url_path="/assets/policies"
)


@pages.get("/policies")
@requires("policy.preview")
def index() -> str:
    """The policies that releases are made under, and the rules for pixels."""
    where = current().policies_dir
    return render_template("policies/policies.html", plans=queries.plans(where), rules=load_rules(where))


@pages.get("/policies/<name>")
@requires("policy.preview")
def show(name: str) -> str:
    """One policy on the sample, element by element; `?show=` keeps one kind, `?with=` compares with another."""
    where = current().policies_dir
    found = queries.preview(where, name)
    wanted, other = request.args.get("show", ""), request.args.get("with", "")
    beside = queries.preview(where, other) if other else None
    return render_template(
        "policies/policy.html",
        preview=found,
        shown=[each for each in found.shown if not wanted or each.kind == wanted],
        wanted=wanted,
        beside=beside,
        pairs=queries.otherwise(found, beside) if beside else [],
        others=[each.name for each in queries.plans(where) if each.name != name],
    )
