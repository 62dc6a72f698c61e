"""Who comes onto a project after its approval, and who can never."""

import pytest

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import deciding
from gateway.governance.models import Choice, SiteAnswer
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects import closing, commands, grants
from gateway.projects.models import Barred, Grant, Membership, Project
from gateway.trail.models import Event
from tests.governance.cast import DAY, MORNING, an_account, database, made_ready, one_to_decide, the_cast
from tests.governance.national import reviewed, site_says, the_nation, votes
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)


@pytest.fixture
def cast(fresh_database):
    """The cast with a project that is approved, and two people who had no part in it."""
    with transaction() as db:
        cast = the_cast(db)
        deciding.approve(db, by=cast.chair, application=one_to_decide(db, cast), ends=now() + 90 * DAY, now=now() - DAY)
        an_account(db, "Stella", "data-steward")
        an_account(db, "Nina")
        return cast


def account(name: str) -> Account:
    with reading() as db:
        return db.query(Account).filter_by(name=name).one()


def the_project() -> Project:
    with reading() as db:
        return db.query(Project).one()


def on_it() -> set[str]:
    with reading() as db:
        return {db.get_one(Account, each.account_id).name for each in db.query(Membership)}


def add(app, who: str, whom: str):
    walk = Walk(app)
    walk.sign_in(account(who))
    walk.open("/projects")
    return walk.post(f"/projects/{the_project().id}/members", email=account(whom).email)


def test_a_steward_adds_somebody_who_then_is_admitted(app, cast):
    assert add(app, "Stella", "Nina").status == 200
    assert on_it() == {"Ada", "Ben", "Nina"}
    with transaction() as db:
        made_ready(db, db.query(Project).one(), now())
    with reading() as db:
        grants.admit(db, account_id=account("Nina").id, grant_id=db.query(Grant).one().id, now=now())


@pytest.mark.parametrize("who", ["Priya", "Stella"])
def test_a_steward_never_adds_herself_whether_she_triaged_it_or_not(app, cast, who):
    assert add(app, who, who).status == 403
    assert on_it() == {"Ada", "Ben"}


@pytest.mark.parametrize("whom", ["Priya", "Tom", "Ruth", "Helen"])
def test_whoever_triaged_reviewed_or_decided_is_never_on_the_project(app, cast, whom):
    page = add(app, "Stella", whom)
    assert "had a part in judging this project" in page.text
    assert on_it() == {"Ada", "Ben"}


def test_nor_is_who_voted_or_answered_for_a_site_or_asked_another_reviewer():
    with transaction() as db:
        nation = the_nation(db)
        application = reviewed(db, nation)
        for code in ("north", "south"):
            site_says(db, nation, application, code, SiteAnswer.AGREED)
        votes(db, nation, application, Choice.YES, Choice.YES, Choice.NO)
        grant = deciding.approve(
            db, by=nation.cast.chair, application=application, ends=MORNING + 90 * DAY, now=MORNING
        )
        steward = an_account(db, "Stella", "data-steward")
        reviewers = [each for group in nation.reviewers.values() for each in group]
        judged = {*nation.members, *nation.custodians.values(), *reviewers, nation.cast.steward, nation.cast.chair}
        assert {each.id for each in judged} == {each.account_id for each in db.query(Barred)}
        for each in judged:
            with pytest.raises(commands.JudgedIt):
                commands.add_member(db, by=acting(steward), project=grant.project, account=each, now=MORNING)


def test_nobody_comes_onto_a_closed_project(app, cast):
    with transaction() as db:
        closing.close(
            db,
            by=db.merge(cast.applicant),
            project=db.query(Project).one(),
            outputs=[],
            destruction="Wiped",
            destroyed_on=now().date(),
            now=now(),
        )
    assert "This project is closed" in add(app, "Stella", "Nina").text
    assert on_it() == {"Ada", "Ben"}


def test_nobody_without_an_open_account_is_added(app, cast):
    with transaction() as db:
        db.query(Account).filter_by(name="Nina").one().closed_at = now()
    assert "Nobody has an account with this email address" in add(app, "Stella", "Nina").text
    assert on_it() == {"Ada", "Ben"}


@pytest.mark.parametrize("who", ["Ada", "Stella", "Ben"])
def test_the_lead_a_steward_or_the_person_ends_a_membership_and_the_epoch_of_its_grants_rises(app, cast, who):
    walk = Walk(app)
    walk.sign_in(account(who))
    walk.open(f"/projects/{the_project().id}")
    walk.press("Leave the project" if who == "Ben" else "Remove Ben")
    assert on_it() == {"Ada"}
    with reading() as db:
        grant = db.query(Grant).one()
        assert grant.epoch == 2
        assert db.query(Event).filter_by(action="project.member.removed").count() == 1
        with pytest.raises(grants.NotAMember):
            grants.admit(db, account_id=account("Ben").id, grant_id=grant.id, now=now())


def test_members_do_not_remove_one_another_and_the_lead_stays(app, cast):
    add(app, "Stella", "Nina")
    project, walk = the_project().id, Walk(app)
    walk.sign_in(account("Nina"))
    walk.open("/projects")
    assert walk.post(f"/projects/{project}/members/{account('Ben').id}/remove").status == 403
    walk.sign_in(account("Stella"))
    walk.open("/projects")
    page = walk.post(f"/projects/{project}/members/{account('Ada').id}/remove")
    assert "The lead of a project cannot be removed" in page.text
    walk.sign_in(account("Tom"))
    walk.open("/projects")
    assert walk.post(f"/projects/{project}/members/{account('Ben').id}/remove").status == 404
    assert on_it() == {"Ada", "Ben", "Nina"}


def test_a_program_does_the_same_under_the_same_laws(app, cast):
    steward, project = ApiClient(app, account("Stella")), the_project().id
    path = f"/api/v1/projects/{project}"
    assert steward.post(f"{path}/members", json={"email": account("Nina").email}).status_code == 201
    assert steward.post(f"{path}/members", json={"email": account("Nina").email}).status_code == 409
    assert steward.post(f"{path}/members", json={"email": account("Tom").email}).json["code"] == "judged-this-project"
    assert steward.post(f"{path}/members", json={"email": account("Stella").email}).status_code == 403
    assert {each["role"] for each in ApiClient(app, account("Ada")).get(path).json["members"]} == {"lead", "member"}
    assert ApiClient(app, account("Tom")).get(path).status_code == 404
    gone = steward.client.delete(f"{path}/members/{account('Nina').id}", headers=steward.headers)
    assert gone.status_code == 204
    assert on_it() == {"Ada", "Ben"}
    assert [each["id"] for each in ApiClient(app, account("Ben")).get("/api/v1/projects").json] == [project]
