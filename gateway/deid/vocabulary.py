"""The vocabulary: words that a free text may keep, read from policies/deid/vocabulary.toml (PS3.15 E.3.5)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.deid.errors import BadRecipe

_WORD = re.compile(r"[^\W_A-Z]+(?:['&/+-][^\W_A-Z]+)*\+?")
_LONGEST_PATTERN = 200  # characters


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words, those of them that are also names of people and what then must follow, and the shapes of stages and sizes.

    Terms of several parts are in `words` as well, their parts joined as in the file: `ki-67`, `h&e`.
    """

    sha256: str
    words: frozenset[str]
    names: frozenset[str]
    company: frozenset[str]
    shape: re.Pattern[str]

    def __hash__(self) -> int:
        return hash(self.sha256)


NO_WORDS = Vocabulary("", frozenset(), frozenset(), frozenset(), re.compile(r"(?!)"))


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in a file. Raises BadRecipe unless each section and shape says why it is there."""
    if not path.is_file():
        raise BadRecipe("the vocabulary for free texts is not there")
    text = path.read_text("utf-8")
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRecipe(f"the vocabulary is not valid TOML: {error}") from None
    unknown = sorted(set(loaded) - {"section", "names", "company", "shape"})
    if unknown:
        raise BadRecipe(f"the vocabulary has a table that is not known: {unknown[0]}")
    words = frozenset[str]().union(*(_words(each) for each in loaded.get("section", [])))
    names, company = (_words(loaded.get(table, {})) for table in ("names", "company"))
    if not names <= words:
        raise BadRecipe(f"{min(names - words)!r} is among the names of the vocabulary, but in no section")
    return Vocabulary(sha256(text.encode()).hexdigest(), words, names, company, _shape(loaded.get("shape", [])))


def _words(section: dict[str, object]) -> frozenset[str]:
    words = str(section.get("words", "")).split()
    if not section.get("why") or not words:
        raise BadRecipe("a section of the vocabulary says why, and has words")
    odd = [word for word in words if not _WORD.fullmatch(word)]
    if odd:
        raise BadRecipe(f"{odd[0]!r} is no word: small letters and digits, parts joined by one of ' & / + -")
    return frozenset(words)


def _shape(shapes: list[dict[str, object]]) -> re.Pattern[str]:
    patterns = [str(each.get("pattern", "")) for each in shapes]
    if not all(patterns) or not all(each.get("why") for each in shapes):
        raise BadRecipe("a shape of the vocabulary has a pattern, and says why")
    if any(
        len(pattern) > _LONGEST_PATTERN or re.search(r"[.*]|\\w|\\S|\\D|\{\d*,\}|(?<!\\)\+", pattern)
        for pattern in patterns
    ):
        raise BadRecipe("a shape of the vocabulary is short, and says exactly how long a value may be")
    try:
        return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")
    except re.error:
        raise BadRecipe("a shape of the vocabulary is no regular expression") from None
