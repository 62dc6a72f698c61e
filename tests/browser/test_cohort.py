"""A cohort is counted as it is chosen, with a script and without; and the pages of consent are looked over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.catalogue.test_cohorts import a_shelf
from tests.people.visitors import PASSWORD, a_gateway, an_account

pytestmark = needs_chromium
COHORT = "/datasets/cohort"


@dataclass
class Shelves:
    """A gateway with two datasets and no slides."""

    base_url: str

    def account(self, role: str) -> dict[str, str]:
        return {"email": f"{role}@example.org", "password": PASSWORD}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Shelves]:
    with a_gateway(tmp_path) as app:
        a_shelf("breast", 40, stain="hematoxylin stain, water soluble eosin stain")
        a_shelf("colon", 30, organ="Colon")
        for role in ("researcher", "data-steward"):
            an_account(role, role)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Shelves(f"http://127.0.0.1:{server.port}")
        server.shutdown()
        thread.join()


def test_the_count_follows_the_choice_and_the_basket_fills_an_application(demo: Shelves) -> None:
    with a_browser() as browser:
        visitor = Person(browser, demo, "researcher")
        visitor.go(COHORT)
        page = visitor.page
        assert not page.is_visible("[data-cohort-submit]"), "the script does what the button does"
        with page.expect_response("**/datasets/cohort.json?**"):
            page.locator("form[data-cohort] label").first.click()
        page.wait_for_url("**/datasets/cohort?**")
        assert page.inner_text("[data-patients]").startswith("About ")
        for each in page.locator("form[action='/applications/new'] input").all():
            each.check(force=True)
        assert "You are applying for" in visitor.press("form[action='/applications/new'] button")
        assert visitor.errors == []


def test_without_a_script_the_button_counts(demo: Shelves) -> None:
    with a_browser() as browser:
        visitor = Person(browser, demo, java_script_enabled=False)
        visitor.go(COHORT)
        visitor.page.locator("form[data-cohort] label").first.click()
        visitor.press("[data-cohort-submit]")
        assert "?" in visitor.page.url
        assert visitor.page.locator("form[data-cohort] input").first.is_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_with_the_pages(demo: Shelves, scheme: str) -> None:
    faults = []
    with a_browser() as browser:
        steward = Person(browser, demo, "data-steward", color_scheme=scheme)
        for path in (COHORT, "/consent", "/destruction"):
            steward.go(path)
            faults += steward.faults()
    assert faults == []
