"""Making accounts, changing passwords, and forms that only our own pages can send."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from flask import Flask

from gateway.cli.account import account as account_group
from gateway.cli.account import token as token_group
from gateway.db import transaction
from gateway.people.commands import BadEmail, EmailTaken, create_account
from gateway.people.passwords import WeakPassword
from gateway.people.queries import NoSuchAccount
from gateway.trail.record import SYSTEM
from tests.people.visitors import MORNING, PASSWORD, an_account, bearer, form_token, send, signed_in


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [
        ("ADA@Example.org", PASSWORD, EmailTaken),
        ("no address", PASSWORD, BadEmail),
        ("eve@example.org", "short", WeakPassword),
        ("eve@example.org", "aaaaaaaaaaaaaaa", WeakPassword),
        ("eve@example.org", "long words " * 40, WeakPassword),
    ],
)
def test_an_account_needs_an_address_of_its_own_and_a_strong_password(
    app: Flask, email: str, password: str, refusal: type[Exception]
) -> None:
    an_account()
    with pytest.raises(refusal), transaction() as db:
        create_account(db, by=SYSTEM, email=email, name="E", organisation="", password=password, roles=[], now=MORNING)


def test_what_is_wrong_with_a_new_account_is_said_beside_the_field(app: Flask) -> None:
    an_account("root", "administrator")
    browser = signed_in(app, "root")
    answer = send(browser, "/admin/accounts/new", "/admin/accounts", name="", email="x", password="short")
    assert answer.status_code == 422
    for words in ("There is a problem", "Enter the person&#39;s name", "Enter an email address", 'href="#password"'):
        assert words in answer.text
    taken = send(
        browser, "/admin/accounts/new", "/admin/accounts", name="R", email="root@example.org", password=PASSWORD
    )
    assert "already an account" in taken.text


def test_a_form_of_another_site_changes_nothing(app: Flask) -> None:
    an_account()
    browser = signed_in(app)
    for sent in ({}, {"csrf_token": "made up"}):
        answer = browser.post("/sign-out", data=sent)
        assert answer.status_code == 400
        assert "form has expired" in answer.text
    assert browser.get("/account").status_code == 200


def test_a_form_token_of_another_visitor_does_not_help(app: Flask) -> None:
    an_account()
    stranger = app.test_client()
    token = form_token(stranger.get("/sign-in").text)
    assert signed_in(app).post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_the_command_line_makes_accounts_and_tokens(app: Flask) -> None:
    run = CliRunner().invoke
    made = run(
        account_group,
        ["create", "--email", "sam@example.org", "--name", "Sam", "--role", "auditor", "--password", PASSWORD],
    )
    assert made.exit_code == 0, made.output
    assert "auditor" in made.output
    assert "sam@example.org" in run(account_group, ["list"]).output
    token = run(token_group, ["create", "--email", "sam@example.org"])
    answer = app.test_client().get("/api/v1/account", headers=bearer(token.output.strip()))
    assert answer.status_code == 200
    refused = run(token_group, ["create", "--email", "nobody@example.org"])
    assert isinstance(refused.exception, NoSuchAccount)
