"""How often images were opened, by month, project, kind of work, kind of organisation and hospital.

Numbers are told once a month has ended, for one calendar year, and small ones never (see `suppression`): each ended
month is a publication of the month and of the year so far, so that not even what was told before gives one away.
All of it is read off the trail, which does not change: a publication comes out the same whenever it is asked for,
with the kinds that projects were of when its month ended, and the hospitals that the images came from.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.catalogue.models import Site
from gateway.projects.models import Grant, Project
from gateway.trail.models import Event
from gateway.trail.reads import OPENED
from gateway.transparency.suppression import Round, tellable

Cell: TypeAlias = tuple[str, str, int]  # project id, code of the hospital ("" where it is not told), month
UNTOLD = "Not told"
STATED = "project.stated"
ROOM = 25  # bars of a chart
MOST_KEPT = 8
_KEPT: dict[tuple[int, int, int, str], Year] = {}  # by the last event that it tells of: what has ended does not change


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
    def top(self) -> tuple[Row, ...]:
        """What a picture has room for."""
        return self.rows[:ROOM]

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


WAYS = (
    ("project", "By project", "Project"),
    ("aim", "By kind of work", "Kind of work"),
    ("organisation", "By kind of organisation", "Kind of organisation"),
    ("site", "By hospital", "Hospital that the image came from"),
)


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a project is counted as."""

    aim: str = ""
    organisation: str = ""


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
    ends = _begin(year, months + 1)
    begun = _begun(db, ends)
    newest_first = Event.at.desc(), Event.seq.desc()
    hashed = db.scalar(select(Event.hash).where(Event.at < ends).order_by(*newest_first).limit(1))
    known = (year, months, len(begun), hashed or "")
    if hashed is None or known not in _KEPT:
        while len(_KEPT) >= MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
        _KEPT[known] = _Counted(_counts(db, year, months, begun), _kinds(db, year, months)).told(year, months)
    names = {each.id: each.title for each in begun} | {
        row.code: row.name for row in db.execute(select(Site.code, Site.name))
    }
    return _named(_KEPT[known], names)


def _begun(db: Session, until: datetime) -> list[Begun]:
    """Projects that were ever granted access and began before a moment. Index: ix_project_created_at."""
    granted = select(1).where(Grant.project_id == Project.id).exists()
    asked = select(Project.id, Project.lay_title, Project.title, Project.created_at)
    rows = db.execute(asked.where(granted, Project.created_at < until))
    return [Begun(row[0], row[1] or row[2], row[3]) for row in rows]


def _named(year: Year, names: Mapping[str, str]) -> Year:
    """The same year with the names that projects and hospitals have now."""
    charts = []
    for chart in year.charts:
        if chart.key in ("project", "site"):
            rows = [replace(row, label=names.get(row.label, row.label) or UNTOLD) for row in chart.rows]
            rows.sort(key=lambda row: (-(row.count or 0), row.label))
            chart = replace(chart, rows=tuple(rows))
        charts.append(chart)
    return replace(year, charts=tuple(charts))


class Begun(NamedTuple):
    """A project, what it is called in everyday words, and when it began."""

    id: str
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Counted:
    """The cells of a year, and what each project was at the end of each month.

    A project has a cell in each month from its first on, and one more for each hospital from its first image on.
    """

    counts: Mapping[Cell, int]
    kinds: Mapping[tuple[str, int], Kinds]

    def told(self, year: int, months: int) -> Year:
        allowed = _allowed(tuple(sorted(self.counts.items())), frozenset(self.kinds.items()), months)
        sums = {name: cells for month in range(1, months + 1) for name, cells in self.round(month).sums.items()}

        def count(*name: object) -> int | None:
            return sum(self.counts[cell] for cell in sums[name]) if name in allowed else None

        by_month = tuple(
            Row(month_name[each], count("month", each)) for each in range(1, months + 1) if ("month", each) in sums
        )
        charts = [Chart("month", "By month", "Month", by_month)]
        for key, title, column in WAYS:
            keys = sorted({name[1] for name in sums if name[0] == key and name[2:] == (months,)}, key=str)
            rows = [self._row(key, str(each), count(key, each, months)) for each in keys]
            rows.sort(key=lambda row: (-(row.count or 0), row.label))
            charts.append(Chart(key, title, column, tuple(rows)))
        return Year(year, months, count("all", "", months), tuple(charts))

    def _row(self, key: str, label: str, count: int | None) -> Row:
        return Row(label or UNTOLD, count, label if key == "project" else "")

    def round(self, last: int) -> Round:
        """What the end of a month publishes: the month, and the year until then in each way.

        It guards the month in each way, which is what one publication less the one before would give.
        """
        so_far = [cell for cell in self.counts if cell[2] <= last]
        if not so_far:
            return Round({})
        month = frozenset(cell for cell in so_far if cell[2] == last)
        sums: dict[tuple[object, ...], set[Cell]] = {("all", "", last): set(so_far), ("month", last): set(month)}
        for cell in so_far:
            for key, of in self._of(cell, last).items():
                sums.setdefault((key, of, last), set()).add(cell)
        if not any(self.counts[cell] for cell in sums[("site", "", last)]):
            del sums[("site", "", last)]  # every image told where it came from
        told = {name: frozenset(cells) for name, cells in sums.items()}
        return Round(told, [cells & month for cells in told.values()])

    def _of(self, cell: Cell, last: int) -> dict[str, str]:
        """Which sum of each way a cell is in, when the month `last` is published."""
        project, site, _ = cell
        kinds = self.kinds.get((project, last), Kinds())
        aim, organisation = kinds.aim or UNTOLD, kinds.organisation or UNTOLD
        return {"project": project, "aim": aim, "organisation": organisation, "site": site}


@lru_cache(maxsize=8)
def _allowed(
    counts: tuple[tuple[Cell, int], ...], kinds: frozenset[tuple[tuple[str, int], Kinds]], months: int
) -> frozenset[Hashable]:
    """The names of what may be told. What has ended does not change, so that this is worked out once a month."""
    counted = _Counted(dict(counts), dict(kinds))
    return tellable(counted.counts, [counted.round(month) for month in range(1, months + 1)])


def _counts(db: Session, year: int, months: int, projects: Sequence[Begun]) -> dict[Cell, int]:
    """Openings by project, hospital and month, with zeros once there is one. Index: ix_trail_event_at."""
    counts: dict[Cell, int] = {}
    pairs: set[tuple[str, str]] = set()
    for month in range(1, months + 1):
        begins, ends = _begin(year, month), _begin(year, month + 1)
        here = (Event.action == OPENED, Event.at >= begins, Event.at < ends)
        asked = select(Event.project, func.coalesce(Event.site, ""), func.count()).where(*here)
        found = {(row[0] or "", row[1]): row[2] for row in db.execute(asked.group_by(Event.project, Event.site))}
        begun = {each.id for each in projects if each.created_at < ends}
        pairs |= {(each, "") for each in begun} | {pair for pair in found if pair[0] in begun}
        counts |= {(*pair, month): found.get(pair, 0) for pair in pairs}
    return counts


def _kinds(db: Session, year: int, months: int) -> dict[tuple[str, int], Kinds]:
    """(project, month) -> what the project was when the month ended. Index: ix_trail_event_action_seq."""
    asked = select(Event).where(Event.action == STATED, Event.at < _begin(year, months + 1)).order_by(Event.at)
    found: dict[tuple[str, int], Kinds] = {}
    for event in db.scalars(asked):
        told = event.detail
        kinds = Kinds(told.get("aim", ""), told.get("organisation_kind", ""))
        stands = (month for month in range(1, months + 1) if event.at < _begin(year, month + 1))
        found |= {(event.project or "", month): kinds for month in stands}
    return found


def _begin(year: int, month: int) -> datetime:
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)


def _last_ended(now: datetime) -> datetime:
    """The beginning of the last month that has ended."""
    moment = now.astimezone(UTC)
    return _begin(moment.year - 1, moment.month + 11)
