"""docs/governance.md says what is so: its diagrams are those of the policies, and the commands it names exist."""

import re
from importlib import import_module

from click.testing import CliRunner

from gateway.cli import slidegate
from gateway.governance.diagram import diagram, redrawn
from gateway.governance.workflow import read_workflow
from gateway.settings import ROOT

TEXT = (ROOT / "docs" / "governance.md").read_text("utf-8")
PROJECTS = {
    "blocking", "closing", "grants", "grant_changes", "conditions", "commands", "ending", "signing", "training",
    "training_ending",
}  # fmt: skip
REMS = {
    "create", "save-draft", "submit", "return", "approve", "reject", "close", "revoke", "vote", "review", "decide",
    "request-review", "request-decision", "invite-reviewer", "invite-decider", "invite-member", "add-member",
    "remove-member", "uninvite-member", "change-applicant", "change-resources", "change-processing-state",
    "add-licenses", "accept-licenses", "copy-as-new", "remark", "assign-external-id", "redact-attachments", "delete",
    "accept-invitation", "send-expiration-notifications",
}  # fmt: skip


WORKFLOWS = sorted(path.stem for path in (ROOT / "policies" / "workflows").glob("*.toml"))


def test_the_diagram_of_each_workflow_is_drawn_from_its_text():
    rules = [read_workflow(ROOT / "policies", name) for name in WORKFLOWS]
    assert all(diagram(each) in TEXT for each in rules)
    assert redrawn(TEXT, rules) == TEXT


def test_the_command_draws_them_anew(tmp_path):
    copy = tmp_path / "governance.md"
    copy.write_text(re.sub(r"\[\*\] --> draft: applicant", "nothing", TEXT), "utf-8")
    told = CliRunner().invoke(slidegate, ["workflow", "redraw", str(copy)])
    assert (told.exit_code, copy.read_text("utf-8")) == (0, TEXT)
    for name in WORKFLOWS:
        assert CliRunner().invoke(slidegate, ["workflow", "diagram", name]).output in TEXT
        assert "Decision (committee-chair)" in CliRunner().invoke(slidegate, ["workflow", "show", name]).output


def test_every_command_that_is_named_exists():
    named = set(re.findall(r"`(\w+)\.(\w+)`", TEXT))
    assert len(named) > 20
    for module, name in named:
        room = "projects" if module in PROJECTS else "governance"
        assert callable(getattr(import_module(f"gateway.{room}.{module}"), name))


def test_every_command_of_rems_has_its_line():
    assert {line.split(" | ")[0].removeprefix("| ") for line in TEXT.splitlines() if line.startswith("| ")} >= REMS
