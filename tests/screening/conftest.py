"""One small archive for all tests here; a gateway of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.builders import World, a_gateway
from tests.screening.builders import the_template


@pytest.fixture(scope="session")
def waiting_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("screening"))


@pytest.fixture
def world(tmp_path: Path, waiting_template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, waiting_template) as made:
        yield made
