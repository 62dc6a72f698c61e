"""A meeting as a calendar file (RFC 5545, RFC 5546 3.2.1 and 3.2.5). It names nobody and no title of an application."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from urllib.parse import urlsplit

from gateway.governance.meeting_models import Meeting
from gateway.settings import current

WIDTH = 75  # octets of a line, without its end (RFC 5545 3.1)
ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


def calendar(meeting: Meeting) -> str:
    """The file: published, or called off. Each change has a higher SEQUENCE under the same UID."""
    settings = current()
    off = meeting.cancelled_at is not None
    page = f"{settings.base_url.rstrip('/')}/meetings/{meeting.id}"
    agenda = ", ".join(each.application.reference for each in meeting.agenda)
    organizer = parseaddr(settings.smtp_from)[1]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{escaped(settings.product_name)}//Committee//EN",
        f"METHOD:{'CANCEL' if off else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{meeting.id}@{urlsplit(settings.base_url).hostname or 'localhost'}",
        f"SEQUENCE:{meeting.sequence}",
        f"DTSTAMP:{_utc(meeting.changed_at)}",
        f"DTSTART:{_utc(meeting.starts_at)}",
        f"DTEND:{_utc(meeting.ends_at)}",
        f"SUMMARY:{escaped('Meeting of the committee')}",
        f"LOCATION:{escaped(meeting.place)}",
        f"DESCRIPTION:{escaped(f'Applications {agenda}. The agenda: {page}')}",
        f"URL:{page}",
        *([f"ORGANIZER:mailto:{organizer}"] if organizer else []),
        f"STATUS:{'CANCELLED' if off else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines)


def escaped(text: str) -> str:
    """A value of type TEXT (RFC 5545 3.3.11); characters that no line may hold are left out."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(ESCAPES.get(each, each) for each in plain if each in "\n\t" or (each >= " " and each != "\x7f"))


def folded(line: str) -> str:
    """The line in pieces of at most 75 octets, never cut inside a character (RFC 5545 3.1)."""
    pieces, room = [""], WIDTH
    for each in line:
        size = len(each.encode())
        if size > room:
            pieces.append("")
            room = WIDTH - 1  # the blank that a continued line begins with counts
        pieces[-1] += each
        room -= size
    return "\r\n ".join(pieces)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
