"""Real files: what has text burnt in loses it, what has none stays as it is, what cannot be read is never clean."""

from __future__ import annotations

import pytest

from gateway.pixels.detect.reader import Reader
from gateway.pixels.rules import load_rules
from gateway.pixels.screen import CLEAN, REDACTED, REVIEW, WITHHELD
from gateway.settings import ROOT
from tests.pixels.real import NO_PICTURE, NONE, TEXT, judge, real_files, verdicts

VERDICTS, FILES = verdicts(), {path.name: path for path in real_files()}
IN_SUITE = [name for name, verdict in VERDICTS.items() if verdict.in_suite]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_a_person_has_judged_every_file_of_the_packages() -> None:
    assert list(FILES) == list(VERDICTS)
    assert len(VERDICTS) > 90
    assert {verdict.person for verdict in VERDICTS.values()} == {TEXT, NONE, NO_PICTURE}


def test_what_a_person_saw_says_what_may_become_of_it() -> None:
    looked = {CLEAN, REDACTED, REVIEW, WITHHELD}
    for name, verdict in VERDICTS.items():
        if verdict.person == NO_PICTURE:
            assert verdict.outcome not in looked, name
        else:
            assert (verdict.outcome == CLEAN) is (verdict.person == NONE), name


@pytest.mark.parametrize("name", IN_SUITE)
def test_a_real_file_comes_out_as_it_was_judged(reader: Reader, name: str) -> None:
    assert judge(FILES[name], load_rules(ROOT / "policies"), reader).outcome == VERDICTS[name].outcome


def test_the_suite_looks_at_some_of_every_kind() -> None:
    seen = [VERDICTS[name] for name in IN_SUITE]
    for person, most in ((TEXT, 2), (NONE, 10), (NO_PICTURE, 20)):
        assert sum(each.person == person for each in seen) >= most, person
