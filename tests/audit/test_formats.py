"""Each export is what its standard asks for, in every event that the gateway can write."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from lxml import etree

from gateway.audit import export_atna, export_fhir, export_report
from gateway.audit.exports import FORMATS, pieces
from gateway.audit.search import EVERYTHING, Search
from gateway.db import reading, transaction
from gateway.settings import ROOT
from gateway.trail.models import Event
from gateway.trail.record import ANONYMOUS, Actor, record
from gateway.web.spreadsheet import inert
from tests.audit.conftest import NOW

NASTY = ("=1+1", "<b>&\"'", "line\nbreak", "\x00\x0b\x1f", "☃ ☃ 𝕊", "]]>", "-->", "@SUM(A1)", "+44", "\t-1")
SCHEMA = etree.RelaxNG(etree.parse(ROOT / "gateway/audit/atna.rng"))


@pytest.fixture
def told(story: Path) -> Path:
    """The story, and an event of each kind of actor and action with texts that formats stumble over."""
    with transaction() as db:
        for number, text in enumerate(NASTY):
            who = (
                Actor("account", f"acc{number}", text.replace("\0", ""), f"{number}@example.org"),
                ANONYMOUS,
                Actor("tool", "t1"),
            )
            actions = ("session.refused", "audit.searched", "patient.forgotten", "work.failed", "release.delivered")
            record(
                db, action=actions[number % 5], actor=who[number % 3], now=NOW, project="p1", subject="x",
                detail={"text": text, "nested": {"list": [text]}}, personal={"why": text.replace("\0", "")},
            )  # fmt: skip
    return story


def written(form: str, *, named: bool = True, search: Search = EVERYTHING) -> Iterator[str]:
    with reading() as db:
        text = "".join(pieces(db, form, search, named=named, now=NOW))
    yield from (line + "\n" for line in text.split("\n")[:-1])


def events() -> list[Event]:
    with reading() as db:
        return list(db.query(Event).order_by(Event.seq))


@pytest.mark.usefixtures("told")
def test_each_line_of_fhir_is_a_valid_audit_event() -> None:
    for line, event in zip(written("fhir"), events(), strict=True):
        assert line.count("\n") == 1
        found = AuditEvent.model_validate_json(line)
        raw = json.loads(line)
        assert {"type", "recorded", "agent", "source"} <= raw.keys()  # 1..1 and 1..* of R4
        assert all("requestor" in agent for agent in raw["agent"])
        assert (found.subtype[0].code, found.recorded) == (event.action, event.at)
        assert found.entity[-1].what.identifier.value == str(event.seq)
        assert {each["type"]: each["valueString"] for each in raw["entity"][-1]["detail"]}["hash"] == event.hash


@pytest.mark.usefixtures("told")
def test_each_message_fits_the_schema_of_dicom_and_carries_the_whole_detail() -> None:
    for line, event in zip(written("atna"), events(), strict=True):
        assert line.count("\n") == 1
        message = etree.fromstring(line)
        assert SCHEMA.validate(message), SCHEMA.error_log
        details = {
            each.get("type"): b64decode(each.get("value")).decode() for each in message.iter("ParticipantObjectDetail")
        }
        assert json.loads(details["detail"]) == event.detail
        assert details["hash"] == event.hash


@pytest.fixture
def nasty(data_dir: Path) -> list[str]:
    """Texts that formats stumble over, each of them at every place of an event where a text can stand."""
    texts = [text.replace("\0", "") for text in NASTY] + ['","nonce":"', '"detail":{', "\\", "\u2028", "]]&amp;"]
    with transaction() as db:
        for text in texts:
            record(
                db, action=f"x.{text}", actor=Actor("account", text, text), now=NOW, project=text, subject=f"s{text}",
                detail={"release": f"r{text}", "instance": f"i{text}", "outcome": text, "nonce": text, "detail": text},
            )  # fmt: skip
    return texts


def test_no_text_breaks_out_of_fhir(nasty: list[str]) -> None:
    for line, event, text in zip(written("fhir"), events(), nasty, strict=True):
        raw = json.loads(line)
        assert (raw["agent"][0]["name"], raw["agent"][0]["who"]["identifier"]["value"]) == (text, text)
        assert raw["subtype"][0]["code"] == f"x.{text}"
        said = [each["what"]["identifier"]["value"] for each in raw["entity"]]
        assert said == [f"i{text}", f"r{text}", text, f"s{text}", str(event.seq)]
        details = {each["type"]: each["valueString"] for each in raw["entity"][-1]["detail"]}
        assert json.loads(details["detail"]) == event.detail
        assert details["pseq"] == "1"


def test_no_text_breaks_out_of_a_message(nasty: list[str]) -> None:
    for line, event, text in zip(written("atna"), events(), nasty, strict=True):
        message = etree.fromstring(line)
        assert SCHEMA.validate(message), SCHEMA.error_log
        kept = "".join(each for each in text if each >= " " or each in "\t\n\r")
        who = message.find("ActiveParticipant")
        assert (who.get("UserName"), who.get("UserID")) == (kept, kept)
        assert message.find("EventIdentification/EventTypeCode").get("csd-code") == f"x.{kept}"
        said = [each.get("ParticipantObjectID") for each in message.findall("ParticipantObjectIdentification")]
        assert said == [f"i{kept}", str(event.seq), f"r{kept}", kept, f"s{kept}"]


def test_no_text_breaks_out_of_a_table(nasty: list[str]) -> None:
    with reading() as db:
        table = "".join(pieces(db, "csv", EVERYTHING, named=True, now=NOW))
    for row, event, text in zip(csv.DictReader(io.StringIO(table, newline="")), events(), nasty, strict=True):
        assert (row["actor_name"], row["action"], row["subject"]) == (inert(text), f"x.{text}", f"s{text}")
        assert (json.loads(row["detail"]), row["hash"]) == (event.detail, event.hash)


@pytest.mark.parametrize("change", ["EventID", "ActiveParticipant", "AuditSourceIdentification"])
def test_the_schema_refuses_a_message_without_what_it_needs(told: Path, change: str) -> None:
    message = etree.fromstring(next(written("atna")))
    for each in list(message.iter(change)):
        each.getparent().remove(each)
    assert not SCHEMA.validate(message)


@pytest.mark.usefixtures("told")
def test_the_report_is_one_page_without_script_that_says_every_event() -> None:
    page = etree.fromstring("".join(written("html")).encode(), etree.HTMLParser(encoding="utf-8"))
    rows = page.findall(".//tbody/tr")
    assert [row[3].text for row in rows] == [each.action for each in events()]
    assert page.findall(".//script") == []
    assert page.findall(".//b") == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("form", FORMATS)
def test_without_names_no_format_names_anybody(form: str) -> None:
    assert "Lovelace" in "".join(written(form))
    redacted = "".join(written(form, named=False))
    assert "Lovelace" not in redacted
    assert "@example.org" not in redacted


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("module", [export_fhir, export_atna, export_report])
def test_only_what_matches_is_exported(module: object) -> None:
    form = {export_fhir: "fhir", export_atna: "atna", export_report: "html"}[module]
    some = "".join(written(form, search=Search(action="session.refused")))
    assert "session.refused" in some
    assert "grant.issued" not in some


def test_failures_are_told_as_failures(told: Path) -> None:
    outcomes = {json.loads(line)["subtype"][0]["code"]: json.loads(line)["outcome"] for line in written("fhir")}
    assert outcomes["session.refused"] == "4"
    assert outcomes["grant.issued"] == "0"
