"""When the demo is made anew, and when the one that is there is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import clock
from gateway.demo import seed
from gateway.migrate import scripts_sha256
from gateway.settings import current, use


@pytest.fixture(autouse=True)
def the_settings_stay() -> Iterator[None]:
    before = replace(current())
    yield
    use(before)


def made(folder: Path, *, tables: str, days: int = 0) -> None:
    described = {
        "made": (clock.now() - timedelta(days=days)).isoformat(),
        "tables": tables,
        "release": {"id": "r1"},
    }
    (folder / "demo.json").write_text(json.dumps(described), "utf-8")


@pytest.mark.parametrize(
    ("tables", "days", "anew"), [(scripts_sha256(), 0, False), (scripts_sha256(), 8, True), ("0" * 64, 0, True)]
)
def test_an_old_demo_or_one_with_other_tables_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: str, days: int, anew: bool
) -> None:
    made(tmp_path, tables=tables, days=days)
    making: list[Path] = []

    def make(directory: Path, scale: float, say: seed.Say) -> dict[str, object]:
        making.append(directory)
        return {"release": {"id": "r2"}}

    monkeypatch.setattr(seed, "_made", make)
    described = seed.ensure_demo(tmp_path, base_url="http://127.0.0.1:1", scale=1.0, say=lambda _: None)
    assert bool(making) is anew
    assert described["release"]["id"] == ("r2" if anew else "r1")
    assert json.loads((tmp_path / "demo.json").read_text("utf-8")) == described
