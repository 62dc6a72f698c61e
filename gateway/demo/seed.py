"""Fill a fresh gateway with the demo: archive, accounts, datasets, and applications at every stage.

Everything goes through the same commands that pages use, so that the audit trail is a true one.
It is built in a folder beside the final one and renamed at the end: nothing is ever half there.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway import clock

FRESH_FOR = timedelta(days=7)  # tokens in demo.json end after 30


def ensure_demo(directory: Path, *, base_url: str, scale: float = 1.0) -> dict[str, Any]:
    """What demo.json says; makes the demo first if it is not there or has grown old."""
    described = _existing(directory)
    if described is None:
        shutil.rmtree(directory, ignore_errors=True)
        building = directory.with_name(directory.name + ".building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        described = _build(building, directory, base_url, scale)
        building.rename(directory)
    return _write(directory, described, base_url)


def _existing(directory: Path) -> dict[str, Any] | None:
    path = directory / "demo.json"
    if not path.is_file() or clock.now().timestamp() - path.stat().st_ctime > FRESH_FOR.total_seconds():
        return None
    described: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return described


def _write(directory: Path, described: dict[str, Any], base_url: str) -> dict[str, Any]:
    """demo.json for this address."""
    release = described["release"]
    url = f"{base_url}/releases/{release['id']}/dicomweb"
    described = {**described, "base_url": base_url, "release": {**release, "dicomweb_url": url}}
    draft = directory / "demo.json.draft"
    draft.write_text(json.dumps(described, indent=1, ensure_ascii=False), "utf-8")
    draft.chmod(0o600)
    draft.rename(directory / "demo.json")
    return described
