"""The whole life of an application under the national workflow through the API, each role with its own token."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import settings
from gateway.clock import now
from gateway.db import reading, transaction
from gateway.errors import Forbidden
from gateway.governance.models import Application
from gateway.people.models import Account
from gateway.people.passwords import hash_password
from gateway.projects import grants
from gateway.projects.models import Grant
from tests.governance.cast import database, good_answers
from tests.governance.national import the_nation
from tests.governance.walk import ApiClient, an_app
from tests.people.visitors import PASSWORD

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
ROOT, PROJECTS = "/api/v1/applications", "/api/v1/projects"
REVIEWERS = {"scientific": ("Sol", "Sue"), "lay": ("Lee", "Lou"), "ethics": ("Tom", "Ruth")}
ANSWER = ("Sol", "Sue", "Lee", "Tom", "Ruth")


class Nation:
    """Somebody's client by their name, and everybody's id."""

    def __init__(self, app):
        self.app, self.open = app, {}
        with reading() as db:
            self.accounts = {each.name: each for each in db.query(Account)}

    def __call__(self, name):
        if name not in self.open:
            self.open[name] = ApiClient(self.app, self.accounts[name])
        return self.open[name]

    def done(self, who, path, status=200, **body):
        """This person does it; gives what came back."""
        answer = self(who).post(path, json=body)
        assert answer.status_code == status, answer.json
        return answer.json

    def judged(self, who, path, status=200, none=("no_conflict", True), **body):
        """This person has a say, and says that they have no conflict of interest; else it is refused."""
        assert self(who).post(path, json=body).json["errors"]["json"].keys() == {none[0]}
        return self.done(who, path, status, **dict([none]), **body)


@pytest.fixture
def nation(app, tmp_path):
    """Every form is judged by the national workflow; Ada and Ben know their passwords."""
    policies = tmp_path / "policies"
    for each in settings.current().policies_dir.rglob("*"):
        if each.is_file():
            there = policies / each.relative_to(settings.current().policies_dir)
            there.parent.mkdir(parents=True, exist_ok=True)
            text = each.read_bytes()
            there.write_bytes(text.replace(b'workflow = "standard"', b'workflow = "national"'))
    settings.use(replace(settings.current(), policies_dir=policies))
    with transaction() as db:
        the_nation(db)
        for name in ("Ada", "Ben"):
            db.query(Account).filter_by(name=name).one().password_hash = hash_password(PASSWORD)
    return Nation(app)


def apply(nation, **changes):
    """Ada's draft, with Ben as co-applicant, handed in."""
    answers = good_answers(datasets=["breast", "colon"]) | changes
    draft = nation.done("Ada", ROOT, 201, answers=answers)["id"]
    link = nation.done("Ada", f"{ROOT}/{draft}/invitations", 201, email="ben@elsewhere.example")
    nation.done("Ben", f"{ROOT}/invitations/accept", secret=link["secret"])
    nation.done("Ada", f"{ROOT}/{draft}/submit")
    return draft


def judge(nation, application, *, south="agreed"):
    """Triage, the three reviews side by side, the sites, a meeting, and the votes."""
    where = f"{ROOT}/{application}"
    asked = {group: [nation.accounts[name].id for name in names] for group, names in REVIEWERS.items()}
    assert nation.judged("Priya", f"{where}/reviewers", reviewers=asked)["state"] == "in-review"
    for name in ANSWER:
        nation.judged(name, f"{where}/reviews", none=("conflict", False), recommendation="approve")
    sites = {each["code"]: each["id"] for each in nation("Priya").get("/api/v1/sites").json}
    nation.judged("Keeper-north", f"{where}/sites", site=sites["north"], answer="agreed")
    if "south" in sites_of(application):
        nation.judged("Keeper-south", f"{where}/sites", site=sites["south"], answer=south, reasons="So")
    at = (now() + timedelta(days=3)).isoformat()
    nation.done("Priya", f"{ROOT}/meetings", 201, starts=at, place="Room 4", applications=[application])
    assert len(nation("Mia").get(f"{ROOT}/meetings").json) >= 1
    for name in ("Mia", "Max", "Moe"):
        nation.judged(name, f"{where}/votes", choice="yes")


def sites_of(application):
    with reading() as db:
        return {each.site.code for each in db.get(Application, application).sites}


def decide(nation, application, outcome, **more):
    told = {"outcome": outcome, "reasons": "As we said.", **more}
    return nation.judged("Helen", f"{ROOT}/{application}/decision", **told)


def approve(nation, application, **more):
    ends = (now() + timedelta(days=60)).date().isoformat()
    return decide(nation, application, "approve", ends_on=ends, **more)


def admitted(nation, name, project):
    with reading() as db:
        grant = db.query(Grant).filter_by(project_id=project).order_by(Grant.issued_at).first()
        return grants.admit(db, account_id=nation.accounts[name].id, grant_id=grant.id, now=now())


def bring(nation, name, project):
    """Signed and trained, as far as it goes without the steward."""
    (agreement,) = nation(name).get(f"{PROJECTS}/{project}/agreements").json
    signature = {"sha256": agreement["sha256"], "name": name, "password": PASSWORD}
    nation.done(name, f"{PROJECTS}/{project}/signatures", 201, **signature)
    days = {"taken_on": now().date().isoformat(), "ends_on": (now() + timedelta(days=300)).date().isoformat()}
    shown = nation.done(name, "/api/v1/training", 201, kind="research-data", provider="University", **days)
    nation.done("Priya", f"/api/v1/training/{shown['id']}/check", verdict="accept")


def test_from_the_first_question_to_the_checked_end(nation):
    first = apply(nation)
    judge(nation, first)
    decide(nation, first, "return")
    again = nation.done("Ada", f"{ROOT}/{first}/revise", 201)["id"]
    nation.done("Ada", f"{ROOT}/{again}/submit")
    judge(nation, again, south="declined")
    decided = approve(nation, again, conditions=["Show the panel the results"])
    assert decided["state"] == "approved-with-conditions"
    project = decided["project_id"]
    with pytest.raises(Forbidden):
        admitted(nation, "Ben", project)
    for name in ("Ada", "Ben"):
        bring(nation, name, project)
        assert admitted(nation, name, project)
    for kind in ("amendment", "renewal"):
        draft = nation.done("Ada", f"{ROOT}/{again}/changes", 201, kind=kind)["id"]
        nation.done("Ada", f"{ROOT}/{draft}/submit")
        judge(nation, draft)
        assert approve(nation, draft)["project_id"] == project
    told = nation("Ada").get(f"{PROJECTS}/{project}").json
    grant = f"{PROJECTS}/{project}/grants/{told['grants'][0]['id']}"
    nation.done("Priya", f"{grant}/suspend", reason="A question")
    with pytest.raises(grants.Suspended):
        admitted(nation, "Ada", project)
    nation.done("Priya", f"{grant}/resume")
    assert admitted(nation, "Ada", project)
    condition = f"{PROJECTS}/{project}/conditions/{told['conditions'][0]['id']}"
    nation.done("Ada", f"{condition}/report", note="They have seen them.")
    nation.done("Priya", f"{condition}/check", verdict="accept")
    end = {"outputs": ["doi:10.1000/182"], "destruction": "Wiped", "destroyed_on": now().date().isoformat()}
    nation.done("Ada", f"{PROJECTS}/{project}/closure", **end)
    assert nation.done("Priya", f"{PROJECTS}/{project}/closure/check")["closure"]["checked_at"]
    with pytest.raises(grants.Revoked):
        admitted(nation, "Ada", project)


def test_a_rejection_is_appealed_and_judged_anew(nation):
    application = apply(nation, datasets=["breast"])
    judge(nation, application)
    assert decide(nation, application, "reject")["state"] == "rejected"
    nation.done("Ada", f"{ROOT}/{application}/appeal", grounds="It was misread.")
    where = f"{ROOT}/{application}/appeal/decision"
    nation.judged("Helen", where, 403, verdict="allow", reasons="x")
    nation.judged("Una", where, verdict="allow", reasons="It was.")
    anew = next(each for each in nation("Ada").get(ROOT).json if each["kind"] == "appeal")
    assert anew["state"] == "submitted"
    waiting = nation("Ada").get("/api/v1/notices").json
    assert any("judged anew" in each["text"] for each in waiting)
