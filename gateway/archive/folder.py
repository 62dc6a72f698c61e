"""A folder of files, at any depth. Links are not followed, neither to files nor to folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote, unquote_to_bytes

from gateway.archive.connect import ArchiveError, ObjectRef, same
from gateway.dicom.source import ByteSource, FileSource

READABLE = "/ !\"#$&'()*+,;:<=>?@[\\]^`{|}~"  # stays as it is in a locator; a % and what is not ASCII does not


class FolderArchive:
    """Objects are files; a locator is the quoted path below the root, a version the size and time of change."""

    def __init__(self, root: str) -> None:
        if not root:
            raise ArchiveError("an archive needs a folder")
        self._root = Path(root).resolve()

    def objects(self) -> Iterator[ObjectRef]:
        """Every file, folder by folder in order of name. Raises ArchiveError if a folder cannot be listed."""
        if not self._root.is_dir():
            raise ArchiveError("the archive's folder does not exist")
        for folder, folders, files in os.walk(self._root, onerror=_not_listed):
            folders.sort()
            for name in sorted(files):
                path = Path(folder, name)
                try:
                    state = path.lstat()
                except FileNotFoundError:
                    continue  # gone since its folder was listed
                if S_ISREG(state.st_mode):
                    locator = quote(os.fsencode(path.relative_to(self._root)), safe=READABLE)
                    yield ObjectRef(locator, state.st_size, _version(state))

    def open(self, locator: str, version: str = "", size: int = -1) -> ByteSource:
        """One file. Raises ArchiveError for one that is not there, has changed, or lies outside."""
        try:
            source = FileSource(self._path(locator))
            same(self.version(locator), version)
        except OSError:
            raise ArchiveError("the archive no longer has this object") from None
        return source

    def version(self, locator: str) -> str:
        """Size and time of change as they are now. Raises ArchiveError like `open`."""
        try:
            return _version(self._path(locator).stat())
        except FileNotFoundError:
            raise ArchiveError("the archive no longer has this object") from None

    def _path(self, locator: str) -> Path:
        below = os.fsdecode(unquote_to_bytes(locator))
        path = (self._root / below).resolve() if "\0" not in below else self._root
        if not path.is_relative_to(self._root) or not path.is_file():
            raise ArchiveError("the archive no longer has this object")
        return path


def _version(state: os.stat_result) -> str:
    return f"{state.st_size}-{state.st_mtime_ns}"


def _not_listed(error: OSError) -> None:
    """Stop: objects of a folder that cannot be listed are not gone."""
    raise ArchiveError("a folder of the archive cannot be listed")
