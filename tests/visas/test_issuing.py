"""A visa says what its holder may see now, is signed, and is worth nothing soon after that ends."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask
from sqlalchemy import select

from gateway import db as database
from gateway import settings
from gateway.clock import now
from gateway.people import tokens
from gateway.people.models import Account
from gateway.projects import grant_changes, grants
from gateway.projects.commands import add_member
from gateway.projects.models import Grant
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from gateway.visas.keys import NAME, BadVisaKey, signing_key
from tests.governance import cast
from tests.people.visitors import a_gateway, a_token, an_account, bearer, signed_in
from tests.visas.tokens import is_signed, opened

BASE = "https://gate.example"
DAY = timedelta(days=1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path, base_url=BASE) as made:
        for name in ("ada", "ben", "eve"):
            an_account(name)
        yield made


def a_grant(**changes: Any) -> str:
    """Ada and Ben may see two datasets for thirty days."""
    with database.transaction() as db:
        ada, ben = (db.scalars(select(Account).where(Account.name == name)).one() for name in ("Ada", "Ben"))
        project = cast.a_project(db, lead=ada)
        add_member(db, by=SYSTEM, project=project, account=ben, now=now())
        datasets = [cast.a_dataset(db, slug).id for slug in ("breast", "colon")]
        terms = {"starts": now() - DAY, "ends": now() + 30 * DAY, **changes}
        return cast.a_grant(db, project=project, datasets=datasets, **terms).id


def visas(app: Flask, name: str = "ada") -> list[str]:
    told = signed_in(app, name).get("/ga4gh/visas").get_json()
    return list(told["ga4gh_passport_v1"])


def keys(app: Flask) -> dict[str, Any]:
    """What a stranger gets."""
    told: dict[str, Any] = app.test_client().get("/ga4gh/jwks").get_json()
    return told


def test_a_member_gets_a_signed_visa_for_each_dataset(app: Flask) -> None:
    grant_id = a_grant()
    found = [opened(each, keys(app)) for each in visas(app, "ben")]
    with database.reading() as db:
        ben = db.scalars(select(Account).where(Account.name == "Ben")).one()
        grant = db.get_one(Grant, grant_id)
    assert {claims["ga4gh_visa_v1"]["value"] for _, claims in found} == {
        f"{BASE}/datasets/{x}" for x in ("breast", "colon")
    }
    for header, claims in found:
        assert (header["typ"], header["jku"]) == ("vnd.ga4gh.visa+jwt", f"{BASE}/ga4gh/jwks")
        assert (claims["iss"], claims["sub"]) == (BASE, ben.id)
        assert claims["exp"] - claims["iat"] == 3600
        visa = claims["ga4gh_visa_v1"]
        assert (visa["type"], visa["source"], visa["by"]) == ("ControlledAccessGrants", BASE, "dac")
        assert visa["asserted"] == int(grant.issued_at.timestamp())
        assert "aud" not in claims
        assert "Ben" not in str(claims)


def test_a_visa_that_was_changed_or_signed_by_another_is_found_out(app: Flask, tmp_path: Path) -> None:
    a_grant()
    one, other = visas(app)
    published = keys(app)
    assert is_signed(one, published)
    head, _, signature = one.split(".")
    assert not is_signed(".".join((head, other.split(".")[1], signature)), published)
    (settings.current().master_key_file.with_name(NAME)).unlink()
    again = keys(app)
    again["keys"][0]["kid"] = published["keys"][0]["kid"]
    assert not is_signed(one, again)


def test_who_is_not_let_in_gets_none(app: Flask) -> None:
    grant_id = a_grant()
    assert visas(app, "eve") == []
    with database.transaction() as db:
        grant_changes.suspend(db, by=SYSTEM, grant=db.get_one(Grant, grant_id), reason="Doubts", now=now())
    assert visas(app) == []
    with database.transaction() as db:
        grants.revoke(db, by=SYSTEM, grant=db.get_one(Grant, grant_id), reason="Enough", now=now())
    assert visas(app) == []


def test_a_grant_that_has_not_begun_gives_none(app: Flask) -> None:
    a_grant(starts=now() + DAY)
    assert visas(app) == []


def test_a_visa_ends_with_the_grant(app: Flask) -> None:
    a_grant(ends=now() + timedelta(minutes=10))
    (_, claims), *_ = [opened(each, keys(app)) for each in visas(app)]
    assert 590 <= claims["exp"] - claims["iat"] <= 600


def test_a_visa_does_not_outlast_the_token_that_asked_for_it(app: Flask) -> None:
    a_grant()
    with database.transaction() as db:
        ada = db.scalars(select(Account).where(Account.name == "Ada")).one()
        soon = now() + timedelta(minutes=5)
        _, secret = tokens.issue(db, account=ada, scope="account", expires=soon, now=now())
    told = app.test_client().get("/ga4gh/visas", headers=bearer(secret)).get_json()
    _, claims = opened(told["ga4gh_passport_v1"][0], keys(app))
    assert 290 <= claims["exp"] - claims["iat"] <= 300


def test_strangers_and_tokens_of_one_release_get_none(app: Flask) -> None:
    a_grant()
    client = app.test_client()
    assert client.get("/ga4gh/visas").status_code in (303, 302, 401)
    with database.reading() as db:
        ada = db.scalars(select(Account).where(Account.name == "Ada")).one()
    assert client.get("/ga4gh/visas", headers=bearer(a_token(ada, "release:abc"))).status_code == 403
    assert len(client.get("/ga4gh/visas", headers=bearer(a_token(ada))).get_json()["ga4gh_passport_v1"]) == 2


def test_giving_visas_is_on_the_record(app: Flask) -> None:
    grant_id = a_grant()
    visas(app)
    visas(app, "eve")
    with database.reading() as db:
        (event,) = db.scalars(select(Event).where(Event.action == "visas.issued"))
    assert event.detail == {"grants": [grant_id], "visas": 2}


def test_the_private_half_stays_here(app: Flask) -> None:
    (key,) = keys(app)["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    path = settings.current().master_key_file.with_name(NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def a_public_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "content",
    [
        b"nothing",
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 2048)),
        pem(Ed25519PrivateKey.generate()),
        a_public_key(),
    ],
    ids=["damaged", "another-curve", "rsa", "ed25519", "public"],
)
def test_a_file_that_holds_no_such_key_signs_nothing(app: Flask, content: bytes) -> None:
    keys(app)
    settings.current().master_key_file.with_name(NAME).write_bytes(content)
    with pytest.raises(BadVisaKey):
        signing_key()
    assert app.test_client().get("/ga4gh/jwks").status_code == 503


def test_a_key_that_others_may_read_signs_nothing(app: Flask) -> None:
    keys(app)
    settings.current().master_key_file.with_name(NAME).chmod(0o644)
    with pytest.raises(BadVisaKey, match="chmod 600"):
        signing_key()
