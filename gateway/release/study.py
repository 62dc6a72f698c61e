"""What one header cannot know: names and numbers that stand in other headers of the same study.

They are gathered when a release is built. What has to stay out of an instance because of them is noted in the
manifest, as keyed hashes of the texts, so that serving an instance needs no other header.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import INDEXED, Instance, Series
from gateway.catalogue.sources import open_source
from gateway.deid.errors import StillThere
from gateway.deid.identifiers import NOBODY, Identifiers
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan
from gateway.deid.rewrite import rewrite
from gateway.deid.trace import KeptTexts
from gateway.dicom.header import read_header
from gateway.errors import SlidegateError


def identifiers_in(db: Session, study_id: str) -> Identifiers:
    """The identifiers in all headers of a study that can be read. Index: ix_instance_series_id."""
    found = NOBODY
    series = select(Series.id).where(Series.study_id == study_id)
    for instance in db.scalars(select(Instance).where(Instance.series_id.in_(series), Instance.state == INDEXED)):
        try:
            source = open_source(db, instance)
        except SlidegateError:
            continue  # it cannot be released either
        try:
            found = found.merge(Identifiers.of(read_header(source)))
        except SlidegateError:
            continue
        finally:
            source.close()
    return found


def refused_texts(db: Session, instance: Instance, plan: Plan, keys: ProjectKeys, known: Identifiers) -> frozenset[str]:
    """Keyed hashes of texts that the instance alone would keep, and the study forbids.

    Raises StillThere if one of the study's identifiers would leave elsewhere; what `rewrite` raises.
    """
    source = open_source(db, instance)
    try:
        header = read_header(source)
    finally:
        source.close()
    if rewrite(header, plan, keys, known=known) == rewrite(header, plan, keys):
        return frozenset()
    alone, together = KeptTexts(), KeptTexts()
    rewrite(header, plan, keys, alone)
    rewrite(header, plan, keys, together, known=known)
    refused = frozenset(keys.pseudonym("text", text) for text in alone.texts - together.texts)
    if rewrite(header, plan, keys, known=known, refused=refused) != rewrite(header, plan, keys, refused=refused):
        raise StillThere
    return refused
