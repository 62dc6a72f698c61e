"""Letters go out through a real server, once, to those who want them, and say nothing that a stranger could use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import clock, settings
from gateway import db as database
from gateway.governance import meeting
from gateway.governance.models import Choice, SiteAnswer
from gateway.jobs import queue
from gateway.jobs.models import State, WorkItem
from gateway.jobs.worker import run_once
from gateway.notices import sending
from gateway.notices.commands import mark_all_read, tell
from gateway.notices.models import Kind, Notice
from gateway.people.models import Account, Mail
from gateway.trail.models import Event
from tests.governance import cast, national
from tests.governance.cast import MORNING
from tests.notices.postbox import Postbox, a_postbox

ROOMS = ("gateway.notices.jobs",)


@pytest.fixture
def postbox(tmp_path: Path) -> Iterator[Postbox]:
    before = settings.current()
    with a_postbox() as server:
        settings.use(replace(before, data_dir=tmp_path, base_url="https://gate.example", **server.settings))
        for _ in cast.database(tmp_path):
            yield server
    settings.use(before)


def ada(mail: Mail = Mail.EACH) -> Account:
    with database.transaction() as db:
        account = cast.an_account(db, "Ada")
        account.mail = mail.value
        return account


def say(account: Account, text: str, at: datetime | None = None) -> None:
    with database.transaction() as db:
        to = [db.get_one(Account, account.id)]
        tell(db, to=to, kind=Kind.DECIDED, text=text, href="/applications/x", now=at or clock.now())


def work(now: datetime | None = None) -> int:
    if now is not None:
        with database.transaction() as db:
            sending.queue_digests(db, now=now)
    return run_once(ROOMS)


def use(**changes: Any) -> None:
    settings.use(replace(settings.current(), **changes))


def test_everybody_for_whom_work_waits_gets_a_letter(postbox: Postbox) -> None:
    with database.transaction() as db:
        nation = national.the_nation(db)
        application = national.reviewed(db, nation)
        for code in ("north", "south"):
            national.site_says(db, nation, application, code, SiteAnswer.AGREED)
        national.votes(db, nation, application, Choice.YES, Choice.YES, Choice.YES)
        meeting.call(
            db, by=nation.cast.steward, applications=[application], starts=MORNING + cast.DAY, lasts=60, place="x",
            now=MORNING,
        )  # fmt: skip
    while work():
        pass
    told: dict[str, set[str]] = {}
    for to, letter in postbox.letters:
        words = " ".join(letter["Subject"].split()).split(" on ")[0]
        told.setdefault(to.split("@")[0], set()).add(re.sub(r"^\S+ (The|Application \S+) ", "", words))
    reviewers = {each.name.lower() for group in nation.reviewers.values() for each in group}
    assert {each for each, said in told.items() if "waits for your review" in said} == reviewers
    for people, said in (
        (("keeper-north", "keeper-south"), {"waits for the answer of your site"}),
        (("mia", "max", "moe"), {"waits for your vote", "committee meets"}),
        (("helen", "una"), {"waits for your decision", "committee meets"}),
        (("priya",), {"has been submitted: choose its reviewers"}),
    ):
        assert [told[each] >= said for each in people] == [True] * len(people), (people, told)
    meetings = [letter for _, letter in postbox.letters if "committee meets" in letter["Subject"]]
    assert all(next(each.iter_attachments()).get_content_type() == "text/calendar" for each in meetings)
    assert len(meetings) == 5


def test_each_notice_is_a_letter_of_its_own(postbox: Postbox) -> None:
    say(ada(), "Application 1234-ABCD has been approved")
    assert work() == 1
    ((to, letter),) = postbox.letters
    assert to == letter["To"] == "ada@example.org"
    assert letter["From"] == "Gate <gate@example.org>"
    assert letter["Subject"] == "Slidegate: Application 1234-ABCD has been approved"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert "https://gate.example/applications/x" in letter.get_content()
    assert work() == 0


def test_a_letter_that_was_sent_is_not_sent_again(postbox: Postbox) -> None:
    say(ada(), "It is so.")
    with database.reading() as db:
        (notice,) = db.scalars(select(Notice))
    work()
    with database.transaction() as db:
        queue.enqueue(db, kind=sending.LETTER, payload={"notice": notice.id}, now=clock.now())
    assert work() == 1
    assert len(postbox.letters) == 1


@pytest.mark.parametrize("mail", [Mail.DIGEST, Mail.NONE])
def test_who_wants_no_letter_for_each_gets_none(postbox: Postbox, mail: Mail) -> None:
    say(ada(mail), "It is so.")
    assert work() == 0


def test_what_was_read_meanwhile_is_not_sent(postbox: Postbox) -> None:
    account = ada()
    say(account, "It is so.")
    with database.transaction() as db:
        mark_all_read(db, by=account, now=clock.now())
    work()
    assert postbox.letters == []


def test_the_letter_of_the_day_holds_what_is_unread_and_comes_once(postbox: Postbox) -> None:
    account, nine = ada(Mail.DIGEST), (clock.now() - timedelta(days=3)).replace(hour=9)
    say(account, "The first.", nine - timedelta(hours=2))
    say(account, "The second.", nine - timedelta(hours=1))
    assert work(nine.replace(hour=5)) == 0  # too early
    assert work(nine) == 1
    assert work(nine + timedelta(hours=3)) == 0
    ((to, letter),) = postbox.letters
    assert (to, letter["Subject"]) == ("ada@example.org", "Slidegate: 2 notices")
    assert letter.get_content().index("The first.") < letter.get_content().index("The second.")
    assert work(nine + timedelta(days=1)) == 0  # nothing new


def test_a_server_that_is_away_is_tried_again_for_a_day(postbox: Postbox) -> None:
    port = settings.current().smtp_port
    use(smtp_port=1)
    say(ada(), "It is so.")
    work()
    with database.transaction() as db:
        (item,) = db.scalars(select(WorkItem))
        assert (item.state, item.most_attempts) == (State.QUEUED, queue.FOR_A_DAY)
        assert item.reason is not None
        assert "ada" not in item.reason
        item.not_before = clock.now()
    use(smtp_port=port)
    work()
    assert [to for to, _ in postbox.letters] == ["ada@example.org"]


def test_pauses_grow_to_an_hour_and_trying_ends_after_about_a_day(postbox: Postbox) -> None:
    with database.transaction() as db:
        item = queue.enqueue(db, kind="x", payload={}, now=MORNING, most_attempts=queue.FOR_A_DAY)
        tried = 0
        while item.state != State.FAILED:
            assert queue.claim(db, owner="me", now=item.not_before) is item
            tried, now = tried + 1, item.not_before
            queue.fail(db, owner="me", item_id=item.id, code="x", reason="x", now=now)
    assert tried == queue.FOR_A_DAY
    assert timedelta(hours=23) < now - MORNING < timedelta(hours=25)


def test_an_address_that_is_refused_for_good_is_on_the_record_and_left_alone(postbox: Postbox) -> None:
    account = ada()
    postbox.answers["RCPT"] = "550 no such user"
    say(account, "It is so.")
    work()
    with database.reading() as db:
        (event,) = db.scalars(select(Event).where(Event.action == "mail.refused"))
        assert event.subject == account.id
        assert "example.org" not in event.body
        assert db.scalars(select(WorkItem.state)).all() == [State.DONE]


def test_an_address_that_is_refused_for_now_is_tried_again(postbox: Postbox) -> None:
    postbox.answers["RCPT"] = "450 come back later"
    say(ada(), "It is so.")
    work()
    with database.reading() as db:
        assert db.scalars(select(WorkItem.state)).all() == [State.QUEUED]


def test_no_password_and_no_letter_is_given_to_a_server_that_cannot_encrypt(postbox: Postbox) -> None:
    use(smtp_starttls=True, smtp_user="gate", smtp_password="secret")
    say(ada(), "It is so.")
    work()
    assert (postbox.letters, postbox.signed_in) == ([], 0)


def test_a_server_may_ask_for_a_password(postbox: Postbox) -> None:
    postbox.password = "secret"
    use(smtp_user="gate", smtp_password="secret")
    say(ada(), "It is so.")
    work()
    assert (len(postbox.letters), postbox.signed_in) == (1, 1)


def test_a_text_cannot_add_a_line_to_the_head_of_a_letter(postbox: Postbox) -> None:
    say(ada(), "It is so.\r\nBcc: mallory@example.org")
    work()
    assert all(letter["Bcc"] is None for _, letter in postbox.letters)


def test_without_a_server_nothing_is_queued(postbox: Postbox) -> None:
    use(smtp_host="")
    say(ada(), "It is so.")
    assert work() == 0
