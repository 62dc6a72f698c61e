"""Content negotiation as DICOMweb means it (PS3.18 8.7): media types, and transfer syntaxes as a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.release.errors import NotAcceptable

FRAME_TYPES = {  # PS3.18 table 8.7.3-5: transfer syntax -> media type of a compressed frame
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
OCTETS, DICOM, MULTIPART = "application/octet-stream", "application/dicom", "multipart/related"


@dataclass(frozen=True, slots=True)
class Given:
    """What is going to be sent: one body of that type, or parts of it."""

    media_type: str
    multipart: bool


def alone(*media_types: str) -> list[Given]:
    """One body, of one of these types: only what is one thing may be asked for like this (PS3.18 10.4.4)."""
    return [Given(each, multipart=False) for each in media_types]


def in_parts(*media_types: str) -> list[Given]:
    """A body of parts of one of these types."""
    return [Given(each, multipart=True) for each in media_types]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One media range of an Accept header; `type` is the part's type for multipart."""

    type: str
    multipart: bool
    transfer_syntax: str
    quality: float

    def fits(self, given: Given, transfer_syntax: str) -> int:
        """How closely this range describes an answer, 0 if not at all. No transfer syntax asked for: any will do."""
        anything = self.type == "*/*" and not self.multipart
        if not anything and self.multipart != given.multipart:
            return 0
        kinds = ("*/*", f"{given.media_type.partition('/')[0]}/*", given.media_type)
        if self.type not in kinds or self.transfer_syntax not in ("", "*", transfer_syntax):
            return 0
        return 2 * (kinds.index(self.type) + self.multipart) + 1 + (self.transfer_syntax not in ("", "*"))


def wanted(accept: str) -> list[Wanted]:
    """The ranges of an Accept header, in its order; an empty header takes anything."""
    found = []
    for part in _split(accept, ",") or ["*/*"]:
        name, *parameters = _split(part, ";") or [""]
        options = dict(_parameter(each) for each in parameters)
        multipart = name.lower() in (MULTIPART, "multipart/*")
        kind = options.get("type", "*/*") if multipart else name
        try:
            quality = float(options.get("q", "1"))
        except ValueError:
            quality = 0.0
        found.append(Wanted(kind.lower(), multipart, options.get("transfer-syntax", ""), quality))
    return found


def _split(text: str, between: str) -> list[str]:
    """Split at a mark outside quotes."""
    parts, quoted, start = [], False, 0
    for at, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == between and not quoted:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _parameter(text: str) -> tuple[str, str]:
    """The name and value of a parameter; a media type as value may be quoted or, as in PS3.18 8.7.3.5.1, not."""
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def choose(accepted: Sequence[str], offered: Sequence[Given], transfer_syntax: str = "") -> Given:
    """The answer that the caller likes best, the first offered of equals. Raises NotAcceptable.

    Of several texts the first by which anything can be had decides (PS3.18 8.7.8.1).
    """
    for text in accepted:
        found = _liked_best(wanted(text), offered, transfer_syntax)
        if found is not None:
            return found
    raise NotAcceptable


def _liked_best(ranges: Sequence[Wanted], offered: Sequence[Given], transfer_syntax: str) -> Given | None:
    """The range that describes an answer most closely says how much it is liked (RFC 9110 12.5.1).

    So `image/*;q=0` is no answer to `*/*` beside it; of two that are liked alike, the one named first is given.
    """
    best, given = (0.0, 0), None
    for each in offered:
        fitting = [(asked.fits(each, transfer_syntax), asked.quality, -at) for at, asked in enumerate(ranges)]
        fit, quality, at = max(fitting)
        if fit and quality > 0 and (given is None or (quality, at) > best):
            best, given = (quality, at), each
    return given


def frame_types(transfer_syntax: str) -> list[str]:
    """What a frame can be sent as, best first."""
    compressed = FRAME_TYPES.get(transfer_syntax)
    return [compressed, OCTETS] if compressed else [OCTETS]
