"""docs/examples/viewer: dicom-microscopy-viewer in a real browser, on an origin of its own, with a token."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.visitors import a_browser, needs_chromium
from tests.conftest import ROOT
from tests.release.served.houses import House, Reader, first, source_files

NPM = shutil.which("npm")
pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine: apt-get install npm"),
]


class Files(SimpleHTTPRequestHandler):
    """The files of a folder, silently."""

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def viewer(served: House, tmp_path: Path) -> Iterator[str]:
    """The example, installed and served where the gateway knows it."""
    folder = tmp_path / "viewer"
    shutil.copytree(ROOT / "docs" / "examples" / "viewer", folder, ignore=shutil.ignore_patterns("node_modules"))
    install = [str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(install, cwd=folder, check=True, timeout=300)
    (origin,) = served.settings.cors_origins
    server = ThreadingHTTPServer(("127.0.0.1", int(origin.rpartition(":")[2])), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()


def stained(page: Page) -> bool:
    """Whether tissue can be seen now; if not, after half a second: WebGL tells nobody what it has drawn."""
    picture = np.asarray(Image.open(BytesIO(page.locator("#slide").screenshot())).convert("HSV"))
    if (picture[..., 1] > 60).mean() > 0.02:  # an empty page has nothing; a pale stain with few nuclei near 0.05
        return True
    page.wait_for_timeout(500)
    return False


def test_it_shows_a_slide_from_the_bytes_of_the_archive(served: House, reader: Reader, viewer: str) -> None:
    with served.client(reader) as client:
        found = next(each for each in client.get("series").json() if first(each, "00080060") == "SM")
    about = {
        "url": served.url(reader), "token": reader.token,
        "study": first(found, "0020000D"), "series": first(found, "0020000E"),
    }  # fmt: skip
    with a_browser() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 700})
        with page.expect_response(lambda each: "/frames/" in each.url and each.request.method == "GET") as answer:
            page.goto(f"{viewer}/index.html#{urlencode(about)}")
        assert answer.value.ok
        frame = answer.value.body().partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]  # the part of a multipart
        page.wait_for_function("() => /^[0-9]+ levels$/.test(document.getElementById('said').textContent)")
        assert reader.token not in page.url
        assert any(stained(page) for _ in range(60))
    assert len(frame) > 500  # JPEG, JPEG 2000 or native: which series comes first depends on the keys
    assert any(frame.rstrip(b"\0") in path.read_bytes() for path in source_files(served).values())
