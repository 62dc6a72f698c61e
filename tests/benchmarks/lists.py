"""Every list of the gateway with ten thousand applications and a thousand people in it, as whoever sees the most of it.

The routes are those of the application itself: whatever is read without naming one object.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from gateway import db as database
from gateway.clock import now
from gateway.governance.models import Application
from gateway.people.models import Account, AccountRole
from gateway.people.roles import roles
from gateway.people.tokens import issue, note_use
from gateway.settings import ROOT
from tests.benchmarks.rows import Row
from tests.matrix.many import copy_of, multiply
from tests.matrix.world import World, people_the_world
from tests.release import builders

TIMES = 1_000  # copies of the world, which has ten applications and some twenty people in fifty variants
ASKED = 20
PARTS = ("Ada", "Tom", "Kay", "Mia", "Helen", "Stella")  # an applicant and lead, and those with a part
GOAL = 200  # ms
NOT_A_LIST = {  # what is read without naming an object and still is no list: documents, forms, downloads
    "/api/docs", "/api/openapi.json", "/audit/slidegate-verify.pyz", "/checkpoint", "/checkpoint/keys", "/ga4gh/jwks",
    "/healthz", "/metrics", "/readyz", "/sign-in", "/register.csv", "/register.json", "/register.atom",
    "/api/v1/audit/export.bundle",
    "/applications/new", "/admin/accounts/new", "/api/v1/applications/form", "/ga4gh/visas", "/datasets/cohort.json",
}  # fmt: skip


def lists(app: Flask) -> list[str]:
    """The paths of all lists that the application has."""
    rules = [each for each in app.url_map.iter_rules() if "GET" in (each.methods or ()) and "<" not in each.rule]
    return sorted({each.rule for each in rules} - NOT_A_LIST)


@contextmanager
def a_full_gateway(folder: Path, times: int) -> Iterator[tuple[Flask, World]]:
    """The gateway of the matrix, so many times as full."""
    (folder / "template").mkdir()
    template = builders.the_template(folder / "template")
    with builders.a_gateway(folder / "gateway", template) as served:
        world = people_the_world(now())
        multiply(times)
        yield served.app, world


class Visitor:
    """Somebody who asks with a token."""

    def __init__(self, app: Flask, name: str, account_id: str, role: str = "") -> None:
        with database.transaction() as db:
            account = db.get_one(Account, account_id)
            if role:
                account.roles = [AccountRole(role=role)]
            token, secret = issue(db, account=account, scope="account", expires=now() + timedelta(days=1), now=now())
            note_use(db, token_id=token.id, now=now() + timedelta(days=1))  # so that no request notes it
        self.name = name
        self._client: FlaskClient = app.test_client()
        self._headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str) -> tuple[int, float]:
        """The status of the answer, and the milliseconds that it took to its last byte."""
        began = time.perf_counter()
        status = self.open(path).status_code
        return status, (time.perf_counter() - began) * 1000

    def open(self, path: str) -> TestResponse:
        """The answer, read to its last byte."""
        answer = self._client.get(path, headers=self._headers, buffered=True)
        answer.get_data()
        answer.close()
        return answer


def visitors(app: Flask, world: World) -> list[Visitor]:
    """Ada, who applies and leads; those with a part; and somebody new in each role."""
    known = [Visitor(app, name, world.people[name]) for name in PARTS]
    copies = (copy_of(world.people["Zoe"], number) for number in range(1, 100))
    return known + [Visitor(app, role, copy, role) for copy, role in zip(copies, roles().by_key, strict=False)]


def measure() -> list[Row]:
    """Rows of lists."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name, a_full_gateway(Path(name), TIMES) as (app, world):
        with database.reading() as db:
            counted = [db.scalar(select(func.count()).select_from(each)) or 0 for each in (Application, Account)]
        people = visitors(app, world)
        return [_row(path, people, counted) for path in lists(app)]


def _row(path: str, people: list[Visitor], counted: list[int]) -> Row:
    tried = []
    for each in people:
        each.get(path)
        status, took = each.get(path)
        if status == 200:
            tried.append((took, each))
    assert tried, f"nobody may read {path}"
    most = max(tried, key=lambda pair: pair[0])[1]
    taken = sorted(most.get(path)[1] for _ in range(ASKED))
    median, worst = statistics.median(taken), taken[-1]
    peer = f"goal {GOAL} ms; {counted[0]:,} applications, {counted[1]:,} people"
    return Row("scale", f"GET {path} as {most.name}, worst {worst:.0f} ms", median, "ms", peer, median / GOAL,
               f"< {GOAL} ms", worst < GOAL)  # fmt: skip
