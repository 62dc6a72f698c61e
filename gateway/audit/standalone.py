"""`slidegate-verify` as one file that an auditor can carry: a Python zip application (PEP 441).

It holds the verifier's own modules and nothing else of the gateway. The same version makes the same bytes everywhere,
so that two people can compare what they got.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

NAME = "slidegate-verify.pyz"
PACKAGES = ("gateway", "gateway/audit", "gateway/audit/offline", "gateway/trail")
TRAIL = ("chain", "der", "merkle", "notes", "rfc3161")  # what the verifier needs of it
START = b"#!/usr/bin/env python3\n"
MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("slidegate-verify needs Python 3.11 or later")
try:
    import cryptography
except ImportError:
    sys.exit("slidegate-verify needs the package cryptography, and nothing else: pip install cryptography")
from gateway.audit.offline.main import main

main()
"""


def verifier() -> bytes:
    """The file: `python slidegate-verify.pyz BUNDLE`."""
    held = io.BytesIO()
    held.write(START)
    with ZipFile(held, "a", ZIP_STORED) as archive:
        for name, text in sorted(_modules()):
            archive.writestr(ZipInfo(name), text)
    return held.getvalue()


def _modules() -> Iterator[tuple[str, str]]:
    yield "__main__.py", MAIN
    for package in PACKAGES:
        yield f"{package}/__init__.py", ""
    room = Path(__file__).parent
    paths = [*(room / "offline").glob("*.py"), *(room.parent / "trail" / f"{name}.py" for name in TRAIL)]
    for path in paths:
        if path.name != "__init__.py":
            yield path.relative_to(room.parent.parent).as_posix(), path.read_text("utf-8")
