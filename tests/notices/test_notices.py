"""People are told what concerns them, once and in the same transaction, and only they read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from gateway import db as database
from gateway.governance import appealing, deciding
from gateway.governance.models import Application
from gateway.notices import commands
from gateway.notices.models import Kind, Notice
from gateway.people.models import Account
from gateway.projects import conditions, grant_changes, grants
from gateway.trail.record import SYSTEM
from tests.governance import cast
from tests.governance.cast import DAY, MORNING
from tests.governance.walk import Walk, an_app


@pytest.fixture(autouse=True)
def bound(tmp_path: Path) -> Iterator[None]:
    yield from cast.database(tmp_path)


@pytest.fixture
def app(bound: None, tmp_path: Path) -> Iterator[Flask]:
    yield from an_app(tmp_path)


def told(kind: Kind) -> list[tuple[str, str]]:
    """Who was told what of this kind, without the number of the application or project."""
    with database.reading() as db:
        query = select(Notice).join(Account).where(Notice.kind == kind).order_by(Account.name, Notice.made_at)
        return [(each.account.name, re.sub(r" [0-9A-Z]{4}-[0-9A-Z]{4} ", " ", each.text)) for each in db.scalars(query)]


def approved(**changes: object) -> tuple[cast.Cast, str]:
    with database.transaction() as db:
        people = cast.the_cast(db)
        application = cast.one_to_decide(db, people)
        grant = deciding.approve(
            db, by=people.chair, application=application, ends=MORNING + 90 * DAY, now=MORNING, **changes
        )  # type: ignore[arg-type]
        return people, grant.id


def test_everybody_in_an_application_is_told_when_it_is_their_turn() -> None:
    approved()
    assert told(Kind.SUBMITTED) == [("Priya", "Application has been submitted: choose its reviewers")]
    assert told(Kind.ASKED) == [(name, "Application waits for your review") for name in ("Ruth", "Tom")]
    assert told(Kind.TURN) == [(name, "Application waits for your decision") for name in ("Helen", "Una")]
    assert told(Kind.DECIDED) == [("Ada", "Application has been approved")]


def test_whoever_is_part_of_the_project_is_never_asked_to_judge_it() -> None:
    approved()
    with database.reading() as db:
        own = set(db.scalars(select(Account.id).where(Account.name.in_(["Ada", "Ben"]))))
        judging = db.scalars(select(Notice).where(Notice.kind.in_([Kind.SUBMITTED, Kind.ASKED, Kind.TURN])))
        assert not own & {each.account_id for each in judging}


def test_a_return_is_told_to_the_applicant_and_an_appeal_to_whoever_can_hear_it() -> None:
    with database.transaction() as db:
        people = cast.the_cast(db)
        back, no = cast.one_to_decide(db, people), cast.one_to_decide(db, people)
        deciding.send_back(db, by=people.chair, application=back, reasons="Why so many?", now=MORNING)
        deciding.reject(db, by=people.chair, application=no, reasons="No.", now=MORNING)
        appealing.appeal(db, by=people.applicant, application=no, grounds="But yes.", now=MORNING)
    assert told(Kind.RETURNED) == [("Ada", "Application has been returned: change it, and apply again")]
    assert ("Una", "Application has an appeal that waits to be heard") in told(Kind.TURN)
    assert ("Helen", "Application has an appeal that waits to be heard") not in told(Kind.TURN)


def test_members_are_told_what_becomes_of_their_access_and_of_conditions() -> None:
    people, grant_id = approved(conditions=["Publish it."])
    assert {name for name, _ in told(Kind.CONDITION)} == {"Ada", "Ben"}
    with database.transaction() as db:
        people = cast.together(db, people)
        grant = db.get_one(grants.Grant, grant_id)
        condition = grant.project.conditions[0]
        conditions.report_done(db, by=people.applicant, condition=condition, note="Done", now=MORNING)
        grant_changes.suspend(db, by=SYSTEM, grant=grant, reason="Doubts", now=MORNING)
        grant_changes.resume(db, by=people.steward, grant=grant, now=MORNING)
        grants.revoke(db, by=SYSTEM, grant=grant, reason="Enough", now=MORNING)
    assert told(Kind.SUSPENDED) == [(name, "Access of project is suspended") for name in ("Ada", "Ben")]
    assert told(Kind.ACCESS) == [(name, "Access of project is open again") for name in ("Ada", "Ben")]
    assert told(Kind.REVOKED) == [(name, "Access of project has been taken back") for name in ("Ada", "Ben")]
    assert ("Priya", "Project says that it has met a condition: accept it or send it back") in told(Kind.CONDITION)


def test_nobody_is_told_of_what_did_not_happen() -> None:
    def change() -> None:
        with database.transaction() as db:
            cast.a_submitted(db, cast.the_cast(db))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    with database.reading() as db:
        assert db.scalars(select(Notice)).all() == []


def test_once_is_once_and_a_closed_account_is_told_nothing() -> None:
    with database.transaction() as db:
        ada, gone = cast.an_account(db, "Ada"), cast.an_account(db, "Gone")
        gone.closed_at = MORNING
        for _ in range(2):
            commands.tell(db, to=[ada, gone, ada], kind=Kind.ENDED, text="It", href="/", now=MORNING, once="it")
        db.expire_all()
        assert [each.account_id for each in db.scalars(select(Notice))] == [ada.id]


@pytest.mark.parametrize("href", ["https://elsewhere.example", "//elsewhere.example", "javascript:x"])
def test_a_notice_leads_nowhere_else(href: str) -> None:
    with pytest.raises(ValueError, match="this gateway"), database.transaction() as db:
        commands.tell(db, to=[], kind=Kind.ENDED, text="It", href=href, now=MORNING)


def test_the_page_shows_what_is_new_and_marks_it_as_read(app: Flask) -> None:
    approved()
    with database.reading() as db:
        ada = db.scalars(select(Account).where(Account.name == "Ada")).one()
        application = db.scalars(select(Application)).one()
    walk = Walk(app)
    walk.sign_in(ada)
    assert "unread: </span>2<" in walk.open("/").text
    page = walk.open("/notices")
    assert f'href="/applications/{application.id}"' in page.text
    assert f'href="/projects/{application.project_id}/agreement"' in page.text
    one, other = (each["action"] for each in page.parsed.forms if re.fullmatch(r"/notices/\w+/read", each["action"]))
    assert "unread: </span>1<" in walk.post(one).text
    assert "unread: " not in walk.post(other).text
    assert walk.open("/notices").status == 200


def test_all_are_marked_at_once_and_only_mine(app: Flask) -> None:
    approved()
    with database.reading() as db:
        tom = db.scalars(select(Account).where(Account.name == "Tom")).one()
        another = db.scalars(select(Notice).join(Account).where(Account.name == "Ruth")).first()
        assert another is not None
    walk = Walk(app)
    walk.sign_in(tom)
    walk.open("/notices")
    assert walk.post(f"/notices/{another.id}/read").status == 404
    walk.open("/notices")
    walk.press("Mark all as read")
    with database.reading() as db:
        left = set(db.scalars(select(Account.name).join(Notice).where(Notice.read_at.is_(None))))
    assert "Tom" not in left
    assert "Ruth" in left


def test_older_notices_are_on_the_next_page(app: Flask) -> None:
    with database.transaction() as db:
        ada = cast.an_account(db, "Ada")
        for number in range(60):
            text, at = f"Thing {number}.", MORNING + number * DAY
            commands.tell(db, to=[ada], kind=Kind.ENDED, text=text, href="/", now=at)
    walk = Walk(app)
    walk.sign_in(ada)
    first = walk.open("/notices").text
    assert "Thing 59." in first
    assert "Thing 9." not in first
    assert "Thing 9." in walk.press_link("Next:Page 2").text
    assert [walk.open(f"/notices?page={wrong}").status for wrong in ("0", "x")] == [404, 404]


def test_everybody_chooses_what_they_get_by_email(app: Flask) -> None:
    with database.transaction() as db:
        ada = cast.an_account(db, "Ada")
    walk = Walk(app)
    walk.sign_in(ada)
    walk.open("/account")
    assert [box.value for box in walk.page.boxes("mail") if box.checked] == ["each"]
    walk.press("Save", mail="digest")
    assert [box.value for box in walk.page.boxes("mail") if box.checked] == ["digest"]
    assert walk.press("Save", mail="hourly").status == 422
