"""A gateway for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.people.visitors import a_gateway


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path) as made:
        yield made
