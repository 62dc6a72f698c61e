"""What a machine saw, beside what people have said: a machine alone never overrules people, nor a silent header.

What people withheld stays withheld for as long as the archive holds the same object, whatever the rules or the models.
Where they have accepted or redacted an image and a machine now sees it otherwise, they are asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.seen import facts_of, marks_of
from gateway.errors import SlidegateError
from gateway.pixels.findings import REMARK
from gateway.pixels.levels import Mark
from gateway.pixels.screen import CLEAN, REVIEW, WITHHELD, Screened

SEEN_OTHERWISE = "People have decided on this image before, and now it looks otherwise: they decide again."
SAID_TO_HAVE_TEXT = "The image is marked as having text burnt into it, and none was found: a person has to look at it."


@dataclass(frozen=True, slots=True)
class Standing:
    """What is written down of an image; `people` say how many decided it, 0 if the machine alone."""

    outcome: Screened | SlidegateError
    people: int = 0


def standing(
    db: Session, instances: Sequence[Instance], outcomes: Sequence[Screened | SlidegateError], contents: Sequence[str]
) -> Iterator[Standing]:
    """What becomes of images that were looked at together, such as the levels of one slide."""
    words = [word_on(db, instance, content) for instance, content in zip(instances, contents, strict=True)]
    said = [each for each in words if each is not None]
    withheld = next((each for each in said if each.state == WITHHELD), None)
    agreed = CLEAN if all(each.state == CLEAN for each in said) else WITHHELD
    for instance, outcome, word in zip(instances, outcomes, words, strict=True):
        seen = _doubted(instance, outcome)
        if withheld is not None:
            yield Standing(Screened(WITHHELD, reason=withheld.reason), withheld.people)
        elif not said or isinstance(seen, SlidegateError) or seen.state in (WITHHELD, agreed):
            yield Standing(seen)
        else:
            yield Standing(_asked_again(seen, SEEN_OTHERWISE, marks_of(word) if word is not None else ()))


def word_on(db: Session, instance: Instance, content: str = "") -> Screening | None:
    """The last decision of people on the object that the archive holds, or on a copy, under whatever rules and models.

    Indexes: ix_screening_instance_id_screened_at, ix_screening_content_sha256.
    """
    here = and_(Screening.instance_id == instance.id, Screening.version == instance.version)
    same = or_(here, Screening.content_sha256 == content) if content else here
    said = select(Screening).where(same, Screening.people > 0)
    return db.scalars(said.order_by(Screening.screened_at.desc()).limit(1)).first()


def _doubted(instance: Instance, outcome: Screened | SlidegateError) -> Screened | SlidegateError:
    """A header that says YES is believed, though nothing was found: BurnedInAnnotation (PS3.3 C.7.6.1.1)."""
    if isinstance(outcome, Screened) and outcome.state == CLEAN and facts_of(instance).get("burned_in") == "YES":
        return _asked_again(outcome, SAID_TO_HAVE_TEXT)
    return outcome


def _asked_again(seen: Screened, reason: str, before: Iterable[Mark] = ()) -> Screened:
    """For people to decide, with what is marked in the picture and was marked before."""
    marks = tuple(dict.fromkeys(each for each in (*before, *seen.marks) if each.kind != REMARK))
    return replace(seen, state=REVIEW, marks=marks, replaced={}, reason=reason)
