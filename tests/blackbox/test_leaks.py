"""The hunter itself must be able to fail."""

from __future__ import annotations

import pytest

from tests.blackbox.leaks import LeakHunter

PLANTED = ["Llewellyn-Pryce^Angharad", "999 123 4567", "Zoë Brânzei"]


@pytest.mark.parametrize(
    "body",
    [
        b"....Llewellyn-Pryce^Angharad....",
        b"LLEWELLYN PRYCE, ANGHARAD",
        b"9991234567",
        b"999-123-4567",
        "Zoë Brânzei".encode("latin-1"),
        "Zoë Brânzei".encode("utf-16-le"),
        '{"name": "zoë_brânzei"}'.encode(),
    ],
)
def test_a_planted_string_is_found_in_every_form(body: bytes) -> None:
    assert LeakHunter(PLANTED).hunt("here", body)


def test_clean_bytes_are_clean() -> None:
    assert LeakHunter(PLANTED).hunt("here", b"\xff\xd8" + bytes(range(256)) * 100) == []
