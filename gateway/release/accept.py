"""Content negotiation as DICOMweb means it (PS3.18 8.7): media types, and transfer syntaxes as a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.http import parse_options_header

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
    """What is going to be sent."""

    media_type: str
    multipart: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """One media range of an Accept header; `type` is the part's type for multipart."""

    type: str
    multipart: bool
    transfer_syntax: str
    quality: float

    def fits(self, given: Given, transfer_syntax: str) -> int:
        """How closely this range describes an answer, 0 if not at all. No transfer syntax asked for: any will do."""
        if self.multipart != given.multipart or self.transfer_syntax not in ("", "*", transfer_syntax):
            return 0
        kinds = ("*/*", f"{given.media_type.partition('/')[0]}/*", given.media_type)
        if self.type not in kinds:
            return 0
        return 2 * kinds.index(self.type) + 1 + (self.transfer_syntax not in ("", "*"))


def wanted(accept: str) -> list[Wanted]:
    """The ranges of an Accept header, in its order; an empty header takes anything."""
    found = []
    for part in _split(accept) or ["*/*"]:
        name, options = parse_options_header(part)
        multipart = name.lower() == MULTIPART
        kind = options.get("type", "*/*") if multipart else name
        try:
            quality = float(options.get("q", "1"))
        except ValueError:
            quality = 0.0
        found.append(Wanted(kind.lower(), multipart, options.get("transfer-syntax", ""), quality))
    return found


def _split(accept: str) -> list[str]:
    """Split at commas outside quotes."""
    parts, quoted, start = [], False, 0
    for at, letter in enumerate(accept):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            parts.append(accept[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, accept[start:]) if part.strip()]


def choose(accept: str, offered: Sequence[str], transfer_syntax: str = "") -> Given:
    """The answer that the caller likes best, the first offered of equals. Raises NotAcceptable.

    The range that describes an answer most closely says how much it is liked (RFC 9110 12.5.1), so that `image/*;q=0`
    is no answer to `*/*` beside it; of two that are liked alike, the one that is named first is given.
    """
    ranges, best, given = wanted(accept), (0.0, 0), None
    for each in (Given(media_type, multipart) for multipart in (False, True) for media_type in offered):
        fitting = [(asked.fits(each, transfer_syntax), asked.quality, -at) for at, asked in enumerate(ranges)]
        fit, quality, at = max(fitting)
        if fit and quality > 0 and (given is None or (quality, at) > best):
            best, given = (quality, at), each
    if given is None:
        raise NotAcceptable
    return given


def frame_types(transfer_syntax: str) -> list[str]:
    """What a frame can be sent as, best first."""
    compressed = FRAME_TYPES.get(transfer_syntax)
    return [compressed, OCTETS] if compressed else [OCTETS]
