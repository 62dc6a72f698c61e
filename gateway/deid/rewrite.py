"""The header rewriter: encoded elements in, encoded elements out, at any depth; pixels are never touched.

Runs of elements that stay as they are leave as one slice of the source, so that the cost is that of looking
at each tag once. A sequence is rebuilt only if something inside it changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from struct import Struct

from gateway.deid import content
from gateway.deid.alike import LONGEST, LONGEST_ITEM, Leaf, Shape, free_if_kept, shape_of, to_next
from gateway.deid.cleaner import Cleaner
from gateway.deid.codes import clean_codes
from gateway.deid.errors import NoPatient
from gateway.deid.gate import Removed, unnoted
from gateway.deid.identifiers import CHARSET, NOBODY, Identifiers
from gateway.deid.keys import ProjectKeys
from gateway.deid.marks import PREAMBLE, Pixels, encoded, encoded_item, marks, new_meta
from gateway.deid.plan import Plan, Rule
from gateway.deid.private_blocks import PrivateBlocks
from gateway.deid.recipe import Action
from gateway.deid.terms import check_of
from gateway.deid.trace import Watcher
from gateway.deid.values import FUNCTIONS, Patient, well_formed
from gateway.dicom.elements import DEEPEST, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, Element, Window, element_at
from gateway.dicom.encoding import IMPLICIT_LE, LONG_VRS, SHORT_VRS, Encoding, standard_vrs
from gateway.dicom.errors import BadElement, NestedTooDeep, OutOfOrder, Truncated
from gateway.dicom.header import Header
from gateway.dicom.source import BytesSource

_TAGS = {True: Struct("<HH"), False: Struct(">HH")}
_HEADS = {  # the first 8 bytes of an element: explicit or implicit VR, little endian or big
    (explicit, little): Struct(("<" if little else ">") + ("HH2sH" if explicit else "HHI"))
    for explicit in (True, False)
    for little in (True, False)
}
_LONGS = {True: Struct("<I"), False: Struct(">I")}


NEVER = 1 << 32  # beyond every tag
MANY, MOST_SAMPLES = 8, 64  # items from which on a sample pays; samples in one dataset


def rewrite(
    header: Header,
    plan: Plan,
    keys: ProjectKeys,
    trace: Watcher | None = None,
    *,
    pixels: Pixels = Pixels.UNSEEN,
    known: Identifiers = NOBODY,
    refused: frozenset[str] = frozenset(),
) -> bytes:
    """The whole new front of the file: preamble, file meta, dataset, up to the pixel data element.

    `known` are identifiers of the patient from other headers of the study; this one's own are found in it.
    `refused` are pseudonyms, of kind "text", of free texts that must not stay because of such.
    Raises NoPatient, Quarantined, StillThere (all: withhold), or a DicomError for bytes that make no sense.
    """
    patient_id = (header.value(0x00100020) or b"").strip(b"\0 ")
    if not patient_id:
        raise NoPatient
    cleaner = Cleaner(plan.vocabulary, known)
    patient = Patient(patient_id.decode("latin-1"), keys, cleaner, plan.marks_texts, refused)
    image_type = _image_type(header) if pixels in (Pixels.REDACTED, Pixels.TISSUE) else b""
    given = marks(plan, header.encoding, pixels, image_type)
    removed = Removed(header.value(CHARSET) or b"", known)
    dataset = _Rewriter(header.dataset, plan, patient, trace, removed).dataset(header.encoding, given)
    if removed.in_texts():  # a word of the trade that is a name here: once more, and the texts cleaned of it
        patient = replace(patient, cleaner=Cleaner(plan.vocabulary, removed.identifiers()))
        if trace is not None:
            trace.restart()
        dataset = _Rewriter(header.dataset, plan, patient, trace, removed).dataset(header.encoding, given)
    removed.must_be_gone_from(dataset, header.encoding)
    return PREAMBLE + new_meta(header, plan, keys) + dataset


def _image_type(header: Header) -> bytes:
    """ImageType, its terms checked."""
    value, check = header.value(0x00080008) or b"", check_of("ImageType")
    return (check(value) or b"") if check is not None else b""


def stays(rule: Rule, value: bytes) -> bool:
    """Whether the rule's check, if it has one, leaves a value to be kept as it is."""
    return rule.check is None or rule.check(value) == value


class _Rewriter:
    """One pass over one dataset."""

    def __init__(self, data: bytes, plan: Plan, patient: Patient, trace: Watcher | None, removed: Removed) -> None:
        self.data = data
        self.rules = plan.rules
        self.plan = plan
        self.patient = patient
        self.trace = trace
        self.removed = removed
        self.due: list[tuple[int, bytes]] = []  # marks still to be put in, the next one last
        self.given: frozenset[int] = frozenset()
        self.leaves: list[Leaf] | None = None  # while an item is a sample for those alike
        self.samples = 0

    def dataset(self, encoding: Encoding, added: Mapping[int, bytes]) -> bytes:
        """The top level, with the marks of de-identification in their places."""
        self.due = sorted(added.items(), reverse=True)
        self.given = frozenset(added)
        _end, changed = self._level(0, len(self.data), encoding, 0)
        return self.data if changed is None else changed

    def _level(
        self, at: int, stop: int, encoding: Encoding, depth: int, *, open_item: bool = False
    ) -> tuple[int, bytes | None]:
        """(end, new bytes or None if nothing changed) of elements from `at`; an open item ends after its delimiter."""
        data, rules, little, explicit = self.data, self.rules, encoding.little, encoding.explicit
        head_of, long_of = _HEADS[explicit, little].unpack_from, _LONGS[little].unpack_from
        pieces: list[bytes] = []
        private: PrivateBlocks | None = None
        run, last = at, -1
        due = self.due[-1][0] if depth == 0 else NEVER
        unwatched = self.trace is None and self.leaves is None
        while at < stop:
            if at + 8 > stop:
                raise Truncated
            if explicit:
                group, element, vr, length = head_of(data, at)
            else:
                group, element, length = head_of(data, at)
            tag = group << 16 | element
            if open_item and tag == ITEM_END:
                return at + 8, self._joined(pieces, run, at)
            if tag <= last:
                raise OutOfOrder
            if group == 0xFFFE:
                raise BadElement("an item or delimiter stands where an element should")
            last = tag
            ours = False
            if tag >= due:
                due = self._mark(pieces, run, at, tag)
                run = at
                ours = tag in self.given
            start = at + 8
            if not explicit:
                vrs = standard_vrs(tag)
                vr = vrs[0] if vrs else b"UN"
            elif vr in LONG_VRS and at + 12 <= stop:
                start, length = at + 12, long_of(data, at + 8)[0]
            elif vr not in SHORT_VRS:
                raise BadElement("an element has a VR that the standard does not know")
            if length != UNDEFINED and start + length > stop:
                raise Truncated
            if group & 1:
                private = private or PrivateBlocks(self.plan.safe_private)
                rule = private.rule(tag, data, start, length)
            else:
                rule = rules.get(tag) if not ours else None
            if unwatched and rule is not None and vr in rule.unseen and length != UNDEFINED:
                at = start + length
                continue
            end, new = self._element(tag, vr, rule, at, start, length, stop, encoding, depth)
            if new is not None:
                pieces += (data[run:at], new)
                run = end
            at = end
        if open_item or at > stop:
            raise Truncated
        if depth == 0:
            self._mark(pieces, run, at, NEVER)
            run = at
        return at, self._joined(pieces, run, at)

    def _mark(self, pieces: list[bytes], run: int, at: int, tag: int) -> int:
        """Put in the marks that come before a tag, or in its place; gives the tag of the next one."""
        pieces.append(self.data[run:at])
        while self.due and self.due[-1][0] <= tag:
            pieces.append(self.due.pop()[1])
        return self.due[-1][0] if self.due else NEVER

    def _joined(self, pieces: list[bytes], run: int, stop: int) -> bytes | None:
        return b"".join([*pieces, self.data[run:stop]]) if pieces else None

    def _element(
        self, tag: int, vr: bytes, rule: Rule | None, at: int, start: int, length: int, stop: int,
        encoding: Encoding, depth: int,
    ) -> tuple[int, bytes | None]:  # fmt: skip
        """(end, replacement or None for 'as it is') of one element."""
        if rule is None or rule.action is Action.REMOVE or (vr != b"UN" and vr not in rule.vrs):
            return self._drop(tag, vr, rule, at, start, length, stop, encoding)
        if rule.vrs == (b"SQ",) or length == UNDEFINED:
            return self._sequence(tag, vr, rule, at, start, length, stop, encoding, depth)
        end = start + length
        value = self.data[start:end]
        kind = rule.vrs[0] if vr == b"UN" else vr
        if rule.action is Action.KEEP and well_formed(kind, value) and stays(rule, value):
            if self.trace is not None:
                self.trace.kept(tag, kind, value, rule, depth)
            if self.leaves is not None:
                free = rule.check is None and kind == vr and free_if_kept(kind, length)
                self.leaves.append(Leaf(start, end, kind, stays=True, free=free))
            return end, None if kind == vr else encoded(tag, kind, value, encoding)
        new = self._replaced(tag, kind, value, rule)
        if new is None or (rule.action is not Action.KEEP and kind != b"UI") or depth == 0:
            self.removed.note(tag, kind, value)
        if new and rule.argument == "clean_text":
            self.removed.let_through(new)
        if self.trace is not None:
            self.trace.changed(tag, kind, value, new, rule, depth)
        if self.leaves is not None:
            self.leaves.append(Leaf(start, end, kind, stays=new is not None, free=False))
        return end, b"" if new is None else encoded(tag, kind, new, encoding)

    def _replaced(self, tag: int, vr: bytes, value: bytes, rule: Rule) -> bytes | None:
        """The new value, or None to leave the element out."""
        match rule.action:
            case Action.KEEP:  # not well formed, or not what the attribute may hold
                return rule.check(value) if rule.check is not None and well_formed(vr, value) else None
            case Action.REMOVE:
                return None
            case Action.BLANK:
                return b""
            case Action.TEXT:
                return rule.argument.encode("ascii")
            case _:
                new = FUNCTIONS[rule.argument](value, vr, content.keyword_of(tag), self.patient)
                unclean = new is None and rule.otherwise is not None
                return self._replaced(tag, vr, value, rule.otherwise) if unclean and rule.otherwise else new

    def _drop(
        self,
        tag: int,
        vr: bytes,
        rule: Rule | None,
        at: int,
        start: int,
        length: int,
        stop: int,
        encoding: Encoding,
    ) -> tuple[int, bytes]:
        if length == UNDEFINED:
            window = Window(BytesSource(self.data), first=len(self.data))
            end = element_at(window, at, stop, encoding).end
        else:
            end = start + length
        if vr == b"SQ":
            self.removed.note_sequence(Element(tag, vr, at, start, length, end), self.data, encoding)
        else:
            self.removed.note(tag, vr, self.data[start:end])
        if self.trace is not None:
            self.trace.changed(tag, vr, self.data[start:end], None, rule, 0)
        if self.leaves is not None and vr != b"SQ" and length <= LONGEST and unnoted(tag, vr):
            self.leaves.append(Leaf(start, end, vr, stays=False, free=True))
        return end, b""

    def _sequence(
        self,
        tag: int,
        vr: bytes,
        rule: Rule,
        at: int,
        start: int,
        length: int,
        stop: int,
        encoding: Encoding,
        depth: int,
    ) -> tuple[int, bytes | None]:
        """A sequence: its items rewritten one by one, or dropped whole where the rule says so."""
        if depth >= DEEPEST:
            raise NestedTooDeep
        if vr not in (b"SQ", b"UN") or rule.vrs != (b"SQ",):
            raise BadElement("an element of undefined length is not a sequence")
        inside = IMPLICIT_LE if vr == b"UN" else encoding  # PS3.5 6.2.2
        if vr == b"UN":
            self.leaves = None
        if rule.action is Action.BLANK:
            end, _new = self._drop(tag, vr, rule, at, start, length, stop, encoding)
            return end, encoded(tag, vr, b"", encoding)
        if rule.argument == "code_check":
            return self._codes(tag, vr, rule, at, stop, inside, encoding, depth)
        if self.trace is not None:
            self.trace.entered(tag, rule, depth)
        end, items = self._items(start, stop if length == UNDEFINED else start + length, length, inside, depth, rule)
        return end, None if items is None else encoded(tag, vr, items, encoding)

    def _codes(
        self, tag: int, vr: bytes, rule: Rule, at: int, stop: int, inside: Encoding, encoding: Encoding, depth: int
    ) -> tuple[int, bytes | None]:  # fmt: skip
        """A sequence of codes, rebuilt from the vocabulary; `inside` is the encoding of its items."""
        self.leaves = None
        window = Window(BytesSource(self.data), first=len(self.data))
        sequence = element_at(window, at, stop, encoding, depth)
        new = encoded(tag, vr, clean_codes(self.data[sequence.value_start : sequence.end], inside), encoding)
        old = self.data[at : sequence.end]
        if self.trace is not None:
            self.trace.codes(tag, old, new, rule, depth)
        return sequence.end, None if new == old else new

    def _items(
        self, at: int, stop: int, length: int, encoding: Encoding, depth: int, rule: Rule
    ) -> tuple[int, bytes | None]:
        """(end, new items or None if none changed). What does not change leaves as slices of the source."""
        tag_of, long_of = _TAGS[encoding.little].unpack_from, _LONGS[encoding.little].unpack_from
        keep_item = content.ITEM_CHECKS.get(rule.argument)
        pieces: list[bytes] = []
        shapes: dict[int, Shape] = {}
        run = at
        while at < stop:
            if at + 8 > stop:
                raise Truncated
            group, element = tag_of(self.data, at)
            tag, size, start = group << 16 | element, long_of(self.data, at + 4)[0], at + 8
            if tag == SEQUENCE_END and length == UNDEFINED and size == 0:
                return start, self._joined(pieces, run, at)
            if tag != ITEM:
                raise BadElement("a sequence holds something that is not an item")
            item_stop = stop if size == UNDEFINED else start + size
            if item_stop > stop:
                raise Truncated
            reach = size + 8 if size != UNDEFINED else to_next(self.data, at, encoding)
            if reach in shapes and (end := shapes[reach].end(self.data, at, stop)) > at:
                if shapes[reach].becomes is not None:
                    pieces += (self.data[run:at], shapes[reach].rewritten(self.data, at, end))
                    run = end
                at = end
                continue
            sample = keep_item is None and self._worth_a_sample(reach, stop - at)
            if sample:
                self.leaves = []
                self.samples += 1
            end, body = self._level(start, item_stop, encoding, depth + 1, open_item=size == UNDEFINED)
            new = None if body is None else encoded_item(body, encoding)
            if keep_item is not None:
                inner = self.data[start : end - 8 if size == UNDEFINED else end]
                new = self._checked(keep_item, inner, body, encoding)
            if sample and self.leaves is not None:
                shapes[reach] = shape_of(self.data, at, end, self.leaves, new, encoding)
            self.leaves = None if sample else self.leaves
            if new is not None:
                pieces += (self.data[run:at], new)
                run = end
            at = end
        if length == UNDEFINED:
            raise Truncated
        return at, self._joined(pieces, run, at)

    def _worth_a_sample(self, reach: int, left: int) -> bool:
        """Whether many items of this length may follow. Never while somebody watches, or within another sample."""
        alone = self.trace is None and self.leaves is None
        return alone and self.samples < MOST_SAMPLES and 8 < reach <= LONGEST_ITEM and left > MANY * reach

    def _checked(self, check: content.ItemCheck, item: bytes, body: bytes | None, encoding: Encoding) -> bytes | None:
        """An item put through a check of its own: None if it stays as it is, empty if it goes."""
        self.leaves = None
        checked = check(item if body is None else body, encoding, item, self.patient)
        if checked is None:
            self.removed.note_item(item, encoding)
            return b""
        return None if body is None and checked == item else encoded_item(checked, encoding)
