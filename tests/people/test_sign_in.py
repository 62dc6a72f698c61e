"""Signing in, staying in, going out."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from gateway.db import reading, transaction
from gateway.people import sign_ins
from gateway.people.models import Account, SignIn
from gateway.people.passwords import hash_password, matches
from gateway.people.signing_in import ATTEMPTS, PAUSE, SignInRefused, sign_in
from gateway.trail.models import Event
from tests.people.visitors import MORNING, PASSWORD, a_gateway, an_account, form_token, send, signed_in


def actions() -> list[str]:
    with reading() as db:
        return list(db.scalars(select(Event.action).order_by(Event.seq)))


def test_the_right_password_opens_a_session_that_scripts_cannot_read(app: Flask) -> None:
    an_account()
    browser = app.test_client()
    answer = send(browser, "/sign-in", "/sign-in", email="ADA@example.org ", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    given = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("slidegate="))
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert "Welcome, Ada" in browser.get("/").text
    assert actions() == ["account.created", "session.opened"]


def test_a_deployment_binds_its_cookies_to_https_and_to_its_host(tmp_path: Path) -> None:
    with a_gateway(tmp_path, secure_cookies=True) as app:
        an_account()
        browser = app.test_client()
        token = form_token(browser.get("/sign-in", base_url="https://gate.example").text)
        sent = {"email": "ada@example.org", "password": PASSWORD, "csrf_token": token}
        answer = browser.post("/sign-in", data=sent, base_url="https://gate.example")
        session = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-slidegate="))
        assert answer.status_code == 303
        assert "Secure" in session
        assert "Path=/" in session
        assert "Domain" not in session


def test_the_database_does_not_hold_what_the_cookie_holds(app: Flask, tmp_path: Path) -> None:
    an_account()
    browser = signed_in(app)
    cookie = browser.get_cookie("slidegate")
    assert cookie is not None
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("slidegate.db*"))
    assert b"ada@example.org" in stored
    assert cookie.value.encode() not in stored
    assert PASSWORD.encode() not in stored


def test_a_stranger_and_a_wrong_password_get_one_answer(app: Flask) -> None:
    an_account()
    answers = []
    for email in ("ada@example.org", "nobody@example.org"):
        answer = send(app.test_client(), "/sign-in", "/sign-in", email=email, password="not the password")
        told = answer.text.replace(email, "EMAIL").replace(form_token(answer.text), "TOKEN")
        answers.append((answer.status_code, told))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_checking_the_password_of_nobody_costs_as_much(app: Flask) -> None:
    known = hash_password(PASSWORD)
    matches("", "warm up")

    def seconds(password_hash: str) -> float:
        start = time.perf_counter()
        assert not matches(password_hash, "not the password")
        return time.perf_counter() - start

    assert min(seconds("") for _ in range(3)) > 0.3 * min(seconds(known) for _ in range(3))


def test_an_account_without_a_password_admits_nobody() -> None:
    assert not matches("", "")
    assert not matches("", "the password of nobody at all")


def test_wrong_passwords_in_a_row_pause_an_account_even_for_its_owner(app: Flask) -> None:
    an_account()
    for _ in range(ATTEMPTS):
        with pytest.raises(SignInRefused):
            sign_in(email="ada@example.org", password="not the password", now=MORNING)
    with pytest.raises(SignInRefused):
        sign_in(email="ada@example.org", password=PASSWORD, now=MORNING + PAUSE - timedelta(seconds=1))
    assert sign_in(email="ada@example.org", password=PASSWORD, now=MORNING + PAUSE)
    assert actions().count("session.refused") == ATTEMPTS + 1


def test_a_right_password_forgets_earlier_wrong_ones(app: Flask) -> None:
    an_account()
    for _ in range(2):
        for _ in range(ATTEMPTS - 1):
            with pytest.raises(SignInRefused):
                sign_in(email="ada@example.org", password="not the password", now=MORNING)
        assert sign_in(email="ada@example.org", password=PASSWORD, now=MORNING)


def test_signing_in_again_changes_the_session_and_ends_the_old_one(app: Flask) -> None:
    an_account()
    browser = signed_in(app)
    first = browser.get_cookie("slidegate")
    token = form_token(browser.get("/account").text)
    sent = {"email": "ada@example.org", "password": PASSWORD, "csrf_token": token}
    assert browser.post("/sign-in", data=sent).status_code == 303
    second = browser.get_cookie("slidegate")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    thief = app.test_client()
    thief.set_cookie("slidegate", first.value)
    assert thief.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("seen_after", "asked_after", "good"),
    [
        (timedelta(0), timedelta(minutes=29), True),
        (timedelta(0), timedelta(minutes=30), False),
        (timedelta(hours=11, minutes=45), timedelta(hours=11, minutes=59), True),
        (timedelta(hours=11, minutes=45), timedelta(hours=12), False),
    ],
)
def test_a_session_ends_when_idle_and_ends_anyway(
    app: Flask, seen_after: timedelta, asked_after: timedelta, good: bool
) -> None:
    account = an_account()
    with transaction() as db:
        secret = sign_ins.open_session(db, account=account, now=MORNING)
        db.scalars(select(SignIn)).one().seen_at = MORNING + seen_after
    with reading() as db:
        assert (sign_ins.find_session(db, secret=secret, now=MORNING + asked_after) is not None) is good


def test_signing_out_ends_the_session_on_this_side_too(app: Flask) -> None:
    an_account()
    browser = signed_in(app)
    cookie = browser.get_cookie("slidegate")
    assert cookie is not None
    assert send(browser, "/account", "/sign-out").status_code == 303
    assert browser.get("/account").status_code == 303
    thief = app.test_client()
    thief.set_cookie("slidegate", cookie.value)
    assert thief.get("/account").status_code == 303
    assert actions()[-1] == "session.closed"


def test_a_page_asked_for_before_signing_in_comes_after_it(app: Flask) -> None:
    an_account()
    browser = app.test_client()
    asked = browser.get("/account?x=1")
    assert asked.location == "/sign-in?next=/account?x%3D1"
    answer = send(browser, asked.location, "/sign-in", email="ada@example.org", password=PASSWORD, next="/account?x=1")
    assert answer.location == "/account?x=1"


def test_a_closed_account_cannot_sign_in_and_its_sessions_end(app: Flask) -> None:
    ada = an_account()
    browser = signed_in(app)
    with transaction() as db:
        found = db.get(Account, ada.id)
        assert found is not None
        found.closed_at = MORNING
    assert browser.get("/account").status_code == 303
    with pytest.raises(SignInRefused):
        sign_in(email="ada@example.org", password=PASSWORD, now=MORNING)
