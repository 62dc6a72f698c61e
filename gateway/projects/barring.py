"""What the database refuses by itself: that anybody is on a project and barred from it, or comes onto a closed one."""

from __future__ import annotations

from functools import partial

from gateway import triggers
from gateway.db import Base
from gateway.triggers import Refusal

JUDGED = "whoever judged a project is never on it"
MOVED = "NEW.account_id <> OLD.account_id OR NEW.project_id <> OLD.project_id"
SAME = "project_id = NEW.project_id AND account_id = NEW.account_id"
CLOSED = "EXISTS (SELECT 1 FROM project_closure WHERE project_id = NEW.project_id)"
BARRED = f"EXISTS (SELECT 1 FROM project_barred WHERE {SAME})"  # noqa: S608  # constants
MEMBER = f"EXISTS (SELECT 1 FROM membership WHERE {SAME})"  # noqa: S608  # constants
REFUSALS = (
    Refusal("membership_barred", "membership", "INSERT", BARRED, JUDGED),
    Refusal("project_barred_member", "project_barred", "INSERT", MEMBER, JUDGED),
    Refusal("membership_closed", "membership", "INSERT", CLOSED, "nobody comes onto a closed project"),
    Refusal("project_barred_no_delete", "project_barred", "DELETE", "1 = 1", JUDGED),
    Refusal("project_barred_no_update", "project_barred", "UPDATE", "1 = 1", JUDGED),
    Refusal("membership_no_update", "membership", "UPDATE", MOVED, JUDGED),
)
TABLES = {"membership", "project_barred", "project_closure"}
triggers.when_there(Base.metadata, TABLES, partial(triggers.install, refusals=REFUSALS))
