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


class ProjectSchema(Schema):
    """A project with its members and grants."""

    id = fields.String()
    title = fields.String()
    application_id = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    members = fields.List(fields.Nested(MembershipSchema))
    grants = fields.List(fields.Nested(GrantSchema))


def project_told(each: Project) -> dict[str, Any]:
    """The project as plain values, read while its session is open."""
    plain = ("id", "title", "application_id", "created_at")
    members = [{name: getattr(one, name) for name in MembershipSchema().fields} for one in each.memberships]
    grants = [{name: getattr(one, name) for name in GrantSchema().fields} for one in each.grants]
    closed = each.closure.closed_at if each.closure else None
    return {name: getattr(each, name) for name in plain} | {"closed_at": closed, "members": members, "grants": grants}
