"""Character sets (PS3.3 C.12.1.1.2, PS3.5 6.1): text as the source wrote it, and the ways it can be written."""

from __future__ import annotations

import re
from functools import lru_cache

from pydicom.charset import decode_bytes, python_encoding

ASCII = ("ascii",)
_PLAIN = frozenset(("ascii", "latin-1", "utf-8"))
_ESCAPES = re.compile(rb"\x1b[\x20-\x2f]*[\x30-\x7e]")
_DELIMITERS = set(b"^=\\\r\n\t\f")  # after which the first set holds again (PS3.5 6.1.2.5.3)
_WIDE = ("utf-16-le", "utf-16-be")


@lru_cache(maxsize=256)
def codecs_of(charset: bytes) -> tuple[str, ...]:
    """The codecs that a SpecificCharacterSet names; those that nobody knows are left out."""
    terms = [term.strip(b"\0 ").decode("ascii", "replace") for term in charset.split(b"\\")]
    known = [_codec(python_encoding[term]) for term in terms if term in python_encoding]
    return tuple(dict.fromkeys(known)) or ASCII


def _codec(name: str) -> str:
    return {"iso8859": "latin-1", "latin_1": "latin-1", "UTF8": "utf-8"}.get(name, name)


def is_plain(codecs: tuple[str, ...]) -> bool:
    """Whether bytes below 128 mean ASCII always: no escapes, no double bytes."""
    return len(codecs) == 1 and codecs[0] in _PLAIN


def decoded(value: bytes, codecs: tuple[str, ...]) -> str:
    """The text; a byte that cannot be is a mark of replacement. Padding is left out."""
    value = value.strip(b"\0 \r\n\t")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    if len(codecs) > 1:
        return decode_bytes(value, list(codecs), _DELIMITERS)
    try:
        return value.decode("utf-8" if codecs == ASCII else codecs[0])
    except UnicodeDecodeError:
        return value.decode("latin-1")


def encodings(text: str, codecs: tuple[str, ...]) -> frozenset[bytes]:
    """The text in the source's own sets, in UTF-8 and in both UTF-16, without escapes."""
    found = set[bytes]()
    for codec in (*codecs, "utf-8", *_WIDE):
        try:
            found.add(_ESCAPES.sub(b"", text.encode(codec)))
        except (UnicodeEncodeError, LookupError):
            continue
    return frozenset(found)
