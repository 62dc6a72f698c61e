"""Anybody tries any command in any order, often twice: what is refused changes nothing, what is taken breaks no law."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.db import reading, transaction
from gateway.errors import SlidegateError
from gateway.governance.models import Application
from gateway.people.models import Account
from tests.governance.cast import MORNING
from tests.governance.sequences.attempts import AFTER, COMMANDS, FITTING, Step
from tests.governance.sequences.laws import Remembered, all_hold
from tests.governance.sequences.world import EVERYBODY, Beginning

SEED = st.integers(0, 2**32 - 1)
TALLY: Counter[str] = Counter()  # sequences, and for each command how often it was taken and refused


COUNTED = "SELECT (SELECT count(*) FROM application) + (SELECT count(*) FROM interest_declaration)"


class Sequence(RuleBasedStateMachine):
    """One application from some stage on, with what follows from it: a revision, a change, a round after an appeal."""

    beginning: Beginning

    def __init__(self) -> None:
        super().__init__()
        self.beginning.again()
        TALLY["sequences"] += 1
        self.now = MORNING
        self.targets: list[str] = []
        self.known: dict[str, Remembered] = {}
        self.secrets: list[str] = []
        self.last: tuple[str, str, str, int] | None = None

    @initialize(seed=SEED)
    def begin_at(self, seed: int) -> None:
        self.targets = [Random(seed).choice(list(self.beginning.applications.values()))]
        self.the_laws_hold()

    @rule(seed=SEED)
    def somebody_does_what_may_come_next(self, seed: int) -> None:
        chance = Random(seed)
        target = self._target(chance)
        name = chance.choice(FITTING.get(self.known[target].state, AFTER))
        self.attempt(name, chance.choice(COMMANDS[name].likely), target, seed)

    @rule(seed=SEED)
    def the_next_of_them_does_so_too(self, seed: int) -> None:
        if self.last is not None:
            name, who, target, _ = self.last
            people = COMMANDS[name].likely
            place = people.index(who) + 1 if who in people else 0
            self.attempt(name, people[place % len(people)], target, seed)

    @rule(seed=SEED)
    def anybody_tries_anything(self, seed: int) -> None:
        chance = Random(seed)
        self.attempt(chance.choice(list(COMMANDS)), chance.choice(EVERYBODY), self._target(chance), seed)

    def _target(self, chance: Random) -> str:
        return self.targets[-1] if chance.random() < 0.7 else chance.choice(self.targets)

    @rule()
    def the_same_again(self) -> None:
        if self.last is not None:
            self.attempt(*self.last)

    def attempt(self, name: str, who: str, target: str, chance: int) -> None:
        """Refused: nothing was written. Taken: its one event was."""
        self.now += timedelta(minutes=1)
        self.last, command, known = (name, who, target, chance), COMMANDS[name], self._last_event()
        made, before = None, self._made_so_far()
        try:
            with transaction() as db:
                by = db.get_one(Account, self.beginning.people[who])
                at = Step(db, by, db.get_one(Application, target), self.now, Random(chance), self.secrets)
                made = command.run(at)
        except SlidegateError:
            TALLY[f"{name}, refused"] += 1
            assert self._since(known) == [], f"{name} was refused and wrote"
            return
        TALLY[f"{name}, taken"] += 1
        wrote = [each for each in self._since(known) if each.startswith(command.event)] if command.event else []
        unchanged = command.again and self._made_so_far() == before
        assert len(wrote) == (0 if unchanged or not command.event else 1), f"{name} wrote {wrote}"
        if isinstance(made, Application) and made.id not in self.targets:
            self.targets.append(made.id)

    @invariant()
    def the_laws_hold(self) -> None:
        with reading() as db:
            for target in self.targets:
                all_hold(db, db.get_one(Application, target), self.known.setdefault(target, Remembered()))

    def _last_event(self) -> int:
        return int(self.beginning.look("SELECT coalesce(max(seq), 0) FROM trail_event")[0][0])

    def _since(self, seq: int) -> list[str]:
        return [row[0] for row in self.beginning.look("SELECT action FROM trail_event WHERE seq > ?", seq)]

    def _made_so_far(self) -> int:
        return int(self.beginning.look(COUNTED)[0][0])


def told() -> str:
    """How many sequences and commands there were, and how many of those were refused."""
    taken = sum(count for name, count in TALLY.items() if name.endswith(", taken"))
    refused = sum(count for name, count in TALLY.items() if name.endswith(", refused"))
    return f"{TALLY['sequences']:,} sequences, {taken + refused:,} commands, {refused:,} refused"
