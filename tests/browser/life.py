"""The steps of an application's life under the national workflow, each role at its own pages, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import select

from gateway import settings
from gateway.catalogue import custodians
from gateway.catalogue.models import Archive, Dataset, Site
from gateway.clock import now
from gateway.db import transaction
from gateway.governance import applying, committee, reviewing
from gateway.governance.form import read_form
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer
from gateway.people.commands import create_account
from gateway.people.models import Account, AccountRole
from gateway.projects.models import Grant
from gateway.release.building import build
from gateway.trail.record import SYSTEM
from tests.browser.nation import Seen, Visitor, Window
from tests.browser.test_the_life_of_an_application import ANSWERS, fill
from tests.governance.cast import good_answers
from tests.people.visitors import PASSWORD
from tests.release import builders

ROLES = {
    "Ben": "researcher", "Stella": "data-steward", "Sol": "scientific-reviewer", "Sue": "scientific-reviewer",
    "Lee": "ppie-panel", "Lou": "ppie-panel", "Tom": "ethics-reviewer", "Ruth": "ethics-reviewer",
    "Kay": "site-custodian", "Kim": "site-custodian", "Mia": "committee-member", "Max": "committee-member",
    "Moe": "committee-member",
    "Helen": "committee-chair", "Una": "committee-chair", "Owen": "auditor",
}  # fmt: skip
REVIEWERS = {"scientific": ("Sol", "Sue"), "lay": ("Lee", "Lou"), "ethics": ("Tom", "Ruth")}
ANSWER = ("Sol", "Sue", "Lee", "Tom", "Ruth")  # one of the panel is enough
NOT_NEEDED = {"Lou"}
SUBMIT = "main form button[type=submit]"


class Nation:
    """The people, the window at which they take turns, and who has sat at it."""

    def __init__(self, window: Window, ids: dict[str, str]) -> None:
        self.window, self.ids = window, ids
        self.known: dict[str, Visitor] = {}

    def __call__(self, name: str) -> Visitor:
        """This person."""
        if name not in self.known:
            self.known[name] = Visitor(self.window, self.ids[name])
        return self.known[name]


@contextmanager
def a_nation(tmp_path: Path, template: Path, browser: Browser, seen: Seen) -> Iterator[Nation]:
    with builders.a_gateway(tmp_path, template) as world:
        form = tmp_path / "data" / "policies" / "forms" / "research-access.toml"
        form.write_text(form.read_text("utf-8").replace('workflow = "standard"', 'workflow = "national"'), "utf-8")
        ids = people()
        with builders.on_a_socket(world) as address:
            window = Window(browser, address, seen)
            yield Nation(window, ids)
            window.leave()


def people() -> dict[str, str]:
    """Everybody, and a second hospital with a dataset; Kay answers for the first, Kim for the second."""
    with transaction() as db:
        for name, role in ROLES.items():
            create_account(
                db, by=SYSTEM, email=f"{name.lower()}@example.org", name=name, organisation="", password=PASSWORD,
                roles=[role], now=now(),
            )  # fmt: skip
        north, south = db.scalars(select(Site)).one(), Site(code="SOU", name="South")
        archive = Archive(name="south", uri="folder:/nowhere", site=south, added_at=now())
        db.add(
            Dataset(slug="south", title="South", summary="", archive=archive, site=south, terms=[], added_at=now(),
                    deid_policy="pathology-research")
        )  # fmt: skip
        db.flush()
        found = {each.name: each for each in db.scalars(select(Account))}
        found["Ada"].roles = [AccountRole(role="researcher")]
        for name, site in (("Kay", north), ("Kim", south)):
            custodians.appoint(db, by=SYSTEM, site=site, account=found[name], now=now())
        return {name: each.id for name, each in found.items()}


def apply(nation: Nation) -> str:
    """Ada applies with Ben, who follows the link of his invitation."""
    ada = nation("Ada")
    ada.go("/applications/new?dataset=slides")
    ada.press(SUBMIT)
    application = ada.page.url.split("/applications/")[1].split("/")[0]
    for section, answers in ANSWERS.items():
        ada.go(f"/applications/{application}/edit/{section}")
        fill(ada, answers | ({"datasets": ["slides", "south"]} if section == "data" else {}))
        ada.press("button[name=then][value=continue]")
    ada.go(f"/applications/{application}")
    ada.page.fill("#invite-email", "ben@elsewhere.example")
    told = ada.press("form[action$='/invitations'] button")
    secret = told.split("/invitations/")[1].split()[0]
    ben = nation("Ben")
    ben.go(f"/invitations/{secret}")
    assert "You are part of this application" in ben.press(SUBMIT)
    submit(nation, application)
    return application


def submit(nation: Nation, application: str) -> None:
    nation("Ada").go(f"/applications/{application}/check")
    assert "submitted" in nation("Ada").press(SUBMIT).lower()


def triage(nation: Nation, application: str) -> None:
    stella = nation("Stella")
    assert "Choose reviewers" in stella.go("/reviews")
    stella.go(f"/reviews/{application}")
    for group, names in REVIEWERS.items():
        for name in names:
            stella.page.check(f"input[name=reviewers-{group}][value='{nation.ids[name]}']")
    stella.page.check("input[name=no_conflict]")
    stella.press(SUBMIT)


def judge(nation: Nation, application: str) -> None:
    """Reviews, the answers of the sites and votes, each at its page; the second hospital declines."""
    for name in ANSWER:
        person = nation(name)
        person.go(f"/reviews/{application}")
        person.page.check("input[name=conflict][value=no]")
        person.page.check("input[name=recommendation][value=approve]")
        person.press("form[action$='/review'] button[type=submit]")
    for name, answer in (("Kay", "agreed"), ("Kim", "declined")):
        person = nation(name)
        person.go(f"/reviews/{application}")
        person.page.check(f"input[name=answer][value={answer}]")
        person.page.fill("textarea[name=reasons]", "We have talked about it.")
        person.page.check("form[action$='/site'] input[name=no_conflict]")
        person.press("form[action$='/site'] button[type=submit]")
    for name in ("Mia", "Max", "Moe"):
        person = nation(name)
        person.go(f"/reviews/{application}")
        person.page.check(f"input[name=choice][value={'no' if name == 'Moe' else 'yes'}]")
        person.page.check("form[action$='/vote'] input[name=no_conflict]")
        person.press("form[action$='/vote'] button[type=submit]")


def decide(nation: Nation, application: str, outcome: str) -> None:
    helen = nation("Helen")
    helen.go(f"/reviews/{application}")
    helen.page.check(f"input[name=outcome][value={outcome}]")
    helen.page.check("input[name=no_conflict]")
    helen.page.fill("textarea[name=reasons]", "As the committee said.")
    if outcome == "approve":
        helen.page.fill("textarea[name=conditions]", "Show the panel the results")
        until = now().date() + timedelta(days=60)
        for part in ("day", "month", "year"):
            helen.page.fill(f"[name=ends_on-{part}]", str(getattr(until, part)))
    assert "decision is recorded" in helen.press("form[action$='/decision'] button[type=submit]")


def quickly(nation: Nation, application: str) -> None:
    """What the pages were seen to do already, by the same commands."""
    with transaction() as db:
        found = db.get_one(Application, application)
        people = {name: db.get_one(Account, key) for name, key in nation.ids.items()}

        def unbiased(name: str) -> Account:
            committee.declare_none(db, by=people[name], application=found, now=now())
            return people[name]

        asked = {group: [people[name] for name in names] for group, names in REVIEWERS.items()}
        reviewing.begin_review(db, by=unbiased("Stella"), application=found, reviewers=asked, now=now())
        for name in ANSWER:
            advice = Recommendation.APPROVE
            reviewing.recommend(db, by=unbiased(name), application=found, recommendation=advice, now=now())
        for each in found.sites:
            by = unbiased("Kim" if each.site.code == "SOU" else "Kay")
            committee.answer_for_site(
                db, by=by, application=found, site_id=each.site_id, answer=SiteAnswer.AGREED, now=now()
            )
        for name in ("Mia", "Max", "Moe"):
            committee.cast_vote(db, by=unbiased(name), application=found, choice=Choice.YES, now=now())


def bring(nation: Nation, project: str) -> None:
    """Ada and Ben sign and show their training; Stella accepts it."""
    for name in ("Ada", "Ben"):
        person = nation(name)
        assert "Before you see data" in person.go(f"/projects/{project}")
        person.go(f"/projects/{project}/agreement")
        person.page.fill("input[name=name]", name.lower())
        person.page.fill("input[name=password]", PASSWORD)
        assert "You have signed" in person.press("main form button[type=submit] >> nth=-1")
        person.go("/training")
        person.page.check("input[name=kind]")
        person.page.fill("input[name=provider]", "University")
        for field, days in (("taken_on", -1), ("ends_on", 300)):
            when = now().date() + timedelta(days=days)
            for part in ("day", "month", "year"):
                person.page.fill(f"[name={field}-{part}]", str(getattr(when, part)))
        assert "Waits to be checked" in person.press(SUBMIT)
    stella = nation("Stella")
    stella.go("/training/waiting")
    stella.press("form[action$='/accept'] button >> nth=0")
    stella.press("form[action$='/accept'] button >> nth=0")


def look(nation: Nation, project: str) -> None:
    """The release, its viewer, and a tile; Ben, a co-applicant, is let in as well."""
    with transaction() as db:
        grant = db.scalars(select(Grant).where(Grant.project_id == project)).one()
        datasets = db.scalars(select(Dataset).where(Dataset.id.in_(grant.dataset_ids))).all()
        assert [each.slug for each in datasets] == ["slides"]  # the hospital that declined dropped out
    release = build(by=SYSTEM, grant_id=grant.id, now=now())
    for name in ("Ada", "Ben"):
        person = nation(name)
        person.go(f"/releases/{release.id}")
        with person.page.expect_response(lambda answer: "/rendered" in answer.url) as tile:
            person.page.click("a[href*='/view/']")
        assert tile.value.ok
    nation.window.words()


def change(nation: Nation, application: str, kind: str) -> None:
    """An amendment or a renewal, through the whole committee again."""
    ada = nation("Ada")
    ada.go(f"/applications/{application}")
    ada.page.click("summary:has-text('Ask for a change or for more time')")
    ada.press(f"form[action$='/change/{kind}'] button")
    draft = ada.page.url.split("/applications/")[1].split("/")[0]
    submit(nation, draft)
    ada.go(f"/applications/{draft}/differences")
    quickly(nation, draft)
    decide(nation, draft, "approve")
    assert "approved" in ada.go(f"/applications/{draft}").lower()


def appeal(nation: Nation) -> None:
    """Another application is rejected; Ada appeals, and a chair who had no say in it hears her."""
    ada, una = nation("Ada"), nation("Una")
    with transaction() as db:
        form, by = read_form(settings.current().policies_dir, "research-access"), db.get_one(Account, nation.ids["Ada"])
        answers = good_answers(datasets=["slides"])
        application = applying.start(db, by=by, form=form, answers=answers, now=now()).id
    submit(nation, application)
    quickly(nation, application)
    decide(nation, application, "reject")
    ada.go(f"/applications/{application}")
    ada.page.click("summary:has-text('Appeal against this decision')")
    ada.page.fill("textarea[name=grounds]", "It was misread.")
    assert "Your appeal is made" in ada.press("form[action$='/appeal'] button")
    una.go(f"/reviews/{application}")
    una.page.check("input[name=verdict][value=allow]")
    una.page.fill("textarea[name=reasons]", "It was.")
    una.page.check("form[action$='/appeal'] input[name=no_conflict]")
    una.press("form[action$='/appeal'] button[type=submit]")
    assert "judged anew" in ada.go("/notices")


def end(nation: Nation, project: str) -> None:
    """Access is suspended and goes on; what was asked for is done; the project is closed, and its end checked."""
    ada, stella = nation("Ada"), nation("Stella")
    stella.go(f"/projects/{project}")
    stella.page.click("summary:has-text('Suspend this access')")
    stella.page.fill("form[action$='/suspend'] textarea", "A question has come up")
    assert "suspended" in stella.press("form[action$='/suspend'] button").lower()
    assert "Suspended" in ada.go(f"/projects/{project}")
    stella.go(f"/projects/{project}")
    stella.press("form[action$='/resume'] button")
    ada.go(f"/projects/{project}")
    ada.page.click("summary:has-text('Report it done')")
    ada.page.fill("textarea[name=note]", "They have seen them.")
    ada.press("form[action$='/report'] button")
    stella.go(f"/projects/{project}")
    stella.press("form[action$='/accept'] button")
    ada.go(f"/projects/{project}/close")
    ada.page.fill("textarea[name=outputs]", "doi:10.1000/182")
    ada.page.fill("textarea[name=destruction]", "Wiped, and so were the backups.")
    for part in ("day", "month", "year"):
        ada.page.fill(f"[name=destroyed_on-{part}]", str(getattr(now().date(), part)))
    assert "doi:10.1000/182" in ada.press(SUBMIT)
    stella.go(f"/projects/{project}")
    assert "Checked" in stella.press("form[action$='/closure/check'] button")
