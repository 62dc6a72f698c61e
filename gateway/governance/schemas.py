"""What may be sent: one schema validates the page forms and the API alike.

The schema of an application's answers is built from the form's text; the others are fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from marshmallow import (
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from gateway.governance.form import Form, Question, Section
from gateway.governance.models import EXTERNAL_ID, Choice, Recommendation
from gateway.governance.paperwork import LONGEST, Audience

NO_EMAIL = "Enter an email address"
MISSING = {
    "text": "Enter an answer",
    "textarea": "Enter an answer",
    "choice": "Choose an answer",
    "multichoice": "Choose at least one answer",
    "datasets": "Choose at least one dataset",
    "date": "Enter a date",
    "checkbox": "Tick the box to confirm",
    "emails": "Enter at least one email address",
    "files": "Add at least one file",
}


class _Answers(Schema):
    """Answers to the questions of a form; `partial=True` for a draft."""

    class Meta:
        unknown = RAISE

    questions: tuple[Question, ...] = ()
    earlier: Mapping[str, Any] = {}  # answers of other sections, that decide what is asked

    @pre_load
    def empty_is_none(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        stripped = {k: v.strip() if isinstance(v, str) else v for k, v in data.items()}
        return {k: None if v in ("", [], False) else v for k, v in stripped.items()}

    @validates_schema(skip_on_field_errors=False)
    def every_question_asked_is_answered(self, data: Mapping[str, Any], **options: Any) -> None:
        if options.get("partial"):
            return
        answers = {**self.earlier, **data}
        missing = {
            each.key: [MISSING[each.kind]]
            for each in self.questions
            if each.required and each.shown(answers) and answers.get(each.key) is None
        }
        if missing:
            raise ValidationError(missing)

    @post_load
    def plain(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in data.items()}


def answers_schema(
    form: Form,
    *,
    datasets: Collection[str],
    section: Section | None = None,
    earlier: Mapping[str, Any] | None = None,
    files: Collection[str] = (),
) -> Schema:
    """The schema of one section's answers, or of the whole form. `datasets` are the slugs that exist,
    `files` the ids of the application's own attachments.

    Loading gives plain JSON values, None where an answer is taken back. With `partial=True` only what
    is there is checked; without it every question that is asked needs its answer.
    """
    questions = section.questions if section else form.questions
    members: dict[str, Any] = {each.key: _field(each, datasets, files) for each in questions}
    made: type[Schema] = type("Answers", (_Answers,), members)
    schema: Any = made()
    schema.questions = questions
    schema.earlier = dict(earlier or {})
    return schema  # type: ignore[no-any-return]  # built at run time


def _field(question: Question, datasets: Collection[str], files: Collection[str]) -> fields.Field[Any]:
    values = [each.value for each in question.choices]
    not_listed = "Choose from the answers that are offered"
    kept: dict[str, Any] = {"allow_none": True, "metadata": {"description": question.text}}
    match question.kind:
        case "text" | "textarea":
            too_long = f"Use {question.max_length} characters or fewer"
            return fields.String(validate=validate.Length(max=question.max_length, error=too_long), **kept)
        case "choice":
            return fields.String(validate=validate.OneOf(values, error=not_listed), **kept)
        case "multichoice":
            one = fields.String(validate=validate.OneOf(values, error=not_listed))
            return fields.List(one, **kept)
        case "datasets":
            known = validate.OneOf(list(datasets), error="Choose from the datasets that are offered")
            return fields.List(fields.String(validate=known), **kept)
        case "files":
            own = validate.OneOf(list(files), error="Add the file to this application first")
            return fields.List(fields.String(validate=own), **kept)
        case "emails":
            one = fields.Email(error_messages={"invalid": "Enter email addresses, one on each line"})
            return fields.List(one, validate=validate.Length(max=50, error="Name 50 people or fewer"), **kept)
        case "date":
            return fields.Date(error_messages={"invalid": "Enter a date, such as 15 1 2027"}, **kept)
        case "checkbox":
            return fields.Boolean(**kept)


def faults(error: ValidationError) -> dict[str, str]:
    """The first fault of each field, to stand beside it."""
    return {str(key): _first(value) for key, value in error.messages_dict.items()}


def _first(value: Any) -> str:
    while not isinstance(value, str):
        value = next(iter(value.values() if isinstance(value, dict) else value))
    return value


def _sentences(max_items: int = 20) -> fields.Field[Any]:
    return fields.List(
        fields.String(validate=validate.Length(min=1, max=500, error="Keep each condition under 500 characters")),
        load_default=list,
        validate=validate.Length(max=max_items, error=f"Give {max_items} conditions or fewer"),
    )


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _Seen(_Strict):
    version = fields.Integer(
        load_default=None,
        allow_none=True,
        metadata={"description": "The version that was looked at: refused if it changed since"},
    )


def _reason(missing: str) -> fields.String:
    """Why something is done that others have to live with."""
    return fields.String(
        required=True,
        validate=validate.Length(min=1, max=1000, error="Say why, in 1,000 characters or fewer"),
        error_messages={"required": missing},
    )


def _confirmed() -> fields.Boolean:
    """Whoever has a say declares first that they have no conflict of interest."""
    words = "Confirm that you have no conflict of interest, or step aside"
    return fields.Boolean(required=True, validate=validate.Equal(True, error=words), error_messages={"required": words})


class TriageSchema(_Seen):
    """Who shall review, for each review group of the workflow."""

    no_conflict = _confirmed()

    reviewers = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "Account ids by the key of their review group"},
        error_messages={"required": "Choose the reviewers"},
    )


class SiteSchema(_Strict):
    """A custodian's answer for a site."""

    no_conflict = _confirmed()
    site = fields.String(required=True)
    answer = fields.String(
        required=True,
        validate=validate.OneOf(["agreed", "declined"], error="Choose an answer"),
        error_messages={"required": "Choose an answer"},
    )
    reasons = fields.String(load_default="", validate=validate.Length(max=2000))

    @validates_schema
    def says_why(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["answer"] == "declined" and not data["reasons"].strip():
            raise ValidationError({"reasons": ["Say why the site declines: the applicant reads it"]})


class VoteSchema(_Strict):
    """A committee member's vote."""

    no_conflict = _confirmed()
    choice = fields.String(
        required=True,
        validate=validate.OneOf(list(Choice), error="Choose how you vote"),
        error_messages={"required": "Choose how you vote"},
    )


class ConflictSchema(_Strict):
    """A conflict of interest."""

    why = fields.String(
        required=True,
        validate=validate.Length(min=1, max=1000, error="Say what the conflict is"),
        error_messages={"required": "Say what the conflict is"},
    )


class ReviewSchema(_Strict):
    """A recommendation, or a conflict of interest."""

    conflict = fields.Boolean(required=True, error_messages={"required": "Say whether you have a conflict of interest"})
    conflict_detail = fields.String(load_default="", validate=validate.Length(max=1000))
    recommendation = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(list(Recommendation), error="Choose a recommendation"),
    )
    conditions = _sentences()
    comments = fields.String(load_default="", validate=validate.Length(max=5000))

    @validates_schema
    def says_enough(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["conflict"]:
            if not data["conflict_detail"].strip():
                raise ValidationError({"conflict_detail": ["Say what the conflict is"]})
            return
        match data["recommendation"]:
            case None:
                raise ValidationError({"recommendation": ["Choose a recommendation"]})
            case Recommendation.APPROVE_WITH_CONDITIONS if not data["conditions"]:
                raise ValidationError({"conditions": ["Write at least one condition"]})
            case Recommendation.RETURN | Recommendation.REJECT if not data["comments"].strip():
                raise ValidationError({"comments": ["Give your reasons"]})


class AppealSchema(_Strict):
    """Why a rejection should be looked at again."""

    grounds = fields.String(
        required=True,
        validate=validate.Length(min=1, max=5000, error="Say why, in 5,000 characters or fewer"),
        error_messages={"required": "Say why the decision should be looked at again"},
    )


class HearingSchema(_Strict):
    """What becomes of an appeal."""

    no_conflict = _confirmed()
    verdict = fields.String(
        required=True,
        validate=validate.OneOf(["allow", "dismiss"], error="Choose an answer"),
        error_messages={"required": "Choose an answer"},
    )
    reasons = fields.String(
        required=True,
        validate=validate.Length(min=1, max=5000, error="Give your reasons: the applicant reads them"),
        error_messages={"required": "Give your reasons: the applicant reads them"},
    )


class ChangeSchema(_Strict):
    """What is asked of an approved project."""

    kind = fields.String(required=True, validate=validate.OneOf(["amendment", "renewal"]))


class HandOverSchema(_Strict):
    """Who shall lead the application from now on, and why."""

    to = fields.String(required=True, metadata={"description": "The account id of a co-applicant"})
    reason = _reason("Say why somebody else is to lead it")


class HandOverAnswerSchema(_Strict):
    """What becomes of a hand-over: the one who was asked accepts or declines; whoever may ask takes it back."""

    answer = fields.String(required=True, validate=validate.OneOf(["accept", "decline", "back"]))


class RedactionSchema(_Strict):
    """Why the content of a file is destroyed."""

    reason = _reason("Say why the file is removed")


class BlockSchema(_Strict):
    """Whom to block from which dataset, and why."""

    email = fields.Email(required=True, error_messages={"required": NO_EMAIL, "invalid": NO_EMAIL})
    dataset = fields.String(
        required=True,
        metadata={"description": "The short name of a dataset"},
        error_messages={"required": "Choose a dataset"},
    )
    reason = _reason("Say why they are blocked")
    ends_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "The last day; without one it holds until it is lifted"},
        error_messages={"invalid": "Enter a date, such as 15 1 2027"},
    )


class LiftSchema(_Strict):
    """Why a block is lifted."""

    reason = _reason("Say why the block is lifted")


class ExternalIdSchema(_Strict):
    """What an application is called elsewhere; an empty one takes it away."""

    external_id = fields.String(
        load_default="",
        validate=validate.Length(max=EXTERNAL_ID, error="Enter the reference, in 64 characters or fewer"),
        metadata={"description": "As the number of a research ethics service"},
    )


class RemarkSchema(_Strict):
    """A remark about an application, for the committee or for its applicants as well."""

    remark = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST, error="Write your remark, in 2,000 characters or fewer"),
        error_messages={"required": "Write your remark"},
    )
    audience = fields.String(
        required=True,
        validate=validate.OneOf(list(Audience), error="Choose who reads it"),
        error_messages={"required": "Choose who reads it"},
    )


class DecisionSchema(_Seen):
    """What the chair decides."""

    no_conflict = _confirmed()
    outcome = fields.String(
        required=True,
        validate=validate.OneOf(["approve", "return", "reject"], error="Choose a decision"),
        error_messages={"required": "Choose a decision"},
    )
    ends_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "Last day of access"},
        error_messages={"invalid": "Enter a date, such as 15 1 2027"},
    )
    conditions = _sentences()
    reasons = fields.String(load_default="", validate=validate.Length(max=5000))

    @validates_schema
    def says_enough(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["outcome"] == "approve" and data["ends_on"] is None:
            raise ValidationError({"ends_on": ["Enter the last day of access"]})
        if data["outcome"] != "approve" and not data["reasons"].strip():
            raise ValidationError({"reasons": ["Give your reasons: the applicant reads them"]})
