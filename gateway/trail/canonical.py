"""Canonical JSON: one value has one encoding, so that a hash of it means something.

Keys sorted by code point, no white space, UTF-8 without escapes but those that JSON demands. A value
is null, true, false, a string, an integer that fits 53 bits, a list or an object with string keys;
for these values the bytes are those of RFC 8785 (but for keys outside the Basic Multilingual Plane).
Floats are refused: two libraries rarely print one the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Scalar = str | int | bool | None
Json = Scalar | Sequence["Json"] | Mapping[str, "Json"]

LARGEST = 2**53 - 1


class NotCanonical(TypeError):
    """A value has no canonical form; says of what kind it is, never what it holds."""


def _check(value: object) -> None:
    match value:
        case None | bool():
            return
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise NotCanonical("a string holds a lone surrogate") from None
        case int():
            if abs(value) > LARGEST:
                raise NotCanonical("an integer does not fit 53 bits")
        case list() | tuple():
            for item in value:
                _check(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise NotCanonical("the key of an object must be a string")
                _check(key)
                _check(item)
        case _:
            raise NotCanonical(f"a value of kind {type(value).__name__} has no canonical form")


def canonical(value: object) -> str:
    """The one text of a JSON value. Raises NotCanonical for a float, a large integer or another kind."""
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
