"""The whole road in a browser: apply, review, decide, look, download, be refused, and find it all on the trail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.visitors import Person, a_browser, needs_chromium
from tests.conftest import ROOT, Demo

pytestmark = [pytest.mark.browser, needs_chromium]

ANSWERS = {
    "people": {"organisation": "Harbour Institute", "organisation_kind": "charity", "training": True},
    "project": {
        "title": "Mitotic figures in breast cancer",
        "lay_title": "Counting dividing cells",
        "lay_summary": "We want a computer to count dividing cells, because that tells how fast a tumour grows.",
        "aim": "disease",
        "benefit": "People with breast cancer.",
        "commercial": "no",
        "ethics": "not-needed",
    },
    "data": {"datasets": ["breast-northfield"], "need": "Breast slides at full resolution.", "linkage": "no"},
    "settings": {"where": "institution", "protection": ["encrypted"], "months": "6"},
    "outputs": {"outputs": ["paper"], "reidentify": True},
}


def fill(person: Person, answers: dict[str, object]) -> None:
    for name, value in answers.items():
        if value is True:
            person.page.check(f"input[name={name}]")
        elif isinstance(value, list):
            for each in value:
                person.page.check(f"input[name={name}][value='{each}']")
        elif person.page.locator(f"input[type=radio][name={name}]").count():
            person.page.check(f"input[name={name}][value='{value}']")
        else:
            person.page.fill(f"[name={name}]", str(value))


def test_from_a_question_to_a_slide_and_to_the_trail(demo: Demo) -> None:
    with a_browser() as browser:
        researcher = Person(browser, demo, "researcher-2")
        application = apply(researcher)
        steward = Person(browser, demo, "data-steward")
        steward.go(f"/reviews/{application}")
        for box in steward.page.locator("input[name=reviewers-ethics]").all():
            box.check()
        steward.page.check("input[name=no_conflict]")
        steward.press("main form button[type=submit]")
        for role in ("ethics-reviewer", "ethics-reviewer-2"):
            review(Person(browser, demo, role), application)
        decide(Person(browser, demo, "committee-chair"), application)
        run_jobs(demo)
        sign(researcher, application)
        train(steward)
        release = look(researcher, application)
        assert refused_after_revocation(browser, demo, researcher, release)
        trail = Person(browser, demo, "auditor").go("/audit")
        assert "release.refused" in trail or "grant.revoked" in trail
        assert researcher.errors == []


def apply(person: Person) -> str:
    person.go("/applications/new?dataset=breast-northfield")
    person.press("main form button[type=submit]")
    application = person.page.url.split("/applications/")[1].split("/")[0]
    for section, answers in ANSWERS.items():
        person.go(f"/applications/{application}/edit/{section}")
        fill(person, answers)
        assert person.faults() == []
        person.press("button[name=then][value=continue]")
    person.go(f"/applications/{application}/check")
    assert person.faults() == []
    assert "submitted" in person.press("main form button[type=submit]").lower()
    return application


def review(person: Person, application: str) -> None:
    person.go(f"/reviews/{application}")
    assert person.faults() == []
    person.page.check("input[name=conflict][value=no]")
    person.page.check("input[name=recommendation][value=approve]")
    person.page.fill("textarea[name=comments]", "Useful, and little risk.")
    person.press("form[action$='/review'] button[type=submit]")


def decide(person: Person, application: str) -> None:
    person.go(f"/reviews/{application}")
    assert person.faults() == []
    person.page.check("input[name=outcome][value=approve]")
    if person.page.locator("textarea[name=conditions]").count():
        person.page.fill("textarea[name=conditions]", "Show the panel the results")
    person.page.check("input[name=no_conflict]")
    until = datetime.now(UTC) + timedelta(days=90)
    for part in ("day", "month", "year"):
        person.page.fill(f"[name=ends_on-{part}]", str(getattr(until, part)))
    assert "decision is recorded" in person.press("form[action$='/decision'] button[type=submit]")


def sign(person: Person, application: str) -> None:
    person.go(f"/applications/{application}")
    person.page.click("a[href^='/projects/']")
    person.page.wait_for_load_state()
    assert "Before you see data" in person.words()
    person.page.click("#before a[href$='/agreement']")
    person.page.wait_for_load_state()
    assert person.faults() == []
    account = person.demo.account("researcher-2")
    person.page.fill("input[name=name]", person.page.inner_text("a[href='/account']"))
    person.page.fill("input[name=password]", account["password"])
    assert "You have signed" in person.press("main form button[type=submit] >> nth=-1")
    assert person.faults() == []
    assert "Waits to be checked" in person.go("/training")
    assert person.faults() == []


def train(steward: Person) -> None:
    steward.go("/training/waiting")
    assert steward.faults() == []
    assert "The holder is told" in steward.press("form[action$='/accept'] button")


def run_jobs(demo: Demo) -> None:
    """The gateway's own jobs worker may be doing it already; both is harmless."""
    command = [sys.executable, "-m", "gateway.cli", "jobs", "work", "--once"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **demo.environment()}, check=True, capture_output=True)


def look(person: Person, application: str) -> str:
    person.go(f"/applications/{application}")
    person.page.click("a[href^='/projects/']")
    person.page.wait_for_load_state()
    for _ in range(60):
        if person.page.locator("a[href^='/releases/']").count():
            break
        person.page.wait_for_timeout(500)  # the release is built by another process, which sends no signal to a page
        person.page.reload()
    person.page.click("main a[href^='/releases/']")
    person.page.wait_for_load_state()
    release = person.page.url.rsplit("/", 1)[1]
    assert "withheld" in person.words().lower()
    assert person.faults() == []
    person.page.click("a[href*='/view/']")
    with person.page.expect_response(lambda answer: "/rendered" in answer.url) as tile:
        pass
    assert tile.value.ok
    person.page.wait_for_selector(".sg-viewer__scale:not([hidden])")
    assert person.faults() == []
    draw(person)
    compare(person)
    person.go(f"/releases/{release}/connect")
    assert "sg_" in person.press("main form button[type=submit]")
    person.go(f"/releases/{release}")
    person.page.click("summary >> nth=0")
    with person.page.expect_download() as download:
        person.page.click("a[href*='/instances/'] >> nth=0")
    body = download.value.path().read_bytes()
    assert body[128:132] == b"DICM"
    return release


def draw(person: Person) -> None:
    """A rectangle with a name: it is kept, listed with its area, there again later, and can be removed."""
    person.page.fill("#notes-name", "mitosis")
    person.page.click("button[data-draw=rectangle]")
    box = person.page.locator(".sg-viewer__sheet").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    person.page.mouse.move(x, y)
    person.page.mouse.down()
    person.page.mouse.move(x + 80, y + 60, steps=4)
    person.page.mouse.up()
    person.page.wait_for_selector("#notes-list li")
    person.page.reload()
    person.page.wait_for_selector("#notes-list li")
    listed = person.page.inner_text("#notes-list li span")
    assert listed.startswith("mitosis, ")
    assert listed.endswith("mm²")
    assert person.page.locator(".sg-viewer__sheet path").count() == 1
    assert person.faults() == []
    person.page.click("#notes-list button[aria-label^=Remove]")
    person.page.wait_for_selector("#notes-list li", state="detached")


def compare(person: Person) -> None:
    """Two slides side by side: what is done to one happens to the other, until they are let go of."""
    person.page.select_option("#beside", index=1)
    with person.page.expect_navigation():
        person.page.click("form.sg-viewer__beside button")
    person.page.wait_for_function("() => document.querySelectorAll('.sg-viewer__scale:not([hidden])').length === 2")
    assert person.faults() == []
    scales = "[...document.querySelectorAll('.sg-viewer__scale')].map((each) => each.textContent)"
    left, right = (person.page.locator(".sg-viewer__zooms").nth(place) for place in (0, 1))
    left.get_by_role("button", name="5×", exact=True).click()
    person.page.wait_for_function(f"() => {{ const [a, b] = {scales}; return a === '200 µm' && a === b; }}")
    person.page.uncheck("#together")
    right.get_by_role("button", name="10×", exact=True).click()
    person.page.wait_for_function(f"() => {{ const [a, b] = {scales}; return a === '200 µm' && b === '100 µm'; }}")


def refused_after_revocation(browser: object, demo: Demo, researcher: Person, release: str) -> bool:
    tile = researcher.context.request.get(f"{demo.base_url}/releases/{release}/dicomweb/studies")
    assert tile.ok
    steward = Person(browser, demo, "data-steward")  # type: ignore[arg-type]
    steward.go(f"/releases/{release}")
    steward.page.click("a[href^='/projects/']")
    steward.page.wait_for_load_state()
    steward.page.click("details:has(form[action$='/revoke']) summary")
    steward.page.fill("form[action$='/revoke'] textarea[name=reason]", "The study has ended early")
    steward.press("form[action$='/revoke'] button[type=submit]")
    refused = researcher.context.request.get(f"{demo.base_url}/releases/{release}/dicomweb/studies")
    return refused.status == 403 and json.loads(refused.text())["code"] == "grant-revoked"


PAGES = {
    "": ["/", "/sign-in", "/datasets", "/datasets/breast-northfield", "/register"],
    "researcher": ["/", "/applications", "/projects", "/account"],
    "data-steward": [
        "/",
        "/reviews",
        "/applications",
        "/projects",
        "/policies",
        "/policies/pathology-research",
        "/quarantine",
        "/sites",
        "/concerns",
    ],
    "auditor": ["/", "/audit"],
    "administrator": ["/", "/admin"],
    "ppie-panel": ["/", "/usage", "/concerns"],
    "site-custodian": ["/", "/projects", "/usage?site=NGH", "/policies/basic?with=pathology-research"],
}


@pytest.mark.parametrize("role", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_shuts_anybody_out(demo: Demo, role: str, theme: str) -> None:
    with a_browser() as browser:
        person = Person(browser, demo, role, color_scheme=theme)
        faults = []
        for path in PAGES[role]:
            person.go(path)
            faults += person.faults()
    assert faults == []
