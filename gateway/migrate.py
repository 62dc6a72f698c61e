"""Alembic, driven from code: no ini file, and the URL comes from the settings."""

from __future__ import annotations

import hashlib

from alembic import command
from alembic.config import Config

from gateway.settings import ROOT


def configuration() -> Config:
    """Alembic's configuration: the scripts in migrations/."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def upgrade(revision: str = "head") -> None:
    """Bring the bound database up to a revision."""
    command.upgrade(configuration(), revision)


def downgrade(revision: str) -> None:
    """Take the bound database down to a revision; 'base' leaves no table."""
    command.downgrade(configuration(), revision)


def scripts_sha256() -> str:
    """Hex digest of all migrations: two versions of Slidegate that agree in it have the same tables."""
    digest = hashlib.sha256()
    for script in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        digest.update(script.read_bytes())
    return digest.hexdigest()
