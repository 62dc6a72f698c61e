"""Recipes: policies/deid/*.dicom, in the deid library's own language, parsed by it, then checked strictly.

The library lets much pass open (an unknown action, a misspelt tag, an undefined function: the original value
stays). So every line is read twice, by `deid` and by the checks here, and both must agree.

    FORMAT dicom
    %header
    KEEP Rows                          the value is kept, if it is well formed for its VR
    REMOVE PatientComments             what no line names is removed as well; say it where it helps a reader
    BLANK AccessionNumber              kept with no value
    REPLACE PatientID func:pseudonym   one of FUNCTIONS
    REPLACE InstitutionName Withheld   a fixed text
    REPLACE ALL func:safe_private      of all private elements, those on the list stay; the only line for ALL
    %labels
    ADD Edition 2025a                  about the recipe itself: Edition, Codes (or none), Summary; and, if need be,
    ADD Extends basic retain-uids      recipes that it stands on: later ones win, its own lines win over all
    ADD SafePrivate safe-private.toml  the list of private elements that may stay
    ADD Texts drop                     a text with a word that cannot be shown clean goes whole; or `mark`: of a long
                                       one (LT, ST, UC, UT) such words only go, with a mark in their place
    ADD Record frames                  each frame is an event of its own on the record before it is sent; or `leases`
    ADD Watermark reader               the viewer writes over the slide who looks at it, and when; or `none`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from deid.config.utils import load_deid
from deid.logger import bot
from pydicom.datadict import tag_for_keyword

from gateway.deid.errors import BadRecipe, UnknownPolicy

_OF_VALUES = ("uid", "pseudonym", "shift", "dummy", "age", "clean_text", "quarantine")
FUNCTIONS = frozenset((*_OF_VALUES, "clean_content", "code_check", "safe_private"))
PRIVATE = -1  # the tag of a line for all private elements
LABELS = ("Edition", "Codes", "Summary")
CHOICES = {"Texts": ("drop", "mark"), "Record": ("leases", "frames"), "Watermark": ("none", "reader")}
MORE_LABELS = ("Extends", "SafePrivate", *CHOICES)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class Action(Enum):
    """What is done to an element."""

    KEEP = "keep"
    REMOVE = "remove"
    BLANK = "blank"
    TEXT = "replace by a fixed text"
    FUNCTION = "replace by a function of the value"


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction: the tag, what is done to it, and the number of the line that says so."""

    tag: int
    keyword: str
    action: Action
    argument: str
    number: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe as read: its lines, what it says of itself, and the hash of its text."""

    name: str
    sha256: str
    lines: tuple[Line, ...]
    labels: dict[str, str]


def read_recipe(policies_dir: Path, name: str) -> Recipe:
    """The recipe of that name. Raises UnknownPolicy, or BadRecipe naming the line."""
    path = policies_dir / "deid" / f"{name}.dicom"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise UnknownPolicy(f"there is no de-identification policy named {name!r}")
    text = path.read_text("utf-8")
    lines, labels = _parsed(text)
    _agree(path, lines)
    missing = [label for label in LABELS if label not in labels]
    if missing:
        raise BadRecipe(f"recipe {name}: section %labels lacks {missing[0]}")
    if ("SafePrivate" in labels) != any(line.tag == PRIVATE for line in lines):
        raise BadRecipe(f"recipe {name}: func:safe_private and the label SafePrivate go together")
    for label, choices in CHOICES.items():
        if labels.get(label, choices[0]) not in choices:
            raise BadRecipe(f"recipe {name}: {label} is {' or '.join(choices)}")
    return Recipe(name, sha256(text.encode()).hexdigest(), lines, labels)


def _parsed(text: str) -> tuple[tuple[Line, ...], dict[str, str]]:
    section, lines, labels = "", dict[int, Line](), dict[str, str]()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].strip()
        if not line or line == "FORMAT dicom":
            continue
        if line in ("%header", "%labels"):
            section = line
        elif section == "%labels":
            label, value = _label(line, number)
            if label in labels:
                raise BadRecipe(f"line {number}: {label} was said before")
            labels[label] = value
        elif section == "%header":
            parsed = _line(line, number)
            if parsed.tag in lines:
                raise BadRecipe(f"line {number}: {parsed.keyword} was named before, in line {lines[parsed.tag].number}")
            lines[parsed.tag] = parsed
        else:
            raise BadRecipe(f"line {number}: outside a section that is known here")
    return tuple(lines.values()), labels


def _label(line: str, number: int) -> tuple[str, str]:
    words = line.split(None, 2)
    known = (*LABELS, *MORE_LABELS)
    if len(words) != 3 or words[0] != "ADD" or words[1] not in known:
        raise BadRecipe(f"line {number}: a label is ADD, one of {', '.join(known)}, and a value")
    return words[1], words[2]


def _line(line: str, number: int) -> Line:
    verb, _, rest = line.partition(" ")
    keyword, _, argument = rest.strip().partition(" ")
    if line.split() == ["REPLACE", "ALL", "func:safe_private"]:
        return Line(PRIVATE, keyword, Action.FUNCTION, "safe_private", number)
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise BadRecipe(f"line {number}: {keyword or 'nothing'} is not a DICOM keyword")
    if verb in ("KEEP", "REMOVE", "BLANK"):
        if argument:
            raise BadRecipe(f"line {number}: {verb} takes no value")
        return Line(tag, keyword, Action[verb], "", number)
    if verb != "REPLACE":
        raise BadRecipe(f"line {number}: {verb} is not KEEP, REMOVE, BLANK or REPLACE")
    if not argument:
        raise BadRecipe(f"line {number}: REPLACE needs a value or a function")
    if not argument.startswith("func:"):
        if ":" in argument or not argument.isascii():
            raise BadRecipe(f"line {number}: a fixed text is plain ASCII without a colon")
        return Line(tag, keyword, Action.TEXT, argument, number)
    if argument[5:] not in FUNCTIONS or argument == "func:safe_private":
        raise BadRecipe(f"line {number}: func: is one of {', '.join(sorted(FUNCTIONS))}; safe_private is for ALL")
    return Line(tag, keyword, Action.FUNCTION, argument[5:], number)


bot.level = 0  # the library prints each line that it reads


def _agree(path: Path, lines: tuple[Line, ...]) -> None:
    """The deid library must read the same instructions from the same file."""
    try:
        loaded = load_deid(str(path))
    except SystemExit:
        raise BadRecipe(f"recipe {path.stem}: the deid library refuses it") from None
    theirs = [(each["action"], each["field"], each.get("value", "")) for each in loaded.get("header", [])]
    ours = [(_verb(each), each.keyword, _value(each)) for each in lines]
    if theirs != ours:
        raise BadRecipe(f"recipe {path.stem}: the deid library reads it otherwise")


def _verb(line: Line) -> str:
    return "REPLACE" if line.action in (Action.TEXT, Action.FUNCTION) else line.action.name


def _value(line: Line) -> str:
    return f"func:{line.argument}" if line.action is Action.FUNCTION else line.argument
