"""A project that was sent images of a patient who withdraws is told what to destroy, and says that it has."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from gateway import db as database
from gateway.clock import now
from gateway.consent.models import OptOut
from gateway.consent.optouts import import_optouts
from gateway.notices.models import Kind, Notice
from gateway.projects.keys import data_master
from gateway.projects.models import Closure, Project
from gateway.release.destroying import AlreadyConfirmed, NotOnTheProject, confirm, remind
from gateway.release.facts import first
from gateway.release.forgetting import forget_patient
from gateway.release.models import DestructionOrder, ManifestEntry
from gateway.release.queries import ClearPatient, patient_of
from gateway.release.withdrawals import order_what_was_withdrawn, withdrawals
from gateway.trail.record import SYSTEM
from tests.people.visitors import an_account, send, signed_in
from tests.release.builders import SITE, World, at, events

WEEK = timedelta(days=7)


def orders() -> list[DestructionOrder]:
    with database.reading() as db:
        return list(db.scalars(select(DestructionOrder).order_by(DestructionOrder.made_at)))


def whose(entry: ManifestEntry) -> ClearPatient:
    with database.reading() as db:
        return patient_of(db, entry.instance_id)


def opt_out(entry: ManifestEntry) -> None:
    rows = [(SITE, whose(entry).patient_id)]
    with database.transaction() as db:
        import_optouts(db, by=SYSTEM, master=data_master(db), rows=rows, sites=[SITE], now=now())


def an_order(world: World) -> DestructionOrder:
    entry = world.released()[0]
    world.get(at(entry))
    opt_out(entry)
    assert order_what_was_withdrawn(now()) == 1
    (order,) = orders()
    return order


def test_an_order_names_what_was_sent_under_released_names_and_no_other(world: World) -> None:
    entry, other = world.released()[0], world.released()[-1]
    world.get(at(entry))
    world.get(at(other))
    opt_out(entry)
    withdrawals(now())
    (order,) = orders()
    assert (order.project_id, order.because) == (world.release.project_id, "opt-out")
    assert (order.studies, order.instances) == ([entry.study_uid], [entry.uid])
    assert order.pseudonym == first(entry.facts, "00100020")
    told = str([order.pseudonym, order.studies, order.instances, events("destruction.ordered")[0].body])
    assert whose(entry).patient_id not in told


def test_whoever_was_sent_nothing_has_nothing_to_destroy(world: World) -> None:
    opt_out(world.released()[0])
    assert order_what_was_withdrawn(now()) == 0


def test_looking_twice_orders_once_and_what_is_sent_later_is_ordered_anew(world: World) -> None:
    order = an_order(world)
    assert order_what_was_withdrawn(now()) == 0
    with database.transaction() as db:
        db.execute(delete(OptOut))  # back in, and out again
    entry = next(each for each in world.released() if each.uid in order.instances)
    assert world.get(at(entry)).status_code == 200
    opt_out(entry)
    assert order_what_was_withdrawn(now()) == 1
    assert [each.instances for each in orders()] == [[entry.uid], [entry.uid]]


def test_a_closed_project_has_stated_it_already(world: World) -> None:
    entry = world.released()[0]
    world.get(at(entry))
    with database.transaction() as db:
        project = db.get_one(Project, world.release.project_id)
        project.closure = Closure(
            closed_by_id=world.reader.id, closed_at=now(), outputs=[], destruction="All", destroyed_on=now().date()
        )
    opt_out(entry)
    assert order_what_was_withdrawn(now()) == 0


def test_a_final_withdrawal_orders_in_the_same_transaction(world: World) -> None:
    entry = world.released()[0]
    world.get(at(entry))
    with database.transaction() as db:
        forget_patient(
            db, by=SYSTEM, project_id=world.release.project_id, patient=patient_of(db, entry.instance_id),
            reason="patient-asked", now=now(),
        )  # fmt: skip
    (order,) = orders()
    assert (order.because, order.instances) == ("forgotten", [entry.uid])


def told(kind: Kind) -> list[Notice]:
    with database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.kind == kind)))


def test_the_members_are_told_and_reminded_each_week_once_it_is_late(world: World) -> None:
    order = an_order(world)
    (notice,) = told(Kind.DESTROY)
    assert (notice.account_id, notice.href) == (world.reader.id, f"/projects/{order.project_id}/destruction")
    an_account("stella", "data-steward")
    counts = []
    for days in (13, 14, 15, 21, 22):
        with database.transaction() as db:
            remind(db, now=order.made_at + timedelta(days=days))
        counts.append(len(told(Kind.OVERDUE)))
    assert counts == [0, 2, 2, 3, 3], "the member each week, the steward once"


def send_confirmation(world: World, order: DestructionOrder, **fields: str) -> Any:
    browser = signed_in(world.app, "ada")
    page = f"/projects/{order.project_id}/destruction"
    day = now().date()
    sent = {"destroyed_on-day": str(day.day), "destroyed_on-month": str(day.month), "destroyed_on-year": str(day.year)}
    return send(browser, page, f"{page}/{order.id}", **{**sent, "statement": "Wiped the disk.", **fields})


def test_a_member_confirms_on_the_page_and_a_steward_sees_it(world: World) -> None:
    order = an_order(world)
    steward = signed_in(world.app, an_account("stella", "data-steward").name)
    assert "Waiting" in steward.get("/destruction").text
    page = signed_in(world.app, "ada").get(f"/projects/{order.project_id}/destruction").text
    assert order.pseudonym in page
    assert order.instances[0] in page
    assert "Data to destroy" in signed_in(world.app, "ada").get("/").text
    assert send_confirmation(world, order).status_code == 303
    (order,) = orders()
    assert (order.confirmed_by_id, order.statement) == (world.reader.id, "Wiped the disk.")
    assert "Confirmed" in steward.get("/destruction").text
    assert "Wiped the disk." in steward.get(f"/projects/{order.project_id}/destruction").text
    (event,) = events("destruction.confirmed")
    assert event.detail == {"order": order.id, "destroyed_on": str(order.destroyed_on), "days": 0}
    assert "Wiped" not in str(event.body)


@pytest.mark.parametrize("bad", [{"statement": " "}, {"destroyed_on-year": "2999"}, {"destroyed_on-day": "x"},
                                 {"destroyed_on-year": "1999"}])  # fmt: skip
def test_a_bad_statement_is_asked_for_again(world: World, bad: dict[str, str]) -> None:
    order = an_order(world)
    answer = send_confirmation(world, order, **bad)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert orders()[0].confirmed_at is None


def test_only_a_member_confirms_and_only_once(world: World) -> None:
    order, stella = an_order(world), an_account("stella", "data-steward")
    with database.transaction() as db:
        found = db.get_one(DestructionOrder, order.id)
        how = {"order": found, "statement": "Done", "destroyed_on": now().date(), "now": now()}
        with pytest.raises(NotOnTheProject):
            confirm(db, by=stella, **how)  # type: ignore[arg-type]
        confirm(db, by=world.reader, **how)  # type: ignore[arg-type]
        with pytest.raises(AlreadyConfirmed):
            confirm(db, by=world.reader, **how)  # type: ignore[arg-type]


def test_strangers_see_nothing_of_it(world: World) -> None:
    order = an_order(world)
    an_account("eve")
    eve = signed_in(world.app, "eve")
    page = f"/projects/{order.project_id}/destruction"
    assert [eve.get(each).status_code for each in (page, f"{page}/{order.id}.csv", "/destruction")] == [404, 404, 403]
    assert eve.get("/api/v1/releases/destruction-orders").json == []


def test_the_names_can_be_taken_as_a_table(world: World) -> None:
    order = an_order(world)
    table = signed_in(world.app, "ada").get(f"/projects/{order.project_id}/destruction/{order.id}.csv").text
    assert re.split(r"\r?\n", table.strip()) == [
        "level,uid", f"study,{order.studies[0]}", f"instance,{order.instances[0]}"
    ]  # fmt: skip


def test_the_same_through_the_api(world: World) -> None:
    order, token = an_order(world), world.token_for(world.reader, "account")
    head = {"Authorization": f"Bearer {token}"}
    path = "/api/v1/releases/destruction-orders"
    (listed,) = world.browser.get(path, headers=head).json
    assert (listed["id"], listed["instances"], listed["confirmed_at"]) == (order.id, order.instances, None)
    sent = {"statement": "Wiped.", "destroyed_on": date.today().isoformat()}  # noqa: DTZ011  # of the same clock
    answer = world.browser.post(f"{path}/{order.id}/confirmation", json=sent, headers=head)
    assert (answer.status_code, answer.json["statement"]) == (200, "Wiped.")
    again = world.browser.post(f"{path}/{order.id}/confirmation", json=sent, headers=head)
    assert (again.status_code, again.json["code"]) == (409, "already-confirmed")
