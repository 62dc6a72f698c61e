"""Whatever people try in whatever order: the laws hold of every application at every moment."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.db import transaction
from gateway.errors import SlidegateError
from gateway.governance import applying, deciding, reviewing
from gateway.governance.models import Application, Recommendation, ReviewState, State
from gateway.jobs.models import WorkItem
from gateway.people.models import Account
from gateway.projects.models import Grant
from gateway.trail.models import Event
from tests.governance.cast import (
    DAY,
    MORNING,
    a_draft,
    a_submitted,
    database,
    good_answers,
    one_in_review,
    one_to_decide,
    the_cast,
    the_form,
    the_workflow,
)

PEOPLE = ("Ada", "Ben", "Priya", "Tom", "Ruth", "Una", "Helen")
person = st.sampled_from(PEOPLE)
reviewer = st.sampled_from(["Tom", "Ruth", "Una", "Ben"])
decider = st.sampled_from(["Helen", "Una", "Ben", "Priya"])
CLOSED = {State.APPROVED, State.APPROVED_WITH_CONDITIONS, State.RETURNED, State.REJECTED, State.WITHDRAWN}


class Committee(RuleBasedStateMachine):
    """One application; anybody tries anything; refusals are fine, broken laws are not."""

    def __init__(self):
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = database(Path(self.folder.name))
        next(self.database)
        self.now = MORNING
        self.once_closed = None
        self.once_submitted = None

    @initialize(stage=st.sampled_from([a_draft, a_submitted, one_in_review, one_to_decide]))
    def some_way_on(self, stage):
        with transaction() as db:
            self.id = stage(db, the_cast(db)).id

    def teardown(self):
        next(self.database, None)
        self.folder.cleanup()

    def attempt(self, who, command, **arguments):
        self.now += timedelta(minutes=1)
        try:
            with transaction() as db:
                by = db.query(Account).filter_by(name=who).one()
                found = {k: self._people(db, v) for k, v in arguments.items() if k in ("reviewers", "reviewer")}
                application = db.get(Application, self.id)
                command(db, by=by, application=application, now=self.now, **(arguments | found))
        except SlidegateError:
            pass

    def _people(self, db, names):
        if isinstance(names, dict):
            return {group: self._people(db, each) for group, each in names.items()}
        if isinstance(names, str):
            return db.query(Account).filter_by(name=names).one()
        return [db.query(Account).filter_by(name=each).one() for each in names]

    @rule(who=person, need=st.sampled_from(["More", "Less", None]))
    def save(self, who, need):
        self.attempt(who, applying.save, answers={"need": need})

    @rule(who=st.sampled_from(["Ada", "Ben"]))
    def submit(self, who):
        self.attempt(who, applying.submit, workflow=the_workflow())

    @rule(who=st.sampled_from(["Priya", "Ada", "Helen"]), reviewers=st.lists(person, max_size=3))
    def begin(self, who, reviewers):
        self.attempt(who, reviewing.begin_review, reviewers={"ethics": reviewers})

    @rule(reviewers=st.sampled_from([("Tom", "Ruth"), ("Ruth", "Una")]))
    def begin_well(self, reviewers):
        self.attempt("Priya", reviewing.begin_review, reviewers={"ethics": reviewers})

    @rule(who=st.sampled_from(["Priya", "Ben"]), reviewer=person)
    def ask_another(self, who, reviewer):
        self.attempt(who, reviewing.ask_another, group="ethics", reviewer=reviewer)

    @rule(who=reviewer, recommendation=st.sampled_from(list(Recommendation)))
    def recommend(self, who, recommendation):
        self.attempt(who, reviewing.recommend, recommendation=recommendation)

    @rule(who=reviewer)
    def step_aside(self, who):
        self.attempt(who, reviewing.step_aside, conflict="A friend")

    @rule(who=decider, days=st.sampled_from([30, -3, 400]), conditions=st.sampled_from([(), ("Careful",)]))
    def approve(self, who, days, conditions):
        self.attempt(who, deciding.approve, ends=self.now + days * DAY, conditions=conditions)

    @rule(who=decider, command=st.sampled_from([deciding.send_back, deciding.reject]))
    def close(self, who, command):
        self.attempt(who, command, reasons="Not yet")

    @rule(who=st.sampled_from(["Ben", "Tom"]))
    def withdraw(self, who):
        self.attempt(who, applying.withdraw)  # neither is the applicant

    @rule()
    def revise(self):
        self.attempt("Ada", applying.revise, form=the_form())

    @invariant()
    def the_laws_hold(self):
        with transaction() as db:
            each = db.get(Application, self.id)
            event(each.state)
            team = {db.query(Account).filter_by(name=name).one().id for name in ("Ada", "Ben")}
            assert not team & {review.reviewer_id for review in each.reviews}
            grants = db.query(Grant).all()
            approvals = each.state in (State.APPROVED, State.APPROVED_WITH_CONDITIONS)
            assert len(grants) == db.query(WorkItem).count() == int(approvals)
            if each.decision:
                given = {r.reviewer_id for r in each.reviews if r.state == ReviewState.GIVEN}
                assert len(given) >= 2
                assert each.decision.decided_by_id not in team | given
                assert each.decision.outcome == each.state
            decided = [e for e in db.query(Event) if e.action == f"application.{each.state}"]
            if each.state in CLOSED:
                assert len(decided) == 1
                assert self.once_closed in (None, each.state)
                self.once_closed = each.state
            if each.submitted_at:
                assert self.once_submitted in (None, each.answers)
                self.once_submitted = dict(each.answers)
            else:
                assert each.state in (State.DRAFT, State.WITHDRAWN)
                assert set(each.answers) <= set(good_answers(team=[]))


TestCommittee = Committee.TestCase
TestCommittee.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
