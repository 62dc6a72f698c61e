"""The list of words that may stay: reviewed text, strict, and part of what a plan's hash stands for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.deid.cleaner import Cleaner
from gateway.deid.errors import BadRecipe
from gateway.deid.plan import load_plan
from gateway.deid.vocabulary import read_vocabulary
from tests.deid.slides import POLICIES, RESEARCH

SECTION = '[[section]]\nname = "some"\nwhy = "A test"\nwords = "slide white"\n'
TABLES = '[names]\nwhy = "Names"\nwords = "white"\n[company]\nwhy = "Things"\nwords = "light"\n'
WRONG = {
    "a section without a reason": '[[section]]\nwords = "slide"\n' + TABLES,
    "a section without words": '[[section]]\nwhy = "A test"\n' + TABLES,
    "a word in capitals": SECTION.replace("slide", "Slide") + TABLES,
    "a word with a blank sign": SECTION.replace("slide", "sl*de") + TABLES,
    "a name that is on no list": SECTION + TABLES.replace('"white"', '"white brown"'),
    "no names": SECTION,
    "an unknown table": SECTION + TABLES + "[more]\n",
    "a shape without a reason": SECTION + TABLES + "[[shape]]\npattern = 'p[0-9]'\n",
    "a shape of any length": SECTION + TABLES + "[[shape]]\nwhy = 'x'\npattern = 'p[0-9]+'\n",
    "a shape of anything": SECTION + TABLES + "[[shape]]\nwhy = 'x'\npattern = 'p.'\n",
    "a shape that is none": SECTION + TABLES + "[[shape]]\nwhy = 'x'\npattern = 'p('\n",
    "no TOML": "[[section",
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_list_that_is_not_exact_is_refused(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.toml"
    path.write_text(WRONG[fault], "utf-8")
    with pytest.raises(BadRecipe):
        read_vocabulary(path)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe):
        read_vocabulary(tmp_path / "vocabulary.toml")


def test_a_right_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.toml"
    path.write_text(SECTION + TABLES, "utf-8")
    assert read_vocabulary(path).words == {"slide", "white"}


def test_a_changed_word_changes_the_hash_of_every_plan_that_cleans_texts(tmp_path: Path) -> None:
    shutil.copytree(POLICIES / "deid", tmp_path / "deid")
    before = load_plan(tmp_path, "pathology-research")
    assert before.sha256 == RESEARCH.sha256
    path = tmp_path / "deid" / "vocabulary.toml"
    path.write_text(path.read_text("utf-8").replace("abdomen abdominal", "abdomen abdominal okonkwo"), "utf-8")
    after = load_plan(tmp_path, "pathology-research")
    assert after.sha256 != before.sha256
    assert Cleaner(after.vocabulary).is_clean("abdomen, okonkwo")
    assert not Cleaner(before.vocabulary).is_clean("abdomen, okonkwo")


@pytest.mark.parametrize(
    "text",
    ["CD3", "CD8", "Ki-67", "Ki67", "Ki 67", "HER2", "HER-2", "ER", "PR", "p53", "PD-L1", "PD L1", "H&E", "H & E",
     "haematoxylin and eosin", "pT2 pN1a", "ypT1c", "left breast", "40x", "x40", "12x8x5mm", "grade 3", "405nm"],
)  # fmt: skip
def test_the_trade_can_be_spoken_of(text: str) -> None:
    assert Cleaner(RESEARCH.vocabulary).is_clean(text)


def test_months_days_titles_and_towns_are_on_no_list() -> None:
    not_there = ["january", "march", "june", "monday", "dr", "mr", "mrs", "cardiff", "london", "hospital"]
    assert RESEARCH.vocabulary.words.isdisjoint(not_there)
