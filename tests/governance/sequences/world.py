"""Where every sequence begins: one application at each stage under both workflows, and everybody with a part."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from gateway import db as database
from gateway import settings
from gateway.governance import appealing, applying, attaching, deciding, handing_over, inviting, reviewing
from gateway.governance.models import Application, Choice, SiteAnswer
from gateway.people.models import Account
from tests.governance.cast import (
    DAY,
    MORNING,
    a_draft,
    a_submitted,
    all_declare,
    an_account,
    one_in_review,
    one_to_decide,
    the_workflow,
)
from tests.governance.national import Nation, reviewed, site_says, submitted, the_nation, votes
from tests.matrix.columns import Rewound

REVIEWERS = ("Tom", "Ruth", "Una", "Sol", "Sue", "Lee", "Lou")
KEEPERS, MEMBERS = ("Keeper-north", "Keeper-south"), ("Mia", "Max", "Moe")
TEAM, STEWARDS, CHAIRS = ("Ada", "Ben"), ("Priya", "Stella"), ("Helen", "Una", "Hugo")
EVERYBODY = tuple(dict.fromkeys((*TEAM, *STEWARDS, *REVIEWERS, *KEEPERS, *MEMBERS, *CHAIRS, "Eve")))


class Beginning:
    """The database of all sequences, which each of them finds as the first did."""

    def __init__(self, folder: Path) -> None:
        settings.use(replace(settings.current(), data_dir=folder))
        engine = database.bind(f"sqlite:///{folder / 'sequences.db'}")
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        database.Base.metadata.create_all(engine)
        with database.transaction() as db:
            self.applications = _one_of_each(db)
            self.people = {each.name: each.id for each in db.query(Account)}
        self._beside = sqlite3.connect(folder / "sequences.db", isolation_level=None)
        self._store = Rewound(str(folder / "sequences.db"))

    def look(self, statement: str, *values: object) -> list[Any]:
        """Rows, read beside whatever goes on."""
        return self._beside.execute(statement, values).fetchall()

    def again(self) -> None:
        """As it was."""
        self._store.start_again()


def _one_of_each(db: Session) -> dict[str, str]:
    nation = the_nation(db)
    found = {
        "draft": a_draft(db, nation.cast),
        "submitted": a_submitted(db, nation.cast),
        "in review": one_in_review(db, nation.cast),
        "together, in review": _together(db, nation),
        "asked to lead": _asked_to_lead(db, nation),
        "to decide": one_to_decide(db, nation.cast),
        "national, submitted": submitted(db, nation),
        "national, in review": _asked(db, nation),
        "national, reviewed": reviewed(db, nation),
        "national, to vote": _to_vote(db, nation),
        "national, to decide": _to_decide(db, nation),
        "returned": _to_decide(db, nation),
        "rejected": _to_decide(db, nation),
        "appealed": _to_decide(db, nation),
        "approved": _to_decide(db, nation),
        "approved with conditions": one_to_decide(db, nation.cast),
    }
    helen, ends = nation.cast.chair, MORNING + 90 * DAY
    deciding.send_back(db, by=helen, application=found["returned"], reasons="More", now=MORNING)
    for each in ("rejected", "appealed"):
        deciding.reject(db, by=helen, application=found[each], reasons="No", now=MORNING)
    appealing.appeal(db, by=nation.cast.applicant, application=found["appealed"], grounds="Look", now=MORNING)
    deciding.approve(db, by=helen, application=found["approved"], ends=ends, now=MORNING)
    with_conditions = found["approved with conditions"]
    deciding.approve(db, by=helen, application=with_conditions, ends=ends, conditions=["Careful"], now=MORNING)
    an_account(db, "Stella", "data-steward")  # who came later, and have declared nothing
    an_account(db, "Hugo", "committee-chair")
    an_account(db, "Eve")
    return {name: each.id for name, each in found.items()}


PDF = b"%PDF-1.4\n%%EOF\n"
LETTER = "ethics_letter"


def _together(db: Session, nation: Nation) -> Application:
    """With Ben, who accepted."""
    made, cast = a_draft(db, nation.cast), nation.cast
    _, secret = inviting.invite(db, by=cast.applicant, application=made, email="ben@home.org", now=MORNING)
    inviting.accept(db, by=cast.colleague, secret=secret, now=MORNING)
    attaching.attach(
        db, by=cast.applicant, application=made, question=LETTER, name="letter.pdf", content=PDF, now=MORNING
    )
    applying.submit(db, by=cast.applicant, application=made, workflow=the_workflow(), now=MORNING)
    all_declare(db, made)
    asked = {"ethics": cast.reviewers[:2]}
    reviewing.begin_review(db, by=cast.steward, application=made, reviewers=asked, now=MORNING)
    return made


def _asked_to_lead(db: Session, nation: Nation) -> Application:
    """The same, and Ben is to lead it."""
    made, told = _together(db, nation), {"to_id": nation.cast.colleague.id, "reason": "I am leaving"}
    handing_over.hand_over(db, by=nation.cast.applicant, application=made, now=MORNING, **told)
    return made


def _asked(db: Session, nation: Nation) -> Application:
    made = submitted(db, nation)
    asked = nation.reviewers
    reviewing.begin_review(db, by=nation.cast.steward, application=made, reviewers=asked, now=MORNING)
    return made


def _to_vote(db: Session, nation: Nation) -> Application:
    made = reviewed(db, nation)
    for code in ("north", "south"):
        site_says(db, nation, made, code, SiteAnswer.AGREED)
    return made


def _to_decide(db: Session, nation: Nation) -> Application:
    made = _to_vote(db, nation)
    votes(db, nation, made, Choice.YES, Choice.YES, Choice.NO)
    return made
