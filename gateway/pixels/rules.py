"""Which pictures may leave before anyone has looked at them: policies/pixels/*.toml, the first rule that fits decides.

No rule, no release. What a header says of burnt-in text is never believed when it says that there is none.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.errors import Invalid
from gateway.pixels.devices import DeviceRule, parse_devices
from gateway.pixels.encodings import IRREVERSIBLE, WITHHOLD

FACTS = frozenset(
    ("sop_class", "flavour", "modality", "burned_in", "label_in_image", "derived", "manufacturer", "model", "syntax")
)
ANSWERS = frozenset(("burned_in", "label_in_image"))
NAMES = frozenset(("manufacturer", "model"))
KEYS = frozenset(("name", "when", "release", "after", "people", "reason", "irreversible"))
MOST_PEOPLE = 3
SCREENING, STAND_IN, TISSUE = WAYS = "screening", "stand-in", "tissue"


class BadPixelRules(Invalid):
    """The rules cannot be understood, so nothing is released."""

    code = "bad-pixel-rules"


@dataclass(frozen=True, slots=True)
class SlideFacts:
    """What a rule may ask of an instance."""

    sop_class: str
    image_type: tuple[str, ...]
    modality: str
    burned_in: str
    label_in_image: str = ""
    manufacturer: str = ""
    model: str = ""
    syntax: str = ""

    def get(self, name: str) -> str:
        """One fact; `flavour` is ImageType value 3 (PS3.3 C.8.12.4.1.1), `derived` its value 1."""
        if name == "flavour":
            return self.image_type[2] if len(self.image_type) > 2 else ""
        if name == "derived":
            return self.image_type[0] if self.image_type else ""
        value = str(getattr(self, name))
        return value.strip().upper() if name in ANSWERS | NAMES else value  # a "yes" is believed however it is written


@dataclass(frozen=True, slots=True)
class Verdict:
    """Released or withheld, the reason in plain words, and the rule that said so.

    Where `screened` is set it is released only once its pixels have been looked at and are clean. `people` have to
    agree on what the machine cannot tell. Where `stand_in` is set a label of our own takes the place of its pixels.
    Where `tissue` is set all is taken out but the rectangle that the slide's volumes cover, before it is looked at.
    `irreversible`: what becomes of a frame that lost something when it was encoded, if something has to be taken out.
    """

    released: bool
    reason: str
    rule: str
    screened: bool = False
    people: int = 1
    stand_in: bool = False
    tissue: bool = False
    irreversible: str = WITHHOLD


@dataclass(frozen=True, slots=True)
class Rule:
    """If every named fact has one of the given values, this is the verdict."""

    name: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    verdict: Verdict

    def fits(self, facts: SlideFacts) -> bool:
        """Whether the rule speaks of such an instance."""
        return all(facts.get(name) in values for name, values in self.when)


NO_RULE = Verdict(released=False, reason="No rule says that such images are safe to release.", rule="none")


@dataclass(frozen=True, slots=True)
class PixelRules:
    """Rules in their order, and those for devices. `sha256` is that of all files they come from."""

    sha256: str
    rules: tuple[Rule, ...]
    devices: tuple[DeviceRule, ...] = ()

    def verdict(self, facts: SlideFacts) -> Verdict:
        """What the first fitting rule says; withheld if none fits."""
        return next((rule.verdict for rule in self.rules if rule.fits(facts)), NO_RULE)


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of one file. Raises BadPixelRules."""
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPixelRules(f"the pixel rules are not valid TOML: {error}") from None
    if set(loaded) != {"rule"} or not isinstance(loaded["rule"], list):
        raise BadPixelRules("the pixel rules hold something that is not a [[rule]]")
    return tuple(_rule(each) for each in loaded["rule"])


def _rule(raw: Any) -> Rule:
    if not isinstance(raw, dict):
        raise BadPixelRules("the pixel rules hold something that is not a [[rule]]")
    name, reason = raw.get("name"), raw.get("reason", "")
    if not isinstance(name, str) or not name or not set(raw) <= KEYS or not isinstance(raw.get("release"), bool):
        raise BadPixelRules(f"rule {name!r} needs a name, release = true or false, and nothing unknown")
    if not isinstance(reason, str) or not (raw["release"] or reason):
        raise BadPixelRules(f"rule {name!r} withholds and must say why")
    after = raw.get("after", "")
    if after not in ("", *WAYS) or (after and not raw["release"]):
        raise BadPixelRules(f"rule {name!r}: what is released may be so after = one of {', '.join(WAYS)}")
    people = raw.get("people", 1)
    if type(people) is not int or not 1 <= people <= MOST_PEOPLE or ("people" in raw and after != SCREENING):
        raise BadPixelRules(f"rule {name!r}: after a screening, people = 1 to {MOST_PEOPLE} decide what it cannot")
    lossy = raw.get("irreversible", WITHHOLD)
    if lossy not in IRREVERSIBLE or ("irreversible" in raw and after not in (SCREENING, TISSUE)):
        raise BadPixelRules(f"rule {name!r}: after a screening, irreversible = one of {', '.join(IRREVERSIBLE)}")
    screened, told = after in (SCREENING, TISSUE), _conditions(name, raw.get("when"))
    verdict = Verdict(raw["release"], reason, name, screened, people, after == STAND_IN, after == TISSUE, lossy)
    return Rule(name, told, verdict)


def _conditions(name: str, when: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a rule asks: fact by fact, a text or a list of texts. Nothing that could never fit, and no empty list."""
    if not isinstance(when, dict) or not when or not set(when) <= FACTS:
        raise BadPixelRules(f"rule {name!r}: `when` names one or more of {', '.join(sorted(FACTS))}")
    asked = {fact: values if isinstance(values, list) else [values] for fact, values in when.items()}
    for fact, values in asked.items():
        if not values or not all(isinstance(value, str) for value in values):
            raise BadPixelRules(f"rule {name!r}: {fact} is a text, or a list of texts")
        if fact in ANSWERS | NAMES and any(value != value.strip().upper() for value in values):
            raise BadPixelRules(f"rule {name!r}: {fact} is compared in capitals")
    return tuple((fact, tuple(values)) for fact, values in asked.items())


@lru_cache(maxsize=16)
def _loaded(texts: tuple[str, ...], devices: tuple[str, ...]) -> PixelRules:
    rules = tuple(rule for text in texts for rule in parse_rules(text))
    of_devices = tuple(rule for text in devices for rule in parse_devices(text))
    return PixelRules(sha256("\0".join((*texts, *devices)).encode()).hexdigest(), rules, of_devices)


def load_rules(policies_dir: Path) -> PixelRules:
    """The rules of policies/pixels/: *.toml, and *.dicom for devices, file by file in order of name.

    Raises BadPixelRules, BadDeviceRules.
    """
    folder = policies_dir / "pixels"
    files, devices = sorted(folder.glob("*.toml")), sorted(folder.glob("*.dicom"))
    if not files:
        raise BadPixelRules("there are no pixel rules")
    try:
        return _loaded(*(tuple(path.read_text("utf-8") for path in paths) for paths in (files, devices)))
    except (OSError, UnicodeDecodeError):
        raise BadPixelRules("the pixel rules cannot be read") from None
