"""Whether a purpose fits the terms of each dataset, and what its patients agreed to. It advises; people decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from gateway.catalogue import queries as catalogue
from gateway.catalogue.models import Dataset
from gateway.consent.diseases import read_hierarchy
from gateway.consent.duo import BadTerm, Term, Vocabulary, read_vocabulary
from gateway.consent.given import consents_in_force
from gateway.consent.matching import match, overall
from gateway.consent.patients import patient_key
from gateway.consent.purposes import Purpose
from gateway.consent.verdicts import Finding, Setting, Verdict
from gateway.consent.wording import in_words
from gateway.governance.models import Application
from gateway.governance.purpose import purpose_of
from gateway.projects.keys import data_master
from gateway.settings import current

TENS = 10


@dataclass(frozen=True, slots=True)
class Said:
    """One finding in words: the term, and what it says to the purpose."""

    term: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Fit:
    """A dataset held against a purpose. `patients`: roughly how many agreed to it; nothing where no consent is kept."""

    slug: str
    title: str
    verdict: Verdict
    said: tuple[Said, ...]
    patients: str


def fits(db: Session, application: Application, now: datetime, *, with_patients: bool = False) -> list[Fit]:
    """Each dataset that is asked for, by title. Raises BadVocabulary, BadHierarchy.

    Patients are counted for those who judge alone: an applicant could change a draft and watch the count.
    """
    vocabulary, hierarchy = read_vocabulary(current().policies_dir), read_hierarchy(current().policies_dir)
    setting = Setting(hierarchy, vocabulary.regions, now.date())
    purpose = purpose_of(application, hierarchy)
    asked = [each for each in catalogue.datasets(db) if each.slug in application.dataset_slugs]
    count = partial(_patients, db, purpose=purpose, vocabulary=vocabulary, setting=setting, now=now)
    return [_fit(each, purpose, vocabulary, setting, count(each) if with_patients else "") for each in asked]


def _fit(dataset: Dataset, purpose: Purpose, vocabulary: Vocabulary, setting: Setting, patients: str) -> Fit:
    terms, unknown = _known(dataset.terms, vocabulary)
    findings = [*match(terms, purpose, setting), *(Finding(None, Verdict.ASK, each) for each in unknown)]
    said = tuple(
        Said(in_words(each.term, setting.hierarchy) if each.term else "", each.verdict, each.sentence)
        for each in findings
    )
    return Fit(dataset.slug, dataset.title, overall(findings), said, patients)


def _known(texts: Iterable[str], vocabulary: Vocabulary) -> tuple[list[Term], list[str]]:
    terms, unknown = list[Term](), list[str]()
    for text in texts:
        try:
            terms.append(vocabulary.term(text))
        except BadTerm:
            unknown.append("The dataset carries a term that is not known here: ask what it means.")
    return terms, unknown


def _patients(
    db: Session, dataset: Dataset, purpose: Purpose, vocabulary: Vocabulary, setting: Setting, now: datetime
) -> str:
    """How many patients' own consents fit, as a sentence in which small numbers are not told."""
    kept = consents_in_force(db, dataset.site.code, now)
    if not kept:
        return ""
    given = set[tuple[str, ...]]().union(*kept.values())
    agree = {terms for terms in given if _agrees(terms, purpose, vocabulary, setting)}
    master = data_master(db)
    keys = {patient_key(master, dataset.site.code, each) for each in catalogue.patients_in(db, dataset.id)}
    asked = [key for key in keys if key in kept]
    yes = sum(bool(agree & kept[key]) for key in asked)
    return f"Consents of {_about(len(asked))} patients are kept, and those of {_about(yes)} fit this purpose."


def _agrees(terms: tuple[str, ...], purpose: Purpose, vocabulary: Vocabulary, setting: Setting) -> bool:
    known, unknown = _known(terms, vocabulary)
    return not unknown and overall(match(known, purpose, setting)) == Verdict.YES


def _about(count: int) -> str:
    """Only tens are told, so that nobody can be singled out."""
    return f"about {count // TENS * TENS:,}" if count >= TENS else f"fewer than {TENS}"


def verdicts_of(found: Sequence[Fit]) -> dict[str, str]:
    """Dataset -> what its terms say, for the record."""
    return {each.slug: each.verdict.value for each in found}
