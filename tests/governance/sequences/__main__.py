"""`make laws`: ten thousand sequences of commands (COUNT=), and after each step every law; writes var/laws.json."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console

from tests.governance.sequences.attempts import COMMANDS
from tests.governance.sequences.machine import TALLY, Sequence, told
from tests.governance.sequences.world import Beginning

STEPS = 25


def main() -> None:
    """Run them; a broken law ends it with the shortest sequence that breaks it."""
    count = int(os.environ.get("COUNT", "10000"))
    began = time.monotonic()
    at_length = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=DirectoryBasedExampleDatabase(".hypothesis/laws"),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
    )
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        Sequence.beginning = Beginning(Path(folder))
        run_state_machine_as_test(Sequence, settings=at_length)
    never = [name for name in COMMANDS if not TALLY[f"{name}, taken"]]
    took = time.monotonic() - began
    Console().print(f"{told()}, no law broken, in {took:.0f} s; never taken: {', '.join(never) or 'none'}")
    Path("var").mkdir(exist_ok=True)
    Path("var/laws.json").write_text(json.dumps(dict(sorted(TALLY.items())), indent=1), "utf-8")
    sys.exit(bool(never))


if __name__ == "__main__":
    main()
