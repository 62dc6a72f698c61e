"""`slidegate-verify BUNDLE`: checks an audit bundle without database, network or the gateway.

Needs Python and `cryptography`. Exit 0: nothing is wrong; 1: faults were found; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from gateway.audit.offline.check import check
from gateway.audit.offline.findings import Findings
from gateway.audit.offline.layout import KEYS, Bundle, NoBundle
from gateway.trail.notes import BadNote, VerifierKey


def main(arguments: Sequence[str] | None = None) -> None:
    """Check one bundle and say in words what was found."""
    parser = argparse.ArgumentParser("slidegate-verify", description="Check an audit bundle, offline.")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder or zip file of the bundle")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        help="public key known from elsewhere (name+id+key), or a file of such keys, one a line; may be given again",
    )
    parser.add_argument("--seen", action="append", default=[], type=Path, help="file of a checkpoint noted elsewhere")
    parser.add_argument("--witness", action="append", default=[], help="public key of a witness who has to have signed")
    parser.add_argument(
        "--tsa", action="append", default=[], type=Path, help="root certificates (PEM) of who has to have dated it"
    )
    asked = parser.parse_args(arguments)
    if not asked.bundle.exists():
        parser.error("there is no such file or folder")
    try:
        trusted = [key for text in asked.key for key in _given(text)]
        witnesses = [VerifierKey.read(text) for text in asked.witness]
        seen = [path.read_text("utf-8") for path in asked.seen]
        authorities = [each for path in asked.tsa for each in _certificates(path)]
    except (BadNote, OSError, UnicodeDecodeError) as error:
        parser.error(str(error) if isinstance(error, BadNote) else "a file that was named cannot be read")
    findings = check(asked.bundle, trusted=trusted, seen=seen, witnesses=witnesses, authorities=authorities)
    sys.stdout.write(report(findings) + _keys(asked.bundle))
    sys.exit(0 if findings.sound else 1)


def _given(text: str) -> list[VerifierKey]:
    """The keys that this holds, or the file that it names, one a line. Raises BadNote, OSError."""
    lines = (Path(text).read_text("utf-8") if Path(text).is_file() else text).splitlines()
    keys = [VerifierKey.read(line) for line in lines if line.strip()]
    if not keys:
        raise BadNote("no key is given where one should be")
    return keys


def _certificates(path: Path) -> list[x509.Certificate]:
    """Those in a PEM file. Raises BadNote, OSError."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise BadNote("a file that was named holds no certificate in PEM") from None


def report(findings: Findings) -> str:
    """What was found, in words."""
    if not findings.sound:
        faults = "".join(f"  {each.kind}: {each.text}\n" for each in findings.faults)
        return f"NOT SOUND: this bundle was bent or damaged.\n{faults}"
    proved = "".join(f"  - {each}\n" for each in findings.proved)
    not_proved = "".join(f"  - {each}\n" for each in findings.not_proved)
    return f"SOUND: nothing is wrong with this bundle.\nProved:\n{proved}Not proved:\n{not_proved}"


def _keys(path: Path) -> str:
    try:
        return "Keys in the bundle:\n" + "".join(f"  {line}\n" for line in Bundle(path).text(KEYS).splitlines())
    except NoBundle:
        return ""


if __name__ == "__main__":
    main()
