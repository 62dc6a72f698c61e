"""A tool in a real browser, on an origin of its own: only the registered one can read, and only with a token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.visitors import a_browser, needs_chromium
from tests.conftest import free_port
from tests.release.served.houses import House, Reader, first, place

pytestmark = [pytest.mark.browser, needs_chromium]

JPEG = "1.2.840.10008.1.2.4.50"
FETCH = """async ([url, headers]) => {
    try {
        const answer = await fetch(url, {headers});
        return [answer.status, (await answer.arrayBuffer()).byteLength, answer.headers.get("Content-Range")];
    } catch { return "blocked"; }
}"""


class Tool(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A tool</title>")

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def a_tool(origin: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", int(origin.rpartition(":")[2])), Tool)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()


def fetched(page: Page, url: str, **headers: str) -> Any:
    return page.evaluate(FETCH, [url, {name.replace("_", "-"): value for name, value in headers.items()}])


def test_only_the_registered_origin_reads_and_only_with_a_token(served: House, reader: Reader) -> None:
    with served.client(reader) as client:
        path = place(next(each for each in client.get("instances").json() if first(each, "00083002") == JPEG))
    url, token = served.url(reader, path), reader.headers["Authorization"]
    (registered,) = served.settings.cors_origins
    with a_browser() as browser:
        page = browser.new_page()
        with a_tool(registered) as origin:
            page.goto(origin)
            status, size, span = fetched(page, url, Authorization=token, Range="bytes=0-99")
            assert (status, size) == (206, 100)
            assert span.startswith("bytes 0-99/")
            assert fetched(page, f"{url}/frames/1", Authorization=token, Accept="image/jpeg")[0] == 200
            assert fetched(page, url)[0] == 401
        with a_tool(f"http://127.0.0.1:{free_port()}") as origin:
            page.goto(origin)
            assert fetched(page, url, Authorization=token) == "blocked"
            assert fetched(page, url) == "blocked"
