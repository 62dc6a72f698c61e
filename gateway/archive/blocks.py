"""A remote object read in pages: what is read once is not asked for again, and memory stays bounded.

A read asks for what it needs and is not at hand, in one request; one that goes on where the last one ended asks for
more than it needs, so that a stream costs one request a megabyte.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from gateway.dicom.errors import Truncated
from gateway.dicom.source import within

PAGE = 64 * 1024  # bytes
AHEAD = 1024 * 1024  # bytes that a stream is read ahead
KEPT = 32 * 1024 * 1024  # bytes of all objects of an archive in memory

Fetch = Callable[[int, int], bytes]  # start, length


class Pages:
    """Pages of objects, each under its object and version; the longest unused go first. Safe to share by threads."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._held = most, 0
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, number: int) -> bytes | None:
        """A page of an object, if it is at hand."""
        with self._lock:
            if (name, number) in self._kept:
                self._kept.move_to_end((name, number))
            return self._kept.get((name, number))

    def put(self, name: str, number: int, page: bytes) -> None:
        """Keep a page."""
        with self._lock:
            self._held += len(page) - len(self._kept.pop((name, number), b""))
            self._kept[name, number] = page
            while self._held > self._most:
                _old, dropped = self._kept.popitem(last=False)
                self._held -= len(dropped)


class BlockSource:
    """A ByteSource over ranged reads. `fetch` gives bytes of one version of the object only, or raises.

    `name` tells that version of that object from all others whose pages are kept beside its own.
    """

    def __init__(self, size: int, fetch: Fetch, pages: Pages, name: str) -> None:
        self.size = size
        self._fetch, self._pages, self._name = fetch, pages, name
        self._end = -1  # where the last read ended

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`. Raises Truncated, or what the archive raises."""
        within(start, length, self.size)
        end, wanted = start + length, start + length
        if start == self._end:
            wanted = min(self.size, max(end, start + AHEAD))
        self._end = end
        first, last = start // PAGE, -(-end // PAGE)
        known = {number: self._pages.get(self._name, number) for number in range(first, last)}
        missing = [number for number, page in known.items() if page is None]
        if missing:
            known |= self._asked(missing[0], -(-wanted // PAGE))
        whole = b"".join(page or b"" for _, page in sorted(known.items()) if page is not None)
        return whole[start - first * PAGE : end - first * PAGE]

    def _asked(self, first: int, last: int) -> dict[int, bytes | None]:
        """These pages, in one request."""
        start = first * PAGE
        length = min(last * PAGE, self.size) - start
        data = self._fetch(start, length)
        if len(data) != length:
            raise Truncated
        found: dict[int, bytes | None] = {}
        for number in range(first, last):
            at = (number - first) * PAGE
            found[number] = page = data[at : at + PAGE]
            self._pages.put(self._name, number, page)
        return found

    def close(self) -> None:
        """The pages stay for the next reader."""
