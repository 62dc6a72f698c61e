"""What people/ accepts; pages and API validate through the same schemas."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from gateway.people.models import Mail
from gateway.people.passwords import LONGEST, SHORTEST
from gateway.people.roles import roles


def _filled(text: str) -> validate.Length:
    return validate.Length(min=1, max=200, error=text)


def _known(keys: list[str]) -> None:
    if any(key not in roles().by_key for key in keys):
        raise ValidationError("Choose roles from the list")


class Sent(Schema):
    """A form or a body; what it does not know (the form token) is passed over."""

    class Meta:
        unknown = EXCLUDE


class SignInSchema(Sent):
    """Who signs in."""

    email = fields.String(required=True, validate=validate.Length(min=1, max=254, error="Enter your email address"))
    password = fields.String(
        required=True, load_only=True, validate=validate.Length(min=1, max=1000, error="Enter your password")
    )
    next = fields.String(load_default="")


class PasswordSchema(Sent):
    """A change of password."""

    present = fields.String(required=True, load_only=True, validate=_filled("Enter your present password"))
    new = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(
            min=SHORTEST, max=LONGEST, error=f"Enter a new password of {SHORTEST} to {LONGEST} characters"
        ),
    )


class MailSchema(Sent):
    """What is wanted by email."""

    mail = fields.Enum(
        Mail, by_value=True, required=True, error_messages={"unknown": "Choose one", "required": "Choose one"}
    )


class NewTokenSchema(Sent):
    """A token that is asked for. `days` is how long it is good."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=100, error="Say what the token is for"))
    days = fields.Integer(
        load_default=7,
        validate=validate.Range(min=1, error="Choose how long it is good"),
        error_messages={"invalid": "Choose how long it is good"},
    )
    scope = fields.String(load_default="account", metadata={"description": '"account", or "release:" and its id'})


class TokenSchema(Schema):
    """A token, without its secret."""

    id = fields.String()
    label = fields.String()
    scope = fields.String()
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    last_used_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)


class IssuedTokenSchema(TokenSchema):
    """A new token with its secret, which is shown this once."""

    secret = fields.String()


class AccountSchema(Schema):
    """An account, as its owner and administrators see it."""

    id = fields.String()
    email = fields.String()
    name = fields.String()
    organisation = fields.String()
    roles = fields.List(fields.String())
    permissions = fields.List(fields.String())
    created_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)


class RolesSchema(Sent):
    """The roles that an account is to have."""

    roles = fields.List(fields.String(), load_default=list, validate=_known)


class NewAccountSchema(RolesSchema):
    """A new account."""

    email = fields.Email(required=True, error_messages={"invalid": "Enter an email address like name@example.org"})
    name = fields.String(required=True, validate=_filled("Enter the person's name"))
    organisation = fields.String(load_default="", validate=validate.Length(max=200))
    password = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(
            min=SHORTEST, max=LONGEST, error=f"Enter a password of {SHORTEST} to {LONGEST} characters"
        ),
    )


def faults(error: ValidationError) -> dict[str, Any]:
    """What was refused, field by field, for forms.html."""
    told = error.messages
    return dict(told) if isinstance(told, dict) else {"_schema": told}
