"""What a rewriting did, element by element, for `deid explain`: the same pass, watched."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.datadict import dictionary_description

from gateway.deid.plan import Rule

LONGEST = 80  # characters shown of a value
_BINARY = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"UN", b"SQ"))
_NUMBERS = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"AT": 4, b"UV": 8, b"SV": 8}


@dataclass(frozen=True, slots=True)
class Step:
    """One element: before -> action -> after, and the rule that did it. `depth` counts sequences."""

    depth: int
    tag: str
    name: str
    before: str
    action: str
    after: str
    rule: str


class Trace:
    """Collects steps in the order of the dataset."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def kept(self, tag: int, vr: bytes, value: bytes, rule: Rule, depth: int) -> None:
        """A value that stays."""
        text = shown(vr, value)
        self._add(depth, tag, text, "keep", text, rule.source)

    def changed(self, tag: int, vr: bytes, value: bytes, new: bytes | None, rule: Rule | None, depth: int) -> None:
        """A value replaced, or an element left out."""
        source = rule.source if rule else "not named by the policy"
        if new is None:
            self._add(depth, tag, shown(vr, value), "remove", "", source)
        else:
            action = "blank" if not new else (rule.argument if rule and rule.argument else "replace")
            self._add(depth, tag, shown(vr, value), action, shown(vr, new), source)

    def entered(self, tag: int, rule: Rule, depth: int) -> None:
        """A sequence whose items follow."""
        self._add(depth, tag, "", rule.argument or "keep items", "", rule.source)

    def _add(self, depth: int, tag: int, before: str, action: str, after: str, rule: str) -> None:
        self.steps.append(
            Step(depth, f"({tag >> 16:04X},{tag & 0xFFFF:04X})", name_of(tag), before, action, after, rule)
        )


def name_of(tag: int) -> str:
    """The attribute's name in PS3.6, or what kind of stranger it is."""
    try:
        return dictionary_description(tag)
    except KeyError:
        return "Private attribute" if tag >> 16 & 1 else "Unknown attribute"


def shown(vr: bytes, value: bytes) -> str:
    """A value for a reader's eyes: text as text, anything else as its size."""
    if vr in _BINARY:
        return f"{len(value)} bytes"
    if vr in _NUMBERS:
        return f"{len(value) // _NUMBERS[vr]} numbers, binary" if len(value) != _NUMBERS[vr] else value.hex()
    text = value.decode("utf-8", "replace").strip("\0 ")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
