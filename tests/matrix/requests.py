"""What is sent to each route: which object it is about, and a form or body that would be taken from whoever may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

from gateway.clock import now
from gateway.projects.agreement import in_force
from tests.matrix.world import GROUPS, World
from tests.people.visitors import PASSWORD

APPLICATION, PROJECT, RELEASE = "/applications/<application_id>", "/projects/<project_id>", "/releases/<release_id>"
API = "/api/v1" + APPLICATION
REVIEW = "/reviews/<application_id>"
STAGE = {  # the application that a route is about; else the one that is reviewed
    f"PATCH {API}": "draft",
    f"POST {API}/submit": "draft",
    f"POST {API}/withdraw": "submitted",
    f"POST {API}/reviewers": "submitted",
    f"POST {API}/votes": "to_vote",
    f"POST {API}/decision": "to_decide",
    f"POST {API}/hand-over/answer": "handed",
    f"POST {API}/files/<attachment_id>/redaction": "filed",
    f"POST {APPLICATION}/files/<attachment_id>/redaction": "filed",
    f"POST {API}/revise": "returned",
    f"POST {API}/appeal": "rejected",
    f"POST {API}/appeal/decision": "appealed",
    f"POST {API}/changes": "approved",
    f"POST {REVIEW}/reviewers": "submitted",
    f"POST {REVIEW}/vote": "to_vote",
    f"POST {REVIEW}/decision": "to_decide",
    f"POST {REVIEW}/appeal": "appealed",
    f"POST {APPLICATION}/withdraw": "submitted",
    f"POST {APPLICATION}/hand-over/<any(accept, decline, back):answer>": "handed",
    f"POST {APPLICATION}/revise": "returned",
    f"POST {APPLICATION}/appeal": "rejected",
    f"POST {APPLICATION}/change/<any(amendment, renewal):kind>": "approved",
    f"GET {APPLICATION}/differences": "again",
    **{
        f"{method} {APPLICATION}/{rest}": "draft"
        for method, rest in (
            ("GET", "check"), ("GET", "edit/<section_key>"), ("POST", "edit/<section_key>"),
            ("POST", "autosave/<section_key>"), ("POST", "submit"), ("POST", "invitations"),
            ("POST", "invitations/<invitation_id>/take-back"), ("GET", "files/<attachment_id>"),
        )
    },
    **{
        f"{method} {API}/{rest}": "draft"
        for method, rest in (
            ("GET", "invitations"), ("POST", "invitations"), ("DELETE", "invitations/<invitation_id>"),
            ("POST", "files"), ("GET", "files/<attachment_id>"), ("DELETE", "files/<attachment_id>"),
        )
    },
}  # fmt: skip
NAMED = {  # the value of a parameter: the name of an id of the world
    "project_id": "project", "grant_id": "grant", "condition_id": "condition", "release_id": "release",
    "attachment_id": "attachment", "invitation_id": "invitation", "secret": "secret", "token_id": "token",
    "evidence_id": "evidence", "hook_id": "hook", "question_id": "question", "concern_id": "concern",
    "notice_id": "notice", "site_id": "site", "screening_id": "screening", "account_id": "nina", "study": "study",
    "study_uid": "study", "series": "series", "series_uid": "series", "uid": "instance", "annotation_id": "annotation",
    "order_id": "order", "block_id": "block", "certificate_id": "certificate", "meeting_id": "meeting",
}  # fmt: skip
PLAIN = {  # the value of a parameter, as it is
    "section_key": "people", "slug": "slides", "numbers": "1", "suffix": "tar", "seq": "1", "kind": "amendment",
    "answer": "accept",    "verdict": "accept", "reference": "00880200", "filename": "nothing.css", "form": "csv",
}  # fmt: skip
OTHERWISE: dict[str, dict[str, str]] = {  # where a parameter is about something else
    f"POST {PROJECT}/grants/<grant_id>/resume": {"project_id": "resting", "grant_id": "resting_grant"},
    f"POST {API}/files/<attachment_id>/redaction": {"attachment_id": "filed_attachment"},
    f"POST {APPLICATION}/files/<attachment_id>/redaction": {"attachment_id": "filed_attachment"},
    f"POST {PROJECT}/closure/check": {"project_id": "closed"},
    f"POST {PROJECT}/conditions/<condition_id>/<any(accept, back):verdict>": {"condition_id": "reported"},
    f"POST {PROJECT}/members/<account_id>/remove": {"account_id": "ben"},
    f"DELETE /api/v1{PROJECT}/members/<account_id>": {"account_id": "ben"},
    "POST /sites/<site_id>/custodians/<account_id>/dismiss": {"account_id": "kay"},
    "DELETE /api/v1/sites/<site_id>/custodians/<account_id>": {"account_id": "kay"},
    f"POST /api/v1{PROJECT}/grants/<grant_id>/resume": {"project_id": "resting", "grant_id": "resting_grant"},
    f"POST /api/v1{PROJECT}/closure/check": {"project_id": "closed"},
    f"POST /api/v1{PROJECT}/conditions/<condition_id>/check": {"condition_id": "reported"},
    "POST /meetings/<meeting_id>/minutes": {"meeting_id": "begun"},
    "POST /api/v1/applications/meetings/<meeting_id>/minutes": {"meeting_id": "begun"},
    f"POST {PROJECT}/agreement": {"project_id": "to_sign"},
    f"POST /api/v1{PROJECT}/signatures": {"project_id": "to_sign"},
}
SAYS: dict[str, dict[str, str]] = {  # parameters of one route that are plain
    "POST /admin/accounts/<account_id>/<any(close, reopen):step>": {"step": "close"},
    "POST /admin/re-identification/<question_id>/<any(allow, refuse):step>": {"step": "allow"},
    "GET /assets/<path:filename>": {"filename": "app.css"},
    "GET /assets/governance/<path:filename>": {"filename": "governance.css"},
    "GET /assets/catalogue/<path:filename>": {"filename": "catalogue.css"},
    "GET /assets/policies/<path:filename>": {"filename": "policies.css"},
    "GET /assets/transparency/<path:filename>": {"filename": "usage.css"},
    "GET /screening/assets/<path:filename>": {"filename": "screening.css"},
    "GET /policies/<name>": {"name": "pathology-research"},
}
TODAY = now().date()
SHAPE = {"type": "Polygon", "coordinates": [[[1, 1], [9, 1], [9, 9], [1, 1]]]}


def path_of(key: str, world: World) -> str:
    """The address of a row, with the ids of the world."""
    _, rule = key.split(" ", 1)
    values = {**PLAIN, **{name: world.ids[told] for name, told in NAMED.items()}, **SAYS.get(key, {})}
    values["application_id"] = world.ids[STAGE.get(key, "reviewed")]
    values |= {name: world.ids[told] for name, told in OTHERWISE.get(key, {}).items()}
    for name, value in values.items():
        for form in (f"<{name}>", f"<int:{name}>", f"<path:{name}>"):
            rule = rule.replace(form, value)
        start = rule.find("<any(")
        if start >= 0 and rule[start:].partition(":")[2].startswith(f"{name}>"):
            rule = rule[:start] + value + rule[start:].partition(">")[2]
    assert "<" not in rule, f"the requests do not say what is meant in {rule}"
    return rule


def _a_file() -> dict[str, Any]:
    """A file is read once, so each request needs its own."""
    return {"question": "ethics_letter", "file": (BytesIO(b"%PDF-1.4\n%%EOF\n"), "a.pdf")}


def bodies(world: World) -> Mapping[str, dict[str, Any]]:
    """What is sent with a row: `data` of a form, or `json`. Nothing for those that are not here."""
    ids = world.ids
    reviewers = {group: [world.people[name] for name in names] for group, names in GROUPS.items()}
    day = (now() + timedelta(days=60)).date()
    last_day = {"ends_on-year": day.year, "ends_on-month": day.month, "ends_on-day": day.day}
    approve = {"outcome": "approve", "no_conflict": "yes"}
    reason = {"reason": "So"}
    signature = {"sha256": in_force().sha256, "name": "ada", "password": PASSWORD}
    taken = {"taken_on": TODAY.isoformat(), "ends_on": day.isoformat()}
    times = {"starts": f"{TODAY + timedelta(days=9)}T14:30:00Z", "place": "There"}
    called = {**times, "applications": [ids["reviewed"]]}
    certificate = {"kind": "research-data", "provider": "University", **taken}
    minutes = {"held_on": TODAY.isoformat(), "minutes": "We met."}
    asked = {"project": ids["project"], "pseudonym": "A" * 12, "reason": "patient-asked"}
    return {
        "POST /sign-in": {"data": {"email": "ada@example.org", "password": PASSWORD}},
        "POST /account/mail": {"data": {"mail": "none"}},
        "POST /account/password": {"data": {"present": PASSWORD, "new": "something long and new"}},
        "POST /account/tokens": {"data": {"label": "One", "days": 1}},
        "POST /api/v1/account/tokens": {"json": {"label": "One", "days": 1}},
        "POST /account/visas": {"data": {"visa": "x.y.z"}},
        "POST /admin/accounts": {
            "data": {"email": "x@example.org", "name": "X", "password": "a long password for x", "roles": ["auditor"]}
        },
        "POST /admin/accounts/<account_id>/roles": {"data": {"roles": ["auditor"]}},
        "POST /admin/re-identification": {"data": asked},
        "POST /admin/withdrawal": {"data": {**asked, "site": "NGH", "patient": "nobody", "sure": "yes"}},
        "POST /admin/webhooks": {"data": {"url": "https://example.org/x", "types": ["grant.issued"]}},
        "POST /quarantine": {"data": {"archive": ids["archive"], "reason": "x"}},
        "POST /screening/<screening_id>": {"data": {"decision": "withhold"}},
        "POST /applications": {"data": {"id": "z" * 16}},
        "POST /api/v1/applications": {"json": {"id": "y" * 16, "answers": {"title": "Mine"}}},
        f"PATCH {API}": {"json": {"answers": {"title": "Other"}}},
        f"POST {API}/submit": {"json": {}},
        f"POST {API}/reviewers": {"json": {"no_conflict": True, "reviewers": reviewers}},
        f"POST {API}/reviews": {"json": {"conflict": False, "recommendation": "approve"}},
        f"POST {API}/sites": {"json": {"no_conflict": True, "site": ids["site"], "answer": "agreed"}},
        f"POST {API}/votes": {"json": {"no_conflict": True, "choice": "yes"}},
        f"POST {API}/conflicts": {"json": {"why": "A friend"}},
        f"POST {API}/decision": {"json": {"outcome": "approve", "no_conflict": True, "ends_on": day.isoformat()}},
        "POST /blocks": {"data": {"email": "x@example.org", "dataset": "slides", "reason": "So"}},
        "POST /api/v1/applications/blocks": {"json": {"email": "x@example.org", "dataset": "slides", "reason": "So"}},
        "POST /blocks/<block_id>/lift": {"data": reason},
        "POST /api/v1/applications/blocks/<block_id>/lift": {"json": reason},
        f"POST {API}/files/<attachment_id>/redaction": {"json": reason},
        f"POST {APPLICATION}/files/<attachment_id>/redaction": {"data": reason},
        f"PUT {API}/external-id": {"json": {"external_id": "IRAS 1"}},
        f"POST {APPLICATION}/external-id": {"data": {"external_id": "IRAS 1"}},
        f"POST {API}/hand-over": {"json": {"to": ids["ben"], "reason": "I am leaving"}},
        f"POST {API}/hand-over/answer": {"json": {"answer": "accept"}},
        f"POST {API}/remarks": {"json": {"remark": "Look at page 2", "audience": "applicants"}},
        f"POST {APPLICATION}/hand-over": {"data": {"to": ids["ben"], "reason": "I am leaving"}},
        f"POST {APPLICATION}/remarks": {"data": {"remark": "Look at page 2", "audience": "applicants"}},
        f"POST {API}/changes": {"json": {"kind": "amendment"}},
        f"POST {API}/appeal": {"json": {"grounds": "Look again"}},
        f"POST {API}/appeal/decision": {"json": {"no_conflict": True, "verdict": "allow", "reasons": "Fine"}},
        f"POST {APPLICATION}/appeal": {"data": {"grounds": "Look again"}},
        f"POST {APPLICATION}/invitations": {"data": {"email": "third@example.org"}},
        f"POST {APPLICATION}/edit/<section_key>": {
            "data": {"organisation": "Elsewhere", "organisation_kind": "university", "training": "yes"}
        },
        f"POST {APPLICATION}/autosave/<section_key>": {"data": {"organisation": "Elsewhere"}},
        f"POST {REVIEW}/reviewers": {
            "data": {"no_conflict": "yes", **{f"reviewers-{group}": who for group, who in reviewers.items()}}
        },
        f"POST {REVIEW}/review": {"data": {"conflict": "no", "recommendation": "approve"}},
        f"POST {REVIEW}/site": {"data": {"no_conflict": "yes", "site": ids["site"], "answer": "agreed"}},
        f"POST {REVIEW}/vote": {"data": {"no_conflict": "yes", "choice": "yes"}},
        f"POST {REVIEW}/conflict": {"data": {"why": "A friend"}},
        f"POST {REVIEW}/decision": {"data": {**approve, **last_day}},
        f"POST {REVIEW}/appeal": {"data": {"no_conflict": "yes", "verdict": "allow", "reasons": "Fine"}},
        f"POST {PROJECT}/members": {"data": {"email": "nina@example.org"}},
        f"POST /api/v1{PROJECT}/members": {"json": {"email": "nina@example.org"}},
        "PUT /api/v1/account/mail": {"json": {"mail": "none"}},
        "POST /api/v1/accounts": {"json": {"email": "x@example.org", "name": "X", "password": "a long password for x"}},
        "PUT /api/v1/accounts/<account_id>/roles": {"json": {"roles": ["auditor"]}},
        "POST /api/v1/sites/<site_id>/custodians": {"json": {"account": world.people["Kim"]}},
        f"POST {API}/invitations": {"json": {"email": "third@example.org"}},
        "POST /api/v1/applications/invitations/accept": {"json": {"secret": ids["secret"]}},
        f"POST {API}/files": {"data": _a_file},
        f"POST /api/v1{PROJECT}/grants/<grant_id>/revoke": {"json": reason},
        f"POST /api/v1{PROJECT}/grants/<grant_id>/suspend": {"json": reason},
        f"POST /api/v1{PROJECT}/conditions/<condition_id>/report": {"json": {"note": "Done"}},
        f"POST /api/v1{PROJECT}/conditions/<condition_id>/check": {"json": {"verdict": "accept"}},
        f"POST /api/v1{PROJECT}/closure": {"json": {"destruction": "Wiped", "destroyed_on": "2026-01-01"}},
        f"POST {PROJECT}/agreement": {"data": signature},
        f"POST /api/v1{PROJECT}/signatures": {"json": signature},
        "POST /meetings": {"data": called},
        "POST /meetings/<meeting_id>/move": {"data": times},
        "POST /meetings/<meeting_id>/minutes": {"data": {"minutes": "We met."}},
        "POST /api/v1/applications/meetings": {"json": called},
        "POST /api/v1/applications/meetings/<meeting_id>/move": {"json": times},
        "POST /api/v1/applications/meetings/<meeting_id>/minutes": {"json": {"minutes": "We met."}},
        "POST /training": {"data": certificate},
        "POST /api/v1/training": {"json": certificate},
        "POST /api/v1/training/<certificate_id>/check": {"json": {"verdict": "accept"}},
        f"POST {PROJECT}/grants/<grant_id>/revoke": {"data": reason},
        f"POST {PROJECT}/grants/<grant_id>/suspend": {"data": reason},
        f"POST {PROJECT}/conditions/<condition_id>/report": {"data": {"note": "Done"}},
        f"POST {PROJECT}/close": {
            "data": {"destruction": "Wiped", "destroyed_on-year": 2026, "destroyed_on-month": 1, "destroyed_on-day": 1}
        },
        "POST /sites/<site_id>/custodians": {"data": {"account": world.people["Kim"]}},
        "POST /usage/<project_id>/concerns": {"data": {"kind": "ask", "text": "Why?"}},
        "POST /api/v1/concerns": {"json": {"project_id": ids["project"], "kind": "ask", "text": "Why?"}},
        "POST /concerns/<concern_id>/answer": {"data": {"answer": "So"}},
        "POST /api/v1/concerns/<concern_id>/answer": {"json": {"answer": "So"}},
        f"POST {PROJECT}/destruction/<order_id>": {
            "data": {
                "statement": "Wiped",
                "destroyed_on-year": TODAY.year,
                "destroyed_on-month": TODAY.month,
                "destroyed_on-day": TODAY.day,
            }
        },
        "POST /api/v1/releases/destruction-orders/<order_id>/confirmation": {
            "json": {"statement": "Wiped", "destroyed_on": TODAY.isoformat()}
        },
        "POST /usage/meetings": {"data": minutes},
        "POST /api/v1/usage/meetings": {"json": minutes},
        "POST /usage/<project_id>/votes": {"data": {"choice": "content"}},
        "POST /api/v1/usage/<project_id>/votes": {"json": {"choice": "content"}},
        f"POST {RELEASE}/annotations/<series_uid>": {"json": {"type": "Feature", "geometry": SHAPE}},
    }
