"""Files of consents are read strictly: what is not understood is refused by its line, and never by a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.consent import Consent
from sqlalchemy import select

from gateway import db as database
from gateway.consent.duo import read_vocabulary
from gateway.consent.models import GIVEN, WITHDRAWN, PatientConsent
from gateway.consent.reading_csv import read_csv
from gateway.consent.reading_fhir import read_fhir
from gateway.errors import Invalid
from gateway.settings import ROOT
from tests.consent.people import HEAD, PATIENT, a_gateway, run

WORDS = read_vocabulary(ROOT / "policies")
DUO, MONDO = "http://purl.obolibrary.org/obo/duo.owl", "http://purl.obolibrary.org/obo/mondo.owl"


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with a_gateway(tmp_path) as folder:
        yield folder


def a_csv(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join([head, *lines, ""]), "utf-8")
    return path


def a_consent(**changed: Any) -> dict[str, Any]:
    made = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"code": "research"}]},
        "category": [{"text": "Research"}],
        "patient": {"identifier": {"value": PATIENT}},
        "dateTime": "2026-01-31",
        "policy": [{"uri": "urn:consent:breast:2"}],
        "provision": {
            "type": "permit",
            "period": {"start": "2026-02-01", "end": "2030-01-31"},
            "purpose": [{"system": DUO, "code": "DUO:0000007"}, {"system": DUO, "code": "DUO:0000046"}],
            "code": [{"coding": [{"system": MONDO, "code": "MONDO:0007254"}]}],
        },
    } | changed
    return {key: value for key, value in made.items() if value is not None}


def provision(**changed: Any) -> dict[str, Any]:
    return {"provision": a_consent()["provision"] | changed}


def a_file(folder: Path, *resources: Any, name: str = "list.ndjson") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(each) for each in resources), "utf-8")
    return path


def test_a_csv_file_is_read(tmp_path: Path) -> None:
    path = a_csv(
        tmp_path,
        f"{PATIENT},2,DUO:0000007=MONDO:0007254;MONDO:0008315|DUO:0000046,2026-02-01,2030-01-31,",
        "P2,1,,2026-02-01T12:00:00+01:00,2026-02-01T13:00:00Z,refused",
    )
    first, second = read_csv(path, WORDS)
    assert [str(each) for each in first.terms] == ["DUO:0000007=MONDO:0007254;MONDO:0008315", "DUO:0000046"]
    assert (first.starts, first.ends) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2030, 2, 1, tzinfo=UTC))
    assert (second.starts, second.ends) == (datetime(2026, 2, 1, 11, tzinfo=UTC), datetime(2026, 2, 1, 13, tzinfo=UTC))
    assert (first.state, second.state) == (GIVEN, WITHDRAWN)


GOOD = f"{PATIENT},2,DUO:0000042,2026-02-01,,"


@pytest.mark.parametrize(
    "bad",
    [f"{PATIENT},2,DUO:9999999,2026-02-01,,", f"{PATIENT},2,DUO:0000007,2026-02-01,,", f"{PATIENT},2,DUO:0000042,,,",
     f"{PATIENT},2,DUO:0000042,01/02/2026,,", f"{PATIENT},2,DUO:0000042,2026-02-01T10:00:00,,",
     f"{PATIENT},2,DUO:0000042,2026-02-01,,maybe", f"{PATIENT},2,DUO:0000042",
     f"{PATIENT},2,DUO:0000042,2026-02-01,,,x",
     f"{PATIENT},2,DUO:0000042|DUO:0000042,2026-02-01,,", f"{PATIENT},2,DUO:0000042,2026-02-31,,",
     f"{PATIENT},2,DUO:0000042,9999-12-31,9999-12-31,"],
)  # fmt: skip
def test_a_bad_row_names_its_line_and_never_the_patient(tmp_path: Path, bad: str) -> None:
    with pytest.raises(Invalid, match=r"^line 3: ") as refusal:
        list(read_csv(a_csv(tmp_path, GOOD, bad), WORDS))
    assert PATIENT not in refusal.value.message


@pytest.mark.parametrize("head", ["patient_id,version,terms", HEAD + ",name", HEAD + ",until", ""])
def test_unknown_and_missing_columns_are_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(Invalid, match="columns"):
        list(read_csv(a_csv(tmp_path, GOOD, head=head), WORDS))


def test_a_fhir_consent_is_read_alone_in_a_bundle_and_line_by_line(tmp_path: Path) -> None:
    Consent.model_validate(a_consent())  # an independent reading of the standard
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": a_consent()}] * 2}
    (one,) = read_fhir(a_file(tmp_path, a_consent()), WORDS)
    assert [str(each) for each in one.terms] == ["DUO:0000007=MONDO:0007254", "DUO:0000046"]
    assert (one.patient_id, one.version, one.state) == (PATIENT, "urn:consent:breast:2", GIVEN)
    assert (one.starts, one.ends) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2030, 2, 1, tzinfo=UTC))
    assert len(list(read_fhir(a_file(tmp_path, bundle), WORDS))) == 2
    assert len(list(read_fhir(a_file(tmp_path, a_consent(), a_consent()), WORDS))) == 2


@pytest.mark.parametrize("status", ["inactive", "rejected", "entered-in-error"])
def test_what_is_not_active_is_withdrawn(tmp_path: Path, status: str) -> None:
    (row,) = read_fhir(a_file(tmp_path, a_consent(status=status, provision=None)), WORDS)
    assert (row.state, row.starts) == (WITHDRAWN, datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    "changed",
    [{"resourceType": "Patient"}, {"status": "draft"}, {"scope": {"coding": [{"code": "treatment"}]}}, {"scope": None},
     {"patient": {"reference": "Patient/1"}}, {"policy": []}, {"policy": None}, {"modifierExtension": [{}]},
     {"implicitRules": "urn:x"}, provision(type="deny"), provision(provision=[{"type": "deny"}]),
     provision(actor=[{}]), provision(dataPeriod={}), provision(purpose=[{"code": "RESEARCH"}]),
     provision(purpose=[{"code": 7}]), provision(code=[{"coding": [{"code": "C50"}]}]),
     provision(purpose=[{"code": "DUO:0000042"}]), provision(period={"start": "2026"}), provision(period="2026-01-01")],
)  # fmt: skip
def test_what_narrows_a_consent_and_is_not_read_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"^line 2: ") as refusal:
        list(read_fhir(a_file(tmp_path, a_consent(), a_consent(**changed)), WORDS))
    assert PATIENT not in refusal.value.message


@pytest.mark.parametrize("source", ["", "{", "[]", "null", '{"resourceType": "Bundle", "entry": [null]}', "[" * 9999])
def test_what_is_no_fhir_at_all_gives_one_clear_refusal_or_nothing(tmp_path: Path, source: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(source, "utf-8")
    if source:
        with pytest.raises(Invalid, match=r"^(line|entry) 1: "):
            list(read_fhir(path, WORDS))
    else:
        assert list(read_fhir(path, WORDS)) == []


def test_both_forms_are_taken_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_csv(tmp_path, GOOD)
    assert run(monkeypatch, "consent", "import", str(path), "--site", "NTH", "--format", "csv") == 0
    path = a_file(tmp_path, a_consent())
    assert run(monkeypatch, "consent", "import", str(path), "--site", "NTH", "--format", "fhir", "--replace") == 0
    told = capsys.readouterr().out.splitlines()
    assert told == ["1 new, 0 changed, 0 as before, 0 withdrawn", "1 new, 0 changed, 0 as before, 1 withdrawn"]
    assert run(monkeypatch, "consent", "import", str(path), "--site", "XXX", "--format", "fhir") == 1
    assert run(monkeypatch, "consent", "import", str(path), "--format", "fhir") == 2
    with database.reading() as db:
        kept = db.scalars(select(PatientConsent).order_by(PatientConsent.version)).all()
    assert [(each.version, each.state) for each in kept] == [("2", WITHDRAWN), ("urn:consent:breast:2", GIVEN)]
