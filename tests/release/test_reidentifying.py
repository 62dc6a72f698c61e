"""Whose pseudonym it is, two people find out together: never one alone, never late, never on the trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from gateway import db as database
from gateway.clock import now
from gateway.errors import SlidegateError
from gateway.people.commands import change_roles, close_account
from gateway.people.models import Account
from gateway.projects.commands import add_member
from gateway.projects.models import Project
from gateway.release import reidentifying as commands
from gateway.release.facts import first
from gateway.release.forgetting import NotAReason, forget_patient
from gateway.release.models import ManifestEntry, Reidentification
from gateway.release.queries import ClearPatient, patient_of
from gateway.trail.models import Event, Opening
from gateway.trail.record import SYSTEM
from tests.people.visitors import Strict, an_account, send, signed_in
from tests.release.builders import World, a_release

PAGE = "/admin/re-identification"
MORNING = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@pytest.fixture
def steward(world: World) -> Account:
    return an_account("stella", "data-steward")


@pytest.fixture
def custodian(world: World) -> Account:
    return an_account("carl", "site-custodian")


def a_pseudonym(world: World, entry: ManifestEntry | None = None) -> str:
    return str(first((entry or world.released()[0]).facts, "00100020"))


def whose(entry: ManifestEntry) -> ClearPatient:
    with database.reading() as db:
        return patient_of(db, entry.instance_id)


def ask(world: World, by: Account, *, moment: datetime = MORNING, **changed: Any) -> Reidentification:
    told = {"project_id": world.release.project_id, "pseudonym": a_pseudonym(world), "reason": "clinical-finding"}
    with database.transaction() as db:
        return commands.ask_reidentification(db, by=db.get_one(Account, by.id), now=moment, **(told | changed))


@contextmanager
def the(question: Reidentification, by: Account) -> Iterator[dict[str, Any]]:
    """A transaction with the actor and the question in it, as the doors have them."""
    with database.transaction() as db:
        yield {
            "db": db,
            "by": db.get_one(Account, by.id),
            "question": db.get_one(Reidentification, question.id),
        }


def allow(question: Reidentification, by: Account, moment: datetime = MORNING) -> None:
    with the(question, by) as them:
        commands.allow_reidentification(**them, now=moment)


def refuse(question: Reidentification, by: Account, moment: datetime = MORNING) -> None:
    with the(question, by) as them:
        commands.refuse_reidentification(**them, now=moment)


def answer(question: Reidentification, by: Account, moment: datetime = MORNING) -> ClearPatient | None:
    with the(question, by) as them:
        leave = commands.answer_reidentification(**them, now=moment)
    with database.reading() as db:
        return commands.patient_behind(db, leave)


def test_two_people_together_find_the_patient(world: World, steward: Account, custodian: Account) -> None:
    for entry in (world.released()[0], world.released()[-1]):
        question = ask(world, steward, pseudonym=a_pseudonym(world, entry).lower())
        allow(question, custodian)
        assert answer(question, steward) == whose(entry)


def test_one_person_alone_never_finds_out(world: World, steward: Account) -> None:
    question = ask(world, steward)
    with pytest.raises(commands.NotAllowedYet):
        answer(question, steward)


def test_the_same_person_twice_never_finds_out(world: World, steward: Account) -> None:
    question = ask(world, steward)
    with pytest.raises(commands.SecondPersonNeeded):
        allow(question, steward)
    with pytest.raises(commands.NotAllowedYet):
        answer(question, steward)


def test_not_even_the_database_takes_one_person_for_two(world: World, steward: Account) -> None:
    question = ask(world, steward)
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.get_one(Reidentification, question.id).allowed_by = steward.id


def test_whoever_allows_does_not_see_the_answer(world: World, steward: Account, custodian: Account) -> None:
    question = ask(world, steward)
    allow(question, custodian)
    with pytest.raises(commands.NotYours):
        answer(question, custodian)


@pytest.mark.parametrize("late", [commands.OPEN_FOR, commands.OPEN_FOR + timedelta(days=9)])
def test_an_expired_question_is_never_allowed_and_never_answered(
    world: World, steward: Account, custodian: Account, late: timedelta
) -> None:
    question, other = ask(world, steward), ask(world, steward)
    with pytest.raises(commands.Expired):
        allow(question, custodian, MORNING + late)
    allow(other, custodian, MORNING + commands.OPEN_FOR - timedelta(microseconds=1))
    with pytest.raises(commands.Expired):
        answer(other, steward, MORNING + late)


def test_the_answer_is_given_once(world: World, steward: Account, custodian: Account) -> None:
    question = ask(world, steward)
    allow(question, custodian)
    assert answer(question, steward)
    with pytest.raises(commands.Settled):
        answer(question, steward)


def test_what_is_refused_stays_refused(world: World, steward: Account, custodian: Account) -> None:
    question = ask(world, steward)
    refuse(question, custodian)
    with pytest.raises(commands.Settled):
        allow(question, custodian)
    with pytest.raises(commands.NotAllowedYet):
        answer(question, steward)


@pytest.mark.parametrize(
    "role", ["researcher", "ethics-reviewer", "committee-chair", "ppie-panel", "auditor", "administrator"]
)
def test_no_other_role_takes_part(world: World, steward: Account, role: str) -> None:
    other = an_account("otto", role)
    question = ask(world, steward)
    with pytest.raises(commands.NotForYou):
        ask(world, other)
    with pytest.raises(commands.NotForYou):
        allow(question, other)


def test_a_member_of_the_project_never_takes_part_whatever_their_roles(
    world: World, steward: Account, custodian: Account
) -> None:
    question = ask(world, steward)
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        add_member(db, by=SYSTEM, project=project, account=db.get_one(Account, custodian.id), now=MORNING)
    with pytest.raises(commands.NotForYou):
        allow(question, custodian)
    with pytest.raises(commands.NotForYou):
        ask(world, custodian)


def test_who_joins_the_project_or_loses_the_role_in_between_stops_the_answer(
    world: World, steward: Account, custodian: Account
) -> None:
    question, other = ask(world, steward), ask(world, steward)
    allow(question, custodian)
    allow(other, custodian)
    with database.transaction() as db:
        change_roles(db, by=SYSTEM, account=an_admin(db), roles=["administrator"], now=MORNING)
        change_roles(db, by=SYSTEM, account=db.get_one(Account, custodian.id), roles=["auditor"], now=MORNING)
    with pytest.raises(commands.NotForYou):
        answer(question, steward)
    with database.transaction() as db:
        change_roles(db, by=SYSTEM, account=db.get_one(Account, custodian.id), roles=["site-custodian"], now=MORNING)
        close_account(db, by=SYSTEM, account=db.get_one(Account, custodian.id), now=MORNING)
    with pytest.raises(commands.NotForYou):
        answer(other, steward)


def an_admin(db: Any) -> Account:
    """Somebody must manage accounts before roles can change."""
    return db.scalars(select(Account).where(Account.email == "ada@example.org")).one()  # type: ignore[no-any-return]


def test_leave_comes_from_the_command_alone() -> None:
    with pytest.raises(TypeError):
        commands.Leave("project", "A" * 12, seal=None)


def test_a_pseudonym_of_another_project_finds_nobody(world: World, steward: Account, custodian: Account) -> None:
    pseudonym = a_pseudonym(world)
    question = ask(world, steward, project_id=a_release(world.reader).project_id, pseudonym=pseudonym)
    allow(question, custodian)
    assert answer(question, steward) is None


def test_a_forgotten_patient_is_found_by_nobody(world: World, steward: Account, custodian: Account) -> None:
    entry = world.released()[0]
    question = ask(world, steward)
    allow(question, custodian)
    with database.transaction() as db:
        forget_patient(
            db, by=SYSTEM, project_id=world.release.project_id, patient=whose(entry), reason="patient-asked", now=now()
        )
    assert answer(question, steward) is None


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"reason": "curious"}, NotAReason),
        ({"reason": ""}, NotAReason),
        ({"pseudonym": "Smith^John"}, commands.NotAPseudonym),
        ({"project_id": "0" * 16}, SlidegateError),
    ],
)
def test_a_question_without_a_reason_a_pseudonym_or_a_project_is_not_put(
    world: World, steward: Account, changed: dict[str, str], refusal: type[SlidegateError]
) -> None:
    with pytest.raises(refusal):
        ask(world, steward, **changed)


def test_the_trail_holds_every_step_and_no_patient(world: World, steward: Account, custodian: Account) -> None:
    entry = world.released()[0]
    pseudonym, patient = a_pseudonym(world), whose(entry).patient_id
    browser, other = signed_in(world.app, "stella"), signed_in(world.app, "carl")
    fields = {"project": world.release.project_id, "pseudonym": pseudonym, "reason": "clinical-finding"}
    assert send(browser, PAGE, PAGE, **fields).status_code == 303
    with database.reading() as db:
        question = db.scalars(select(Reidentification)).one()
    send(browser, PAGE, f"{PAGE}/{question.id}/allow")
    send(other, PAGE, f"{PAGE}/{question.id}/allow")
    told = send(browser, PAGE, f"{PAGE}/{question.id}/answer")
    assert patient in told.text
    with database.reading() as db:
        events = list(db.scalars(select(Event).where(Event.action.like("reidentification.%")).order_by(Event.seq)))
        kept = "".join(each.value for each in db.scalars(select(Opening)))
        rows = repr([vars(each) for each in db.scalars(select(Reidentification))])
        whole = "".join(db.scalars(select(Event.body)))
    assert [each.action.partition(".")[2] for each in events] == ["asked", "denied", "allowed", "answered"]
    assert all(each.project == world.release.project_id for each in events)
    assert '"reason":"clinical-finding"' in events[0].body
    assert pseudonym not in "".join(each.body for each in events)
    assert patient not in whole + kept + rows


def test_the_answer_is_on_one_page_once_and_in_no_cache(world: World, steward: Account, custodian: Account) -> None:
    entry = world.released()[0]
    patient = whose(entry).patient_id
    world.app.jinja_env.undefined = Strict
    question = ask(world, steward, moment=now())
    browser, other = signed_in(world.app, "stella"), signed_in(world.app, "carl")
    assert "Waits for a second person" in other.get(PAGE).text
    send(other, PAGE, f"{PAGE}/{question.id}/allow")
    assert patient not in other.get(PAGE).text
    told = send(browser, PAGE, f"{PAGE}/{question.id}/answer")
    assert (told.status_code, told.headers["Cache-Control"]) == (200, "no-store")
    assert patient in told.text
    again = send(browser, PAGE, f"{PAGE}/{question.id}/answer")
    assert again.status_code == 303
    assert patient not in browser.get(PAGE).text


@pytest.mark.parametrize("page", [PAGE, "/admin/withdrawal"])
def test_the_pages_are_for_stewards_and_custodians(world: World, steward: Account, page: str) -> None:
    world.app.jinja_env.undefined = Strict
    an_account("otto", "researcher", "auditor", "administrator")
    assert signed_in(world.app, "stella").get(page).status_code == 200
    assert signed_in(world.app, "otto").get(page).status_code == 403
    assert world.app.test_client().get(page).status_code in (302, 303, 401)


def test_what_waits_is_on_the_start_page_of_those_it_waits_for(
    world: World, steward: Account, custodian: Account
) -> None:
    ask(world, steward, moment=now())
    assert "Re-identification<span" in signed_in(world.app, "carl").get("/").text
    asking = signed_in(world.app, "stella").get("/").text
    assert "Re-identification<span" not in asking
    assert "/admin/re-identification" in asking
    assert "/admin/withdrawal" in asking
    assert "/admin/withdrawal" not in signed_in(world.app).get("/").text


def test_a_patient_is_forgotten_by_the_page_only_when_sure(world: World, steward: Account) -> None:
    entry, page = world.released()[0], "/admin/withdrawal"
    browser, patient = signed_in(world.app, "stella"), whose(entry)
    fields = {"project": world.release.project_id, "site": patient.site, "patient": patient.patient_id}
    fields["reason"] = "patient-asked"
    assert send(browser, page, page, **fields).status_code == 422
    assert send(browser, page, page, **fields | {"patient": "nobody", "sure": "yes"}).status_code == 422
    assert send(browser, page, page, **fields | {"reason": "", "sure": "yes"}).status_code == 422
    assert len(world.released()) == world.release.released
    assert send(browser, page, page, **fields, sure="yes").status_code == 303
    assert entry.uid not in [each.uid for each in world.entries()]
    assert "already" in send(browser, page, page, **fields, sure="yes").text
