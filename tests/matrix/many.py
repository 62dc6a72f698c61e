"""The world of the matrix again and again: every row copied with ids of its own, as a gateway fills over the years."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Table, insert, select, text
from sqlalchemy.orm import Session

from gateway.db import ALPHABET, Base, transaction

PEOPLE, DATASETS, SITES, FOR_EVER = 50, 200, 30, 10**9
COPIED = {  # table: how many copies there are at most; the next refer to the first again
    "people_account": PEOPLE, "people_account_role": PEOPLE, "site": SITES, "site_custodian": SITES,
    "people_sign_in": PEOPLE, "people_token": PEOPLE, "visa_evidence": PEOPLE,
    "dataset": DATASETS, "dataset_study": DATASETS,
    **dict.fromkeys(
        (
            "project", "membership", "project_barred", "access_grant", "access_grant_dataset", "project_condition",
            "project_closure", "project_statement", "application", "review", "decision", "appeal", "invitation",
            "site_consent", "vote", "conflict_of_interest", "attachment", "data_release", "destruction_order",
            "reidentification", "concern", "usage_meeting", "usage_vote", "notice", "webhook", "work_item",
            "committee_meeting", "committee_agenda", "committee_attendance",
            "hand_over", "remark", "dataset_block",
        ),
        FOR_EVER,
    ),
}  # fmt: skip
OWN = {"email", "slug", "code", "once"}  # columns that have to differ
DIGESTS = {"secret_sha256"}
AT_ONCE = 20_000  # rows


def multiply(times: int) -> None:
    """So many copies of the world, the first of which is there. The database's own refusals look away meanwhile."""
    with transaction() as db:
        triggers = db.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in triggers:
            db.execute(text(f'DROP TRIGGER "{name}"'))
        db.execute(text("PRAGMA defer_foreign_keys = ON"))
        _copy(db, times)
        for _, statement in triggers:
            db.connection().exec_driver_sql(statement)
    with transaction() as db:
        db.execute(text("ANALYZE"))


def _copy(db: Session, times: int) -> None:
    tables = [each for each in Base.metadata.sorted_tables if each.name in COPIED]
    seeds = {each.name: [dict(row) for row in db.execute(select(each)).mappings()] for each in tables}
    spread = {row["id"]: COPIED[each.name] for each in tables if "id" in each.c for row in seeds[each.name]}
    for table in tables:
        rows = _copies(table, seeds[table.name], spread, min(times, COPIED[table.name]))
        while some := [row for row, _ in zip(rows, range(AT_ONCE), strict=False)]:
            db.execute(insert(table), some)


def _copies(table: Table, seeds: list[dict[str, Any]], spread: dict[str, int], times: int) -> Iterator[dict[str, Any]]:
    for number in range(1, times):
        for seed in seeds:
            yield {name: _other(name, value, spread, number) for name, value in seed.items()}


def _other(column: str, value: Any, spread: dict[str, int], number: int) -> Any:
    if not isinstance(value, str):
        return value
    if value in spread:
        return copy_of(value, number % spread[value])
    if column in DIGESTS:
        return sha256(f"{value}{number}".encode()).hexdigest()
    return f"{number}-{value}" if column in OWN else value


def copy_of(seed: str, number: int) -> str:
    """Ids of the copies: the same beginning, and the number at the end. Copy 0 is the seed."""
    if not number:
        return seed
    end = ""
    while number:
        number, digit = divmod(number, 32)
        end = ALPHABET[digit] + end
    return seed[:11] + end.rjust(5, "0")
