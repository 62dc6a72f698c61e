"""The journal: a small mapped file in which a worker enters each frame before its bytes are sent.

Writing to a mapped page costs well under a microsecond and survives `kill -9` of the process (not a crash of
the host: a lease that was then open counts as the whole instance). The owner holds a lock on its file for
life, so a file that can be locked was left by a dead worker.

The file is native 64-bit words: magic, boot id (2), head, tail; SLOTS open leases (the seq of the opening
event, 0 for none); then a ring of ENTRIES pairs (lease, frame). `head` counts the pairs ever entered, `tail`
those that are safe in the database. A pair is written before `head` moves over it.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from gateway.db import new_id
from gateway.errors import SlidegateError

MAGIC = int.from_bytes(b"sgjrnl01", "little")
SLOTS = 4096
ENTRIES = 1 << 18
HEAD, TAIL, FIRST_SLOT = 3, 4, 16
RING = FIRST_SLOT + SLOTS
SIZE = 8 * (RING + 2 * ENTRIES)
SUFFIX = ".journal"


class JournalFull(SlidegateError):
    """The journal has no room: frames are sent faster than they can be made durable."""

    code = "journal-full"
    status = 503
    title = "The audit journal is full, so nothing is sent; try again soon"


class Journal:
    """One worker's journal. Not locked against threads: its one owner (`FrameBook`) is."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, SIZE)
        self._words = memoryview(self._map).cast("Q")
        self.head: int = self._words[HEAD]
        self.tail: int = self._words[TAIL]

    @classmethod
    def create(cls, directory: Path) -> Journal:
        """A new, empty, locked journal; its disk space is taken now, so that no later write can fail."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{os.getpid()}-{new_id()}{SUFFIX}"
        unready = path.with_suffix(".new")
        descriptor = os.open(unready, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.posix_fallocate(descriptor, 0, SIZE)
        journal = cls(path, descriptor)
        journal._words[0], journal._words[1], journal._words[2] = MAGIC, *boot_words()
        unready.rename(path)
        return journal

    def enter(self, lease: int, frame: int) -> None:
        """Enter one frame of a lease. Raises JournalFull."""
        head = self.head
        if head - self.tail >= ENTRIES:
            raise JournalFull
        at = RING + 2 * (head % ENTRIES)
        words = self._words
        words[at] = lease
        words[at + 1] = frame
        self.head = words[HEAD] = head + 1

    def entries(self, start: int, until: int) -> dict[int, set[int]]:
        """Lease -> frames, of what was entered between these two counts."""
        frames: dict[int, set[int]] = {}
        for place in range(start, until):
            at = RING + 2 * (place % ENTRIES)
            frames.setdefault(self._words[at], set()).add(self._words[at + 1])
        return frames

    def durable(self, until: int) -> None:
        """Say that the entries up to the count `until` are in the database."""
        self.tail = self._words[TAIL] = until

    def open(self, lease: int) -> int:
        """Note a lease as open; gives its slot. Raises JournalFull."""
        for slot in range(FIRST_SLOT, RING):
            if not self._words[slot]:
                self._words[slot] = lease
                return slot
        raise JournalFull

    def shut(self, slot: int) -> None:
        """Note that the lease in this slot has its closing event."""
        self._words[slot] = 0

    def open_leases(self) -> list[int]:
        """Leases without a closing event."""
        return [lease for lease in self._words[FIRST_SLOT:RING] if lease]

    def sound(self) -> bool:
        """Whether it reads as a journal at all."""
        return self._words[0] == MAGIC and 0 <= self.head - self.tail <= ENTRIES

    def trusted(self) -> bool:
        """Whether no page can have been lost: it is sound, and the host has not been restarted since."""
        return self.sound() and tuple(self._words[1:3]) == boot_words() != (0, 0)

    def release(self) -> None:
        """Let go of the file without a change to it, as after a fork; twice is harmless, so no one else's is closed."""
        self._words.release()
        self._map.close()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def discard(self) -> None:
        """Remove the file: all that it held is in the database."""
        self.path.unlink(missing_ok=True)
        self.release()


def boot_words() -> tuple[int, int]:
    """The kernel's id of this boot, as two words; zeros where there is none."""
    try:
        raw = bytes.fromhex(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", ""))
    except (OSError, ValueError):
        return (0, 0)
    return int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:16], "little")


def abandoned(directory: Path) -> Iterator[Journal]:
    """The journals of dead workers, each locked so that one recovery takes it. Caller releases or discards."""
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # another recovery was faster
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)  # its worker lives
            continue
        if not path.exists() or os.fstat(descriptor).st_size != SIZE:
            os.close(descriptor)
            continue
        yield Journal(path, descriptor)
