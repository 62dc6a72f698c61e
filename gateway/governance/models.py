"""Applications, reviews and decisions. The database itself refuses an unknown state or a second vote."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.catalogue.models import Site
from gateway.db import Base, new_id, one_of
from gateway.governance.form import Form, parse_form
from gateway.governance.workflow import Workflow, parse_workflow
from gateway.people.models import Account
from gateway.projects.models import Project

EXTERNAL_ID = 64  # characters


class State(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved-with-conditions"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What an application asks for: a new project, or something about one that was decided on."""

    NEW = "new"
    AMENDMENT = "amendment"
    RENEWAL = "renewal"
    APPEAL = "appeal"


class AppealState(StrEnum):
    """Where an appeal stands."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    DISMISSED = "dismissed"


class ReviewState(StrEnum):
    """Where one reviewer stands."""

    WAITING = "waiting"
    GIVEN = "given"
    STEPPED_ASIDE = "stepped-aside"


class Recommendation(StrEnum):
    """What a reviewer advises."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve-with-conditions"
    RETURN = "return"
    REJECT = "reject"


class Outcome(StrEnum):
    """What was decided; the state that the application ends in."""

    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved-with-conditions"
    RETURNED = "returned"
    REJECTED = "rejected"


class SiteAnswer(StrEnum):
    """Whether a site gives its slides to this application."""

    WAITING = "waiting"
    AGREED = "agreed"
    DECLINED = "declined"


class Choice(StrEnum):
    """One member's vote."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


class PolicyText(Base):
    """The text of a form or workflow that some application relies on, kept by its hash."""

    __tablename__ = "policy_text"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime]


class Application(Base):
    """A request for access. Answers change only while it is a draft; `version` rises with each change."""

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint("(state = 'draft') = (submitted_at is null) or state = 'withdrawn'", name="submitted"),
        Index("ix_application_state", "state", "workflow_sha256", "submitted_at"),
        Index("ix_application_newest", "submitted_at", "started_at", "applicant_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    applicant_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), default=Kind.NEW.value)
    state: Mapped[str] = mapped_column(String(32), default=State.DRAFT.value)
    version: Mapped[int] = mapped_column(default=1)
    form_sha256: Mapped[str] = mapped_column(ForeignKey("policy_text.sha256"))
    workflow_sha256: Mapped[str | None] = mapped_column(ForeignKey("policy_text.sha256"))
    external_id: Mapped[str | None] = mapped_column(String(EXTERNAL_ID), index=True)  # what it is called elsewhere
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime | None]  # when somebody last changed the draft
    submitted_at: Mapped[datetime | None]
    review_began_at: Mapped[datetime | None]
    triaged_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    closed_at: Mapped[datetime | None]
    revises_id: Mapped[str | None] = mapped_column(ForeignKey("application.id"), unique=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"), index=True)
    changes_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"), index=True)  # the project to be changed

    applicant: Mapped[Account] = relationship(foreign_keys=[applicant_id])
    project: Mapped[Project | None] = relationship(foreign_keys=[project_id])
    changes: Mapped[Project | None] = relationship(foreign_keys=[changes_id])
    revises: Mapped[Application | None] = relationship(remote_side="Application.id")
    appeal: Mapped[Appeal | None] = relationship(back_populates="application")
    form_text: Mapped[PolicyText] = relationship(foreign_keys=[form_sha256])
    workflow_text: Mapped[PolicyText | None] = relationship(foreign_keys=[workflow_sha256])
    reviews: Mapped[list[Review]] = relationship(back_populates="application", order_by="Review.asked_at")
    decision: Mapped[Decision | None] = relationship(back_populates="application")
    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.added_at")
    invitations: Mapped[list[Invitation]] = relationship(back_populates="application", order_by="Invitation.made_at")
    sites: Mapped[list[SiteConsent]] = relationship(back_populates="application", order_by="SiteConsent.site_id")
    votes: Mapped[list[Vote]] = relationship(back_populates="application", order_by="Vote.cast_at")
    conflicts: Mapped[list[Conflict]] = relationship(back_populates="application")
    declarations: Mapped[list[Declaration]] = relationship(back_populates="application")

    @property
    def form(self) -> Form:
        """The form as it was when the application was started."""
        return parse_form(self.form_text.source)

    @property
    def workflow(self) -> Workflow | None:
        """The rules in force when the application was submitted; None for a draft."""
        return parse_workflow(self.workflow_text.source) if self.workflow_text else None

    @property
    def reference(self) -> str:
        """A short name to say on the telephone."""
        return f"{self.id[:4]}-{self.id[4:8]}".upper()

    @property
    def title(self) -> str:
        """The project's title, as far as the applicant has given one."""
        return self.form.answer_for("title", self.answers) or "Untitled application"

    @property
    def dataset_slugs(self) -> list[str]:
        """Names of the datasets that are asked for."""
        return list(self.form.answer_for("datasets", self.answers) or [])

    @property
    def team_emails(self) -> list[str]:
        """Addresses of those who will see the data beside the applicant, in small letters; also of the invited."""
        named = [each.lower() for each in self.form.answer_for("team", self.answers) or []]
        return [*named, *(each.email for each in self.invitations)]

    @property
    def co_applicants(self) -> list[Account]:
        """Those who accepted an invitation, under whatever address they have their account; without the lead."""
        joined = [each.accepted_by for each in self.invitations if each.accepted_by is not None]
        return [each for each in joined if each.id != self.applicant_id]

    @property
    def file_names(self) -> dict[str, str]:
        """The names of its files by id, for where an answer is shown."""
        return {each.id: each.name for each in self.attachments}

    @property
    def reviews_given(self) -> list[Review]:
        """Recommendations that are in."""
        return [each for each in self.reviews if each.state == ReviewState.GIVEN]

    def given_in(self, group: str) -> list[Review]:
        """Recommendations that are in from one review group."""
        return [each for each in self.reviews_given if each.group == group]


class Attachment(Base):
    """A file that belongs to an answer. `sealed` is its content, encrypted; the answer holds the id.

    The content of a redacted one is gone, and its name.
    """

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint("(redacted_at is null) = (redacted_by_id is null)", name="redacted"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), index=True)
    question: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]
    redacted_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    redacted_because: Mapped[str] = mapped_column(Text, default="")


class Invitation(Base):
    """A co-applicant who was invited by email. The link holds a secret; here is its SHA-256."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("application_id", "email"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"))
    email: Mapped[str] = mapped_column(String(254))
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    accepted_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"), index=True)
    accepted_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship(back_populates="invitations")
    accepted_by: Mapped[Account | None] = relationship()


class Review(Base):
    """One reviewer's place on one application: asked, given, or stepped aside."""

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("application_id", "reviewer_id"),
        CheckConstraint(one_of("state", ReviewState), name="state"),
        CheckConstraint(f"recommendation is null or {one_of('recommendation', Recommendation)}", name="recommendation"),
        CheckConstraint("(state = 'given') = (recommendation is not null)", name="given"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"))
    reviewer_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), index=True)
    group: Mapped[str] = mapped_column("review_group", String(32))
    state: Mapped[str] = mapped_column(String(16), default=ReviewState.WAITING.value)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    answered_at: Mapped[datetime | None]
    recommendation: Mapped[str | None] = mapped_column(String(32))
    comments: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[list[str]] = mapped_column(JSON, default=list)
    conflict: Mapped[str] = mapped_column(Text, default="")

    application: Mapped[Application] = relationship(back_populates="reviews")
    reviewer: Mapped[Account] = relationship(foreign_keys=[reviewer_id])


class SiteConsent(Base):
    """One site's answer, given by one of its custodians. A site that declines drops out, the rest may go on."""

    __tablename__ = "site_consent"
    __table_args__ = (
        CheckConstraint(one_of("state", SiteAnswer), name="state"),
        CheckConstraint("(state = 'waiting') = (answered_by_id is null)", name="answered"),
    )

    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default=SiteAnswer.WAITING.value)
    asked_at: Mapped[datetime]
    answered_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    answered_at: Mapped[datetime | None]
    reasons: Mapped[str] = mapped_column(Text, default="")

    application: Mapped[Application] = relationship(back_populates="sites")
    site: Mapped[Site] = relationship()


class Vote(Base):
    """One committee member's vote; its key makes a second one impossible."""

    __tablename__ = "vote"
    __table_args__ = (CheckConstraint(one_of("choice", Choice), name="choice"),)

    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True, index=True)
    choice: Mapped[str] = mapped_column(String(16))
    cast_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="votes")
    account: Mapped[Account] = relationship()


class Conflict(Base):
    """A conflict of interest that somebody declared: they have no say in this application from then on."""

    __tablename__ = "conflict_of_interest"

    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    why: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="conflicts")
    account: Mapped[Account] = relationship()


class Declaration(Base):
    """That somebody declared to have no conflict of interest, before they had any say in the application.

    It is about its lead: under another one it has to be declared anew.
    """

    __tablename__ = "interest_declaration"

    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"), primary_key=True)
    declared_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="declarations")


class Appeal(Base):
    """The one appeal against a rejection, decided by somebody who had no say in it."""

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint(one_of("state", AppealState), name="state"),
        CheckConstraint("(state = 'waiting') = (decided_by_id is null)", name="decided"),
    )

    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True)
    grounds: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default=AppealState.WAITING.value, index=True)
    decided_by_id: Mapped[str | None] = mapped_column(ForeignKey("people_account.id"))
    decided_at: Mapped[datetime | None]
    reasons: Mapped[str] = mapped_column(Text, default="")

    application: Mapped[Application] = relationship(back_populates="appeal")


class Decision(Base):
    """The one decision on an application; its key makes a second one impossible."""

    __tablename__ = "decision"
    __table_args__ = (CheckConstraint(one_of("outcome", Outcome), name="outcome"),)

    application_id: Mapped[str] = mapped_column(ForeignKey("application.id"), primary_key=True)
    decided_by_id: Mapped[str] = mapped_column(ForeignKey("people_account.id"))
    decided_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(32))
    reasons: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[list[str]] = mapped_column(JSON, default=list)
    ends_at: Mapped[datetime | None]
    form_sha256: Mapped[str] = mapped_column(String(64))
    workflow_sha256: Mapped[str] = mapped_column(String(64))

    application: Mapped[Application] = relationship(back_populates="decision")
    decided_by: Mapped[Account] = relationship()
