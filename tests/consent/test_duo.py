"""The vocabulary of data use: every term that is known, and how one is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.consent.duo import BadTerm, BadVocabulary, Part, Restriction, parse_vocabulary, read_vocabulary
from tests.consent.terms import POLICIES, a_term

OF_REMS = {1, 4, 6, 7, 11, 12, *range(15, 23), *range(24, 30), *range(42, 47)}
SAID_ABOUT = {
    7: "disease", 12: "topic", 20: "collaboration", 22: "location", 24: "date", 25: "months", 26: "users",
    27: "project", 28: "institute",
}  # fmt: skip


def test_all_terms_that_rems_knows_are_there_with_their_restrictions() -> None:
    known = read_vocabulary(POLICIES).definitions
    assert set(known) == {f"DUO:{number:07}" for number in OF_REMS}
    assert len(known) == 25
    said = {key: each.restriction for key, each in known.items() if each.restriction}
    assert said == {f"DUO:{number:07}": Restriction(kind) for number, kind in SAID_ABOUT.items()}


def test_no_dataset_carries_a_heading() -> None:
    vocabulary = read_vocabulary(POLICIES)
    assert {each.id for each in vocabulary.definitions.values()} - {each.id for each in vocabulary.usable} == {
        "DUO:0000001",
        "DUO:0000017",
    }
    assert vocabulary.usable[0].part == Part.PERMISSION
    with pytest.raises(BadTerm, match="groups other terms"):
        vocabulary.term("DUO:0000017")


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("DUO:0000042", ()),
        ("DUO:0000007 = MONDO:0007254 ,MONDO:0008315, MONDO:0007254", ("MONDO:0007254", "MONDO:0008315")),
        ("DUO:0000022=GB,EU", ("GB", "EU")),
        ("DUO:0000024=2027-01-31", ("2027-01-31",)),
        ("DUO:0000025=12", ("12",)),
        ("DUO:0000026", ()),
        ("DUO:0000026=ada@university.example", ("ada@university.example",)),
        ("DUO:0000028=University of  Westhaven", ("University of Westhaven",)),
        ("DUO:0000028=Harbour Institute, Westhaven; Slide Trust", ("Harbour Institute, Westhaven", "Slide Trust")),
    ],
)
def test_a_term_is_read_and_written(written: str, values: tuple[str, ...]) -> None:
    term = a_term(written)
    assert term.values == values
    assert a_term(str(term)) == term


@pytest.mark.parametrize(
    "written",
    [
        "", "GRU", "DUO:0000005", "DUO:0000042=anything", "DUO:0000007", "DUO:0000007=breast cancer",
        "DUO:0000007=MONDO:1", "DUO:0000012=", "DUO:0000022=Wales", "DUO:0000024=31 January", "DUO:0000024=20270131",
        "DUO:0000024=2027-01-31,2027-02-28", "DUO:0000025=0", "DUO:0000025=601", "DUO:0000025=six",
        "DUO:0000026=Ada", "DUO:0000028", "DUO:0000012=" + "x" * 201,
    ],
)  # fmt: skip
def test_what_is_no_term_is_refused(written: str) -> None:
    with pytest.raises(BadTerm) as refusal:
        read_vocabulary(POLICIES).term(written)
    assert "Ada" not in refusal.value.message


def test_a_term_is_given_once() -> None:
    with pytest.raises(BadTerm, match="twice"):
        read_vocabulary(POLICIES).terms(["DUO:0000025=6", "DUO:0000025=12"])


@pytest.mark.parametrize(
    "source",
    [
        "",
        "version = 2\n[[term]]\n[regions]",
        'version = 1\n[regions]\n[[term]]\nid = "DUO:0000042"',
        'version = 1\n[regions]\n[[term]]\nid="A"\nshorthand=""\nlabel=""\nwords=""\npart="none"',
        'version = 1\n[regions]\n[[term]]\nid="A"\nshorthand=""\nlabel=""\nwords=""\npart="heading"\nrestriction="x"',
        "version = 1\nregions = 3\nterm = []",
        "version = ",
    ],
)
def test_a_broken_vocabulary_is_refused(source: str) -> None:
    with pytest.raises(BadVocabulary):
        parse_vocabulary(source)


def test_a_missing_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadVocabulary, match="cannot be read"):
        read_vocabulary(tmp_path)
