"""What the database refuses by itself: to change what was submitted or said, to skip a state, to judge one's own."""

from __future__ import annotations

from functools import partial
from typing import Literal

from gateway import triggers
from gateway.db import Base
from gateway.governance.attaching import REMOVED
from gateway.governance.models import AppealState, ReviewState, SiteAnswer, State
from gateway.governance.paperwork import HandOverState
from gateway.governance.states import NEXT
from gateway.triggers import Refusal

Verb = Literal["INSERT", "UPDATE", "DELETE"]
FIXED = ("kind", "form_sha256", "submitted_at", "revises_id", "changes_id", "started_at")
SAID = "what was said stays as it was said"
SUBMITTED = "what was submitted stays as it was submitted"
OWN = "nobody judges their own application"
GONE = "what was removed stays so, and holds nothing"
LED = "another leads an application only once they accepted it"
ASKED_RIGHTLY = "a co-applicant is asked to lead, by an application whose lead is another"
DECLARED = "whoever has a say has declared to have no conflict of interest"


def _changed(*columns: str) -> str:
    return " OR ".join(f"NEW.{each} IS DISTINCT FROM OLD.{each}" for each in columns)


def _own(row: str, account: str) -> str:
    """The account applies, accepted an invitation, or is on the project that is to be changed."""
    here = f"{row}.application_id"
    return (
        f"EXISTS (SELECT 1 FROM application WHERE id = {here} AND applicant_id = {account}) OR "  # noqa: S608  # constants
        f"EXISTS (SELECT 1 FROM invitation WHERE application_id = {here} AND accepted_by_id = {account}) OR "
        f"EXISTS (SELECT 1 FROM application a JOIN membership m ON m.project_id = a.changes_id "
        f"WHERE a.id = {here} AND m.account_id = {account})"
    )


def _conflicted(row: str, account: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM conflict_of_interest WHERE application_id = {row}.application_id "  # noqa: S608  # constants
        f"AND account_id = {account})"
    )


def _undeclared(row: str, account: str, column: str = "application_id") -> str:
    return (
        f"NOT EXISTS (SELECT 1 FROM interest_declaration d JOIN application a ON a.id = d.application_id "  # noqa: S608  # constants
        f"WHERE d.application_id = {row}.{column} AND d.account_id = {account} AND d.lead_id = a.applicant_id)"
    )


def _silent(row: str, account: str) -> str:
    """Who has no say: whoever has not declared to have no conflict of interest, or has one."""
    return f"({_undeclared(row, account)} OR {_conflicted(row, account)})"


def _in_state(row: str, *states: str) -> str:
    listed = ", ".join(f"'{each}'" for each in states)
    return f"EXISTS (SELECT 1 FROM application WHERE id = {row}.application_id AND state IN ({listed}))"  # noqa: S608  # constants


def _skips() -> str:
    ways = (f"(OLD.state = '{here}' AND NEW.state = '{there}')" for here in NEXT for there in sorted(NEXT[here]))
    return f"NEW.state <> OLD.state AND NOT ({' OR '.join(ways)})"


def _refusal(table: str, verb: Verb, name: str, when: str, says: str) -> Refusal:
    return Refusal(f"{table}_{name}", table, verb, when, says)


def _never(table: str, *verbs: Verb) -> tuple[Refusal, ...]:
    return tuple(_refusal(table, verb, f"no_{verb.lower()}", "1 = 1", SAID) for verb in verbs)


ASIDE = f"NEW.state = '{ReviewState.STEPPED_ASIDE}' AND {_conflicted('OLD', 'OLD.reviewer_id')}"
ASKED_AGAIN = f"NEW.state = '{SiteAnswer.WAITING}' AND {_conflicted('OLD', 'OLD.answered_by_id')}"
FILE = ("application_id", "question", "sha256")
CONTENT = ("name", "sealed")
EMPTY = f"(NEW.name = '{REMOVED}' AND length(NEW.sealed) = 0)"
WIPED = f"(NEW.redacted_at IS NOT NULL AND {EMPTY})"
HALF_WIPED = f"(NEW.redacted_at IS NOT NULL AND NOT {EMPTY})"
HANDED_IN = f"OLD.state <> '{State.DRAFT}'"
UNDER_RULES = "OLD.workflow_sha256 IS NOT NULL"
GIVEN = f"NEW.state = '{ReviewState.GIVEN}'"
ANSWERS = "CAST(NEW.answers AS text) <> CAST(OLD.answers AS text)"
SITE_ANSWERED = f"OLD.state <> '{SiteAnswer.WAITING}'"
ASKED_BY = "NEW.asked_by_id IS NOT NULL"
ANSWERED = "NEW.answered_by_id IS NOT NULL"
TRIAGED = "NEW.triaged_by_id IS DISTINCT FROM OLD.triaged_by_id"
BY_TRIAGE = ("NEW.triaged_by_id", "id")
LEAD = "NEW.applicant_id IS DISTINCT FROM OLD.applicant_id"
ACCEPTED = (
    "EXISTS (SELECT 1 FROM hand_over h WHERE h.application_id = OLD.id AND h.from_id = OLD.applicant_id "
    "AND h.to_id = NEW.applicant_id AND h.state = 'accepted' "
    "AND h.proposed_at = (SELECT max(proposed_at) FROM hand_over WHERE application_id = OLD.id))"
)
TO_A_CO_APPLICANT = (
    "NEW.state = 'waiting' AND NEW.to_id <> NEW.from_id "
    "AND EXISTS (SELECT 1 FROM application WHERE id = NEW.application_id AND applicant_id = NEW.from_id) "
    "AND EXISTS (SELECT 1 FROM invitation WHERE application_id = NEW.application_id AND accepted_by_id = NEW.to_id)"
)
HAND_OVER = ("application_id", "from_id", "to_id", "proposed_by_id", "reason", "proposed_at")
HEARD = f"OLD.state <> '{AppealState.WAITING}'"
DECIDED_BY_SAME = (
    "EXISTS (SELECT 1 FROM decision d WHERE d.application_id = NEW.application_id "
    "AND d.decided_by_id = NEW.decided_by_id)"
)

REFUSALS: tuple[Refusal, ...] = (
    _refusal("application", "INSERT", "begins", f"NEW.state <> '{State.DRAFT}'", "an application begins as a draft"),
    _refusal("application", "UPDATE", "state", _skips(), "no state is skipped"),
    _refusal("application", "UPDATE", "frozen", f"{HANDED_IN} AND ({ANSWERS} OR {_changed(*FIXED)})", SUBMITTED),
    _refusal("application", "UPDATE", "rules", f"{UNDER_RULES} AND ({_changed('workflow_sha256')})", SUBMITTED),
    _refusal("application", "UPDATE", "led", f"{LEAD} AND NOT {ACCEPTED}", LED),
    *_never("application", "DELETE"),
    _refusal("hand_over", "INSERT", "asked", f"NOT ({TO_A_CO_APPLICANT})", ASKED_RIGHTLY),
    _refusal("hand_over", "UPDATE", "kept", f"OLD.state <> '{HandOverState.WAITING}' OR {_changed(*HAND_OVER)}", SAID),
    *_never("hand_over", "DELETE"),
    _refusal("remark", "INSERT", "own", _own("NEW", "NEW.by_id"), OWN),
    _refusal("remark", "INSERT", "in_time", _in_state("NEW", State.DRAFT), "a remark is about what was submitted"),
    *_never("remark", "UPDATE", "DELETE"),
    *_never("policy_text", "UPDATE", "DELETE"),
    _refusal("attachment", "INSERT", "frozen_insert", f"NOT {_in_state('NEW', State.DRAFT)}", SUBMITTED),
    _refusal("attachment", "DELETE", "frozen_delete", f"NOT {_in_state('OLD', State.DRAFT)}", SUBMITTED),
    _refusal(
        "attachment",
        "UPDATE",
        "frozen_update",
        f"NOT {_in_state('OLD', State.DRAFT)} AND ({_changed(*FILE)} OR ({_changed(*CONTENT)}) AND NOT {WIPED})",
        SUBMITTED,
    ),
    _refusal("attachment", "UPDATE", "redacted", f"OLD.redacted_at IS NOT NULL OR {HALF_WIPED}", GONE),
    _refusal("attachment", "UPDATE", "own", _own("NEW", "NEW.redacted_by_id"), OWN),
    _refusal("review", "UPDATE", "kept", f"OLD.state <> '{ReviewState.WAITING}' AND NOT ({ASIDE})", SAID),
    _refusal("review", "UPDATE", "own", f"{GIVEN} AND ({_own('NEW', 'NEW.reviewer_id')})", OWN),
    _refusal("review", "UPDATE", "declared", f"{GIVEN} AND {_silent('NEW', 'NEW.reviewer_id')}", DECLARED),
    _refusal("review", "INSERT", "declared_asking", f"{ASKED_BY} AND {_silent('NEW', 'NEW.asked_by_id')}", DECLARED),
    *_never("review", "DELETE"),
    _refusal("application", "UPDATE", "declared", f"{TRIAGED} AND {_undeclared('NEW', *BY_TRIAGE)}", DECLARED),
    _refusal("site_consent", "UPDATE", "kept", f"{SITE_ANSWERED} AND NOT ({ASKED_AGAIN})", SAID),
    _refusal("site_consent", "UPDATE", "own", _own("NEW", "NEW.answered_by_id"), OWN),
    _refusal("site_consent", "UPDATE", "declared", f"{ANSWERED} AND {_silent('NEW', 'NEW.answered_by_id')}", DECLARED),
    *_never("site_consent", "DELETE"),
    _refusal("vote", "INSERT", "own", _own("NEW", "NEW.account_id"), OWN),
    _refusal(
        "vote",
        "INSERT",
        "in_time",
        f"NOT {_in_state('NEW', State.IN_REVIEW)} OR {_conflicted('NEW', 'NEW.account_id')}",
        "a vote is cast in review, by whom no conflict keeps from it",
    ),
    _refusal("vote", "INSERT", "declared", _silent("NEW", "NEW.account_id"), DECLARED),
    *_never("vote", "UPDATE"),
    _refusal("vote", "DELETE", "kept", f"NOT {_conflicted('OLD', 'OLD.account_id')}", SAID),
    *_never("conflict_of_interest", "UPDATE", "DELETE"),
    *_never("interest_declaration", "UPDATE", "DELETE"),
    _refusal("decision", "INSERT", "declared", _silent("NEW", "NEW.decided_by_id"), DECLARED),
    _refusal("decision", "INSERT", "own", _own("NEW", "NEW.decided_by_id"), OWN),
    _refusal(
        "decision",
        "INSERT",
        "agrees",
        "NOT EXISTS (SELECT 1 FROM application WHERE id = NEW.application_id AND state = NEW.outcome)",
        "a decision and the state that it leads to agree",
    ),
    *_never("decision", "UPDATE", "DELETE"),
    _refusal("appeal", "UPDATE", "kept", HEARD, SAID),
    _refusal(
        "appeal",
        "UPDATE",
        "own",
        f"NEW.decided_by_id IS NOT NULL AND ({DECIDED_BY_SAME} OR {_own('NEW', 'NEW.decided_by_id')})",
        OWN,
    ),
    _refusal(
        "appeal",
        "UPDATE",
        "declared",
        f"NEW.decided_by_id IS NOT NULL AND {_silent('NEW', 'NEW.decided_by_id')}",
        DECLARED,
    ),
    *_never("appeal", "DELETE"),
)
TABLES = {each.table for each in REFUSALS} | {"membership", "invitation"}
triggers.when_there(Base.metadata, TABLES, partial(triggers.install, refusals=REFUSALS))
