"""Who is in a folder: the identifiers of each patient and study, gathered from all of its headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from gateway.deid.identifiers import NOBODY, Identifiers
from gateway.dicom.header import read_header
from gateway.dicom.source import FileSource
from gateway.errors import SlidegateError

PATIENT_ID, STUDY_UID = 0x00100020, 0x0020000D
Told = tuple[tuple[tuple[int, bytes], ...], Identifiers]


def told_by(path: Path) -> Told:
    """The patient and study of one file, and its identifiers; nothing if it cannot be read."""
    try:
        source = FileSource(path)
    except OSError:
        return (), NOBODY
    try:
        header = read_header(source)
        named = ((tag, (header.value(tag) or b"").strip(b"\0 ")) for tag in (PATIENT_ID, STUDY_UID))
        return tuple(each for each in named if each[1]), Identifiers.of(header)
    except SlidegateError:
        return (), NOBODY  # it will be refused when its turn comes
    finally:
        source.close()


def known_to_all(told: Iterable[Told]) -> list[Identifiers]:
    """For each file the identifiers of all files of its patient or its study."""
    files = list(told)
    together = defaultdict[tuple[int, bytes], Identifiers](lambda: NOBODY)
    for belongs, identifiers in files:
        for each in belongs:
            together[each] = together[each].merge(identifiers)
    merged = {}
    for belongs, _own in files:
        if belongs not in merged:
            merged[belongs] = NOBODY
            for each in belongs:
                merged[belongs] = merged[belongs].merge(together[each])
    return [merged[belongs] for belongs, _own in files]
