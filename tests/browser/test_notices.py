"""The pages of notices, of the choice of email, of webhooks and of visas, looked over in both colour schemes."""

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
        reviewer.go("/account/visas")
        faults += reviewer.faults()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_administrator_adds_a_webhook(demo: Demo, scheme: str) -> None:
    with a_browser() as browser:
        admin = Person(browser, demo, "administrator", color_scheme=scheme)
        admin.go("/admin/webhooks")
        assert "There is a problem" in admin.press("main form button[type=submit] >> nth=-1")
        faults = admin.faults()
        admin.page.fill("input[name=url]", "https://hooks.example.org/gate")
        admin.page.check("input[value='grant.revoked']")
        assert "whsec_" in admin.press("main form button[type=submit] >> nth=-1")
        faults += admin.faults()
    assert faults == []
