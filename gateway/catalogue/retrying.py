"""When an image that could not be looked at is looked at again: after a pause that doubles, and only so often.

What passes by itself, such as an archive or a reader that is gone, is tried for days. What lies in the image is tried a
few times; then it stays failed, at /quarantine with its reason, until the archive sends another object or people ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased

from gateway.catalogue.models import INDEXED, DatasetStudy, Instance, Screening, Series
from gateway.catalogue.seen import FAILED, facts_of, newest
from gateway.pixels.rules import PixelRules

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=10), timedelta(days=1)
FEW, MANY = 3, 12  # tries in all
PASSING = frozenset(
    ("reader-gone", "archive-error", "archive-failed", "archive-refused", "archive-resting", "slide-not-clean")
)


def is_due(db: Session, failed: Screening, now: datetime) -> bool:
    """Whether this failed screening, which counts now, is to be tried again."""
    tries = db.scalar(select(_tries()).where(Screening.id == failed.id)) or 1
    return _due(failed, tries, now)


def due(db: Session, rules: PixelRules, now: datetime) -> Iterator[str]:
    """Instances of datasets that are to be tried again. Index: ix_screening_state."""
    offered = select(DatasetStudy.study_id)
    rows = db.execute(
        select(Screening, Instance, _tries())
        .join(Instance, Instance.id == Screening.instance_id)
        .join(Series, Series.id == Instance.series_id)
        .where(newest(rules, (FAILED,)), Instance.version == Screening.version, Instance.state == INDEXED)
        .where(Series.study_id.in_(offered))
    )
    for failed, instance, tries in rows:
        if _due(failed, tries, now) and rules.verdict(facts_of(instance)).screened:
            yield instance.id


def _tries() -> ScalarSelect[int]:
    """How often an image was tried in vain. Index: ix_screening_instance_id_screened_at."""
    before = aliased(Screening)
    return (
        select(func.count(before.id))
        .where(
            before.instance_id == Screening.instance_id,
            before.version == Screening.version,
            before.rules_sha256 == Screening.rules_sha256,
            before.model_sha256 == Screening.model_sha256,
            before.state == FAILED,
        )
        .correlate(Screening)
        .scalar_subquery()
    )


def _due(failed: Screening, tries: int, now: datetime) -> bool:
    if tries >= (MANY if failed.fault in PASSING else FEW):
        return False
    pause: timedelta = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
    return now >= failed.screened_at + pause
