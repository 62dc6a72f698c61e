"""A sample of the sequences that `make laws` runs by the ten thousand, and that its laws can fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from gateway import settings as settings_room
from gateway.db import engine, reading, transaction
from gateway.governance.models import Application
from tests.governance.sequences import laws
from tests.governance.sequences.machine import Sequence
from tests.governance.sequences.world import Beginning

SAMPLE = settings(
    phases=(Phase.explicit, Phase.generate),
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


CONFLICT = "INSERT INTO conflict_of_interest VALUES (:id, :tom, '', '2026-01-01 00:00:00.000000')"


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    before = settings_room.current()
    yield Beginning(tmp_path_factory.mktemp("sequences"))
    engine().dispose()
    settings_room.use(before)


def test_whatever_is_tried_in_whatever_order_no_law_is_broken(beginning: Beginning) -> None:
    Sequence.beginning = beginning
    run_state_machine_as_test(Sequence, settings=SAMPLE)


@pytest.mark.parametrize(
    ("stage", "bent", "law"),
    [
        ("to decide", "UPDATE review SET reviewer_id = :ada WHERE application_id = :id", laws.nobody_judges_their_own),
        ("approved", "DELETE FROM vote WHERE application_id = :id", laws.a_decision_has_its_quorum),
        ("approved", "UPDATE decision SET decided_by_id = :tom WHERE application_id = :id", laws.one_part_for_each),
        (
            "to decide",
            "INSERT INTO conflict_of_interest VALUES (:id, :tom, '', '2026-01-01 00:00:00.000000')",
            laws.a_conflict_silences,
        ),
    ],
)
def test_each_law_can_fail(beginning: Beginning, stage: str, bent: str, law) -> None:
    beginning.again()
    with transaction() as db:
        for name in db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            db.execute(text(f'DROP TRIGGER "{name}"'))
        named = {"id": beginning.applications[stage], "ada": beginning.people["Ada"], "tom": beginning.people["Tom"]}
        one = bent + " AND reviewer_id = :tom" if "UPDATE review" in bent else bent
        db.execute(text(one), {key: value for key, value in named.items() if f":{key}" in one})
    with reading() as db:
        each = db.get_one(Application, named["id"])
        with pytest.raises(AssertionError):
            law(db, each) if law is laws.nobody_judges_their_own else law(each)
    beginning.again()
