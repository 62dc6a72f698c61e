"""What a caller sees when something goes wrong: problem JSON (RFC 9457) for programs, a page for people.

Never a trace, never an identifier. What is not expected is logged by its type and place only.
"""

from __future__ import annotations

import traceback
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException

from gateway.errors import SlidegateError, Unauthenticated

OUR_CODE = Path(__file__).resolve().parent.parent
SIGN_IN = "people.sign_in"  # the endpoint that people/ gives the sign-in page
JSON_TYPES = ("application/json", "application/problem+json", "application/dicom+json")
HINTS = {
    403: "If you think that you should be, ask the people who run this gateway.",
    404: "It may have moved, or it may be something that you may not know of.",
    500: "The people who run this gateway can look it up under the number below. Nothing has been released.",
}
TITLES = {
    404: "There is no such page",
    405: "This cannot be done here",
    413: "This is too large to send",
    422: "Some of what was sent is not right",
    500: "Something went wrong",
}
_log = structlog.get_logger()


def install(app: Flask) -> None:
    """Answer every error the gateway's way; call after the API has installed its own handlers."""
    app.register_error_handler(SlidegateError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(InterfaceError, _database_away)
    app.register_error_handler(NoConnection, _database_away)
    app.register_error_handler(DataError, _not_kept)
    app.register_error_handler(Exception, _unexpected)


def wants_problem() -> bool:
    """Whether this caller is a program: by the path, by a bearer token, or by what it accepts."""
    path = request.path
    if path.startswith("/api/") and path != "/api/docs":
        return True
    if "/dicomweb/" in path or path.endswith("/dicomweb") or "Authorization" in request.headers:
        return True
    return request.accept_mimetypes.best_match(["text/html", *JSON_TYPES]) in JSON_TYPES


def problem(status: int, code: str, title: str, detail: str = "", **more: Any) -> Response:
    """An answer of type application/problem+json."""
    told = {"type": f"urn:slidegate:problem:{code}", "title": title, "status": status, "code": code, **more}
    if detail and detail != title:
        told["detail"] = detail
    told["request_id"] = g.get("request_id", "")
    response = jsonify(told)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def answer(status: int, code: str, title: str, detail: str = "", **more: Any) -> Response:
    """The same as `problem` to a program, a page to a person."""
    if wants_problem():
        return problem(status, code, title, detail, **more)
    page = render_template("web/error.html", status=int(status), code=code, title=title, detail=detail)
    return make_response(page, status)


def _refused(error: SlidegateError) -> Response:
    if isinstance(error, Unauthenticated):
        return _unknown(error)
    return answer(error.status, error.code, error.title, error.message)


def _unknown(error: Unauthenticated) -> Response:
    if not wants_problem():
        where = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return make_response(redirect(url_for(SIGN_IN, next=where), 303))
    response = answer(401, error.code, error.title, error.message)
    response.headers["WWW-Authenticate"] = 'Bearer realm="slidegate"'
    return response


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    status = HTTPStatus(error.code)
    told = getattr(error, "data", None) or {}  # flask-smorest puts what a schema refused here
    more = {"errors": told["messages"]} if "messages" in told else {}
    code = status.phrase.lower().replace(" ", "-")
    response = answer(status, code, TITLES.get(status, status.phrase), HINTS.get(status, ""), **more)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _forged(_error: CSRFError) -> Response:
    return answer(400, "form-expired", "This form has expired", "Go back, load the page again, and send it once more.")


def _database_away(error: Exception) -> Response:
    _log.error("database-away", kind=type(error).__name__, at=_place(error), request_id=g.get("request_id", ""))
    title = "The database cannot be reached"
    response = answer(503, "database-away", title, "Nothing has been released or changed. Try again in a minute.")
    response.headers["Retry-After"] = "5"
    return response


def _not_kept(_error: DataError) -> Response:
    """PostgreSQL keeps no text with a NUL, and no number that is too large for its column."""
    return answer(400, "not-kept", "Some of what was sent cannot be kept", "Take out what is not a plain character.")


def _unexpected(error: Exception) -> Response:
    """The outermost door: what nobody foresaw ends here, and nothing of it is shown."""
    _log.error("unexpected", kind=type(error).__name__, at=_place(error), request_id=g.get("request_id", ""))
    return answer(500, "unexpected", TITLES[500], HINTS[500])


def _place(error: Exception) -> str:
    """The innermost line of our own that it went through: libraries' lines say little, and name the machine."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(OUR_CODE):
            return f"{path.relative_to(OUR_CODE)}:{frame.lineno}"
    return "outside the gateway"
