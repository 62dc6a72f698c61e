"""docs/governance.md says what is so: its diagrams are those of the policies, and the commands it names exist."""

import re
from importlib import import_module
from importlib.util import find_spec

from click.testing import CliRunner

from gateway.cli import slidegate
from gateway.governance.diagram import diagram, redrawn
from gateway.governance.workflow import read_workflow
from gateway.settings import ROOT

TEXT = (ROOT / "docs" / "governance.md").read_text("utf-8")
NAMED = re.compile(r"`(\w+)\.(\w+)`")
ROOMS = ("governance", "projects", "people")
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


def rows():
    """What REMS has -> what we have, of the table."""
    table = TEXT.split("## The commands of REMS, and ours")[1]
    lines = [line.removeprefix("| ").removesuffix(" |") for line in table.splitlines() if line.startswith("| ")]
    return dict(line.split(" | ", 1) for line in lines)


def is_there(module, name):
    """Whether a room has that command."""
    rooms = [room for room in ROOMS if find_spec(f"gateway.{room}.{module}") is not None]
    return any(callable(getattr(import_module(f"gateway.{room}.{module}"), name, None)) for room in rooms)


def test_every_command_that_is_named_exists():
    named = set(NAMED.findall(TEXT))
    assert len(named) > 20
    assert sorted(each for each in named if not is_there(*each)) == []


def test_every_row_names_a_command_that_is_there_and_none_says_that_it_is_missing():
    for command, ours in rows().items():
        if command in REMS:
            assert NAMED.findall(ours), f"{command} names nothing"
            assert not re.match(r"(not there|none)\b", ours), command
    assert "not there" not in TEXT


def test_every_command_of_rems_has_its_line():
    assert set(rows()) >= REMS
