"""Errors tell a person or a program what to do, and tell nobody anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from gateway.db import Base, engine
from gateway.errors import Withheld
from tests.people.visitors import a_gateway, an_account, signed_in

SECRET = "943 476 5919"


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/nowhere", "text/html,*/*;q=0.8", "text/html"),
        ("/nowhere", "*/*", "text/html"),
        ("/nowhere", "application/json", "application/problem+json"),
        ("/nowhere", "application/dicom+json", "application/problem+json"),
        ("/api/nowhere", "text/html", "application/problem+json"),
        ("/releases/x/dicomweb/studies", "text/html", "application/problem+json"),
    ],
)
def test_programs_get_problem_json_and_people_get_a_page(app: Flask, path: str, accept: str, kind: str) -> None:
    @app.get("/releases/x/dicomweb/studies")
    def withheld() -> str:
        raise Withheld("the label photograph is never released")

    answer = app.test_client().get(path, headers={"Accept": accept})
    assert answer.mimetype == kind
    assert answer.status_code in (403, 404)
    if kind == "application/problem+json":
        assert answer.json is not None
        assert answer.json["status"] == answer.status_code
        assert {"type", "title", "code", "request_id"} <= set(answer.json)
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/boom", "/api/boom"])
def test_what_nobody_foresaw_shows_nothing_of_itself(app: Flask, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    @app.get(path)
    def boom() -> str:
        raise ValueError(SECRET)

    answer = app.test_client().get(path)
    assert answer.status_code == 500
    logged = "".join(capsys.readouterr())
    for told in (answer.text, logged, str(answer.headers)):
        assert SECRET not in told
        assert "Traceback" not in told
    assert "ValueError" in logged
    assert "ValueError" not in answer.text


def test_the_log_says_where_in_the_gateway_and_names_no_folder_of_the_machine(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Base.metadata.drop_all(engine())
    answer = app.test_client().get("/datasets/breast")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "database cannot be reached" in answer.text
    logged = "".join(capsys.readouterr())
    assert "at=catalogue/" in logged
    assert "site-packages" not in logged
    assert str(tmp_path) not in logged


def test_the_wrong_method_and_too_much_are_answered_in_words(tmp_path: Path) -> None:
    with a_gateway(tmp_path, max_request_bytes=10_000) as app:
        browser = app.test_client()
        wrong = browser.delete("/")
        assert wrong.status_code == 405
        assert "GET" in wrong.headers["Allow"]
        assert "cannot be done here" in wrong.text
        too_much = browser.post("/sign-in", data={"email": "x" * 20_000})
        assert too_much.status_code == 413
        assert "too large" in too_much.text


def test_a_page_for_those_signed_in_sends_others_to_sign_in_and_programs_away(app: Flask) -> None:
    page = app.test_client().get("/account", headers={"Accept": "text/html"})
    assert (page.status_code, page.location) == (303, "/sign-in?next=/account")
    call = app.test_client().get("/api/v1/account")
    assert call.status_code == 401
    assert call.json is not None
    assert call.json["code"] == "unauthenticated"


def test_a_body_that_a_schema_refuses_says_which_field(app: Flask) -> None:
    from tests.people.visitors import a_token, bearer

    secret = a_token(an_account())
    answer = app.test_client().post("/api/v1/account/tokens", headers=bearer(secret), json={"days": "many"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert set(answer.json["errors"]["json"]) == {"days", "label"}


def test_an_error_page_still_knows_who_looks(app: Flask) -> None:
    an_account()
    assert "Ada" in signed_in(app).get("/nowhere").text
