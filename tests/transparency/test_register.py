"""The public register: every field of the standard, in four forms that programs can read, and no person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import db as database
from gateway.clock import now
from gateway.projects import closing, stating
from gateway.projects.models import Grant, Project
from gateway.projects.standing import Standing
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM
from gateway.transparency import register, register_forms
from gateway.transparency.basis import BadBasis, Basis, read_basis
from gateway.transparency.uses import Use
from gateway.web.spreadsheet import LIVE
from tests.people.visitors import MORNING
from tests.release.builders import World, a_gateway, at, the_template

A = "{http://www.w3.org/2005/Atom}"
WORDS = stating.Words(
    organisation="Westhaven",
    organisation_kind="University or research institute",
    aim="Teaching",
    benefit="=People, with cancer",
    commercial="No",
    ethics="Yes: 24/LO/0417",
    need="Whole slides",
    linkage="No",
    setting="In a trusted research environment",
    access_type="TRE",
    protection="Disks are encrypted",
    planned_outputs="Papers and talks",
    organisation_id="https://ror.org/00abc1234",
    accredited="All of them",
    funders="Westhaven Cancer Fund, grant 17\nUniversity of Westhaven",
    technical_summary="Weakly supervised learning.",
    frequency="Once",
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("register"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        with database.transaction() as db:
            project = db.get_one(Project, made.release.project_id)
            stating.state(db, by=SYSTEM, project=project, words=WORDS, now=now())
        yield made


def told(world: World) -> dict[str, Any]:
    answer = world.browser.get("/register.json")
    assert answer.content_type == "application/json"
    (entry,) = json.loads(answer.text)["dataUses"]
    return dict(entry)


def feed(world: World) -> ElementTree.Element:
    answer = world.browser.get("/register.atom")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.data)


def test_json_has_the_fields_of_the_standard(world: World) -> None:
    found, today = told(world), now().date().isoformat()
    expected = {
        "projectTitle": "Counting",
        "organisationName": "Westhaven",
        "organisationSector": "University or research institute",
        "numberOfPeople": 1,
        "datasetNames": ["Slides"],
        "dataCustodians": ["Northfield"],
        "laySummary": "We count.",
        "publicBenefitStatement": "=People, with cancer",
        "otherApprovalCommittees": "Yes: 24/LO/0417",
        "requestCategoryType": "Teaching",
        "accessType": "TRE",
        "dataLocation": "In a trusted research environment",
        "latestApprovalDate": today,
        "accessDate": None,
        "state": "running",
        "researchOutputs": [],
        "plannedOutputs": "Papers and talks",
        "organisationId": "https://ror.org/00abc1234",
        "applicantNames": [],
        "accreditedResearcherStatus": "All of them",
        "fundersAndSponsors": ["Westhaven Cancer Fund, grant 17", "University of Westhaven"],
        "commercialInterest": "No",
        "technicalSummary": "Weakly supervised learning.",
        "requestFrequency": "Once",
        "sublicenceArrangements": read_basis(ROOT / "policies").sublicence,
        "dataSensitivityLevel": "De-identified",
        "deidentificationPolicies": ["pathology-research"],
    }
    assert {name: found[name] for name in expected} == expected
    assert found["legalBasisForDataArticle6"] == read_basis(ROOT / "policies").legal_basis_article6
    assert date.fromisoformat(found["releaseDate"]) <= now().date()
    assert date.fromisoformat(found["projectStartDate"]) < date.fromisoformat(found["projectEndDate"])
    assert world.browser.get(urlsplit(found["url"]).path).status_code == 200


def test_a_project_may_have_a_ground_of_its_own_and_names_of_people_who_agreed(world: World) -> None:
    own = replace(WORDS, legal_basis_6="Consent", legal_basis_9="Explicit consent", applicants="Dr E. Sol\nDr F. Mar")
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        stating.state(db, by=SYSTEM, project=project, words=replace(own, sublicence="A partner."), now=now())
    found, page = told(world), world.browser.get(f"/register/{world.release.project_id}").text
    assert (found["legalBasisForDataArticle6"], found["legalBasisForDataArticle9"]) == ("Consent", "Explicit consent")
    assert (found["applicantNames"], found["sublicenceArrangements"]) == (["Dr E. Sol", "Dr F. Mar"], "A partner.")
    for shown in ("Consent", "Dr F. Mar", "A partner.", "Westhaven Cancer Fund, grant 17", "Weakly supervised"):
        assert shown in page
    assert "Article 6(1)(e)" not in page


def test_the_access_date_is_that_of_the_first_look(world: World) -> None:
    world.get(at(world.released()[0], "/metadata"))
    assert told(world)["accessDate"] == now().date().isoformat()


def test_csv_says_the_same_and_holds_no_live_formula(world: World) -> None:
    answer = world.browser.get("/register.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    headings = {field.heading: field.name for field in register_forms.FIELDS}
    assert list(row) == list(headings)
    assert row["Public benefit statement"] == "'=People, with cancer"
    assert not [cell for cell in row.values() if cell.startswith(LIVE)]
    found = told(world)
    for heading, name in headings.items():
        value = "; ".join(found[name]) if isinstance(found[name], list) else str(found[name] or "")
        assert row[heading].removeprefix("'") == value


def test_the_feed_is_atom(world: World) -> None:
    root = feed(world)
    assert root.tag == f"{A}feed"
    assert [len(root.findall(f"{A}{name}")) for name in ("id", "title", "updated", "author")] == [1, 1, 1, 1]
    links = {each.get("rel"): each.get("href", "") for each in root.findall(f"{A}link")}
    assert {urlsplit(each).path for each in links.values()} == {"/register", "/register.atom"}
    (item,) = root.findall(f"{A}entry")
    assert item.findtext(f"{A}title") == "Counting"
    assert item.findtext(f"{A}summary") == "We count."
    assert item.findtext(f"{A}id") == item.find(f"{A}link").get("href")  # type: ignore[union-attr]
    for name in ("published", "updated"):
        assert datetime.fromisoformat(item.findtext(f"{A}{name}", "")).tzinfo is not None


def test_what_happens_to_a_project_moves_it_in_the_feed(world: World) -> None:
    before = feed(world).findtext(f"{A}updated", "")
    with database.transaction() as db:
        grant = db.get_one(Grant, world.release.grant_id)
        grant.revoked_at = datetime(2099, 1, 1, tzinfo=UTC)
    root = feed(world)
    assert before < root.findtext(f"{A}updated", "") == "2099-01-01T00:00:00Z"
    assert root.find(f"{A}entry/{A}category").get("term") == "revoked"  # type: ignore[union-attr]


def test_outputs_are_there_once_the_project_is_closed_and_links_can_be_followed(world: World) -> None:
    with database.transaction() as db:
        project, lead = db.get_one(Project, world.release.project_id), db.merge(world.reader)
        paper = "https://doi.example/10.1234/5 (a paper)"
        closing.close(
            db, by=lead, project=project, outputs=[paper], destruction="Wiped.", destroyed_on=now().date(), now=now()
        )
    assert told(world)["researchOutputs"] == [paper]
    page = world.browser.get(f"/register/{world.release.project_id}").text
    assert '<a href="https://doi.example/10.1234/5" rel="nofollow' in page


def test_nobody_needs_to_sign_in_and_no_person_is_named(world: World) -> None:
    one = f"/register/{world.release.project_id}"
    for path in ("/register", one, "/register.json", "/register.csv", "/register.atom"):
        answer = world.browser.get(path)
        assert answer.status_code == 200
        assert world.reader.name not in answer.text
        assert world.reader.email not in answer.text
    assert "People, with cancer" in world.browser.get(one).text
    assert world.browser.get("/register/0000000000000000").status_code == 404


def test_a_project_that_states_nothing_is_in_the_register_too(tmp_path: Path, template: Path) -> None:
    with a_gateway(tmp_path, template) as bare:
        found = told(bare)
        assert (found["organisationName"], found["publicBenefitStatement"]) == ("University", "")
        assert bare.browser.get(f"/register/{bare.release.project_id}").text.count("Not told") >= 5


def test_an_empty_register_is_still_a_feed_and_a_table() -> None:
    root = ElementTree.fromstring(register_forms.as_atom([], publisher="P", base_url="http://h/", now=MORNING))
    assert root.findtext(f"{A}updated") == "2026-03-02T09:00:00Z"
    assert len(list(csv.reader(register_forms.as_csv([])))) == 1


@given(st.text(), st.text())
def test_no_text_breaks_the_feed(title: str, summary: str) -> None:
    running = Standing(Grant(), "running", "Ends in 1 day")
    use = Use("p1", "T", title, summary, "", "", "", (), (running,), ())
    basis = Basis(*[""] * 8)
    each = register.Entry(use, WORDS, basis, 1, (), MORNING, MORNING, MORNING, None, None, (), MORNING)
    body = register_forms.as_atom([each], publisher=title, base_url="http://h", now=MORNING)
    item = ElementTree.fromstring(body).find(f"{A}entry")
    assert item is not None
    if title.isprintable():
        assert item.findtext(f"{A}title", "") == title


@pytest.mark.parametrize("text", ["", "version = 1\n", 'version = 1\nprivacy = "x"\nmore = 3\n', "version = [\n"])
def test_a_policy_with_a_mistake_shows_no_register(tmp_path: Path, text: str) -> None:
    (tmp_path / "register.toml").write_text(text, "utf-8")
    with pytest.raises(BadBasis):
        read_basis(tmp_path)
