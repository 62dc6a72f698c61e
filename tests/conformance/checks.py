"""What a check is: a sentence, the clause of PS3.18 that it comes from, and a look at a service.

Nothing here knows the gateway: a service is an address and what has to be sent along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import httpx

from tests.conformance.service import Service
from tests.conformance.verdicts import Differs, DoesNotApply

Look = Callable[[Service], None]


class Outcome(Enum):
    """How a check has ended."""

    PASSED = "passed"
    DIFFERS = "differs"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence that is true of a service that conforms. A clause without a part is one of PS3.18."""

    transaction: str
    clause: str
    says: str
    look: Look


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a check, and why if it did not pass."""

    check: Check
    outcome: Outcome
    why: str = ""


class Transaction:
    """The checks of one transaction, in order."""

    def __init__(self, name: str) -> None:
        self.name, self.checks = name, list[Check]()

    def check(self, clause: str, says: str) -> Callable[[Look], Look]:
        """Add a function as a check."""

        def added(look: Look) -> Look:
            self.checks.append(Check(self.name, clause, says, look))
            return look

        return added


def run(service: Service, transactions: Sequence[Transaction]) -> Iterator[Result]:
    """Every check in turn. An answer that cannot be read at all differs; it ends nothing."""
    for transaction in transactions:
        for check in transaction.checks:
            yield _run(service, check)


def _run(service: Service, check: Check) -> Result:
    try:
        check.look(service)
    except DoesNotApply as told:
        return Result(check, Outcome.DOES_NOT_APPLY, str(told))
    except Differs as told:
        return Result(check, Outcome.DIFFERS, str(told))
    except httpx.HTTPError as told:
        return Result(check, Outcome.DIFFERS, f"no answer that is HTTP: {type(told).__name__}")
    except (KeyError, IndexError, TypeError, ValueError) as told:
        return Result(check, Outcome.DIFFERS, f"an answer that cannot be read: {type(told).__name__} {told}")
    return Result(check, Outcome.PASSED)
