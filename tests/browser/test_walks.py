"""axe-core over every page that the application has, and every role through the whole life of an application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.clock import now
from gateway.db import transaction
from gateway.governance.models import Application
from tests.browser.life import (
    NOT_NEEDED,
    ROLES,
    a_nation,
    appeal,
    apply,
    bring,
    change,
    decide,
    end,
    judge,
    look,
    quickly,
    submit,
    triage,
)
from tests.browser.nation import Seen, Visitor, Window, faults_of, in_role
from tests.browser.visitors import a_browser, needs_chromium
from tests.matrix.columns import Column, columns
from tests.matrix.requests import path_of
from tests.matrix.test_matrix import groups_of, routes, table
from tests.matrix.world import people_the_world
from tests.release import builders

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.timeout(600)]
FILES = ("/assets/", "/api/v1/", "/dicomweb/", "/screening/assets/", "/files/", "/ga4gh/", "/.well-known/")
LEAVES_A_PAGE = 50  # fewer, and this looks at next to nothing


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return builders.the_template(tmp_path_factory.mktemp("walks"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def seen() -> Seen:
    """The shapes of pages that were looked over."""
    return {}


def visits(found: set[str]) -> Iterator[tuple[Column, list[str]]]:
    """Callers, each with the routes that the table lets them in at and nobody before them was."""
    rows, left = table(), {each for each in found if each.startswith("GET ") and not any(f in each for f in FILES)}
    for group, callers in columns().items():
        for place, column in enumerate(callers):
            here = {each for each in left if group in groups_of(each) and rows[each][group][place] == "+"}
            left -= here
            yield column, sorted(here)
    assert not left, f"no page of {left} is open to anybody"


def test_no_page_of_the_application_shuts_anybody_out(
    tmp_path: Path, template: Path, browser: Browser, seen: Seen
) -> None:
    with builders.a_gateway(tmp_path, template) as served:
        world = people_the_world(now())
        with builders.on_a_socket(served) as address:
            window, pages = Window(browser, address, seen), 0
            for column, found in visits(routes(served.app) - {"GET /metrics"}):
                if not found:
                    continue
                account = world.people.get(column.who, "")
                in_role(account, column.role)
                visitor = Visitor(window, account)
                for path in (path_of(route, world) for route in found):
                    if visitor.is_a_page(path):
                        visitor.go(path)
                        pages += 1
            window.leave()
    assert faults_of(seen) == []
    assert pages >= LEAVES_A_PAGE


def test_from_the_first_question_to_the_checked_end_with_every_role(
    tmp_path: Path, template: Path, browser: Browser, seen: Seen
) -> None:
    with a_nation(tmp_path, template, browser, seen) as nation:
        first = apply(nation)
        quickly(nation, first)
        decide(nation, first, "return")
        ada = nation("Ada")
        ada.go(f"/applications/{first}")
        ada.press("form[action$='/revise'] button")
        application = ada.page.url.split("/applications/")[1].split("/")[0]
        submit(nation, application)
        triage(nation, application)
        judge(nation, application)
        decide(nation, application, "approve")
        with transaction() as db:
            project = str(db.get_one(Application, application).project_id)
        bring(nation, project)
        look(nation, project)
        for kind in ("amendment", "renewal"):
            change(nation, application, kind)
        appeal(nation)
        nation("Lee").go("/usage")
        end(nation, project)
        assert "project.closure.checked" in nation("Owen").go("/audit")
        assert set(nation.known) >= {"Ada", *ROLES} - NOT_NEEDED
    assert faults_of(seen) == []
