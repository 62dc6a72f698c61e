"""Asking somebody who is signed in for their password again, before what a borrowed session must not do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.people import queries
from gateway.people.passwords import matches
from gateway.people.sign_ins import close_others
from gateway.people.signing_in import count_failure, is_paused
from gateway.people.tokens import acting
from gateway.trail.record import record


class WrongPassword(Invalid):
    """The present password, asked for again, is not right; or the account is paused."""

    code = "wrong-password"
    title = "This is not your present password"


@dataclass(frozen=True, slots=True)
class Reaffirmed:
    """The owner of this account has just given its password. Only `reaffirm` makes one."""

    account_id: str


def reaffirm(*, account_id: str, password: str, now: datetime) -> Reaffirmed:
    """Check the present password. Raises WrongPassword.

    Wrong ones count as they do at sign-in; the last of them pauses the account and ends all its sessions.
    A door of its own: the slow check runs outside the transaction that writes what came of it.
    """
    with reading() as db:
        claimed = queries.account(db, account_id)
    right = matches(claimed.password_hash, password)
    with transaction() as db:
        account = queries.account(db, account_id)
        accepted = right and not is_paused(account, now)
        if not accepted:
            pauses = count_failure(account, now)
            if pauses:
                close_others(db, account_id=account.id, keep=None, now=now)
            told = {"pauses": pauses}
            record(
                db, action="account.password-refused", actor=acting(account), subject=account.id, detail=told, now=now
            )
    if not accepted:
        raise WrongPassword
    return Reaffirmed(account_id)
