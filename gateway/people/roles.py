"""Roles and permissions, read strictly from policies/roles.toml. Its hash goes with every change of roles."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.errors import SlidegateError
from gateway.people.models import Account
from gateway.settings import current

PERMISSIONS = frozenset({
    "account.manage", "application.read-all", "application.triage", "application.write", "audit.export",
    "audit.read", "catalogue.manage", "concern.answer", "concern.raise", "decision.make", "grant.revoke",
    "jobs.read", "patient.forget", "pixels.review", "policy.preview", "reidentify", "release.build",
    "review.write", "usage.minutes", "usage.read", "usage.vote", "webhook.manage",
})  # fmt: skip


class BadRoles(SlidegateError):
    """policies/roles.toml breaks its own rules; nobody is let in until it is mended."""

    code = "bad-roles"


@dataclass(frozen=True, slots=True)
class Role:
    """What people of this role are called, and what they may do."""

    key: str
    title: str
    about: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles in the order of the file, and the file's hash."""

    by_key: Mapping[str, Role]
    sha256: str


@lru_cache(maxsize=8)
def read_roles(policies_dir: Path) -> Roles:
    """The roles of this policies folder. Raises BadRoles."""
    try:
        raw = (policies_dir / "roles.toml").read_bytes()
        told = tomllib.loads(raw.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRoles(f"policies/roles.toml cannot be read: {type(error).__name__}") from None
    if told.pop("version", None) != 1:
        raise BadRoles("policies/roles.toml must say version = 1")
    return Roles({key: _role(key, value) for key, value in told.items()}, sha256(raw).hexdigest())


def _role(key: str, told: Any) -> Role:
    if not isinstance(told, dict) or set(told) != {"title", "about", "permissions"}:
        raise BadRoles(f"role {key!r} in policies/roles.toml needs title, about and permissions, and no more")
    listed = told["permissions"]
    unknown = sorted(set(map(str, listed)) - PERMISSIONS) if isinstance(listed, list) else ["?"]
    if unknown:
        raise BadRoles(f"role {key!r} in policies/roles.toml has an unknown permission {unknown[0]!r}")
    return Role(key, str(told["title"]), str(told["about"]), frozenset(listed))


def roles() -> Roles:
    """The roles that are in force."""
    return read_roles(current().policies_dir)


def permissions_of(account: Account) -> frozenset[str]:
    """Everything that any of the account's roles may do; a role that the file no longer knows gives nothing."""
    known = roles().by_key
    held = [known[key].permissions for key in account.role_keys if key in known]
    return frozenset().union(*held)
