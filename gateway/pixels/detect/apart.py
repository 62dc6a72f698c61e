"""The reader in a process of its own: it holds a lot of memory, and if it crashes nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from gateway.errors import SlidegateError
from gateway.pixels.findings import Finding

if TYPE_CHECKING:
    from gateway.pixels.detect.reader import Reader


class ReaderGone(SlidegateError):
    """The process that looks at pixels has ended; what it looked at stays withheld, and is tried again."""

    code = "reader-gone"
    title = "the process that looks at pixels has crashed or run out of memory"


class ReaderApart:
    """Eyes (gateway.pixels.screen) whose work is done elsewhere. Raises ReaderGone."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def find(self, picture: Any) -> list[Finding]:
        """As Reader.find."""
        return self._ask("find", picture)

    def find_ink(self, picture: Any) -> list[Finding]:
        """As Reader.find_ink."""
        return self._ask("find_ink", picture)

    def find_rest(self, picture: Any) -> list[Finding]:
        """As Reader.find_rest."""
        return self._ask("find_rest", picture)

    def _ask(self, what: str, picture: Any) -> list[Finding]:
        try:
            return self._pool.submit(_look, what, picture).result()
        except BrokenProcessPool:
            raise ReaderGone from None


@contextmanager
def reader_apart() -> Iterator[ReaderApart]:
    """A reader in a process that is started when it is first asked, and ends with the block."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield ReaderApart(pool)


@lru_cache(maxsize=1)
def _reader() -> Reader:
    from gateway.pixels.detect.reader import Reader

    return Reader()


def _look(what: str, picture: Any) -> list[Finding]:
    found: list[Finding] = getattr(_reader(), what)(picture)
    return found
