"""Annotations stay with the project: who may see the slide may draw, nobody else sees, and it is on the record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway import db as database
from gateway.clock import now
from gateway.projects.models import MEMBER, Membership
from gateway.release import annotating
from gateway.release.models import Annotation
from tests.people.visitors import an_account, bearer
from tests.release.builders import World, events

RECTANGLE = {"type": "Polygon", "coordinates": [[[10, 10], [50.5, 10], [50.5, 90], [10, 90], [10, 10]]]}


def a_shape(geometry: Any = RECTANGLE, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def where(world: World) -> str:
    return f"/releases/{world.release.id}/annotations/{world.biggest().series_uid}"


def post(world: World, body: Any, token: str = "") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return world.browser.post(where(world), data=data, headers=bearer(token or world.token))


def a_member(world: World, name: str) -> str:
    account = an_account(name)
    with database.transaction() as db:
        db.add(Membership(project_id=world.release.project_id, account_id=account.id, role=MEMBER, since=now()))
    return world.token_for(account)


def test_what_is_drawn_is_there_for_the_whole_project(world: World) -> None:
    made = post(world, a_shape(name="tumour"))
    assert (made.status_code, made.mimetype) == (201, "application/geo+json")
    told = json.loads(world.get(where(world), token=a_member(world, "bea")).data)
    assert [each["geometry"] for each in told["features"]] == [RECTANGLE]
    assert told["features"][0]["properties"]["name"] == "tumour"
    assert told["features"][0]["properties"]["mine"] is False
    (event,) = events("annotation.made")
    assert (event.actor_id, event.project, event.detail["kind"]) == (
        world.reader.id,
        world.release.project_id,
        "Polygon",
    )
    assert "tumour" not in event.body


def test_a_stranger_neither_sees_nor_draws(world: World) -> None:
    post(world, a_shape())
    token = world.token_for(an_account("eve"))
    assert world.get(where(world), token=token).status_code in (403, 404)
    assert post(world, a_shape(), token).status_code in (403, 404)
    assert world.browser.get(where(world), headers={"Accept": "application/geo+json"}).status_code in (303, 401)


def test_when_access_ends_so_do_annotations(world: World) -> None:
    post(world, a_shape())
    world.revoke()
    assert world.get(where(world)).status_code == 403
    assert post(world, a_shape()).status_code == 403


def test_who_drew_it_or_a_lead_removes_it(world: World) -> None:
    bea, cy = a_member(world, "bea"), a_member(world, "cy")
    path = f"{where(world)}/{json.loads(post(world, a_shape(), bea).data)['id']}"
    assert world.browser.delete(path, headers=bearer(cy)).status_code == 403
    assert world.browser.delete(path, headers=bearer(world.token)).status_code == 204
    assert world.browser.delete(path, headers=bearer(bea)).status_code == 404
    assert json.loads(world.get(where(world)).data)["features"] == []
    assert len(events("annotation.removed")) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[" * 5000, b"1", {"type": "FeatureCollection", "features": []},
        a_shape({"type": "Point", "coordinates": [1]}),
        a_shape({"type": "Point", "coordinates": [1, -1]}),
        a_shape({"type": "Point", "coordinates": [1, True]}),
        a_shape({"type": "Point", "coordinates": [1e300, 1]}),
        a_shape({"type": "LineString", "coordinates": [[1, 1]]}),
        a_shape({"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [3, 3], [4, 4]]]}),
        a_shape({"type": "Polygon", "coordinates": [[[0, 0]] * 5000]}),
        a_shape({"type": "GeometryCollection", "coordinates": []}),
        a_shape(name="x" * 101), a_shape(colour="red"), b'{"x":"' + b"y" * 300_000 + b'"}',
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_shape_is_refused_in_words(world: World, body: Any) -> None:
    answer = post(world, body)
    assert answer.status_code == 422
    assert answer.json["code"] == "not-an-annotation"
    with database.reading() as db:
        assert db.query(Annotation).count() == 0


def test_a_slide_outside_the_release_has_none(world: World) -> None:
    path = f"/releases/{world.release.id}/annotations/2.25.1"
    assert world.get(path).status_code == 404
    assert world.browser.post(path, data=json.dumps(a_shape()), headers=bearer(world.token)).status_code == 404


def test_a_slide_is_full_at_some_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotating, "MOST", 2)
    assert [post(world, a_shape()).status_code for _ in range(3)] == [201, 201, 409]
