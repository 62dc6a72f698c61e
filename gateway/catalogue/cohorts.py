"""Cohorts: patients chosen by facets of what is offered, and how many there are, as strangers may know it.

Only what the index holds in the standard's words, or in our own, is a facet: texts of the objects may name anybody.
The name of a scanner is such a text, so it is a facet only where many patients share it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import INDEXED, Dataset, DatasetStudy, Instance, Series, Site, Study
from gateway.catalogue.perturbing import FEWEST, in_words, told
from gateway.catalogue.words import modality_in_words, stain_in_words

FACETS = {"site": "Site", "organ": "Organ", "stain": "Stain", "modality": "Kind of image", "scanner": "Scanner",
          "linked": "Linked data"}  # fmt: skip
SLIDES = "SM"
Choice = Mapping[str, frozenset[str]]  # facet -> values, any of which will do; a facet that is not there asks nothing


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: how many patients there would be if it were chosen too."""

    value: str
    count: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A dataset with its part of a cohort; not `enough` where that may be none at all: which it is, is not told."""

    slug: str
    title: str
    count: str
    enough: bool


@dataclass(frozen=True, slots=True)
class Cohort:
    """What a choice finds: patients, and in each dataset how many of them."""

    patients: str
    datasets: tuple[Holder, ...]
    facets: tuple[tuple[str, str, tuple[Value, ...]], ...]  # key, title, values


@dataclass(frozen=True, slots=True)
class _Series:
    """One series of a dataset, by what it can be chosen by."""

    patient: str
    slug: str
    words: Mapping[str, str]


def cohort(db: Session, choice: Choice, secret: bytes) -> Cohort:
    """What this choice finds. A patient is in it who has one series that fits in all facets."""
    held, titles = _held(db), _titles(db)
    found = [each for each in held if _fits(each, choice)]
    by_dataset = defaultdict[str, set[str]](set)
    for each in found:
        by_dataset[each.slug].add(each.patient)
    return Cohort(
        patients=in_words(told({each.patient for each in found}, secret)),
        datasets=tuple(_holder(slug, title, told(by_dataset[slug], secret)) for slug, title in titles.items()),
        facets=tuple((key, title, _values(held, choice, key, secret)) for key, title in FACETS.items()),
    )


def _titles(db: Session) -> dict[str, str]:
    asked = select(Dataset.slug, Dataset.title).order_by(Dataset.title)
    return {row.slug: row.title for row in db.execute(asked)}


def _holder(slug: str, title: str, count: int | None) -> Holder:
    return Holder(slug, title, in_words(count), count is not None)


def _values(held: list[_Series], choice: Choice, facet: str, secret: bytes) -> tuple[Value, ...]:
    """The values of a facet under what is chosen in the others."""
    others = {key: values for key, values in choice.items() if key != facet}
    patients: dict[str, set[str]] = {each.words[facet]: set() for each in held if each.words[facet]}
    for each in held:
        if each.words[facet] and _fits(each, others):
            patients[each.words[facet]].add(each.patient)
    chosen = choice.get(facet, frozenset())
    return tuple(
        Value(value, in_words(told(patients[value], secret)), value in chosen)
        for value in sorted(patients, key=str.casefold)
    )


def _fits(series: _Series, choice: Choice) -> bool:
    return all(not values or series.words.get(key, "") in values for key, values in choice.items())


def _held(db: Session) -> list[_Series]:
    """Every series of every dataset. Indexes: pk_dataset_study, ix_instance_series_id."""
    kinds = (Series.modality, Series.stain, Series.body_part, Instance.manufacturer, Instance.model)
    asked = (
        select(Site.code, Site.name, Study.patient_id, Dataset.slug, *kinds)
        .join(DatasetStudy, DatasetStudy.study_id == Study.id)
        .join(Dataset, Dataset.id == DatasetStudy.dataset_id)
        .join(Site, Site.id == Dataset.site_id)
        .join(Series, Series.study_id == Study.id)
        .join(Instance, Instance.series_id == Series.id)
        .where(Instance.state == INDEXED)
        .distinct()
    )
    rows = db.execute(asked).all()
    linked = {(row.code, row.patient_id) for row in rows if row.modality != SLIDES}
    common = _common({(f"{row.code}\0{row.patient_id}", _scanner(row)) for row in rows})
    return [
        _Series(
            patient=f"{row.code}\0{row.patient_id}",
            slug=row.slug,
            words={
                "site": row.name,
                "organ": row.body_part,
                "stain": stain_in_words(row.stain),
                "modality": modality_in_words(row.modality),
                "scanner": _scanner(row) if _scanner(row) in common else "",
                "linked": "Radiology of the same patients" if (row.code, row.patient_id) in linked else "",
            },
        )
        for row in rows
    ]


def _scanner(row: Any) -> str:
    return f"{row.manufacturer} {row.model}".strip()


def _common(pairs: set[tuple[str, str]]) -> set[str]:
    """Names of scanners that so many patients share that they are of a machine, and nobody's own."""
    often = Counter(scanner for _, scanner in pairs)
    return {scanner for scanner, count in often.items() if scanner and count >= FEWEST}
