"""The log as FHIR R4 AuditEvent resources, one a line (NDJSON), with the codes of DICOM (FHIR R4 6.4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.audit.queries import head as head_of
from gateway.audit.search import Search
from gateway.audit.standard import SYSTEM, told_of
from gateway.audit.windows import Entry, entries
from gateway.trail.signing import origin

MEDIA_TYPE = "application/fhir+ndjson"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
UID_SYSTEM = "urn:dicom:uid"


def lines(db: Session, search: Search, *, named: bool, now: datetime) -> Iterator[str]:
    """One AuditEvent for each event that matches. `named`: with the names of people."""
    for entry in entries(db, search, head_of(db), named=named):
        if entry.shown:
            yield json.dumps(_resource(entry), ensure_ascii=False, separators=(",", ":")) + "\n"


def _resource(entry: Entry) -> dict[str, Any]:
    row, body = entry.row, json.loads(entry.row.body)
    told = told_of(row.action, body["detail"])
    return {
        "resourceType": "AuditEvent",
        "id": f"event-{row.seq}",
        "type": {"system": DCM, "code": told.code, "display": told.meaning},
        "subtype": [{"system": SYSTEM, "code": row.action}],
        "action": told.did,
        "recorded": body["at"],
        "outcome": told.outcome,
        "agent": [_agent(entry)],
        "source": {
            "observer": {"display": origin()},
            "type": [{"system": SOURCE_TYPE, "code": "4", "display": "Application Server"}],
        },
        "entity": [*_entities(row), _record(row, body)],
    }


def _agent(entry: Entry) -> dict[str, Any]:
    row, name = entry.row, entry.openings.get("actor.name")
    agent: dict[str, Any] = {"requestor": row.actor_kind in ("account", "tool")}
    if row.actor_id:
        agent["who"] = {"identifier": {"system": "urn:slidegate:account", "value": row.actor_id}}
    else:
        agent["who"] = {"display": row.actor_kind}
    if name is not None:
        agent["name"] = name.value
    return agent


def _entities(row: Any) -> Iterator[dict[str, Any]]:
    """What was acted on: the instance, the release, the project, the subject."""
    named = (
        (UID_SYSTEM, row.instance_uid),
        ("urn:slidegate:release", row.release_id),
        ("urn:slidegate:project", row.project),
        ("urn:slidegate:subject", row.subject if row.subject not in (row.instance_uid, row.release_id) else None),
    )
    for system, value in named:
        if value:
            yield {"what": {"identifier": {"system": system, "value": value}}, "type": _OBJECT}


_OBJECT = {"system": ENTITY_TYPE, "code": "2", "display": "System Object"}


def _record(row: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The event itself: its place and hash, and all that it tells."""
    told = {"hash": row.hash, "detail": json.dumps(body["detail"], sort_keys=True, ensure_ascii=False)}
    if row.pseq is not None:
        told["pseq"] = str(row.pseq)
    return {
        "what": {"identifier": {"system": "urn:slidegate:event", "value": str(row.seq)}},
        "type": _OBJECT,
        "detail": [{"type": kind, "valueString": value} for kind, value in told.items()],
    }
