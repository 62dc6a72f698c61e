"""A steward judges a picture in a browser: with the mouse, with keys alone, and nothing identifying is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.conftest import ROOT, Demo

pytestmark = [pytest.mark.browser, needs_chromium]


def boxes(person: Person) -> list[list[int]]:
    """What would be sent: the rows that are filled in and not struck out."""
    return person.page.evaluate(
        """() => [...document.querySelectorAll("#rows tr")]
            .filter((row) => !row.querySelector("input[type=checkbox]").checked)
            .map((row) => [...row.querySelectorAll("input[type=text]")].map((field) => field.value))
            .filter((row) => row.every(Boolean)).map((row) => row.map(Number))"""
    )


def test_a_steward_draws_moves_and_sends_with_keys_alone(demo: Demo) -> None:
    with a_browser() as browser:
        steward = Person(browser, demo, "data-steward")
        assert "Slide" in steward.go("/screening")
        assert steward.faults() == []
        steward.press("table a")
        assert steward.faults() == []
        sheet = steward.page.locator("#sheet")
        steward.page.wait_for_function("document.querySelector('#sheet img').complete")
        found = boxes(steward)
        assert found, "what the machine found is marked"
        drag(steward)
        assert len(boxes(steward)) == len(found) + 1
        sheet.focus()
        for key in ("Delete", "n", "Alt+ArrowRight", "Shift+ArrowDown"):
            sheet.press(key)
        after = boxes(steward)
        assert len(after) == len(found) + 1
        left, top, right, bottom = after[-1]
        width, height = int(sheet.get_attribute("data-width") or 0), int(sheet.get_attribute("data-height") or 0)
        assert (left, right) == (round(0.4 * width) + 1, round(0.6 * width) + 1)
        assert (top, bottom - top) == (
            round(0.45 * height),
            round(0.55 * height) - round(0.45 * height) + round(width / 100),
        )
        sheet.press("Delete")
        assert boxes(steward) == found
        sheet.press("r")
        with steward.page.expect_navigation():
            steward.page.keyboard.press("Enter")
        assert "It is decided" in steward.words()
        done = next((page for page in pages_while_working(demo, steward) if "released without" in page), "")
        assert "released without what was marked, by 1 person" in done
        assert steward.errors == []


def drag(steward: Person) -> None:
    """Draw a box with the mouse in the lower right of the picture."""
    frame = steward.page.locator("#boxes").bounding_box()
    assert frame is not None
    x, y = frame["x"] + 0.7 * frame["width"], frame["y"] + 0.6 * frame["height"]
    steward.page.mouse.move(x, y)
    steward.page.mouse.down()
    steward.page.mouse.move(x + 60, y + 40, steps=4)
    steward.page.mouse.up()


def pages_while_working(demo: Demo, steward: Person) -> Iterator[str]:
    """The queue's page after each round of work; the gateway's own worker may be at it too."""
    environment = {**os.environ, **demo.environment()}
    command = [sys.executable, "-m", "gateway.cli", "jobs", "work", "--once"]
    for _ in range(20):
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)
        yield steward.go("/screening")
