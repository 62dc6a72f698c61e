"""Gates for pages and API: `@signed_in`, `@requires("permission")`, `may(...)`, `reader_of(release)`, `actor()`.

A token for one release opens that release and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from gateway.errors import Forbidden, Unauthenticated
from gateway.people.models import Account
from gateway.people.roles import permissions_of
from gateway.people.session import Caller, caller, current_account
from gateway.people.tokens import WHOLE_ACCOUNT, acting
from gateway.trail.record import ANONYMOUS, Actor

P = ParamSpec("P")
R = TypeVar("R")


class NotPermitted(Forbidden):
    """Signed in, but no role of this account allows it."""

    code = "not-permitted"
    title = "Your roles do not allow this"


class WrongScope(Forbidden):
    """The token is good, but for something else."""

    code = "wrong-scope"
    title = "This token is for something else"


def the_caller() -> Caller:
    """Who sends this request. Raises Unauthenticated, or WrongScope for a token of one release."""
    found = caller()
    if found is None:
        raise Unauthenticated
    if found.scope != WHOLE_ACCOUNT:
        raise WrongScope
    return found


def the_account() -> Account:
    """The account of this request. Raises Unauthenticated, or WrongScope for a token of one release."""
    return the_caller().account


def may(permission: str) -> bool:
    """Whether the account of this request has the permission."""
    account = current_account()
    return account is not None and permission in permissions_of(account)


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let in any account."""

    @wraps(view)
    def gated(*args: P.args, **kwargs: P.kwargs) -> R:
        the_account()
        return view(*args, **kwargs)

    return gated


def requires(permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let in accounts that have the permission; it must be one that roles.toml knows."""

    def gate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def gated(*args: P.args, **kwargs: P.kwargs) -> R:
            the_account()
            if not may(permission):
                raise NotPermitted
            return view(*args, **kwargs)

        return gated

    return gate


def reader_of(release_id: str) -> Account:
    """The account of this request if its session or token may be used for this release at all.

    Whether a grant admits it is for projects/grants.admit to say. Raises Unauthenticated or WrongScope.
    """
    found = caller()
    if found is None:
        raise Unauthenticated
    if found.scope not in (WHOLE_ACCOUNT, f"release:{release_id}"):
        raise WrongScope
    return found.account


def actor() -> Actor:
    """Who does this, as the trail names it."""
    found = caller()
    return acting(found.account) if found is not None else ANONYMOUS
