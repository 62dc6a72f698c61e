"""A consent holds from its first moment to its last, one list is taken whole or not at all, and it names nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway import db as database
from gateway.consent.duo import read_vocabulary
from gateway.consent.epochs import epoch, next_moment
from gateway.consent.given import NONE_GIVEN, NOT_IN_FORCE, OPTED_OUT, Imported, Row, import_consents, refusal
from gateway.consent.models import GIVEN, WITHDRAWN, PatientConsent
from gateway.consent.optouts import import_optouts
from gateway.consent.patients import patient, patient_key
from gateway.errors import Invalid
from gateway.settings import ROOT
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.consent.people import MORNING, PATIENT, a_gateway

MASTER = b"m" * 32
DAY = timedelta(days=1)
TERMS = read_vocabulary(ROOT / "policies").terms(["DUO:0000042"])


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with a_gateway(tmp_path) as folder:
        yield folder


def a_row(patient: str = PATIENT, *, starts: datetime = MORNING - DAY, ends: datetime | None = None,
          state: str = GIVEN, version: str = "2") -> Row:  # fmt: skip
    return Row("line 2", patient, version, TERMS, starts, ends, state)


def bring(*rows: Row, now: datetime = MORNING, replace: bool = False) -> Imported:
    with database.transaction() as db:
        return import_consents(db, by=SYSTEM, master=MASTER, site="NTH", rows=rows, now=now, replace=replace)


def why_not(*, now: datetime = MORNING, explicit: bool = True, site: str = "NTH") -> str:
    with database.reading() as db:
        return refusal(db, patient(MASTER, site, PATIENT), explicit=explicit, now=now)


def the_epoch(now: datetime = MORNING) -> int:
    with database.reading() as db:
        return epoch(db, now)


def test_where_consent_is_needed_nobody_is_released_without_one() -> None:
    assert why_not() == NONE_GIVEN
    bring(a_row())
    assert why_not() == ""
    assert why_not(site="STH") == NONE_GIVEN


def test_where_no_consent_is_needed_none_is_asked_for_but_a_kept_one_counts() -> None:
    assert why_not(explicit=False) == ""
    bring(a_row(state=WITHDRAWN))
    assert why_not(explicit=False) == NOT_IN_FORCE


def test_an_opt_out_is_stronger_than_a_consent() -> None:
    bring(a_row())
    with database.transaction() as db:
        import_optouts(db, by=SYSTEM, master=MASTER, rows=[("NTH", PATIENT)], sites=["NTH"], now=MORNING)
    assert why_not() == OPTED_OUT


def test_it_holds_from_its_first_moment_to_its_last() -> None:
    bring(a_row(starts=MORNING, ends=MORNING + DAY))
    for moment, said in {
        MORNING - timedelta(microseconds=1): NOT_IN_FORCE,
        MORNING: "",
        MORNING + DAY - timedelta(microseconds=1): "",
        MORNING + DAY: NOT_IN_FORCE,
    }.items():
        assert why_not(now=moment) == said


def test_the_epoch_is_another_once_a_consent_has_begun_or_ended_by_itself() -> None:
    bring(a_row(starts=MORNING + DAY, ends=MORNING + 2 * DAY))
    epochs = [the_epoch(MORNING + days * DAY) for days in range(4)]
    assert epochs == [1, 2, 3, 3]
    with database.reading() as db:
        assert [next_moment(db, MORNING + days * DAY) for days in range(3)] == [MORNING + DAY, MORNING + 2 * DAY, None]
    bring(a_row(state=WITHDRAWN), now=MORNING + 3 * DAY)
    assert the_epoch(MORNING + 3 * DAY) == 4


A_CHANGE = st.tuples(st.sampled_from("abc"), st.integers(-3, 3), st.integers(1, 4), st.sampled_from((GIVEN, WITHDRAWN)))


@settings(max_examples=20, deadline=None)
@given(st.lists(A_CHANGE, max_size=6))
def test_no_epoch_comes_twice_with_another_answer(changes: list[tuple[str, int, int, str]]) -> None:
    """Whatever is imported, and whenever: as long as the epoch is the same, so is who may be released."""
    with database.transaction() as db:
        db.query(PatientConsent).delete()
    seen: dict[int, list[str]] = {}
    highest = the_epoch(MORNING)
    for hour in range(15):
        now = MORNING + timedelta(days=400) + hour * timedelta(hours=8)
        if hour < len(changes):
            whose, start, length, state = changes[hour]
            bring(a_row(whose, starts=now + start * DAY, ends=now + (start + length) * DAY, state=state), now=now)
        with database.reading() as db:
            answers = [refusal(db, patient(MASTER, "NTH", p), explicit=True, now=now) for p in "abc"]
            number = epoch(db, now)
        assert number >= highest
        highest = number
        assert seen.setdefault(number, answers) == answers
    with database.transaction() as db:
        db.execute(database.Base.metadata.tables["consent_epoch"].delete())


def test_of_two_versions_of_the_text_one_that_holds_is_enough() -> None:
    bring(a_row(version="1", ends=MORNING - timedelta(hours=1)), a_row(version="2"))
    assert why_not() == ""
    bring(a_row(version="2", state=WITHDRAWN))
    assert why_not() == NOT_IN_FORCE


def test_a_list_can_take_the_place_of_the_one_before_at_its_site_only() -> None:
    bring(a_row(), a_row("another"))
    with database.transaction() as db:
        import_consents(db, by=SYSTEM, master=MASTER, site="STH", rows=[a_row()], now=MORNING, replace=True)
    done = bring(a_row("another"), replace=True)
    assert (done.same, done.withdrawn) == (1, 1)
    assert done.stopped == {patient_key(MASTER, "NTH", PATIENT)}
    assert (why_not(), why_not(site="STH")) == (NOT_IN_FORCE, "")
    assert bring(a_row("another"), replace=True) == Imported(0, 0, 1, 0)


@pytest.mark.parametrize(
    "bad",
    [a_row("  "), a_row(version=""), a_row(ends=MORNING - 2 * DAY), a_row(PATIENT),
     Row("line 3", "2", "1", (), MORNING, None, GIVEN)],
)  # fmt: skip
def test_a_list_is_taken_whole_or_not_at_all(bad: Row) -> None:
    with pytest.raises(Invalid, match="line") as refused:
        bring(a_row(), bad)
    assert PATIENT not in refused.value.message
    assert why_not() == NONE_GIVEN
    assert the_epoch() == 0


def test_nothing_in_the_database_names_the_patient_and_the_import_is_on_the_record(data: Path) -> None:
    bring(a_row())
    assert not any(PATIENT.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())
    with database.reading() as db:
        detail = db.scalars(select(Event).where(Event.action == "consent.imported")).one().detail
    assert detail == {"site": "NTH", "new": 1, "changed": 0, "same": 0, "withdrawn": 0, "versions": {"2": 1}}


def test_a_long_list_is_taken() -> None:
    rows = [a_row(f"P{number}") for number in range(6_000)]
    assert bring(*rows).new == 6_000
    assert bring(*rows).same == 6_000
