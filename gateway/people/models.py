"""Accounts, their roles, their sessions and their tokens. Secrets are kept as digests only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id, one_of


class Mail(StrEnum):
    """What a person gets by email of what they are told."""

    EACH = "each"
    DIGEST = "digest"
    NONE = "none"


class Account(Base):
    """A person who can sign in. `email` is kept in lower case; an empty `password_hash` admits nobody."""

    __tablename__ = "people_account"
    __table_args__ = (CheckConstraint(one_of("mail", Mail), name="mail"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    organisation: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]  # closed accounts cannot sign in, and their tokens and sessions are void
    failures: Mapped[int] = mapped_column(default=0)  # wrong passwords in a row
    locked_until: Mapped[datetime | None]
    mail: Mapped[str] = mapped_column(String(8), default=Mail.EACH.value)
    roles: Mapped[list[AccountRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="AccountRole.role"
    )

    @property
    def role_keys(self) -> frozenset[str]:
        """Keys of this account's roles, as in policies/roles.toml."""
        return frozenset(each.role for each in self.roles)


class AccountRole(Base):
    """That an account holds a role."""

    __tablename__ = "people_account_role"

    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)


class SignIn(Base):
    """A session of the web pages. The cookie holds a secret; here is its SHA-256."""

    __tablename__ = "people_sign_in"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), index=True)
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(lazy="joined")


class RequestTaken(Base):
    """What somebody sent a moment ago, as a digest, so that the same is not done twice; see `once`."""

    __tablename__ = "people_request_taken"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(index=True)


class Token(Base):
    """A bearer token for programs. The secret is shown once; here is its SHA-256."""

    __tablename__ = "people_token"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), index=True)
    scope: Mapped[str] = mapped_column(String(64))  # "account", or "release:<id>"
    label: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(lazy="joined")
