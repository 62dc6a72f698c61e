"""Our actions in the words of the standards: DICOM audit events (PS3.15 A.5.3, PS3.16 CID 400)."""

from __future__ import annotations

from dataclasses import dataclass

OK, MINOR = "0", "4"
SYSTEM = "urn:slidegate:action"  # of our own action names


@dataclass(frozen=True, slots=True)
class Told:
    """An event's code in DCM and its meaning, what was done (C, R, U, D, E), and how it ended."""

    code: str
    meaning: str
    did: str
    outcome: str


_TRANSFERRED = ("110104", "DICOM Instances Transferred")
_EXPORT, _IMPORT = ("110106", "Export"), ("110107", "Import")
_ALERT, _LOG_USED = ("110113", "Security Alert"), ("110101", "Audit Log Used")
_SIGN_IN, _ACTIVITY = ("110114", "User Authentication"), ("110100", "Application Activity")
_KINDS: tuple[tuple[str, tuple[str, str], str], ...] = (  # the first beginning that fits
    ("release.read.", _TRANSFERRED, "R"),
    ("release.deliver", _EXPORT, "R"),
    ("release.refused", _ALERT, "R"),
    ("audit.searched", _LOG_USED, "R"),
    ("audit.exported", _LOG_USED, "R"),
    ("audit.key.", _ALERT, "U"),
    ("session.", _SIGN_IN, "E"),
    ("account.password", _SIGN_IN, "E"),
    ("account.", _ALERT, "U"),
    ("custodian.", _ALERT, "U"),
    ("grant.", _ALERT, "U"),
    ("keys.", _ALERT, "U"),
    ("project.member.", _ALERT, "U"),
    ("token.", _ALERT, "U"),
    ("archive.", _IMPORT, "C"),
    ("optout.", _IMPORT, "C"),
    ("patient.forgotten", _ACTIVITY, "D"),
)
_FAILED = ("refused", "failed", "denied")
_BAD_OUTCOMES = frozenset(("aborted", "stopped", "recovered"))


def told_of(action: str, outcome: str) -> Told:
    """What the standards call it; `outcome` is what the event itself says of how it ended, "" for nothing."""
    code, did = next(((code, did) for start, code, did in _KINDS if action.startswith(start)), (_ACTIVITY, "E"))
    failed = action.endswith(_FAILED) or outcome in _BAD_OUTCOMES
    return Told(*code, did, MINOR if failed else OK)
