"""Checking a bundle offline: signatures, events, growth, keys; what is proved, and what is not, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from gateway.audit.offline import events
from gateway.audit.offline.dates import dated
from gateway.audit.offline.events import Followed, hashes
from gateway.audit.offline.findings import Findings
from gateway.audit.offline.layout import CHECKPOINT, HISTORY, KEYS, LOG, OPENINGS, PROJECTS, About, Bundle, NoBundle
from gateway.trail import merkle
from gateway.trail.notes import BadNote, Checkpoint, VerifierKey, opened, seen_at, signatures

PIECE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Former:
    """A checkpoint of the past, and the proof that the log only grew since (None where none is given)."""

    checkpoint: Checkpoint
    proof: list[bytes] | None
    seen: bool = False


def check(
    path: Path,
    *,
    trusted: Sequence[VerifierKey] = (),
    seen: Sequence[str] = (),
    witnesses: Sequence[VerifierKey] = (),
    authorities: Sequence[x509.Certificate] = (),
) -> Findings:
    """Check the bundle at a path.

    `trusted`: keys known from elsewhere; without them the bundle's own count, which who forges all of it can make.
    `seen`: notes of checkpoints known from elsewhere, against which forks and cuts are found.
    `witnesses`: keys of witnesses, each of whom has to have cosigned the checkpoint.
    `authorities`: roots of timestamp authorities, one of whom has to have dated a checkpoint.
    """
    findings = Findings()
    try:
        bundle = Bundle(path)
        about = bundle.about()
        keys = [VerifierKey.read(line) for line in bundle.text(KEYS).splitlines()]
        checkpoint = _signed(bundle.text(CHECKPOINT), keys, trusted, findings)
        if checkpoint is None:
            return findings
        findings.size = checkpoint.size
        _witnessed(bundle.text(CHECKPOINT), witnesses, findings)
        formers = _formers(bundle, keys, trusted, seen, checkpoint, findings)
        if about.scope == LOG:
            told = events.whole(bundle, checkpoint, {each.checkpoint.size for each in formers}, findings)
        else:
            told = events.part(bundle, checkpoint, about.scope, findings)
        _grown(formers, checkpoint, told if about.scope == LOG else None, findings)
        dated(bundle, [checkpoint, *(each.checkpoint for each in formers)], authorities, findings)
        _announced(keys, told, about, findings)
        if bundle.has(OPENINGS):
            events.openings(bundle, findings)
        _forms(bundle, about, findings)
    except (NoBundle, BadNote) as error:
        findings.fault("malformed", str(error))
        return findings
    if findings.events != about.events:
        findings.fault("missing", f"{findings.events:,} events are here, the bundle was made with {about.events:,}")
    _words(findings, about, told, checkpoint, trusted=bool(trusted), seen=bool(seen or witnesses), formers=len(formers))
    return findings


def _signed(
    note: str, keys: Sequence[VerifierKey], trusted: Sequence[VerifierKey], findings: Findings
) -> Checkpoint | None:
    try:
        checkpoint, signed_by = opened(note, trusted or keys)
    except BadNote as error:
        findings.fault("signature", str(error))
        return None
    if not any(key.name == checkpoint.origin for key in signed_by):
        whose = "a key that you trust" if trusted else "a key of the bundle"
        findings.fault("signature", f"the checkpoint is not signed by {whose}")
        return None
    return checkpoint


def _witnessed(note: str, witnesses: Sequence[VerifierKey], findings: Findings) -> None:
    _, found = signatures(note, witnesses)
    for each in witnesses:
        if each not in found:
            findings.fault("unwitnessed", f"the witness {each.name} did not sign this checkpoint")
            continue
        when = datetime.fromtimestamp(seen_at(found[each]), UTC)
        findings.proved.append(f"the witness {each.name} saw this checkpoint on {when:%-d %B %Y at %H:%M} UTC")


def _formers(
    bundle: Bundle,
    keys: Sequence[VerifierKey],
    trusted: Sequence[VerifierKey],
    seen: Sequence[str],
    checkpoint: Checkpoint,
    findings: Findings,
) -> list[Former]:
    known = [*trusted, *keys]
    told = [(str(row.get("checkpoint")), hashes(row.get("consistency")), False) for row in bundle.rows(HISTORY)]
    formers: list[Former] = []
    for note, proof, from_outside in [*told, *((note, None, True) for note in seen)]:
        former = _signed(note, known, (), findings)
        if former is None:
            continue
        if former.origin != checkpoint.origin:
            findings.fault("forked", "a checkpoint is of another log")
        elif former.size > checkpoint.size:
            findings.fault("truncated", f"a checkpoint over {former.size:,} events was signed; this one has fewer")
        else:
            formers.append(Former(former, proof, from_outside))
    return formers


def _grown(formers: Sequence[Former], checkpoint: Checkpoint, told: Followed | None, findings: Findings) -> None:
    """Each former checkpoint must be a beginning of this log; told: the roots of a whole one."""
    proved = {checkpoint.size: checkpoint.root}
    for each in formers:
        size, root = each.checkpoint.size, each.checkpoint.root
        if told is not None:
            fits = size > findings.events or told.roots.get(size) == root
        elif each.proof is not None:
            fits = merkle.is_consistent(size, root, checkpoint.size, checkpoint.root, each.proof)
        elif size in proved:
            fits = proved[size] == root
        else:
            findings.not_proved.append(f"that the log continues the checkpoint over {size:,} events that you gave")
            continue
        proved[size] = root if fits else proved.get(size, b"")
        if not fits and not (told is not None and findings.faults):  # a changed event changes roots as well
            findings.fault("forked", f"the log does not continue what was signed over its first {size:,} events")


def _announced(keys: Sequence[VerifierKey], told: Followed, about: About, findings: Findings) -> None:
    if about.scope == LOG and sorted(told.announced) != sorted(key.text for key in keys):
        findings.fault("key", "the keys of the bundle are not those that the log announces")


def _forms(bundle: Bundle, about: About, findings: Findings) -> None:
    for name, digest in about.forms.items():
        found = hashlib.sha256()
        with bundle.open(name) as file:
            while piece := file.read(PIECE):
                found.update(piece)
        if found.hexdigest() != digest:
            findings.fault("flipped", f"{name} was changed since the bundle was made")


def _words(
    findings: Findings, about: About, told: Followed, checkpoint: Checkpoint, *, trusted: bool, seen: bool, formers: int
) -> None:
    good, open_ = findings.proved, findings.not_proved
    good.append(f"the log {checkpoint.origin} signed that it held {checkpoint.size:,} events")
    if about.scope == LOG:
        good.append(f"these {findings.events:,} events are all of them, unchanged and in their order")
        good.append(f"in each of {len(told.projects):,} projects no event is missing")
    else:
        good.append(f"each of these {findings.events:,} events is in the log, unchanged and at its place")
    if about.scope == PROJECTS:
        for project, last in sorted(told.projects.items()):
            good.append(f"of project {project} no event from number 1 to {last:,} is missing")
        open_.append("that these projects have no later events: only the whole log can show it")
    elif about.scope != LOG:
        open_.append("that nothing else fits the search: only the whole log can show it")
    if formers:
        good.append(f"the log only grew since each of {formers:,} former checkpoints")
    if not trusted:
        open_.append("whose key signed: compare the key below with the one published, and give it with --key")
    if not seen:
        open_.append("that others are shown the same log: give a checkpoint that they noted with --seen")
    if about.forms:
        open_.append("what " + ", ".join(sorted(about.forms)) + " say: they are for reading; events.ndjson is proved")
    open_.append("that what happened was recorded truly and in time, and that the clock was right")
