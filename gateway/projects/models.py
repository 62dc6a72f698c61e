"""Projects, who works on them, the grants through which they see data, and the keys that it goes out under.

Dataset ids are plain strings here: the catalogue stands on the same floor, so no foreign key joins them.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.db import Base, new_id, one_of
from gateway.people.models import Account

LEAD, MEMBER = "lead", "member"


class Project(Base):
    """One approved piece of research. `application_id` tells where it came from."""

    __tablename__ = "project"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    lay_title: Mapped[str] = mapped_column(String(200), default="")
    lay_summary: Mapped[str] = mapped_column(Text, default="")
    application_id: Mapped[str | None] = mapped_column(String(16), unique=True)
    created_at: Mapped[datetime] = mapped_column(index=True)

    memberships: Mapped[list[Membership]] = relationship(back_populates="project")
    grants: Mapped[list[Grant]] = relationship(back_populates="project", order_by="Grant.starts_at")
    conditions: Mapped[list[Condition]] = relationship(back_populates="project", order_by="Condition.set_at")
    closure: Mapped[Closure | None] = relationship(back_populates="project")
    statement: Mapped[Statement | None] = relationship(back_populates="project")


class Membership(Base):
    """An account's place in a project: its lead, or a member."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint(f"role in ('{LEAD}', '{MEMBER}')", name="role"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16), default=MEMBER)
    since: Mapped[datetime]

    project: Mapped[Project] = relationship(back_populates="memberships")


class Barred(Base):
    """Somebody who judged an application of the project: they can never be part of it."""

    __tablename__ = "project_barred"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    since: Mapped[datetime]


class Block(Base):
    """That somebody is blocked from a dataset: by account, by address, or both; until it ends or is lifted."""

    __tablename__ = "dataset_block"
    __table_args__ = (CheckConstraint("(lifted_at is null) = (lifted_by_id is null)", name="lifted"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(String(16), index=True)
    email: Mapped[str] = mapped_column(String(254))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    reason: Mapped[str] = mapped_column(Text)
    made_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    made_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    lifted_because: Mapped[str] = mapped_column(Text, default="")

    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])


class Grant(Base):
    """Leave for a project's members to see some datasets from one moment until another.

    `epoch` rises whenever the grant changes, so that whatever was cached under it is dead at once.
    """

    __tablename__ = "access_grant"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(String(500))
    suspended_at: Mapped[datetime | None]  # while it is set nobody is admitted; it can be taken up again
    suspended_because: Mapped[str | None] = mapped_column(String(500))
    epoch: Mapped[int] = mapped_column(default=1)
    deid_policy: Mapped[str] = mapped_column(String(100))
    conditions: Mapped[list[str]] = mapped_column(JSON, default=list)
    agreement_sha256: Mapped[str | None] = mapped_column(ForeignKey("agreement_text.sha256"))
    training: Mapped[list[str]] = mapped_column(JSON, default=list)  # kinds of it that each member must have had

    project: Mapped[Project] = relationship(back_populates="grants")
    datasets: Mapped[list[GrantDataset]] = relationship(back_populates="grant")

    @property
    def dataset_ids(self) -> list[str]:
        """Catalogue ids of the datasets that this grant opens, sorted."""
        return sorted(each.dataset_id for each in self.datasets)


class GrantDataset(Base):
    """One dataset that a grant opens."""

    __tablename__ = "access_grant_dataset"

    grant_id: Mapped[str] = mapped_column(ForeignKey("access_grant.id"), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)

    grant: Mapped[Grant] = relationship(back_populates="datasets")


class AgreementText(Base):
    """A version of the agreement that some grant asks for, kept by its hash."""

    __tablename__ = "agreement_text"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime]


class Signature(Base):
    """That a member of a project signed a version of the agreement, with the name that they typed. Written once."""

    __tablename__ = "agreement_signature"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    agreement_sha256: Mapped[str] = mapped_column(ForeignKey("agreement_text.sha256"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    signed_at: Mapped[datetime]


class CertificateState(StrEnum):
    """Where a certificate of training stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Certificate(Base):
    """Somebody's certificate of training: shown by them, checked by a steward, good until its end."""

    __tablename__ = "training_certificate"
    __table_args__ = (
        CheckConstraint(one_of("state", CertificateState), name="state"),
        CheckConstraint("(state = 'waiting') = (checked_by_id is null)", name="checked"),
        CheckConstraint("taken_on < ends_on", name="taken_before_it_ends"),
        Index("ix_training_certificate_holder", "account_id", "kind", "state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    kind: Mapped[str] = mapped_column(String(32))  # a key of policies/agreements
    provider: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(100), default="")  # under which the provider finds it
    taken_on: Mapped[date]
    ends_on: Mapped[date]  # the last day on which it is good
    ends_at: Mapped[datetime]  # the moment after that day (UTC)
    state: Mapped[str] = mapped_column(String(16), default=CertificateState.WAITING.value, index=True)
    shown_at: Mapped[datetime]
    checked_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    checked_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(String(500), default="")  # why it does not count

    holder: Mapped[Account] = relationship(foreign_keys=[account_id])


class Condition(Base):
    """Something that the committee asked for: open, reported done by the project, done once a steward agrees."""

    __tablename__ = "project_condition"
    __table_args__ = (CheckConstraint("state in ('open', 'reported', 'done')", name="state"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16), default="open")
    set_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")  # what the project says it did
    remark: Mapped[str] = mapped_column(Text, default="")  # why a steward sent it back
    reported_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship(back_populates="conditions")


class Closure(Base):
    """How a project ended: what came out of it, and that every copy of the data is destroyed. Written once."""

    __tablename__ = "project_closure"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    closed_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    closed_at: Mapped[datetime]
    outputs: Mapped[list[str]] = mapped_column(JSON, default=list)
    destruction: Mapped[str] = mapped_column(Text)
    destroyed_on: Mapped[date]
    checked_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    checked_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship(back_populates="closure")


class Statement(Base):
    """What the public may read of a project: words of the application that was approved last, and when it was."""

    __tablename__ = "project_statement"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(Text, default="")
    organisation_kind: Mapped[str] = mapped_column(Text, default="")
    aim: Mapped[str] = mapped_column(Text, default="")
    benefit: Mapped[str] = mapped_column(Text, default="")
    commercial: Mapped[str] = mapped_column(Text, default="")
    ethics: Mapped[str] = mapped_column(Text, default="")
    need: Mapped[str] = mapped_column(Text, default="")
    linkage: Mapped[str] = mapped_column(Text, default="")
    setting: Mapped[str] = mapped_column(Text, default="")
    access_type: Mapped[str] = mapped_column(String(16), default="")  # "TRE" or "Release", as registers call it
    protection: Mapped[str] = mapped_column(Text, default="")
    planned_outputs: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[str] = mapped_column(Text, default="")
    applicants: Mapped[str] = mapped_column(Text, default="")  # names of those who agreed to be named, one a line
    accredited: Mapped[str] = mapped_column(Text, default="")
    funders: Mapped[str] = mapped_column(Text, default="")  # one a line
    technical_summary: Mapped[str] = mapped_column(Text, default="")
    frequency: Mapped[str] = mapped_column(Text, default="")
    sublicence: Mapped[str] = mapped_column(Text, default="")
    legal_basis_6: Mapped[str] = mapped_column(Text, default="")  # empty: that of policies/register.toml
    legal_basis_9: Mapped[str] = mapped_column(Text, default="")
    approved_at: Mapped[datetime]

    project: Mapped[Project] = relationship(back_populates="statement")


class DataKey(Base):
    """The data master, wrapped under one key-encryption key (RFC 3394); two rows only while a rotation runs."""

    __tablename__ = "data_key"

    kek_id: Mapped[str] = mapped_column(String(16), primary_key=True)  # names the key of the key file
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]


class PatientKey(Base):
    """A patient's own key in a project, wrapped; none once the patient is forgotten. The row names nobody."""

    __tablename__ = "patient_key"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    patient: Mapped[str] = mapped_column(String(64), primary_key=True)  # HMAC of site and patient ID
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]
