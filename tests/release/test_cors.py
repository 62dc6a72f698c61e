"""Tools on other origins: the registered ones may read with a token, no other may, and cookies never count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.datastructures import Headers

from app import create_app
from gateway import settings as settings_room
from gateway.settings import BadSetting, load
from tests.people.visitors import bearer
from tests.release.builders import World, at

VIEWER = "https://viewer.example.org"


@pytest.fixture
def open_world(world: World) -> World:
    settings_room.use(replace(settings_room.current(), cors_origins=(VIEWER, "http://localhost:3000")))
    return world


def allowed(headers: Headers) -> list[str]:
    return [name for name, _ in headers if name.startswith("Access-Control")]


def test_a_registered_origin_may_read_with_its_token(open_world: World) -> None:
    for path in ("/studies", at(open_world.biggest(), "/frames/1"), at(open_world.biggest())):
        answer = open_world.get(path, Origin=VIEWER)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == VIEWER
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_refusal_can_be_read_too(open_world: World) -> None:
    for token, status in (("sg_nobody", 401), (open_world.token, 404)):
        answer = open_world.get("/studies/1.2.3/metadata", token=token, Origin=VIEWER)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, VIEWER)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.org", "null", "*", "http://viewer.example.org", f"{VIEWER}:444", f"{VIEWER}.evil.org", ""],
)
def test_another_origin_may_not(open_world: World, origin: str) -> None:
    answer = open_world.get("/studies", Origin=origin)
    assert allowed(answer.headers) == []
    assert "Origin" in answer.headers["Vary"]
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    assert allowed(open_world.browser.options(open_world.root + "/studies", headers=asked).headers) == []


def test_the_question_before_needs_no_token_and_tells_what_may_be_sent(open_world: World) -> None:
    asked = {
        "Origin": VIEWER,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = open_world.browser.options(open_world.root + at(open_world.biggest(), "/frames/1"), headers=asked)
    assert answer.status_code == 200
    assert answer.data == b""
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"


def test_a_registered_origin_may_keep_annotations_with_its_token(open_world: World) -> None:
    path = f"/releases/{open_world.release.id}/annotations/{open_world.biggest().series_uid}"
    asked = {"Origin": VIEWER, "Access-Control-Request-Method": "POST"}
    before = open_world.browser.options(path, headers=asked)
    assert before.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, DELETE"
    assert "Content-Type" in before.headers["Access-Control-Allow-Headers"]
    shape = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"name": "cell"}}
    headers = {"Origin": VIEWER, **bearer(open_world.token)}
    kept = open_world.browser.post(path, json=shape, headers=headers)
    listed = open_world.browser.get(path, headers=headers)
    assert (kept.status_code, listed.status_code) == (201, 200)
    assert {each.headers["Access-Control-Allow-Origin"] for each in (kept, listed)} == {VIEWER}
    other = open_world.browser.get(path, headers={**headers, "Origin": "https://evil.example.org"})
    assert allowed(other.headers) == []


def test_without_the_setting_and_elsewhere_nobody_may(world: World) -> None:
    assert allowed(world.get("/studies", Origin=VIEWER).headers) == []
    settings_room.use(replace(settings_room.current(), cors_origins=(VIEWER,)))
    for path in ("/", "/api/v1/releases", f"/releases/{world.release.id}"):
        headers = {"Origin": VIEWER, **bearer(world.token_for(world.reader, "account"))}
        assert allowed(world.browser.get(path, headers=headers).headers) == []


@pytest.mark.parametrize("origin", ["*", "null", "https://viewer.example.org/", "viewer.example.org", "https://*.org"])
def test_what_is_no_origin_stops_the_gateway(world: World, origin: str) -> None:
    with pytest.raises(BadSetting):
        create_app(replace(settings_room.current(), cors_origins=(origin,)))


def test_a_list_is_read_from_a_variable() -> None:
    assert load({"SLIDEGATE_CORS_ORIGINS": f"{VIEWER}, http://localhost:3000"}).cors_origins == (
        VIEWER, "http://localhost:3000"
    )  # fmt: skip
    assert load({}).cors_origins == ()
