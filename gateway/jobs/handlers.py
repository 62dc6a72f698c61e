"""Who does what kind of work: `@handler("release.build")` on a function of the payload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.errors import SlidegateError

Payload = Mapping[str, Any]
Handler = Callable[[Payload], None]

_handlers: dict[str, Handler] = {}


class UnknownKind(SlidegateError):
    """No room of this process handles such work."""

    code = "unknown-work"
    title = "No handler is known for this kind of work"


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register a function for a kind of work. It must be safe to run again: an item may run twice."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def handler_of(kind: str) -> Handler:
    """The function for this kind of work. Raises UnknownKind."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind from None
