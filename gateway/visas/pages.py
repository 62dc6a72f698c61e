"""`/ga4gh/visas` and `/ga4gh/jwks`: my visas, and the key by which everybody checks them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from gateway.clock import now
from gateway.db import transaction
from gateway.people import queries as people
from gateway.people.access import signed_in, the_account, the_caller
from gateway.visas.evidence_pages import evidence
from gateway.visas.evidence_pages import install as install
from gateway.visas.issuing import GOOD_FOR, issue
from gateway.visas.keys import signing_key

pages = Blueprint("visas", __name__)
pages.register_blueprint(evidence)
FIVE_MINUTES = "public, max-age=300"


@pages.get("/ga4gh/visas")
@signed_in
def visas() -> Any:
    """My visas, as the claim of a passport holds them. What a token asks for does not outlast it."""
    moment = now()
    until = the_caller().at_most(moment + GOOD_FOR)
    with transaction() as db:
        signed = issue(db, to=people.account(db, the_account().id), until=until, now=moment)
    return jsonify({"ga4gh_passport_v1": list(signed)})


@pages.get("/ga4gh/jwks")
def jwks() -> Response:
    """The public half of the key, as a JSON Web Key Set (RFC 7517)."""
    key = signing_key().as_dict(private=False, use="sig", alg="ES256")
    answer = jsonify({"keys": [key]})
    answer.headers["Cache-Control"] = FIVE_MINUTES
    return answer
