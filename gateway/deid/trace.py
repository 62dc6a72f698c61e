"""What a rewriting did, element by element, for `deid explain`: the same pass, watched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from pydicom.datadict import dictionary_description

from gateway.deid.plan import Rule
from gateway.deid.recipe import Action

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


class Watcher(Protocol):
    """Is told by the rewriter what becomes of each element."""

    def restart(self) -> None:
        """The pass begins again: what was told so far does not count."""
        ...

    def kept(self, tag: int, vr: bytes, value: bytes, rule: Rule, depth: int) -> None:
        """A value that stays."""
        ...

    def changed(self, tag: int, vr: bytes, value: bytes, new: bytes | None, rule: Rule | None, depth: int) -> None:
        """A value replaced, or (None) an element left out."""
        ...

    def entered(self, tag: int, rule: Rule, depth: int) -> None:
        """A sequence whose items follow."""
        ...

    def codes(self, tag: int, old: bytes, new: bytes, rule: Rule, depth: int) -> None:
        """A sequence of codes, encoded as it was and as it is now."""
        ...


class Tally:
    """Counts what was done to which attribute; holds no value."""

    def __init__(self) -> None:
        self.done: Counter[tuple[int, str]] = Counter()

    def restart(self) -> None:
        """Count from nothing."""
        self.done.clear()

    def kept(self, tag: int, vr: bytes, value: bytes, rule: Rule, depth: int) -> None:
        """A value that stays."""
        self.done[tag, "keep"] += 1

    def changed(self, tag: int, vr: bytes, value: bytes, new: bytes | None, rule: Rule | None, depth: int) -> None:
        """A value replaced, or (None) an element left out."""
        self.done[tag, action_of(new, rule)] += 1

    def entered(self, tag: int, rule: Rule, depth: int) -> None:
        """A sequence whose items follow: counted by what is in them."""

    def codes(self, tag: int, old: bytes, new: bytes, rule: Rule, depth: int) -> None:
        """A sequence of codes."""
        self.done[tag, "keep" if new == old else rule.argument] += 1


class KeptTexts:
    """Collects the free texts that were found clean, as they were."""

    def __init__(self) -> None:
        self.texts: set[str] = set()

    def restart(self) -> None:
        """Collect from nothing."""
        self.texts.clear()

    def kept(self, tag: int, vr: bytes, value: bytes, rule: Rule, depth: int) -> None:
        """No text that was looked at."""

    def changed(self, tag: int, vr: bytes, value: bytes, new: bytes | None, rule: Rule | None, depth: int) -> None:
        """A text that came out other than it went in was not clean."""
        bare = value.strip(b"\0 ")
        if rule is not None and rule.argument == "clean_text" and bare and new == bare:
            self.texts.add(bare.decode("latin-1"))

    def entered(self, tag: int, rule: Rule, depth: int) -> None:
        """No text."""

    def codes(self, tag: int, old: bytes, new: bytes, rule: Rule, depth: int) -> None:
        """No text."""


class Trace:
    """Collects steps in the order of the dataset."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def restart(self) -> None:
        """Collect from nothing."""
        self.steps.clear()

    def kept(self, tag: int, vr: bytes, value: bytes, rule: Rule, depth: int) -> None:
        """A value that stays."""
        text = shown(vr, value)
        self._add(depth, tag, text, "keep", text, rule.source)

    def changed(self, tag: int, vr: bytes, value: bytes, new: bytes | None, rule: Rule | None, depth: int) -> None:
        """A value replaced, or an element left out."""
        source = rule.source if rule else "not named by the policy"
        after = "" if new is None else shown(vr, new)
        self._add(depth, tag, shown(vr, value), action_of(new, rule), after, source)

    def entered(self, tag: int, rule: Rule, depth: int) -> None:
        """A sequence whose items follow."""
        self._add(depth, tag, "", rule.argument or "keep items", "", rule.source)

    def codes(self, tag: int, old: bytes, new: bytes, rule: Rule, depth: int) -> None:
        """A sequence of codes: its bytes' number is all that is shown."""
        action = "keep" if new == old else rule.argument
        self._add(depth, tag, f"codes, {len(old)} bytes", action, f"codes, {len(new)} bytes", rule.source)

    def _add(self, depth: int, tag: int, before: str, action: str, after: str, rule: str) -> None:
        self.steps.append(
            Step(depth, f"({tag >> 16:04X},{tag & 0xFFFF:04X})", name_of(tag), before, action, after, rule)
        )


def action_of(new: bytes | None, rule: Rule | None) -> str:
    """The word for what was done, in the recipe's terms."""
    if new is None:
        return "remove"
    if not new:
        return "blank"
    function = rule is not None and rule.action is Action.FUNCTION
    return rule.argument if rule is not None and function else "replace"


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
