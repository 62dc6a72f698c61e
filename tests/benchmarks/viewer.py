"""How soon somebody sees something: from opening the viewer's page to the first tile on the screen, in Chromium."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from gateway.settings import ROOT
from tests.benchmarks.dataplane import _served
from tests.benchmarks.rows import Row
from tests.browser.visitors import CHROMIUM, a_browser
from tests.conftest import free_port
from tests.release.served.houses import PASSWORD, House, Reader, a_house, a_reader

VISITS = 9
GOAL = 300  # ms
FIRST_TILE = "() => performance.getEntriesByName('first-tile').length"


def measure() -> list[Row]:
    """Half of the visits see the first tile sooner than this; each slide is looked at once."""
    if CHROMIUM is None:
        return []
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        house = a_house(Path(name), free_port())
        reader = a_reader(house)
        with _served([sys.executable, "-m", "gateway.cli", "serve"], house), a_browser() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            _signed_in(page, house, reader)
            page.goto(f"{house.base_url}/releases/{reader.release.id}")
            slides = [each.get_attribute("href") for each in page.locator("a[href*='/view/']").all()]
            seen = sorted(_first_tile(page, house.base_url + str(path)) for path in (slides * VISITS)[:VISITS])
    middle = seen[len(seen) // 2]
    return [Row("dataplane", "first tile after the viewer's page is opened", middle, "ms", "its goal", middle / GOAL,
                f"<= {GOAL} ms", middle <= GOAL)]  # fmt: skip


def _signed_in(page: Page, house: House, reader: Reader) -> None:
    page.goto(house.base_url + "/sign-in")
    page.fill("input[name=email]", reader.account.email)
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main button[type=submit]")


def _first_tile(page: Page, url: str) -> float:
    """Milliseconds from the beginning of the navigation."""
    page.goto(url, wait_until="commit")
    page.wait_for_function(FIRST_TILE)
    return float(page.evaluate("() => performance.getEntriesByName('first-tile')[0].startTime"))
