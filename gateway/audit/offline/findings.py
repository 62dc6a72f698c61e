"""What a check of a bundle found: faults, what is proved, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    `kind`: flipped, missing, reordered, truncated, forked, project-gap, opening, signature, key,
    unwitnessed, undated, timestamp, malformed.
    """

    kind: str
    text: str


@dataclass(slots=True)
class Findings:
    """Collected while a bundle is checked."""

    events: int = 0
    size: int = 0
    faults: list[Fault] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)

    def fault(self, kind: str, text: str) -> None:
        """Note a fault; after the first twenty they add nothing."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(kind, text))

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults
