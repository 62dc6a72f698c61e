"""People who take turns at one window of a browser, before a gateway in this process; axe-core looks at new pages."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page

from gateway.clock import now
from gateway.db import transaction
from gateway.people import sign_ins
from gateway.people.models import Account, AccountRole
from gateway.people.session import cookie_name
from tests.browser.visitors import Person
from tests.conftest import Demo

IDS = re.compile(r"[0-9a-z]{16}|[0-9.]{20,}|[\w-]{43}|\?\S*")  # of rows, of DICOM, secrets, and what is asked for
READ = """() => {
    const main = document.querySelector("main"), forms = [...main.querySelectorAll("form")];
    const wrong = main.querySelectorAll(".nhsuk-error-summary").length;
    const shape = [location.href, ...new Set(forms.map((each) => each.action)), wrong].join(" ");
    return [main.innerText, shape.replaceAll(location.origin, "")];
}"""
Seen = dict[str, list[str]]  # shape of a page -> what axe-core has against it


class Window(Person):
    """One window, with the session of whoever's turn it is. Pages of a shape that was not seen yet are looked over."""

    def __init__(self, browser: Browser, address: str, seen: Seen) -> None:
        super().__init__(browser, Demo(address, Path(), {}))
        self.seen, self._secret = seen, ""

    def turn_to(self, secret: str) -> None:
        """Let somebody sit down; without a secret it is a stranger."""
        if secret != self._secret:
            self.context.clear_cookies()
            if secret:
                self.context.add_cookies([{"name": cookie_name(), "value": secret, "url": self.demo.base_url}])
        self._secret = secret

    def words(self) -> str:
        """What can be read on the page, once it was looked over."""
        words, found = self.page.evaluate(READ)
        shape = IDS.sub("x", found)
        if shape not in self.seen:
            self.seen[shape] = self.faults()
        return str(words)

    def leave(self) -> None:
        """Close it; nothing on the pages may have failed."""
        assert self.errors == []
        self.context.close()


class Visitor:
    """Somebody with a session of their own at the window."""

    def __init__(self, window: Window, account_id: str) -> None:
        self._window, self._secret = window, ""
        if account_id:
            with transaction() as db:
                self._secret = sign_ins.open_session(db, account=db.get_one(Account, account_id), now=now())

    @property
    def page(self) -> Page:
        """What is in the window."""
        return self._window.page

    def go(self, path: str) -> str:
        """Open a page of the gateway; gives the words on it."""
        self._window.turn_to(self._secret)
        return self._window.go(path)

    def press(self, selector: str) -> str:
        """Press a button and wait for the page that follows; gives the words on it."""
        return self._window.press(selector)

    def is_a_page(self, path: str) -> bool:
        """Whether there is a page at all, and not a picture or a list for a program."""
        self._window.turn_to(self._secret)
        answer = self._window.context.request.get(self._window.demo.base_url + path)
        assert answer.ok, f"{path}: {answer.status}"
        return answer.headers["content-type"].startswith("text/html")


def faults_of(seen: Seen) -> list[str]:
    """All that axe-core had against the pages."""
    return [fault for faults in seen.values() for fault in faults]


def in_role(account_id: str, role: str) -> None:
    """Give an account this one role, if one is named."""
    if role:
        with transaction() as db:
            db.get_one(Account, account_id).roles = [AccountRole(role=role)]
