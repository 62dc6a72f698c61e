"""One small archive for all tests here; a gateway of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.trail import fitness, framebook
from tests.release.builders import World, a_gateway, the_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("release"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        yield made


@pytest.fixture(autouse=True)
def a_busy_disk_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of a machine that runs other tests may take its time; tests of slowness set limits of their own."""
    for module, name in (
        (fitness, "SLOWEST"),
        (fitness, "LONGEST_LOOK"),
        (framebook, "SLOWEST"),
        (framebook, "LONGEST_LATE"),
    ):
        monkeypatch.setattr(module, name, 20.0)
