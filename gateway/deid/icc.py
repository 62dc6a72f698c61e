"""ICC profiles without their texts (ICC.1:2022): makers write names, machines and rooms into them.

The profile keeps its length and its colours. Elements of numbers stay; texts are overwritten in place, and so
is every element of a kind that is not known here.
"""

from __future__ import annotations

from functools import lru_cache
from struct import error, pack_into, unpack_from

NUMBERS = frozenset(b"XYZ |curv|para|sf32|mft1|mft2|mAB |mBA |meas|view|chrm|sig |uf32|mpet|cicp".split(b"|"))
TEXTS = frozenset((b"text", b"desc", b"mluc"))
HEADER, ENTRY, MOST = 128, 12, 100  # bytes of the header and of a table entry; entries
_PRIVATE = (slice(24, 36), slice(48, 56), slice(80, 128))  # made when, machine and model, creator, digest, reserved


@lru_cache(maxsize=64)
def without_texts(profile: bytes) -> bytes | None:
    """The profile with its texts overwritten; None if it is not a profile that can be understood."""
    try:
        return _cleaned(profile)
    except error:
        return None


def _cleaned(profile: bytes) -> bytes | None:
    size, count = unpack_from(">I", profile, 0)[0], unpack_from(">I", profile, HEADER)[0]
    table = HEADER + 4 + ENTRY * count
    if profile[36:40] != b"acsp" or not table <= size <= len(profile) or count > MOST:
        return None
    new = bytearray(len(profile))  # what no entry covers stays zero
    new[:table] = profile[:table]
    for part in _PRIVATE:
        new[part] = bytes(part.stop - part.start)
    for entry in range(HEADER + 4, table, ENTRY):
        start, length = unpack_from(">II", profile, entry + 4)
        if start < table or length < 8 or start + length > size:
            return None
        kind = profile[start : start + 4]
        new[start : start + length] = profile[start : start + length] if kind in NUMBERS else _text(kind, length)
    return bytes(new)


def _text(kind: bytes, length: int) -> bytes:
    """An empty text element of that kind and length."""
    body = bytearray(length)
    body[:4] = kind if kind in TEXTS else b"text"
    if kind == b"mluc" and length >= 16:
        pack_into(">I", body, 12, 12)  # no records, of 12 bytes each
    if kind == b"desc" and length >= 16:
        pack_into(">I", body, 8, 1)  # one character: the terminator
    return bytes(body)
