"""What the database refuses by itself about meetings: to change one that was held, or what was on its agenda."""

from __future__ import annotations

from functools import partial

from gateway import triggers
from gateway.db import Base
from gateway.triggers import Refusal

KEPT = "a meeting that was held stays as it was written down"
HELD = "EXISTS (SELECT 1 FROM committee_meeting WHERE id = {row}.meeting_id AND held_at IS NOT NULL)"
REFUSALS = (
    Refusal("meeting_kept", "committee_meeting", "UPDATE", "OLD.held_at IS NOT NULL", KEPT),
    Refusal("meeting_no_delete", "committee_meeting", "DELETE", "1 = 1", KEPT),
    Refusal("agenda_added", "committee_agenda", "INSERT", HELD.format(row="NEW"), KEPT),
    Refusal("agenda_no_update", "committee_agenda", "UPDATE", "1 = 1", KEPT),
    Refusal("agenda_no_delete", "committee_agenda", "DELETE", "1 = 1", KEPT),
    Refusal("attendance_added", "committee_attendance", "INSERT", HELD.format(row="NEW"), KEPT),
    Refusal("attendance_kept", "committee_attendance", "UPDATE", "OLD.present IS NOT NULL", KEPT),
    Refusal("attendance_no_delete", "committee_attendance", "DELETE", "1 = 1", KEPT),
)
TABLES = {each.table for each in REFUSALS}
triggers.when_there(Base.metadata, TABLES, partial(triggers.install, refusals=REFUSALS))
