"""What the register says of every project alike, read strictly from policies/register.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from gateway.errors import SlidegateError


class BadBasis(SlidegateError):
    """policies/register.toml breaks its own rules; the register is not shown until it is mended."""

    code = "bad-register"


@dataclass(frozen=True, slots=True)
class Basis:
    """On what legal ground data is given, and what is done for privacy."""

    legal_basis_article6: str
    legal_basis_article9: str
    duty_of_confidentiality: str
    opt_outs: str
    privacy: str
    sensitivity: str
    confidential_data: str
    sublicence: str


@lru_cache(maxsize=8)
def read_basis(policies_dir: Path) -> Basis:
    """The texts of this policies folder. Raises BadBasis."""
    try:
        told = tomllib.loads((policies_dir / "register.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadBasis(f"policies/register.toml cannot be read: {type(error).__name__}") from None
    if told.pop("version", None) != 1:
        raise BadBasis("policies/register.toml must say version = 1")
    names = {each.name for each in fields(Basis)}
    if set(told) != names or not all(isinstance(each, str) for each in told.values()):
        raise BadBasis(f"policies/register.toml needs a text for each of {', '.join(sorted(names))}, and no more")
    return Basis(**told)
