"""How panels voted on the uses of the data: numbers and reasons, and never who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.paging import Page
from gateway.people.models import Account
from gateway.transparency.meetings import last_meeting, meetings
from gateway.transparency.models import Choice, UsageVote

WORDS = {
    Choice.CONTENT: "content",
    Choice.QUESTIONS: "with questions",
    Choice.NOT_CONTENT: "not content",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of one meeting on one project, and the reasons that were given."""

    meeting_id: str
    held_on: date
    project_id: str
    content: int
    questions: int
    not_content: int
    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        counts = zip((self.content, self.questions, self.not_content), WORDS.values(), strict=True)
        return ", ".join(f"{count} {words}" for count, words in counts)


@dataclass(frozen=True, slots=True)
class Held:
    """One meeting: its minutes, and how it voted on each project."""

    id: str
    held_on: date
    minutes: str
    tallies: tuple[Tally, ...]


def held(db: Session, page: int) -> Page[Held]:
    """A page of meetings, the last one first. Index: pk_usage_vote."""
    found = meetings(db, page)
    here = UsageVote.meeting_id.in_([each.id for each in found.rows])
    votes = select(UsageVote).where(here).order_by(UsageVote.project_id, UsageVote.cast_at)
    tallies = _tallies(db.scalars(votes).all())
    return found.told(
        lambda each: Held(
            each.id, each.held_on, each.minutes, tuple(one for one in tallies if one.meeting_id == each.id)
        )
    )


def of_project(db: Session, project_id: str) -> list[Tally]:
    """How each meeting voted on a project, the last one first. Index: ix_usage_vote_project_id."""
    votes = db.scalars(select(UsageVote).where(UsageVote.project_id == project_id).order_by(UsageVote.cast_at)).all()
    return sorted(_tallies(votes), key=lambda each: each.held_on, reverse=True)


def at_the_last_meeting(db: Session, projects: Collection[str]) -> dict[str, Tally]:
    """Id of one of these projects -> how the last meeting voted on it. Index: pk_usage_vote."""
    meeting = last_meeting(db)
    if meeting is None:
        return {}
    here = UsageVote.meeting_id == meeting.id, UsageVote.project_id.in_(projects)
    votes = db.scalars(select(UsageVote).where(*here)).all()
    return {each.project_id: each for each in _tallies(votes)}


def may_still_vote(db: Session, *, account: Account, project_id: str) -> bool:
    """Whether there is a meeting to vote at, and this member has not."""
    meeting = last_meeting(db)
    return meeting is not None and db.get(UsageVote, (meeting.id, project_id, account.id)) is None


def _tallies(votes: Sequence[UsageVote]) -> list[Tally]:
    together: dict[tuple[str, str], list[UsageVote]] = {}
    for each in votes:
        together.setdefault((each.meeting_id, each.project_id), []).append(each)
    return [_tally(each) for each in together.values()]


def _tally(votes: Sequence[UsageVote]) -> Tally:
    counts, first = Counter(each.choice for each in votes), votes[0]
    reasons = tuple(each.reason for each in votes if each.reason)
    return Tally(
        meeting_id=first.meeting_id,
        held_on=first.meeting.held_on,
        project_id=first.project_id,
        content=counts[Choice.CONTENT.value],
        questions=counts[Choice.QUESTIONS.value],
        not_content=counts[Choice.NOT_CONTENT.value],
        reasons=reasons,
    )
