"""The log as FHIR R4 AuditEvent resources, one a line (NDJSON), with the codes of DICOM (FHIR R4 6.4).

A resource is put together from text: a million of them as objects take a minute. Each value goes through `quoted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quoted

from gateway.audit.listing import Form, Listed
from gateway.audit.standard import SYSTEM, told_of
from gateway.trail.signing import origin

MEDIA_TYPE = "application/fhir+ndjson"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
UID_SYSTEM, RELEASE, PROJECT, SUBJECT = (
    "urn:dicom:uid", "urn:slidegate:release", "urn:slidegate:project", "urn:slidegate:subject",
)  # fmt: skip
OBJECT = f'"type":{{"system":"{ENTITY_TYPE}","code":"2","display":"System Object"}}'
RECORD = '{"what":{"identifier":{"system":"urn:slidegate:event","value":"'
KEPT = 4096  # of what many events have alike; no names


def _rows(listed: Sequence[Listed]) -> str:
    source = (
        f'"source":{{"observer":{{"display":{quoted(origin())}}},'
        f'"type":[{{"system":"{SOURCE_TYPE}","code":"4","display":"Application Server"}}]}},"entity":['
    )
    return "".join([_resource(each, source) for each in listed])


def _resource(event: Listed, source: str) -> str:
    name = f',"name":{quoted(event.name)}' if event.name else ""
    pseq = "" if not event.pseq else f',{{"type":"pseq","valueString":"{event.pseq}"}}'
    return (
        f'{{"resourceType":"AuditEvent","id":"event-{event.seq}",{_kind(event.action, event.outcome)},'
        f'"recorded":{quoted(event.at)},"agent":[{_agent(event.kind, event.account)}{name}}}],{source}'
        f'{_objects(event)}{RECORD}{event.seq}"}}}},{OBJECT},"detail":[{{"type":"hash","valueString":"{event.hash}"}},'
        f'{{"type":"detail","valueString":{quoted(event.text)}}}{pseq}]}}]}}\n'
    )


@lru_cache(KEPT)
def _kind(action: str, outcome: str) -> str:
    told = told_of(action, outcome)
    return (
        f'"type":{{"system":"{DCM}","code":"{told.code}","display":"{told.meaning}"}},'
        f'"subtype":[{{"system":"{SYSTEM}","code":{quoted(action)}}}],"action":"{told.did}","outcome":"{told.outcome}"'
    )


@lru_cache(KEPT)
def _agent(kind: str, account: str) -> str:
    """An agent without its end, for a name to follow."""
    who = f'"identifier":{{"system":"urn:slidegate:account","value":{quoted(account)}}}'
    requestor = "true" if kind in ("account", "tool") else "false"
    return f'{{"requestor":{requestor},"who":{{{who if account else f"{_DISPLAY}{quoted(kind)}"}}}'


_DISPLAY = '"display":'


def _objects(event: Listed) -> str:
    """What was acted on: the instance, the release, the project, the subject."""
    subject = "" if event.subject in (event.instance, event.release) else event.subject
    return (
        (_object(UID_SYSTEM, event.instance) if event.instance else "")
        + (_known(RELEASE, event.release) if event.release else "")
        + (_known(PROJECT, event.project) if event.project else "")
        + (_object(SUBJECT, subject) if subject else "")
    )


def _object(system: str, value: str) -> str:
    return f'{{"what":{{"identifier":{{"system":"{system}","value":{quoted(value)}}}}},{OBJECT}}},'


_known = lru_cache(KEPT)(_object)
FORM = Form(MEDIA_TYPE, _rows)
