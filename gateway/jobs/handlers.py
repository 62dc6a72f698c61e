"""Who does what kind of work: `@handler("release.build")` on a function of the payload.

Work that looks at pixels `needs=READER`: the engine that reads holds about a gigabyte, so that a Dask worker does one
such item at a time, and only one that was started with that resource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.errors import SlidegateError

Payload = Mapping[str, Any]
Handler = Callable[[Payload], None]

READER = "reader"  # the name of the resource: dask worker ... --resources "reader=1"

_handlers: dict[str, Handler] = {}
_readers: set[str] = set()


class UnknownKind(SlidegateError):
    """No room of this process handles such work."""

    code = "unknown-work"
    title = "No handler is known for this kind of work"


def handler(kind: str, *, needs: str = "") -> Callable[[Handler], Handler]:
    """Register a function for a kind of work. It must be safe to run again: an item may run twice."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        if needs == READER:
            _readers.add(kind)
        return function

    return register


def kinds_that_read() -> frozenset[str]:
    """The kinds of work that need a reader, of the rooms that are imported."""
    return frozenset(_readers)


def handler_of(kind: str) -> Handler:
    """The function for this kind of work. Raises UnknownKind."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind from None
