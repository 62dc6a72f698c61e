"""The leak hunter: looks for planted identifiers in any bytes that the gateway serves.

A planted string counts as found when it stands in the bytes in any of several charsets, in either
case, or once all separators are taken out of both (so `999 123 4567` is found as `9991234567`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHARSETS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "iso2022_jp_2", "gb18030")
SEPARATORS = re.compile(rb"[\s\x00\-_./:,;^&=+'\"()]+")
START, BITS, CHUNK = 4, 18, 1 << 20  # bytes of a string that are looked up, size of the table, bytes at a time
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
        self._any, self._any_squeezed = _Index(self.patterns), _Index(self.squeezed)

    def hunt(self, where: str, body: bytes) -> list[Leak]:
        """All planted strings in a body."""
        lowered = body.lower()
        found = {(self.patterns[hit][0], self.patterns[hit][1]) for hit in self._any.found_in(lowered)}
        squeezed = SEPARATORS.sub(b"", lowered)
        found |= {(self.squeezed[hit], "squeezed") for hit in self._any_squeezed.found_in(squeezed)}
        return [Leak(where, text, form) for text, form in sorted(found)]


class _Index:
    """Finds any of thousands of strings in a body: by their first four bytes, then one by one."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        self._by_start: dict[int, list[bytes]] = {}
        for pattern in patterns:
            self._by_start.setdefault(int.from_bytes(pattern[:START], "little"), []).append(pattern)
        self._maybe = np.zeros(1 << BITS, bool)
        self._maybe[self._slots(np.array(list(self._by_start), np.uint32))] = True

    @staticmethod
    def _slots(starts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return (starts * np.uint32(2654435761)) >> np.uint32(32 - BITS)

    def found_in(self, body: bytes) -> set[bytes]:
        found: set[bytes] = set()
        data = np.frombuffer(body, np.uint8)
        for at in range(0, len(data) - START + 1, CHUNK):
            part = data[at : at + CHUNK + START - 1].astype(np.uint32)
            count = len(part) - START + 1
            starts = sum(part[shift : shift + count] << np.uint32(8 * shift) for shift in range(START))
            for place in np.flatnonzero(self._maybe[self._slots(starts)]):
                for pattern in self._by_start.get(int(starts[place]), ()):
                    if body.startswith(pattern, at + int(place)):
                        found.add(pattern)
        return found
