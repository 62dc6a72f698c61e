"""A dataset as strangers may read it: described in words, counted roughly, with nothing of any one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gateway.catalogue.models import Dataset
from gateway.catalogue.perturbing import in_words, secret, told
from gateway.catalogue.queries import Counts, Members, counts, members
from gateway.consent.diseases import read_hierarchy
from gateway.consent.duo import read_vocabulary
from gateway.consent.wording import text_in_words
from gateway.settings import current


@dataclass(frozen=True, slots=True)
class Term:
    """One term of data use: its id in the Data Use Ontology, and what it means."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What the pages and the API tell of a dataset."""

    slug: str
    title: str
    summary: str
    site: str
    patients: str
    studies: str
    slides: str
    body_parts: tuple[str, ...]
    stains: tuple[str, ...]
    modalities: tuple[str, ...]
    terms: tuple[Term, ...]
    deid_policy: str


def offer(db: Session, dataset: Dataset) -> Offer:
    """What is told of this dataset."""
    return offers(db, [dataset])[0]


def offers(db: Session, datasets: Sequence[Dataset]) -> list[Offer]:
    """What is told of these datasets."""
    held = counts(db, [each.id for each in datasets])
    who = members(db, datasets)
    return [_offer(each, held[each.id], who[each.id]) for each in datasets]


def _offer(dataset: Dataset, held: Counts, who: Members) -> Offer:
    blur = secret()
    vocabulary, hierarchy = read_vocabulary(current().policies_dir), read_hierarchy(current().policies_dir)
    return Offer(
        slug=dataset.slug,
        title=dataset.title,
        summary=dataset.summary,
        site=dataset.site.name,
        patients=in_words(told(who.patients, blur)),
        studies=in_words(told(who.studies, blur)),
        slides=in_words(told(who.slides, blur)),
        body_parts=held.body_parts,
        stains=held.stains,
        modalities=held.modalities,
        terms=tuple(Term(each.partition("=")[0], text_in_words(each, vocabulary, hierarchy)) for each in dataset.terms),
        deid_policy=dataset.deid_policy or current().default_deid_policy,
    )
