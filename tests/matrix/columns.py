"""Who asks: nobody, a stranger, somebody with a part, a member and the owner, the last three in each role by itself."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.clock import now
from gateway.db import transaction
from gateway.people.models import Account, AccountRole
from gateway.people.roles import roles
from gateway.people.tokens import issue, note_use
from gateway.release.turnstile import forget_everybody
from gateway.trail.leases import close_frame_book
from tests.matrix.world import World

REFUSALS = (".denied", ".refused")
PARTS = {"reviewer": "Tom", "custodian": "Kay", "member who voted": "Mia", "chair": "Helen", "triager": "Stella"}


@dataclass(frozen=True)
class Column:
    """One kind of caller: an account by its name (empty: nobody), and the role it has (empty: its own)."""

    who: str
    role: str = ""


def columns() -> dict[str, list[Column]]:
    """All of them, in the groups of the table."""
    every = list(roles().by_key)
    return {
        "nobody": [Column("")],
        "stranger": [Column("Zoe", role) for role in every],
        "part": [Column(name) for name in PARTS.values()],
        "member": [Column("Ben", role) for role in every],
        "owner": [Column("Ada", role) for role in every],
    }


class Asking:
    """The gateway as one column finds it; every request finds it so again."""

    def __init__(self, app: Flask, world: World, column: Column, store: Rewound) -> None:
        self._client, self._store = app.test_client(), store
        store.rewind()
        self._headers: dict[str, str] = {}
        if column.who:
            self._headers = {"Authorization": f"Bearer {_ready(world.people[column.who], column.role)}"}
        forget_everybody()
        store.keep()

    def ask(self, method: str, path: str, body: dict[str, Any]) -> str:
        """How it went, as one sign of the table."""
        client: FlaskClient = self._client
        body = {key: value() if callable(value) else value for key, value in body.items()}
        answer = client.open(path, method=method, headers=self._headers, buffered=True, **body)
        answer.close()
        client.delete_cookie("slidegate-form")
        close_frame_book()  # so that nothing is written behind our back
        changed = self._store.rewind()
        return _sign(answer, method, changed)


def _ready(account_id: str, role: str) -> str:
    with transaction() as db:
        account = db.get_one(Account, account_id)
        if role:
            account.roles = [AccountRole(role=role)]
        token, secret = issue(db, account=account, scope="account", expires=now() + timedelta(days=1), now=now())
        note_use(db, token_id=token.id, now=now() + timedelta(minutes=10))  # so that no request notes it
    return secret


def _sign(answer: TestResponse, method: str, changed: bool) -> str:
    if answer.status_code == 401 or (300 <= answer.status_code < 400 and "/sign-in" in answer.headers["Location"]):
        return "s"
    if answer.status_code in (403, 404):
        return "-" if answer.status_code == 403 else "."
    if answer.status_code >= 500:
        return "!"
    if answer.status_code >= 400:
        return "o"
    return "+" if method == "GET" or changed else "o"


class Rewound:
    """The SQLite file of the gateway, and how it was when it was last kept."""

    def __init__(self, path: str) -> None:
        self._live = sqlite3.connect(path, timeout=30)
        self._first, self._kept = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
        self._live.backup(self._first)
        self._live.backup(self._kept)
        self._seen = self._version()

    def rewind(self) -> bool:
        """Back to what was kept; gives whether anything but a refusal had been written since."""
        if self._version() == self._seen:
            return False
        known = self._kept.execute("SELECT coalesce(max(seq), 0) FROM trail_event").fetchone()
        said = [action for (action,) in self._live.execute("SELECT action FROM trail_event WHERE seq > ?", known)]
        self._kept.backup(self._live)
        self._seen = self._version()
        return not said or any(not each.endswith(REFUSALS) for each in said)

    def keep(self) -> None:
        """What is there now is what is gone back to."""
        self._live.backup(self._kept)
        self._seen = self._version()

    def start_again(self) -> None:
        """Back to the very first."""
        self._first.backup(self._kept)
        self._first.backup(self._live)
        self._seen = self._version()

    def _version(self) -> int:
        return int(self._live.execute("PRAGMA data_version").fetchone()[0])
