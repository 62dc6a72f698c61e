"""What a member signs and must have learned before they see data: policies/agreements/<name>.toml, read strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.errors import SlidegateError
from gateway.settings import current

PARTS = {"name", "version", "title", "clause", "training"}


class BadAgreement(SlidegateError):
    """The text breaks its own rules; nothing is approved until it is mended."""

    code = "bad-agreement"


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that the member agrees to."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Training:
    """A kind of training. No certificate of it counts for longer than `days` after the day of the course."""

    key: str
    title: str
    about: str
    days: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """A version of the agreement, with the hash of its text, which a signature names."""

    name: str
    version: int
    title: str
    clauses: tuple[Clause, ...]
    training: tuple[Training, ...]
    sha256: str
    source: str

    def kind(self, key: str) -> Training | None:
        """The kind of training of that key."""
        return next((each for each in self.training if each.key == key), None)


def in_force() -> Agreement:
    """The agreement that is approved under now, as the settings name it. Raises BadAgreement."""
    return read_agreement(current().policies_dir, current().agreement)


def read_agreement(policies_dir: Path, name: str) -> Agreement:
    """The agreement of policies/agreements/<name>.toml as it is now. Raises BadAgreement."""
    try:
        return parse_agreement((policies_dir / "agreements" / f"{name}.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BadAgreement(f"there is no agreement named {name!r}, or it cannot be read") from None


@lru_cache(maxsize=64)
def parse_agreement(source: str) -> Agreement:
    """An agreement from its text. Raises BadAgreement with the first fault."""
    try:
        return _agreement(tomllib.loads(source), source)
    except tomllib.TOMLDecodeError as error:
        raise BadAgreement(f"the agreement is not valid TOML: {error}") from None
    except KeyError as error:
        raise BadAgreement(f"the agreement lacks {error.args[0]!r}") from None
    except (TypeError, AttributeError) as error:
        raise BadAgreement(f"the agreement has a part of the wrong shape: {error}") from None


def _agreement(raw: Mapping[str, Any], source: str) -> Agreement:
    if surprise := sorted(set(raw) - PARTS):
        raise BadAgreement(f"the agreement has a part that means nothing: {surprise[0]!r}")
    clauses = tuple(Clause(**each) for each in raw["clause"])
    training = tuple(Training(**each) for each in raw.get("training", ()))
    if not clauses:
        raise BadAgreement("the agreement needs at least one clause")
    if len({each.key for each in training}) < len(training) or any(each.days < 1 for each in training):
        raise BadAgreement("each kind of training has a key of its own, and counts for at least a day")
    return Agreement(
        name=raw["name"],
        version=raw["version"],
        title=raw["title"],
        clauses=clauses,
        training=training,
        sha256=sha256(source.encode()).hexdigest(),
        source=source,
    )
