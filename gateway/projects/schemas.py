"""What the pages and the API of projects take, and what the API tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from gateway.people.schemas import Sent
from gateway.projects.models import Project

NO_DAY = "Enter a date, such as 15 1 2027"


class Form(Sent):
    """A form or a body. A day may come as one ISO date, or as the three fields of a form."""

    @pre_load
    def as_one(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Text without blanks around it, and each day in one piece."""
        found = {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}
        for name, field in self.fields.items():
            year, month, day = (str(found.get(f"{name}-{part}", "")) for part in ("year", "month", "day"))
            if isinstance(field, fields.Date) and any((year, month, day)):
                found[name] = f"{year:0>4}-{month:0>2}-{day:0>2}"
        return found


class Lines(fields.List[str]):
    """Several short texts; a form sends them one on each line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(fields.String(validate=validate.Length(max=500)), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        return super()._deserialize(value.splitlines() if isinstance(value, str) else value, attr, data, **kwargs)


def text(missing: str, longest: int = 200) -> fields.String:
    """Something that must be said."""
    said = validate.Length(min=1, max=longest, error=missing)
    return fields.String(required=True, validate=said, error_messages={"required": missing, "null": missing})


def day(missing: str = NO_DAY) -> fields.Date:
    """A day that must be given."""
    return fields.Date(required=True, error_messages={"required": missing, "null": missing, "invalid": missing})


class NewMemberSchema(Schema):
    """Somebody who shall be on the project."""

    class Meta:
        unknown = RAISE

    email = fields.Email(required=True)


class ReasonSchema(Form):
    """Why access is stopped; the members read it."""

    reason = text("Say why", 500)


class NoteSchema(Form):
    """What was done about a condition."""

    note = text("Say what was done.", 500)


class VerdictSchema(Form):
    """What a steward says to a condition that was reported."""

    verdict = fields.String(required=True, validate=validate.OneOf(["accept", "back"], error="Choose an answer"))
    remark = fields.String(load_default="", validate=validate.Length(max=500))

    @validates_schema
    def says_what(self, data: Mapping[str, Any], **_: Any) -> None:
        """What is sent back has its reason."""
        if data["verdict"] == "back" and not data["remark"]:
            raise ValidationError({"remark": ["Say what is missing."]})


class ClosureSchema(Form):
    """The end of a project, as its lead states it."""

    outputs = Lines(load_default=list)
    destruction = text("Say how the copies of the data were destroyed.", 5000)
    destroyed_on = day()


class SignatureSchema(Form):
    """A signature: which text was read (its SHA-256), the name, and the password once more."""

    sha256 = text("Read the agreement first", 64)
    name = text("Type your name")
    password = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(min=1, max=1000, error="Enter your password"),
        error_messages={"required": "Enter your password"},
    )


class NewCertificateSchema(Form):
    """A certificate of training that is shown."""

    kind = text("Choose the kind of training", 32)
    provider = text("Say who gave the training")
    number = fields.String(load_default="", validate=validate.Length(max=100))
    taken_on = day("Enter the day of the course, such as 15 1 2026")
    ends_on = day("Enter the last day on which it is good, such as 15 1 2029")


class CheckSchema(Form):
    """What a steward says to a certificate."""

    verdict = fields.String(
        required=True,
        validate=validate.OneOf(["accept", "refuse", "withdraw"], error="Choose an answer"),
        error_messages={"required": "Choose an answer"},
    )
    remark = fields.String(load_default="", validate=validate.Length(max=500))

    @validates_schema
    def says_why(self, data: Mapping[str, Any], **_: Any) -> None:
        """A no has its reason."""
        if data["verdict"] != "accept" and not data["remark"]:
            raise ValidationError({"remark": ["Say why: the holder reads it"]})


class CertificateSchema(Schema):
    """A certificate of training."""

    id = fields.String()
    account_id = fields.String()
    kind = fields.String()
    provider = fields.String()
    number = fields.String()
    taken_on = fields.Date()
    ends_on = fields.Date()
    state = fields.String(metadata={"description": "waiting, accepted, refused or withdrawn"})
    shown_at = fields.AwareDateTime()
    checked_at = fields.AwareDateTime(allow_none=True)
    remark = fields.String()


class SignedSchema(Schema):
    """Who signed when."""

    account_id = fields.String()
    signed_at = fields.AwareDateTime()


class ClauseSchema(Schema):
    """One clause."""

    title = fields.String()
    text = fields.String()


class AgreementSchema(Schema):
    """A version of the agreement that the project asks for, and who has signed it."""

    sha256 = fields.String()
    name = fields.String()
    version = fields.Integer()
    title = fields.String()
    clauses = fields.List(fields.Nested(ClauseSchema))
    signed = fields.List(fields.Nested(SignedSchema))


class MembershipSchema(Schema):
    """A person's place on a project."""

    account_id = fields.String()
    role = fields.String()
    since = fields.AwareDateTime()


class GrantSchema(Schema):
    """What the project may see, from when until when, and what each member must sign and have learned first."""

    id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    suspended_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)
    dataset_ids = fields.List(fields.String())
    agreement_sha256 = fields.String(allow_none=True)
    training = fields.List(fields.String())


class ConditionSchema(Schema):
    """Something that the committee asked for."""

    id = fields.String()
    text = fields.String()
    state = fields.String(metadata={"description": "open, reported or done"})
    note = fields.String()
    remark = fields.String()


class ClosedSchema(Schema):
    """How a project ended."""

    closed_at = fields.AwareDateTime()
    outputs = fields.List(fields.String())
    destruction = fields.String()
    destroyed_on = fields.Date()
    checked_at = fields.AwareDateTime(allow_none=True)


class ProjectSchema(Schema):
    """A project with its members, grants, conditions and end."""

    id = fields.String()
    title = fields.String()
    application_id = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    members = fields.List(fields.Nested(MembershipSchema))
    grants = fields.List(fields.Nested(GrantSchema))
    conditions = fields.List(fields.Nested(ConditionSchema))
    closure = fields.Nested(ClosedSchema, allow_none=True)


def project_told(each: Project) -> dict[str, Any]:
    """The project as plain values, read while its session is open."""
    plain = ("id", "title", "application_id", "created_at")
    return {
        **{name: getattr(each, name) for name in plain},
        "closed_at": each.closure.closed_at if each.closure else None,
        "members": [_values(one, MembershipSchema) for one in each.memberships],
        "grants": [_values(one, GrantSchema) for one in each.grants],
        "conditions": [_values(one, ConditionSchema) for one in each.conditions],
        "closure": _values(each.closure, ClosedSchema) if each.closure else None,
    }


def _values(row: Any, schema: type[Schema]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema().fields}
