"""What others say of a person: visas that were checked, kept as evidence beside their applications."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, new_id


class Evidence(Base):
    """One believed visa. The token itself is not kept, so that nobody can use it again."""

    __tablename__ = "visa_evidence"
    __table_args__ = (UniqueConstraint("account_id", "iss", "sub", "type", "value", "source"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    issuer: Mapped[str] = mapped_column(String(255))
    iss: Mapped[str] = mapped_column(String(255), index=True)
    sub: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(255))
    value: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(String(255))
    by: Mapped[str] = mapped_column("said_by", String(255), default="")
    asserted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    checked_at: Mapped[datetime]
