"""How a grant stands at a moment, in plain words: "ends in 29 days"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.projects.models import Grant


@dataclass(frozen=True, slots=True)
class Standing:
    """A grant, its state and the sentence for it."""

    grant: Grant
    state: Literal["not yet", "running", "ended", "suspended", "revoked"]
    sentence: str


def standing(grant: Grant, now: datetime) -> Standing:
    """Where the grant stands: revoked before ended before suspended before running."""
    if grant.revoked_at is not None:
        return Standing(grant, "revoked", "Revoked")
    if now >= grant.ends_at:
        return Standing(grant, "ended", "Ended")
    if grant.suspended_at is not None:
        return Standing(grant, "suspended", "Suspended")
    if now < grant.starts_at:
        return Standing(grant, "not yet", f"Starts {_in(grant.starts_at, now)}")
    return Standing(grant, "running", f"Ends {_in(grant.ends_at, now)}")


def _in(moment: datetime, now: datetime) -> str:
    days = (moment - now).days
    match days:
        case 0:
            return "within a day"
        case 1:
            return "in 1 day"
        case _:
            return f"in {days} days"
