"""What connectors need beside an archive's URI: addresses, secrets, room on the disk. The engine reads no settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Access:
    """How archives behind a network are reached. Empty secrets: none is sent."""

    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    dicomweb_token: str = field(default="", repr=False)
    dicomweb_user: str = field(default="", repr=False)
    dicomweb_password: str = field(default="", repr=False)
    spool: Path = Path("spool")
    spool_bytes: int = 20 * 1024**3


NOTHING = Access()
