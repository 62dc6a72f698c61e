"""A panel member raises a concern in a real browser, a steward stops the project and answers."""

from __future__ import annotations

import pytest

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.conftest import Demo

pytestmark = [pytest.mark.browser, needs_chromium]


def test_a_concern_is_raised_and_answered(demo: Demo) -> None:
    with a_browser() as browser:
        panel = Person(browser, demo, "ppie-panel")
        panel.go("/usage")
        panel.page.click("main .nhsuk-card__link >> nth=0")
        panel.page.wait_for_load_state()
        panel.press("main form button[type=submit]")
        faults = panel.faults()
        assert panel.page.get_by_text("There is a problem").is_visible()
        panel.page.check("input[name=kind][value=concern]")
        panel.page.fill("textarea[name=text]", "The summary does not say who pays for this.")
        panel.press("main form button[type=submit]")
        faults += panel.faults()
        steward = Person(browser, demo, "data-steward", color_scheme="dark")
        steward.go("/concerns")
        faults += steward.faults()
        steward.page.click("main article a")
        steward.page.wait_for_load_state()
        faults += steward.faults()
        steward.page.fill("textarea[name=answer]", "A charity does. We have asked them to say so.")
        steward.press("main form:has(textarea) button[type=submit]")
        assert steward.page.get_by_text("Answered", exact=True).is_visible()
        faults += steward.faults()
        panel.go("/concerns")
        assert panel.page.get_by_text("A charity does.").is_visible()
    assert faults == []


def test_everybody_reads_the_register(demo: Demo) -> None:
    with a_browser() as browser:
        visitor = Person(browser, demo)
        visitor.go("/register")
        visitor.page.get_by_role("link", name="Can a computer count the body's defence cells").click()
        visitor.page.wait_for_load_state()
        assert "University or research institute" in visitor.words()
        assert visitor.faults() == []
