"""QIDO-RS: matching (PS3.18 8.3.4.1 and 10.6.1.2, PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from pydicom.datadict import keyword_for_tag

from tests.conformance.checks import Transaction
from tests.conformance.service import INSTANCE, JSON, SERIES, STUDY, Service, Told, first
from tests.conformance.verdicts import DoesNotApply, expect

MATCHING = Transaction("Search: matching")
KEYS = {  # table 10.6.1-5
    "studies": (STUDY, ("00080020", "00080030", "00080050", "00080061", "00080090", "00100010", "00100020", STUDY,
                        "00200010")),
    "series": (SERIES, ("00080060", SERIES, "00200011", "00400244", "00400245")),
    "instances": (INSTANCE, ("00080016", INSTANCE, "00200013")),
}  # fmt: skip
NOBODY = {"DA": "18500101", "TM": "235959.999999", "IS": "2147483647", "UI": "1.2.3.4", "CS": "NOSUCH"}
TEXTS = ("00100020", "00100010", "00080050", "00200010")


def text(told: Told, tag: str) -> str:
    """The first value of an attribute as a query writes it."""
    value = first(told, tag)
    return "" if value is None else str(value.get("Alphabetic", "") if isinstance(value, dict) else value)


def _known(service: Service) -> Iterator[tuple[str, str, str, Told]]:
    """(level, its unique key, tag, a result that has a value there) for each matching attribute."""
    found = False
    for level, (unique, tags) in KEYS.items():
        told = service.some(level)
        for tag in tags:
            for each in [each for each in told if text(each, tag)][:1]:
                found = True
                yield level, unique, tag, each
    if not found:
        raise DoesNotApply("no attribute has a value")


def _finds(service: Service, level: str, query: str, unique: str, wanted: Told) -> None:
    uids = [first(each, unique) for each in service.found(f"/{level}?{query}")]
    expect(first(wanted, unique) in uids, f"{level}?{query.partition('=')[0]}= does not find what has the value")


def _a_text(service: Service) -> tuple[str, Told]:
    """A text attribute of a study, and a study that has a value of three letters or more there."""
    for tag in TEXTS:
        for each in service.some("studies"):
            value = text(each, tag)
            if len(value) >= 3 and value.isascii() and not set(value) & set("*?\\^"):
                return tag, each
    raise DoesNotApply("no text to match")


@MATCHING.check("10.6.1.2", "all keys of table 10.6.1-5 match a single value, by keyword")
def _(service: Service) -> None:
    for level, unique, tag, told in _known(service):
        _finds(service, level, f"{keyword_for_tag(int(tag, 16))}={quote(text(told, tag))}", unique, told)


@MATCHING.check("10.6.1.2", "all keys of table 10.6.1-5 match nothing that has another value")
def _(service: Service) -> None:
    for level, _unique, tag, told in _known(service):
        vr = told[tag]["vr"]
        query = f"{keyword_for_tag(int(tag, 16))}={NOBODY.get(vr, 'NoSuch-1234567')}"
        expect(service.found(f"/{level}?{query}") == [], f"{level}?{query} finds something")


@MATCHING.check("8.3.4.1", "attributes are named by tags too, in small letters or capitals")
def _(service: Service) -> None:
    for level, unique, tag, told in _known(service):
        for name in (tag, tag.lower()):
            _finds(service, level, f"{name}={quote(text(told, tag))}", unique, told)
    expect(service.found("/studies?0020000d=1.2.3.4") == [], "a tag in small letters is not heard")


@MATCHING.check("10.6.1.2", "keys of studies match at the levels below, too")
def _(service: Service) -> None:
    tag, told = _a_text(service)
    query = f"{tag}={quote(text(told, tag))}"
    for level in ("series", "instances"):
        found = {first(each, STUDY) for each in service.found(f"/{level}?{query}")}
        expect(first(told, STUDY) in found, f"{level} of a study are not found by {tag}")
        expect(service.found(f"/{level}?{tag}=NoSuch-1234567") == [], f"{level}?{tag}= finds others")


@MATCHING.check("PS3.4 C.2.2.2.4", "* and ? stand for any letters and for one")
def _(service: Service) -> None:
    tag, told = _a_text(service)
    value = text(told, tag)
    for asked in (f"{value[:2]}*", f"*{value[-2:]}", f"?{value[1:]}", f"{value[0]}*{value[-1]}", "*"):
        _finds(service, "studies", f"{tag}={quote(asked)}", STUDY, told)
    for asked in (f"{value}?", "NoSuch-1234567*"):
        uids = [first(each, STUDY) for each in service.found(f"/studies?{tag}={quote(asked)}")]
        expect(first(told, STUDY) not in uids, f"{tag} with a ? or * matches what it must not")


@MATCHING.check("PS3.4 C.2.2.2.5", "dates match ranges that are open or closed")
def _(service: Service) -> None:
    dated = [each for each in service.some("studies") if text(each, "00080020")]
    if not dated:
        raise DoesNotApply("no study has a date")
    date = text(dated[0], "00080020")
    for asked in (f"{date}-{date}", f"{date}-", f"-{date}", "18000101-29991231"):
        _finds(service, "studies", f"StudyDate={asked}", STUDY, dated[0])
    for asked in ("18000101-18000102", "-18000102", "29991230-"):
        expect(service.found(f"/studies?StudyDate={asked}") == [], "a study is found outside of the dates")


@MATCHING.check("8.3.4.1", "UIDs match lists, with commas and with backslashes")
def _(service: Service) -> None:
    for level, key in (("studies", STUDY), ("series", SERIES), ("instances", INSTANCE)):
        uids = [str(first(each, key)) for each in service.some(level)][:2]
        for between in (",", "%5C"):
            asked = between.join([*uids, "1.2.3.4"])
            found = [first(each, key) for each in service.found(f"/{level}?{key}={asked}")]
            expect(sorted(found) == sorted(uids), f"a list of UIDs with {between} between them matches others")


@MATCHING.check("PS3.4 C.2.2.2.3", "an attribute without a value matches everything")
def _(service: Service) -> None:
    for level, (unique, _tags) in KEYS.items():
        every = [first(each, unique) for each in service.found(f"/{level}?limit=5")]
        for name in ("PatientID", "StudyDate", "00080050"):
            found = [first(each, unique) for each in service.found(f"/{level}?limit=5&{name}=")]
            expect(found == every, f"{level}?{name}= leaves something out")


@MATCHING.check("8.3.4.1", "of several attributes all have to match")
def _(service: Service) -> None:
    for told in service.some("studies")[:2]:
        uid, modality = first(told, STUDY), text(told, "00080061")
        both = f"/studies?StudyInstanceUID={uid}&ModalitiesInStudy="
        expect(len(service.found(both + modality)) == 1, "a study is not found by UID and modality")
        expect(service.found(both + "NOSUCH") == [], "a study is found though one of two does not match")


@MATCHING.check("8.3.4.1", "an attribute in a sequence matches by its path, of keywords or tags")
def _(service: Service) -> None:
    for level, unique in (("series", SERIES), ("instances", INSTANCE)):
        told = service.some(level, "&includefield=RequestAttributesSequence&includefield=OpticalPathSequence")
        for each in told:
            for sequence, tag in (("00400275", "00400009"), ("00400275", "00401001"), ("00480105", "00480106")):
                for item in (each.get(sequence, {}).get("Value") or [])[:1]:
                    if text(item, tag):
                        names = (keyword_for_tag(int(sequence, 16)), keyword_for_tag(int(tag, 16)))
                        for path in (".".join(names), f"{sequence}.{tag}"):
                            _finds(service, level, f"{path}={quote(text(item, tag))}", unique, each)
                            expect(service.found(f"/{level}?{path}=NoSuch-1234567") == [], f"{path}= is not heard")
                        return
    raise DoesNotApply("no sequence is given")


@MATCHING.check("8.3", "a value that cannot be is answered with 400")
def _(service: Service) -> None:
    for query in ("StudyDate=2026-03-02", "StudyDate=yesterday", "limit=a", "limit=-1", "offset=a", "offset=1.5",
                  "fuzzymatching=perhaps"):  # fmt: skip
        service.refuses(f"/studies?{query}", (400,))


@MATCHING.check("8.3", "a parameter that is not known is ignored")
def _(service: Service) -> None:
    every = [first(each, STUDY) for each in service.found("/studies?limit=5")]
    for query in ("nosuchparameter=1", "NoSuchKeyword=1", "_=1700000000"):
        found = [first(each, STUDY) for each in service.found(f"/studies?limit=5&{query}")]
        expect(found == every, f"{query} leaves something out")


@MATCHING.check("PS3.4 C.2.2.1.3", "an attribute that is not kept for searches is taken as one without a value")
def _(service: Service) -> None:
    every = [first(each, INSTANCE) for each in service.found("/instances?limit=5")]
    query = "/instances?limit=5&PixelAspectRatio=7"
    if not service.ask(query, JSON).headers.get("warning"):
        raise DoesNotApply("no warning: the service says that it keeps PixelAspectRatio")
    found = [first(each, INSTANCE) for each in service.found(query)]
    expect(found == every, "PixelAspectRatio=7 leaves something out")
