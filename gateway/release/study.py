"""What one header cannot know: names and numbers that stand in other headers of the same study.

They are gathered when a release is built. What has to stay out of an instance because of them is noted in the
manifest, as keyed hashes of the texts, so that serving an instance needs no other header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import INDEXED, Instance, Series
from gateway.deid.errors import StillThere
from gateway.deid.identifiers import NOBODY, Identifiers
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan
from gateway.deid.rewrite import rewrite
from gateway.deid.trace import KeptTexts
from gateway.dicom.header import Header
from gateway.errors import SlidegateError
from gateway.release.rewriting import Original, Rewritten, original

KEPT = 32 * 1024 * 1024  # bytes of headers that are held until their instances are rewritten


@dataclass(frozen=True, slots=True)
class Known:
    """The identifiers in all headers of a study, and those headers by instance, as far as they fit in memory."""

    study_id: str
    identifiers: Identifiers
    originals: Mapping[str, Original]


def known_of(db: Session, study_id: str) -> Known:
    """What the headers of a study that can be read hold. Index: ix_instance_series_id."""
    found, originals, held = NOBODY, dict[str, Original](), 0
    series = select(Series.id).where(Series.study_id == study_id)
    asked = select(Instance).where(Instance.series_id.in_(series), Instance.state == INDEXED)
    for instance in db.scalars(asked.execution_options(yield_per=1000)):
        try:
            read = original(db, instance)
            found = found.merge(Identifiers.of(read.header))
        except SlidegateError:
            continue  # it cannot be released either
        held += len(read.header.dataset)
        if held <= KEPT:
            originals[instance.id] = read
    return Known(study_id, found, originals)


def refused_texts(
    header: Header, plan: Plan, keys: ProjectKeys, known: Identifiers, alone: Rewritten
) -> frozenset[str]:
    """Keyed hashes of texts that the instance alone would keep, and the study forbids.

    Raises StillThere if one of the study's identifiers would leave elsewhere; what `rewrite` raises.
    """
    if rewrite(header, plan, keys, pixels=alone.marked, known=known) == alone.front:
        return frozenset()
    apart, together = KeptTexts(), KeptTexts()
    rewrite(header, plan, keys, apart)
    rewrite(header, plan, keys, together, known=known)
    refused = frozenset(keys.pseudonym("text", text) for text in apart.texts - together.texts)
    if rewrite(header, plan, keys, known=known, refused=refused) != rewrite(header, plan, keys, refused=refused):
        raise StillThere
    return refused
