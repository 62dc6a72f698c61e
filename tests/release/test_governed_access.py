"""What governance decides holds at the release from the next request: suspension, closure, and their end."""

from __future__ import annotations

import pytest

from gateway import db as database
from gateway.clock import now
from gateway.projects import closing, grant_changes, grants
from gateway.projects.models import Grant, Project
from gateway.trail.record import SYSTEM
from tests.people.visitors import an_account
from tests.release.builders import World, at
from tests.release.test_admission import WAYS, refused


def change(world: World, step: str) -> None:
    somebody_else = an_account("priya") if step == "resume" else world.reader
    with database.transaction() as db:
        grant = db.get_one(Grant, world.release.grant_id)
        match step:
            case "suspend":
                grant_changes.suspend(db, by=SYSTEM, grant=grant, reason="A complaint", now=now())
            case "resume":
                grant_changes.resume(db, by=db.merge(somebody_else), grant=grant, now=now())
            case "revoke":
                grants.revoke(db, by=SYSTEM, grant=grant, reason="Lost", now=now())
            case "close":
                project = db.get_one(Project, grant.project_id)
                day = now().date()
                lead = db.merge(world.reader)
                closing.close(
                    db, by=lead, project=project, outputs=[], destruction="Wiped", destroyed_on=day, now=now()
                )


@pytest.mark.parametrize("way", WAYS)
def test_a_suspended_grant_opens_nothing_until_it_goes_on(world: World, way: str) -> None:
    entry = world.released()[0]
    assert world.get(at(entry, way)).status_code == 200
    change(world, "suspend")
    refused(world.get(at(entry, way)), 403, "grant-suspended")
    change(world, "resume")
    assert world.get(at(entry, way)).status_code == 200


@pytest.mark.parametrize(("step", "code"), [("close", "grant-revoked"), ("revoke", "grant-revoked")])
def test_what_was_read_before_is_not_answered_from_a_cache(world: World, step: str, code: str) -> None:
    entry = world.released()[0]
    first = world.get(at(entry))
    assert first.status_code == 200
    change(world, step)
    for path in (at(entry), "/studies", at(entry, "/frames/1")):
        refused(world.get(path), 403, code)
