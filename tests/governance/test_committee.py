"""The national workflow: three groups side by side, each site's own answer, a vote, and then the chair."""

import pytest

from gateway.catalogue.models import Site
from gateway.db import transaction
from gateway.governance import applying, committee, deciding, guards, progress, reviewing
from gateway.governance.desk import desk, waiting_for
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer, State
from gateway.governance.timeline import steps
from gateway.governance.workflow import parse_workflow
from gateway.people.roles import read_roles
from gateway.settings import ROOT
from tests.governance.cast import DAY, MORNING, a_draft, all_declare, an_account, database
from tests.governance.national import (
    reviewed,
    site_says,
    submitted,
    the_nation,
    the_national,
    votes,
)
from tests.governance.walk import ApiClient, Walk, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
YES, NO, ABSTAIN = Choice.YES, Choice.NO, Choice.ABSTAIN
AGREED, DECLINED = SiteAnswer.AGREED, SiteAnswer.DECLINED


@pytest.fixture
def db():
    with transaction() as session:
        yield session


@pytest.fixture
def nation(db):
    return the_nation(db)


def approve(db, nation, application):
    chair = nation.cast.chair
    return deciding.approve(db, by=chair, application=application, ends=MORNING + 90 * DAY, now=MORNING)


def to_vote_on(db, nation, north=AGREED, south=AGREED):
    application = reviewed(db, nation)
    site_says(db, nation, application, "north", north)
    site_says(db, nation, application, "south", south)
    return application


def test_every_role_that_a_workflow_names_exists():
    roles = set(read_roles(ROOT / "policies").by_key)
    for path in (ROOT / "policies" / "workflows").glob("*.toml"):
        workflow = parse_workflow(path.read_text("utf-8"))
        assert workflow.roles <= roles
        assert workflow.name == path.stem


def test_all_that_the_workflow_asks_for_opens_the_grant(db, nation):
    application = to_vote_on(db, nation)
    votes(db, nation, application, YES, YES, ABSTAIN)
    grant = approve(db, nation, application)
    assert len(grant.dataset_ids) == 2


@pytest.mark.parametrize("left_out", ["scientific", "lay", "ethics"])
def test_no_decision_while_one_group_has_not_answered(db, nation, left_out):
    application = reviewed(db, nation, *({"scientific", "lay", "ethics"} - {left_out}))
    for code in ("north", "south"):
        site_says(db, nation, application, code, AGREED)
    with pytest.raises(committee.NoVoteNow):
        votes(db, nation, application, YES)
    with pytest.raises(guards.NoQuorum):
        approve(db, nation, application)
    with pytest.raises(guards.NoQuorum):
        deciding.reject(db, by=nation.cast.chair, application=application, reasons="No", now=MORNING)


def test_no_decision_while_a_site_has_not_answered(db, nation):
    application = reviewed(db, nation)
    site_says(db, nation, application, "north", AGREED)
    with pytest.raises(committee.NoVoteNow):
        votes(db, nation, application, YES)
    with pytest.raises(guards.NoQuorum, match="South has not answered"):
        approve(db, nation, application)


def test_a_site_that_declines_drops_out_and_the_rest_goes_on(db, nation):
    application = to_vote_on(db, nation, south=DECLINED)
    votes(db, nation, application, YES, YES, YES)
    grant = approve(db, nation, application)
    north = db.query(Site).filter_by(code="north").one()
    asked = {each.id: each.site_id for each in deciding.catalogue.datasets(db)}
    assert [asked[each] for each in grant.dataset_ids] == [north.id]


def test_where_every_site_declines_nothing_is_approved_but_it_can_be_rejected(db, nation):
    application = to_vote_on(db, nation, north=DECLINED, south=DECLINED)
    votes(db, nation, application, YES, YES, YES)
    with pytest.raises(progress.NoSiteAgreed):
        approve(db, nation, application)
    deciding.reject(db, by=nation.cast.chair, application=application, reasons="No data", now=MORNING)
    assert application.state == State.REJECTED


@pytest.mark.parametrize("cast", [(NO, NO, YES), (YES, NO, ABSTAIN), (ABSTAIN, ABSTAIN, ABSTAIN)])
def test_without_a_majority_the_chair_cannot_approve(db, nation, cast):
    application = to_vote_on(db, nation)
    votes(db, nation, application, *cast)
    with pytest.raises(progress.NotCarried):
        approve(db, nation, application)


def test_without_the_quorum_of_votes_the_chair_cannot_decide(db, nation):
    application = to_vote_on(db, nation)
    votes(db, nation, application, YES, YES)
    with pytest.raises(guards.NoQuorum):
        approve(db, nation, application)


def test_one_member_one_vote_and_one_site_one_answer(db, nation):
    application = to_vote_on(db, nation)
    votes(db, nation, application, YES)
    with pytest.raises(committee.AlreadyAnswered):
        votes(db, nation, application, YES)
    with pytest.raises(committee.AlreadyAnswered):
        site_says(db, nation, application, "north", DECLINED)


def test_a_custodian_answers_for_their_own_site_only(db, nation):
    application = reviewed(db, nation)
    south = db.query(Site).filter_by(code="south").one()
    with pytest.raises(committee.NotYourSite):
        committee.answer_for_site(
            db, by=nation.custodians["north"], application=application, site_id=south.id, answer=AGREED, now=MORNING
        )
    with pytest.raises(guards.RoleNeeded):
        committee.answer_for_site(
            db, by=nation.cast.chair, application=application, site_id=south.id, answer=AGREED, now=MORNING
        )


def test_somebody_on_the_team_neither_votes_nor_answers_for_a_site(db, nation):
    application = to_vote_on(db, nation)
    with pytest.raises(guards.OwnApplication):
        committee.cast_vote(db, by=nation.cast.applicant, application=application, choice=YES, now=MORNING)
    with pytest.raises(guards.OwnApplication):
        committee.declare_conflict(db, by=nation.cast.colleague, application=application, why="Me", now=MORNING)


def test_a_conflict_of_interest_takes_back_what_was_said(db, nation):
    application = to_vote_on(db, nation)
    votes(db, nation, application, YES, YES, YES)
    for person in (nation.members[0], nation.custodians["north"], nation.reviewers["ethics"][0]):
        committee.declare_conflict(db, by=person, application=application, why="My sister", now=MORNING)
    assert len(application.votes) == 2
    assert [each.site.code for each in progress.sites_waiting(application)] == ["north"]
    assert [each.key for each in progress.lacking(application)] == ["ethics"]
    with pytest.raises(guards.NoQuorum):
        approve(db, nation, application)
    with pytest.raises(guards.Conflicted):
        site_says(db, nation, application, "north", AGREED)


def test_nobody_with_a_conflict_is_asked_votes_or_decides(db, nation):
    application = submitted(db, nation)
    reviewer, chair = nation.reviewers["lay"][0], nation.cast.chair
    for person in (reviewer, chair):
        committee.declare_conflict(db, by=person, application=application, why="A grant", now=MORNING)
    with pytest.raises(guards.UnfitReviewer):
        reviewing.begin_review(
            db, by=nation.cast.steward, application=application, reviewers=nation.reviewers, now=MORNING
        )
    with pytest.raises(guards.Conflicted):
        guards.may_decide(application, chair)


def test_only_people_with_a_part_declare_a_conflict(db, nation):
    application = submitted(db, nation)
    with pytest.raises(guards.RoleNeeded):
        committee.declare_conflict(db, by=an_account(db, "Eve"), application=application, why="Curious", now=MORNING)


def test_nobody_reviews_in_two_groups(db, nation):
    application = submitted(db, nation)
    both = an_account(db, "Bo", "ethics-reviewer", "scientific-reviewer")
    chosen = {**nation.reviewers, "ethics": (both, nation.cast.reviewers[0])}
    chosen["scientific"] = (both, nation.reviewers["scientific"][0])
    with pytest.raises(guards.UnfitReviewer):
        reviewing.begin_review(db, by=nation.cast.steward, application=application, reviewers=chosen, now=MORNING)
    assert application.state == State.SUBMITTED


def test_each_is_asked_when_their_turn_comes(db, nation):
    application = reviewed(db, nation, "scientific", "ethics")
    asks = {person.name: desk(db, application, person).asks for person in (*nation.members, nation.cast.chair)}
    assert set(asks.values()) == {"nothing"}
    assert desk(db, application, nation.custodians["south"]).asks == "site"
    lay = nation.reviewers["lay"][0]
    assert [each.what for each in waiting_for(db, lay).page.rows] == ["Give your recommendation"]
    reviewing.recommend(db, by=lay, application=application, recommendation=Recommendation.APPROVE, now=MORNING + DAY)
    for code in ("north", "south"):
        site_says(db, nation, application, code, AGREED)
    assert [each.what for each in waiting_for(db, nation.members[0]).page.rows] == ["Vote"]
    votes(db, nation, application, YES, YES, NO)
    assert desk(db, application, nation.cast.chair).asks == "decide"
    assert desk(db, application, nation.cast.applicant).asks == "nothing"


def test_the_applicant_sees_each_stage_and_no_name(db, nation):
    application = reviewed(db, nation, "scientific")
    site_says(db, nation, application, "south", DECLINED)
    shown = steps(application, the_national())
    assert [(each.title, each.standing) for each in shown] == [
        ("Started", "done"), ("Submitted", "done"), ("Scientific review", "done"),
        ("Patient and public review", "now"), ("Ethics review", "now"), ("Sites", "now"), ("Vote", "later"),
        ("Decision", "later"),
    ]  # fmt: skip
    words = " ".join(each.text for each in shown)
    assert "South declined" in words
    assert not any(each.name in words for each in (*nation.members, nation.custodians["south"]))


def test_a_new_review_group_is_one_change_to_one_file(db, nation):
    source = (ROOT / "policies" / "workflows" / "standard.toml").read_text("utf-8")
    added = 'kind = "review"\nkey = "data"\ntitle = "Data review"\nrole = "data-steward"\nreviewers = 1\nquorum = 1\n\n'
    changed = parse_workflow(source.replace('kind = "decision"', added + '[[stage]]\nkind = "decision"'))
    application = a_draft(db, nation.cast)
    applying.submit(db, by=nation.cast.applicant, application=application, workflow=changed, now=MORNING)
    all_declare(db, application)
    assert [each.title for each in steps(application, changed)][2:4] == ["Ethics review", "Data review"]
    with pytest.raises(guards.UnfitReviewer, match="Data review"):
        reviewing.begin_review(
            db, by=nation.cast.steward, application=application, reviewers={"ethics": nation.cast.reviewers[:2]},
            now=MORNING,
        )  # fmt: skip


def test_the_pages_take_each_through_their_part(app):
    with transaction() as db:
        nation = the_nation(db)
        application = submitted(db, nation).id
    walk = Walk(app)
    walk.sign_in(nation.cast.steward)
    walk.open(f"/reviews/{application}")
    assert "The reviewers have been asked" in walk.press("Start the review", no_conflict="yes").text
    for person in (each for group in nation.reviewers.values() for each in group):
        walk.sign_in(person)
        walk.open(f"/reviews/{application}")
        assert "Your answer is recorded" in walk.press("Send your review", conflict="no", recommendation="approve").text
    for code, answer in (("north", "agreed"), ("south", "declined")):
        walk.sign_in(nation.custodians[code])
        assert f"Answer for {code.title()}" in walk.open("/reviews").text
        walk.open(f"/reviews/{application}")
        assert (
            walk.press("Answer for the site", answer="declined", no_conflict="yes").status == 422
        )  # reasons are needed
        page = walk.press("Answer for the site", no_conflict="yes", answer=answer, reasons="Our panel said so")
        assert "Your answer is recorded" in page.text
    for person, choice in zip(nation.members, ("yes", "no", "yes"), strict=True):
        walk.sign_in(person)
        walk.open(f"/reviews/{application}")
        assert "Your vote is recorded" in walk.press("Cast your vote", choice=choice, no_conflict="yes").text
    walk.sign_in(nation.cast.chair)
    page = walk.open(f"/reviews/{application}")
    assert "2 yes, 1 no, 0 abstained" in page.text
    walk.press("Confirm decision", outcome="approve", no_conflict="yes")
    walk.sign_in(nation.cast.applicant)
    page = walk.open(f"/applications/{application}")
    assert "South declined" in page.text
    assert "Approved" in page.text
    with transaction() as db:
        assert db.get(Application, application).state == State.APPROVED


def test_the_api_takes_answers_votes_and_conflicts(app):
    with transaction() as db:
        nation = the_nation(db)
        application = reviewed(db, nation).id
        sites = {each.code: each.id for each in db.query(Site)}
        eve = an_account(db, "Eve")
    url = f"/api/v1/applications/{application}"
    assert ApiClient(app, eve).post(f"{url}/conflicts", json={"why": "Curious"}).status_code == 404
    for code, account in nation.custodians.items():
        sent = {"no_conflict": True, "site": sites[code], "answer": "agreed"}
        assert ApiClient(app, account).post(f"{url}/sites", json=sent).status_code == 200
    first, second, _ = (ApiClient(app, each) for each in nation.members)
    assert first.post(f"{url}/votes", json={"no_conflict": True, "choice": "yes"}).status_code == 200
    assert first.post(f"{url}/votes", json={"no_conflict": True, "choice": "yes"}).status_code == 409
    assert second.post(f"{url}/conflicts", json={"why": "My brother applies"}).status_code == 200
    assert second.post(f"{url}/votes", json={"no_conflict": True, "choice": "yes"}).status_code == 403


def test_a_steward_appoints_a_custodian_who_then_answers(app):
    with transaction() as db:
        nation = the_nation(db)
        new = an_account(db, "Nia", "site-custodian")
        north = db.query(Site).filter_by(code="north").one().id
        application = reviewed(db, nation).id
    walk = Walk(app)
    walk.sign_in(new)
    assert walk.open("/sites").status == 403
    assert walk.open(f"/reviews/{application}").status == 404
    walk.sign_in(nation.cast.steward)
    walk.open("/sites")
    assert "appointed" in walk.post(f"/sites/{north}/custodians", account=new.id).text
    assert "already" in walk.post(f"/sites/{north}/custodians", account=new.id).text
    assert walk.post(f"/sites/{north}/custodians", account=nation.cast.chair.id).text.count("Only somebody") == 1
    walk.sign_in(new)
    assert "Answer for North" in walk.open("/reviews").text
    walk.sign_in(nation.cast.steward)
    walk.open("/sites")
    walk.post(f"/sites/{north}/custodians/{new.id}/dismiss")
    walk.sign_in(new)
    assert "Nothing waits" in walk.open("/reviews").text


# --- whoever has a say declares first -----------------------------------------------------------------------


def test_nobody_has_any_say_who_has_not_declared(db, nation):
    application = a_draft(db, nation.cast, datasets=["breast", "colon"])
    applying.submit(db, by=nation.cast.applicant, application=application, workflow=the_national(), now=MORNING)
    told = {"application": application, "now": MORNING}

    def only_after_declaring(command, by, **more):
        with pytest.raises(guards.NotDeclared):
            command(db, by=by, **told, **more)
        committee.declare_none(db, by=by, **told)
        committee.declare_none(db, by=by, **told)  # a second time changes nothing
        command(db, by=by, **told, **more)

    only_after_declaring(reviewing.begin_review, nation.cast.steward, reviewers=nation.reviewers)
    for group in nation.reviewers.values():
        for reviewer in group:
            only_after_declaring(reviewing.recommend, reviewer, recommendation=Recommendation.APPROVE)
    for code, keeper in nation.custodians.items():
        site = db.query(Site).filter_by(code=code).one()
        only_after_declaring(committee.answer_for_site, keeper, site_id=site.id, answer=AGREED)
    for member in nation.members:
        only_after_declaring(committee.cast_vote, member, choice=YES)
    only_after_declaring(deciding.reject, nation.cast.chair, reasons="No")


def test_whoever_declared_none_can_still_step_aside_and_then_has_no_say(db, nation):
    application = reviewed(db, nation, "lay")
    tom = nation.cast.reviewers[0]
    committee.declare_conflict(db, by=tom, application=application, why="A friend", now=MORNING)
    with pytest.raises(guards.Conflicted):
        committee.declare_none(db, by=tom, application=application, now=MORNING)
    with pytest.raises(guards.AlreadyReviewed):
        reviewing.recommend(db, by=tom, application=application, recommendation=Recommendation.APPROVE, now=MORNING)


def test_nobody_of_the_team_declares(db, nation):
    application = submitted(db, nation)
    for person in (nation.cast.applicant, nation.cast.colleague):
        with pytest.raises(guards.OwnApplication):
            committee.declare_none(db, by=person, application=application, now=MORNING)
