"""Settings: config/*.toml, then SLIDEGATE_* variables, into one frozen object.

Nothing else in the gateway reads the environment. An unknown key is an error, so that a typing
mistake never leaves a default in force.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from gateway.errors import SlidegateError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "SLIDEGATE_"


class BadSetting(SlidegateError):
    """A settings file or variable cannot be understood."""

    code = "bad-setting"


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a deployment may change. Paths are relative to the working directory."""

    product_name: str = "Slidegate"
    base_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 8
    data_dir: Path = Path("var")
    policies_dir: Path = ROOT / "policies"
    database_url: str = ""  # empty: SQLite in data_dir
    key_file: Path = Path("")  # empty: data_dir/master.key, made with mode 0600
    secure_cookies: bool = True
    session_idle_minutes: int = 30
    session_hours: int = 12
    token_max_days: int = 30
    max_request_bytes: int = 16 * 1024 * 1024
    attachment_bytes: int = 10 * 1024 * 1024  # the largest file that an applicant may add
    attachment_scan: str = ""  # a command that reads a file on its standard input and exits with 0 if it is harmless
    concern_days: int = 14  # until when a steward must have answered a question or a concern of the panel
    destroy_days: int = 14  # until when a project must have destroyed the data of a patient who withdrew
    optout_days: int = 30  # after which a list of opt-outs counts as old, and is warned of; 0: never
    review_days: int = 14  # until when a reviewer should have answered; then they and the stewards are reminded
    smtp_host: str = ""  # empty: no email, notices are on the pages only
    smtp_port: int = 587
    smtp_starttls: bool = True
    smtp_from: str = ""
    smtp_user: str = ""  # empty: the server asks for no password
    smtp_password: str = field(default="", repr=False)
    digest_hour: int = 6  # UTC, from which the letter of the day is sent to those who chose it
    webhook_hosts: tuple[str, ...] = ()  # of our own network, that webhooks may be sent to, also without HTTPS
    default_deid_policy: str = "pathology-research"
    agreement: str = "data-use"  # of policies/agreements/, that every member of an approved project signs
    tile_cache_bytes: int = 256 * 1024 * 1024  # of tiles drawn for viewers, kept in data_dir/tiles; 0: none
    openings_kept_days: int = 6 * 365  # names and words behind the record's commitments; older ones may be erased
    witnesses: tuple[str, ...] = ()  # of the audit log, each "https://… name+id+key" (C2SP tlog-witness)
    timestamp_authority: str = ""  # https address (RFC 3161) that dates a checkpoint each hour; empty: none does
    cors_origins: tuple[str, ...] = ()  # of tools in a browser that may use DICOMweb and annotations with a token
    spare_dir: Path = Path("/var/tmp")  # noqa: S108  # notes of who reads the audit trail while data_dir takes nothing
    disk_reserve_bytes: int = 256 * 1024 * 1024  # free bytes on the disk of data_dir below which no image is sent
    s3_endpoint: str = ""  # of archives at s3://bucket/prefix; empty: that of AWS
    s3_region: str = "us-east-1"
    s3_access_key: str = field(default="", repr=False)  # empty: the role that the machine has
    s3_secret_key: str = field(default="", repr=False)
    delivery_s3_endpoint: str = ""  # of buckets that releases are delivered to; empty: that of AWS
    delivery_s3_region: str = "us-east-1"
    delivery_s3_access_key: str = field(default="", repr=False)  # empty: nothing is delivered to buckets
    delivery_s3_secret_key: str = field(default="", repr=False)
    dicomweb_token: str = field(default="", repr=False)  # a bearer token for archives at dicomweb+https://
    dicomweb_user: str = field(default="", repr=False)  # or a user with a password
    dicomweb_password: str = field(default="", repr=False)
    spool_bytes: int = 20 * 1024**3  # of objects fetched from DICOMweb archives, kept in data_dir/spool
    dask: str = ""  # empty: a cluster inside the jobs worker; else tcp://host:port; see docs/decisions/0006

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'slidegate.db').resolve()}"

    @property
    def master_key_file(self) -> Path:
        """File of the master key, mode 0600."""
        return self.key_file if self.key_file.name else self.data_dir / "master.key"


def _converted(name: str, kind: str, value: Any) -> Any:
    try:
        match kind:
            case "bool":
                known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
                return value if isinstance(value, bool) else known[str(value).lower()]
            case "int":
                return int(value)
            case "tuple[str, ...]":
                each = value.split(",") if isinstance(value, str) else [str(part) for part in value]
                return tuple(part.strip() for part in each if part.strip())
            case "Path":
                return Path(str(value))
            case _:
                return str(value)
    except (KeyError, TypeError, ValueError):
        raise BadSetting(f"setting {name} must be of kind {kind}") from None


def _changed(settings: Settings, values: Mapping[str, Any], origin: str) -> Settings:
    kinds = {f.name: str(f.type) for f in fields(Settings)}
    unknown = sorted(set(values) - set(kinds))
    if unknown:
        raise BadSetting(f"unknown setting {unknown[0]!r} in {origin}")
    return replace(settings, **{k: _converted(k, kinds[k], v) for k, v in values.items()})


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from config/default.toml, the file named by SLIDEGATE_CONFIG, and SLIDEGATE_* variables.

    Raises BadSetting for an unknown key, a value of the wrong kind, or a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    settings = Settings()
    chosen = environ.get(PREFIX + "CONFIG")
    files = [ROOT / "config" / "default.toml"] + ([Path(chosen)] if chosen else [])
    for path in files:
        try:
            settings = _changed(settings, tomllib.loads(path.read_text("utf-8")), path.name)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise BadSetting(f"cannot read settings file {path.name}: {error}") from None
    variables = {
        k.removeprefix(PREFIX).lower(): v for k, v in environ.items() if k.startswith(PREFIX) and k != PREFIX + "CONFIG"
    }
    return _changed(settings, variables, "the environment")


_current: Settings | None = None


def current() -> Settings:
    """The settings of this process, loaded at first use."""
    global _current
    if _current is None:
        _current = load()
    return _current


def use(settings: Settings) -> None:
    """Make these the settings of this process (the app factory and tests)."""
    global _current
    _current = settings
