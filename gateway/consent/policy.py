"""policies/consent.toml: where a patient has to have said yes, and where not having said no is enough."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from gateway.errors import SlidegateError


class BadConsentPolicy(SlidegateError):
    """policies/consent.toml breaks its own rules; nothing is released until it is mended."""

    code = "bad-consent-policy"
    status = 503


class Needed(StrEnum):
    """What is asked of a patient before anything of theirs is released."""

    OPT_OUT = "opt-out"
    EXPLICIT = "explicit"


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """What each site and dataset asks for, and the hash of the text that says so."""

    default: Needed
    sites: Mapping[str, Needed]
    datasets: Mapping[str, Needed]
    sha256: str

    def explicit(self, site: str, datasets: Collection[str] = ()) -> bool:
        """Whether a consent has to be there for what lies at this site and in any of these datasets."""
        here = self.sites.get(site, self.default)
        return Needed.EXPLICIT in {here, *(self.datasets.get(each) for each in datasets)}


def read_policy(policies_dir: Path) -> ConsentPolicy:
    """The policy as it is now. Raises BadConsentPolicy."""
    try:
        return parse_policy((policies_dir / "consent.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadConsentPolicy(f"policies/consent.toml cannot be read: {type(error).__name__}") from None


@lru_cache(maxsize=8)
def parse_policy(source: str) -> ConsentPolicy:
    """The policy from its text. Raises BadConsentPolicy."""
    try:
        raw = tomllib.loads(source)
        if set(raw) != {"version", "default", "sites", "datasets"} or raw["version"] != 1:
            raise BadConsentPolicy("policies/consent.toml needs version = 1, default, sites and datasets, nothing else")
        default = Needed(raw["default"])
        sites, datasets = ({key: Needed(value) for key, value in raw[part].items()} for part in ("sites", "datasets"))
    except (tomllib.TOMLDecodeError, AttributeError, ValueError) as error:
        raise BadConsentPolicy(f"policies/consent.toml has a fault: {error}") from None
    return ConsentPolicy(default, sites, datasets, sha256(source.encode()).hexdigest())
