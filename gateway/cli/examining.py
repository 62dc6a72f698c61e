"""What `slidegate doctor` looks at: each look gives one finding, ok, warn or fail, with what to do about it.

What serving itself relies on is asked where serving asks it (fitness, keys, sequencer), so that the two agree.
No finding names a person, a secret, or anything of a patient.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.errors import SlidegateError
from gateway.settings import Settings

AMPLE = 4  # times the reserve of the disk, below which somebody should look
MANY = 100_000  # events that wait for a checkpoint


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, what was found, and what to do."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    todo: str = ""


Look = Callable[[Settings, datetime], Finding]


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Every look in turn. Those that need the database are left out where it does not answer."""
    for look in APART:
        yield _guarded(look, settings, now)
    answers = _guarded(database, settings, now)
    yield answers
    if answers.state != "fail":
        for look in WITH_DATABASE:
            yield _guarded(look, settings, now)


def _guarded(look: Look, settings: Settings, now: datetime) -> Finding:
    """A look that fails is a finding too."""
    name = look.__name__.replace("_", " ")
    try:
        return look(settings, now)
    except SlidegateError as refusal:
        return Finding(name, "fail", refusal.message, f"see the error code {refusal.code}")
    except (SQLAlchemyError, OSError) as fault:
        return Finding(name, "fail", f"it could not be looked at ({type(fault).__name__})", "look into the log")


def address(settings: Settings, _now: datetime) -> Finding:
    """Whether people reach it over HTTPS, with cookies that travel no other way."""
    if not settings.secure_cookies:
        todo = "set secure_cookies = true; without it sessions can be read on the way"
        return Finding("address", "fail", "cookies are sent without encryption too", todo)
    if not settings.base_url.startswith("https://"):
        todo = "set base_url to the https:// address that people use; links in letters begin with it"
        return Finding("address", "warn", "base_url does not begin with https://", todo)
    return Finding("address", "ok", "https, and cookies that are sent over it alone")


def policies(settings: Settings, _now: datetime) -> Finding:
    """Whether every policy can be read; the hash says which state of all files it is."""
    from gateway.consent.duo import read_vocabulary
    from gateway.consent.policy import read_policy
    from gateway.deid.plan import load_plan
    from gateway.governance.form import read_form
    from gateway.governance.viewer import FORM
    from gateway.governance.workflow import read_workflow
    from gateway.people.roles import read_roles
    from gateway.pixels.rules import load_rules
    from gateway.projects.agreement import read_agreement
    from gateway.transparency.basis import read_basis

    folder = settings.policies_dir
    read_roles(folder)
    for path in sorted((folder / "workflows").glob("*.toml")):
        read_workflow(folder, path.stem)
    read_workflow(folder, read_form(folder, FORM).workflow)
    read_agreement(folder, settings.agreement)
    for read in (read_vocabulary, read_policy, read_basis, load_rules):
        read(folder)
    load_plan(folder, settings.default_deid_policy)
    return Finding("policies", "ok", f"all can be read; together they are {_hash(folder)}")


def _hash(folder: Path) -> str:
    """The first 12 digits of the SHA-256 over all files and their names."""
    digest = sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and "__pycache__" not in each.parts):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def key_file(settings: Settings, _now: datetime) -> Finding:
    """Whether the master key is there, for its owner alone."""
    path = settings.master_key_file
    if not path.exists():
        todo = "nothing to do before the first release; after it, put the file back from its backup"
        return Finding("key file", "warn", "there is no master key yet", todo)
    if path.stat().st_mode & 0o077:
        return Finding("key file", "fail", "others than its owner can read the master key", "chmod 600 the key file")
    return Finding("key file", "ok", "mode 0600")


def disk(settings: Settings, _now: datetime) -> Finding:
    """Free bytes beside the reserve below which no image is sent."""
    free, least = shutil.disk_usage(settings.data_dir).free, settings.disk_reserve_bytes
    found = f"{free / 1e9:.1f} GB free; images stop below {least / 1e9:.1f} GB"
    if free < least:
        return Finding("disk", "fail", found, "free space, or move data_dir to a larger disk")
    if free < AMPLE * least:
        return Finding("disk", "warn", found, "free space soon")
    return Finding("disk", "ok", found)


def mail(settings: Settings, _now: datetime) -> Finding:
    """Whether letters can be sent."""
    from gateway.notices.mail import greet

    if not settings.smtp_host:
        todo = "set smtp_host and smtp_from, if people are to get notices by email"
        return Finding("mail", "warn", "no mail server is set: notices are on the pages only", todo)
    if not settings.smtp_from:
        return Finding("mail", "fail", "smtp_from is empty", "set the address that letters come from")
    greet()
    return Finding("mail", "ok", "the mail server answers, and takes the user")


def jpeg_library(_settings: Settings, _now: datetime) -> Finding:
    """Whether text can be taken out of JPEG frames."""
    from gateway.pixels.redact.errors import NoCodec
    from gateway.pixels.redact.turbojpeg import loaded

    try:
        loaded()
    except (NoCodec, OSError):
        todo = "install libturbojpeg (Debian: libturbojpeg0)"
        return Finding("jpeg library", "warn", "not there: JPEG images with burnt-in text are withheld", todo)
    return Finding("jpeg library", "ok", "libturbojpeg is there")


def ocr_engine(_settings: Settings, _now: datetime) -> Finding:
    """Whether pixels can be looked at for text."""
    try:
        from gateway.pixels.detect.reader import Reader

        Reader()
    except (ImportError, OSError, RuntimeError, ValueError) as fault:
        found = f"it does not start ({type(fault).__name__}): no new image is released"
        return Finding("ocr engine", "fail", found, "install rapidocr-onnxruntime and onnxruntime again")
    return Finding("ocr engine", "ok", "it starts")


def database(settings: Settings, _now: datetime) -> Finding:
    """Whether it answers, and has the tables of this version."""
    from alembic.script import ScriptDirectory

    from gateway.db import reading
    from gateway.migrate import configuration

    make = "run `slidegate db upgrade`"
    if settings.database.startswith("sqlite:///") and not Path(settings.database.removeprefix("sqlite:///")).is_file():
        return Finding("database", "fail", "there is no database yet", make)
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    try:
        with reading() as db:
            present = db.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as fault:
        found = f"it does not answer, or has no tables ({type(fault).__name__})"
        return Finding("database", "fail", found, f"check database_url, then {make}")
    if present != head:
        return Finding("database", "fail", f"its tables are of migration {present}, not {head}", make)
    return Finding("database", "ok", f"it answers, and is at migration {head}")


def keys(_settings: Settings, _now: datetime) -> Finding:
    """Whether the master key opens this database."""
    from gateway.projects.keys import master_key_fault

    fault = master_key_fault()
    todo = "put the key file that belongs to this database back from its backup"
    return Finding("keys", "fail", fault, todo) if fault else Finding("keys", "ok", "the master key opens the database")


def record(_settings: Settings, now: datetime) -> Finding:
    """Whether images may be sent: disk, record, signatures, and all else that serving asks each second."""
    from gateway.trail import fitness

    fitness.forget()
    fault = fitness.fault_now(now)
    todo = "no image is sent until this is mended"
    return (
        Finding("record", "fail", fault, todo) if fault else Finding("record", "ok", "reads can be kept on the record")
    )


def clock(_settings: Settings, now: datetime) -> Finding:
    """Whether this machine and the database agree on the time."""
    from gateway.db import engine, reading
    from gateway.trail.fitness import SKEW

    if engine().dialect.name != "postgresql":
        return Finding("clock", "ok", "one machine, one clock")
    with reading() as db:
        there = db.scalar(text("SELECT clock_timestamp()"))
    apart = abs((there.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    found = f"{apart:.1f} seconds from the clock of the database"
    if apart > SKEW.total_seconds():
        return Finding("clock", "fail", found, "keep the clocks of all machines right (NTP)")
    return Finding("clock", "ok", found)


def sequencer(_settings: Settings, now: datetime) -> Finding:
    """How many events wait for a signed checkpoint, and for how long."""
    from gateway.db import reading
    from gateway.trail.fitness import HELP_AFTER, LATEST
    from gateway.trail.sequencer import lag

    with reading() as db:
        waits = lag(db)
    if waits.since is None:
        return Finding("sequencer", "ok", "every event is under a checkpoint")
    found = f"{waits.events} events wait, the oldest for {int((now - waits.since).total_seconds())} seconds"
    if now - waits.since > LATEST:
        return Finding("sequencer", "fail", found, "run `slidegate jobs work` beside the gateway")
    late = now - waits.since > HELP_AFTER or waits.events > MANY
    return Finding("sequencer", "warn" if late else "ok", found, "see that `slidegate jobs work` runs" if late else "")


def archives(_settings: Settings, _now: datetime) -> Finding:
    """Whether something of each archive can be opened."""
    from gateway.catalogue.queries import archives as known
    from gateway.db import reading

    with reading() as db:
        found = known(db)
        away = [each.name for each in found if not _opens(db, each.id)]
    if not found:
        return Finding("archives", "warn", "there is none", "slidegate archive add NAME URI --site CODE")
    if away:
        told = f"{len(away)} of {len(found)} do not answer: {', '.join(away)}"
        return Finding(
            "archives", "fail", told, "check their mounts, addresses and keys; then `slidegate archive index`"
        )
    return Finding("archives", "ok", f"{len(found)} answer" if len(found) > 1 else "it answers")


def _opens(db: Session, archive_id: str) -> bool:
    """Whether one indexed object of the archive opens; true where nothing is indexed yet."""
    from gateway.archive.connect import ArchiveError
    from gateway.catalogue.models import INDEXED, Instance
    from gateway.catalogue.sources import open_source

    some = select(Instance).where(Instance.archive_id == archive_id, Instance.state == INDEXED).limit(1)
    one = db.scalars(some).first()
    if one is None:
        return True
    try:
        open_source(db, one).close()
    except (ArchiveError, OSError):
        return False
    return True


APART: tuple[Look, ...] = (address, policies, key_file, disk, mail, jpeg_library, ocr_engine)
WITH_DATABASE: tuple[Look, ...] = (keys, record, clock, sequencer, archives)
