"""A double click: what makes something new is taken once, if the very same is sent again within moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, ParamSpec

from flask import request
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gateway.clock import now
from gateway.db import transaction
from gateway.errors import Conflict
from gateway.people.models import RequestTaken
from gateway.people.session import caller

MOMENTS = timedelta(seconds=10)
Given = ParamSpec("Given")


class SentTwice(Conflict):
    """The same person sent the same a moment ago."""

    code = "sent-twice"
    title = "This was sent twice, and is done once. To do it again, wait a moment"


def once(view: Callable[Given, Any]) -> Callable[Given, Any]:
    """A view that is done once for what is sent twice by the same caller. What was refused may be sent again."""

    @wraps(view)
    def taken(*args: Given.args, **kwargs: Given.kwargs) -> Any:
        key = _key()
        with transaction() as db:
            _take(db, key)
        done = False
        try:
            answer = view(*args, **kwargs)
            done = _status(answer) < 400
        finally:
            if not done:
                _give_back(key)
        return answer

    return taken


def _status(answer: Any) -> int:
    """As views of pages and of the API tell it."""
    if isinstance(answer, tuple) and len(answer) > 1 and isinstance(answer[1], int):
        return answer[1]
    return answer.status_code if isinstance(answer, Response) else 200


def _key() -> str:
    body = request.get_data(cache=True)
    form = "" if body else repr([*sorted(request.form.items(multi=True)), *_files()])
    sender = caller()
    who = f"{sender.account.id} {sender.session_id} {sender.token_id}" if sender else ""
    return sha256(f"{who} {request.method} {request.full_path} {form} ".encode() + body).hexdigest()


def _files() -> Iterator[tuple[str, str, str]]:
    """What was sent as files: field, name, digest."""
    for field, file in request.files.items(multi=True):
        digest = sha256(file.stream.read()).hexdigest()
        file.stream.seek(0)
        yield field, file.filename or "", digest


def _take(db: Session, key: str) -> None:
    moment = now()
    db.execute(delete(RequestTaken).where(RequestTaken.taken_at < moment - MOMENTS))
    if db.get(RequestTaken, key) is not None:
        raise SentTwice
    db.add(RequestTaken(key=key, taken_at=moment))


def _give_back(key: str) -> None:
    with transaction() as db:
        db.execute(delete(RequestTaken).where(RequestTaken.key == key))
