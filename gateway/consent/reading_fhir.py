"""Consents from FHIR R4 Consent resources: one, a Bundle, or NDJSON. What narrows a consent and is not read is refused.

What is read: `status`, `scope` (research), `patient.identifier.value`, `policy[0].uri` (the version of the text),
`provision.type` (permit), `provision.period`, `provision.purpose` (terms of data use), and in `provision.code` the
diseases (Mondo) that DUO:0000007 is said about. https://hl7.org/fhir/R4/consent.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.consent.duo import Vocabulary
from gateway.consent.given import Row
from gateway.consent.models import GIVEN, WITHDRAWN
from gateway.consent.reading_csv import end_of, start_of, terms_of
from gateway.errors import Invalid

STATES = {"active": GIVEN, "inactive": WITHDRAWN, "rejected": WITHDRAWN, "entered-in-error": WITHDRAWN}
READ = {"type", "period", "purpose", "code", "id"}
DUO, MONDO, DISEASE = "DUO:", "MONDO:", "DUO:0000007"
Json = Mapping[str, Any]


def read_fhir(path: Path, vocabulary: Vocabulary) -> Iterator[Row]:
    """The consents of the file, one by one. Raises Invalid, which names the line, or the entry of a Bundle."""
    for where, resource in _resources(path):
        try:
            yield _row(where, resource, vocabulary)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Invalid(f"{where}: this is no Consent of FHIR R4 as docs/consent.md says") from None


def _resources(path: Path) -> Iterator[tuple[str, Json]]:
    try:
        source = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("the file is not in UTF-8") from None
    try:
        whole = json.loads(source)
    except (ValueError, RecursionError):
        yield from _lines(source)
        return
    if isinstance(whole, dict) and whole.get("resourceType") == "Bundle":
        entries = whole.get("entry", [])
        for number, entry in enumerate(entries if isinstance(entries, list) else [None], 1):
            yield f"entry {number}", entry["resource"] if isinstance(entry, dict) and "resource" in entry else {}
    else:
        yield "line 1", whole


def _lines(source: str) -> Iterator[tuple[str, Json]]:
    for number, line in enumerate(source.split("\n"), 1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError):
                raise Invalid(f"line {number}: this is not JSON") from None


def _row(where: str, resource: Json, vocabulary: Vocabulary) -> Row:
    if resource["resourceType"] != "Consent":
        raise Invalid(f"{where}: this is not a Consent")
    if "modifierExtension" in resource or "implicitRules" in resource:
        raise Invalid(f"{where}: it is narrowed by an extension or rules that are not read here")
    if resource["status"] not in STATES:
        raise Invalid(f"{where}: only what is active, inactive, rejected or entered in error is a decision")
    if "research" not in {each.get("code") for each in resource["scope"]["coding"]}:
        raise Invalid(f"{where}: its scope is not research")
    if len(resource["policy"]) != 1:
        raise Invalid(f"{where}: one policy names the version of the consent text")
    provision, state = resource.get("provision", {}), STATES[resource["status"]]
    if state == GIVEN:
        _all_is_read(where, provision)
    period = provision.get("period", {})
    return Row(
        where=where,
        patient_id=_text(resource["patient"]["identifier"]["value"]),
        version=_text(resource["policy"][0]["uri"]),
        terms=terms_of(where, _terms(where, provision), vocabulary),
        starts=start_of(where, _text(period.get("start") or resource["dateTime"])),
        ends=end_of(where, _text(period["end"])) if "end" in period else None,
        state=state,
    )


def _all_is_read(where: str, provision: Json) -> None:
    if set(provision) - READ:
        raise Invalid(f"{where}: its provision says more than is read here: {', '.join(sorted(READ - {'id'}))}")
    if provision.get("type", "permit") != "permit":
        raise Invalid(f"{where}: an active consent permits; write a refusal as status rejected")


def _terms(where: str, provision: Json) -> list[str]:
    """The terms as duo.py writes them; the diseases stand beside them."""
    terms = [_text(each["code"]) for each in provision.get("purpose", ())]
    diseases = [_text(each["code"]) for code in provision.get("code", ()) for each in code["coding"]]
    if not all(each.startswith(DUO) for each in terms) or not all(each.startswith(MONDO) for each in diseases):
        raise Invalid(f"{where}: purposes are codes of the Data Use Ontology, codes those of diseases in Mondo")
    if diseases and DISEASE not in terms:
        raise Invalid(f"{where}: diseases are named without {DISEASE}")
    return [f"{each}={';'.join(diseases)}" if each == DISEASE and diseases else each for each in terms]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.strip()
