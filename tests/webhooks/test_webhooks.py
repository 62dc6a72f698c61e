"""Other systems hear what happens: signed, in time, again if they were away; and never inside our own network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from gateway import clock, settings
from gateway import db as database
from gateway.jobs.models import State, WorkItem
from gateway.jobs.worker import run_once
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM, record
from gateway.webhooks import addresses, commands, jobs
from gateway.webhooks.models import Webhook
from gateway.webhooks.signing import secret_of
from tests.people.visitors import a_gateway, an_account, send, signed_in
from tests.webhooks.receiver import Receiver, a_certificate, a_receiver, verified

ROOMS = ("gateway.webhooks.jobs",)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path, webhook_hosts=("localhost",)) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as server:
        yield server


def a_hook(url: str, *types: str) -> Webhook:
    with database.transaction() as db:
        return commands.add(db, by=SYSTEM, url=url, types=types or ("grant.revoked",), now=clock.now())


def happens(action: str = "grant.revoked", **more: Any) -> None:
    with database.transaction() as db:
        record(db, action=action, actor=SYSTEM, now=clock.now(), subject="g1", project="p1", **more)


def work() -> int:
    jobs.listen(clock.now())
    return run_once(ROOMS)


def the(hook: Webhook) -> Webhook:
    with database.reading() as db:
        return db.get_one(Webhook, hook.id)


def test_what_happens_is_sent_once_signed_and_without_detail(app: Flask, receiver: Receiver) -> None:
    happens()  # before anybody listened
    hook = a_hook(receiver.url)
    happens(detail={"secret": "of the house"}, personal={"reason": "Mr Smith"})
    happens("grant.issued")
    assert work() == 1
    assert work() == 0
    ((headers, body),) = receiver.taken
    assert verified(secret_of(hook), headers, body)
    assert not verified(secret_of(hook), headers, body.replace(b"p1", b"p2"))
    assert headers["path"] == "/hooks/gate?key=1"
    assert headers["Host"].startswith("localhost:")
    assert abs(int(headers["Webhook-Timestamp"]) - clock.now().timestamp()) < 60
    told = json.loads(body)
    with database.reading() as db:
        event = db.scalars(select(Event).where(Event.action == "grant.revoked").order_by(Event.seq.desc())).first()
        assert event is not None
    assert told == {
        "type": "grant.revoked",
        "timestamp": event.at.isoformat(),
        "data": {"seq": event.seq, "subject": "g1", "project": "p1"},
    }
    assert the(hook).taken_at is not None


@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_is_not_taken_is_sent_again_under_the_same_id(app: Flask, receiver: Receiver, status: int) -> None:
    hook = a_hook(receiver.url)
    happens()
    receiver.status = status
    work()
    assert the(hook).fault == str(status)
    with database.transaction() as db:
        (item,) = db.scalars(select(WorkItem))
        assert (item.state, item.most_attempts > 20) == (State.QUEUED, True)
        item.not_before = clock.now()
    receiver.status = 200
    work()
    ids = [headers["Webhook-Id"] for headers, _ in receiver.taken]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert {headers["path"] for headers, _ in receiver.taken} == {"/hooks/gate?key=1"}


def test_a_receiver_that_is_gone_is_left_alone(app: Flask, receiver: Receiver) -> None:
    hook = a_hook(receiver.url)
    happens()
    happens()
    receiver.status = 410
    work()
    assert the(hook).closed_at is not None
    with database.transaction() as db:
        for item in db.scalars(select(WorkItem)):
            item.not_before = clock.now()
    happens()
    work()
    assert len(receiver.taken) <= 2
    with database.reading() as db:
        assert db.scalars(select(Event).where(Event.action == "webhook.closed")).one().subject == hook.id


def test_a_receiver_that_is_away_is_named_by_no_address_in_the_queue(app: Flask) -> None:
    hook = a_hook("http://localhost:1/secret-path")
    happens()
    work()
    assert the(hook).fault == "ConnectError"
    with database.reading() as db:
        assert "secret-path" not in repr([(each.reason, each.payload) for each in db.scalars(select(WorkItem))])
        assert "secret-path" not in "".join(db.scalars(select(Event.body)))


def test_a_new_secret_signs_and_the_former_one_does_not(app: Flask, receiver: Receiver) -> None:
    hook = a_hook(receiver.url)
    with database.transaction() as db:
        commands.change_secret(db, by=SYSTEM, hook=db.get_one(Webhook, hook.id), now=clock.now())
    happens()
    work()
    ((headers, body),) = receiver.taken
    assert not verified(secret_of(hook), headers, body)
    assert verified(secret_of(the(hook)), headers, body)


FORBIDDEN = [
    "http://example.org/",
    "https://user:word@example.org/",
    "https:///path",
    "https://example.org:x/",
    "ftp://localhost/",
    "file:///etc/passwd",
    "https://exa mple.org/",
    "https://example.org/#part",
    "https://[::1",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_an_address_of_another_form_is_refused_at_once(app: Flask, url: str) -> None:
    with pytest.raises(addresses.AddressNotAllowed):
        a_hook(url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1", "[::1]",
     "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "[ff02::1]", "2130706433",
     "0x7f.1", "127.1"],
)  # fmt: skip
def test_nothing_is_sent_into_our_own_network_however_it_is_written(app: Flask, host: str) -> None:
    with pytest.raises((addresses.AddressNotAllowed, addresses.NoSuchHost)):
        addresses.located(f"https://{host}/")


def test_a_name_that_leads_home_is_refused_when_it_is_sent_to(app: Flask, receiver: Receiver) -> None:
    hook = a_hook(receiver.url)
    settings.use(settings.replace(settings.current(), webhook_hosts=()))
    with database.transaction() as db:
        port = receiver.server_address[1]
        db.get_one(Webhook, hook.id).url = f"https://localhost:{port}/"
    happens()
    work()
    assert receiver.taken == []
    assert the(hook).fault == "webhook-address"


def test_the_connection_is_made_to_the_address_that_was_looked_at(app: Flask) -> None:
    place = addresses.located("https://8.8.8.8/x?y=1")
    assert (place.url, place.host, place.authority) == ("https://8.8.8.8:443/x?y=1", "8.8.8.8", "8.8.8.8")
    place = addresses.located("http://localhost:99/x")
    assert re.fullmatch(r"http://(127\.0\.0\.1|\[::1\]):99/x", place.url)
    assert (place.host, place.authority) == ("localhost", "localhost:99")


@pytest.mark.parametrize(("name", "fault"), [("localhost", ""), ("elsewhere.example", "ConnectError")])
def test_the_certificate_must_be_of_the_host_that_is_named(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: str
) -> None:
    certificate = a_certificate(tmp_path / "pem", name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with a_receiver(certificate) as receiver:
        hook = a_hook(receiver.url.replace("http:", "https:"))
        happens()
        work()
    assert the(hook).fault == fault
    assert len(receiver.taken) == (not fault)


def test_an_administrator_adds_tries_and_closes_one(app: Flask, receiver: Receiver) -> None:
    an_account("ada", "administrator")
    admin = signed_in(app)
    page = "/admin/webhooks"
    assert send(admin, page, page, url="http://example.org").status_code == 422
    assert send(admin, page, page, url=receiver.url, types=["everything"]).status_code == 422
    made = send(admin, page, page, url=receiver.url, types=["grant.issued", "grant.revoked"])
    secret = re.search(r"whsec_[\w+/=]+", made.text)
    assert made.status_code == 201
    assert secret is not None
    assert secret[0] not in admin.get(page).text
    with database.reading() as db:
        (hook,) = db.scalars(select(Webhook))
    send(admin, page, f"{page}/{hook.id}/test")
    assert work() == 1
    ((headers, body),) = receiver.taken
    assert verified(secret[0], headers, body)
    assert json.loads(body)["type"] == "webhook.test"
    assert "Taken" in admin.get(page).text
    again = send(admin, page, f"{page}/{hook.id}/secret")
    assert secret[0] not in again.text
    assert "whsec_" in again.text
    send(admin, page, f"{page}/{hook.id}/close")
    assert "The webhook is closed." in admin.get(page).text
    for step in ("test", "secret", "close"):
        answer = send(admin, page, f"{page}/{hook.id}/{step}")
        assert answer.status_code == 303
        assert "This webhook is closed; add a new one" in admin.get(page).text
    assert send(admin, page, f"{page}/nothing/close").status_code == 404


def test_nobody_else_does(app: Flask) -> None:
    an_account("ada", "data-steward", "researcher", "auditor")
    assert signed_in(app).get("/admin/webhooks").status_code == 403


def test_what_was_queued_for_a_closed_one_is_not_sent(app: Flask, receiver: Receiver) -> None:
    hook = a_hook(receiver.url)
    happens()
    jobs.listen(clock.now())
    with database.transaction() as db:
        commands.close(db, by=SYSTEM, hook=db.get_one(Webhook, hook.id), now=clock.now())
    assert run_once(ROOMS) == 1
    assert receiver.taken == []
