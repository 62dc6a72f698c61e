"""What a page's form sent, turned into the plain values that the schemas load."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from gateway.governance.form import Question, Section

Sent = MultiDict[str, str]


def answers_sent(section: Section, sent: Sent) -> dict[str, Any]:
    """One value for each question of the section: empty where nothing was answered."""
    return {each.key: _answer(each, sent) for each in section.questions if each.kind != "files"}


def _answer(question: Question, sent: Sent) -> Any:
    match question.kind:
        case "multichoice" | "datasets":
            return sent.getlist(question.key)
        case "checkbox":
            return question.key in sent
        case "emails":
            return lines(sent.get(question.key, ""))
        case "date":
            return date_sent(question.key, sent) or ""
        case _:
            return sent.get(question.key, "").replace("\r\n", "\n")


def date_sent(key: str, sent: Sent) -> str | None:
    """A date from its three boxes, as text for the schema to judge; None if all are empty."""
    year, month, day = (sent.get(f"{key}-{part}", "").strip() for part in ("year", "month", "day"))
    return f"{year:0>4}-{month:0>2}-{day:0>2}" if year or month or day else None


def lines(text: str) -> list[str]:
    """The lines of a box that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def reviewers_sent(sent: Sent) -> dict[str, list[str]]:
    """The people ticked in each review group: boxes named `reviewers-<group>`."""
    start = "reviewers-"
    return {key.removeprefix(start): sent.getlist(key) for key in sent if key.startswith(start)}


def sent_as(schema: type[Schema], sent: Sent) -> dict[str, Any]:
    """The values of the schema's fields, those left out where nothing was chosen or typed."""
    return {key: sent[key] for key in schema().fields if sent.get(key)}


def review_sent(sent: Sent) -> dict[str, Any]:
    """A reviewer's form. Conditions count only with the recommendation that they belong to."""
    recommendation = sent.get("recommendation") or None
    with_conditions = recommendation == "approve-with-conditions"
    values: dict[str, Any] = {
        "conflict_detail": sent.get("conflict_detail", ""),
        "recommendation": recommendation,
        "conditions": lines(sent.get("conditions", "")) if with_conditions else [],
        "comments": sent.get("comments", ""),
    }
    return values | ({"conflict": sent["conflict"]} if sent.get("conflict") else {})


def decision_sent(sent: Sent) -> dict[str, Any]:
    """The chair's form. The last day and conditions count only with an approval."""
    approves = sent.get("outcome") == "approve"
    values: dict[str, Any] = {
        "no_conflict": "no_conflict" in sent,
        "ends_on": date_sent("ends_on", sent) if approves else None,
        "conditions": lines(sent.get("conditions", "")) if approves else [],
        "reasons": sent.get("reasons", ""),
        "version": sent.get("version") or None,
    }
    return values | ({"outcome": sent["outcome"]} if sent.get("outcome") else {})
