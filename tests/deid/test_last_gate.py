"""The last gate: what was removed is found in whatever charset and spelling it comes back; everyday values are not."""

from __future__ import annotations

import pytest
from pydicom.sequence import Sequence

from gateway.deid.errors import StillThere
from gateway.deid.gate import Removed
from gateway.deid.identifiers import Gathered, Identifiers
from gateway.deid.marks import encoded as element
from gateway.deid.rewrite import rewrite
from gateway.dicom.encoding import EXPLICIT_LE
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from tests.deid.slides import KEYS, RESEARCH, a_slide, code, encoded, parsed, released

MODEL, NAME, NUMBER, CHARSET = 0x00081090, 0x00100010, 0x00100020, 0x00080005


def kept(text: bytes, *, tag: int = MODEL, vr: bytes = b"LO") -> bytes:
    return element(tag, vr, text, EXPLICIT_LE)


def removed(charset: str, name: bytes = b"", number: bytes = b"MRN7719203") -> Removed:
    found = Removed(charset.encode())
    found.note(NAME, b"PN", name)
    found.note(NUMBER, b"LO", number)
    return found


CHARSETS = {
    "ISO_IR 100": ("Müller^Jörg", "latin-1"),
    "ISO_IR 101": ("Łukasiewicz^Bolesław", "iso8859-2"),
    "ISO_IR 144": ("Люксембург^Роза", "iso8859-5"),
    "ISO_IR 126": ("Διονυσιος^Νικος", "iso8859-7"),
    "ISO_IR 138": ("שרון^דבורה", "iso8859-8"),
    "ISO_IR 192": ("Müller^Jörg=吴小东^恩恩", "utf-8"),
    "GB18030": ("Wang^XiaoDong=王小明^小东", "gb18030"),
    "\\ISO 2022 IR 149": ("Hong^Gildong=홍씨^길동", "euc_kr"),
    "\\ISO 2022 IR 87": ("Yamada^Tarou=山田^太郎", "iso2022_jp"),
    "ISO_IR 13": ("ﾔﾏﾀﾞ^ﾀﾛｳ", "shift_jis"),
}


def in_dicom(text: str, codec: str) -> bytes:
    """Each part encoded for itself, as escapes end at a delimiter; Korean needs its escape said."""
    parts = []
    for part in text.replace("=", "^=^").split("^"):
        body = part.encode(codec)
        parts.append(b"\x1b$)C" + body if codec == "euc_kr" and not part.isascii() else body)
    return b"^".join(parts).replace(b"^=^", b"=")


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("way", ["its own", "utf-8", "utf-16-le", "utf-16-be"])
def test_a_name_is_found_in_its_own_charset_and_in_unicode(charset: str, way: str) -> None:
    name, codec = CHARSETS[charset]
    part = name.split("=")[-1].split("^")[0]
    text = in_dicom(part, codec) if way == "its own" else part.encode(way)
    head = element(CHARSET, b"CS", charset.encode(), EXPLICIT_LE)
    with pytest.raises(StillThere):
        removed(charset, in_dicom(name, codec)).must_be_gone_from(head + kept(b"made for " + text), EXPLICIT_LE)


@pytest.mark.parametrize(
    "text",
    [b"OKONKWO", b"Oko-nkwo", b"o k o n k w o", "Okónkwö".encode(), "Okónkwo".encode("latin-1"), b"ngozi_okonkwo",
     b"NgoziOkonkwo", b"771-92-03", b"MRN 7719 203", "Okonkwo".encode("utf-16-le"), b"05/04/1931",
     b"5.4.1931 05041931"],
)  # fmt: skip
def test_a_removed_value_is_found_in_other_spellings(text: bytes) -> None:
    found = removed("ISO_IR 192", b"Okonkwo^Ngozi", b"MRN7719203")
    found.note(0x00100020, b"LO", b"7719203")
    found.note(0x00100030, b"DA", b"19310405")
    with pytest.raises(StillThere):
        found.must_be_gone_from(kept(b"Model " + text), EXPLICIT_LE)


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_header_without_them_passes_in_every_charset(charset: str) -> None:
    name, codec = CHARSETS[charset]
    head = element(CHARSET, b"CS", charset.encode(), EXPLICIT_LE)
    body = head + kept(b"Aperio GT450") + kept(b"1.2.3", tag=0x00181020) + kept(b"1024", tag=0x00280008, vr=b"IS")
    removed(charset, in_dicom(name, codec), b"450").must_be_gone_from(body, EXPLICIT_LE)


@pytest.mark.parametrize(
    ("person", "slide"),
    [
        ("Green^Stain", {}),
        ("Volume^Primary", {}),
        ("Microscope^Slide", {}),
        ("Slidegate^Research", {}),
        ("Body^Structure", {}),
    ],
)
def test_a_term_of_the_standard_is_not_taken_for_a_name(person: str, slide: dict[str, object]) -> None:
    kind = Sequence([code("433466003", "SCT", "Microscope slide")])
    front = released(encoded(a_slide(PatientName=person, ContainerTypeCodeSequence=kind, **slide)))
    assert parsed(front).ImageType[2] == "VOLUME"
    assert parsed(front).ContainerTypeCodeSequence[0].CodeMeaning


@pytest.mark.parametrize("number", ["1024", "0001", "8", "512", "2024"])
def test_a_short_number_is_not_taken_for_a_count(number: str) -> None:
    assert parsed(released(encoded(a_slide(PatientID=number, NumberOfFrames=1024)))).NumberOfFrames == 1024


def test_a_long_number_in_a_count_is_withheld() -> None:
    with pytest.raises(StillThere):
        released(encoded(a_slide(PatientID="77192033", NumberOfFrames=77192033)))


def test_a_word_of_the_trade_that_is_the_patient_s_name_is_cleaned_out_and_the_rest_released() -> None:
    slide = a_slide(PatientName="White^Core", StudyDescription="breast core", SeriesDescription="left breast")
    slide.ContainerDescription = "white head"
    front = parsed(released(encoded(slide)))
    assert "StudyDescription" not in front
    assert "ContainerDescription" not in front or "white" not in front.ContainerDescription
    assert front.SeriesDescription == "left breast"


def test_a_name_hidden_over_two_words_is_cleaned_out() -> None:
    slide = a_slide(PatientName="Whitehead^Mary", SeriesDescription="head", StudyDescription="white head of femur")
    front = parsed(released(encoded(slide)))
    assert "StudyDescription" not in front
    assert front.SeriesDescription == "head"


def test_what_other_headers_know_is_cleaned_out_and_searched_for() -> None:
    gathered = Gathered()
    gathered.person("Breast^Rosalind")
    known = gathered.identifiers()
    header = read_header(BytesSource(encoded(a_slide(SeriesDescription="left breast"))))
    assert parsed(rewrite(header, RESEARCH, KEYS)).SeriesDescription == "left breast"
    assert "SeriesDescription" not in parsed(rewrite(header, RESEARCH, KEYS, known=known))
    elsewhere = read_header(BytesSource(encoded(a_slide(ManufacturerModelName="Rosalind's own"))))
    assert rewrite(elsewhere, RESEARCH, KEYS)
    with pytest.raises(StillThere):
        rewrite(elsewhere, RESEARCH, KEYS, known=known)


def test_a_refused_text_goes_without_any_other_header() -> None:
    header = read_header(BytesSource(encoded(a_slide(SeriesDescription="left breast", StudyDescription="breast"))))
    refused = frozenset((KEYS.pseudonym("text", "left breast"),))
    front = parsed(rewrite(header, RESEARCH, KEYS, refused=refused))
    assert "SeriesDescription" not in front
    assert front.StudyDescription == "breast"


def test_identifiers_of_nobody_change_nothing() -> None:
    header = read_header(BytesSource(encoded(a_slide(SeriesDescription="left breast"))))
    assert rewrite(header, RESEARCH, KEYS, known=Identifiers()) == rewrite(header, RESEARCH, KEYS)
