"""Whether patients let their images go: opt-outs, consents and policies/consent.toml, for instances of the archive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Dataset, DatasetStudy, Study
from gateway.consent.epochs import epoch
from gateway.consent.given import refusal, refusals
from gateway.consent.patients import patient
from gateway.consent.policy import ConsentPolicy, read_policy
from gateway.projects.keys_patient import Whose
from gateway.release.models import Release
from gateway.settings import current


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of all consents, and of the policy: while both are the same, so is every answer."""

    epoch: int
    sha256: str


def as_of(db: Session, now: datetime) -> Asked:
    """How it stands at this moment. Raises BadConsentPolicy."""
    return Asked(epoch(db, now), read_policy(current().policies_dir).sha256)


def when_built(release: Release) -> Asked:
    """How it stood when the release was built."""
    return Asked(release.consent_epoch, release.consent_sha256)


@dataclass(frozen=True, slots=True)
class Consents:
    """Answers for one patient after another; instances come study by study, so the last answer is kept."""

    master: bytes = field(repr=False)
    policy: ConsentPolicy
    now: datetime
    told: dict[str, str] = field(default_factory=dict)

    def refusal(self, db: Session, study: Study, site: str) -> str:
        """Why nothing of this study of a site may be released; nothing if it may."""
        if study.id not in self.told:
            self.told.clear()
            explicit = self.policy.explicit(site, self._datasets(db, study))
            whose = patient(self.master, site, study.patient_id)
            self.told[study.id] = refusal(db, whose, explicit=explicit, now=self.now)
        return self.told[study.id]

    def refusals(self, db: Session, studies: Mapping[str, Whose]) -> dict[str, str]:
        """The same of many studies at once: id -> why nothing of it may be released, empty if it may."""
        slugs = defaultdict[str, list[str]](list)
        if self.policy.datasets:
            asked = select(DatasetStudy.study_id, Dataset.slug).join(Dataset, DatasetStudy.dataset_id == Dataset.id)
            for study, slug in db.execute(asked.where(DatasetStudy.study_id.in_(studies))):
                slugs[study].append(slug)
        keys = {whose: patient(self.master, *whose) for whose in set(studies.values())}
        cases = {
            study: (keys[whose], self.policy.explicit(whose[0], slugs.get(study, ())))
            for study, whose in studies.items()
        }
        said = refusals(db, set(cases.values()), now=self.now)
        return {study: said[case] for study, case in cases.items()}

    def _datasets(self, db: Session, study: Study) -> list[str]:
        """The datasets that hold the study, if the policy names any. Index: ix_dataset_study_study_id."""
        if not self.policy.datasets:
            return []
        asked = select(Dataset.slug).join(DatasetStudy, DatasetStudy.dataset_id == Dataset.id)
        return list(db.scalars(asked.where(DatasetStudy.study_id == study.id)))


def consents(master: bytes, now: datetime) -> Consents:
    """Ready to answer, under the policy as it is now. Raises BadConsentPolicy."""
    return Consents(master, read_policy(current().policies_dir), now)
