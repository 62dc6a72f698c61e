"""The page of notices and the choice of email, looked over in both colour schemes."""

from __future__ import annotations

import pytest

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.conftest import Demo

pytestmark = needs_chromium


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reviewer_reads_what_waits_and_chooses_one_letter_a_day(demo: Demo, scheme: str) -> None:
    with a_browser() as browser:
        reviewer = Person(browser, demo, "ethics-reviewer", color_scheme=scheme)
        assert "waits for your review" in reviewer.go("/notices")
        faults = reviewer.faults()
        reviewer.go("/account")
        reviewer.page.check("input[name=mail][value=digest]")
        assert "Your choice is kept" in reviewer.press("main form[action='/account/mail'] button")
        faults += reviewer.faults()
    assert faults == []
