"""What a look at a service can come to, beside that all is well."""

from __future__ import annotations


class Differs(Exception):
    """The service does something else than the clause asks for."""


class DoesNotApply(Exception):
    """The service has nothing that the clause is about, or does not offer what is optional."""


def expect(holds: object, otherwise: str) -> None:
    """Raises Differs unless it holds."""
    if not holds:
        raise Differs(otherwise)
