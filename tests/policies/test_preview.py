"""What a policy does is shown to those who answer for it, on a slide of nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from gateway.policies import queries
from gateway.policies.queries import Preview
from gateway.settings import ROOT
from tests.people.visitors import a_gateway, an_account, signed_in

POLICIES = ROOT / "policies"
NAMES = ("Example^Alys", "HN0000001", "Bryn", "Cerys", "Modeltown", "S26-00001", "9000000001", "SN-40-1234")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def research() -> Preview:
    return queries.preview(POLICIES, "pathology-research")


def test_policies_are_listed_and_options_are_not() -> None:
    names = [plan.name for plan in queries.plans(POLICIES)]
    assert names == ["basic", "pathology-research"]


def test_nothing_of_the_sample_that_identifies_is_left(research: Preview) -> None:
    after = " ".join(each.step.after for each in research.shown)
    before = " ".join(each.step.before for each in research.shown)
    for name in NAMES:
        assert name in before
        assert name not in after


def test_every_element_is_counted_once_and_has_its_rule(research: Preview) -> None:
    assert sum(research.counts.values()) == len(research.shown)
    assert {"kept", "replaced", "removed", "emptied"} <= set(research.counts)
    lines = {text.name: text.lines for text in research.texts}
    assert all(each.line or each.step.rule for each in research.shown)
    assert all(lines[each.recipe][int(each.line) - 1].split()[0] != "#" for each in research.shown if each.line)


def test_a_rule_points_at_the_line_that_names_the_attribute(research: Preview) -> None:
    (sex,) = [each for each in research.shown if each.step.name == "Patient's Sex"]
    (text,) = [text for text in research.texts if text.name == sex.recipe]
    assert sex.recipe == "retain-patient-characteristics"
    assert text.lines[int(sex.line) - 1] == "KEEP PatientSex"


def test_two_policies_are_compared_where_they_differ(research: Preview) -> None:
    basic = queries.preview(POLICIES, "basic")
    pairs = {one.step.name: (one.kind, other.kind) for one, other in queries.otherwise(research, basic)}
    assert pairs["Patient's Sex"] == ("kept", "emptied")
    assert pairs["Study Date"] == ("replaced", "emptied")
    assert "Rows" not in pairs


@pytest.mark.parametrize(
    ("role", "status"),
    [("data-steward", 200), ("ethics-reviewer", 200), ("committee-chair", 200), ("site-custodian", 200),
     ("researcher", 403), ("ppie-panel", 403)],
)  # fmt: skip
def test_who_may_see_it(app: Flask, role: str, status: int) -> None:
    an_account("ada", role)
    visitor = signed_in(app, "ada")
    for path in ("/policies", "/policies/basic", "/policies/basic?show=removed", "/policies/basic?with=basic"):
        assert visitor.get(path).status_code == status


def test_the_page_links_each_rule_to_its_line(app: Flask) -> None:
    an_account("ada", "data-steward")
    page = signed_in(app, "ada").get("/policies/pathology-research").text
    anchors = set(re.findall(r'id="([a-z0-9-]+-\d+)"', page))
    links = set(re.findall(r'href="#([a-z0-9-]+-\d+)"', page))
    assert links
    assert links <= anchors


@pytest.mark.parametrize("path", ["nothing", "retain-uids", "..%2f..%2fconfig", "basic?with=nothing"])
def test_what_is_no_policy_is_not_found(app: Flask, path: str) -> None:
    an_account("ada", "data-steward")
    assert signed_in(app, "ada").get(f"/policies/{path}").status_code == 404
