"""The laws of the house: what DESIGN and STYLE say of every file, checked on every file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for p in (ROOT / "gateway").rglob("*.py"))
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_file_is_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_function_fits_a_screen(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS) and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_name_that_says_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "manager", "base", "misc"}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_public_name_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    bare = [
        node.name
        for node in tree.body
        if isinstance(node, (*FUNCTIONS, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


def test_only_settings_reads_the_environment() -> None:
    allowed = {"gateway/settings.py", "gateway/cli/serve.py", "gateway/cli/demo.py"}  # these pass it on
    readers = {
        named(p) for p in SOURCES if re.search(r"\bos\.environ\b|\bimport environ\b|\bgetenv\b", p.read_text("utf-8"))
    }
    assert readers <= allowed


@pytest.mark.parametrize("room", ["archive", "dicom", "deid", "pixels", "release"])
def test_the_data_plane_never_reads_without_a_size(room: str) -> None:
    unsized = [
        f"{named(path)}:{call.lineno}"
        for path in sorted((ROOT / "gateway" / room).rglob("*.py"))
        for call in calls(ast.parse(path.read_text("utf-8")))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "read" and not call.args
    ]
    assert unsized == []


def test_the_engine_loads_no_web_framework_and_no_database() -> None:
    program = (
        "import sys, gateway.dicom.header, gateway.dicom.rope, gateway.deid.rewrite, gateway.pixels.rules,"
        " gateway.archive; print([m for m in ('flask', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_no_package_registry_and_no_machine_path_is_named() -> None:
    hosts = ["pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "deb." + "debian"]
    machine = ["/work" + "/main", "/work" + "/shared"]
    told = [
        f"{named(path)}: {word}"
        for path in tracked()
        if path.is_file() and "vendor" not in path.parts
        for word in hosts + machine
        if word.encode() in path.read_bytes()
    ]
    assert told == []


def test_commands_take_keywords_only() -> None:
    positional = [
        f"{named(path)}:{node.name}"
        for path in SOURCES
        if path.name == "commands.py"
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and len(node.args.args) > 1
    ]
    assert positional == []


def test_commands_never_commit() -> None:
    doors = {"pages.py", "api.py", "jobs.py", "seed.py", "leases.py", "journal.py"}
    committing = [
        f"{named(path)}:{call.lineno}"
        for path in SOURCES
        if path.name not in doors and path.name == "commands.py"
        for call in calls(ast.parse(path.read_text("utf-8")))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    ]
    assert committing == []
