"""A panel member writes minutes down and votes in a real browser; a steward finds the concern."""

from __future__ import annotations

import pytest

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.conftest import Demo

pytestmark = [pytest.mark.browser, needs_chromium]


def test_a_meeting_is_written_down_and_a_vote_reaches_the_stewards(demo: Demo) -> None:
    with a_browser() as browser:
        panel = Person(browser, demo, "ppie-panel")
        panel.go("/usage/meetings")
        panel.press("main form button[type=submit]")
        faults = panel.faults()
        assert panel.page.get_by_text("There is a problem").is_visible()
        for part, number in (("day", "2"), ("month", "3"), ("year", "2026")):
            panel.page.fill(f"input[name=held_on-{part}]", number)
        panel.page.fill("textarea[name=minutes]", "We looked at what each project wants to find out.")
        panel.press("main form button[type=submit]")
        assert "Meeting of 2 March 2026" in panel.words()
        faults += panel.faults()
        panel.go("/usage")
        panel.page.click("main .nhsuk-card__link >> nth=0")
        panel.page.wait_for_load_state()
        panel.page.check("input[name=choice][value=not-content]")
        panel.page.fill("textarea[name=reason]", "It does not say how long they keep copies.")
        panel.press("main form[action$=votes] button[type=submit]")
        assert "It does not say how long they keep copies." in panel.words()
        faults += panel.faults()
        steward = Person(browser, demo, "data-steward", color_scheme="dark")
        steward.go("/notices")
        assert "A concern about the use of data" in steward.words()
        steward.go("/concerns")
        assert "It does not say how long they keep copies." in steward.words()
        steward.go("/usage/meetings")
        faults += steward.faults()
        assert "1 not content" in steward.go("/usage")
        faults += steward.faults()
    assert faults == []
