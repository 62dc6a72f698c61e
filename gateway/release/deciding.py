"""Whether an instance may leave: opt-outs, pixel rules, what was seen in its pixels, and one trial of its header."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.seen import facts_of
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan
from gateway.dicom.uids import ClearUid
from gateway.errors import SlidegateError
from gateway.pixels.rules import PixelRules, SlideFacts, Verdict
from gateway.pixels.screen import CLEAN, REDACTED
from gateway.release import facts
from gateway.release.rewriting import Treatment, original, rewritten
from gateway.release.study import Known, known_of, refused_texts

NOT_SCREENED = "This image has not been screened for burnt-in text yet."
FOR_A_PERSON = "Something was found in this image, and a person has to look at it."
MOVED = "The archive has changed this image since the release was made."


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an instance: the columns of a manifest entry that a later decision may change."""

    released: bool = False
    reason: str = ""
    screening_id: str | None = None
    stand_in: bool = False
    refused_texts: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """An instance that is decided on, as `Decider` needs it. `keys` are None of a patient who has none."""

    instance: Instance
    keys: ProjectKeys | None
    refusal: str  # of the patient, empty if there is none
    screening: Screening | None
    uid: str  # in the manifest


@dataclass(slots=True)
class Decider:
    """Decides under one plan and one set of rules; holds what it knows of the study that it is at."""

    plan: Plan
    rules: PixelRules
    _verdicts: dict[SlideFacts, Verdict] = field(default_factory=dict)
    _known: Known | None = None

    def verdict(self, seen: SlideFacts) -> Verdict:
        """What the pixel rules say; most instances are alike."""
        if seen not in self._verdicts:
            self._verdicts[seen] = self.rules.verdict(seen)
        return self._verdicts[seen]

    def decide(self, db: Session, case: Case) -> Decision | None:
        """Released, or withheld and why; None if this is no longer the instance that the manifest means."""
        instance, keys = case.instance, case.keys
        if keys is None or instance.series is None or keys.uid(ClearUid(instance.uid)) != case.uid:
            return None
        if case.refusal:
            return Decision(reason=case.refusal)
        verdict = self.verdict(facts_of(instance))
        if not verdict.released:
            return Decision(reason=verdict.reason)
        seen = case.screening
        if not verdict.screened:
            return self._tried(db, instance, keys, Treatment(stand_in=verdict.stand_in))
        if seen is None:
            return Decision(reason=NOT_SCREENED)
        if seen.state not in (CLEAN, REDACTED):
            return Decision(reason=seen.reason or FOR_A_PERSON)
        return self._tried(db, instance, keys, Treatment(seen.id, verdict.stand_in))

    def _tried(self, db: Session, instance: Instance, keys: ProjectKeys, treatment: Treatment) -> Decision:
        """Rewrite the header once; an instance that fails is withheld with the reason."""
        decision = Decision(screening_id=treatment.screening_id, stand_in=treatment.stand_in)
        try:
            known = self._study_of(db, instance)
            read = known.originals.get(instance.id) or original(db, instance)
            made = rewritten(db, instance, self.plan, keys, treatment, read)
            refused = refused_texts(read.header, self.plan, keys, known.identifiers, made)
            if refused:
                made = rewritten(db, instance, self.plan, keys, replace(treatment, refused=refused), read)
        except SlidegateError as error:
            return replace(decision, reason=error.message[:200])
        told = facts.searchable(made.front)
        return replace(decision, released=True, refused_texts=sorted(refused), facts=told, size=made.length)

    def _study_of(self, db: Session, instance: Instance) -> Known:
        """What is known of the instance's study; instances come study by study."""
        assert instance.series is not None, "only indexed instances are tried"
        if self._known is None or self._known.study_id != instance.series.study_id:
            self._known = None  # two at once are more than need be in memory
            self._known = known_of(db, instance.series.study_id)
        return self._known
