"""An auditor asks in a real browser who saw a patient's slides, and takes the answer away."""

from __future__ import annotations

import sqlite3

import pytest

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.conftest import Demo

pytestmark = [pytest.mark.browser, needs_chromium]


def a_patient_and_a_look_at_them(demo: Demo) -> str:
    """The number of a patient one of whose images the demo's reader has just opened."""
    release = demo.described["release"]
    with demo.client(release["token"]) as reader:
        found = reader.get(f"{release['dicomweb_url']}/instances").json()[0]
        study, series, uid = (found[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
        path = f"{release['dicomweb_url']}/studies/{study}/series/{series}/instances/{uid}/metadata"
        assert reader.get(path).status_code == 200
    asked = (
        "SELECT patient_id FROM study JOIN series ON series.study_id = study.id JOIN instance"
        " ON instance.series_id = series.id JOIN manifest_entry ON manifest_entry.instance_id = instance.id"
        " WHERE manifest_entry.uid = ?"
    )
    database = sqlite3.connect(demo.directory / "slidegate.db")
    (number,) = database.execute(asked, (uid,)).fetchone()
    database.close()
    return str(number)


def test_an_auditor_asks_who_saw_a_patients_slides(demo: Demo) -> None:
    number = a_patient_and_a_look_at_them(demo)
    with a_browser() as browser:
        auditor = Person(browser, demo, "auditor")
        auditor.go("/audit")
        faults = auditor.faults()
        auditor.page.get_by_role("link", name="Who saw this patient's slides?").click()
        auditor.page.wait_for_load_state()
        auditor.page.fill("input[name=patient]", number)
        words = auditor.press("main form[role=search] button[type=submit]")
        assert number not in auditor.page.url
        assert "People who read" in words
        assert "approved on" in words
        faults += auditor.faults()
        with auditor.page.expect_download() as download:
            auditor.page.get_by_role("button", name="Answer as CSV").click()
        assert number not in download.value.path().read_text("utf-8")
        auditor.page.fill("input[name=since]", "")
        auditor.page.fill("input[name=patient]", "9" * 80)
        auditor.press("main form[role=search] button[type=submit]")
        assert auditor.page.get_by_text("There is a problem").is_visible()
        faults += auditor.faults()
    assert faults == []
