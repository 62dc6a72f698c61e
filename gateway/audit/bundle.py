"""Writing a bundle into a folder: the events that match, with checkpoint, proofs and keys, for `slidegate-verify`.

The forms for reading are made in one pass over the log; of a large one half of them in a second process meanwhile.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy.orm import Session

from gateway import db as database
from gateway.audit import contents
from gateway.audit.answers import ANSWERS
from gateway.audit.contents import Asked, Contents
from gateway.audit.exports import FORMS, CannotWrite
from gateway.audit.listing import Listing, batches
from gateway.audit.offline import layout
from gateway.settings import Settings, current, use

APART = frozenset(("atna", "html"))  # about half of the work
MANY = 50_000  # events; for fewer another process does not pay


class _Written:
    """A file of the bundle while it is written, and its SHA-256; on the disk once it is closed."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._file = path.open("wb")
        self.digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self.digest.update(piece)
        self._file.write(piece)

    def close(self) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


def write(db: Session, folder: Path, asked: Asked) -> int:
    """Write a bundle into a folder, under its newest checkpoint; gives the number of events. Raises CannotWrite."""
    begun = contents.begun(db, asked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / layout.ABOUT).unlink(missing_ok=True)  # a bundle that is cut off is none
        for name in (
            layout.LEAVES,
            layout.PROOFS,
            layout.OPENINGS,
            *map(layout.form, FORMS),
            *map(layout.answer, ANSWERS),
        ):
            (folder / name).unlink(missing_ok=True)
        with _second(folder, begun) as apart:
            for name, pieces in contents.proved(db, begun):
                _file(folder / name, pieces)
            here = [form for form in asked.forms if apart is None or form not in APART]
            digests = _forms(db, folder, begun.listing, here)
            if apart is not None:
                digests |= apart.result()
            for name, lines in contents.answers(db, begun):
                digests[name] = _file(folder / name, (line.encode() for line in lines))
        _file(folder / layout.ABOUT, contents.about(begun, digests))
    except OSError:
        raise CannotWrite from None
    return begun.events


def _file(path: Path, pieces: Iterable[bytes]) -> str:
    """Write the pieces; gives the SHA-256 of the file."""
    with ExitStack() as held:
        file = _Written(path)
        held.callback(file.close)
        for piece in pieces:
            file.write(piece)
    return file.digest.hexdigest()


def _forms(db: Session, folder: Path, listing: Listing, forms: Collection[str]) -> dict[str, str]:
    """Write these forms in one pass over the log; the SHA-256 of each file by its name."""
    files = {form: _Written(folder / layout.form(form)) for form in forms}
    with ExitStack() as held:
        for form, file in files.items():
            held.callback(file.close)
            file.write(FORMS[form].top(listing).encode())
        count = 0
        for batch in batches(db, listing) if files else ():
            count += len(batch)
            for form, file in files.items():
                file.write(FORMS[form].rows(batch).encode())
        for form, file in files.items():
            file.write(FORMS[form].bottom(count).encode())
    return {layout.form(form): file.digest.hexdigest() for form, file in files.items()}


@contextmanager
def _second(folder: Path, begun: Contents) -> Iterator[Future[dict[str, str]] | None]:
    """A second process that makes its forms meanwhile; None where it would not pay."""
    forms = [form for form in begun.asked.forms if form in APART]
    if begun.events < MANY or not forms or not begun.listing.sought.lasts or len(os.sched_getaffinity(0)) < 2:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # a fork would share the connections
        url = database.engine().url.render_as_string(hide_password=False)
        yield pool.submit(_in_second, current(), url, folder, begun.listing, forms)


def _in_second(settings: Settings, url: str, folder: Path, listing: Listing, forms: list[str]) -> dict[str, str]:
    use(settings)
    database.bind(url)
    with database.reading() as db:
        return _forms(db, folder, listing, forms)
