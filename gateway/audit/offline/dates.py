"""The dates in a bundle: what timestamp authorities (RFC 3161) signed over its checkpoints."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography import x509

from gateway.audit.offline.findings import Findings
from gateway.audit.offline.layout import TIMESTAMPS, Bundle
from gateway.trail.notes import BadNote, Checkpoint, opened
from gateway.trail.rfc3161 import BadTimestamp, Stamped, stamped


def dated(bundle: Bundle, proved: Sequence[Checkpoint], roots: Sequence[x509.Certificate], findings: Findings) -> None:
    """Check each timestamp against roots that are trusted; `proved`: the checkpoints that this log continues.

    Where roots are given, one of their authorities has to have dated a checkpoint.
    """
    rows = bundle.rows(TIMESTAMPS) if bundle.has(TIMESTAMPS) else iter(())
    if not roots:
        if any(True for _ in rows):
            findings.not_proved.append("when: give the root certificate of whoever dated the checkpoints with --tsa")
        return
    found: list[tuple[Stamped, Checkpoint]] = []  # the first and the last
    here, count = {(each.size, each.root) for each in proved}, 0
    for count, row in enumerate(rows, 1):  # noqa: B007  # told below
        note = str(row.get("checkpoint"))
        try:
            checkpoint, _ = opened(note, [])
            token = base64.b64decode(str(row.get("token")), validate=True)
            if (checkpoint.size, checkpoint.root) not in here:
                raise BadTimestamp("it is of a checkpoint that is not here")
            found[1:] = [(stamped(token, hashlib.sha256(note.encode()).digest(), roots), checkpoint)]
        except (BadNote, BadTimestamp) as error:
            findings.fault("timestamp", f"a timestamp does not hold: {error}")
        except ValueError:  # of base64
            findings.fault("timestamp", "a timestamp cannot be read")
    if not count:
        findings.fault("undated", "no authority dated a checkpoint of this log")
    for stamp, checkpoint in found:
        when = f"{stamp.at:%-d %B %Y at %H:%M} UTC"
        findings.proved.append(f"the first {checkpoint.size:,} events were there on {when}: so signed {stamp.by}")
