"""What the pages and the API of meetings take, and what the API tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

NO_DAY = "Enter the day, such as 15 1 2027"
NO_TIME = "Enter the time as hours and minutes (UTC), such as 14:30"
NO_MINUTES = "Write the minutes, in 20,000 characters or fewer"
NO_PLACE = "Say where it is, or how to join it"
NO_AGENDA = "Put between one and fifty applications on the agenda"


class TimesSchema(Schema):
    """When and where, in UTC. A page sends day and time apart; both become `starts`."""

    class Meta:
        unknown = EXCLUDE

    starts = fields.AwareDateTime(load_default=None)
    day = fields.Date(load_default=None, error_messages={"invalid": NO_DAY})
    time = fields.Time(load_default=None, format="%H:%M", error_messages={"invalid": NO_TIME})
    lasts = fields.Integer(
        load_default=60,
        validate=validate.Range(min=1, max=720, error="Enter 1 to 720 minutes"),
        metadata={"description": "minutes"},
    )
    place = fields.String(
        required=True,
        validate=validate.Length(min=1, max=200, error=NO_PLACE),
        error_messages={"required": NO_PLACE},
    )

    @pre_load
    def one_day(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """The three fields of a day as one, and nothing for what is empty."""
        found = {key: value for key, value in data.items() if value != ""}
        parts = [str(found.get(f"day-{part}", "")).strip() for part in ("year", "month", "day")]
        if any(parts):
            year, month, day = parts
            found["day"] = f"{year:0>4}-{month:0>2}-{day:0>2}"
        return found

    @validates_schema(skip_on_field_errors=False)
    def has_a_moment(self, data: Mapping[str, Any], **_: Any) -> None:
        """Day and time, unless `starts` says both; all that is missing is told at once."""
        if data.get("starts", NO_DAY) is None:
            parts = {"day": NO_DAY, "time": NO_TIME}
            if missing := {key: [words] for key, words in parts.items() if data.get(key, words) is None}:
                raise ValidationError(missing)

    @post_load
    def as_moment(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """`starts`, from wherever it came."""
        day: date | None = data.pop("day")
        at: time | None = data.pop("time")
        if day is not None and at is not None:
            data["starts"] = data["starts"] or datetime.combine(day, at, UTC)
        return data


class CallSchema(TimesSchema):
    """A new meeting and its agenda."""

    applications = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(min=1, max=50, error=NO_AGENDA),
        error_messages={"required": NO_AGENDA},
    )


class TakenDownSchema(Schema):
    """What became of it."""

    class Meta:
        unknown = EXCLUDE

    present = fields.List(fields.String(), load_default=list)
    minutes = fields.String(
        required=True,
        validate=validate.Length(min=1, max=20_000, error=NO_MINUTES),
        error_messages={"required": NO_MINUTES},
    )


class AskedSchema(Schema):
    """Somebody who was asked to come; `present` is null before."""

    account_id = fields.String()
    present = fields.Boolean(allow_none=True)


class MeetingSchema(Schema):
    """A meeting of the committee."""

    id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    place = fields.String()
    sequence = fields.Integer()
    cancelled_at = fields.AwareDateTime(allow_none=True)
    held_at = fields.AwareDateTime(allow_none=True)
    minutes = fields.String()
    applications = fields.List(fields.String())
    asked = fields.List(fields.Nested(AskedSchema))
    needed = fields.Integer(metadata={"description": "how many must be there"})
    quorate = fields.Boolean(metadata={"description": "whether enough came"})
