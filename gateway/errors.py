"""The one family of errors: each has a stable code, an HTTP status and a sentence to act on.

A message never holds an identifier: it is shown to strangers and written to logs.
"""

from __future__ import annotations

from typing import ClassVar


class SlidegateError(Exception):
    """A refusal or failure that a person can act on. Exit status 1 at the command line."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.title)

    @property
    def message(self) -> str:
        return str(self.args[0])


class Invalid(SlidegateError):
    """The request or the file is not what it should be."""

    code = "invalid"
    status = 400
    title = "The request is not valid"


class Unauthenticated(SlidegateError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""

    code = "unauthenticated"
    status = 401
    title = "Sign in, or send a valid token"


class Forbidden(SlidegateError):
    """Signed in, but not allowed."""

    code = "forbidden"
    status = 403
    title = "You are not allowed to do this"


class NotFound(SlidegateError):
    """No such thing, or none that the caller may know of."""

    code = "not-found"
    status = 404
    title = "Not found"


class Conflict(SlidegateError):
    """The thing is not in the state that this step needs."""

    code = "conflict"
    status = 409
    title = "This step is not possible now"


class Withheld(SlidegateError):
    """It exists, and is not released. The reason names no identifier."""

    code = "withheld"
    status = 403
    title = "This is withheld"
