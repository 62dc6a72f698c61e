"""How hard a text is to read: LIX (Björnsson 1968), the words in a sentence plus the share of long words."""

from __future__ import annotations

import re
from dataclasses import dataclass

FEWEST_WORDS = 20
LONG = 6  # letters; a word with more is long
PLAIN, HARD = 40, 50


@dataclass(frozen=True, slots=True)
class Readability:
    """The measure and the sentence that goes with it."""

    lix: int
    sentence: str


def readability(text: str) -> Readability | None:
    """A hint for the writer of a lay summary; None while there is too little to judge."""
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)
    if len(words) < FEWEST_WORDS:
        return None
    sentences = max(1, len(re.findall(r"[.!?:]+(?:\s|$)", text)))
    long = sum(len(word) > LONG for word in words)
    lix = round(len(words) / sentences + 100 * long / len(words))
    if lix < PLAIN:
        said = "Easy to read. Most people will understand this."
    elif lix < HARD:
        said = "Rather hard to read. Try shorter sentences and everyday words."
    else:
        said = "Hard to read, like a scientific paper. Use shorter sentences and everyday words."
    return Readability(lix, said)
