"""Consent is asked for when a release is built and at each request, and a date that comes is a change too."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway import clock
from gateway import db as database
from gateway.catalogue.models import Instance
from gateway.clock import now
from gateway.consent.duo import read_vocabulary
from gateway.consent.given import NONE_GIVEN, Row, import_consents
from gateway.consent.models import GIVEN, WITHDRAWN
from gateway.projects.keys import data_master
from gateway.release import turnstile
from gateway.release.models import ManifestEntry
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.release.builders import SITE, World, a_release, at
from tests.release.test_admission import WAYS, refused

DAY = timedelta(days=1)


def patient_of(entry: ManifestEntry) -> str:
    with database.reading() as db:
        instance = db.get_one(Instance, entry.instance_id)
        assert instance.series is not None
        return instance.series.study.patient_id


def agree(*patients: str, until: datetime | None = None, state: str = GIVEN) -> None:
    terms = read_vocabulary(current().policies_dir).terms(["DUO:0000042"])
    rows = [Row("line 2", each, "1", terms, now() - 9 * DAY, until, state) for each in patients]
    with database.transaction() as db:
        import_consents(db, by=SYSTEM, master=data_master(db), site=SITE, rows=rows, now=now())


def ask_for_consent(part: str, name: str) -> None:
    path = current().policies_dir / "consent.toml"
    path.write_text(path.read_text("utf-8").replace(f"[{part}]", f'[{part}]\n{name} = "explicit"'), "utf-8")


@pytest.fixture(autouse=True)
def _nobody_is_remembered() -> None:
    turnstile.forget_everybody()


@pytest.mark.parametrize("what", [("sites", SITE), ("datasets", "slides")])
def test_only_patients_with_a_consent_are_in_a_release_where_one_is_needed(world: World, what: tuple[str, str]) -> None:
    first, last = world.released()[0], world.released()[-1]
    agree(patient_of(first))
    ask_for_consent(*what)
    world.release = a_release(world.reader)
    studies = {entry.study_uid for entry in world.released()}
    assert len(studies) == 1
    assert {entry.reason for entry in world.entries() if entry.study_uid not in studies} == {NONE_GIVEN}
    assert patient_of(first) != patient_of(last)


@pytest.mark.parametrize("way", WAYS)
def test_a_withdrawn_consent_is_heard_by_the_next_request(world: World, way: str) -> None:
    entry, other = world.released()[0], world.released()[-1]
    agree(patient_of(entry))
    assert world.get(at(entry, way)).status_code == 200
    agree(patient_of(entry), state=WITHDRAWN)
    refused(world.get(at(entry, way)), 403, "consent-withdrawn")
    assert world.get(at(other, way)).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_consent_that_ends_by_date_ends_access_at_that_moment(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, end = world.biggest(), now() + timedelta(minutes=5)
    agree(patient_of(entry), until=end)
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(microseconds=1))
    for _ in range(2):  # the second goes through the turnstile where there is one
        assert world.get(at(entry, way)).status_code == 200
    monkeypatch.setattr(clock, "now", lambda: end)
    refused(world.get(at(entry, way)), 403, "consent-withdrawn")


def test_a_changed_policy_is_heard_by_the_next_request(world: World) -> None:
    entry = world.released()[0]
    assert world.get(at(entry)).status_code == 200
    ask_for_consent("sites", SITE)
    refused(world.get(at(entry)), 403, "consent-withdrawn")
    agree(patient_of(entry))
    assert world.get(at(entry)).status_code == 200


def test_a_policy_with_a_fault_lets_nobody_through(world: World) -> None:
    (current().policies_dir / "consent.toml").write_text("version = 7\n", "utf-8")
    assert world.get(at(world.released()[0])).status_code == 503
