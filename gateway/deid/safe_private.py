"""Private elements that may stay (PS3.15 E.3.10): by creator, group and element, and only of VRs that hold numbers."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.deid.errors import BadRecipe

NUMBERS = frozenset(("DS", "IS", "FD", "FL", "US", "SS", "UL", "SL", "UV", "SV"))
_FILE = re.compile(r"[a-z0-9-]{1,60}\.toml")
_PLACE = re.compile(r"([0-9A-F]{4}),xx([0-9A-F]{2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SafePrivate:
    """The list: (group, creator, low byte of the element) -> VR."""

    sha256: str
    elements: dict[tuple[int, bytes, int], bytes]

    def creators(self) -> frozenset[tuple[int, bytes]]:
        """(group, creator) of which anything may stay."""
        return frozenset((group, creator) for group, creator, _low in self.elements)


NOTHING_PRIVATE = SafePrivate("", {})


def read_safe_private(path: Path) -> SafePrivate:
    """The list in a file. Raises BadRecipe."""
    if not _FILE.fullmatch(path.name) or not path.is_file():
        raise BadRecipe("the list of safe private elements is not there")
    text = path.read_text("utf-8")
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRecipe(f"the list of safe private elements is not valid TOML: {error}") from None
    found: dict[tuple[int, bytes, int], bytes] = {}
    for each in loaded.get("element", []):
        place = _PLACE.fullmatch(str(each.get("place", "")))
        vr, creator = str(each.get("vr", "")), str(each.get("creator", ""))
        if place is None or not int(place[1], 16) & 1 or vr not in NUMBERS or not creator or not each.get("why"):
            raise BadRecipe("a safe private element has a creator, a place such as 0019,xx10, a VR of numbers, and why")
        found[int(place[1], 16), creator.encode("ascii"), int(place[2], 16)] = vr.encode("ascii")
    return SafePrivate(sha256(text.encode()).hexdigest(), found)
