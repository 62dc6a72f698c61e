"""What may happen to accounts. Every command writes its event in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.errors import Conflict, Invalid
from gateway.people import queries
from gateway.people.models import Account, AccountRole, Mail
from gateway.people.passwords import hash_password
from gateway.people.reaffirming import Reaffirmed
from gateway.people.roles import roles as roles_in_force
from gateway.people.sign_ins import close_others
from gateway.people.tokens import acting
from gateway.trail.record import Actor, record


class UnknownRole(Invalid):
    """No such role in policies/roles.toml."""

    code = "unknown-role"
    title = "There is no such role"


class EmailTaken(Conflict):
    """Somebody has an account with this address."""

    code = "email-taken"
    title = "There is already an account with this email address"


class BadEmail(Invalid):
    """Not an address."""

    code = "bad-email"
    title = "Enter an email address like name@example.org"


class LastAdministrator(Conflict):
    """Nobody could manage accounts any more."""

    code = "last-administrator"
    title = "At least one open account must be able to manage accounts"


def create_account(
    db: Session,
    *,
    by: Actor,
    email: str,
    name: str,
    organisation: str,
    password: str,
    roles: Iterable[str],
    now: datetime,
) -> Account:
    """A new account. Raises EmailTaken, BadEmail, WeakPassword or UnknownRole."""
    keys = _known(roles)
    address = email.strip().lower()
    local, at, domain = address.partition("@")
    if not (local and at and domain) or len(address) > 254 or any(c.isspace() for c in address):
        raise BadEmail
    if queries.account_by_email(db, address) is not None:
        raise EmailTaken
    account = Account(
        email=address,
        name=name.strip() or local,
        organisation=organisation.strip(),
        password_hash=hash_password(password),
        created_at=now,
        failures=0,
    )
    account.roles = [AccountRole(role=key) for key in keys]
    db.add(account)
    db.flush()
    told = {"roles": list(keys), "roles_sha256": roles_in_force().sha256}
    personal = {"email": account.email, "name": account.name}
    record(db, action="account.created", actor=by, subject=account.id, detail=told, personal=personal, now=now)
    return account


def change_roles(db: Session, *, by: Actor, account: Account, roles: Iterable[str], now: datetime) -> None:
    """Give an account exactly these roles. Raises UnknownRole or LastAdministrator."""
    keys, before = _known(roles), sorted(account.role_keys)
    if list(keys) == before:
        return
    kept = [each for each in account.roles if each.role in keys]
    held = {each.role for each in kept}
    account.roles = kept + [AccountRole(role=key) for key in keys if key not in held]
    db.flush()
    _somebody_manages(db)
    told = {"before": list(before), "after": list(keys), "roles_sha256": roles_in_force().sha256}
    record(db, action="account.roles-changed", actor=by, subject=account.id, detail=told, now=now)


def change_password(db: Session, *, owner: Reaffirmed, new: str, keep: str | None, now: datetime) -> None:
    """A new password; signs the account out everywhere but in session `keep`. Raises WeakPassword."""
    account = queries.account(db, owner.account_id)
    account.failures = 0
    account.password_hash = hash_password(new)
    close_others(db, account_id=account.id, keep=keep, now=now)
    record(db, action="account.password-changed", actor=acting(account), subject=account.id, now=now)


def choose_mail(db: Session, *, owner: Account, mail: Mail, now: datetime) -> None:
    """Send this person each notice by email, one letter a day, or none."""
    account = queries.account(db, owner.id)
    if account.mail == mail:
        return
    account.mail = mail.value
    detail = {"mail": mail.value}
    record(db, action="account.mail-chosen", actor=acting(account), subject=account.id, detail=detail, now=now)


def close_account(db: Session, *, by: Actor, account: Account, now: datetime) -> None:
    """Nobody signs in with it any more, and its sessions and tokens are void. Raises LastAdministrator."""
    if account.closed_at is not None:
        return
    close_others(db, account_id=account.id, keep=None, now=now)
    account.closed_at = now
    db.flush()
    _somebody_manages(db)
    record(db, action="account.closed", actor=by, subject=account.id, now=now)


def reopen_account(db: Session, *, by: Actor, account: Account, now: datetime) -> None:
    """Let its owner sign in again, and end a pause after wrong passwords."""
    account.closed_at, account.failures, account.locked_until = None, 0, None
    record(db, action="account.reopened", actor=by, subject=account.id, now=now)


def _known(roles: Iterable[str]) -> list[str]:
    keys = sorted(set(roles))
    if any(key not in roles_in_force().by_key for key in keys):
        raise UnknownRole
    return keys


def _somebody_manages(db: Session) -> None:
    known = roles_in_force().by_key
    managing = {key for key, role in known.items() if "account.manage" in role.permissions}
    if not any(each.closed_at is None and each.role_keys & managing for each in queries.accounts(db)):
        raise LastAdministrator
