"""The log as DICOM audit messages (PS3.15 A.5.1), one AuditMessage a line; the schema of one is atna.rng.

A collector of syslog messages takes each line as it is (PS3.15 A.6); `<?xml?>` and an element around all are left out.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from sqlalchemy.orm import Session

from gateway.audit.queries import head as head_of
from gateway.audit.search import Search
from gateway.audit.standard import Told, told_of
from gateway.audit.windows import Entry, entries
from gateway.trail.signing import origin

MEDIA_TYPE = "text/plain; charset=utf-8"  # a sequence of documents
SYSTEM_OBJECT, RESOURCE, REPORT = "2", "4", "3"
OURS = "Slidegate"
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def lines(db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """One message for each event that matches. `named`: with the names of people."""
    for entry in entries(db, search, head_of(db), named=named):
        if entry.shown:
            yield tostring(_message(entry), encoding="unicode") + "\n"


def _message(entry: Entry) -> Element:
    row, body = entry.row, json.loads(entry.row.body)
    told = told_of(row.action, body["detail"])
    message = Element("AuditMessage")
    _event(message, row, body, told)
    _participant(message, entry)
    source = SubElement(message, "AuditSourceIdentification", AuditSourceID=_text(origin()))
    SubElement(source, "AuditSourceTypeCode", {"csd-code": "4"})
    if row.instance_uid:
        _instance(message, row)
    _object(message, str(row.seq), "event", {"hash": row.hash, "detail": json.dumps(body["detail"], sort_keys=True)})
    for kind, value in (("release", row.release_id), ("project", row.project), ("subject", row.subject)):
        if value and value not in (row.instance_uid, row.release_id if kind == "subject" else None):
            _object(message, value, kind, {})
    return message


def _event(message: Element, row: Any, body: dict[str, Any], told: Told) -> None:
    about = {"EventActionCode": told.did, "EventDateTime": body["at"], "EventOutcomeIndicator": told.outcome}
    event = SubElement(message, "EventIdentification", about)
    _coded(event, "EventID", told.code, "DCM", told.meaning)
    _coded(event, "EventTypeCode", row.action, OURS, row.action)


def _participant(message: Element, entry: Entry) -> None:
    row, name = entry.row, entry.openings.get("actor.name")
    who = {"UserID": row.actor_id or row.actor_kind, "UserIsRequestor": str(row.actor_kind != "system").lower()}
    if name is not None:
        who["UserName"] = _text(name.value)
    SubElement(message, "ActiveParticipant", {key: _text(value) for key, value in who.items()})


def _instance(message: Element, row: Any) -> None:
    found = _object(message, row.instance_uid, "instance", {})
    told = SubElement(found, "ParticipantObjectDescription")
    SubElement(told, "Anonymized").text = "true"


def _object(message: Element, value: str, kind: str, details: dict[str, str]) -> Element:
    about = {
        "ParticipantObjectID": _text(value),
        "ParticipantObjectTypeCode": SYSTEM_OBJECT,
        "ParticipantObjectTypeCodeRole": REPORT if kind == "event" else RESOURCE,
    }
    found = SubElement(message, "ParticipantObjectIdentification", about)
    _coded(found, "ParticipantObjectIDTypeCode", kind, OURS, kind)
    SubElement(found, "ParticipantObjectName").text = _text(kind)
    for name, text in details.items():
        SubElement(found, "ParticipantObjectDetail", type=name, value=b64encode(text.encode()).decode("ascii"))
    return found


def _coded(parent: Element, name: str, code: str, system: str, text: str) -> None:
    SubElement(parent, name, {"csd-code": code, "codeSystemName": system, "originalText": text})


def _text(value: str) -> str:
    """Text without the characters that XML 1.0 cannot hold (2.2)."""
    return NOT_XML.sub("", value)
