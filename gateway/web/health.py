"""`/healthz` (the process answers), `/readyz` (it can serve) and `/metrics` (Prometheus text).

Counts are those of the worker that answers: scrape often, and sum over workers by the `worker` label.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.db import reading
from gateway.settings import current

health = Blueprint("health", __name__)
CHECKS: dict[str, Callable[[], str]] = {}  # of other rooms: what is wrong in plain words, or nothing
WARNINGS: dict[str, Callable[[], str]] = {}  # what somebody should see to, while images may still be sent
registry = CollectorRegistry()
_requests = Counter(
    "slidegate_requests", "Requests answered", ["worker", "endpoint", "method", "status"], registry=registry
)
_seconds = Histogram(
    "slidegate_request_seconds", "Time to the answer's first byte", ["worker", "endpoint"], registry=registry
)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers and has tables, the policies and keys can be read, and images may be sent.

    Warnings leave it at 200: where only some releases are not sent, a balancer must not take the rest away.
    """
    settings = current()
    checks = {
        "database": _database_answers(),
        "policies": (settings.policies_dir / "roles.toml").is_file(),
        "keys": _key_in_place(),
    }
    told = {name: "ok" if good else "failed" for name, good in checks.items()}
    if checks["database"]:
        told |= {name: check() or "ok" for name, check in CHECKS.items()}
    warned = {name: said for name, warn in WARNINGS.items() if checks["database"] and (said := warn())}
    well = all(said == "ok" for said in told.values())
    answer = {"status": "ok" if well else "failed", "checks": told} | ({"warnings": warned} if warned else {})
    return jsonify(answer), 200 if well else 503


@health.get("/metrics")
def metrics() -> Response:
    """What this worker has answered, and how fast."""
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _database_answers() -> bool:
    try:
        with reading() as db:
            db.execute(text("SELECT count(*) FROM people_account"))
    except SQLAlchemyError:
        return False
    return True


def _key_in_place() -> bool:
    """A master key that only we can read; or none yet, in a folder where it can be made. Whether it opens the
    database is asked by the rooms that use it."""
    path = current().master_key_file
    if path.exists():
        return path.stat().st_mode & 0o077 == 0
    folder = path.parent
    return folder.is_dir() and os.access(folder, os.W_OK)


def install(app: Flask) -> None:
    """Serve the three, and count every request."""
    app.register_blueprint(health)

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def counted(response: Response) -> Response:
        taken = time.perf_counter() - g.started if "started" in g else None
        count(request.endpoint or "none", request.method, response.status_code, taken)
        return response


def count(endpoint: str, method: str, status: int, seconds: float | None) -> None:
    """One more request answered."""
    _requests.labels(_worker(), endpoint, method, str(status)).inc()
    if seconds is not None:
        _seconds.labels(_worker(), endpoint).observe(seconds)


def _worker() -> str:
    return str(os.getpid())
