"""A DICOMweb service that goes wrong on purpose, asked without patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.archive import dicomweb, upstream
from tests.archive.faulty import Faulty, a_faulty_service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    monkeypatch.setattr(dicomweb, "SILENCE", 0.5)
    monkeypatch.setattr(upstream.time, "sleep", lambda _seconds: None)
    with a_faulty_service() as found:
        yield found
