"""Frames of pages: navigation, the front page, forms, the API's reference, health."""

from __future__ import annotations

import re

import pytest
from flask import Flask, render_template_string

from gateway import db as database
from gateway.web.cards import Card
from gateway.web.vendoring import restyled
from tests.people.visitors import a_token, an_account, bearer, signed_in

FORM = """
{% from "forms.html" import checkboxes, date, error_summary, form, password, radios, select, submit, text, textarea %}
{{ error_summary(faults) }}
{% call form("/there") %}
{{ text("name", "Name", values, faults) }}{{ textarea("why", "Why", values, faults) }}{{ password("secret", "Secret") }}
{{ select("pick", "Pick", [("a", "A"), ("b", "B")], values, faults) }}
{{ radios("one", "One", [("a", "A", "Hint"), ("b", "B")], values, faults) }}
{{ checkboxes("many", "Many", [("a", "A"), ("b", "B")], values, faults) }}
{{ date("ends", "Ends", values, faults) }}{{ submit("Go") }}
{% endcall %}
"""


def navigation(page: str) -> list[str]:
    found = re.search(r'aria-label="Menu">(.*?)</nav>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', found[1]) if found else []


@pytest.mark.parametrize(
    ("role", "sees", "sees_not"),
    [
        ("researcher", "/applications", "/reviews"),
        ("ethics-reviewer", "/reviews", "/admin"),
        ("administrator", "/admin", "/applications"),
        ("auditor", "/applications", "/reviews"),
    ],
)
def test_the_menu_shows_what_a_role_can_use(app: Flask, role: str, sees: str, sees_not: str) -> None:
    an_account("ada", role)
    browser = signed_in(app)
    shown = navigation(browser.get("/").text)
    served = {rule.rule.rstrip("/") for rule in app.url_map.iter_rules()}
    assert sees_not not in shown
    assert (sees in shown) == (sees in served)
    assert "/admin" not in navigation(app.test_client().get("/").text)


def test_the_front_page_says_what_this_is_without_signing_in(app: Flask) -> None:
    page = app.test_client().get("/").text
    for words in (
        "A committee decides",
        "Access ends by itself",
        'href="/datasets"',
        'href="#maincontent"',
        'lang="en"',
    ):
        assert words in page


def test_what_waits_comes_first_on_the_desk(app: Flask) -> None:
    an_account()
    app.extensions["dashboard"].append(lambda account: [Card("Nothing", "x", "/x", 0), Card("Three", "y", "/y", 3)])
    page = signed_in(app).get("/").text
    assert page.index("Waiting for you") < page.index("Three") < page.index("What else") < page.index("Nothing")


def test_fields_keep_what_was_typed_and_show_what_is_wrong(app: Flask) -> None:
    values = {"name": "<Ada>", "why": "Because", "pick": "b", "one": "a", "many": ["b"], "ends": "2027-03-31"}
    faults = {"name": ["Enter a name"], "ends": "Enter a date"}
    with app.test_request_context("/"):
        shown = render_template_string(FORM, values=values, faults=faults)
    assert "<Ada>" not in shown
    assert "&lt;Ada&gt;" in shown
    for part in (
        'href="#name"',
        'href="#ends"',
        'id="name-error"',
        'value="31"',
        'value="2027"',
        ">Because</textarea>",
    ):
        assert part in shown
    assert re.search(r'<option value="b" selected', shown)
    assert len(re.findall(r"\schecked", shown)) == 2
    assert 'name="csrf_token"' in shown
    assert all(f'id="{name}"' in shown for name in ("name", "why", "secret", "pick", "one", "many", "ends"))
    assert all(f'name="ends-{part}"' in shown for part in ("day", "month", "year"))  # what the pages that use it read


def test_the_reference_lists_every_operation_of_the_description(app: Flask) -> None:
    spec = app.test_client().get("/api/openapi.json").get_json()
    page = app.test_client().get("/api/docs").text
    assert spec["info"]["title"] == "Slidegate"
    assert spec["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert "/api/v1/account" in spec["paths"]
    for path in spec["paths"]:
        assert f"<code>{path}</code>" in page
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_ready_means_that_the_database_has_its_tables(app: Flask) -> None:
    visitor = app.test_client()
    assert visitor.get("/healthz").get_json() == {"status": "ok"}
    assert visitor.get("/readyz").status_code == 200
    database.Base.metadata.drop_all(database.engine())
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": "failed", "policies": "ok", "keys": "ok"}
    assert visitor.get("/healthz").status_code == 200


def test_metrics_count_requests_and_name_nobody(app: Flask) -> None:
    ada = an_account()
    app.test_client().get("/api/v1/account", headers=bearer(a_token(ada)))
    told = app.test_client().get("/metrics").text
    assert re.search(
        r'slidegate_requests_total\{endpoint="account.show",method="GET",status="200",worker="\d+"\} [1-9]', told
    )
    assert ada.id not in told
    assert ada.email not in told
    assert ada.name not in told


def test_the_style_sheet_is_recoloured_and_stays_at_home() -> None:
    theirs = (
        '@font-face{font-family:"F";src:url(https://fonts.example/x)}'
        "a:hover{color:#005eb8;background:#fff url(/assets/images/x.svg)}"
        ".b{font-family:Frutiger W01,arial,sans-serif;width:1px}"
    )
    ours = restyled(theirs, "images/")
    assert "https://" not in ours
    assert "a:hover{color:var(--text-005eb8,#0b5c66)" in ours
    assert "background:var(--fill-ffffff,#ffffff) url(images/x.svg)" in ours
    assert "system-ui" in ours
