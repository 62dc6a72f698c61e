"""What the database refuses by itself about agreements and training: to unsay a signature, to make one's own count."""

from __future__ import annotations

from functools import partial

from gateway import triggers
from gateway.db import Base
from gateway.triggers import Refusal

KEPT = "what was signed stays as it was signed"
SHOWN = "a certificate stays as it was shown"
NO_AGREEMENT = "what a committee approved is used under an agreement"
FACTS = ("account_id", "kind", "provider", "number", "taken_on", "ends_on", "ends_at", "shown_at")
ASKED = (
    "EXISTS (SELECT 1 FROM membership WHERE project_id = NEW.project_id AND account_id = NEW.account_id) "
    "AND EXISTS (SELECT 1 FROM access_grant WHERE project_id = NEW.project_id "
    "AND agreement_sha256 = NEW.agreement_sha256)"
)
APPROVED = "EXISTS (SELECT 1 FROM project WHERE id = NEW.project_id AND application_id IS NOT NULL)"
STEPS = (
    "(OLD.state = 'waiting' AND NEW.state IN ('accepted', 'refused')) "
    "OR (OLD.state = 'accepted' AND NEW.state = 'withdrawn')"
)
CHANGED = " OR ".join(f"NEW.{each} IS DISTINCT FROM OLD.{each}" for each in FACTS)
REFUSALS = (
    Refusal("agreement_text_no_update", "agreement_text", "UPDATE", "1 = 1", KEPT),
    Refusal("agreement_text_no_delete", "agreement_text", "DELETE", "1 = 1", KEPT),
    Refusal("signature_asked", "agreement_signature", "INSERT", f"NOT ({ASKED})", "only a member signs what is asked"),
    Refusal("signature_no_update", "agreement_signature", "UPDATE", "1 = 1", KEPT),
    Refusal("signature_no_delete", "agreement_signature", "DELETE", "1 = 1", KEPT),
    Refusal("certificate_waits", "training_certificate", "INSERT", "NEW.state <> 'waiting'", "a steward looks first"),
    Refusal("certificate_facts", "training_certificate", "UPDATE", CHANGED, SHOWN),
    Refusal("certificate_steps", "training_certificate", "UPDATE", f"NOT ({STEPS})", "no step is skipped"),
    Refusal(
        "certificate_own",
        "training_certificate",
        "UPDATE",
        "NEW.checked_by_id = NEW.account_id",
        "nobody checks their own training",
    ),
    Refusal("certificate_no_delete", "training_certificate", "DELETE", "1 = 1", SHOWN),
    Refusal("grant_agreed", "access_grant", "INSERT", f"NEW.agreement_sha256 IS NULL AND {APPROVED}", NO_AGREEMENT),
    Refusal(
        "grant_stays_agreed",
        "access_grant",
        "UPDATE",
        "OLD.agreement_sha256 IS NOT NULL AND NEW.agreement_sha256 IS NULL",
        NO_AGREEMENT,
    ),
)
TABLES = {each.table for each in REFUSALS} | {"membership", "project"}
triggers.when_there(Base.metadata, TABLES, partial(triggers.install, refusals=REFUSALS))
