"""A double click: what changes something is sent once, or twice at the same moment and then again, to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from gateway import db as database
from gateway.trail.leases import close_frame_book
from tests.matrix.columns import REFUSALS, Asking, Column, Rewound, columns
from tests.matrix.requests import bodies, path_of
from tests.matrix.test_matrix import NOTHING_TO_DO, groups_of, table
from tests.matrix.world import World
from tests.release import builders

Gateway = tuple[builders.World, World, Rewound]
Answer = tuple[int, str]
KEPT_APART = {  # may differ: how often, a salt, the number of what was made
    "application": {"version"}, "people_account": {"password_hash"}, "notice": {"href", "text", "once", "calendar"},
    "people_request_taken": {"key"},
}  # fmt: skip
EACH_TIME = {  # each look is recorded, two sign-ins are two sessions, the newest secret counts, a try is a try
    "POST /releases/<release_id>/annotations/<series_uid>",  # two shapes may be alike
    "POST /admin/webhooks/<hook_id>/secret", "POST /admin/webhooks/<hook_id>/test",
    "POST /api/v1/audit/answer.<form>", "POST /api/v1/audit/reads", "POST /audit/answer.<form>",
    "POST /audit/export.<form>", "POST /audit/reads", "POST /sign-in",
}  # fmt: skip
pytestmark = pytest.mark.timeout(300)


def changing() -> list[str]:
    """The routes that change something for somebody."""
    open_to_some = [route for route, row in table().items() if "+" in "".join(row.values())]
    return [each for each in open_to_some if not each.startswith("GET ") and each not in NOTHING_TO_DO | EACH_TIME]


def who_may(route: str) -> Column:
    """The first caller whom the table lets in."""
    row, callers = table()[route], columns()
    return next(
        column
        for group in groups_of(route)
        for column, sign in zip(callers[group], row[group], strict=True)
        if sign == "+"
    )


class Sender(Asking):
    """Sends without going back to how it was."""

    def __init__(self, app: Flask, world: World, route: str, store: Rewound) -> None:
        store.start_again()
        super().__init__(app, world, who_may(route), store)
        self._app, self._route, self._world = app, route, world

    def send(self, wait: Barrier | None = None) -> Answer:
        """The status and the text."""
        method, body = self._route.split(" ")[0], bodies(self._world).get(self._route, {})
        body = {key: value() if callable(value) else value for key, value in body.items()}
        browser = self._app.test_client()
        if wait is not None:
            wait.wait()
        answer = browser.open(path_of(self._route, self._world), method=method, headers=self._headers, **body)
        answer.close()
        return answer.status_code, answer.get_data(as_text=True)

    def both_at_once(self) -> list[Answer]:
        """Two, at the same moment."""
        wait = Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda _: self.send(wait), range(2)))


def rows() -> Iterator[tuple[str, Any]]:
    """Each table with its rows, without what is only about when and how often; of events the actions."""
    with database.reading() as db:
        for each in database.Base.metadata.sorted_tables:
            if each.name.startswith("trail_"):
                continue
            own = {one.name for one in each.c} - KEPT_APART.get(each.name, set())
            kept = [one for one in each.c if one.name in own and _is_plain(one)]
            found = [tuple(map(str, row)) for row in db.execute(select(*kept))] if kept else []
            yield each.name, len(found)
            yield f"what is in {each.name}", sha256(repr(sorted(found)).encode()).hexdigest()
        said = [row[0] for row in db.execute(text("SELECT action FROM trail_event"))]
        yield "events", sorted(each for each in said if not each.endswith(REFUSALS))


def _is_plain(column: Any) -> bool:
    """Not a moment, a secret or an id: those are new each time."""
    kind = column.type.python_type if column.type.__class__.__name__ != "UtcDateTime" else None
    made = ("id", "_id", "sha256", "sealed", "wrapped")
    return kind in (int, str, bool) and not column.name.endswith(made)


@pytest.fixture(scope="module")
def twice(gateway: Gateway) -> dict[str, tuple[list[Answer], list[str]]]:
    """Route -> the answers, and what is otherwise than after one request."""
    served, world, store = gateway
    found = {}
    for route in changing():
        sender = Sender(served.app, world, route, store)
        first = sender.send()
        close_frame_book()
        once = dict(rows())
        sender = Sender(served.app, world, route, store)
        answers = [first, *sender.both_at_once(), sender.send()]
        close_frame_book()
        found[route] = answers, [name for name, told in rows() if told != once[name]]
    store.start_again()
    return found


def test_twice_is_once(twice: dict[str, tuple[list[Answer], list[str]]]) -> None:
    more = [f"{route}: {', '.join(names)}" for route, (_, names) in twice.items() if names]
    assert not more, "these do more when they are sent again:\n" + "\n".join(more)


def test_the_second_answer_says_so_and_nothing_breaks(twice: dict[str, tuple[list[Answer], list[str]]]) -> None:
    broken = [route for route, (answers, _) in twice.items() if any(status >= 500 for status, _ in answers)]
    assert not broken, "these break:\n" + "\n".join(broken)
    silent = [
        route
        for route, ((first, *again), _) in twice.items()
        if first[0] >= 400
        or all(status >= 400 for status, _ in again)
        or any(status >= 400 and len(words) < 20 for status, words in again)
    ]
    assert not silent, "these do not say what happened:\n" + "\n".join(silent)
