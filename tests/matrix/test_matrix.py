"""Every route, for everybody: the table `routes.txt` says who is let in, and here each of its cells is tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from gateway.people.roles import roles
from tests.matrix.columns import PARTS, Asking, Rewound, columns
from tests.matrix.requests import bodies, path_of
from tests.matrix.world import World
from tests.release import builders

TABLE = Path(__file__).with_name("routes.txt")
NOTHING_TO_DO = {  # routes at which nobody here has anything to do, or that only somebody with a cookie changes
    "GET /releases/<release_id>/dicomweb/studies/<study>/series/<series>/instances/<uid>/bulkdata/<path:reference>",
    "POST /account/password",
    "POST /account/sessions/close",
    "POST /account/visas",
    "POST /admin/re-identification/<question_id>/answer",
    "POST /admin/withdrawal",
    "POST /api/v1/notices/read",
    "POST /notices/read",
    "POST /quarantine",
    "POST /sign-out",
}
pytestmark = pytest.mark.timeout(900)  # some five thousand requests
Gateway = tuple[builders.World, World, Rewound]
Row = dict[str, str]  # group of columns -> a sign for each caller of the group


def routes(app: Flask) -> set[str]:
    """Every route as the application has it, one for each method."""
    rules = list(app.url_map.iter_rules())
    return {f"{method} {each.rule}" for each in rules for method in (each.methods or set()) - {"HEAD", "OPTIONS"}}


def groups_of(route: str) -> list[str]:
    """Where a route names no object there is nobody who owns it."""
    return list(columns()) if "<" in route else ["nobody", "stranger"]


def table() -> dict[str, Row]:
    """The file."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    split = [[part.strip() for part in line.split(" | ")] for line in lines]
    return {route: dict(zip(groups_of(route), cells, strict=True)) for route, *cells in split}


def line_of(route: str, row: Row) -> str:
    return " | ".join([f"{route:<112}", *row.values()])


@pytest.fixture(scope="module")
def tried(gateway: Gateway) -> dict[str, Row]:
    """How each cell is in truth."""
    served, world, store = gateway
    asked, sent = sorted(routes(served.app)), bodies(world)
    found: dict[str, Row] = {route: {} for route in asked}
    for group, callers in columns().items():
        here = [route for route in asked if group in groups_of(route)]
        for column in callers:
            store.start_again()
            asking = Asking(served.app, world, column, store)
            for route in here:
                sign = asking.ask(route.split(" ")[0], path_of(route, world), sent.get(route, {}))
                found[route][group] = found[route].get(group, "") + sign
    return found


def test_every_route_has_its_row_and_every_row_its_route(gateway: Gateway) -> None:
    assert set(table()) == routes(gateway[0].app)


def test_every_cell_is_as_the_table_says(tried: dict[str, Row]) -> None:
    said = table()
    wrong = [line_of(route, row) for route, row in sorted(tried.items()) if said.get(route) != row]
    assert not wrong, "these rows of routes.txt are not so; what is so:\n" + "\n".join(wrong)


def test_the_head_of_the_table_names_the_columns_as_they_are() -> None:
    head = TABLE.read_text("utf-8").split("\n\n")[0]
    assert ", ".join(roles().by_key) in re.sub(r"\n# +", " ", head)
    assert ", ".join(PARTS) in re.sub(r"\n# +", " ", head)


def test_nothing_breaks_and_every_route_is_open_to_somebody(tried: dict[str, Row]) -> None:
    signs = {route: "".join(row.values()) for route, row in tried.items()}
    assert [route for route, each in signs.items() if "!" in each] == []
    assert {route for route, each in signs.items() if "+" not in each} <= NOTHING_TO_DO


def test_nobody_who_is_not_signed_in_changes_anything_but_by_signing_in(tried: dict[str, Row]) -> None:
    open_to_all = {route for route, row in tried.items() if row["nobody"] == "+" and not route.startswith("GET ")}
    assert open_to_all == {"POST /sign-in"}
