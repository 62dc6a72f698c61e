"""A folder of files, at any depth. Links that lead out of it are not followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.archive.connect import ArchiveError, ObjectRef
from gateway.dicom.source import ByteSource, FileSource


class FolderArchive:
    """Objects are files; a locator is the path below the root, a version the size and time of change."""

    def __init__(self, root: str) -> None:
        self._root = Path(root).resolve()

    def objects(self) -> Iterator[ObjectRef]:
        """Every file, folder by folder in order of name. Raises ArchiveError if there is no such folder."""
        if not self._root.is_dir():
            raise ArchiveError("the archive's folder does not exist")
        for folder, folders, files in os.walk(self._root):
            folders.sort()
            for name in sorted(files):
                path = Path(folder, name)
                if not path.is_symlink() and path.is_file():
                    state = path.stat()
                    locator = path.relative_to(self._root).as_posix()
                    yield ObjectRef(locator, state.st_size, f"{state.st_size}-{state.st_mtime_ns}")

    def open(self, locator: str) -> ByteSource:
        """One file. Raises ArchiveError for one that is not there, or that lies outside."""
        path = (self._root / locator).resolve()
        if not path.is_relative_to(self._root) or not path.is_file():
            raise ArchiveError("the archive no longer has this object")
        return FileSource(path)
