"""Tokens open what they are for, while they last, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from gateway.db import reading, transaction
from gateway.people import tokens
from gateway.people.access import WrongScope, reader_of
from gateway.people.models import Account
from gateway.people.session import identify
from tests.people.visitors import MORNING, a_token, an_account, bearer, form_token, signed_in

DAY = timedelta(days=1)


def test_a_token_speaks_for_its_account(app: Flask) -> None:
    secret = a_token(an_account())
    answer = app.test_client().get("/api/v1/account", headers=bearer(secret))
    assert answer.json is not None
    assert (answer.json["name"], answer.json["roles"]) == ("Ada", ["researcher"])
    assert answer.json["permissions"] == ["application.write"]


def test_the_database_holds_no_secret_of_a_token(app: Flask, tmp_path: Path) -> None:
    secret = a_token(an_account())
    assert secret.startswith("sg_")
    assert len(secret) >= 46
    assert secret.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("slidegate.db*"))


def test_unknown_expired_revoked_and_closed_get_one_answer(app: Flask) -> None:
    ada, eve = an_account(), an_account("eve")
    with transaction() as db:
        _, expired = tokens.issue(db, account=ada, scope="account", expires=MORNING + DAY, now=MORNING)
        revoked_token, revoked = tokens.issue(db, account=ada, scope="account", expires=MORNING + DAY, now=MORNING)
        tokens.revoke(db, by=tokens.acting(ada), token=revoked_token, now=MORNING)
    of_closed = a_token(eve)
    with transaction() as db:
        closed = db.get(Account, eve.id)
        assert closed is not None
        closed.closed_at = MORNING
    told = set()
    for secret in (expired, revoked, of_closed, "sg_unknown", "", "two words"):
        answer = app.test_client().get("/api/v1/account", headers=bearer(secret))
        assert answer.json is not None
        told.add((answer.status_code, answer.json["code"], answer.json["title"]))
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert told == {(401, "bad-token", tokens.BadToken.title)}


def test_a_token_ends_at_its_time(app: Flask) -> None:
    ada = an_account()
    with transaction() as db:
        _, secret = tokens.issue(db, account=ada, scope="account", expires=MORNING + DAY, now=MORNING)
    with reading() as db:
        assert tokens.check(db, secret=secret, now=MORNING + DAY - timedelta(seconds=1)).account.id == ada.id
        with pytest.raises(tokens.BadToken):
            tokens.check(db, secret=secret, now=MORNING + DAY)


@pytest.mark.parametrize(
    ("scope", "lasting"),
    [("account", timedelta(days=31)), ("account", timedelta(0)), ("everything", DAY), ("release:../x", DAY)],
)
def test_tokens_that_last_too_long_or_open_too_much_are_not_made(app: Flask, scope: str, lasting: timedelta) -> None:
    ada = an_account()
    with transaction() as db, pytest.raises(tokens.BadTokenRequest):
        tokens.issue(db, account=ada, scope=scope, expires=MORNING + lasting, now=MORNING)


def test_a_token_of_one_release_opens_that_release_only(app: Flask) -> None:
    ada = an_account()
    headers = bearer(a_token(ada, "release:abc"))
    answer = app.test_client().get("/api/v1/account", headers=headers)
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"]) == (403, "wrong-scope")
    assert app.test_client().post("/account/tokens", headers=headers, data={"label": "x"}).status_code == 403
    with app.test_request_context("/account", headers=headers):
        identify()
        assert reader_of("abc").id == ada.id
        with pytest.raises(WrongScope):
            reader_of("abd")


def test_a_bad_token_is_refused_even_beside_a_good_cookie(app: Flask) -> None:
    an_account()
    browser = signed_in(app)
    assert browser.get("/account", headers=bearer("sg_unknown")).status_code == 401
    answer = browser.post("/account/tokens", headers=bearer("sg_unknown"), data={"label": "x"})
    assert answer.status_code == 401


def test_tokens_are_made_shown_once_and_revoked_on_the_account_page(app: Flask) -> None:
    an_account()
    browser = signed_in(app)
    page = browser.get("/account")
    sent = {"csrf_token": form_token(page.text), "label": "laptop", "days": "7"}
    made = browser.post("/account/tokens", data=sent)
    assert made.status_code == 201
    secret = next(word for word in made.text.replace("<", " ").replace(">", " ").split() if word.startswith("sg_"))
    assert made.headers["Cache-Control"] == "no-store"
    assert app.test_client().get("/api/v1/account", headers=bearer(secret)).status_code == 200
    again = browser.get("/account").text
    assert secret not in again
    assert "laptop" in again
    [token] = app.test_client().get("/api/v1/account/tokens", headers=bearer(secret)).get_json()
    assert token["last_used_at"]
    browser.post(f"/account/tokens/{token['id']}/revoke", data={"csrf_token": form_token(again)})
    assert app.test_client().get("/api/v1/account", headers=bearer(secret)).status_code == 401


def test_nobody_revokes_the_token_of_another(app: Flask) -> None:
    theirs = a_token(an_account("eve"))
    mine = a_token(an_account())
    [token] = app.test_client().get("/api/v1/account/tokens", headers=bearer(theirs)).get_json()
    answer = app.test_client().delete(f"/api/v1/account/tokens/{token['id']}", headers=bearer(mine))
    assert answer.status_code == 404
    assert app.test_client().get("/api/v1/account", headers=bearer(theirs)).status_code == 200


def test_a_token_made_by_a_token_does_not_outlast_it(app: Flask) -> None:
    """Otherwise whoever finds one could renew it for ever."""
    headers = bearer(a_token(an_account(), days=2))
    client = app.test_client()
    by_api = client.post("/api/v1/account/tokens", headers=headers, json={"label": "next", "days": 7})
    assert by_api.status_code == 201
    by_page = client.post("/account/tokens", headers=headers, data={"label": "next", "days": "7"})
    assert by_page.status_code == 201
    listed = client.get("/api/v1/account/tokens", headers=headers).get_json()
    assert len(listed) == 3
    assert len({each["expires_at"] for each in listed}) == 1
