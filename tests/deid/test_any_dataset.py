"""Over random datasets: no value that the plan does not keep survives, whatever is nested in what."""

from __future__ import annotations

from struct import pack

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary

from gateway.deid.marks import encoded
from gateway.deid.plan import Plan
from gateway.deid.recipe import Action
from gateway.dicom.encoding import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, Encoding, standard_vrs
from tests.deid.slides import BASIC, RESEARCH, walked
from tests.deid.test_every_attribute import FREE_TEXTS_KEPT, NEEDED, dataset_released, unnamed

SEQUENCES = sorted({tag for tag, rule in RESEARCH.rules.items() if rule.vrs == (b"SQ",)} | {0x00081140, 0x00400275})
LEAVES = sorted(
    {tag for tag in RESEARCH.rules if standard_vrs(tag) != (b"SQ",)}
    | {tag for tag in DicomDictionary if tag >> 16 in (8, 0x10, 0x20, 0x40) and standard_vrs(tag)[:1] != (b"SQ",)}
)
SECRET = b"Okonkwo77"
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF

leaves = st.tuples(st.sampled_from(LEAVES), st.sampled_from(["own", "UN"]))
privates = st.tuples(st.integers(0x1000, 0x10FF).map(lambda low: 0x00090000 | low), st.just("LO"))
levels = st.recursive(
    st.lists(st.one_of(leaves, privates), max_size=6),
    lambda inner: st.lists(
        st.one_of(
            leaves,
            st.tuples(st.sampled_from(SEQUENCES), st.lists(inner, max_size=3), st.booleans(), st.booleans()),
        ),
        max_size=5,
    ),
    max_leaves=12,
)


def secret(tag: int) -> bytes:
    """Each attribute has its own, so that what one may keep is not what another lost."""
    return SECRET + b"%08x" % tag


def head(tag: int, vr: bytes, length: int, encoding: Encoding) -> bytes:
    order = "<" if encoding.little else ">"
    start = pack(order + "HH", tag >> 16, tag & 0xFFFF)
    return start + (vr + b"\0\0" if encoding.explicit and vr else b"") + pack(order + "I", length)


def written(level: list[tuple], encoding: Encoding) -> dict[int, bytes]:
    """The elements of one level; of one tag the last wins."""
    found = {}
    for tag, what, *lengths in level:
        if lengths:
            found[tag] = sequence(tag, what, *lengths, encoding)
        elif what == "own" and (tag >> 16) % 2 == 0:
            found[tag] = encoded(tag, standard_vrs(tag)[0], secret(tag), encoding)
        else:
            found[tag] = encoded(tag, b"LO" if what == "LO" else b"UN", secret(tag), encoding)
    return found


def sequence(tag: int, inner: list[list[tuple]], open_items: bool, open_sequence: bool, encoding: Encoding) -> bytes:
    body = b""
    for level in inner:
        item = b"".join(each for _tag, each in sorted(written(level, encoding).items()))
        if open_items:
            body += head(ITEM, b"", UNDEFINED, encoding) + item + head(ITEM_END, b"", 0, encoding)
        else:
            body += head(ITEM, b"", len(item), encoding) + item
    if open_sequence:
        return head(tag, b"SQ", UNDEFINED, encoding) + body + head(SEQUENCE_END, b"", 0, encoding)
    return head(tag, b"SQ", len(body), encoding) + body


@settings(max_examples=300, deadline=None)
@given(levels, st.sampled_from([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE]), st.sampled_from([BASIC, RESEARCH]))
def test_no_value_survives_that_the_plan_does_not_keep(level: list[tuple], encoding: Encoding, plan: Plan) -> None:
    body = written(level, encoding)
    for tag, value in NEEDED.items():
        body[tag] = encoded(tag, b"UI" if tag >> 16 == 8 else b"LO", value, encoding)
    left = dataset_released(b"".join(body[tag] for tag in sorted(body)), plan, encoding)
    assert unnamed(left, plan, encoding) == []
    for tag, _vr, value in walked(left, encoding):
        if SECRET in value and standard_vrs(tag) != (b"SQ",):
            rule = plan.rules[tag]
            assert rule.action is Action.KEEP
            assert rule.vrs[0] not in (b"LO", b"SH", b"PN", b"LT", b"UT", b"CS", b"UI", b"DA") or tag in FREE_TEXTS_KEPT
