"""Sentences of pathology reports, all invented, and what is left of them for this patient of nobody."""

from __future__ import annotations

import pytest

from gateway.deid.cleaner import Cleaner
from gateway.deid.identifiers import Gathered, Identifiers
from tests.deid.slides import RESEARCH


def the_patient() -> Identifiers:
    """Mrs Brown, whose doctor is Dr White: both are words of the trade as well."""
    gathered = Gathered()
    for person in ("Brown^Siân Elinor^^Mrs", "White^John^^Dr"):
        gathered.person(person)
    for number in ("MRN7719203", "PATH26-7001-A1", "9994567890"):
        gathered.number(number)
    for day in ("19560402", "20260314"):
        gathered.day(day)
    return gathered.identifiers()


CLEANER = Cleaner(RESEARCH.vocabulary, the_patient())
OF_ANYBODY = Cleaner(RESEARCH.vocabulary)
STAY = [
    "Left breast, upper outer quadrant: wide local excision measuring 62 x 45 x 30 mm.",
    "Invasive ductal carcinoma (NST), grade 2, with associated high grade DCIS; pT2 pN1a (2/14 lymph nodes).",
    "ER 8/8, PR 6/8, HER2 1+ on IHC; Ki-67 approximately 15-20%.",
    "Prostate core biopsies, right base: adenocarcinoma, Gleason score 3+4=7 (grade group 2), 4 of 12 cores.",
    "Skin, right cheek: nodular melanoma, Breslow thickness 1.2 mm, Clark level IV, no ulceration.",
    "Colon, sigmoid: moderately differentiated adenocarcinoma, margins clear by 0.5 mm; MLH1 and PMS2 lost.",
    "H&E, levels x3, at 40x; PAS and Masson trichrome stains show fibrosis.",
    "The tumour cells are positive for CK7, TTF-1 and Napsin A, negative for CK20 and p40.",
    "PD-L1 (clone 22C3) TPS 50%, CD3 and CD8 positive lymphocytes at the invasive margin.",
    "Features of Crohn's disease with patchy inflammation and granulomas, but no dysplasia.",
    "The patient is a 67 year old woman with a lump in the left breast.",
    "Biopsi bron chwith: canser gradd 2, heb necrosis.",
]
LEFT = [
    (
        "The patient is a 93 year old man with haematuria.",
        "The patient is a [removed] year old man with haematuria.",
    ),
    (
        "Dr J White, consultant pathologist, reported this on 14/03/2026.",
        "[removed], reported this on [removed].",
    ),
    (
        "Reported by White and checked by Jones.",
        "Reported by [removed] and checked by [removed].",
    ),
    (
        "Mrs Siân Brown, DOB 02.04.56, was seen at Llandough Hospital on 14th March 2026.",
        "[removed], was seen at [removed] on [removed].",
    ),
    (
        "BROWN, SIAN ELINOR - LEFT BREAST CORE BIOPSY",
        "[removed] - LEFT BREAST CORE BIOPSY",
    ),
    (
        "Sian-Elinor Brown has brown staining of the cell membranes.",
        "[removed] has [removed] staining of the cell membranes.",
    ),
    (
        "S. E. Brown: specimen PATH26 7001 A1 received in formalin.",
        "[removed]: specimen [removed] received in formalin.",
    ),
    (
        "Hospital number 77-19-203, NHS number 999 456 7890.",
        "[removed] number [removed] number [removed].",
    ),
    (
        "Previous specimen S25/10234 showed lobular carcinoma in situ.",
        "Previous specimen [removed] showed lobular carcinoma in situ.",
    ),
    (
        "Call 029 2074 7747 or write to j.white@wales.nhs.uk before the meeting.",
        "[removed] or [removed] to [removed] before the meeting.",
    ),
    (
        "Address: 12 Heol y Bont, Cardiff CF14 4XW.",
        "[removed]: [removed] y [removed].",
    ),
    (
        "Discussed with Mr Green at the breast MDT on 14.3.",
        "Discussed with [removed] at the breast MDT on [removed].",
    ),
    (
        "Brown pigment and white matter are present.",
        "[removed] pigment and [removed] matter are present.",
    ),
    (
        "DAB gives a brown colour on a white background.",
        "DAB gives a [removed] colour on a [removed] background.",
    ),
    (
        "Scanned on Aperio GT450, serial SS12345, at 0.26 microns per pixel.",
        "Scanned on Aperio GT450, serial [removed], at 0.26 microns per pixel.",
    ),
    (
        "Slide A1-3 was cut at 10:35 am by Okonkwo.",
        "Slide [removed] was cut at [removed] by [removed].",
    ),
    (
        "www.example.org/cases/7719203 shows the image.",
        "[removed] shows the image.",
    ),
    (
        "Adroddiad gan Dr Siân Brown, 14 Mawrth 2026.",
        "Adroddiad gan [removed].",
    ),
    (
        "Lymph nodes: 0/5, 1/12 and 14/3.",
        "Lymph nodes: 0/5, 1/12 and [removed].",
    ),
    (
        "Tumour 14.3 mm from the nearest margin; 14.3 was the day.",
        "Tumour 14.3 mm from the nearest margin; [removed] was the day.",
    ),
]


@pytest.mark.parametrize("sentence", STAY)
def test_a_sentence_of_the_trade_stays_as_it_is(sentence: str) -> None:
    assert CLEANER.cleaned(sentence) == sentence
    assert CLEANER.is_clean(sentence)


@pytest.mark.parametrize(("sentence", "left"), LEFT)
def test_of_other_sentences_stays_what_is_shown_to_be_clean(sentence: str, left: str) -> None:
    assert CLEANER.cleaned(sentence) == left
    assert not CLEANER.is_clean(sentence)


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("White light, 20x", "White light, 20x"),
        ("Brown staining of nuclei, DAB", "Brown staining of nuclei, DAB"),
        ("Reported by White", "Reported by [removed]"),
        ("Reviewed with Dr Green", "Reviewed with [removed]"),
        ("Slide of Brown", "Slide of [removed]"),
        ("Brown reviewed the slides", "[removed] reviewed the slides"),
        ("Then Green found a tumour", "Then [removed] found a tumour"),
        ("Gleason 4+3=7", "Gleason 4+3=7"),
        ("Seen by Gleason 4+3=7", "Seen by [removed]"),
        ("Gleason score 4+3=7", "Gleason score 4+3=7"),
    ],
)
def test_a_word_that_is_also_a_name_stays_only_where_no_person_is_meant(sentence: str, left: str) -> None:
    assert OF_ANYBODY.cleaned(sentence) == left
