"""What may be asked of the log, for the page's form and the API alike, and how an event is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate

from gateway.audit.search import UNKNOWN, Search


class Moment(fields.Field[datetime]):
    """A date (its start, or its end where `last`) or a moment with a time zone; text to datetime in UTC."""

    def __init__(self, *, last: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._last = last

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        try:
            if len(str(value)) == 10:
                day = date.fromisoformat(str(value)) + timedelta(days=int(self._last))
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            moment = datetime.fromisoformat(str(value))
        except (ValueError, OverflowError):
            raise ValidationError("Enter a date, such as 2026-01-31") from None
        if moment.tzinfo is None:
            raise ValidationError("Give the time zone with the time")
        return moment.astimezone(UTC)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else value.isoformat()


def _text(longest: int, description: str) -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=longest), metadata={"description": description})


class SearchSchema(Schema):
    """The conditions of a search, all of which must hold; loads to {"search": Search, "before": int | None}."""

    class Meta:
        unknown = EXCLUDE

    person = _text(254, "Account id, or part of a name or email address")
    project = _text(200, "Project id, or part of its title")
    release = _text(64, "Release id")
    action = _text(64, "Action, such as grant.issued, or its first part, such as release.read")
    instance = _text(64, "A released instance UID")
    site = _text(200, "A site's code, or part of its name")
    extent = fields.String(
        load_default="",
        validate=validate.OneOf(["", UNKNOWN]),
        metadata={"description": "unknown: only reads that never told their end"},
    )
    since = Moment(load_default=None)
    until = Moment(load_default=None, last=True)
    before = fields.Integer(load_default=None, strict=False, validate=validate.Range(min=1))

    @pre_load
    def empty_is_absent(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        stripped = {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}
        return {key: value for key, value in stripped.items() if value not in ("", None)}

    @post_load
    def to_search(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        before = data.pop("before")
        return {"search": Search(**data), "before": before}


class PatientSearchSchema(SearchSchema):
    """The same with what names a patient: it is sent in the body, never in an address."""

    patient = _text(64, "A patient's number, as the archive has it")
    study = _text(64, "The UID of a study, as the archive has it or as it was released")


class FormsSchema(Schema):
    """Which forms for reading a bundle brings along."""

    class Meta:
        unknown = EXCLUDE

    forms = fields.String(
        load_default="all", metadata={"description": 'Some of csv, fhir, atna, html, as in "csv,html"; or all, or none'}
    )


class EventSchema(Schema):
    """One event as the API gives it."""

    seq = fields.Integer()
    hash = fields.String()
    prev = fields.String()
    body = fields.Dict(attribute="record")


class EventsSchema(Schema):
    """A page of events, newest first; ask for the next with `before`."""

    events = fields.List(fields.Nested(EventSchema))
    older = fields.Integer(allow_none=True, metadata={"description": "`before` of the next page"})


class ApprovalSchema(Schema):
    """What a read rests on: the decision, the policy with its hashes, and the consent."""

    application = fields.String(metadata={"description": "the application's reference"})
    decided_at = fields.AwareDateTime(allow_none=True)
    decision = fields.Integer(allow_none=True, metadata={"description": "the event of the decision"})
    policy = fields.String()
    recipe_sha256 = fields.String()
    pixels_sha256 = fields.String()
    consent_epoch = fields.Integer(allow_none=True)
    built = fields.Integer(allow_none=True, metadata={"description": "the event of the release's making"})


class TotalsSchema(Schema):
    """How much the reads that match come to; frames and bytes are null where there are too many to add up."""

    reads = fields.Integer()
    people = fields.Integer()
    instances = fields.Integer()
    unknown_extent = fields.Integer()
    frames = fields.Integer(allow_none=True)
    bytes_sent = fields.Integer(allow_none=True)


class ReadSchema(Schema):
    """One read of an instance."""

    seq = fields.Integer()
    at = fields.DateTime()
    person = fields.String()
    project = fields.String()
    release = fields.String()
    instance = fields.String()
    site = fields.String()
    grant = fields.String()
    how = fields.String()
    outcome = fields.String()
    bytes_sent = fields.Integer(allow_none=True)
    frames = fields.Integer(allow_none=True)
    extent = fields.String()
    approval = fields.Nested(ApprovalSchema)


class ReadsSchema(Schema):
    """A page of reads, newest first; ask for the next with `before`."""

    reads = fields.List(fields.Nested(ReadSchema))
    older = fields.Integer(allow_none=True)
    totals = fields.Nested(TotalsSchema)


class ChainSchema(Schema):
    """The state of the chain."""

    whole = fields.Boolean()
    events = fields.Integer(attribute="head.seq")
    hash = fields.String(attribute="head.hash")
    checked_at = fields.DateTime()
    faults = fields.List(fields.String(attribute="text"))
