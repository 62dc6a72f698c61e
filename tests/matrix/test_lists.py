"""Every list of the gateway: read in pages, with as many questions to the database however long it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from gateway import db as database
from gateway.paging import ON_A_PAGE
from tests.benchmarks.lists import Visitor, lists
from tests.matrix.columns import Rewound
from tests.matrix.many import copy_of, multiply
from tests.matrix.world import World
from tests.release import builders

Gateway = tuple[builders.World, World, Rewound]
ROLES = ("data-steward", "auditor", "administrator", "ppie-panel")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def filled(gateway: Gateway) -> Iterator[Gateway]:
    gateway[2].start_again()
    yield gateway
    gateway[2].start_again()


def who_sees_most(app: Flask, world: World) -> list[Visitor]:
    known = [Visitor(app, name, world.people[name]) for name in ("Ada", "Helen", "Stella", "Kay")]
    copies = (copy_of(world.people["Zoe"], number) for number in range(4))
    return known + [Visitor(app, role, copy, role) for copy, role in zip(copies, ROLES, strict=False)]


def asked_of_the_database(app: Flask, world: World, times: int) -> dict[tuple[str, str], int]:
    """(path, who) -> how many statements it took to answer."""
    multiply(times)
    people, counted, found = who_sees_most(app, world), [0], {}

    def count(*_: object) -> None:
        counted[0] += 1

    event.listen(database.engine(), "before_cursor_execute", count)
    for path in lists(app):
        for each in people:
            counted[0] = 0
            if each.get(path)[0] == 200:
                found[path, each.name] = counted[0]
    event.remove(database.engine(), "before_cursor_execute", count)
    return found


def test_a_list_asks_the_database_as_much_however_long_it_is(filled: Gateway) -> None:
    served, world, store = filled
    few = asked_of_the_database(served.app, world, 4)
    store.start_again()
    many = asked_of_the_database(served.app, world, 12)
    assert {path for path, _ in many} == set(lists(served.app))
    grown = {key: (count, many[key]) for key, count in few.items() if many[key] > count}
    assert not grown, "these ask more, the more there is"


def test_what_is_too_long_for_a_page_is_on_the_next(filled: Gateway) -> None:
    served, world, _ = filled
    multiply(8)
    reader = Visitor(served.app, "Stella", world.people["Stella"])
    seen: list[str] = []
    address = "/api/v1/applications"
    while address:
        answer = reader.open(address)
        seen += [each["id"] for each in answer.json]
        assert len(answer.json) <= ON_A_PAGE
        address = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert len(seen) == len(set(seen)) > ON_A_PAGE
    assert 'rel="next"' in reader.open("/applications").text
    assert 'rel="prev"' in reader.open("/applications?all=2").text


def test_a_page_that_is_no_number_is_not_there(gateway: Gateway) -> None:
    served, world, _ = gateway
    reader = Visitor(served.app, "Ada", world.people["Ada"])
    assert [reader.get(f"/applications?page={each}")[0] for each in ("0", "x", "99999", "2")] == [404, 404, 404, 200]
    assert reader.get("/api/v1/applications?page=x")[0] == 422
