"""What people think of the pictures that the machine could not judge."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db import Base, new_id


class Opinion(Base):
    """One person's word on one screening. `boxes`: [left, top, right, bottom] each, in pixels of the picture shown.

    The last opinion of a person counts; once enough people are of one mind it is settled.
    """

    __tablename__ = "screening_opinion"
    __table_args__ = (CheckConstraint("decision in ('accept', 'redact', 'withhold')", name="decision"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    decision: Mapped[str] = mapped_column(String(10))
    boxes: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    given_at: Mapped[datetime]
    settles: Mapped[bool] = mapped_column(default=False)
