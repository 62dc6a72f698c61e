"""QIDO-RS: what matches, in which order, and what is never told."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from gateway import db as database
from gateway import settings as settings_room
from gateway.release import qido, searching, visits
from gateway.release.models import ManifestEntry
from gateway.release.qido import (
    NO_EMPTY,
    NO_FUZZY,
    NO_MULTIPLE,
    NO_SUCH_FIELD,
    NO_SUCH_PARAMETER,
    NOT_SEARCHED,
    _fits,
    _wildcard,
)
from gateway.release.queries import entries_of
from tests.blackbox.leaks import LeakHunter
from tests.release.builders import SPECS, World, an_archive, at, events
from tests.release.test_admission import opt_out


def found(world: World, query: str) -> list[dict[str, Any]]:
    answer = world.get(query)
    if answer.status_code == 204:
        assert answer.data == b""
        return []
    assert answer.status_code == 200, answer.text
    assert answer.json != []
    assert answer.content_type == "application/dicom+json"
    results: list[dict[str, Any]] = answer.json
    return results


def warnings_of(answer: Any, world: World) -> list[str]:
    """Their texts, each said by the service (PS3.18 8.3.4.2)."""
    begin = f"299 {settings_room.current().base_url}{world.root}: "
    told = answer.headers.getlist("Warning")
    assert all(each.startswith(begin) for each in told)
    return [each.removeprefix(begin) for each in told]


def value(item: dict[str, Any], tag: str) -> Any:
    return item[tag]["Value"][0]


def uids(items: list[dict[str, Any]]) -> list[str]:
    return [value(item, "00080018") for item in items]


def test_each_level_tells_its_counts(world: World) -> None:
    studies, series = found(world, "/studies"), found(world, "/series")
    assert sorted(value(each, "00201208") for each in studies) == [2, 3]
    assert [value(each, "00201206") for each in studies] == [1, 1]
    assert [each["00080061"]["Value"] for each in studies] == [["SM"], ["SM"]]
    assert sorted(value(each, "00201209") for each in series) == [2, 3]
    assert len(found(world, "/instances")) == 5


def test_uids_match_singly_and_as_lists(world: World) -> None:
    one, two, *_ = all_uids = uids(found(world, "/instances"))
    assert uids(found(world, f"/instances?SOPInstanceUID={one}")) == [one]
    assert uids(found(world, f"/instances?00080018={one},{two}")) == [one, two]
    assert uids(found(world, f"/instances?SOPInstanceUID={one}%5C{two}")) == [one, two]
    assert found(world, "/instances?SOPInstanceUID=1.2.3") == []
    assert found(world, f"/instances?SOPInstanceUID={one[:-1]}*") == []
    assert len(all_uids) == len(set(all_uids)) == 5


def test_wildcards_match_parts_of_text(world: World) -> None:
    patient = value(found(world, "/studies")[0], "00100020")
    for asked in (patient, patient[:3] + "*", "*" + patient[-3:], "?" + patient[1:], f"*{patient[2:-2]}*"):
        assert patient in {value(each, "00100020") for each in found(world, f"/studies?PatientID={quote(asked)}")}
    for asked in (patient + "?", patient[:-1], "[" + patient[0] + "]*", "nobody*"):
        assert found(world, f"/studies?PatientID={quote(asked)}") == []


def test_dates_match_ranges(world: World) -> None:
    studies = found(world, "/studies")
    date = value(studies[0], "00080020")
    assert len(date) == 8
    for asked in (date, f"{date}-{date}", f"{date}-", f"-{date}", "19000101-29991231"):
        assert date in {value(each, "00080020") for each in found(world, f"/studies?StudyDate={asked}")}
    assert found(world, "/studies?StudyDate=19000101-19000102") == []


def test_modalities_match_at_each_level(world: World) -> None:
    assert len(found(world, "/studies?ModalitiesInStudy=SM")) == 2
    assert len(found(world, "/series?Modality=SM")) == 2
    assert found(world, "/series?Modality=CT") == []


def test_pages_follow_on_each_other_and_never_change(world: World) -> None:
    whole = uids(found(world, "/instances"))
    pages = [uid for at in range(6) for uid in uids(found(world, f"/instances?limit=1&offset={at}"))]
    assert pages == whole == uids(found(world, "/instances"))
    assert found(world, "/instances?offset=99999") == []
    assert found(world, "/instances?limit=0") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=a",
        "offset=%C2%B2",
        f"limit={'9' * 5000}",
        "StudyDate=2026-03-02",
        "StudyDate=2026*",
        "fuzzymatching=perhaps",
    ],
)
def test_what_cannot_be_understood_is_refused(world: World, query: str) -> None:
    answer = world.get(f"/studies?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad-search")


def test_fields_are_given_where_they_are_asked_for_and_known(world: World) -> None:
    lossy, size = "00282110", "00480006"
    usual = found(world, "/instances")[0]
    assert size in usual
    assert lossy not in usual
    queries = ("includefield=LossyImageCompression", f"includefield={lossy}", "includefield=StudyDate,00282110")
    for query in (*queries, "includefield=all", "includefield=StudyDate&includefield=LossyImageCompression"):
        assert value(found(world, f"/instances?{query}")[0], lossy) == "01", query
    assert all(lossy in each for each in found(world, "/instances?LossyImageCompression=01"))


def test_required_attributes_are_given_without_a_value_where_the_source_has_none(world: World) -> None:
    with database.transaction() as db:
        for entry in db.query(ManifestEntry):
            entry.facts = {tag: told for tag, told in entry.facts.items() if tag not in ("00080030", "00200011")}
    assert all(each["00080030"] == {"vr": "TM"} for each in found(world, "/studies"))
    assert all("00200011" not in each for each in found(world, "/studies"))
    assert all(each["00200011"] == {"vr": "IS"} for each in found(world, "/series") + found(world, "/instances"))


def test_clients_that_ask_for_the_transfer_syntax_of_the_file_and_with_a_slash_are_answered(world: World) -> None:
    fields = "&".join(f"includefield={tag}" for tag in ("00020010", "00280102", "00480001"))
    for each in found(world, f"/instances/?{fields}"):  # as EZ-WSI DICOMweb asks
        assert value(each, "00020010") == value(each, "00083002")
        assert value(each, "00280102") == 7
        assert value(each, "00480001") > 0
    assert not any("00020010" in each for each in found(world, "/instances?includefield=all"))


def test_no_level_gives_the_fields_of_a_lower_one(world: World) -> None:
    for level, lower in (("studies", ("00080060", "00080018", "00282110")), ("series", ("00080018", "00282110"))):
        for query in ("", "?includefield=all", f"?includefield={','.join(lower)}"):
            for each in found(world, f"/{level}{query}"):
                assert not each.keys() & set(lower)


def test_a_study_tells_the_classes_of_its_instances_where_they_are_asked_for(world: World) -> None:
    slide = "1.2.840.10008.5.1.4.1.1.77.1.6"
    assert "00080062" not in found(world, "/studies")[0]
    for query in ("includefield=SOPClassesInStudy", f"SOPClassesInStudy={slide}"):
        assert value(found(world, f"/studies?{query}")[0], "00080062") == slide
    assert found(world, "/studies?SOPClassesInStudy=1.2.3") == []


@pytest.mark.parametrize(
    ("query", "warnings"),
    [("", []), ("fuzzymatching=false", []), ("includefield=all", []), ("fuzzymatching=true", [NO_FUZZY]),
     ("includefield=Nonsense,StudyDate", [NO_SUCH_FIELD]), ("limit=1", []),
     ("includefield=Nonsense&fuzzymatching=true", [NO_FUZZY, NO_SUCH_FIELD]),
     ("includefield=OpticalPathSequence", []), ("includefield=PatientAddress", [NO_SUCH_FIELD]),
     ("includefield=00201208,SOPInstanceUID", []), ("includefield=ContentSequence.00080100", [NO_SUCH_FIELD]),
     ("emptyvaluematching=true", [NO_EMPTY]), ("multiplevaluematching=true", [NO_MULTIPLE]),
     ("emptyvaluematching=false&multiplevaluematching=false", []), ("NotAKeyword=1", [NO_SUCH_PARAMETER]),
     ("0010002G=1&PatientID.=1", [NO_SUCH_PARAMETER]), ("OpticalPathSequence.Nonsense=", [NO_SUCH_PARAMETER])],
)  # fmt: skip
def test_what_is_not_done_as_asked_is_warned_of(world: World, query: str, warnings: list[str]) -> None:
    answer = world.get(f"/studies?{query}")
    assert answer.status_code == 200
    assert len(answer.json) == (1 if "limit" in query else 2)
    assert warnings_of(answer, world) == warnings


def test_results_beyond_the_most_are_warned_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qido, "MOST", 2)
    for query, count, more in (("", 2, True), ("?limit=9", 2, True), ("?offset=3", 2, False), ("?limit=1", 1, False)):
        answer = world.get(f"/instances{query}")
        assert len(answer.json) == count, query
        assert (qido.TOO_MANY in warnings_of(answer, world)) == more, query


def test_a_search_that_finds_nothing_has_no_content(world: World) -> None:
    answer = world.get("/studies?PatientID=nobody")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_pages_of_the_manifest_join_without_a_gap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {level: found(world, f"/{level}") for level in ("studies", "series", "instances")}
    assert [len(each) for each in whole.values()] == [2, 2, 5]
    for size in (1, 2, 3):
        monkeypatch.setattr(visits, "PAGE", size)
        for level, every in whole.items():
            assert found(world, f"/{level}") == every
            assert [found(world, f"/{level}?limit=1&offset={at}")[0] for at in range(len(every))] == every


def test_a_page_of_results_reads_no_more_of_the_manifest_than_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(*asked: Any) -> Any:
        page = entries_of(*asked)
        read.append(len(page))
        return page

    monkeypatch.setattr(searching, "entries_of", counted)
    assert len(found(world, "/instances?limit=2&offset=1")) == 2
    assert read == [3]


def test_offsets_count_those_who_are_left(world: World) -> None:
    study = opt_out(world)
    left = [each for each in found(world, "/instances") if value(each, "0020000D") != study]
    assert found(world, "/instances") == left
    assert [found(world, f"/instances?limit=1&offset={at}")[0] for at in range(len(left))] == left
    assert found(world, f"/instances?offset={len(left)}") == []


@pytest.mark.parametrize(
    ("level", "query", "count"),
    [("studies", "ModalitiesInStudy=SM", 2), ("studies", "Modality=SM", 2), ("instances", "Rows=128", 2),
     ("instances", "Rows=12?", 2), ("series", "Rows=128", 1), ("studies", "SOPInstanceUID={uid}", 1),
     ("instances", "NumberOfFrames={frames}&SOPInstanceUID={uid}", 1), ("instances", "Rows=12", 0),
     ("instances", "Manufacturer=%25", 0), ("instances", "Manufacturer=_*", 0), ("instances", 'PatientID=%22', 0)],
)  # fmt: skip
def test_what_fits_is_found_with_all_that_belongs_to_it(world: World, level: str, query: str, count: int) -> None:
    entry = world.biggest()
    hits = found(world, f"/{level}?" + query.format(uid=entry.uid, frames=entry.frame_count))
    assert len(hits) == count
    every = {value(each, "00081190"): each for each in found(world, f"/{level}")}
    for each in hits:  # matching narrows results, never what is told of them
        told = every[value(each, "00081190")]
        assert {tag: each[tag] for tag in told} == told


def test_letters_beyond_ascii_are_found(world: World) -> None:
    with database.transaction() as db:
        entry = db.get_one(ManifestEntry, (world.release.id, world.biggest().uid))
        entry.facts = {**entry.facts, "0008103E": {"vr": "LO", "Value": ['Grün "A"', "b"]}}
    for asked in ('Grün "A"', "Grün*", '*"A"', "b", 'Grün "A"\\b'):
        assert len(found(world, f"/instances?SeriesDescription={quote(asked)}")) == 1, asked
    assert found(world, f"/instances?SeriesDescription={quote('Grun*')}") == []


def test_times_match_ranges_to_the_precision_given() -> None:
    told = {"00080030": {"vr": "TM", "Value": ["113005"]}}
    for asked in ("11-11", "1130-1130", "113005-113005", "10-12", "11-", "-11", "-1130"):
        assert _fits(told, "00080030", asked), asked
    for asked in ("12-", "-10", "1131-", "-1129", "113006-113010"):
        assert not _fits(told, "00080030", asked), asked


def test_attributes_inside_sequences_match_by_their_path() -> None:
    item = {"00080100": {"vr": "SH", "Value": ["T-28000"]}}
    told = {"00082218": {"vr": "SQ", "Value": [{}, item]}}
    assert _fits(told, "00082218.00080100", "T-28000")
    assert _fits(told, "00082218.00080100", "T-28*")
    assert not _fits(told, "00082218.00080100", "T-29000")
    assert not _fits(told, "00082218.00080102", "T-28000")
    assert not _fits(item, "00080100.00080100", "T-28000")


@pytest.mark.parametrize(
    ("path", "asked", "count"),
    [("OpticalPathSequence.IlluminationTypeCodeSequence.CodeValue", "111744", 5),
     ("00480105.00220016.00080100", "1117*", 5),
     ("OpticalPathSequence.IlluminationTypeCodeSequence.CodeValue", "111745", 0),
     ("SpecimenDescriptionSequence.SpecimenIdentifier", "?*", 5),
     ("SpecimenDescriptionSequence.SpecimenPreparationSequence.SpecimenPreparationStepContentItemSequence"
      ".ConceptCodeSequence.CodeMeaning", "*osin*", 5),
     ("OpticalPathSequence.CodeValue", "111744", 0)],
)  # fmt: skip
def test_what_stands_inside_sequences_is_found_over_http(world: World, path: str, asked: str, count: int) -> None:
    assert len(found(world, f"/instances?{path}={quote(asked)}")) == count


def test_numbers_inside_sequences_match_as_numbers(world: World) -> None:
    told = found(world, "/instances?includefield=OpticalPathSequence")[0]["00480105"]["Value"][0]
    power = float(value(told, "00480112"))
    for asked in (f"{power:g}", f"{power:.1f}"):
        assert found(world, f"/instances?OpticalPathSequence.ObjectiveLensPower={asked}"), asked
    assert found(world, "/instances?OpticalPathSequence.ObjectiveLensPower=3") == []


def test_sequences_are_given_without_what_is_binary(world: World) -> None:
    (profile,) = (tag for tag in ("00282000",))
    assert profile in world.get(at(world.biggest(), "/metadata")).text
    assert profile not in world.get("/instances?includefield=all").text


def test_attributes_that_are_not_kept_match_nothing_and_say_so(world: World) -> None:
    for query in ("PatientAddress=*", "ContentSequence.CodeValue=1"):
        answer = world.get(f"/studies?{query}")
        assert (answer.status_code, warnings_of(answer, world)) == (204, [NOT_SEARCHED])


def test_a_search_within_another_study_finds_nothing(world: World) -> None:
    assert found(world, "/studies/1.2.3/series") == []
    assert found(world, "/studies/1.2.3/instances") == []


def test_searching_opens_no_lease_as_it_reads_no_instance(world: World) -> None:
    found(world, "/instances")
    assert events("release.read.opened") == []


def test_addresses_are_the_gateways_own_whatever_host_was_asked(world: World) -> None:
    answer = world.get("/studies", Host="evil.example.org", X_Forwarded_Host="evil.example.org")
    assert "evil" not in answer.text
    for item in answer.json or []:
        assert value(item, "00081190").startswith("http://127.0.0.1:8000/releases/")


def test_every_result_leads_to_what_it_names(world: World) -> None:
    for level in ("studies", "series", "instances"):
        for item in found(world, f"/{level}?limit=2"):
            path = value(item, "00081190").removeprefix("http://127.0.0.1:8000")
            assert world.get(path + "/metadata").status_code == 200


def test_no_clear_value_is_told_or_can_be_found_out_by_matching(world: World, tmp_path_factory: Any) -> None:
    cases = an_archive(tmp_path_factory.mktemp("again"))
    planted = {text for case in cases for text in case.patient.planted}
    hunter = LeakHunter(planted)
    assert len(cases) == len(SPECS)
    for path in ("/studies", "/series", "/instances", f"/studies/{world.released()[0].study_uid}/metadata"):
        answer = world.get(path)
        assert hunter.hunt(path, answer.data) == []
    clear = cases[0].patient
    guesses = {
        "PatientID": clear.hospital_number, "PatientName": f"{clear.family}*", "PatientBirthDate": clear.born,
        "AccessionNumber": cases[0].accession, "StudyInstanceUID": cases[0].uids.new("study"),
        "OtherPatientIDs": clear.nhs_number, "InstitutionName": "*North*", "PatientAddress": "*",
    }  # fmt: skip
    for keyword, guess in guesses.items():
        assert found(world, f"/studies?{keyword}={quote(guess)}") == [], keyword


def test_no_pattern_takes_long(world: World) -> None:
    started = time.monotonic()
    assert _wildcard("*?" * 40 + "x").fullmatch("a" * 64) is None
    assert _wildcard("*a" * 40 + "x").fullmatch("a" * 64) is None
    assert found(world, f"/studies?PatientID={quote('*?' * 60)}x") == []
    assert time.monotonic() - started < 2
