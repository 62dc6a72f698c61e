"""Builders for tests of pages: a gateway with a database of its own, people, and browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import StrictUndefined

from app import create_app
from gateway import db as database
from gateway import settings as settings_room
from gateway.clock import now
from gateway.people.commands import create_account
from gateway.people.models import Account
from gateway.people.tokens import issue
from gateway.settings import Settings
from gateway.trail.record import SYSTEM

PASSWORD = "correct horse battery"
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Strict(StrictUndefined):
    """Refuses names that are not there; an inline `if` without `else` may still give nothing."""

    def __str__(self) -> str:
        return "" if self._undefined_name is None else super().__str__()


@contextmanager
def a_gateway(tmp_path: Path, **changed: Any) -> Iterator[Flask]:
    """The whole application over an empty database, with strict templates."""
    before = settings_room.current()
    chosen = replace(Settings(), data_dir=tmp_path, **{"secure_cookies": False, **changed})
    app = create_app(chosen)
    app.jinja_env.undefined = Strict
    engine = database.bind(chosen.database)
    database.Base.metadata.create_all(engine)
    try:
        yield app
    finally:
        engine.dispose()
        settings_room.use(before)


def an_account(name: str = "ada", *roles: str) -> Account:
    with database.transaction() as db:
        return create_account(
            db,
            by=SYSTEM,
            email=f"{name}@example.org",
            name=name.title(),
            organisation="University",
            password=PASSWORD,
            roles=roles or ("researcher",),
            now=MORNING,
        )


def a_token(account: Account, scope: str = "account", days: int = 1) -> str:
    with database.transaction() as db:
        moment = now()
        _, secret = issue(db, account=account, scope=scope, expires=moment + timedelta(days=days), now=moment)
        return secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def form_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page has no form token"
    return found[1]


def send(browser: FlaskClient, page: str, action: str, **fields: Any) -> Any:
    """Fill in the form of a page as a browser would."""
    token = form_token(browser.get(page).text)
    return browser.post(action, data={"csrf_token": token, **fields})


def signed_in(app: Flask, name: str = "ada") -> FlaskClient:
    browser = app.test_client()
    answer = send(browser, "/sign-in", "/sign-in", email=f"{name}@example.org", password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return browser
