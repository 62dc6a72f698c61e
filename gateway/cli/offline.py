"""De-identification without a gateway: files in, files out, whole or not at all.

A file is written under another name, flushed, then renamed, so that nothing half-written ever has a name that
counts. Released files are named by their new UIDs: the names of the sources may identify as well.
"""

from __future__ import annotations

import csv
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from secrets import token_bytes, token_hex

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.cli.gathering import known_to_all, told_by
from gateway.deid.identifiers import NOBODY, Identifiers
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan, load_plan
from gateway.deid.rewrite import rewrite
from gateway.deid.trace import Tally, name_of
from gateway.dicom.frames.reader import index_frames
from gateway.dicom.header import Header, read_header
from gateway.dicom.rope import Literal, Rope, SourceRange
from gateway.dicom.source import ByteSource, FileSource
from gateway.dicom.uids import ClearUid
from gateway.errors import Conflict, Invalid, SlidegateError, Withheld
from gateway.pixels.rules import PixelRules, SlideFacts, load_rules
from gateway.settings import current

RELEASED, BEFORE, WITHHELD, BROKEN = "released", "released before", "withheld", "unreadable"
SLIDES = "SM"  # levels of slides show tissue; they leave without a claim that they were looked at
SHORTEST_KEY = 16  # bytes
ALONE = 8  # so few files are not worth other processes


@dataclass(frozen=True, slots=True)
class Job:
    """What is done to every file of a run; small enough to send to another process."""

    policies_dir: Path
    policy: str
    keys: ProjectKeys
    pixels_checked: bool

    def load(self) -> tuple[Plan, PixelRules]:
        """The policy's plan and the pixel rules. Raises UnknownPolicy, BadRecipe, BadPixelRules."""
        return load_plan(self.policies_dir, self.policy), load_rules(self.policies_dir)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. Nothing in it identifies, but `done` says which attributes there were."""

    state: str
    file: str = ""
    reason: str = ""
    code: str = ""
    done: Mapping[tuple[int, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many files of a folder were released, withheld, and not readable."""

    released: int
    withheld: int
    broken: int


def keys_of(key_file: Path | None) -> ProjectKeys:
    """Keys from a file, at least 16 bytes of any kind; a new file, mode 0600, if there is none.

    Without a file: `offline.key` in the data directory, which has nothing to do with the gateway's own keys, so
    that files made here cannot be linked with any release. Raises Invalid.
    """
    path = key_file or current().data_dir / "offline.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(token_hex(32) + "\n")
    with path.open("rb") as handle:
        if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o002:
            raise Invalid("the key file may be written by anybody: run chmod 600 on it")
        secret = handle.read(4096).strip()
    if len(secret) < SHORTEST_KEY:
        raise Invalid(f"the key file must hold at least {SHORTEST_KEY} bytes")
    return ProjectKeys(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"slidegate offline 1").derive(secret))


def deidentify_file(src: Path, dst: Path, job: Job) -> None:
    """One file to `dst`, or into it if it is a folder. Raises why it was not written."""
    plan, rules = job.load()
    source = FileSource(src)
    try:
        header, rope, _ = _released(source, plan, rules, job)
        target = dst / _named(header, job.keys).name if dst.is_dir() else dst
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(rope, target)
    finally:
        source.close()


def deidentify_folder(src: Path, dst: Path, job: Job, *, sources: Path | None = None) -> Summary:
    """Every file below `src`, to `dst/<study>/<series>/<instance>.dcm` and report.csv. Raises Invalid."""
    paths = sorted(path for path in src.rglob("*") if path.is_file() and not path.is_symlink())
    if not paths:
        raise Invalid("the folder holds no files")
    dst.mkdir(parents=True, exist_ok=True)
    outcomes = list(_watched(_outcomes(paths, dst, job), len(paths)))
    _report(dst / "report.csv", outcomes)
    _actions(dst / "actions.csv", outcomes)
    if sources is not None:
        with sources.open("w", newline="", encoding="utf-8", errors="surrogateescape") as handle:
            csv.writer(handle).writerows(enumerate((str(path.relative_to(src)) for path in paths), 1))
    states = Counter(outcome.state for outcome in outcomes)
    released = states[RELEASED] + states[BEFORE]
    if not released:
        reasons = Counter(outcome.reason for outcome in outcomes)
        raise Withheld(f"nothing was released; the most frequent reason: {reasons.most_common(1)[0][0]}")
    return Summary(released, states[WITHHELD], states[BROKEN])


def _outcomes(paths: list[Path], dst: Path, job: Job) -> Iterator[Outcome]:
    """One for each file, in order: a first round gathers who is in the folder, the second writes."""
    if len(paths) <= ALONE:
        yield from map(_one, paths, repeat(dst), repeat(job), known_to_all(map(told_by, paths)))
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        known = known_to_all(pool.map(told_by, paths, chunksize=4))
        yield from pool.map(_one, paths, repeat(dst), repeat(job), known, chunksize=4)


def _watched(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """The same, with a progress bar on a terminal."""
    from rich.progress import track

    yield from track(outcomes, "de-identifying", total=total, transient=True)


def _one(path: Path, dst: Path, job: Job, known: Identifiers) -> Outcome:
    """One file of a folder. The run goes on whatever is wrong with it."""
    plan, rules = job.load()
    try:
        source = FileSource(path)
    except OSError:
        return Outcome(BROKEN, reason="the file cannot be opened", code="unreadable")
    try:
        header, rope, tally = _released(source, plan, rules, job, known)
        name = _named(header, job.keys)
        target = dst / name
        target.parent.mkdir(parents=True, exist_ok=True)
        state = RELEASED if _placed(rope, target) else BEFORE
        return Outcome(state, str(name), done=dict(tally.done))
    except SlidegateError as error:
        state = WITHHELD if isinstance(error, Withheld | Conflict) else BROKEN
        return Outcome(state, reason=error.message, code=error.code)
    finally:
        source.close()


def _released(
    source: ByteSource, plan: Plan, rules: PixelRules, job: Job, known: Identifiers = NOBODY
) -> tuple[Header, Rope, Tally]:
    """The new file as a rope. Raises Withheld, BadFrames and what reading and rewriting a header raise."""
    header, tally = read_header(source), Tally()
    pieces: list[Literal | SourceRange] = [Literal(rewrite(header, plan, job.keys, tally, known=known))]
    if not job.pixels_checked:
        facts = _facts(header)
        verdict = rules.verdict(facts)
        level = facts.modality == SLIDES and facts.get("flavour") == "VOLUME"
        if not verdict.released or verdict.stand_in or (verdict.screened and not level):
            raise Withheld(verdict.reason or "its pixels have not been screened: see --pixels-checked")
    if header.pixel is not None:
        end = index_frames(header).end
        pieces.append(SourceRange(header.body, header.pixel.start, end - header.pixel.start))
    return header, Rope(pieces), tally


def _facts(header: Header) -> SlideFacts:
    def text(tag: int) -> str:
        return (header.value(tag) or b"").decode("latin-1").strip("\0 ")

    image_type = tuple(part.strip() for part in text(0x00080008).split("\\"))
    of_device = (text(0x00080070), text(0x00081090), header.transfer_syntax)
    return SlideFacts(text(0x00080016), image_type, text(0x00080060), text(0x00280301), text(0x00480010), *of_device)


def _named(header: Header, keys: ProjectKeys) -> Path:
    parts = [(header.value(tag) or b"").strip(b"\0 ").decode("latin-1") for tag in (0x0020000D, 0x0020000E, 0x00080018)]
    if not all(parts):
        raise Invalid("the instance lacks a study, series or instance UID")
    study, series, instance = (keys.uid(ClearUid(part)) for part in parts)
    return Path(study, series, f"{instance}.dcm")


def _placed(rope: Rope, target: Path) -> bool:
    """Whether it had to be written; False if the very file is there. Raises Conflict if another one is."""
    if not target.exists():
        _write(rope, target)
        return True
    front = rope.pieces[0]
    with target.open("rb") as there:
        same = os.fstat(there.fileno()).st_size == rope.length
        if not same or there.read(front.length) != front.read(0, front.length):
            raise Conflict("another file of the same instance UID, policy or key is in the destination")
    return False


def _write(rope: Rope, target: Path) -> None:
    """Whole or not at all."""
    fresh = target.with_name(f".{token_bytes(8).hex()}.part")
    try:
        with fresh.open("xb", buffering=0) as handle:
            rope.write_to(handle.fileno())
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _report(path: Path, outcomes: list[Outcome]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        rows = csv.writer(handle)
        rows.writerow(("number", "outcome", "file", "reason", "code", "kept", "replaced", "blanked", "removed"))
        for number, each in enumerate(outcomes, 1):
            counts = Counter[str]()
            for (_tag, action), times in each.done.items():
                counts[action] += times
            known = [counts.pop(action, 0) for action in ("keep", "blank", "remove")]
            kept, blanked, removed = known
            rows.writerow(
                (number, each.state, each.file, each.reason, each.code, kept, counts.total(), blanked, removed)
            )


def _actions(path: Path, outcomes: list[Outcome]) -> None:
    """What was done to which attribute, over all files."""
    total = Counter[tuple[int, str]]()
    for each in outcomes:
        total.update(each.done)
    with path.open("w", newline="", encoding="utf-8") as handle:
        rows = csv.writer(handle)
        rows.writerow(("tag", "attribute", "action", "times"))
        for (tag, action), times in sorted(total.items()):
            rows.writerow((f"({tag >> 16:04X},{tag & 0xFFFF:04X})", name_of(tag), action, times))
