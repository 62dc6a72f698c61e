"""What may be said about a use, and how it is told; the pages' forms and the API validate through the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, pre_load, validate

from gateway.transparency.models import Kind, State

LONGEST = 4000


class _Stripped(Schema):
    """Text without blanks around it; what is not known is let go, as forms carry a token of their own."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def strip(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}


def _text(missing: str) -> fields.String:
    told: dict[str, Any] = {"required": missing, "null": missing}
    few, many = validate.Length(min=1, error=missing), f"Use at most {LONGEST:,} characters"
    plain = validate.ContainsNoneOf("\0", error="Leave out characters that cannot be shown")
    return fields.String(
        required=True, validate=[few, validate.Length(max=LONGEST, error=many), plain], error_messages=told
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
