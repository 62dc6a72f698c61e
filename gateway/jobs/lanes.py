"""Where work is sent: what looks at pixels in a lane of its own, so that neither waits for the other."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """An executor, and how many items it can do at once."""

    executor: Executor
    at_once: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """That of work which needs a reader (handlers.py), and that of everything else."""

    usual: Lane
    reading: Lane

    @staticmethod
    def through(executor: Executor, at_once: int = 2) -> Lanes:
        """Both through one executor; one item at a time that needs a reader."""
        return Lanes(Lane(executor, at_once), Lane(executor, 1))
