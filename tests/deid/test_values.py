"""What the functions of a recipe make of values, and what the checks of kept values let through."""

from __future__ import annotations

from io import BytesIO
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageCms

from gateway.deid.cleaner import Cleaner, kept_value
from gateway.deid.codes import meaning_of
from gateway.deid.errors import Quarantined
from gateway.deid.icc import without_texts
from gateway.deid.keys import ProjectKeys
from gateway.deid.terms import check_of
from gateway.deid.values import FUNCTIONS, Patient, well_formed
from tests.deid.slides import KEYS, RESEARCH

CLEANER = Cleaner(RESEARCH.vocabulary)
PATIENT = Patient("MRN7719203", KEYS, CLEANER)


def made(function: str, value: bytes, vr: bytes = b"LO", keyword: str = "PatientID") -> bytes | None:
    return FUNCTIONS[function](value, vr, keyword, PATIENT)


@pytest.mark.parametrize(
    "partial", [b"2024", b"202403", b"20240301-20240401", b"2024.03.01", b"20241399", b"yesterday"]
)
def test_a_date_that_is_not_a_day_is_removed(partial: bytes) -> None:
    assert made("shift", partial, b"DA") is None
    assert made("shift", partial, b"DT") is None


def test_the_distance_between_two_days_of_a_patient_stays() -> None:
    first, second = (made("shift", day, b"DA") for day in (b"20240228", b"20240301"))
    assert first is not None
    assert second is not None
    assert int(second) != 20240301
    assert made("shift", b"20240301101500.123456+0100", b"DT") == second + b"000000"


def test_two_patients_are_shifted_apart() -> None:
    shifts = {KEYS.shift(f"patient {number}") for number in range(50)}
    assert len(shifts) > 40
    assert all(-730 <= shift.days <= -1 for shift in shifts)


@pytest.mark.parametrize(
    ("age", "kept"), [(b"089Y", b"089Y"), (b"090Y", b"090Y"), (b"104Y", b"090Y"), (b"011M", b"011M")]
)
def test_ages_over_89_are_one_group(age: bytes, kept: bytes) -> None:
    assert made("age", age, b"AS") == kept


def test_an_age_that_is_none_is_removed() -> None:
    assert made("age", b"born 1931", b"AS") is None


def test_quarantine_stops_the_instance() -> None:
    with pytest.raises(Quarantined):
        made("quarantine", b"anything")
    assert made("quarantine", b"  ") is None


@given(st.text(max_size=64))
def test_a_uid_is_a_uid_and_says_nothing(text: str) -> None:
    uid = KEYS.uid(text)  # type: ignore[arg-type]
    assert well_formed(b"UI", uid.encode())
    assert uid.startswith(("2.25.", "1.2.840.10008."))


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.1.2.1"])
def test_the_standard_s_own_uids_stay(uid: str) -> None:
    assert KEYS.uid(uid) == uid  # type: ignore[arg-type]


def test_a_path_under_the_standard_s_root_is_no_uid() -> None:
    assert KEYS.uid("1.2.840.10008./../../secret").startswith("2.25.")  # type: ignore[arg-type]


def test_domains_keep_apart_patients_with_one_number() -> None:
    north, south = (ProjectKeys(b"k" * 32, site) for site in ("NORTH", "SOUTH"))
    assert north.pseudonym("patient", "1") != south.pseudonym("patient", "1")
    assert north.shift("1") != south.shift("1")
    assert north.uid("1.2.3") == south.uid("1.2.3")  # type: ignore[arg-type]


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(KEYS)


@pytest.mark.parametrize(
    ("keyword", "value", "left"),
    [
        ("ImageType", b"ORIGINAL\\PRIMARY\\VOLUME\\OKONKWO ", b"ORIGINAL\\PRIMARY\\VOLUME\\"),
        ("ImageType", b"ORIGINAL\\PRIMARY\\VOLUME\\NONE ", b"ORIGINAL\\PRIMARY\\VOLUME\\NONE "),
        ("PatientSex", b"OKONKWO", b""),
        ("PatientSex", b"F ", b"F "),
        ("PhotometricInterpretation", b"PALETTE COLOR ", b"PALETTE COLOR "),
        ("BodyPartExamined", b"MRSOKONKWO", b""),
        ("SpecificCharacterSet", b"\\ISO 2022 IR 87", b"\\ISO 2022 IR 87"),
        ("SpecificCharacterSet", b"OKONKWO", b""),
    ],
)
def test_a_kept_term_is_a_term(keyword: str, value: bytes, left: bytes) -> None:
    check = check_of(keyword)
    assert check is not None
    assert check(value) == left


@pytest.mark.parametrize(
    ("scheme", "value", "meaning"),
    [
        ("SCT", "12710003", "hematoxylin stain"),
        ("DCM", "111744", "Brightfield illumination"),
        ("SRT", "T-04000", "Breast structure (body structure)"),
        ("SCT", "9991234567", None),  # an NHS number is no SNOMED CT identifier
        ("DCM", "999999", None),
        ("99LUMEN", "1", None),
        ("L", "OKONKWO", None),
        ("", "", None),
    ],
)
def test_a_code_has_the_meaning_that_its_scheme_gives_it(scheme: str, value: str, meaning: str | None) -> None:
    assert meaning_of(scheme, value) == meaning


def test_a_concept_that_is_newer_than_our_vocabulary_stays_by_its_check_digit() -> None:
    assert meaning_of("SCT", "1306861000") is None
    assert meaning_of("SCT", "22298006") is not None


@pytest.mark.parametrize("text", [b"Level 0", b"Brightfield, 40x", b"IHC (DAB)", b"1", b""])
def test_words_of_the_trade_are_clean(text: bytes) -> None:
    assert kept_value(text, CLEANER)


@pytest.mark.parametrize("text", [b"Okonkwo", b"breast of Ngozi", b"MRN7719203", b"12345", b"1 2 3 4", "für".encode()])
def test_any_other_word_is_not(text: bytes) -> None:
    assert not kept_value(text, CLEANER)


def test_an_identifier_that_others_refer_to_becomes_a_pseudonym() -> None:
    assert made("clean_text", b"1", b"SH", "OpticalPathIdentifier") == b"1"
    given = made("clean_text", b"OKONKWO-1", b"SH", "OpticalPathIdentifier")
    assert given == KEYS.pseudonym("OpticalPathIdentifier", "OKONKWO-1").encode()
    assert made("clean_text", b"by Okonkwo", b"LO", "DimensionDescriptionLabel") is None


def a_profile(text: bytes = b"Scanner in room of Okonkwo") -> bytes:
    """A real profile with one more element of text."""
    real = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = int.from_bytes(real[128:132], "big")
    body = b"text\0\0\0\0" + text + bytes(-len(text) % 4)
    table = bytearray(real[132 : 132 + 12 * count])
    for at in range(4, len(table), 12):
        table[at : at + 4] = pack(">I", int.from_bytes(table[at : at + 4], "big") + 12)
    entry = b"dmnd" + pack(">II", len(real) + 12, len(body))
    whole = real[:128] + pack(">I", count + 1) + bytes(table) + entry + real[132 + 12 * count :] + body
    return pack(">I", len(whole)) + whole[4:]


def test_a_colour_profile_loses_its_texts_and_keeps_its_colours() -> None:
    profile = a_profile()
    clean = without_texts(profile)
    assert b"Okonkwo" in profile
    assert clean is not None
    assert b"Okonkwo" not in clean
    assert b"sRGB" not in clean
    assert len(clean) == len(profile)
    opened = ImageCms.getOpenProfile(BytesIO(clean))
    to_lab = ImageCms.buildTransform(opened, ImageCms.createProfile("LAB"), "RGB", "LAB")
    assert to_lab


@pytest.mark.parametrize("stop", [0, 30, 131, 200])
def test_a_colour_profile_that_is_none_is_removed(stop: int) -> None:
    assert without_texts(a_profile()[:stop]) is None


def test_bytes_that_no_entry_of_a_profile_covers_are_cleared() -> None:
    clean = without_texts(a_profile() + b"Okonkwo!")
    assert clean is not None
    assert b"Okonkwo" not in clean
