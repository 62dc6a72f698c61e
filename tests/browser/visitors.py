"""People in a real browser: signing in, filling forms, and axe-core looking over their shoulder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import Demo

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody signed in, with one page open."""

    def __init__(self, browser: Browser, demo: Demo, role: str = "", **options: Any) -> None:
        self.demo = demo
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        if role:
            account = demo.account(role)
            self.go("/sign-in")
            self.page.fill("input[name=email]", account["email"])
            self.page.fill("input[name=password]", account["password"])
            self.press("main button[type=submit]")

    def go(self, path: str) -> str:
        """Open a page of the gateway; gives the words on it."""
        answer = self.page.goto(self.demo.base_url + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.words()

    def press(self, selector: str) -> str:
        """Press a button and wait for the page that follows; gives the words on it."""
        with self.page.expect_navigation():
            self.page.click(selector)
        return self.words()

    def words(self) -> str:
        """What can be read on the page."""
        return self.page.inner_text("main")

    def faults(self) -> list[str]:
        """What axe-core has against the page."""
        found = Axe().run(self.page)
        return [f"{self.page.url}: {each['id']}" for each in found.response["violations"]]
