"""The private blocks of one level of a dataset: which creator reserved which, and what of it may stay (PS3.5 7.8.1)."""

from __future__ import annotations

from gateway.deid.plan import Rule
from gateway.deid.recipe import Action
from gateway.deid.safe_private import SafePrivate

LONGEST = 64  # bytes of a creator


class PrivateBlocks:
    """Reads creators as they come, before their elements; each level of nesting has blocks of its own."""

    __slots__ = ("_creators", "_safe")

    def __init__(self, safe: SafePrivate) -> None:
        self._safe = safe
        self._creators: dict[int, bytes] = {}

    def rule(self, tag: int, data: bytes, start: int, length: int) -> Rule | None:
        """What is done to a private element; None, which removes it, unless it is on the list."""
        if not self._safe.elements:
            return None
        group, element = tag >> 16, tag & 0xFFFF
        if 0x10 <= element <= 0xFF:
            creator = data[start : start + min(length, LONGEST)].strip(b"\0 ")
            self._creators[group << 8 | element] = creator
            known = (group, creator) in self._safe.creators()
            return Rule(Action.KEEP, "", (b"LO",), "safe private creator") if known else None
        creator = self._creators.get(group << 8 | element >> 8, b"")
        vr = self._safe.elements.get((group, creator, element & 0xFF))
        return Rule(Action.KEEP, "", (vr,), "safe private element") if vr else None
