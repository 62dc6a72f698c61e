"""Where an application can go from where it stands, and the one function that moves it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway.governance.guards import ChangedMeanwhile, in_state
from gateway.governance.models import Application, State

NEXT: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset({State.IN_REVIEW, State.WITHDRAWN}),
    State.IN_REVIEW: frozenset(
        {
            State.APPROVED,
            State.APPROVED_WITH_CONDITIONS,
            State.RETURNED,
            State.REJECTED,
            State.WITHDRAWN,
        }
    ),
}
OPEN = tuple(NEXT)


def move(db: Session, application: Application, to: State, **values: Any) -> None:
    """Bring the application to a state, with other columns to set.

    Of two who move it at once the second gets ChangedMeanwhile: the row changes only if it still is as read.
    """
    in_state(application, *(state for state in OPEN if to in NEXT[state]))
    touch(db, application, state=to.value, **values)


def touch(db: Session, application: Application, **values: Any) -> None:
    """Change columns and raise the version, if the row still is as read. Raises ChangedMeanwhile."""
    db.flush()
    seen = (Application.version == application.version, Application.state == application.state)
    changed = db.execute(
        update(Application)
        .where(Application.id == application.id, *seen)
        .values(version=Application.version + 1, **values)
        .returning(Application.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if changed is None:
        raise ChangedMeanwhile
    db.refresh(application)
