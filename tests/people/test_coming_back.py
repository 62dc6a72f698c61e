"""After signing in one comes back to this gateway, never to another site."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.people.coming_back import safe_next

HERE = "https://gate.example/sign-in"


def as_a_browser_reads(target: str) -> str:
    """WHATWG URL: tabs and newlines vanish, a backslash is a slash."""
    return urljoin(HERE, "".join(c for c in target if c not in "\t\r\n").replace("\\", "/"))


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "", "evil",
     "javascript:alert(1)", "/\n/evil.example", "///evil.example", "/sign-in?next=/x"],
)  # fmt: skip
def test_another_site_is_not_gone_to(wanted: str) -> None:
    assert safe_next(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/projects", "/projects/abc?tab=2", "/releases/x/view/1#top"])
def test_a_page_of_ours_is(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@given(st.text(st.sampled_from("/\\:.@?#\t\n a%e"), max_size=12))
def test_whatever_is_wanted_the_browser_stays_here(wanted: str) -> None:
    assert urlsplit(as_a_browser_reads(safe_next(wanted))).netloc == "gate.example"
