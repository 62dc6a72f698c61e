"""Work behind the pages: looks that could not be recorded at their time."""

from __future__ import annotations

from datetime import datetime

from gateway.audit import spool
from gateway.jobs.rounds import go_round


@go_round(every=60)
def record_late_looks(now: datetime) -> None:
    """Record the looks at the log that wait on this host."""
    spool.fold_in(now=now)
