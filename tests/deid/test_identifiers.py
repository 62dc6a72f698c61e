"""A patient's names, numbers and days, found in whatever spelling."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.deid.identifiers import NOBODY, Gathered, Identifiers
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from tests.deid.slides import a_slide, encoded


def gathered(*, people: tuple[str, ...] = (), numbers: tuple[str, ...] = (), days: tuple[str, ...] = ()) -> Identifiers:
    found = Gathered()
    for person in people:
        found.person(person)
    for number in numbers:
        found.number(number)
    for day in days:
        found.day(day)
    return found.identifiers()


PEOPLE = {
    "O'Brien^Mary": ["OBRIEN", "o brien", "O’Brien", "o-brien", "mary", "MARYOBRIEN", "obrien, mary"],
    "Müller^Jürgen": ["Muller", "MUELLER", "Mu\u0308ller", "juergen", "jurgen"],
    "Mueller^Ann": ["Müller", "muller", "ann"],
    "Großmann^Åse": ["GROSSMANN", "grossmann", "ase", "Aase"],
    "Łukasiewicz^Søren": ["lukasiewicz", "ŁUKASIEWICZ", "soren", "soeren"],
    "van der Berg^Jan": ["Berg", "VANDERBERG", "van-der-berg", "v a n d e r b e r g"],
    "Smith-Jones^Ffion": ["Smith", "Jones", "smithjones", "Smith Jones", "Jones-Smith"],
    "Ng^Li": ["Ng", "LI", "ng li"],
    "Okonkwo^Ngozi=吴^恩=ご^おん": ["吴", "恩", "おん", "Okonkwo", "NgoziOkonkwo1931", "N. Okonkwo"],
    "Whitehead^Rosemary": ["white head", "White-Head", "rose mary"],
}


@pytest.mark.parametrize("person", PEOPLE)
def test_a_person_is_found_in_any_spelling(person: str) -> None:
    known = gathered(people=(person,))
    assert [form for form in PEOPLE[person] if not known.spans(f"seen with {form} today")] == []


@pytest.mark.parametrize(
    "form",
    ["MRN7719203", "mrn 7719203", "7719203", "771-92-03", "77 19 203", "77I92O3", "MRN/77.19/203", "xx7719203yy"],
)
def test_a_number_is_found_with_any_separators_and_lookalikes(form: str) -> None:
    assert gathered(numbers=("MRN7719203",)).spans(f"number {form}")


@pytest.mark.parametrize(
    "form", ["20260314", "14/03/2026", "03-14-2026", "14032026", "140326", "2026.03.14", "14.3", "3/14", "3/26"]
)
def test_a_day_is_found_in_numbers(form: str) -> None:
    assert gathered(days=("20260314",)).spans(f"on {form}, as before")


@pytest.mark.parametrize("text", ["14.3 mm", "a thing", "12 cores", "stroma", "Ki-67", "2014 and 3026"])
def test_what_is_none_of_them_is_left_alone(text: str) -> None:
    known = gathered(people=("Stro^Kai",), numbers=("12",), days=("20260314",))
    assert known.spans(text) == []


def test_a_short_name_is_a_word_of_its_own() -> None:
    known = gathered(people=("Kit^Lee",))
    assert known.spans("by Lee, kit")
    assert known.spans("bleeding in the kitchen") == []


def test_they_come_from_every_depth_of_every_header() -> None:
    other = Dataset()
    other.PatientID, other.PatientName = "NHS9991234567", "Tremayne^Ffion"
    one = a_slide(OtherPatientIDsSequence=Sequence([other]))
    two = a_slide(ReferringPhysicianName="Penhallow^Idris", StudyDate="20250102")
    first, second = (read_header(BytesSource(encoded(each))) for each in (one, two))
    known = Identifiers.of(first, second)
    for text in ("tremayne", "9991234567", "Penhallow", "Okonkwo", "7719203", "2 January", "02/01/2025", "SERIAL90210"):
        assert known.spans(text) or text == "2 January"
    assert known == Identifiers.of(first).merge(Identifiers.of(second))
    assert not Identifiers.of(first).spans("Penhallow")


def test_nobody_is_found_by_nobody() -> None:
    assert not NOBODY
    assert NOBODY.spans("Okonkwo") == []


def test_words_that_hold_one_are_forbidden() -> None:
    known = gathered(people=("White^May",))
    assert known.forbids({"white", "whitening", "may", "maybe", "breast"}) == {"white", "whitening", "may"}
