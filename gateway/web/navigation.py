"""The links at the top of every page: each person sees those that their roles can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import current_app, request


@dataclass(frozen=True, slots=True)
class Link:
    """A place, and who sees it: everybody, everybody signed in, or who has one of the permissions."""

    text: str
    href: str
    to: frozenset[str] | str = "signed-in"  # "all", "signed-in", or permissions
    here: bool = False


LINKS = (
    Link("Datasets", "/datasets", "all"),
    Link("Applications", "/applications", frozenset({"application.write", "application.read-all"})),
    Link("Reviews", "/reviews", frozenset({"review.write", "decision.make", "application.triage"})),
    Link("Meetings", "/meetings", frozenset({"decision.make", "application.triage"})),
    Link("Projects", "/projects", frozenset({"application.write", "grant.revoke"})),
    Link("Pictures", "/screening", frozenset({"pixels.review"})),
    Link("Policies", "/policies", frozenset({"policy.preview"})),
    Link("Sites", "/sites", frozenset({"catalogue.manage"})),
    Link("Blocks", "/blocks", frozenset({"application.triage"})),
    Link("Consent", "/consent", frozenset({"catalogue.manage"})),
    Link("Usage", "/usage", frozenset({"usage.read"})),
    Link("Concerns", "/concerns", frozenset({"concern.raise", "concern.answer"})),
    Link("Audit", "/audit", frozenset({"audit.read"})),
    Link("Accounts", "/admin", frozenset({"account.manage"})),
)


def links(signed_in: bool, may: Callable[[str], bool]) -> Sequence[Link]:
    """What to show, with the place where the reader is marked."""
    shown = []
    for each in LINKS:
        if not isinstance(each.to, str):
            allowed = signed_in and any(may(permission) for permission in each.to)
        else:
            allowed = signed_in or each.to == "all"
        if allowed and each.href in _served():
            here = request.path == each.href or request.path.startswith(each.href + "/")
            shown.append(Link(each.text, each.href, each.to, here))
    return shown


def _served() -> set[str]:
    served = {rule.rule for rule in current_app.url_map.iter_rules()}
    return served | {rule.rstrip("/") for rule in served}
