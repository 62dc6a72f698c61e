"""The API does what the pages do, and refuses what they refuse."""

import pytest

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance.models import Application
from gateway.jobs.models import WorkItem
from tests.governance.cast import a_draft, an_account, database, good_answers, one_in_review, the_cast, together
from tests.governance.walk import ApiClient, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)
ROOT = "/api/v1/applications"


@pytest.fixture
def cast():
    with transaction() as db:
        return the_cast(db)


def test_from_a_draft_to_a_decision(app, cast):
    ada, priya, helen = (ApiClient(app, each) for each in (cast.applicant, cast.steward, cast.chair))
    form = ada.get(f"{ROOT}/form").json
    assert form["sections"][0]["key"] == "people"
    draft = ada.post(ROOT, json={"answers": {"title": "Counting cells"}})
    assert draft.status_code == 201
    url = f"{ROOT}/{draft.json['id']}"
    assert ada.patch(url, json={"answers": good_answers()}).json["state"] == "draft"
    assert ada.post(f"{url}/submit", json={}).json["state"] == "submitted"

    asked = [each.id for each in cast.reviewers[:2]]
    assert (
        priya.post(f"{url}/reviewers", json={"no_conflict": True, "reviewers": {"ethics": asked}}).json["state"]
        == "in-review"
    )
    for reviewer in cast.reviewers[:2]:
        client = ApiClient(app, reviewer)
        assert [each["what"] for each in client.get(f"{ROOT}/waiting").json] == ["Give your recommendation"]
        sent = {"conflict": False, "recommendation": "approve", "comments": "Good"}
        assert client.post(f"{url}/reviews", json=sent).status_code == 200
    decision = {"outcome": "approve", "ends_on": next_year(), "no_conflict": True}
    decided = helen.post(f"{url}/decision", json=decision)
    assert decided.json["state"] == "approved"
    assert ada.get(url).json["project_id"]
    with reading() as db:
        assert db.query(WorkItem).count() == 1


def next_year():
    return now().date().replace(day=1, month=1, year=now().year + 1).isoformat()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"answers": {"nobody asked": 1}}),
        ("", {"answers": {"commercial": "perhaps"}}),
        ("", {"id": "../../etc"}),
        ("", {"surprise": 1}),
    ],
)
def test_what_the_schema_does_not_know_is_refused(app, cast, path, body):
    assert ApiClient(app, cast.applicant).post(ROOT + path, json=body).status_code in (400, 422)
    with reading() as db:
        assert db.query(Application).count() == 0


def test_one_request_sent_twice_starts_one_draft(app, cast):
    client = ApiClient(app, cast.applicant)
    ids = {client.post(ROOT, json={"id": "b" * 16}).json["id"] for _ in range(2)}
    assert ids == {"b" * 16}
    with reading() as db:
        assert db.query(Application).count() == 1


def test_an_incomplete_application_is_refused_with_the_questions_that_are_left(app, cast):
    client = ApiClient(app, cast.applicant)
    url = f"{ROOT}/{client.post(ROOT, json={}).json['id']}"
    refused = client.post(f"{url}/submit", json={})
    assert refused.status_code == 400
    assert "lay_summary: Enter an answer" in refused.get_data(as_text=True)


def test_a_reviewer_judges_alone_and_the_applicant_never_reads_reviews(app, cast):
    with transaction() as db:
        url = f"{ROOT}/{one_in_review(db, together(db, cast)).id}"
    tom, ruth = (ApiClient(app, each) for each in cast.reviewers[:2])
    sent = {"conflict": False, "recommendation": "reject", "comments": "Weak"}
    assert tom.post(f"{url}/reviews", json=sent).status_code == 200
    assert [each["reviewer"] for each in ruth.get(url).json["reviews"]] == [cast.reviewers[1].id]
    assert "Weak" not in ApiClient(app, cast.applicant).get(url).get_data(as_text=True)
    assert tom.post(f"{url}/reviews", json=sent).status_code == 409


def test_the_team_is_refused_whatever_its_roles(app, cast):
    with transaction() as db:
        url = f"{ROOT}/{one_in_review(db, together(db, cast)).id}"
    for person in (cast.applicant, cast.colleague):
        client = ApiClient(app, person)
        review = {"conflict": False, "recommendation": "approve"}
        assert client.post(f"{url}/reviews", json=review).status_code == 403
        decision = {"outcome": "approve", "ends_on": next_year(), "no_conflict": True}
        assert client.post(f"{url}/decision", json=decision).status_code == 403


def test_a_stranger_gets_the_answer_for_what_is_not_there(app, cast):
    with transaction() as db:
        url = f"{ROOT}/{a_draft(db, together(db, cast)).id}"
        eve = an_account(db, "Eve")
    client = ApiClient(app, eve)
    for answer in (
        client.get(url),
        client.patch(url, json={"answers": {}}),
        client.post(f"{url}/submit", json={}),
    ):
        assert answer.status_code == 404
    assert client.post(f"{url}/withdraw").status_code == 404
    assert client.get(ROOT).json == []


def test_the_api_describes_itself(app):
    described = app.test_client().get("/api/openapi.json").json
    ours = {path for path in described["paths"] if path.startswith(ROOT)}
    assert ours >= {f"{ROOT}/{{application_id}}/{step}" for step in ("submit", "reviewers", "reviews", "decision")}


STEPS = {
    "": None,
    "submit": {},
    "withdraw": {},
    "revise": {},
    "reviewers": {"no_conflict": True, "reviewers": {}},
    "reviews": {"conflict": True, "conflict_detail": "A friend"},
    "sites": {"no_conflict": True, "site": "0" * 16, "answer": "agreed"},
    "votes": {"no_conflict": True, "choice": "yes"},
    "conflicts": {"why": "A friend"},
    "decision": {"outcome": "reject", "reasons": "No", "no_conflict": True},
    "changes": {"kind": "amendment"},
    "appeal": {"grounds": "Look again"},
    "appeal/decision": {"no_conflict": True, "verdict": "allow", "reasons": "Fine"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["researcher", "ethics-reviewer", "site-custodian", "administrator"])
def test_a_stranger_who_knows_an_id_is_told_what_an_unknown_id_is_told(app, cast, step, role):
    with transaction() as db:
        known = one_in_review(db, together(db, cast)).id
        account = an_account(db, "Stranger", role)
    stranger = ApiClient(app, account)

    def told(application_id):
        path = f"{ROOT}/{application_id}/{step}".rstrip("/")
        answer = stranger.get(path) if STEPS[step] is None else stranger.post(path, json=STEPS[step])
        return answer.status_code, {**answer.json, "request_id": ""}

    assert told(known) == told("0" * 16)
    assert told(known)[0] == 404


def test_a_custodian_is_told_that_the_sites_are_not_asked_where_they_are_not(app, cast):
    with transaction() as db:
        known = one_in_review(db, together(db, cast)).id
        keeper = an_account(db, "Keeper", "site-custodian", "data-steward")
    answer = ApiClient(app, keeper).post(
        f"{ROOT}/{known}/sites", json={"no_conflict": True, "site": "0" * 16, "answer": "agreed"}
    )
    assert (answer.status_code, answer.json["code"]) == (409, "no-sites-asked")
    assert answer.json["title"] == "The sites are not asked about this application"
