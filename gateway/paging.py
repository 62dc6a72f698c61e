"""One page of a long list: so many rows, and whether there are more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

ON_A_PAGE = 50
Row = TypeVar("Row")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page; pages begin at 1. `more`: whether another follows."""

    rows: Sequence[Row]
    number: int
    more: bool

    def told(self, tell: Callable[[Row], Told]) -> Page[Told]:
        """The same page with something else made of each row."""
        return Page([tell(each) for each in self.rows], self.number, self.more)


def page_of(db: Session, statement: Select[Row], number: int, most: int = ON_A_PAGE) -> Page[Row]:
    """A page of what a statement finds, in its order; of each row the first thing."""
    found = db.scalars(statement.offset((number - 1) * most).limit(most + 1)).all()
    return Page(found[:most], number, len(found) > most)
