"""Terms of data use as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.consent.diseases import Hierarchy
from gateway.consent.duo import BadTerm, Restriction, Term, Vocabulary

SECRET = {Restriction.USERS}  # who is named there is shown to nobody


def in_words(term: Term, hierarchy: Hierarchy) -> str:
    """A term with what it is said about, such as 'Research on the named disease only: breast cancer'."""
    definition = term.definition
    if not term.values or definition.restriction in SECRET:
        return definition.words
    said: Mapping[Restriction, Callable[[str], str]] = {
        Restriction.DISEASE: hierarchy.name,
        Restriction.MONTHS: lambda value: f"{value} months",
    }
    each = said.get(definition.restriction, str)
    return f"{definition.words}: {', '.join(each(value) for value in term.values)}"


def text_in_words(text: str, vocabulary: Vocabulary, hierarchy: Hierarchy) -> str:
    """The same from how a term is written; what is no term that is known here stays as it is."""
    try:
        return in_words(vocabulary.term(text), hierarchy)
    except BadTerm:
        return text
