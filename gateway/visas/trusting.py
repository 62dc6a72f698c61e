"""Whose visas are believed: policies/visas/issuers.toml, read strictly, with the keys beside it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.errors import SlidegateError

PARTS = {"title", "iss", "jwks", "types"}


class BadIssuers(SlidegateError):
    """policies/visas/ breaks its own rules; no visa is believed until it is mended."""

    code = "bad-visa-issuers"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose word counts about some types of claims."""

    title: str
    iss: str
    types: frozenset[str]
    keys: KeySet = field(repr=False)


@lru_cache(maxsize=8)
def issuers(policies_dir: Path) -> Sequence[Issuer]:
    """All whose visas are believed. Raises BadIssuers."""
    folder = policies_dir / "visas"
    try:
        told = tomllib.loads((folder / "issuers.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadIssuers(f"policies/visas/issuers.toml cannot be read: {type(error).__name__}") from None
    if told.pop("version", None) != 1 or set(told) - {"issuer"}:
        raise BadIssuers("policies/visas/issuers.toml must say version = 1, and hold nothing but issuers")
    found = [_issuer(folder, each) for each in told.get("issuer", [])]
    if len({each.iss for each in found}) < len(found):
        raise BadIssuers("policies/visas/issuers.toml names an issuer twice")
    return tuple(found)


def _issuer(folder: Path, told: Any) -> Issuer:
    if not isinstance(told, dict) or set(told) != PARTS:
        raise BadIssuers(f"an issuer of visas needs {', '.join(sorted(PARTS))}, and no more")
    listed = told["types"]
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise BadIssuers("the types of an issuer are a list of names")
    try:
        keys = KeySet.import_key_set(json.loads((folder / Path(told["jwks"]).name).read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, JoseError):
        raise BadIssuers("the keys of an issuer of visas cannot be read") from None
    if not keys.keys or any(each.key_type not in ("RSA", "EC") or each.is_private for each in keys.keys):
        raise BadIssuers("an issuer's keys are public keys, RSA or EC")
    return Issuer(str(told["title"]), str(told["iss"]), frozenset(listed), keys)
