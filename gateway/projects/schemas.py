"""What the API of projects takes and tells."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields

from gateway.projects.models import Project


class NewMemberSchema(Schema):
    """Somebody who shall be on the project."""

    class Meta:
        unknown = RAISE

    email = fields.Email(required=True)


class MembershipSchema(Schema):
    """A person's place on a project."""

    account_id = fields.String()
    role = fields.String()
    since = fields.AwareDateTime()


class GrantSchema(Schema):
    """What the project may see, from when until when."""

    id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    suspended_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)
    dataset_ids = fields.List(fields.String())


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
