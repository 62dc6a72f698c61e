"""What the database refuses by itself: that anybody is on a project that they are barred from, or that is closed.

And that anybody is given what they are blocked from.
"""

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
BLOCKED = "somebody who is blocked from a dataset is given none of it"
LIFTED = "a block is lifted once, by somebody else, and nothing else of it changes"
HELD = (
    "FROM dataset_block b JOIN people_account p ON (p.id = b.account_id OR lower(p.email) = b.email) "
    "JOIN access_grant g ON b.lifted_at IS NULL AND (b.ends_at IS NULL OR b.ends_at > {now}) "
)
GRANTED = (
    "EXISTS (SELECT 1 " + HELD.format(now="g.issued_at") + "JOIN membership m ON m.project_id = g.project_id "
    "AND m.account_id = p.id WHERE g.id = NEW.grant_id AND b.dataset_id = NEW.dataset_id)"
)
JOINED = (
    "EXISTS (SELECT 1 " + HELD.format(now="NEW.since") + "JOIN access_grant_dataset d ON d.grant_id = g.id "
    "AND d.dataset_id = b.dataset_id WHERE p.id = NEW.account_id AND g.project_id = NEW.project_id "
    "AND g.revoked_at IS NULL AND g.ends_at > NEW.since)"
)
FACTS = ("dataset_id", "email", "account_id", "reason", "made_by_id", "made_at", "ends_at")
FORGED = " OR ".join(f"NEW.{each} IS DISTINCT FROM OLD.{each}" for each in FACTS)
AGAIN = "OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL OR NEW.lifted_by_id = NEW.account_id"
REFUSALS = (
    Refusal("membership_barred", "membership", "INSERT", BARRED, JUDGED),
    Refusal("access_grant_dataset_blocked", "access_grant_dataset", "INSERT", GRANTED, BLOCKED),
    Refusal("membership_blocked", "membership", "INSERT", JOINED, BLOCKED),
    Refusal("dataset_block_lifted", "dataset_block", "UPDATE", f"{FORGED} OR {AGAIN}", LIFTED),
    Refusal("dataset_block_no_delete", "dataset_block", "DELETE", "1 = 1", LIFTED),
    Refusal("project_barred_member", "project_barred", "INSERT", MEMBER, JUDGED),
    Refusal("membership_closed", "membership", "INSERT", CLOSED, "nobody comes onto a closed project"),
    Refusal("project_barred_no_delete", "project_barred", "DELETE", "1 = 1", JUDGED),
    Refusal("project_barred_no_update", "project_barred", "UPDATE", "1 = 1", JUDGED),
    Refusal("membership_no_update", "membership", "UPDATE", MOVED, JUDGED),
)
TABLES = {
    "membership", "project_barred", "project_closure", "dataset_block", "access_grant", "access_grant_dataset",
    "people_account",
}  # fmt: skip
triggers.when_there(Base.metadata, TABLES, partial(triggers.install, refusals=REFUSALS))
