"""Whatever somebody can do at a page, they can do through the API, and whoever may do the one may do the other."""

from __future__ import annotations

import re

from tests.matrix.test_matrix import Gateway, Row, routes, table

APPLICATION, PROJECT = "/applications/<application_id>", "/projects/<project_id>"
GRANT, CONDITION = f"{PROJECT}/grants/<grant_id>", f"{PROJECT}/conditions/<condition_id>"
REVIEW, ACCOUNT = "/reviews/<application_id>", "/admin/accounts/<account_id>"
EQUALS = {  # a command of the pages: the same of the API, below /api/v1
    "POST /account/mail": ["PUT /account/mail"],
    "POST /account/tokens": ["POST /account/tokens"],
    "POST /account/tokens/<token_id>/revoke": ["DELETE /account/tokens/<token_id>"],
    "POST /admin/accounts": ["POST /accounts"],
    f"POST {ACCOUNT}/<any(close, reopen):step>": [
        "POST /accounts/<account_id>/close",
        "POST /accounts/<account_id>/reopen",
    ],
    f"POST {ACCOUNT}/roles": ["PUT /accounts/<account_id>/roles"],
    "POST /applications": ["POST /applications"],
    f"POST {APPLICATION}/appeal": [f"POST {APPLICATION}/appeal"],
    f"POST {APPLICATION}/autosave/<section_key>": [f"PATCH {APPLICATION}"],
    f"POST {APPLICATION}/change/<any(amendment, renewal):kind>": [f"POST {APPLICATION}/changes"],
    f"POST {APPLICATION}/edit/<section_key>": [
        f"PATCH {APPLICATION}",
        f"POST {APPLICATION}/files",
        f"DELETE {APPLICATION}/files/<attachment_id>",
    ],
    f"POST {APPLICATION}/files/<attachment_id>/redaction": [f"POST {APPLICATION}/files/<attachment_id>/redaction"],
    f"POST {APPLICATION}/external-id": [f"PUT {APPLICATION}/external-id"],
    f"POST {APPLICATION}/hand-over": [f"POST {APPLICATION}/hand-over"],
    f"POST {APPLICATION}/hand-over/<any(accept, decline, back):answer>": [f"POST {APPLICATION}/hand-over/answer"],
    f"POST {APPLICATION}/remarks": [f"POST {APPLICATION}/remarks"],
    f"POST {APPLICATION}/invitations": [f"POST {APPLICATION}/invitations"],
    f"POST {APPLICATION}/invitations/<invitation_id>/take-back": [f"DELETE {APPLICATION}/invitations/<invitation_id>"],
    f"POST {APPLICATION}/revise": [f"POST {APPLICATION}/revise"],
    f"POST {APPLICATION}/submit": [f"POST {APPLICATION}/submit"],
    f"POST {APPLICATION}/withdraw": [f"POST {APPLICATION}/withdraw"],
    "POST /audit/answer.<form>": ["POST /audit/answer.<form>"],
    "POST /audit/export.<form>": ["GET /audit/export.<form>"],
    "POST /audit/reads": ["POST /audit/reads"],
    "POST /blocks": ["POST /applications/blocks"],
    "POST /blocks/<block_id>/lift": ["POST /applications/blocks/<block_id>/lift"],
    "POST /concerns/<concern_id>/answer": ["POST /concerns/<concern_id>/answer"],
    "POST /concerns/<concern_id>/suspend": ["POST /concerns/<concern_id>/suspend"],
    "POST /invitations/<secret>": ["POST /applications/invitations/accept"],
    "POST /meetings": ["POST /applications/meetings"],
    **{
        f"POST /meetings/<meeting_id>/{step}": [f"POST /applications/meetings/<meeting_id>/{step}"]
        for step in ("cancel", "minutes", "move")
    },
    "POST /notices/<notice_id>/read": ["POST /notices/<notice_id>/read"],
    "POST /notices/read": ["POST /notices/read"],
    f"POST {PROJECT}/agreement": [f"POST {PROJECT}/signatures"],
    f"POST {PROJECT}/close": [f"POST {PROJECT}/closure"],
    f"POST {PROJECT}/closure/check": [f"POST {PROJECT}/closure/check"],
    f"POST {CONDITION}/<any(accept, back):verdict>": [f"POST {CONDITION}/check"],
    f"POST {CONDITION}/report": [f"POST {CONDITION}/report"],
    f"POST {PROJECT}/destruction/<order_id>": ["POST /releases/destruction-orders/<order_id>/confirmation"],
    f"POST {GRANT}/resume": [f"POST {GRANT}/resume"],
    f"POST {GRANT}/revoke": [f"POST {GRANT}/revoke"],
    f"POST {GRANT}/suspend": [f"POST {GRANT}/suspend"],
    f"POST {PROJECT}/members": [f"POST {PROJECT}/members"],
    f"POST {PROJECT}/members/<account_id>/remove": [f"DELETE {PROJECT}/members/<account_id>"],
    "POST /releases/<release_id>/tokens": ["POST /account/tokens"],
    f"POST {REVIEW}/appeal": [f"POST {APPLICATION}/appeal/decision"],
    f"POST {REVIEW}/conflict": [f"POST {APPLICATION}/conflicts"],
    f"POST {REVIEW}/decision": [f"POST {APPLICATION}/decision"],
    f"POST {REVIEW}/review": [f"POST {APPLICATION}/reviews"],
    f"POST {REVIEW}/reviewers": [f"POST {APPLICATION}/reviewers"],
    f"POST {REVIEW}/site": [f"POST {APPLICATION}/sites"],
    f"POST {REVIEW}/vote": [f"POST {APPLICATION}/votes"],
    "POST /sites/<site_id>/custodians": ["POST /sites/<site_id>/custodians"],
    "POST /sites/<site_id>/custodians/<account_id>/dismiss": ["DELETE /sites/<site_id>/custodians/<account_id>"],
    "POST /training": ["POST /training"],
    "POST /training/<certificate_id>/<any(accept, refuse, withdraw):verdict>": [
        "POST /training/<certificate_id>/check"
    ],
    "POST /usage/<project_id>/concerns": ["POST /concerns"],
    "POST /usage/<project_id>/votes": ["POST /usage/<project_id>/votes"],
    "POST /usage/meetings": ["POST /usage/meetings"],
}
PAGES_ONLY = {  # and why
    "POST /sign-in": "a program has a token",
    "POST /sign-out": "a program has no session to end",
    "POST /account/password": "a password is changed where it is typed, in a session that began with it",
    "POST /account/sessions/close": "sessions are of browsers",
    "POST /account/visas": "evidence comes from the browser of whoever it is about",
    "POST /account/visas/<evidence_id>/put-away": "as above",
    "POST /admin/re-identification": "two people who look at each other's reasons, never a program",
    "POST /admin/re-identification/<question_id>/<any(allow, refuse):step>": "as above",
    "POST /admin/re-identification/<question_id>/answer": "as above",
    "POST /admin/withdrawal": "a patient's key is destroyed for good by somebody who was warned",
    "POST /admin/webhooks": "its secret is shown once, on a page",
    "POST /admin/webhooks/<hook_id>/close": "as above",
    "POST /admin/webhooks/<hook_id>/secret": "as above",
    "POST /admin/webhooks/<hook_id>/test": "as above",
    "POST /quarantine": "somebody has looked at why an object is held back",
    "POST /screening/<screening_id>": "somebody has looked at the picture",
    "POST /screening/again": "as above",
}
PUBLISHED = ("/releases/<release_id>/annotations/",)  # an API of their own
OTHERWISE = {  # pages and API that let in others, and why
    "POST /releases/<release_id>/tokens": "a token for a release of one's own is one kind of token",
    "POST /usage/<project_id>/concerns": "the page is about a project that one has found, the API names it",
    "POST /audit/export.<form>": "the API takes a GET, whose answers change nothing",
    "POST /invitations/<secret>": "the API names the invitation in the body, so the row has no owner",
    "POST /admin/accounts/<account_id>/<any(close, reopen):step>": "two commands",
    "POST /applications/<application_id>/edit/<section_key>": "three commands",
    "POST /projects/<project_id>/destruction/<order_id>": "the API names the order alone",
}


def commands(found: set[str]) -> set[str]:
    """Routes of pages at which something is done."""
    done = {route for route in found if not route.startswith("GET ") and not re.match(r"\w+ /api/", route)}
    return {route for route in done if not any(part in route for part in PUBLISHED)}


def below_api(route: str) -> str:
    method, rule = route.split(" ")
    return f"{method} /api/v1{rule}"


def let_in(row: Row) -> dict[str, list[bool]]:
    """For each caller, whether anything is done; a page may refuse with a message where the API says 403."""
    return {group: [sign == "+" for sign in signs] for group, signs in row.items()}


def test_each_command_of_the_pages_has_its_equal_in_the_api(gateway: Gateway) -> None:
    found = routes(gateway[0].app)
    assert commands(found) == set(EQUALS) | set(PAGES_ONLY)
    assert not set(EQUALS) & set(PAGES_ONLY)
    assert {below_api(each) for equals in EQUALS.values() for each in equals} <= found


def test_the_exceptions_stay_few() -> None:
    assert len(PAGES_ONLY) <= 17


def test_whoever_may_do_it_at_the_page_may_do_it_through_the_api_and_nobody_else() -> None:
    rows, other = table(), []
    for page, equals in EQUALS.items():
        if page not in OTHERWISE:
            others = [each for each in equals if let_in(rows[page]) != let_in(rows[below_api(each)])]
            other += [f"{page} {rows[page]}\n{each} {rows[below_api(each)]}" for each in others]
    assert other == []


def test_every_route_of_the_api_is_described(gateway: Gateway) -> None:
    app = gateway[0].app
    described = {
        f"{method.upper()} {path}"
        for path, item in app.test_client().get("/api/openapi.json").json["paths"].items()
        for method in item
    }
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) for route in routes(app) if " /api/v1/" in route}
    assert served - described == set()
