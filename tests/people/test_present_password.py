"""Changing a password asks for the present one, and a borrowed session is no place to guess it."""

from __future__ import annotations

from flask import Flask

from gateway.people.signing_in import ATTEMPTS
from tests.people.test_sign_in import actions
from tests.people.visitors import PASSWORD, a_token, an_account, bearer, send, signed_in

NEW = "other words entirely"


def test_changing_the_password_signs_out_everywhere_else(app: Flask) -> None:
    an_account()
    here, elsewhere = signed_in(app), signed_in(app)
    wrong = send(here, "/account", "/account/password", present="not the password", new=NEW)
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    assert send(here, "/account", "/account/password", present=PASSWORD, new=NEW).status_code == 303
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    again = send(elsewhere, "/sign-in", "/sign-in", email="ada@example.org", password=NEW)
    assert again.status_code == 303


def test_guessing_the_present_password_ends_every_session_and_pauses_the_account(app: Flask) -> None:
    an_account()
    borrowed, owner = signed_in(app), signed_in(app)
    for _ in range(ATTEMPTS):
        send(borrowed, "/account", "/account/password", present="not the password", new=NEW)
    assert actions().count("account.password-refused") == ATTEMPTS
    assert borrowed.get("/account").status_code == 303
    assert owner.get("/account").status_code == 303
    paused = send(owner, "/sign-in", "/sign-in", email="ada@example.org", password=PASSWORD)
    assert paused.status_code == 401


def test_a_token_cannot_go_on_guessing_while_the_account_is_paused(app: Flask) -> None:
    headers = bearer(a_token(an_account()))
    for _ in range(ATTEMPTS):
        answer = app.test_client().post("/account/password", headers=headers, data={"present": "not it", "new": NEW})
        assert answer.status_code == 422
    right = app.test_client().post("/account/password", headers=headers, data={"present": PASSWORD, "new": NEW})
    assert right.status_code == 422
    assert "account.password-changed" not in actions()


def test_a_new_password_that_is_weak_is_refused_beside_its_field(app: Flask) -> None:
    an_account()
    answer = send(signed_in(app), "/account", "/account/password", present=PASSWORD, new="aaaaaaaaaaaaaaa")
    assert answer.status_code == 422
    assert "five different characters" in answer.text
