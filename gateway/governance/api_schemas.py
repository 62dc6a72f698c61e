"""What the API takes and tells, beside the schemas that it shares with the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest.fields import Upload
from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from gateway.governance.form import Form, Question
from gateway.governance.models import Application, Kind, State
from gateway.governance.queries import reviews_seen_by
from gateway.people.models import Account
from gateway.web.paging import PageSchema

Json = Mapping[str, Any]
PLAIN_ID = validate.Regexp(r"[0-9a-z]{16}\Z", error="Use 16 small letters and digits")


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class SubmitSchema(_Strict):
    """A step that may say which version was looked at."""

    version = fields.Integer(load_default=None, allow_none=True)


class SaveSchema(SubmitSchema):
    """Answers by the key of their question; see `/form`."""

    answers = fields.Dict(keys=fields.String(), required=True)


class StartSchema(_Strict):
    """A new draft. An `id` of the caller's own choice makes a repeated request start only one."""

    id = fields.String(load_default=None, allow_none=True, validate=PLAIN_ID)
    answers = fields.Dict(keys=fields.String(), load_default=dict)


class InviteSchema(_Strict):
    """Whom to invite."""

    email = fields.String(required=True, validate=validate.Length(min=1, max=254))


class SecretSchema(_Strict):
    """The last part of the link of an invitation."""

    secret = fields.String(required=True, load_only=True, validate=validate.Length(min=1, max=100))


class InvitationSchema(Schema):
    """An invitation. `secret` and `link` are told once, to whoever made it."""

    id = fields.String()
    email = fields.String()
    made_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    accepted_at = fields.AwareDateTime(allow_none=True)
    secret = fields.String()
    link = fields.String()
    mailed = fields.Boolean(metadata={"description": "whether the mail server took it; else send the link yourself"})


class QuestionSchema(Schema):
    """The question that a file answers; see `/form`."""

    class Meta:
        unknown = EXCLUDE

    question = fields.String(required=True, validate=validate.Length(min=1, max=64))


class FileSchema(Schema):
    """A file."""

    class Meta:
        unknown = EXCLUDE

    file = Upload(required=True)


class AttachedSchema(Schema):
    """A file that was added."""

    id = fields.String()
    question = fields.String()
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    added_at = fields.AwareDateTime()


class DecisionToldSchema(Schema):
    """A decision as its applicant reads it."""

    outcome = fields.String()
    decided_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime(allow_none=True)
    conditions = fields.List(fields.String())
    reasons = fields.String()


DECISION = tuple(DecisionToldSchema().fields)


class ReviewToldSchema(Schema):
    """A review as the committee reads it."""

    reviewer = fields.String()
    state = fields.String()
    asked_at = fields.AwareDateTime()
    recommendation = fields.String(allow_none=True)
    conditions = fields.List(fields.String())
    comments = fields.String()


class ApplicationSchema(Schema):
    """An application. `reviews` holds those that the caller may read."""

    id = fields.String()
    reference = fields.String()
    external_id = fields.String(allow_none=True, metadata={"description": "What it is called elsewhere"})
    kind = fields.String(validate=validate.OneOf(list(Kind)))
    title = fields.String()
    state = fields.String(validate=validate.OneOf(list(State)))
    version = fields.Integer()
    answers = fields.Dict(keys=fields.String())
    form_sha256 = fields.String()
    workflow_sha256 = fields.String(allow_none=True)
    started_at = fields.AwareDateTime()
    submitted_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    project_id = fields.String(allow_none=True)
    decision = fields.Nested(DecisionToldSchema, allow_none=True)
    reviews = fields.List(fields.Nested(ReviewToldSchema))


class CalledSchema(PageSchema):
    """Which page; and only those that are called so, by us or elsewhere."""

    called = fields.String(load_default="", validate=validate.Length(max=100))


class WaitingSchema(Schema):
    """An application that waits for the caller."""

    application = fields.Nested(ApplicationSchema)
    what = fields.String()
    since = fields.AwareDateTime()


class WaitSchema(Schema):
    """Something that somebody has to do about an application."""

    application_id = fields.String()
    whom = fields.String(metadata={"description": "a role, a site, or the name of a reviewer"})
    what = fields.String()
    days = fields.Integer()
    overdue = fields.Boolean()


class OverviewSchema(Schema):
    """What waits for whom, a page of it, what did not move for longest first; and how long decisions took in a year."""

    waits = fields.List(fields.Nested(WaitSchema))
    open = fields.Integer(metadata={"description": "how many applications wait for somebody"})
    still = fields.Integer(metadata={"description": "in how many of them nothing came in for `review_days`"})
    median_days = fields.Float(allow_none=True)
    decided = fields.Integer()


class FormSchema(Schema):
    """A form: sections of questions."""

    name = fields.String()
    version = fields.Integer()
    title = fields.String()
    sha256 = fields.String()
    sections = fields.List(fields.Dict())


class SaidSchema(Schema):
    """What one term says to the purpose."""

    term = fields.String()
    verdict = fields.String(metadata={"description": "yes, ask or no"})
    sentence = fields.String()


class FitSchema(Schema):
    """A dataset's terms held against the purpose of an application: advice, as people decide."""

    slug = fields.String()
    title = fields.String()
    verdict = fields.String(metadata={"description": "the worst of all: yes, ask or no"})
    said = fields.List(fields.Nested(SaidSchema))
    patients = fields.String(metadata={"description": "for those who judge: roughly how many patients' consents fit"})


def told(each: Application, account: Account, *, reads_all: bool) -> dict[str, Any]:
    """The application as this account may read it: reviews are for the committee, own reviews for oneself."""
    apart = ("reviews", "decision")
    values = {name: getattr(each, name) for name in ApplicationSchema().fields if name not in apart}
    decision = each.decision
    values["decision"] = {name: getattr(decision, name) for name in DECISION} if decision else None
    values["reviews"] = [
        {
            "reviewer": review.reviewer_id,
            "state": review.state,
            "asked_at": review.asked_at,
            "recommendation": review.recommendation,
            "conditions": review.conditions,
            "comments": review.comments,
        }
        for review in reviews_seen_by(each, account, reads_all=reads_all)
    ]
    return values


def form_told(form: Form) -> dict[str, Any]:
    """A form as plain values."""
    return {
        "name": form.name,
        "version": form.version,
        "title": form.title,
        "sha256": form.sha256,
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "questions": [_question_told(each) for each in section.questions],
            }
            for section in form.sections
        ],
    }


def _question_told(each: Question) -> dict[str, Any]:
    return {
        "key": each.key,
        "kind": each.kind,
        "text": each.text,
        "help": each.help,
        "required": each.required,
        "max_length": each.max_length,
        "choices": [{"value": one.value, "text": one.text} for one in each.choices],
        "show_if": {"question": each.show_if.question, "is": each.show_if.is_} if each.show_if else None,
    }
