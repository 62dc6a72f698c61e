"""A remote object read in blocks: what is read in small pieces costs one request a block, and memory stays bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from gateway.dicom.errors import Truncated

BLOCK = 1024 * 1024  # bytes
KEPT = 8  # blocks of one object in memory

Fetch = Callable[[int, int], bytes]  # start, length


class BlockSource:
    """A ByteSource over ranged reads. `fetch` gives bytes of one version of the object only, or raises."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self.size = size
        self._fetch = fetch
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`. Raises Truncated, or what the archive raises."""
        if start < 0 or length < 0 or start + length > self.size:
            raise Truncated
        pieces, end = [], start + length
        while start < end:
            number, skipped = divmod(start, BLOCK)
            piece = self._block(number)[skipped : skipped + end - start]
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def _block(self, number: int) -> bytes:
        with self._lock:
            known = self._blocks.get(number)
            if known is not None:
                self._blocks.move_to_end(number)
                return known
        length = min(BLOCK, self.size - number * BLOCK)
        block = self._fetch(number * BLOCK, length)
        if len(block) != length:
            raise Truncated
        with self._lock:
            self._blocks[number] = block
            while len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
        return block

    def close(self) -> None:
        """Let go of the blocks."""
        with self._lock:
            self._blocks.clear()
