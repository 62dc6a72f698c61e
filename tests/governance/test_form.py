"""A form is text: what it may say, and what it asks of whom."""

from pathlib import Path

import pytest
from marshmallow import ValidationError

from gateway.governance.form import BadForm, parse_form, read_form
from gateway.governance.schemas import answers_schema, faults
from gateway.governance.workflow import BadWorkflow, parse_workflow, read_workflow
from gateway.settings import ROOT

POLICIES = ROOT / "policies"
SMALL = """
name = "small"
version = 1
title = "Small"
[[section]]
key = "all"
title = "All"
[[section.question]]
key = "commercial"
kind = "choice"
text = "Does a company gain?"
choices = [{ value = "no", text = "No" }, { value = "yes", text = "Yes" }]
[[section.question]]
key = "company"
kind = "text"
text = "Which?"
max_length = 5
show_if = { question = "commercial", is = "yes" }
[[section.question]]
key = "outputs"
kind = "multichoice"
text = "What comes out?"
required = false
choices = [{ value = "model", text = "A model" }, { value = "paper", text = "A paper" }]
[[section.question]]
key = "attack"
kind = "textarea"
text = "How is the model safe?"
show_if = { question = "outputs", is = "model" }
[[section.question]]
key = "agree"
kind = "checkbox"
text = "Do you agree?"
[[section.question]]
key = "team"
kind = "emails"
text = "Who else?"
required = false
[[section.question]]
key = "start"
kind = "date"
text = "When?"
required = false
"""


def wrong_with(answers, *, partial=False, form=None):
    schema = answers_schema(form or parse_form(SMALL), datasets=["breast"])
    try:
        schema.load(answers, partial=partial)
    except ValidationError as error:
        return faults(error)
    return {}


GOOD = {"commercial": "no", "agree": True}


def test_the_form_and_workflow_in_policies_can_be_read():
    form, workflow = read_form(POLICIES, "research-access"), read_workflow(POLICIES, "standard")
    assert {each.purpose for each in form.questions} >= {"title", "lay-title", "lay-summary", "datasets", "team"}
    assert [each.key for each in form.sections] == ["people", "project", "data", "settings", "outputs"]
    assert ([each.quorum for each in workflow.groups], workflow.decision.role) == ([2], "committee-chair")
    assert form.workflow == workflow.name


def test_a_form_is_known_by_the_hash_of_its_text():
    assert parse_form(SMALL).sha256 != parse_form(SMALL + "# reviewed\n").sha256


def test_answers_that_say_all_are_taken():
    assert wrong_with(GOOD) == {}
    assert wrong_with({**GOOD, "team": ["a@b.example"], "start": "2027-01-15"}) == {}


def test_every_required_question_has_to_be_answered():
    assert set(wrong_with({})) == {"commercial", "agree"}
    assert set(wrong_with({"commercial": " ", "agree": False})) == {"commercial", "agree"}


def test_a_draft_may_leave_questions_open_but_not_answer_them_wrongly():
    assert wrong_with({"commercial": "", "agree": False}, partial=True) == {}
    assert set(wrong_with({"commercial": "perhaps"}, partial=True)) == {"commercial"}


def test_a_question_is_asked_only_after_the_answer_it_depends_on():
    assert set(wrong_with({**GOOD, "commercial": "yes"})) == {"company"}
    assert set(wrong_with({**GOOD, "outputs": ["paper", "model"]})) == {"attack"}
    assert wrong_with({**GOOD, "outputs": ["paper"]}) == {}


def test_answers_to_questions_that_are_no_longer_asked_are_dropped():
    assert "company" not in parse_form(SMALL).shown({"commercial": "no", "company": "Acme"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"company": "too long"},
        {"outputs": ["money"]},
        {"outputs": "model"},
        {"team": ["no address"]},
        {"start": "2027-02-30"},
        {"nobody asked": "this"},
    ],
)
def test_wrong_answers_are_refused_even_in_a_draft(wrong):
    assert set(wrong_with(wrong, partial=True)) == set(wrong)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ('kind = "choice"', 'kind = "essay"'),
        ('key = "company"', 'key = "commercial"'),
        ('question = "outputs"', 'question = "agree"'),
        ('name = "small"', ""),
        ("required = false", "mandatory = false"),
        ('kind = "text"', 'kind = "choice"'),
        ('title = "Small"', "title = "),
    ],
)
def test_a_form_that_breaks_its_own_rules_is_refused_whole(text, by):
    with pytest.raises(BadForm):
        parse_form(SMALL.replace(text, by, 1))


def test_a_form_or_workflow_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadForm, match="nowhere"):
        read_form(tmp_path, "nowhere")
    with pytest.raises(BadWorkflow, match="nowhere"):
        read_workflow(tmp_path, "nowhere")


@pytest.mark.parametrize(
    ("text", "by"), [("quorum = 2", "quorum = 3"), ("quorum = 2", "quorum = 0"), ('kind = "triage"', 'kind = "review"')]
)
def test_a_workflow_that_could_never_decide_is_refused(text, by):
    source = (POLICIES / "workflows" / "standard.toml").read_text("utf-8")
    with pytest.raises(BadWorkflow):
        parse_workflow(source.replace(text, by))
