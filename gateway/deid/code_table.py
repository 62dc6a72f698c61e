"""The codes of PS3.16 with their meanings, as pydicom carries them, in a fraction of the memory.

As Python objects the tables weigh 20 MB in every process, so one that ends again reads them and tells them as text.
"""

from __future__ import annotations

import subprocess
import sys
from array import array
from bisect import bisect_left
from functools import lru_cache
from typing import Any, cast

END = b"\n"


class CodeTable:
    """Lines `scheme, code value, meaning` in the order of their bytes; looked up by halving."""

    def __init__(self, lines: bytes) -> None:
        self._lines = lines
        self._starts = array("I", [0])
        while (found := lines.find(END, self._starts[-1])) >= 0:
            self._starts.append(found + 1)

    def meaning(self, scheme: str, value: str) -> str | None:
        """What a code means; None if its scheme does not have it."""
        key = f"{scheme}\t{value}\t".encode()
        count = len(self._starts) - 1
        at = bisect_left(range(count), key, key=self._line)
        line = self._line(at) if at < count else b""
        return line[len(key) :].decode() if line.startswith(key) else None

    def _line(self, number: int) -> bytes:
        return self._lines[self._starts[number] : self._starts[number + 1] - 1]


@lru_cache(maxsize=1)
def code_table() -> CodeTable:
    """The context groups of PS3.16."""
    told = subprocess.run([sys.executable, "-m", __name__], check=True, stdout=subprocess.PIPE)  # noqa: S603  # ourselves
    return CodeTable(told.stdout)


def _lines() -> bytes:
    from pydicom.sr._concepts_dict import concepts
    from pydicom.sr._snomed_dict import mapping

    known: dict[tuple[str, str], str] = {}
    for scheme, by_keyword in cast(dict[str, dict[str, Any]], concepts).items():
        for codes in by_keyword.values():
            known |= {(scheme, str(value)): str(found[0]) for value, found in codes.items()}
    for value, sct in mapping["SRT"].items():  # names of SNOMED before SCT
        if ("SCT", sct) in known:
            known["SRT", value] = known["SNM3", value] = known["SCT", sct]
    lines = (f"{scheme}\t{value}\t{meaning}\n".encode() for (scheme, value), meaning in known.items())
    return b"".join(sorted(lines))


if __name__ == "__main__":
    sys.stdout.buffer.write(_lines())
