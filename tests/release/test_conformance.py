"""What docs/dicomweb.md says there is, and what there is."""

from __future__ import annotations

import re

from gateway.release import bulk, frames, pictures, presentation, qido
from gateway.release.dicomweb import ROUTES
from gateway.settings import ROOT

SAID = (ROOT / "docs" / "dicomweb.md").read_text("utf-8")
LEVELS = {
    "FRAMES": "INSTANCE/frames/{numbers}", "INSTANCE": "SERIES/instances/{uid}", "SERIES": "STUDY/series/{series}",
    "STUDY": "/studies/{study}",
}  # fmt: skip


def test_every_resource_is_told_of_and_no_other() -> None:
    there = {re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", path) for paths in ROUTES.values() for path in paths}
    rows = [line.split("|")[1] for line in SAID.splitlines() if line.startswith("| `")]
    told = re.findall(r"`([^`]*)`", " ".join(rows))
    for name, path in LEVELS.items():
        told = [each.replace(name, path) for each in told]
    assert len(told) == len(set(told))
    assert set(told) == there


def test_the_bounds_are_those_that_are_kept() -> None:
    assert f"up to {frames.MOST_FRAMES} frames" in SAID
    assert f"`image/png`, up to {pictures.MOST_PICTURES};" in SAID
    assert f"`limit` ({qido.MOST:,} at most)" in SAID
    assert f"({presentation.MOST_PIXELS:,} pixels a side at most)" in SAID
    assert f"more than {bulk.INLINE * 3 // 4 // 1024} KB" in SAID
