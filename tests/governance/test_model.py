"""The national workflow against a small model of it: a grant opens exactly when all that is asked for is in.

The model is a few sets and no database. Anybody tries anything in any order; after each step the gateway and the
model must agree on who is admitted, and a decision must go through exactly when the model says that it can.
"""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.catalogue.models import Site
from gateway.db import reading, transaction
from gateway.errors import SlidegateError
from gateway.governance import appealing, applying, committee, deciding, reviewing
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer
from gateway.people.models import Account
from gateway.people.reaffirming import Reaffirmed
from gateway.projects import closing, grant_changes, grants, signing
from gateway.projects.models import Grant
from gateway.trail.record import SYSTEM
from tests.governance.cast import DAY, MORNING, a_certificate, database, trained
from tests.governance.national import GROUPS, submitted, the_nation

TEAM = ("Ada", "Ben")  # both hold researcher, steward, reviewer and chair
REVIEWERS = {"scientific": ("Sol", "Sue"), "lay": ("Lee", "Lou"), "ethics": ("Tom", "Ruth")}
QUORUM = {"scientific": 2, "lay": 1, "ethics": 2}
KEEPERS = {"north": "Keeper-north", "south": "Keeper-south"}
MEMBERS = ("Mia", "Max", "Moe")
EVERYBODY = (*TEAM, *(name for names in REVIEWERS.values() for name in names), *KEEPERS.values(), *MEMBERS, "Helen")
person = st.sampled_from(EVERYBODY)
STEPS = [*(name for names in REVIEWERS.values() for name in names), *KEEPERS.values(), *MEMBERS]
REACHED: set[tuple[str, str]] = set()
mostly = lambda names: st.one_of(st.sampled_from(names), st.sampled_from(names), person)  # noqa: E731


class Life(RuleBasedStateMachine):
    """One application from submission to the end of its project."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = database(Path(self.folder.name))
        next(self.database)
        self.now = MORNING
        self.given: set[str] = set()
        self.sites: dict[str, SiteAnswer] = {}
        self.votes: dict[str, Choice] = {}
        self.conflicts: set[str] = set()
        self.state = "in-review"
        self.access = "none"
        self.appealed = False
        self.signed: set[str] = set()
        self.trained: set[str] = set()

    @initialize(
        left_out=st.one_of(st.just(set()), st.sets(st.sampled_from(STEPS), max_size=4)),
        then=st.sampled_from(["approve", "wait", "reject", "approve"]),
        bring=st.lists(st.sampled_from(TEAM)),
    )
    def begin(self, left_out, then, bring):
        """In review, with all that is asked for done but some of it; or with everything done, and decided."""
        with transaction() as db:
            nation = the_nation(db)
            application = submitted(db, nation)
            self.id = application.id
            self.ids = {each.name: each.id for each in db.query(Account)}
            self.site_ids = {each.code: each.id for each in db.query(Site)}
            reviewing.begin_review(
                db, by=nation.cast.steward, application=application, reviewers=nation.reviewers, now=MORNING
            )
        for who in STEPS:
            if who in left_out:
                continue
            if who in MEMBERS:
                self.say(who, self.votes, who, Choice.YES, committee.cast_vote, choice=Choice.YES)
            elif who in KEEPERS.values():
                code = who.removeprefix("Keeper-")
                told = {"site_id": self.site_ids[code], "answer": SiteAnswer.AGREED}
                self.say(who, self.sites, code, SiteAnswer.AGREED, committee.answer_for_site, **told)
            elif self.attempt(who, reviewing.recommend, recommendation=Recommendation.APPROVE):
                self.given.add(who)
        if not left_out and then == "approve":
            self.approve("Helen", ())
            for who in bring:
                self.train(who, True)
                self.sign(who)
        elif not left_out and then == "reject":
            self.reject("Helen", 0)

    def say(self, who, where, key, value, command, **arguments):
        if self.attempt(who, command, **arguments):
            where[key] = value

    def teardown(self):
        next(self.database, None)
        self.folder.cleanup()

    def attempt(self, who, command, **arguments):
        """Whether it went through."""
        self.now += timedelta(minutes=1)
        try:
            with transaction() as db:
                by, application = db.get(Account, self.ids[who]), db.get(Application, self.id)
                command(db, by=by, application=application, now=self.now, **arguments)
        except SlidegateError:
            return False
        return True

    def open(self, who):
        """Whether the model lets this person say anything at all."""
        return self.state == "in-review" and who not in TEAM and who not in self.conflicts

    # --- what the model knows ---------------------------------------------------------------------------------

    def reviews_in(self):
        return all(len(self.given & set(REVIEWERS[group])) >= QUORUM[group] for group in GROUPS)

    def all_in(self):
        return self.reviews_in() and len(self.sites) == 2 and len(self.votes) >= 3

    def may_approve(self, who):
        counted = list(self.votes.values())
        carried = counted.count(Choice.YES) > counted.count(Choice.NO)
        agreed = SiteAnswer.AGREED in self.sites.values()
        return self.open(who) and who == "Helen" and self.all_in() and carried and agreed

    # --- what anybody may try ---------------------------------------------------------------------------------

    @rule(who=mostly([name for names in REVIEWERS.values() for name in names]))
    def recommend(self, who):
        asked = {name for names in REVIEWERS.values() for name in names}
        expected = self.open(who) and who in asked - self.given
        done = self.attempt(who, reviewing.recommend, recommendation=Recommendation.APPROVE)
        assert done == expected
        self.given |= {who} if done else set()

    @rule(code=st.sampled_from(["north", "south"]), who=mostly(list(KEEPERS.values())), data=st.data())
    def answer_for_a_site(self, code, who, data):
        answer = data.draw(st.sampled_from([SiteAnswer.AGREED, SiteAnswer.AGREED, SiteAnswer.DECLINED]))
        expected = self.open(who) and KEEPERS[code] == who and code not in self.sites
        site = self.site_ids[code]
        done = self.attempt(who, committee.answer_for_site, site_id=site, answer=answer, reasons="So")
        assert done == expected
        self.sites |= {code: answer} if done else {}

    @precondition(lambda self: self.reviews_in() and len(self.sites) == 2)
    @rule(who=mostly(MEMBERS), choice=st.sampled_from([Choice.YES, Choice.YES, Choice.NO, Choice.ABSTAIN]))
    def vote(self, who, choice):
        expected = self.open(who) and who in MEMBERS and who not in self.votes
        done = self.attempt(who, committee.cast_vote, choice=choice)
        assert done == expected
        self.votes |= {who: choice} if done else {}

    @precondition(lambda self: not (self.reviews_in() and len(self.sites) == 2))
    @rule(who=st.sampled_from(MEMBERS))
    def vote_too_early(self, who):
        assert not self.attempt(who, committee.cast_vote, choice=Choice.YES)

    @rule(who=st.sampled_from(["Lou", "Mia", "Keeper-north", "Ben", "Helen"]), often=st.integers(0, 5))
    def declare_a_conflict(self, who, often):
        if often or (who == "Helen" and self.state == "in-review"):  # seldom, and never the only chair
            return
        done = self.attempt(who, committee.declare_conflict, why="My sister")
        assert done == self.open(who)
        if done:
            self.conflicts.add(who)
            self.given.discard(who)
            self.votes.pop(who, None)
            self.sites = {code: said for code, said in self.sites.items() if KEEPERS[code] != who}

    @rule(who=mostly(["Helen"]), conditions=st.sampled_from([(), ("Careful",)]))
    def approve(self, who, conditions):
        expected = self.may_approve(who)
        done = self.attempt(who, deciding.approve, ends=MORNING + 90 * DAY, conditions=conditions)
        assert done == expected
        if done:
            self.state, self.access = "approved", "open"

    @rule(who=mostly(["Helen"]), often=st.integers(0, 3))
    def reject(self, who, often):
        expected = self.open(who) and who == "Helen" and self.all_in()
        if often and expected:
            return
        done = self.attempt(who, deciding.reject, reasons="No")
        assert done == expected
        self.state = "rejected" if done else self.state

    @rule(who=st.sampled_from(["Ada", "Ben", "Helen"]), often=st.integers(0, 30))
    def withdraw(self, who, often):
        if often and who == "Ada":
            return
        done = self.attempt(who, applying.withdraw)
        assert done == (self.state == "in-review" and who == "Ada")
        self.state = "withdrawn" if done else self.state

    @rule(who=st.sampled_from(TEAM))
    def appeal(self, who):
        done = self.attempt(who, appealing.appeal, grounds="Look again")
        assert done == (self.state == "rejected" and who == "Ada" and not self.appealed)
        self.appealed = self.appealed or done

    @rule(who=person)
    def hear_the_appeal(self, who):
        assert not self.attempt(who, appealing.allow, reasons="Fine")  # everybody here had a say, or is on the team

    # --- the grant ----------------------------------------------------------------------------------------------

    def on_grant(self, step):
        try:
            with transaction() as db:
                grant = db.query(Grant).one()
                step(db, grant)
        except SlidegateError:
            return False
        return True

    @precondition(lambda self: self.access != "none")
    @rule()
    def suspend(self):
        done = self.on_grant(lambda db, g: grant_changes.suspend(db, by=SYSTEM, grant=g, reason="Stop", now=self.now))
        assert done == (self.access == "open")
        self.access = "suspended" if done else self.access

    @precondition(lambda self: self.access != "none")
    @rule(who=st.sampled_from(["Priya", *TEAM]))
    def resume(self, who):
        done = self.on_grant(
            lambda db, g: grant_changes.resume(db, by=db.get(Account, self.ids[who]), grant=g, now=self.now)
        )
        assert done == (self.access == "suspended" and who == "Priya")
        self.access = "open" if done else self.access

    @precondition(lambda self: self.access != "none")
    @rule(often=st.integers(0, 3))
    def revoke(self, often):
        if often:
            return
        done = self.on_grant(lambda db, g: grants.revoke(db, by=SYSTEM, grant=g, reason="Lost", now=self.now))
        assert done == (self.access in ("open", "suspended"))
        self.access = "revoked" if done else self.access

    @precondition(lambda self: self.access != "none")
    @rule(who=st.sampled_from([*TEAM, "Helen"]), often=st.integers(0, 3))
    def close(self, who, often):
        if often:
            return
        told = {"outputs": [], "destruction": "Wiped", "destroyed_on": self.now.date(), "now": self.now}
        done = self.on_grant(
            lambda db, g: closing.close(db, by=db.get(Account, self.ids[who]), project=g.project, **told)
        )
        assert done == (who == "Ada" and self.access != "closed")
        self.access = "closed" if done else self.access

    @precondition(lambda self: self.access != "none")
    @rule(who=mostly(TEAM))
    def sign(self, who):
        def step(db, grant):
            account = db.get(Account, self.ids[who])
            signing.sign(
                db, owner=Reaffirmed(account.id), project=grant.project, agreement=grant.agreement_sha256,
                name=account.name, now=self.now,
            )  # fmt: skip

        done = self.on_grant(step)
        assert done == (who in TEAM and self.access in ("open", "suspended"))
        self.signed |= {who} if done else set()

    @rule(who=mostly(TEAM), counts=st.sampled_from([True, True, False]))
    def train(self, who, counts):
        with transaction() as db:
            (trained if counts else a_certificate)(db, db.get(Account, self.ids[who]))
        self.trained |= {who} if counts else set()

    # --- what must hold at every moment -------------------------------------------------------------------------

    @invariant()
    def the_gate_stands_where_the_model_says(self):
        REACHED.add((self.state, self.access))
        with reading() as db:
            grant = db.query(Grant).one_or_none()
            assert (grant is None) == (self.access == "none")
            for name in EVERYBODY if grant else ():
                try:
                    grants.admit(db, account_id=self.ids[name], grant_id=grant.id, now=self.now)
                    admitted = True
                except SlidegateError:
                    admitted = False
                assert admitted == (self.access == "open" and name in TEAM and name in self.signed & self.trained)
                REACHED.add((self.state, "admitted" if admitted else "shut out"))

    @invariant()
    def nothing_stands_that_nobody_may_have_said(self):
        with reading() as db:
            application = db.get(Application, self.id)
            said = {each.reviewer_id for each in application.reviews_given} | {v.account_id for v in application.votes}
            said |= {each.answered_by_id for each in application.sites}
            barred = {self.ids[name] for name in (*TEAM, *self.conflicts)}
            assert not said & barred
            assert application.state.startswith(self.state)


def test_no_way_leads_to_a_grant_but_through_every_decision():
    REACHED.clear()
    how = settings(max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=how)
    assert {access for _, access in REACHED} >= {"none", "open", "admitted", "shut out"}  # ends are chance
    assert {state for state, _ in REACHED} >= {"in-review", "approved"}  # else it looked at nothing
