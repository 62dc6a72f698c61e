"""Names behind commitments can be erased by the rule, on the record; what was proved stays proved."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.audit import bundle
from gateway.audit.contents import Asked
from gateway.audit.erasing import NobodyThere, NotAReason, Whose, erase_openings, of_person, of_project
from gateway.audit.offline import layout
from gateway.audit.offline.check import check
from gateway.audit.search import EVERYTHING
from gateway.db import reading, transaction
from gateway.settings import current
from gateway.trail import sequencer
from gateway.trail.models import Event, Opening
from gateway.trail.record import SYSTEM, record
from tests.audit.conftest import ADA, BEN, NOW

OLD_ENOUGH = NOW + timedelta(days=6 * 365 + 2)


def openings() -> set[tuple[int, str, str]]:
    with reading() as db:
        return {(each.seq, each.field, each.value) for each in db.scalars(select(Opening))}


def erased(whose: Whose, reason: str = "retention", now: object = OLD_ENOUGH) -> int:
    with transaction() as db:
        return erase_openings(db, by=SYSTEM, whose=whose, reason=reason, after=0, until=1000, now=now)  # type: ignore[arg-type]


def whose(person: str = "", project: str = "") -> Whose:
    with reading() as db:
        return of_person(db, person) if person else of_project(db, project)


def bundled(folder: Path) -> Path:
    sequencer.sequence(now=OLD_ENOUGH)
    with reading() as db:
        bundle.write(db, folder, Asked(EVERYTHING, (), named=True, now=OLD_ENOUGH))
    return folder


@pytest.fixture
def told(story: Path) -> Path:
    """The story, and what others say of Ada."""
    with transaction() as db:
        record(db, action="account.created", actor=BEN, now=NOW, subject="ada", personal={"email": ADA.email})
        record(db, action="audit.searched", actor=BEN, now=NOW, personal={"searched_person": ADA.name})
        record(db, action="grant.suspended", actor=BEN, now=NOW, project="p1", personal={"reason": "She has left"})
    return story


def test_all_names_of_a_person_go_and_nobody_elses(told: Path) -> None:
    before = openings()
    of_ada = {each for each in before if each[2] in (ADA.name, ADA.email)}
    assert len({field for _, field, _ in of_ada}) > 3
    assert erased(whose(ADA.email)) == len(of_ada)
    assert openings() == before - of_ada


def test_all_of_a_project_go_its_words_too(told: Path) -> None:
    with reading() as db:
        events = set(db.scalars(select(Event.seq).where(Event.project == "p1")))
    before = openings()
    erased(whose(project="p1"))
    assert openings() == {each for each in before if each[0] not in events}
    assert (max(events), "personal.reason", "She has left") in before - openings()


def test_what_was_proved_stays_proved(told: Path, tmp_path: Path) -> None:
    before = bundled(tmp_path / "before")
    noted = (before / layout.CHECKPOINT).read_text()
    erased(whose("ada"))
    after = bundled(tmp_path / "after")
    assert check(before).sound
    found = check(after, seen=[noted])
    assert found.sound, found.faults
    assert ADA.email.encode() not in b"".join(path.read_bytes() for path in after.iterdir())
    shared = (before / layout.EVENTS).read_bytes()
    assert (after / layout.EVENTS).read_bytes().startswith(shared)
    assert {json.loads(line)["value"] for line in (after / layout.OPENINGS).read_text().splitlines()} >= {BEN.name}


def test_erasing_is_itself_on_the_record_and_names_nobody(told: Path) -> None:
    count = erased(whose(ADA.email))
    with reading() as db:
        (event,) = db.scalars(select(Event).where(Event.action == "audit.openings.erased"))
        assert event.detail == {"account": "ada", "reason": "retention", "openings": count, "events": [1, 1000]}
        assert event.subject == "ada"
        assert ADA.name not in event.body
    assert erased(whose(ADA.email)) == 0  # and no event for nothing
    with reading() as db:
        assert len(list(db.scalars(select(Event).where(Event.action == "audit.openings.erased")))) == 1


def test_the_rule_keeps_what_is_not_old_enough_unless_it_is_ordered(told: Path) -> None:
    days = timedelta(days=current().openings_kept_days)
    before = openings()
    assert erased(whose("ada"), now=NOW + days) == 0
    assert openings() == before
    with pytest.raises(NotAReason):
        erased(whose("ada"), "because")
    assert erased(whose("ada"), "ordered", now=NOW + timedelta(days=30)) > 0


def test_a_name_that_nobody_has_erases_nothing(told: Path) -> None:
    for asked in ({"person": "nobody@example.org"}, {"project": "none"}):
        with pytest.raises(NobodyThere):
            whose(**asked)
