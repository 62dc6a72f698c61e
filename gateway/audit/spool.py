"""Looks at the log while the database takes nothing: each is on the disk before it is taken, and recorded later.

A small file whose space is taken beforehand, so that a full disk can be looked into; where `data_dir` is read-only or
gone, another in `spare_dir`. Both hold sealed lines (`sealing.py`), then zeros.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from gateway import turns
from gateway.audit import sealing
from gateway.audit.commands import Look, note, note_late, note_lost
from gateway.db import transaction
from gateway.errors import SlidegateError
from gateway.projects.keys_file import BadMasterKey
from gateway.settings import current

SIZE = 256 * 1024
AWAY = (turns.DatabaseBusy, turns.Unwritable, DBAPIError)
LONGEST_WAIT = 2.0  # seconds that an auditor waits for the database to take a look


class LookNotKept(SlidegateError):
    """Nowhere can be noted who looks, so nobody does."""

    code = "look-not-kept"
    status = 503
    title = "Who looks at the audit trail must be on the record, and neither the database nor a disk takes anything now"


def noted(look: Look) -> None:
    """Put a look on the record, or on the disk until the database takes it. Raises LookNotKept."""
    try:
        with turns.at_most(LONGEST_WAIT), transaction() as db:
            note(db, look=look)
    except AWAY:
        _keep(look)
    else:
        with suppress(*AWAY, OSError, BadMasterKey):  # the next look tries again
            fold_in(now=look.at)


def fold_in(*, now: datetime) -> int:
    """Record the looks that wait; gives their number. A crash right after may have them recorded twice.

    Raises BadMasterKey while the key that opens them is not there; lines of another key are counted on the record.
    """
    count = 0
    for path in _places():
        if not _waits(path):
            continue
        with _open(path) as descriptor:
            looks, lost = _opened(_read(descriptor))
            with turns.at_most(LONGEST_WAIT), transaction() as db:
                for look in looks:
                    note_late(db, look=look, now=now)
                if lost:
                    note_lost(db, looks=lost, now=now)
            os.pwrite(descriptor, bytes(SIZE), 0)
            os.fsync(descriptor)
        count += len(looks)
    return count


def make_room() -> None:
    """Take the space on the disk and make the key, while that can be; without space, `spare_dir` has to do."""
    try:
        sealing.present()
        with _open(_places()[0]):
            pass
    except (OSError, BadMasterKey):
        return


def _places() -> tuple[Path, Path]:
    settings = current()
    whose = sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:16]
    return settings.data_dir / "looks.spool", settings.spare_dir / f"slidegate-looks-{os.getuid()}-{whose}.spool"


def _keep(look: Look) -> None:
    try:
        line = sealing.seal(look, sealing.present())
    except (OSError, BadMasterKey):
        raise LookNotKept from None
    for path in _places():
        try:
            with _open(path) as descriptor:
                end = len(_read(descriptor))
                if end + len(line) <= SIZE and os.pwrite(descriptor, line, end) == len(line):
                    os.fsync(descriptor)
                    return
        except OSError:
            continue
    raise LookNotKept


@contextmanager
def _open(path: Path) -> Iterator[int]:
    """The file, ours alone and locked, with all its space; made if it is not there. OSError where that cannot be."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_uid != os.getuid():
            raise PermissionError(path.name)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.posix_fallocate(descriptor, 0, SIZE)
        yield descriptor
    finally:
        os.close(descriptor)


def _waits(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            return handle.read(1) not in (b"", b"\0")
    except OSError:
        return False


def _read(descriptor: int) -> bytes:
    """All lines that were written whole; what follows them is written over."""
    written = os.pread(descriptor, SIZE, 0).partition(b"\0")[0]
    return written[: written.rfind(b"\n") + 1]


def _opened(lines: bytes) -> tuple[list[Look], int]:
    """The looks, and the number of those that this key does not open."""
    key, looks, lost = sealing.kept(), list[Look](), 0
    for line in lines.splitlines():
        try:
            looks.append(sealing.opened(line, key))
        except sealing.Sealed:
            lost += 1
    return looks, lost
