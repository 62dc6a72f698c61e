"""The results for readers: docs/conformance.md, made anew by `python -m tests.conformance URL --token T --write`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.settings import ROOT
from tests.conformance.checks import Outcome, Result
from tests.conformance.differences import DIFFERENCES

DOCUMENT = ROOT / "docs" / "conformance.md"
BEGIN = """# DICOMweb, clause by clause

`python -m tests.conformance URL --token TOKEN` asks any DICOMweb service over HTTP and checks what it answers by the
letter of PS3.18, each check by its clause. Below is what it says of this gateway, in each run of the tests; where
Orthanc is installed it is asked too, so that it is seen that the checks can fail.
"""
WORDS = {Outcome.PASSED: "yes", Outcome.DIFFERS: "no", Outcome.DOES_NOT_APPLY: "nothing to check"}


def document(results: Sequence[Result]) -> str:
    """The page."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Sequence[Result]) -> Iterator[str]:
    yield BEGIN
    yield "## What it does not\n"
    yield "| Clause | A service that conforms | Here |"
    yield "|---|---|---|"
    for each in results:
        if each.outcome is Outcome.DIFFERS:
            yield f"| {each.check.clause} | {each.check.says} | {DIFFERENCES.get(each.check.says, each.why)} |"
    yield "\nStoring (STOW-RS), work lists (UPS-RS) and WADO-URI are not offered at all: a release is for reading."
    transaction = ""
    for each in results:
        if each.check.transaction != transaction:
            transaction = each.check.transaction
            yield f"\n## {transaction}\n\n| Clause | Check | |\n|---|---|---|"
        yield f"| {each.check.clause} | {each.check.says} | {WORDS[each.outcome]} |"
