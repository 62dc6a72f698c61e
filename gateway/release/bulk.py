"""Binary values of a released header: given inline where they are small, else by address (PS3.18 F.2.2)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

Told = dict[str, Any]

INLINE = 64 * 1024  # characters of base64 up to which a value stands in the metadata itself
REFERENCE = re.compile(r"[0-9A-F]{8}(/[1-9][0-9]{0,5}/[0-9A-F]{8}){0,8}")
FRAME_GROUPS = "52009230"  # one item for each frame, and no binary value of any size


def values(told: Told, path: str = "") -> Iterator[tuple[str, bytes]]:
    """(reference, bytes) of each binary value; a reference is tags with item numbers (from 1) between them."""
    for tag, element in told.items():
        if "InlineBinary" in element:
            yield path + tag, b64decode(element["InlineBinary"])
        elif element["vr"] == "SQ" and tag != FRAME_GROUPS:
            for number, item in enumerate(element.get("Value") or (), 1):
                yield from values(item, f"{path}{tag}/{number}/")


def value(told: Told, reference: str) -> bytes | None:
    """One binary value by its reference; None if the header has none there."""
    if not REFERENCE.fullmatch(reference):
        return None
    *above, tag = reference.split("/")
    for sequence, number in zip(above[::2], above[1::2], strict=True):
        items = told.get(sequence, {}).get("Value") or []
        if told.get(sequence, {}).get("vr") != "SQ" or int(number) > len(items):
            return None
        told = items[int(number) - 1]
    encoded = told.get(tag, {}).get("InlineBinary")
    return None if encoded is None else b64decode(encoded)


def addressed(told: Told, url: str) -> Told:
    """The header with its large binary values by address below `url`; what holds none is shared, not copied."""
    changed = {}
    for tag, element in told.items():
        if len(element.get("InlineBinary") or "") > INLINE:
            changed[tag] = {"vr": element["vr"], "BulkDataURI": f"{url}/{tag}"}
        elif element["vr"] == "SQ" and tag != FRAME_GROUPS:
            items = element.get("Value") or []
            made = [addressed(item, f"{url}/{tag}/{number}") for number, item in enumerate(items, 1)]
            if any(new is not old for new, old in zip(made, items, strict=True)):
                changed[tag] = {**element, "Value": made}
    return {**told, **changed} if changed else told
