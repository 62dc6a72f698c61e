"""The list of a release, frozen: which instances, under which UIDs; withheld at once if nobody need look at them.

    instances of the datasets, study by study  ->  portions  ->  rows of the manifest

A portion is made beside the database and written in one short transaction, which first makes sure that consent,
the patients' keys and the end of the list are what they were. Whoever goes on after a crash finds the end of the list.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, Text, false, insert, literal_column, select
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from gateway.catalogue.models import INDEXED, Archive, DatasetStudy, Instance, Series, Site, Study
from gateway.db import reading, transaction
from gateway.dicom.uids import ClearUid
from gateway.pixels.rules import SlideFacts
from gateway.projects.keys_patient import Whose
from gateway.release.bands import Desk
from gateway.release.consents import Asked, as_of
from gateway.release.errors import BuiltElsewhere
from gateway.release.forgetting import WITHDRAWN, random_uid
from gateway.release.models import LISTING, ManifestEntry, Release

EMPTY = insert(cast("Table", ManifestEntry.__table__)).values(
    size=0, stand_in=false(), facts=literal_column("'{}'"), refused_texts=literal_column("'[]'")
)  # an entry of which only the list is known; what all have alike is not bound a million times
PORTION = 1000  # rows that are written at once
STUDIES = 200  # that are asked for at once
Key = tuple[str, str, int, str]  # study, series, instance number, instance: the order of the list
START: Key = ("", "", 0, "")


class Found(NamedTuple):
    """What the list needs of an instance."""

    id: str
    uid: str
    image_type: str  # as JSON
    transfer_syntax: str
    frame_count: int
    sop_class: str
    modality: str
    burned_in: str
    label_in_image: str
    manufacturer: str
    model: str
    number: int
    series_id: str
    series_uid: str
    study_id: str
    study_uid: str
    patient_id: str
    site: str

    @property
    def key(self) -> Key:
        """Its place in the order of the list."""
        return self.study_id, self.series_id, self.number, self.id

    @property
    def whose(self) -> Whose:
        """The patient."""
        return self.site, self.patient_id

    @property
    def seen(self) -> SlideFacts:
        """What the pixel rules may ask."""
        told = (self.modality, self.burned_in, self.label_in_image, self.manufacturer, self.model)
        return SlideFacts(self.sop_class, _values(self.image_type), *told, self.transfer_syntax)

    @property
    def flavour(self) -> str:
        """ImageType value 3 (PS3.3 C.8.12.4.1.1)."""
        values = _values(self.image_type)
        return values[2] if len(values) > 2 else ""


@lru_cache(maxsize=1024)
def _values(image_type: str) -> tuple[str, ...]:
    """The values of an ImageType; there are few."""
    return tuple(json.loads(image_type))


@dataclass(frozen=True, slots=True)
class Patients:
    """What the rows of a portion rest on: each patient's wrapped key (None: forgotten), and why a study is refused."""

    asked: Asked
    wrapped: dict[Whose, bytes | None]
    refusals: dict[str, str]


@dataclass(frozen=True, slots=True)
class Lister:
    """Writes the list of one release."""

    desk: Desk
    dataset_ids: Collection[str]
    _strangers: defaultdict[str, str] = field(default_factory=lambda: defaultdict(random_uid))

    def write(self, progress: Callable[[int], None]) -> None:
        """Write what is missing of the list; `progress` is told how long it is. Raises BuiltElsewhere."""
        with reading() as db:
            end, listed = _end(db, self.desk.release_id), db.get_one(Release, self.desk.release_id).listed
        with closing(_instances(self.dataset_ids, end)) as found:
            while portion := list(islice(found, PORTION)):
                self._keep(portion, listed)
                listed += len(portion)
                progress(listed)

    def _keep(self, portion: list[Found], first: int) -> None:
        studies = {each.study_id: each.whose for each in portion}
        whose = set(studies.values())
        while True:
            with reading() as db:
                patients = self._patients(db, studies)
            if len(patients.wrapped) < len(whose):
                with transaction() as db:
                    self.desk.ring.make(db, whose, now=self.desk.consents.now)
                continue
            rows = list(self._rows(portion, first, patients))
            with transaction() as db:
                if self._patients(db, studies) == patients:
                    self._add(db, rows, first)
                    return

    def _patients(self, db: Session, studies: dict[str, Whose]) -> Patients:
        """Indexes: pk_patient_key, pk_opt_out, pk_patient_consent."""
        consents, whose = self.desk.consents, set(studies.values())
        return Patients(as_of(db, consents.now), self.desk.ring.wrapped(db, whose), consents.refusals(db, studies))

    def _add(self, db: Session, rows: list[dict[str, Any]], first: int) -> None:
        release = self.desk.release(db)
        if release.listed != first or release.state != LISTING:
            raise BuiltElsewhere
        db.execute(EMPTY, rows)
        release.listed += len(rows)
        release.withheld += sum(not row["undecided"] for row in rows)

    def _rows(self, portion: list[Found], first: int, patients: Patients) -> Iterator[dict[str, Any]]:
        keys = self.desk.ring.opened(patients.wrapped)
        names = dict[tuple[Whose, str], str]()  # what a study and a series are called stands in many rows
        for position, found in enumerate(portion, first):
            if found.whose not in keys:
                yield self._nameless(found, position)
                continue
            own = keys[found.whose]
            for uid in (found.study_uid, found.series_uid):
                if (found.whose, uid) not in names:
                    names[found.whose, uid] = own.uid(ClearUid(uid))
            reason = patients.refusals[found.study_id] or self._ruled_out(found)
            yield {
                "release_id": self.desk.release_id,
                "uid": own.uid(ClearUid(found.uid)),
                "study_uid": names[found.whose, found.study_uid],
                "series_uid": names[found.whose, found.series_uid],
                "instance_id": found.id,
                "site": found.site,
                "position": position,
                "undecided": not reason,
                "released": False,
                "reason": reason,
                "flavour": found.flavour,
                "transfer_syntax": found.transfer_syntax,
                "frame_count": found.frame_count,
            }

    def _ruled_out(self, found: Found) -> str:
        verdict = self.desk.decider.verdict(found.seen)
        return "" if verdict.released else verdict.reason

    def _nameless(self, found: Found, position: int) -> dict[str, Any]:
        """The row of a forgotten patient's image (forgetting.py)."""
        return {
            "release_id": self.desk.release_id,
            "uid": random_uid(),
            "study_uid": self._strangers[found.study_id],
            "series_uid": self._strangers[found.series_id],
            "instance_id": found.id,
            "site": found.site,
            "position": position,
            "undecided": False,
            "released": False,
            "reason": WITHDRAWN,
            "flavour": "",
            "transfer_syntax": "",
            "frame_count": 0,
        }


def _end(db: Session, release_id: str) -> Key:
    """The last instance of the list as it is. Index: ix_manifest_entry_release_id_position."""
    last = db.execute(
        select(Series.study_id, Instance.series_id, Instance.instance_number, Instance.id)
        .join(Instance, Instance.series_id == Series.id)
        .join(ManifestEntry, ManifestEntry.instance_id == Instance.id)
        .where(ManifestEntry.release_id == release_id)
        .order_by(ManifestEntry.position.desc())
        .limit(1)
    ).one_or_none()
    return (last[0], last[1] or "", last[2], last[3]) if last is not None else START


def _instances(dataset_ids: Collection[str], end: Key) -> Generator[Found]:
    """Every good instance of the datasets behind the end of the list, each once, in the order of the list."""
    studies = _studies(dataset_ids, end[0])
    while asked := list(islice(studies, STUDIES)):
        with reading() as db:
            for row in db.execute(_of_studies(asked).execution_options(yield_per=PORTION)):
                found = Found(*row)
                if found.key > end:
                    yield found


def _studies(dataset_ids: Collection[str], first: str) -> Iterator[str]:
    """Their studies from this one on. Index: pk_dataset_study."""
    here = DatasetStudy.dataset_id.in_(dataset_ids)
    asked = select(DatasetStudy.study_id).where(here).distinct().order_by(DatasetStudy.study_id).limit(STUDIES)
    with reading() as db:
        found = list(db.scalars(asked.where(DatasetStudy.study_id >= first)))
    while found:
        yield from found
        with reading() as db:
            found = list(db.scalars(asked.where(DatasetStudy.study_id > found[-1])))


def _of_studies(studies: Collection[str]) -> Any:
    """Indexes: uq_series_study_id, ix_instance_series_id, and keys."""
    each = Instance
    return (
        select(
            each.id, each.uid, as_type(each.image_type, Text), each.transfer_syntax, each.frame_count,
            each.sop_class, each.modality, each.burned_in, each.label_in_image, each.manufacturer,
            each.model, each.instance_number, Series.id, Series.uid, Study.id, Study.uid, Study.patient_id, Site.code,
        )
        .join(Series, Series.id == each.series_id)
        .join(Study, Study.id == Series.study_id)
        .join(Archive, Archive.id == each.archive_id)
        .join(Site, Site.id == Archive.site_id)
        .where(Study.id.in_(studies), each.state == INDEXED)
        .order_by(Study.id, Series.id, each.instance_number, each.id)
    )  # fmt: skip
