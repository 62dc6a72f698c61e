"""Sending an invitation by email, if there is a mail server. The secret is in the letter and nowhere else.

It is sent by the door after the commit, and not queued: a queue would have to keep the secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from gateway.db import transaction
from gateway.governance.models import Invitation
from gateway.notices.mail import MailNotSent, send
from gateway.settings import current
from gateway.trail.record import SYSTEM, record


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation's letter says, read while its row was at hand."""

    application_id: str
    reference: str
    email: str
    ends_at: datetime
    secret: str

    @property
    def link(self) -> str:
        """Where to accept it."""
        return f"{current().base_url.rstrip('/')}/invitations/{self.secret}"


def invited(invitation: Invitation, secret: str) -> Invited:
    """The invitation with its secret, which is nowhere kept."""
    application = invitation.application
    return Invited(application.id, application.reference, invitation.email, invitation.ends_at, secret)


def post(found: Invited, *, now: datetime) -> bool:
    """Send it; gives whether the server took it. Never call it inside a transaction."""
    if not current().smtp_host:
        return False
    try:
        send(_letter(found, now))
    except MailNotSent:
        return False
    with transaction() as db:
        record(db, action="invitation.mailed", actor=SYSTEM, now=now, subject=found.application_id)
    return True


def _letter(found: Invited, now: datetime) -> EmailMessage:
    settings = current()
    message = EmailMessage()
    message["Subject"] = f"{settings.product_name}: you are invited to application {found.reference}"
    message["From"] = settings.smtp_from
    message["To"] = found.email
    message["Date"] = format_datetime(now)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    lines = (
        f"Somebody who applies for data asks you to be part of application {found.reference}.",
        f"Sign in and accept, until {found.ends_at:%Y-%m-%d %H:%M} UTC:",
        "",
        found.link,
        "",
        "The link works once. If you do not know what this is about, do nothing.",
    )
    message.set_content("\n".join(lines))
    return message
