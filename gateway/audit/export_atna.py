"""The log as DICOM audit messages (PS3.15 A.5.1), one AuditMessage a line; the schema of one is atna.rng.

A collector of syslog messages takes each line as it is (PS3.15 A.6); `<?xml?>` and an element around all are left out.
A message is put together from text: a million of them as elements take a minute. Each value goes through `_value`.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache

from gateway.audit.listing import Form, Listed
from gateway.audit.standard import told_of
from gateway.trail.signing import origin

MEDIA_TYPE = "text/plain; charset=utf-8"  # a sequence of documents
SYSTEM_OBJECT, RESOURCE, REPORT = "2", "4", "3"
OURS = "Slidegate"
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PLAIN = re.compile(r"[A-Za-z0-9.:_-]*").fullmatch
ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#09;"}
)
BEGIN, END = '<ParticipantObjectIdentification ParticipantObjectID="', "</ParticipantObjectIdentification>"
KEPT = 4096  # of what many events have alike; no names


def _rows(listed: Sequence[Listed]) -> str:
    source = (
        f'<AuditSourceIdentification AuditSourceID="{_value(origin())}"><AuditSourceTypeCode csd-code="4" />'
        "</AuditSourceIdentification>"
    )
    return "".join([_message(each, source) for each in listed])


def _message(event: Listed, source: str) -> str:
    name = f' UserName="{_value(event.name)}"' if event.name else ""
    detail = b2a_base64(event.text.encode(), newline=False).decode("ascii")
    digest = b2a_base64(event.hash.encode(), newline=False).decode("ascii")
    return (
        f'<AuditMessage><EventIdentification EventDateTime="{_value(event.at)}"{_kind(event.action, event.outcome)}'
        f"<ActiveParticipant{_who(event.kind, event.account)}{name} />{source}"
        f"{_object(event.instance, 'instance') if event.instance else ''}"
        f'{BEGIN}{event.seq}"{_of_kind("event", REPORT)}<ParticipantObjectDetail type="hash" value="{digest}" />'
        f'<ParticipantObjectDetail type="detail" value="{detail}" />{END}{_others(event)}</AuditMessage>\n'
    )


@lru_cache(KEPT)
def _kind(action: str, outcome: str) -> str:
    told = told_of(action, outcome)
    return (
        f' EventActionCode="{told.did}" EventOutcomeIndicator="{told.outcome}">'
        f"{_coded('EventID', told.code, 'DCM', told.meaning)}{_coded('EventTypeCode', action, OURS, action)}"
        "</EventIdentification>"
    )


@lru_cache(KEPT)
def _who(kind: str, account: str) -> str:
    return f' UserID="{_value(account or kind)}" UserIsRequestor="{str(kind != "system").lower()}"'


def _others(event: Listed) -> str:
    """The release, the project, and the subject where it is none of those before."""
    subject = "" if event.subject in (event.instance, event.release) else event.subject
    return (
        (_known(event.release, "release") if event.release and event.release != event.instance else "")
        + (_known(event.project, "project") if event.project and event.project != event.instance else "")
        + (_object(subject, "subject") if subject else "")
    )


def _object(value: str, kind: str) -> str:
    return f'{BEGIN}{_value(value)}"{_of_kind(kind, RESOURCE)}{END}'


_known = lru_cache(KEPT)(_object)


@lru_cache(KEPT)
def _of_kind(kind: str, role: str) -> str:
    """What is alike in all objects of a kind; of an instance that leaves it is said that it names nobody."""
    named_nobody = "<ParticipantObjectDescription><Anonymized>true</Anonymized></ParticipantObjectDescription>"
    return (
        f' ParticipantObjectTypeCode="{SYSTEM_OBJECT}" ParticipantObjectTypeCodeRole="{role}">'
        f"{_coded('ParticipantObjectIDTypeCode', kind, OURS, kind)}"
        f"<ParticipantObjectName>{kind}</ParticipantObjectName>{named_nobody if kind == 'instance' else ''}"
    )


def _coded(name: str, code: str, system: str, text: str) -> str:
    return f'<{name} csd-code="{_value(code)}" codeSystemName="{system}" originalText="{_value(text)}" />'


def _value(text: str) -> str:
    """An attribute's value, without the characters that XML 1.0 cannot hold (2.2)."""
    return text if PLAIN(text) else NOT_XML.sub("", text).translate(ESCAPES)


FORM = Form(MEDIA_TYPE, _rows)
