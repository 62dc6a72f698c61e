"""What an application says is held against the terms of each dataset, and the record tells by which vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import gateway.visas.models  # noqa: F401  # its tables, which the reviewers' page asks for
from gateway.catalogue.models import Dataset, DatasetStudy, Study
from gateway.catalogue.queries import dataset as dataset_of
from gateway.consent.diseases import read_hierarchy
from gateway.consent.duo import read_vocabulary
from gateway.consent.given import Row, import_consents
from gateway.consent.models import GIVEN
from gateway.consent.purposes import Ethics, Research
from gateway.consent.verdicts import Verdict
from gateway.db import reading, transaction
from gateway.governance import deciding
from gateway.governance.fitting import Fit, fits
from gateway.governance.models import Application
from gateway.governance.purpose import purpose_of
from gateway.projects.keys import first_data_master
from gateway.settings import ROOT
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.governance.cast import DAY, MORNING, Cast, a_draft, database, one_in_review, one_to_decide, the_cast
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
POLICIES = ROOT / "policies"
BREAST = "MONDO:0007254"


@pytest.fixture
def cast() -> Cast:
    with transaction() as db:
        return the_cast(db)


def carries(*terms: str) -> None:
    with transaction() as db:
        dataset_of(db, "breast").terms = list(terms)


def held(cast: Cast, *, with_patients: bool = False, **answers: Any) -> Fit:
    with transaction() as db:
        draft = a_draft(db, cast, **answers)
        (found,) = fits(db, draft, MORNING, with_patients=with_patients)
        return found


def test_every_answer_becomes_a_fact(cast: Cast) -> None:
    answers = {
        "research": ["health", "methods"], "diseases": "Breast cancer\nMONDO:0008315\nsomething rare",
        "places": "gb, DE",
        "commercial": "yes", "publishes": "yes", "publishes_on": "2027-01-31", "gives_back": "no",
        "collaborates": "yes",
        "ethics": "yes", "organisation_kind": "company", "months": "12",
    }  # fmt: skip
    with transaction() as db:
        purpose = purpose_of(a_draft(db, cast, **answers), read_hierarchy(POLICIES))
    assert purpose.research == {Research.HEALTH, Research.METHODS}
    assert purpose.diseases == {BREAST, "MONDO:0008315", "something rare"}
    assert purpose.places == {"GB", "DE"}
    assert (purpose.for_profit, purpose.commercial, purpose.months) == (True, True, 12)
    assert (purpose.publishes, str(purpose.publishes_on)) == (True, "2027-01-31")
    assert (purpose.gives_back, purpose.collaborates, purpose.ethics) == (False, True, Ethics.SAID)
    assert purpose.people == {"ada@example.org", "ben@example.org"}


def test_what_nobody_answered_is_to_be_asked(cast: Cast) -> None:
    carries("DUO:0000006", "DUO:0000029")
    found = held(cast)
    assert found.verdict == Verdict.ASK
    assert {each.verdict for each in found.said} == {Verdict.ASK}


@pytest.mark.parametrize(
    ("diseases", "verdict"), [("breast cancer", Verdict.YES), ("prostate cancer", Verdict.NO), ("cancer", Verdict.ASK)]
)
def test_the_disease_is_matched_up_the_hierarchy_and_explained(cast: Cast, diseases: str, verdict: Verdict) -> None:
    carries(f"DUO:0000007={BREAST}")
    found = held(cast, diseases=diseases)
    assert found.verdict == verdict
    assert found.said[0].term == "Research on the named disease only: breast cancer"
    assert "breast cancer" in found.said[0].sentence.casefold()


def test_a_term_that_is_no_longer_known_is_to_be_asked(cast: Cast) -> None:
    carries("DUO:0000042", "LOCAL:1")
    assert held(cast).verdict == Verdict.ASK


def with_consents(cast: Cast, yes: int, no: int) -> None:
    """A dataset of so many patients whose consents fit research into breast cancer, and of so many others."""
    vocabulary = read_vocabulary(POLICIES)
    with transaction() as db:
        found: Dataset = dataset_of(db, "breast")
        rows = []
        for number in range(yes + no):
            disease = BREAST if number < yes else "MONDO:0008315"
            terms = vocabulary.terms([f"DUO:0000007={disease}"])
            rows.append(Row("line 2", f"P{number}", "1", terms, MORNING - DAY, None, GIVEN))
            study = Study(archive_id=found.archive_id, uid=f"1.2.{number}", patient_id=f"P{number}")
            db.add(study)
            db.flush()
            db.add(DatasetStudy(dataset_id=found.id, study_id=study.id))
        master = first_data_master(db, now=MORNING)
        import_consents(db, by=SYSTEM, master=master, site=found.site.code, rows=rows, now=MORNING)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> Iterator[None]:
    """A key of this test's own."""
    from dataclasses import replace

    from gateway import settings as settings_room

    before = settings_room.current()
    settings_room.use(replace(before, data_dir=tmp_path))
    yield
    settings_room.use(before)


def test_patients_are_counted_in_tens_and_only_for_those_who_judge(cast: Cast) -> None:
    with_consents(cast, 27, 8)
    said = held(cast, diseases="breast cancer", with_patients=True).patients
    assert said == "Consents of about 30 patients are kept, and those of about 20 fit this purpose."
    few = held(cast, diseases="prostate cancer", with_patients=True).patients
    assert "fewer than 10 fit" in few
    assert held(cast, diseases="breast cancer").patients == ""


def test_the_applicant_reads_it_before_sending_and_the_reviewer_beside_the_application(cast: Cast, app: Any) -> None:
    carries(f"DUO:0000007={BREAST}", "DUO:0000046")
    with transaction() as db:
        application = one_in_review(db, cast, diseases="prostate cancer", commercial="no")
        draft = a_draft(db, cast, diseases="breast cancer", commercial="yes")
    walk = Walk(app)
    walk.sign_in(cast.applicant)
    page = walk.open(f"/applications/{draft.id}/check").text
    assert "Breast cancer is the disease that is allowed" in page
    assert "Does not fit" in page
    told = ApiClient(app, cast.applicant).get(f"/api/v1/applications/{draft.id}/terms").json
    assert [(each["slug"], each["verdict"], each["patients"]) for each in told] == [("breast", "no", "")]
    walk.sign_in(cast.reviewers[0])
    assert "is not a kind of breast cancer" in walk.open(f"/reviews/{application.id}").text


def test_the_decision_is_recorded_with_the_vocabulary_and_what_it_said(cast: Cast) -> None:
    carries("DUO:0000042")
    with transaction() as db:
        application: Application = one_to_decide(db, cast)
        deciding.approve(db, by=cast.chair, application=application, ends=MORNING + 60 * DAY, now=MORNING)
    with reading() as db:
        detail = db.query(Event).filter(Event.action == "application.approved").one().detail
    assert detail["duo"] == sha256((POLICIES / "duo.toml").read_bytes()).hexdigest()
    assert detail["fits"] == {"breast": "yes"}
