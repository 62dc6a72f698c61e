"""Holding terms of data use against a purpose: a finding for each term, in a sentence. It advises; people decide.

Every finding stands for itself and the worst one counts, so that one more term never turns a no into a yes.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.consent.duo import Part, Term
from gateway.consent.purposes import Purpose, Research
from gateway.consent.rules import RULES
from gateway.consent.verdicts import WORST_FIRST, Finding, Setting, Verdict, worst

ALLOW_CARE = frozenset({"DUO:0000004", "DUO:0000043"})


def match(terms: Iterable[Term], purpose: Purpose, setting: Setting) -> tuple[Finding, ...]:
    """What each term says to the purpose, the worst first."""
    carried = tuple(terms)
    found = [Finding(each, *RULES[each.id](each, purpose, setting)) for each in carried]
    found += [Finding(None, Verdict.ASK, sentence) for sentence in _unsaid(carried, purpose)]
    return tuple(sorted(found, key=lambda each: WORST_FIRST.index(each.verdict)))


def overall(findings: Iterable[Finding]) -> Verdict:
    """What all findings say together."""
    return worst(each.verdict for each in findings)


def _unsaid(terms: tuple[Term, ...], purpose: Purpose) -> list[str]:
    """What the terms leave open."""
    found = []
    if not any(each.definition.part == Part.PERMISSION for each in terms):
        found.append("No term says for what kind of research the data may be used.")
    if Research.CARE in purpose.research and not ALLOW_CARE & {each.id for each in terms}:
        found.append("The data would be used in the care of patients, and no term allows that.")
    return found
