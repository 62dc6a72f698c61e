"""Witnesses: others who see each checkpoint, satisfy themselves that the log only grew, and sign that with the time.

By C2SP tlog-witness and tlog-cosignature. Whoever bends the log and signs it anew needs every witness as well.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.db import reading, transaction
from gateway.errors import Invalid, SlidegateError
from gateway.settings import current
from gateway.trail import outside
from gateway.trail.models import Checkpoint, Cosignature
from gateway.trail.notes import COSIGNATURE, BadNote, VerifierKey, signatures
from gateway.trail.tree import Tree

LONGEST = 16 * 1024  # bytes of an answer
log = structlog.get_logger("gateway.trail.witnesses")


class BadWitness(Invalid):
    """The setting cannot be read."""

    code = "bad-witness"
    title = 'Setting witnesses holds "https://… name+id+key" for each witness'


class NotWitnessed(SlidegateError):
    """A witness did not sign; says nothing of why but its status."""

    code = "not-witnessed"
    status = 502
    title = "A witness did not sign the checkpoint"


@dataclass(frozen=True, slots=True)
class Witness:
    """Where it is asked, and the key by which its cosignatures are checked."""

    url: str
    key: VerifierKey


def configured() -> list[Witness]:
    """The witnesses of the settings. Raises BadWitness."""
    found = []
    for text in current().witnesses:
        url, _, key = text.partition(" ")
        try:
            read = VerifierKey.read(key)
        except BadNote:
            raise BadWitness from None
        if not url.startswith(outside.SAFE) or read.kind != COSIGNATURE:
            raise BadWitness
        found.append(Witness(url.rstrip("/"), read))
    return found


def note_of(db: Session, checkpoint: Checkpoint) -> str:
    """The checkpoint with the cosignatures that it has got. Index: pk_trail_cosignature."""
    asked = select(Cosignature.line).where(Cosignature.size == checkpoint.size).order_by(Cosignature.witness)
    return checkpoint.note + "".join(db.scalars(asked))


def ask(*, now: datetime) -> int:
    """Have the newest checkpoint cosigned by whoever has not yet; how many did. One that fails is asked next time."""
    done = 0
    for each in configured():
        try:
            done += _ask(each, now)
        except NotWitnessed as error:
            log.error("not-witnessed", witness=each.key.name, status=error.message)
    return done


def _ask(witness: Witness, now: datetime) -> bool:
    with reading() as db:
        checkpoint = db.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).one_or_none()
        mine = select(func.max(Cosignature.size)).where(Cosignature.witness == witness.key.name)
        last = db.scalar(mine) or 0
        if checkpoint is None or last >= checkpoint.size:
            return False
    line = _signed(witness, checkpoint, last)
    with transaction() as db:
        db.merge(Cosignature(size=checkpoint.size, witness=witness.key.name, line=line, at=now))
    return True


def _signed(witness: Witness, checkpoint: Checkpoint, last: int) -> str:
    """The line of the witness's signature, checked; asked a second time if it remembers another size than we."""
    status, answer = _sent(witness, checkpoint, last)
    if status == 409 and answer.strip().isdigit() and 0 <= int(answer) <= checkpoint.size:
        status, answer = _sent(witness, checkpoint, int(answer))
    if status != 200:
        raise NotWitnessed(str(status))
    for line in answer.splitlines():
        try:
            _, found = signatures(f"{checkpoint.note}{line}\n", [witness.key])
        except BadNote:
            raise NotWitnessed("a false signature") from None
        if witness.key in found:
            return line + "\n"
    raise NotWitnessed("no signature")


def _sent(witness: Witness, checkpoint: Checkpoint, last: int) -> tuple[int, str]:
    with reading() as db:
        proof = Tree(db).consistency(last, checkpoint.size) if 0 < last < checkpoint.size else []
    lines = [f"old {last}", *(base64.b64encode(each).decode() for each in proof), "", checkpoint.note]
    try:
        status, _, body = outside.posted(f"{witness.url}/add-checkpoint", "\n".join(lines).encode(), longest=LONGEST)
    except outside.BadAddress:
        raise BadWitness from None
    except outside.NoAnswer as error:
        raise NotWitnessed(str(error)) from None
    return status, body.decode("utf-8", "replace")
