"""The reader in a process of its own: it holds a lot of memory, and if it crashes nothing else does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context
from resource import RLIMIT_AS, setrlimit
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

from gateway.errors import SlidegateError
from gateway.pixels.findings import Finding

if TYPE_CHECKING:
    from gateway.pixels.detect.reader import Reader


PATIENCE = 600.0  # seconds for one picture; the largest take a minute or two
MEMORY = 8 * 1024**3  # bytes; the engine holds about one, and reserves several


class ReaderGone(SlidegateError):
    """The process that looks at pixels has ended; what it looked at stays withheld, and is tried again."""

    code = "reader-gone"
    title = "the process that looks at pixels has crashed, hung or run out of memory"


class ReaderApart:
    """Eyes (gateway.pixels.screen) whose work is done elsewhere. Raises ReaderGone; the next picture has a new one.

    It may take so many bytes of address space, so that a picture that needs more ends it and not the machine.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._pool: ProcessPoolExecutor | None = None

    def find(self, picture: Any) -> list[Finding]:
        """As Reader.find."""
        return self._ask("find", picture)

    def find_ink(self, picture: Any) -> list[Finding]:
        """As Reader.find_ink."""
        return self._ask("find_ink", picture)

    def find_rest(self, picture: Any) -> list[Finding]:
        """As Reader.find_rest."""
        return self._ask("find_rest", picture)

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _ask(self, what: str, picture: Any) -> list[Finding]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _bounded, (self._memory,))
        try:
            reader = self._pool.submit(os.getpid).result()
            return self._pool.submit(_look, what, picture).result(PATIENCE)
        except BrokenProcessPool:
            pass
        except TimeoutError:
            os.kill(reader, SIGKILL)
        self.close()
        raise ReaderGone


@contextmanager
def reader_apart(memory: int = MEMORY) -> Iterator[ReaderApart]:
    """A reader in a process that is started when it is first asked, and ends with the block."""
    reader = ReaderApart(memory)
    try:
        yield reader
    finally:
        reader.close()


def _bounded(memory: int) -> None:
    setrlimit(RLIMIT_AS, (memory, memory))


@lru_cache(maxsize=1)
def _reader() -> Reader:
    from gateway.pixels.detect.reader import Reader

    return Reader()


def _look(what: str, picture: Any) -> list[Finding]:
    try:
        found: list[Finding] = getattr(_reader(), what)(picture)
    except Exception:  # noqa: BLE001  # the process's outermost door: whatever an engine raises ends it
        os._exit(1)
    return found
