"""Folding: many spellings of a name or number to one, and where in the text each letter of it came from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
     "ŋ": "ng", "ŧ": "t", "ĸ": "k", "ə": "a", "ʼ": "", "ʻ": ""}
)  # fmt: skip
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_SHORTENED = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
LOOKALIKES = str.maketrans("oil|", "0111")  # as a reader of labels takes them
_IDEOGRAPHS = 0x2E80  # from here on one letter can be a name


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


def folded(text: str) -> str:
    """Small letters without marks: Å, å and a are one, ß is ss, ł is l."""
    plain = text.casefold().translate(_LETTERS)
    if plain.isascii():
        return plain
    split = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in split if not unicodedata.combining(c)).casefold().translate(_LETTERS)


def squeezed(text: str) -> str:
    """Folded letters and digits only: O'Brien, o brien and OBRIEN are one."""
    return "".join(c for c in folded(text) if c.isalnum())


def spellings(name: str) -> frozenset[str]:
    """A name squeezed, with ä as a and as ae, and with ae as a."""
    plain, long = squeezed(name), squeezed(unicodedata.normalize("NFC", name).lower().translate(_GERMAN))
    short = plain
    for pair, letter in _SHORTENED:
        short = short.replace(pair, letter)
    return frozenset(each for each in (plain, long, short) if each)


def stands_alone(name: str) -> bool:
    """Whether so short a name may be looked for: two letters, or one ideograph."""
    return len(name) > 1 or (bool(name) and ord(name) >= _IDEOGRAPHS)


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A text squeezed; `origin[i]` is the place in the text that its i-th letter came from."""

    letters: str
    origin: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Squeezed:
        """Letter by letter, so that places are known."""
        if text.isascii():
            places = tuple(at for at, c in enumerate(text) if c.isalnum())
            return cls("".join(text[at] for at in places).lower(), places)
        pairs = [(c, at) for at, each in enumerate(text) for c in squeezed(each)]
        return cls("".join(c for c, _at in pairs), tuple(at for _c, at in pairs))

    @property
    def digits(self) -> str:
        """The same letters, those that look like digits taken for digits."""
        return self.letters.translate(LOOKALIKES)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Where in the text the letters from `start` to before `stop` are."""
        return self.origin[start], self.origin[stop - 1] + 1
