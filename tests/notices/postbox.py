"""A mail server on loopback that keeps what it is sent (RFC 5321, as far as a client of the gateway goes)."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class Postbox(socketserver.ThreadingTCPServer):
    """Letters by address. `answers` replaces the answer to a command; `password` is asked for if not empty."""

    daemon_threads = True

    def __init__(self, password: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.letters: list[tuple[str, EmailMessage]] = []
        self.answers: dict[str, str] = {}
        self.password, self.signed_in = password, 0

    @property
    def settings(self) -> dict[str, Any]:
        """What points the gateway at this server."""
        port = self.server_address[1]
        return {
            "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": False, "smtp_from": "Gate <gate@example.org>",
        }  # fmt: skip


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    server: Postbox

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        to = ""
        self.say("220 postbox")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word in self.server.answers:
                self.say(self.server.answers[word])
            elif word == "EHLO":
                self.say("250-postbox")
                self.say("250 AUTH PLAIN")
            elif word == "AUTH":
                good = base64.b64decode(line.split()[2]).decode().split("\0")[2] == self.server.password
                self.server.signed_in += good
                self.say("235 good" if good else "535 wrong")
            elif word == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                raw = b"".join(each.removeprefix(b".") for each in lines)
                self.server.letters.append((to, message_from_bytes(raw, policy=policy.default)))
                self.say("250 taken")
            else:
                to = line.split(":", 1)[1].strip("<>") if word == "RCPT" else to
                self.say("221 bye" if word == "QUIT" else "250 ok")


@contextmanager
def a_postbox(password: str = "") -> Iterator[Postbox]:
    with Postbox(password) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
