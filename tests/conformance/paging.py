"""QIDO-RS: attributes that are asked for, pages, and what is warned of (PS3.18 8.3.4.2 to 8.3.4.6)."""

from __future__ import annotations

import re

from pydicom.datadict import keyword_for_tag

from tests.conformance.checks import Transaction
from tests.conformance.searching import LEVELS
from tests.conformance.service import INSTANCE, SERIES, STUDY, Service, first
from tests.conformance.verdicts import DoesNotApply, expect

PAGING = Transaction("Search: fields and pages")
KEYS = dict(zip(LEVELS, (STUDY, SERIES, INSTANCE), strict=True))


def _uids(service: Service, level: str, query: str) -> list[str]:
    return [str(first(each, KEYS[level])) for each in service.found(f"/{level}?{query}")]


@PAGING.check("8.3.4.4", "limit bounds the results, and offset skips as many")
def _(service: Service) -> None:
    for level in LEVELS:
        every = _uids(service, level, "limit=5")
        expect(every, f"there are no {level}")
        for length in (1, 2, 3):
            expect(_uids(service, level, f"limit={length}") == every[:length], f"{level}?limit={length} gives others")
            skipped = _uids(service, level, f"limit={length}&offset=1")
            expect(skipped == every[1 : 1 + length] or len(every) == 5, f"{level}?offset=1 gives others")


@PAGING.check("8.3.4.4", "pages follow on each other without a gap, and again in the same order")
def _(service: Service) -> None:
    for level in LEVELS:
        every = _uids(service, level, "limit=12")
        for length in (4, 5):
            pages = [uid for at in range(0, 12, length) for uid in _uids(service, level, f"limit={length}&offset={at}")]
            expect(pages[: len(every)][:10] == every[:10], f"pages of {length} {level} are not the whole")
        expect(_uids(service, level, "limit=12") == every, f"{level} come in another order")


@PAGING.check("8.3.4.4", "behind the last result there is nothing")
def _(service: Service) -> None:
    for level in LEVELS:
        expect(_uids(service, level, "offset=100000000") == [], f"{level} behind the last one")


@PAGING.check("8.3.4.3", "includefield gives an attribute by keyword, by tag, in a list, or again and again")
def _(service: Service) -> None:
    asked = False
    for level in LEVELS:
        usual, every = service.some(level), service.some(level, "&includefield=all")
        more = sorted({tag for each in every for tag in each} - {tag for each in usual for tag in each})
        named = [(tag, keyword_for_tag(int(tag, 16))) for tag in more]
        if not all(keyword for _, keyword in named) or not named:
            continue
        (tag, keyword), asked = named[0], True
        expected = [tag in each for each in every]
        for query in (f"includefield={tag}", f"includefield=StudyDate,{keyword}", f"includefield=StudyDate,{tag}",
                      f"includefield=PatientID&includefield={keyword}", f"includefield={tag.lower()}"):  # fmt: skip
            given = [tag in each for each in service.some(level, f"&{query}")]
            expect(given == expected, f"{level}?{query} does not give {tag}")
    if not asked:
        raise DoesNotApply("all is given without being asked for")


@PAGING.check("8.3.4.3", "includefield=all gives at least as much as without it")
def _(service: Service) -> None:
    for level in LEVELS:
        for plain, whole in zip(service.some(level), service.some(level, "&includefield=all"), strict=True):
            expect(set(plain) <= set(whole), f"{level}?includefield=all leaves something out")


@PAGING.check("10.6.3.3.1", "attributes of lower levels are not given, even if they are asked for")
def _(service: Service) -> None:
    lower = {"studies": ("SeriesInstanceUID", SERIES), "series": ("SOPInstanceUID", INSTANCE)}
    for level, (keyword, tag) in lower.items():
        for query in (f"&includefield={keyword}", "&includefield=all"):
            given = any(tag in each for each in service.some(level, query))
            expect(not given, f"{level} with {query} give {keyword}")


@PAGING.check("8.3", "a field that is not known is left out, and the others are given")
def _(service: Service) -> None:
    told = service.some("studies", "&includefield=NoSuchField&includefield=StudyDate")
    expect(all("00080020" in each for each in told), "StudyDate is not given beside a field that is not known")


@PAGING.check("8.3.4.2", "fuzzymatching=true is done, or warned of with 299")
def _(service: Service) -> None:
    _done_or_warned(service, "fuzzymatching", "Only literal matching has been performed.")


@PAGING.check("8.3.4.5", "emptyvaluematching=true is done, or warned of with 299")
def _(service: Service) -> None:
    _done_or_warned(service, "emptyvaluematching", "emptyvaluematching")


@PAGING.check("8.3.4.6", "multiplevaluematching=true is done, or warned of with 299")
def _(service: Service) -> None:
    _done_or_warned(service, "multiplevaluematching", "multiplevaluematching")


def _done_or_warned(service: Service, name: str, words: str) -> None:
    """Whether it is done cannot be seen from outside; that it is not done has to be said, in words of the standard."""
    answer = service.get(f"/studies?{name}=true&limit=1")
    warnings = [each for each in answer.headers.get_list("warning") if words in each or name in each]
    if not warnings:
        raise DoesNotApply("no warning: the service says that it does this")
    for each in warnings:
        expect(re.match(r"299 https?://\S+: ", each), "the warning does not begin with 299 and the service's address")
        expect(words in each, f"the warning does not say {words!r}")


@PAGING.check("8.3.4.2", "fuzzymatching=false changes nothing")
def _(service: Service) -> None:
    answer = service.get("/studies?fuzzymatching=false&limit=1")
    expect("fuzzy" not in answer.headers.get("warning", "").lower(), "a warning though nothing was asked for")
