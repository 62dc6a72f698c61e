"""A person at the pages: opens, fills in a form as it stands, presses its button."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import gateway.release.models
import gateway.transparency.models  # noqa: F401  # their tables: a project's page shows its releases, the desk concerns
from app import create_app
from gateway import settings
from gateway.clock import now
from gateway.db import transaction
from gateway.people import sign_ins, tokens
from gateway.people.models import Account
from gateway.people.session import cookie_name


@dataclass
class Box:
    """A field of a form as the page sent it."""

    name: str
    value: str
    type: str
    checked: bool
    label: str = ""


class Forms(HTMLParser):
    """The forms of a page: action, fields with their values, buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.links: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.ids: dict[str, Box] = {}
        self._text: list[str] | None = None
        self._end: Any = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        at = dict(attrs)
        if tag == "form":
            self.forms.append({"action": at.get("action"), "method": at.get("method"), "boxes": [], "buttons": {}})
        elif tag == "a":
            self._collect(lambda text: self.links.__setitem__(text, at.get("href", "")))
        elif tag == "label":
            self._collect(lambda text: self.labels.__setitem__(at["for"], text))
        elif self.forms and tag == "input":
            box = Box(at.get("name", ""), at.get("value", ""), at.get("type", "text"), "checked" in at)
            self.forms[-1]["boxes"].append(box)
            self.ids[at.get("id", "")] = box
        elif self.forms and tag == "textarea":
            box = Box(at["name"], "", "text", False)
            self.forms[-1]["boxes"].append(box)
            self._collect(lambda text: setattr(box, "value", text))
        elif self.forms and tag == "button":
            buttons = self.forms[-1]["buttons"]
            self._collect(lambda text: buttons.__setitem__(text, (at.get("name"), at.get("value", ""))))

    def _collect(self, end: Any) -> None:
        self._text, self._end = [], end

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._text is not None and tag in ("a", "label", "textarea", "button"):
            self._end("".join(self._text).strip())
            self._text = None


@dataclass
class Page:
    """What came back."""

    path: str
    status: int
    text: str

    @property
    def parsed(self) -> Forms:
        parser = Forms()
        parser.feed(self.text)
        for key, box in parser.ids.items():
            box.label = parser.labels.get(key, "")
        return parser

    def boxes(self, name: str) -> list[Box]:
        return [box for form in self.parsed.forms for box in form["boxes"] if box.name == name]


class Walk:
    """One person after another in front of the same gateway."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.page = Page("", 0, "")

    def sign_in(self, account: Account) -> None:
        self.client = self.app.test_client()
        sign_in(self.client, account)

    def open(self, path: str) -> Page:
        return self._came(self.client.get(path, follow_redirects=True))

    def post(self, path: str, **values: Any) -> Page:
        """Send values straight to an address, with the token of the page last seen."""
        token = {box.name: box.value for box in self.page.boxes("csrf_token")}
        return self._came(self.client.post(path, data=token | values, follow_redirects=True))

    def press(self, button: str, **values: Any) -> Page:
        """Press a button of the page, with its form as it stands but for these values."""
        form = next(each for each in self.page.parsed.forms if button in each["buttons"])
        sent: dict[str, list[str]] = {}
        for box in form["boxes"]:
            if box.type not in ("radio", "checkbox") or box.checked:
                sent.setdefault(box.name, []).append(box.value)
        name, value = form["buttons"][button]
        if name:
            sent[name] = [value]
        sent.update({key: each if isinstance(each, list) else [each] for key, each in values.items()})
        return self._came(self.client.post(form["action"] or self.page.path, data=sent, follow_redirects=True))

    def press_link(self, text: str) -> Page:
        return self.open(self.page.parsed.links[text])

    def _came(self, response: TestResponse) -> Page:
        self.page = Page(response.request.path, response.status_code, response.get_data(as_text=True))
        return self.page


def an_app(tmp_path: Path) -> Iterator[Flask]:
    """The whole gateway on the database that is bound now; use as a fixture."""
    before = settings.current()
    app = create_app(replace(before, data_dir=tmp_path, secure_cookies=False))
    app.config["TESTING"] = True
    yield app
    settings.use(before)


def sign_in(client: FlaskClient, account: Account) -> None:
    """Give the client a session of the pages."""
    with transaction() as db:
        secret = sign_ins.open_session(db, account=account, now=now())
    client.set_cookie(cookie_name(), secret)


class ApiClient:
    """A program that speaks for an account with a bearer token."""

    def __init__(self, app: Flask, account: Account) -> None:
        with transaction() as db:
            ends = now() + timedelta(days=1)
            _, secret = tokens.issue(db, account=account, scope="account", expires=ends, now=now())
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, **body: Any) -> TestResponse:
        return self.client.post(path, headers=self.headers, **body)

    def patch(self, path: str, **body: Any) -> TestResponse:
        return self.client.patch(path, headers=self.headers, **body)
