"""How often images were opened, by month, project, kind of work, kind of organisation and hospital.

Numbers are told once a month has ended, for one calendar year, and small ones never (see `suppression`): each ended
month is a publication of the month and of the year so far, so that not even what was told before gives one away.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.projects.models import Project
from gateway.trail.models import Event
from gateway.trail.reads import OPENED
from gateway.transparency import uses
from gateway.transparency.suppression import Round, tellable
from gateway.transparency.uses import Use

Cell: TypeAlias = tuple[str, int]  # project id and month
UNTOLD = "Not told"


@dataclass(frozen=True, slots=True)
class Row:
    """A bar of a chart; `count` is None where it is not shown. `project` is set where the row is one."""

    label: str
    count: int | None
    project: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One way to look at the year."""

    key: str
    title: str
    column: str
    rows: tuple[Row, ...]

    @property
    def most(self) -> int:
        """The longest bar; 1 if there is none."""
        return max([each.count or 0 for each in self.rows] + [1])


@dataclass(frozen=True, slots=True)
class Year:
    """What may be told of a year, until the end of `months`."""

    year: int
    months: int
    total: int | None
    charts: tuple[Chart, ...]

    @property
    def span(self) -> str:
        """January to October 2026."""
        until = f" to {month_name[self.months]}" if self.months > 1 else ""
        return f"{month_name[1]}{until} {self.year}"

    def of(self, project_id: str) -> int | None:
        """How often a project opened an image, if it may be told."""
        rows = (row for chart in self.charts for row in chart.rows if row.project == project_id)
        return next((row.count for row in rows), None)


WAYS: tuple[tuple[str, str, str, Callable[[Use], str]], ...] = (
    ("project", "By project", "Project", lambda use: use.id),
    ("aim", "By kind of work", "Kind of work", lambda use: use.aim or UNTOLD),
    ("organisation", "By kind of organisation", "Kind of organisation", lambda use: use.organisation_kind or UNTOLD),
    ("site", "By hospital", "Hospitals whose slides the project may see", lambda use: _sites(use)),
)


def years(db: Session, now: datetime) -> list[int]:
    """The years in which a month of any project has ended, newest first."""
    first = db.scalar(select(func.min(Project.created_at)))
    last = _last_ended(now)
    if first is None or first >= _begin(last.year, last.month + 1):
        return []
    return list(range(last.year, first.year - 1, -1))


def newest(db: Session, now: datetime) -> Year | None:
    """The year of the last month that ended; None before the first project's first month has."""
    offered = years(db, now)
    return told(db, offered[0], now) if offered else None


def told(db: Session, year: int, now: datetime) -> Year:
    """A year as it may be told; nothing in it before its first month has ended."""
    last = _last_ended(now)
    months = max(0, min(12, (last.year - year) * 12 + last.month))
    projects = uses.registered(db)
    found = {each.id: uses.told(db, each, now) for each in projects}
    return _Counted(found, _counts(db, year, months, projects)).told(year, months)


@dataclass(frozen=True, slots=True)
class _Counted:
    """The cells of a year, and the projects that they are of. A project has cells from its first month on."""

    uses: dict[str, Use]
    counts: dict[Cell, int]

    def told(self, year: int, months: int) -> Year:
        rounds = [self._round(month) for month in range(1, months + 1)]
        allowed = tellable(self.counts, rounds)
        sums = {name: cells for each in rounds for name, cells in each.sums.items()}

        def count(*name: object) -> int | None:
            return sum(self.counts[cell] for cell in sums[name]) if name in allowed else None

        by_month = tuple(
            Row(month_name[each], count("month", each)) for each in range(1, months + 1) if ("month", each) in sums
        )
        charts = [Chart("month", "By month", "Month", by_month)]
        for key, title, column, _ in WAYS:
            keys = sorted({name[1] for name in sums if name[0] == key and name[2:] == (months,)}, key=str)
            rows = [self._row(key, str(each), count(key, each, months)) for each in keys]
            rows.sort(key=lambda row: (-(row.count or 0), row.label))
            charts.append(Chart(key, title, column, tuple(rows)))
        return Year(year, months, count("all", "", months), tuple(charts))

    def _row(self, key: str, label: str, count: int | None) -> Row:
        return Row(self.uses[label].lay_title, count, label) if key == "project" else Row(label, count)

    def _round(self, last: int) -> Round:
        """What the end of a month publishes: the month, and the year until then in each way.

        It guards the month in each way, which is what one publication less the one before would give.
        """
        so_far = [cell for cell in self.counts if cell[1] <= last]
        if not so_far:
            return Round({})
        month = {cell for cell in so_far if cell[1] == last}
        sums: dict[tuple[object, ...], set[Cell]] = {("all", "", last): set(so_far), ("month", last): month}
        for cell in so_far:
            for key, _, _, of in WAYS:
                sums.setdefault((key, of(self.uses[cell[0]]), last), set()).add(cell)
        told = {name: frozenset(cells) for name, cells in sums.items()}
        return Round(told, [cells & month for cells in told.values()])


def _counts(db: Session, year: int, months: int, projects: Sequence[Project]) -> dict[Cell, int]:
    """Openings by project and month, with zeros from a project's first month on. Index: ix_trail_event_at."""
    counts: dict[Cell, int] = {}
    for month in range(1, months + 1):
        begins, ends = _begin(year, month), _begin(year, month + 1)
        asked = select(Event.project, func.count()).where(Event.action == OPENED, Event.at >= begins, Event.at < ends)
        found = dict(db.execute(asked.group_by(Event.project)).all())
        counts |= {(each.id, month): found.get(each.id, 0) for each in projects if each.created_at < ends}
    return counts


def _begin(year: int, month: int) -> datetime:
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)


def _last_ended(now: datetime) -> datetime:
    """The beginning of the last month that has ended."""
    moment = now.astimezone(UTC)
    return _begin(moment.year - 1, moment.month + 11)


def _sites(use: Use) -> str:
    names = sorted({each.site for each in use.sources})
    return " and ".join(names) or UNTOLD
