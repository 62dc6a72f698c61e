"""What others say of an applicant is believed only if a known issuer signed it, about what it is believed, and now."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from gateway import db as database
from gateway import settings
from gateway.clock import now
from gateway.governance import reviewing
from gateway.people.models import Account
from gateway.settings import ROOT
from gateway.trail.models import Event
from gateway.visas import checking, commands
from gateway.visas.models import Evidence
from gateway.visas.trusting import BadIssuers, issuers
from tests.governance import cast
from tests.people.visitors import a_gateway, an_account, send, signed_in

ISS = "https://login.westhaven.example/oidc/"
KEY = RSAKey.generate_key(2048, {"kid": "1"})
OTHER = RSAKey.generate_key(2048, {"kid": "1"})
ISSUER = f"""
version = 1
[[issuer]]
title = "Westhaven"
iss = "{ISS}"
jwks = "westhaven.jwks.json"
types = ["ResearcherStatus"]
"""


def policies(folder: Path, text: str = ISSUER, keys: Any = None) -> Path:
    """The policies of the house, with one issuer of visas."""
    shutil.copytree(ROOT / "policies", folder / "policies")
    (folder / "policies/visas/issuers.toml").write_text(text, "utf-8")
    published = {"keys": [KEY.as_dict(private=False)]} if keys is None else keys
    (folder / "policies/visas/westhaven.jwks.json").write_text(json.dumps(published), "utf-8")
    return folder / "policies"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path, policies_dir=policies(tmp_path)) as made:
        an_account("ada")
        an_account("eve")
        yield made


def a_visa(key: Any = KEY, alg: str = "RS256", visa: Any = None, **changes: Any) -> str:
    """A good visa but for what is changed; None takes a claim out."""
    moment = int(now().timestamp())
    said = {"type": "ResearcherStatus", "asserted": moment - 99, "value": "https://doi.org/10.1038/s41431-018-0219-y",
            "source": "https://westhaven.example", "by": "so"}  # fmt: skip
    claims = {"iss": ISS, "sub": "w-1", "iat": moment, "exp": moment + 3600, "ga4gh_visa_v1": said | (visa or {})}
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "1"}, kept, key, algorithms=[alg])


def check(token: str) -> checking.Checked:
    return checking.check(token, trusted=issuers(settings.current().policies_dir), now=now())


def test_a_good_visa_says_what_it_says(app: Flask) -> None:
    said = check(a_visa())
    assert (said.issuer, said.type, said.sub, said.by) == ("Westhaven", "ResearcherStatus", "w-1", "so")
    assert timedelta(minutes=59) < said.expires - now() <= timedelta(hours=1)


def confused(token: str) -> str:
    """The same claims, signed with the issuer's public key as if that were a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"1"}').rstrip(b"=")
    signed = head + b"." + token.split(".")[1].encode()
    digest = hmac.digest(KEY.as_pem(private=False), signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()


def _bad() -> dict[str, Any]:
    moment = int(now().timestamp())
    return {
        "nothing": "nothing",
        "two dots and no more": "a.b.c",
        "not ascii": "ä.ö.ü",
        "too long": "a" * 20_000,
        "a stranger's key": a_visa(OTHER),
        "a stranger": a_visa(iss="https://elsewhere.example"),
        "another curve of trust": a_visa(ECKey.generate_key("P-256", {"kid": "1"}), "ES256"),
        "the public key as a secret": confused(a_visa()),
        "expired": a_visa(exp=moment - 1),
        "without an end": a_visa(exp=None),
        "an end that is no time": a_visa(exp="tomorrow"),
        "an end beyond all time": a_visa(exp=10**30),
        "from the future": a_visa(iat=moment + 600),
        "asserted in the future": a_visa(visa={"asserted": moment + 600}),
        "not believed about this": a_visa(visa={"type": "ControlledAccessGrants"}),
        "only under conditions": a_visa(visa={"conditions": [[{"type": "AffiliationAndRole"}]]}),
        "a value that is none": a_visa(visa={"value": 7}),
        "a value with a line break": a_visa(visa={"value": "a\nb"}),
        "no subject": a_visa(sub=None),
        "an access token": a_visa(ga4gh_visa_v1=None),
    }


@pytest.mark.parametrize("fault", list(_bad()))
def test_a_visa_with_a_fault_is_not_believed(app: Flask, fault: str) -> None:
    with pytest.raises(checking.NotBelieved):
        check(_bad()[fault])


def test_an_unsigned_visa_is_not_believed(app: Flask) -> None:
    head, claims, _ = a_visa().split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for token in (f"{none}.{claims}.", f"{head}.{claims}.", f"{head}.{claims}.AAAA"):
        with pytest.raises(checking.NotBelieved):
            check(token)


def test_what_is_shown_stays_until_it_is_put_away_and_the_visa_is_not_kept(app: Flask) -> None:
    ada, token = signed_in(app), a_visa()
    assert 'href="/account/visas"' in ada.get("/").text
    assert send(ada, "/account/visas", "/account/visas", visa=f" {token}\n").status_code == 303
    assert send(ada, "/account/visas", "/account/visas", visa=a_visa()).status_code == 303  # a fresh one of the same
    with database.reading() as db:
        (kept,) = db.scalars(select(Evidence))
        (_, event) = db.scalars(select(Event).where(Event.action == "visa.believed").order_by(Event.seq))
    assert "w-1" not in event.body
    database_file = (settings.current().data_dir / "slidegate.db").read_bytes()
    assert token.rpartition(".")[2].encode() not in database_file
    assert "Good until" in ada.get("/account/visas").text
    eve = signed_in(app, "eve")
    assert send(eve, "/account/visas", f"/account/visas/{kept.id}/put-away").status_code == 404
    assert send(ada, "/account/visas", f"/account/visas/{kept.id}/put-away").status_code == 303
    assert "You have shown no visa" in ada.get("/account/visas").text


def test_a_refused_visa_says_why_beside_the_field(app: Flask) -> None:
    answer = send(signed_in(app), "/account/visas", "/account/visas", visa=a_visa(exp=1))
    assert answer.status_code == 422
    assert "This visa has expired" in answer.text


def test_an_identity_of_an_issuer_belongs_to_one_account(app: Flask) -> None:
    send(signed_in(app), "/account/visas", "/account/visas", visa=a_visa())
    answer = send(signed_in(app, "eve"), "/account/visas", "/account/visas", visa=a_visa(visa={"value": "x"}))
    assert answer.status_code == 422
    assert "Another account here" in answer.text
    with database.reading() as db:
        assert len(db.scalars(select(Evidence)).all()) == 1


def test_reviewers_see_what_is_still_good(app: Flask) -> None:
    an_account("tim", "ethics-reviewer")
    an_account("zoe", "ethics-reviewer")
    an_account("sam", "data-steward")
    with database.transaction() as db:
        ada, tim, zoe, sam = (
            db.scalars(select(Account).where(Account.email == f"{name}@example.org")).one()
            for name in ("ada", "tim", "zoe", "sam")
        )
        cast.a_dataset(db)
        crew = cast.Cast(ada, ada, sam, (tim, zoe, zoe), sam)
        application = cast.a_submitted(db, crew, team=[])
        asked = {"ethics": [tim, zoe]}
        reviewing.begin_review(db, by=sam, application=application, reviewers=asked, now=now())
        page = f"/reviews/{application.id}"
        trusted = issuers(settings.current().policies_dir)
        kept = commands.show(db, by=ada, token=a_visa(), trusted=trusted, now=now())
    reviewer = signed_in(app, "tim")
    assert "says Westhaven" in reviewer.get(page).text
    with database.transaction() as db:
        db.get_one(Evidence, kept.id).expires_at = now() - timedelta(seconds=1)
    assert "says Westhaven" not in reviewer.get(page).text


def test_the_house_believes_nobody_until_somebody_is_written_down() -> None:
    assert issuers(ROOT / "policies") == ()


@pytest.mark.parametrize(
    "text",
    ["", "version = 2", "version = 1\nissuers = 1", "version = [", ISSUER + ISSUER.replace("version = 1", ""),
     ISSUER.replace("types", "kinds"), ISSUER.replace('["ResearcherStatus"]', "3"), ISSUER.replace("westhaven.j", "x"),
     ISSUER + "more = 1"],
)  # fmt: skip
def test_a_policy_with_a_mistake_believes_nobody(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadIssuers):
        issuers(policies(tmp_path, text))


@pytest.mark.parametrize(
    "keys", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA"}]}, {"keys": [KEY.as_dict(private=True)]}, [], 3]
)
def test_keys_that_are_not_public_keys_are_refused(tmp_path: Path, keys: Any) -> None:
    with pytest.raises(BadIssuers):
        issuers(policies(tmp_path, keys=keys))
