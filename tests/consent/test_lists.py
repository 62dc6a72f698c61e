"""A list of opt-outs can be replaced, so that people can opt back in; and an old one is warned of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app import create_app
from gateway import db as database
from gateway import settings as settings_room
from gateway.clock import now
from gateway.consent.ages import ages
from gateway.consent.epochs import epoch
from gateway.consent.models import OptOutList
from gateway.consent.optouts import Listing, Taken, import_national, import_optouts, is_opted_out
from gateway.consent.patients import nhs_number
from gateway.errors import Invalid
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.consent.people import MORNING, a_gateway, run
from tests.people.visitors import an_account, signed_in

MASTER = b"m" * 32
NUMBER = "9434765919"  # the example of the NHS Data Model and Dictionary


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with a_gateway(tmp_path) as folder:
        yield folder


def bring(*patients: str, whole: bool = False, listing: Listing = Listing()) -> Taken:  # noqa: B008  # frozen
    rows = [("NTH", each) for each in patients]
    with database.transaction() as db:
        return import_optouts(
            db, by=SYSTEM, master=MASTER, rows=rows, sites=["NTH"], now=MORNING, listing=listing, replace=whole
        )


def bring_numbers(*lines: str, whole: bool = False) -> Taken:
    with database.transaction() as db:
        return import_national(db, by=SYSTEM, master=MASTER, lines=lines, now=MORNING, replace=whole)


def said_no(patient: str, site: str = "NTH") -> bool:
    with database.reading() as db:
        return is_opted_out(db, master=MASTER, site=site, patient_id=patient)


def the_epoch() -> int:
    with database.reading() as db:
        return epoch(db, MORNING)


def test_who_is_no_longer_on_a_replaced_list_has_opted_back_in() -> None:
    bring("1", "2")
    done, again = bring("2", "3", whole=True), bring("2", "3", whole=True)
    assert (done.new, done.known, done.gone) == (1, 1, 1)
    assert (again.new, again.known, again.gone) == (0, 2, 0)
    assert [said_no(each) for each in "123"] == [False, True, True]
    assert the_epoch() == 2, "replacing a list by itself changes nothing"


def test_an_empty_list_takes_everybody_off() -> None:
    bring("1")
    assert bring(whole=True).gone == 1
    assert not said_no("1")


def test_who_is_on_two_lists_stays_out_until_off_both() -> None:
    bring("1")
    bring("1", listing=Listing("biobank", "the biobank"))
    bring(whole=True)
    assert said_no("1")
    bring(whole=True, listing=Listing("biobank"))
    assert not said_no("1")


def test_source_and_day_are_kept_and_on_the_record_and_an_older_list_is_refused() -> None:
    bring("1", listing=Listing("mine", "the clinic", date(2026, 3, 1)))
    with pytest.raises(Invalid, match="newer"):
        bring("2", listing=Listing("mine", "the clinic", date(2026, 2, 28)))
    with pytest.raises(Invalid, match="not come yet"):
        bring("2", listing=Listing("mine", "the clinic", date(2027, 1, 1)))
    with database.reading() as db:
        kept = db.scalars(select(OptOutList)).one()
        detail = db.scalars(select(Event).where(Event.action == "optout.imported")).one().detail
    assert (kept.source, kept.dated, kept.held) == ("the clinic", date(2026, 3, 1), 1)
    assert (detail["list"], detail["source"], detail["dated"]) == ("mine", "the clinic", "2026-03-01")


def test_a_national_list_finds_people_at_every_site_by_their_nhs_number() -> None:
    assert bring_numbers(" 943 476 5919,\n", "", "943-476-5919").new == 1
    for written in (NUMBER, "943 476 5919", " 943-476-5919 "):
        assert said_no(written)
        assert said_no(written, "STH")
    assert not said_no("9434765918")
    bring_numbers(whole=True)
    assert not said_no(NUMBER)


@pytest.mark.parametrize("bad", ["9434765918", "943476591", "94347659190", "x", "٩٤٣٤٧٦٥٩١٩", "patient"])
def test_a_number_whose_check_digit_is_wrong_stops_the_whole_list(bad: str) -> None:
    with pytest.raises(Invalid, match="line 2: ") as refusal:
        bring_numbers(NUMBER, bad)
    assert bad not in refusal.value.message
    assert not said_no(NUMBER)


@given(st.integers(0, 10**9 - 1), st.integers(0, 9), st.integers(0, 8))
def test_one_wrong_digit_is_always_found(front: int, wrong: int, place: int) -> None:
    """Modulo 11 with these weights finds every single error."""
    good = [each for each in (f"{front:09}{last}" for last in range(10)) if nhs_number(each)]
    assert len(good) <= 1
    for each in good:
        other = each[:place] + str(wrong) + each[place + 1 :]
        assert other == each or nhs_number(other) is None


def test_a_list_is_old_after_so_many_days(monkeypatch: pytest.MonkeyPatch) -> None:
    bring("1")
    with database.reading() as db:
        assert [each.old for each in ages(db, MORNING + timedelta(days=30))] == [False]
        assert [each.old for each in ages(db, MORNING + timedelta(days=31))] == [True]
        settings_room.use(replace(settings_room.current(), optout_days=0))
        assert [each.old for each in ages(db, MORNING + timedelta(days=999))] == [False]


def test_an_old_list_is_warned_of_where_the_machine_is_watched_and_to_the_steward() -> None:
    app = create_app(replace(settings_room.current(), secure_cookies=False))
    steward = signed_in(app, an_account("stella", "data-steward").name)
    assert "warnings" not in app.test_client().get("/readyz").json
    assert "No list has been imported" in steward.get("/consent").text
    bring("1", listing=Listing(source="the clinic"))
    ready = app.test_client().get("/readyz")
    days = (now().date() - MORNING.date()).days
    assert ready.json["warnings"] == {
        "opt-outs": f"1 of the lists of opt-outs are old, the oldest by {days} days: import them anew"
    }
    page = steward.get("/consent").text
    assert f"{days} days" in page
    assert "the clinic" in page
    assert "A list is old" in page


def test_the_page_of_lists_is_for_those_who_keep_the_data() -> None:
    app = create_app(replace(settings_room.current(), secure_cookies=False))
    assert signed_in(app, an_account("rita", "researcher").name).get("/consent").status_code == 403


def test_a_list_is_replaced_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    for rows, said in (("NTH,1\nNTH,2\n", "2 new opt-outs, 0 known before"), ("NTH,2\n", "0 new opt-outs, 1 known")):
        path.write_text("site,patient_id\n" + rows, "utf-8")
        assert run(monkeypatch, "optout", "import", str(path), "--replace", "--dated", "2026-03-01") == 0
        assert said in capsys.readouterr().out
    path.write_text(f"{NUMBER},\r\n", "utf-8")
    assert run(monkeypatch, "optout", "import", str(path), "--format", "nhs", "--source", "NHS England") == 0
    assert capsys.readouterr().out == "1 new opt-outs, 0 known before\n"
