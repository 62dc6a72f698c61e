"""What may be said about a use, and how it is told; the pages' forms and the API validate through the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, pre_load, validate

from gateway.transparency.models import Choice, Kind, State

LONGEST, MINUTES = 4000, 20_000
NO_DAY = "Enter the day of the meeting, such as 31 3 2026"


class _Stripped(Schema):
    """Text without blanks around it; what is not known is let go, as forms carry a token of their own."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def strip(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}


PLAIN = validate.ContainsNoneOf("\0", error="Leave out characters that cannot be shown")


def _text(missing: str, longest: int = LONGEST) -> fields.String:
    told: dict[str, Any] = {"required": missing, "null": missing}
    few, many = validate.Length(min=1, error=missing), f"Use at most {longest:,} characters"
    return fields.String(
        required=True, validate=[few, validate.Length(max=longest, error=many), PLAIN], error_messages=told
    )


class RaiseSchema(_Stripped):
    """A comment, a question or a concern about a project."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in Kind], error="Choose what you want to do"),
        error_messages={"required": "Choose what you want to do"},
    )
    text = _text("Say what it is about")

    @post_load
    def typed(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "kind": Kind(data["kind"])}


class RaiseOnSchema(RaiseSchema):
    """The same for programs, with the id of the project."""

    project_id = fields.String(required=True)


class AnswerSchema(_Stripped):
    """A steward's answer."""

    answer = _text("Write an answer")


class MinutesSchema(_Stripped):
    """The minutes of a meeting; a page sends the day in three parts."""

    held_on = fields.Date(
        required=True,
        error_messages={"required": NO_DAY, "null": NO_DAY, "invalid": NO_DAY},
        metadata={"description": "the day of the meeting: today or before"},
    )
    minutes = _text("Write the minutes", MINUTES)

    @pre_load
    def join_day(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        parts = [str(data.get(f"held_on-{part}", "")).strip() for part in ("year", "month", "day")]
        if not any(parts):
            return dict(data)
        year, month, day = parts
        return {**data, "held_on": f"{year:0>4}-{month:0>2}-{day:0>2}"}


class UsageVoteSchema(_Stripped):
    """What a panel member thinks of a project's use of the data, and why."""

    choice = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in Choice], error="Choose what you think"),
        error_messages={"required": "Choose what you think"},
    )
    reason = fields.String(load_default="", validate=[validate.Length(max=LONGEST), PLAIN])

    @post_load
    def typed(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "choice": Choice(data["choice"])}


class TallySchema(Schema):
    """How a meeting voted on a project's use; never who."""

    meeting_id = fields.String()
    held_on = fields.Date()
    project_id = fields.String()
    content = fields.Integer()
    questions = fields.Integer()
    not_content = fields.Integer()
    reasons = fields.List(fields.String())


class HeldSchema(Schema):
    """A meeting of the panel."""

    id = fields.String()
    held_on = fields.Date()
    minutes = fields.String()
    tallies = fields.List(fields.Nested(TallySchema))


class ConcernSchema(Schema):
    """Something that was said about a project, and its answer."""

    id = fields.String()
    project_id = fields.String()
    kind = fields.String(validate=validate.OneOf([each.value for each in Kind]))
    state = fields.String(validate=validate.OneOf([each.value for each in State]))
    text = fields.String()
    who = fields.String(metadata={"description": "a name for stewards and for whoever said it, else only their role"})
    raised_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime(allow_none=True)
    overdue = fields.Boolean()
    answer = fields.String()
    answered_at = fields.AwareDateTime(allow_none=True)
    suspended_at = fields.AwareDateTime(allow_none=True)
