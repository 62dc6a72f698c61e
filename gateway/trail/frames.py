"""A set of frame numbers, small enough to stand in an event.

Few runs are written so that a person can read them, `{"count": 4, "runs": "0-2,7"}`; many become a bitmap
of which bit i is frame first + i (least significant bit first), deflated and in base 64:
`{"count": n, "first": f, "bitmap": "..."}`. Frames are counted from 0.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.trail.canonical import Json

LONGEST_TEXT = 200


def packed(frames: Iterable[int]) -> dict[str, Json]:
    """The frames as they stand in an event's detail. ValueError if there is none."""
    numbers = sorted(set(frames))
    if not numbers:
        raise ValueError("no frame to pack")
    text = ",".join(f"{a}-{b}" if b > a else str(a) for a, b in _runs(numbers))
    if len(text) <= LONGEST_TEXT:
        return {"count": len(numbers), "runs": text}
    first = numbers[0]
    bits = bytearray((numbers[-1] - first) // 8 + 1)
    for number in numbers:
        bits[(number - first) >> 3] |= 1 << ((number - first) & 7)
    bitmap = base64.b64encode(zlib.compress(bytes(bits), 9)).decode()
    return {"count": len(numbers), "first": first, "bitmap": bitmap}


def unpacked(detail: Mapping[str, Any]) -> set[int]:
    """The frames that a detail written by `packed` names."""
    if "runs" in detail:
        pairs = (run.partition("-") for run in detail["runs"].split(","))
        return {n for a, _, b in pairs for n in range(int(a), int(b or a) + 1)}
    bits = zlib.decompress(base64.b64decode(detail["bitmap"]))
    return {detail["first"] + i * 8 + j for i, byte in enumerate(bits) if byte for j in range(8) if byte >> j & 1}


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    start = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield start, last
            start = number
        last = number
    yield start, last
