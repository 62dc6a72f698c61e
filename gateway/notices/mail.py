"""Letters: plain text, through the SMTP server of the settings. They hold what a notice says, and its link."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from gateway.errors import SlidegateError
from gateway.notices.models import Notice
from gateway.settings import Settings, current

PATIENCE = 20.0  # seconds that the server has for each answer


class MailNotSent(SlidegateError):
    """The server is away, or took no letters now. Says nothing of the address."""

    code = "mail-not-sent"
    title = "The mail server did not take a letter; look at the settings smtp_..."


class AddressRefused(MailNotSent):
    """The server will never take letters for this address."""

    code = "mail-address-refused"
    title = "The mail server refuses the address of an account"


def letter(notices: Sequence[Notice], *, name: str) -> EmailMessage:
    """These notices of one person, the newest last, as a message. `name` makes its Message-ID, the same each time."""
    settings, newest = current(), notices[-1]
    one = newest.text if len(notices) == 1 else f"{len(notices)} notices"
    lines = [line for each in notices for line in (each.text, f"{settings.base_url}{each.href}", "")]
    lines += ["--", f"{settings.product_name}. What you get by email: {settings.base_url}/account#notices"]
    message = EmailMessage()
    message["Subject"] = f"{settings.product_name}: {one}"
    message["From"] = settings.smtp_from
    message["To"] = newest.account.email
    message["Date"] = format_datetime(newest.made_at)
    message["Message-ID"] = f"<{name}@{urlsplit(settings.base_url).hostname or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    message.set_content("\n".join(lines))
    for each in notices:
        if each.calendar is not None:
            method = "CANCEL" if "\nMETHOD:CANCEL\r" in each.calendar else "PUBLISH"
            message.add_attachment(
                each.calendar,
                subtype="calendar",
                charset="utf-8",
                cte="base64",
                filename="meeting.ics",
                params={"method": method},
            )
    return message


def send(message: EmailMessage) -> None:
    """Hand the letter to the server. Raises MailNotSent, AddressRefused."""
    settings = current()
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE) as server:
            _greet(server, settings)
            server.send_message(message, from_addr=parseaddr(settings.smtp_from)[1])
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= 500 for code, _ in error.recipients.values()):
            raise AddressRefused from None
        raise MailNotSent from None
    except (smtplib.SMTPException, OSError):
        raise MailNotSent from None


def greet() -> None:
    """Speak to the server without sending anything. Raises MailNotSent."""
    settings = current()
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=PATIENCE) as server:
            _greet(server, settings)
    except (smtplib.SMTPException, OSError):
        raise MailNotSent from None


def _greet(server: smtplib.SMTP, settings: Settings) -> None:
    """Encrypt before anything is said; a server that cannot is not spoken to."""
    if settings.smtp_starttls:
        server.starttls(context=ssl.create_default_context())
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password)
