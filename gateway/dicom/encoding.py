"""How a dataset is encoded: explicit or implicit VR, byte order (PS3.5 section 7 and annex A)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary

from gateway.dicom.errors import UnknownTransferSyntax

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
SHORT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)  # length in 16 bits (PS3.5 7.1.2)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Explicit or implicit VR, little or big endian."""

    explicit: bool
    little: bool


EXPLICIT_LE = Encoding(explicit=True, little=True)
IMPLICIT_LE = Encoding(explicit=False, little=True)
EXPLICIT_BE = Encoding(explicit=True, little=False)


def encoding_of(transfer_syntax: str) -> Encoding:
    """The encoding that a transfer syntax UID names (deflated: once inflated). Raises UnknownTransferSyntax."""
    known = UID_dictionary.get(transfer_syntax)
    if known is None or known[1] != "Transfer Syntax":
        raise UnknownTransferSyntax
    special = {IMPLICIT_LITTLE: IMPLICIT_LE, EXPLICIT_BIG: EXPLICIT_BE}
    return special.get(transfer_syntax, EXPLICIT_LE)


def _vrs() -> dict[int, tuple[bytes, ...]]:
    found = {}
    for tag, (vr, *_rest) in DicomDictionary.items():
        choices = tuple(part.encode() for part in vr.split(" or "))
        found[tag] = tuple(v for v in choices if v in LONG_VRS or v in SHORT_VRS)
    return found


_STANDARD_VRS = _vrs()


def standard_vrs(tag: int) -> tuple[bytes, ...]:
    """The VRs that PS3.6 gives a tag, best first; none for one that is private or unknown."""
    known = _STANDARD_VRS.get(tag)
    if known is not None:
        return known
    if tag & 0xFFFF == 0:
        return (b"UL",)  # group length
    group = tag >> 16
    if group & 1 and 0x10 <= (tag & 0xFFFF) <= 0xFF:
        return (b"LO",)  # private creator
    if group & 0xFF01 in (0x5000, 0x6000):  # curves and overlays repeat by even group
        return _STANDARD_VRS.get((tag & 0xFF00FFFF), ())
    return ()
