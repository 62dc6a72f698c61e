"""The viewer in a real browser: it ends with the access, is used with keys, and says who looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitors import a_browser, needs_chromium
from tests.people.visitors import PASSWORD
from tests.release.builders import World, on_a_socket
from tests.release.test_strict_policies import strict  # noqa: F401  # a world with a watermark

pytestmark = [pytest.mark.browser, needs_chromium]
PIXELS = """(canvas) => {
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
  return inked;
}"""


@contextmanager
def the_viewer(world: World, *, path: str = "") -> Iterator[Page]:
    """The reader's browser on a slide."""
    with on_a_socket(world) as address, a_browser() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(f"{address}/sign-in")
        page.fill("input[name=email]", "ada@example.org")
        page.fill("input[name=password]", PASSWORD)
        with page.expect_navigation():
            page.click("main button[type=submit]")
        page.clock.install()
        page.goto(f"{address}/releases/{world.release.id}/view/{world.biggest().series_uid}{path}")
        yield page


def shown(page: Page) -> None:
    """Wait until the slide and the project's annotations are there."""
    page.clock.run_for(2000)
    page.wait_for_selector("#notes:not([hidden])")


def ended(page: Page) -> None:
    page.wait_for_selector(".sg-viewer__error:not([hidden])")
    assert page.inner_text(".sg-viewer__error") == "Access to this release has ended."
    assert page.locator(".sg-viewer__canvas canvas").count() == 0
    assert page.locator("#notes").count() == 0


def test_when_the_time_is_over_nothing_stays_on_the_screen(world: World) -> None:
    with the_viewer(world) as page:
        shown(page)
        page.clock.fast_forward("23:00:00")
        assert page.locator(".sg-viewer__error:not([hidden])").count() == 0
        for _ in range(31):
            page.clock.fast_forward(24 * 3600 * 1000)
        ended(page)


def test_the_clock_counts_the_servers_time_whatever_the_clients_clock_says(world: World) -> None:
    with the_viewer(world) as page:
        shown(page)
        right = page.inner_text("#clock")
        page.clock.set_system_time("2090-01-01T00:00:00Z")
        page.clock.run_for(2000)
        assert page.inner_text("#clock") == right
        assert page.locator(".sg-viewer__error:not([hidden])").count() == 0


def test_a_revoked_grant_blanks_the_view_of_who_only_looks(world: World) -> None:
    with the_viewer(world) as page:
        shown(page)
        world.revoke()
        page.clock.run_for(16_000)
        ended(page)


def test_a_revoked_grant_blanks_the_view_with_the_first_tile_that_is_refused(world: World) -> None:
    with the_viewer(world) as page:
        shown(page)
        world.revoke()
        page.locator(".sg-viewer__zooms button").last.click()
        page.clock.run_for(3000)
        ended(page)


def places(page: Page) -> list[Any]:
    """Where the sheet over the picture lies: it moves with it."""
    text = page.get_attribute(".sg-viewer__sheet g", "transform") or ""
    return [round(float(each), 3) for each in text.removeprefix("matrix(").removesuffix(")").split()]


def pressed(page: Page, *keys: str) -> list[Any]:
    for key in keys:
        page.keyboard.down(key)
        page.clock.run_for(100)
        page.keyboard.up(key)
        page.clock.run_for(1500)
    return places(page)


def test_keys_move_zoom_and_fill_the_screen(world: World) -> None:
    with the_viewer(world) as page:
        shown(page)
        page.locator(".openseadragon-canvas").first.focus()
        before = pressed(page, "+", "+")
        right = pressed(page, "ArrowRight")
        assert right[4] < before[4]
        assert right[:4] == before[:4]
        down = pressed(page, "ArrowDown")
        assert down[5] < right[5]
        assert pressed(page, "-")[0] < down[0]
        page.keyboard.press("Enter")
        page.wait_for_selector(".openseadragon-container:fullscreen, :fullscreen .openseadragon-container")
        page.keyboard.press("Enter")
        page.wait_for_selector(":fullscreen", state="detached")


def test_the_name_of_who_looks_is_drawn_over_the_picture(strict: World) -> None:  # noqa: F811
    with the_viewer(strict) as page:
        shown(page)
        paper = page.locator(".sg-viewer__watermark")
        size = paper.evaluate("(canvas) => canvas.width * canvas.height")
        assert 0.005 < paper.evaluate(PIXELS) / size < 0.3


@pytest.mark.parametrize(("tool", "keys", "kind", "corners"), [
    ("point", "Enter", "Point", 1),
    ("line", "Enter ArrowRight ArrowRight Enter", "LineString", 2),
    ("rectangle", "Enter Shift+ArrowRight Shift+ArrowDown Enter", "Polygon", 5),
    ("outline", "Enter Shift+ArrowRight Enter Shift+ArrowDown Enter Enter", "Polygon", 4),
])  # fmt: skip
def test_annotations_are_drawn_with_keys_alone(world: World, tool: str, keys: str, kind: str, corners: int) -> None:
    with the_viewer(world) as page:
        shown(page)
        page.locator(f"[data-draw={tool}]").focus()
        page.keyboard.press("Enter")
        for key in keys.split():
            page.keyboard.press(key)
        expect(page.locator("#notes-said")).to_have_text("Kept for your project.")
        page.keyboard.press("Escape")
        assert page.get_attribute(f"[data-draw={tool}]", "aria-pressed") == "false"
        assert page.locator(".sg-viewer__sheet path").count() == 1
    token = world.token_for(world.reader, "account")
    path = f"/releases/{world.release.id}/annotations/{world.biggest().series_uid}"
    (feature,) = world.get(path, token=token).json["features"]
    geometry = feature["geometry"]
    drawn = geometry["coordinates"] if kind == "LineString" else geometry["coordinates"][0]
    assert geometry["type"] == kind
    assert kind == "Point" or len(drawn) == corners
