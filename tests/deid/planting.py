"""Builders: every row of Table E.1-1 of PS3.15 with a value of its own, to be looked for in what leaves.

The rows come from a de-identifier that others wrote and that ships the table as lists (dicom-anonymizer).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from struct import pack

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2024b, dicomfields_2026c
from pydicom.datadict import tag_for_keyword

from gateway.deid.layers import Resolved, resolve
from gateway.deid.marks import encoded, encoded_item
from gateway.deid.plan import Plan, compile_plan, load_plan
from gateway.deid.recipe import Line, read_recipe
from gateway.dicom.encoding import Encoding, standard_vrs
from tests.deid.slides import CLEAR, POLICIES, RESEARCH

CHOICES = ("D", "Z", "X", "U", "Z_D", "X_Z", "X_D", "X_Z_D", "X_Z_U_STAR")  # the table's action codes
OPTIONS = sorted(
    path.stem for path in (POLICIES / "deid").glob("*-*.dicom") if path.stem.startswith(("retain", "clean"))
)
GROUPS_OF_MANY = (0x50003000, 0x60003000, 0x601E3000, 0x60004000)  # rows (50xx,xxxx), (60xx,3000), (60xx,4000)
MODEL = 0x00081090  # ManufacturerModelName: in no row, kept by every policy
BINARY = {b"US": "<H", b"SS": "<h", b"UL": "<L", b"SL": "<l", b"FL": "<f", b"FD": "<d"}


def rows() -> dict[int, str]:
    """Tag -> action code of the Basic Profile, of both editions that are at hand, the later one winning."""
    found = {}
    for edition in (dicomfields_2024b, dicomfields_2026c):
        for choice in CHOICES:
            for tag in getattr(edition, f"{choice}_TAGS"):
                if len(tag) == 2 and standard_vrs(tag[0] << 16 | tag[1]):
                    found[tag[0] << 16 | tag[1]] = choice
    return found


ROWS = rows()
_PLACES = {tag: place for place, tag in enumerate(sorted(ROWS))}


def value_for(tag: int, vr: bytes) -> bytes:
    """A value that no other row has, well formed for its VR, and no shift of another's."""
    place = _PLACES.get(tag, len(_PLACES) + tag % 1000)
    day = (date(2100, 1, 1) + timedelta(days=800 * place)).strftime("%Y%m%d")
    match vr:
        case b"UI":
            return f"{CLEAR}{tag}".encode()
        case b"DA":
            return day.encode()
        case b"TM":
            return f"112233.{place:06d}".encode()
        case b"DT":
            return f"{day}112233.{place:06d}+0100".encode()
        case b"IS":
            return f"77{place:06d}".encode()
        case b"DS":
            return f"7.7{place:06d}".encode()
        case b"AS":
            return b"09%dY" % (tag % 7 + 1)
        case b"CS":
            return f"X{tag:08X}".encode()
        case _ if vr in BINARY:
            return pack(BINARY[vr], 257 + place)
        case _:
            return f"Plant{tag:08x}!".encode()


def planted(tag: int, encoding: Encoding, vr: bytes = b"") -> bytes:
    """The row's element with its value; a sequence has an item with a reference and a text that alone would stay."""
    kind = standard_vrs(tag)[0] if standard_vrs(tag) else b"OB"
    if kind != b"SQ":
        return encoded(tag, vr or kind, value_for(tag, kind), encoding)
    item = encoded(MODEL, b"LO", value_for(tag, b"LO"), encoding)
    if ROWS.get(tag) == "X_Z_U_STAR":  # such a sequence stays, its UIDs do not
        item = encoded(0x00081155, b"UI", value_for(tag, b"UI"), encoding)
    return encoded(tag, vr or b"SQ", encoded_item(item, encoding), encoding)


def left_standing(data: bytes) -> set[int]:
    """The rows whose values are in the bytes, in whatever element."""
    found = set()
    for tag in (*ROWS, *GROUPS_OF_MANY):
        kind = standard_vrs(tag)[0] if standard_vrs(tag) else b"OB"
        if kind in BINARY:
            continue
        if value_for(tag, b"UI" if ROWS.get(tag) == "X_Z_U_STAR" else b"LO" if kind == b"SQ" else kind) in data:
            found.add(tag)
    return found


@cache
def with_option(option: str) -> Plan:
    """The Basic Profile with one option of PS3.15 E.3."""
    below, own = resolve(POLICIES, "basic"), read_recipe(POLICIES, option)
    private = resolve(POLICIES, option).safe_private
    return compile_plan(Resolved(f"basic-{option}", own.sha256, (*below.layers, own), private, RESEARCH.vocabulary))


def plan_of(name: str) -> Plan:
    """A policy by name, or the Basic Profile with the option of that name."""
    return with_option(name) if name in OPTIONS else load_plan(POLICIES, name)


def lines_of(name: str) -> tuple[Line, ...]:
    """The lines of a recipe alone."""
    return read_recipe(POLICIES, name).lines


def tag_of(keyword: str) -> int:
    """The tag of a keyword of PS3.6."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return tag
