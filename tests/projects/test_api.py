"""What happens to a project after its approval, through the API: as at the pages, and refused as there."""

import pytest

from gateway.clock import now
from gateway.db import reading, transaction
from gateway.governance import deciding
from gateway.people.models import Account
from gateway.projects.models import Project
from tests.governance.cast import DAY, database, one_to_decide, the_cast
from tests.governance.walk import ApiClient, an_app

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)
app = pytest.fixture(an_app)


@pytest.fixture
def root(fresh_database):
    with transaction() as db:
        cast = the_cast(db)
        application, ends = one_to_decide(db, cast), now() + 90 * DAY
        grant = deciding.approve(
            db, by=cast.chair, application=application, ends=ends, conditions=["Careful"], now=now() - DAY
        )
        return f"/api/v1/projects/{grant.project_id}"


def of(app, name):
    with reading() as db:
        return ApiClient(app, db.query(Account).filter_by(name=name).one())


def test_from_a_condition_to_the_checked_end(app, root):
    ada, priya, helen = (of(app, name) for name in ("Ada", "Priya", "Helen"))
    project = ada.get(root).json
    (condition,), (grant,) = project["conditions"], project["grants"]
    where = f"{root}/conditions/{condition['id']}"
    assert ada.post(f"{where}/report", json={"note": " "}).status_code == 422
    assert ada.post(f"{where}/report", json={"note": "Done"}).json["conditions"][0]["state"] == "reported"
    assert priya.post(f"{where}/check", json={"verdict": "back"}).status_code == 422
    assert priya.post(f"{where}/check", json={"verdict": "back", "remark": "How?"}).json["conditions"][0]["remark"]
    ada.post(f"{where}/report", json={"note": "So"})
    assert priya.post(f"{where}/check", json={"verdict": "accept"}).json["conditions"][0]["state"] == "done"
    where = f"{root}/grants/{grant['id']}"
    assert helen.post(f"{where}/suspend", json={}).status_code == 422
    assert helen.post(f"{where}/suspend", json={"reason": "Doubts"}).json["grants"][0]["suspended_at"]
    assert helen.post(f"{where}/suspend", json={"reason": "Doubts"}).json["code"] == "grant-not-live"
    assert priya.post(f"{where}/resume").json["grants"][0]["suspended_at"] is None
    assert helen.post(f"{where}/revoke", json={"reason": "Enough"}).json["grants"][0]["revoked_at"]
    assert helen.post(f"{where}/revoke", json={"reason": "Enough"}).json["code"] == "grant-already-revoked"
    end = {"outputs": ["10.1000/x"], "destruction": "Wiped", "destroyed_on": now().date().isoformat()}
    assert ada.post(f"{root}/closure", json={**end, "destroyed_on": "soon"}).status_code == 422
    assert ada.post(f"{root}/closure", json=end).json["closure"]["outputs"] == ["10.1000/x"]
    assert priya.post(f"{root}/closure/check").json["closure"]["checked_at"]
    assert priya.post(f"{root}/closure/check").json["code"] == "nothing-to-check"


def test_what_is_another_projects_is_not_found(app, root):
    with transaction() as db:
        other = Project(title="Other", created_at=now())
        db.add(other)
        db.flush()
        elsewhere = f"/api/v1/projects/{other.id}"
    helen = of(app, "Helen")
    grant = helen.get(root).json["grants"][0]["id"]
    for step in ("suspend", "revoke", "resume"):
        assert helen.post(f"{elsewhere}/grants/{grant}/{step}", json={"reason": "x"}).status_code == 404
