"""The leak hunter: looks for planted identifiers in any bytes that the gateway serves.

A planted string counts as found when it stands in the bytes in any of several charsets, in either
case, or once all separators are taken out of both (so `999 123 4567` is found as `9991234567`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CHARSETS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "iso2022_jp_2", "gb18030")
SEPARATORS = re.compile(rb"[\s\x00\-_./:,;^&=+'\"()]+")
SHORTEST = 6  # squeezed strings below this length turn up in compressed pixels by chance


@dataclass(frozen=True, slots=True)
class Leak:
    """One planted string seen in one answer."""

    where: str
    planted: str
    form: str


class LeakHunter:
    """Searches bodies for planted strings; made once, used for every answer."""

    def __init__(self, planted: Iterable[str]) -> None:
        self.patterns: dict[bytes, tuple[str, str]] = {}
        self.squeezed: dict[bytes, str] = {}
        for text in planted:
            for charset in CHARSETS:
                encoded = text.encode(charset, "ignore")
                if len(encoded) >= 4:
                    self.patterns.setdefault(encoded.lower(), (text, charset))
            bare = SEPARATORS.sub(b"", text.encode("utf-8")).lower()
            if len(bare) >= SHORTEST:
                self.squeezed[bare] = text
        self._any = _union(self.patterns)
        self._any_squeezed = _union(self.squeezed)

    def hunt(self, where: str, body: bytes) -> list[Leak]:
        """All planted strings in a body."""
        lowered = body.lower()
        found = {(self.patterns[hit][0], self.patterns[hit][1]) for hit in set(self._any.findall(lowered))}
        squeezed = SEPARATORS.sub(b"", lowered)
        found |= {(self.squeezed[hit], "squeezed") for hit in set(self._any_squeezed.findall(squeezed))}
        return [Leak(where, text, form) for text, form in sorted(found)]


def _union(patterns: Iterable[bytes]) -> re.Pattern[bytes]:
    longest_first = sorted(patterns, key=len, reverse=True)
    return re.compile(b"|".join(map(re.escape, longest_first)) or rb"(?!)")
