"""Every command of governance and of projects, as somebody may try it: who most likely would, and with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from gateway.catalogue.models import Dataset, Site
from gateway.errors import NotFound
from gateway.governance import (
    appealing,
    applying,
    attaching,
    automatic,
    changing,
    committee,
    deciding,
    handing_over,
    inviting,
    redacting,
    referring,
    remarking,
    reviewing,
)
from gateway.governance.models import Application, Choice, Kind, Recommendation, SiteAnswer
from gateway.governance.paperwork import Audience
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects import blocking, closing, conditions, grant_changes, grants, joining
from gateway.projects.models import Block, Project
from tests.governance.cast import DAY, good_answers, the_form, the_workflow
from tests.governance.national import the_national
from tests.governance.sequences.world import CHAIRS, EVERYBODY, KEEPERS, LETTER, MEMBERS, PDF, REVIEWERS, STEWARDS, TEAM

Thing = TypeVar("Thing")


@dataclass
class Step:
    """One try: who, at which application, when; and chance, for what is chosen on the way."""

    db: Session
    by: Account
    application: Application
    now: datetime
    chance: Random
    secrets: list[str]

    def pick(self, things: Sequence[Thing]) -> Thing:
        """One of these, as chance has it. Raises NotFound where there is none, as a page would."""
        if not things:
            raise NotFound
        return self.chance.choice(things)

    def person(self, names: Sequence[str] = EVERYBODY) -> Account:
        """One of these people."""
        return self.db.query(Account).filter_by(name=self.pick(names)).one()

    @property
    def told(self) -> dict[str, Any]:
        """What every command of governance takes."""
        return {"by": self.by, "application": self.application, "now": self.now}

    @property
    def project(self) -> Project:
        """The project that came of it. Raises NotFound."""
        if self.application.project is None:
            raise NotFound
        return self.application.project


@dataclass(frozen=True)
class Command:
    """How it is tried, by whom rightly, and the event that it writes; none where it writes none.

    `again`: a second time it gives what there is, and writes nothing.
    """

    run: Callable[[Step], Any]
    likely: Sequence[str]
    event: str
    again: bool = False


def _save(at: Step) -> None:
    applying.save(at.db, answers={"need": at.pick(["More", "Less", None])}, **at.told)


def _submit(at: Step) -> None:
    applying.submit(at.db, workflow=at.pick([the_workflow, the_national])(), **at.told)


def _start(at: Step) -> Application:
    answers = good_answers(datasets=["breast", "colon"])
    return applying.start(at.db, by=at.by, form=the_form(), answers=answers, now=at.now)


def _begin(at: Step) -> None:
    groups = at.application.workflow.groups if at.application.workflow else ()
    rightly = {"ethics": ("Tom", "Ruth"), "scientific": ("Sol", "Sue"), "lay": ("Lee", "Lou")}
    wrongly = {"ethics": ("Tom", "Ben"), "scientific": ("Sol", "Sol"), "lay": ("Tom", "Lee")}
    chosen = at.pick([rightly, rightly, rightly, wrongly])
    people = {each.key: [at.person([name]) for name in chosen.get(each.key, ())] for each in groups}
    reviewing.begin_review(at.db, reviewers=people, **at.told)


def _ask(at: Step) -> None:
    reviewing.ask_another(at.db, group=at.pick(["ethics", "lay", "scientific"]), reviewer=at.person(), **at.told)


def _recommend(at: Step) -> None:
    reviewing.recommend(at.db, recommendation=at.pick(list(Recommendation)), **at.told)


def _answer(at: Step) -> None:
    site = at.pick(at.db.query(Site).order_by(Site.code).all())
    answer = at.pick([SiteAnswer.AGREED, SiteAnswer.AGREED, SiteAnswer.DECLINED, SiteAnswer.WAITING])
    committee.answer_for_site(at.db, site_id=site.id, answer=answer, reasons="So", **at.told)


def _approve(at: Step) -> None:
    days, texts = at.pick([30, 30, 30, -3, 400]), at.pick([(), ("Careful",)])
    deciding.approve(at.db, ends=at.now + days * DAY, conditions=texts, **at.told)


def _invite(at: Step) -> None:
    _, secret = inviting.invite(at.db, email=f"{at.pick(EVERYBODY).lower()}@elsewhere.org", **at.told)
    at.secrets.append(secret)


def _hand_over(at: Step) -> None:
    to = at.pick([*at.application.co_applicants, *at.application.co_applicants, at.person()])
    handing_over.hand_over(at.db, to_id=to.id, reason=at.pick(["I am leaving", "I am leaving", " "]), **at.told)


def _remark(at: Step) -> None:
    remarking.remark(at.db, text=at.pick(["Look at page 2", " "]), audience=at.pick(list(Audience)), **at.told)


def _by_itself(at: Step) -> None:
    later = at.now + at.pick([0, 0, 61, 181]) * DAY
    automatic.do_what_is_due(at.db, application=at.application, now=later)


def _refer(at: Step) -> None:
    referring.assign_external_id(at.db, external_id=at.pick(["IRAS 1", "IRAS 2", ""]), **at.told)


def _block(at: Step) -> None:
    dataset = at.pick(at.db.query(Dataset).order_by(Dataset.slug).all()).id
    ends, reason = at.pick([None, None, at.now + DAY]), at.pick(["They shared it", "They shared it", " "])
    told = {"email": at.person(TEAM).email, "dataset_id": dataset, "reason": reason, "ends": ends}
    blocking.block(at.db, by=at.by, now=at.now, **told)


def _lift(at: Step) -> None:
    made = at.pick(at.db.query(Block).order_by(Block.made_at, Block.id).all())
    blocking.lift(at.db, by=at.by, made=made, reason="It was a mistake", now=at.now)


def _redact(at: Step) -> None:
    reason = at.pick(["It names a patient", "It names a patient", " "])
    redacting.redact(at.db, attachment_id=at.pick(at.application.attachments).id, reason=reason, **at.told)


def _attach(at: Step) -> None:
    attaching.attach(at.db, question=LETTER, name="letter.pdf", content=PDF, **at.told)


def _detach(at: Step) -> None:
    attaching.detach(at.db, attachment_id=at.pick(at.application.attachments).id, **at.told)


def _change(at: Step) -> Application:
    kind = at.pick([Kind.AMENDMENT, Kind.RENEWAL])
    return changing.propose_change(at.db, kind=kind, form=the_form(), **at.told)


def _of_grant(command: Callable[..., None], **told: str) -> Callable[[Step], None]:
    def run(at: Step) -> None:
        command(at.db, by=acting(at.by), grant=at.pick(at.project.grants), now=at.now, **told)

    return run


def _resume(at: Step) -> None:
    grant_changes.resume(at.db, by=at.by, grant=at.pick(at.project.grants), now=at.now)


def _of_condition(command: Callable[..., None], **told: str) -> Callable[[Step], None]:
    def run(at: Step) -> None:
        command(at.db, by=at.by, condition=at.pick(at.project.conditions), now=at.now, **told)

    return run


def _put_on(at: Step) -> None:
    joining.put_on(at.db, by=at.by, project=at.project, email=at.person().email, now=at.now)


def _take_off(at: Step) -> None:
    joining.take_off(at.db, by=at.by, project=at.project, account_id=at.person().id, now=at.now)


def _close(at: Step) -> None:
    told = {"outputs": ["A paper"], "destruction": "Wiped", "destroyed_on": (at.now - timedelta(days=1)).date()}
    closing.close(at.db, by=at.by, project=at.project, now=at.now, **told)


ADA, JUDGES = ("Ada",), (*STEWARDS, *REVIEWERS, *KEEPERS, *MEMBERS, *CHAIRS)
COMMANDS = {
    "start": Command(_start, ADA, "application.started"),
    "save": Command(_save, ADA, ""),
    "attach": Command(_attach, ADA, "attachment.added"),
    "detach": Command(_detach, ADA, "attachment.removed"),
    "invite": Command(_invite, ADA, "invitation.made"),
    "take_back": Command(
        lambda at: inviting.take_back(at.db, invitation_id=at.pick(at.application.invitations).id, **at.told),
        ADA,
        "invitation.taken-back",
    ),
    "accept": Command(
        lambda at: inviting.accept(at.db, by=at.by, secret=at.pick(at.secrets), now=at.now),
        EVERYBODY,
        "invitation.accepted",
    ),
    "submit": Command(_submit, ADA, "application.submitted"),
    "withdraw": Command(lambda at: applying.withdraw(at.db, **at.told), ("Ben", "Ada", "Tom"), "application.withdrawn"),
    "revise": Command(
        lambda at: applying.revise(at.db, form=the_form(), **at.told), ADA, "application.started", again=True
    ),
    "hand_over": Command(_hand_over, ("Ada", "Ben", "Priya"), "application.hand-over.asked"),
    "accept_lead": Command(lambda at: handing_over.accept(at.db, **at.told), ("Ben", "Ada"), "application.handed-over"),
    "decline_lead": Command(
        lambda at: handing_over.decline(at.db, **at.told), ("Ben", "Ada"), "application.hand-over.declined"
    ),
    "take_back_lead": Command(
        lambda at: handing_over.take_back(at.db, **at.told), ("Ada", "Priya"), "application.hand-over.taken-back"
    ),
    "by_itself": Command(_by_itself, EVERYBODY, ""),
    "refer": Command(_refer, STEWARDS, "application.external-id.assigned"),
    "block": Command(_block, STEWARDS, "block.made"),
    "lift": Command(_lift, STEWARDS, "block.lifted"),
    "redact": Command(_redact, STEWARDS, "attachment.redacted"),
    "remark": Command(_remark, (*STEWARDS, *CHAIRS, *REVIEWERS), "remark.made"),
    "begin_review": Command(_begin, STEWARDS, "application.in-review"),
    "ask_another": Command(_ask, STEWARDS, "review.asked"),
    "recommend": Command(_recommend, REVIEWERS, "review.given"),
    "step_aside": Command(
        lambda at: reviewing.step_aside(at.db, conflict="A friend", **at.told), REVIEWERS, "conflict.declared"
    ),
    "declare_none": Command(
        lambda at: committee.declare_none(at.db, **at.told), JUDGES, "conflict.none-declared", again=True
    ),
    "declare_conflict": Command(
        lambda at: committee.declare_conflict(at.db, why="My sister", **at.told), JUDGES, "conflict.declared"
    ),
    "answer_for_site": Command(_answer, KEEPERS, "site.answered"),
    "cast_vote": Command(
        lambda at: committee.cast_vote(at.db, choice=at.pick([Choice.YES, Choice.YES, Choice.NO]), **at.told),
        MEMBERS,
        "vote.cast",
    ),
    "approve": Command(_approve, CHAIRS, "application.approved"),
    "send_back": Command(
        lambda at: deciding.send_back(at.db, reasons="More", **at.told), CHAIRS, "application.returned"
    ),
    "reject": Command(lambda at: deciding.reject(at.db, reasons="No", **at.told), CHAIRS, "application.rejected"),
    "appeal": Command(lambda at: appealing.appeal(at.db, grounds="Look again", **at.told), ADA, "appeal.made"),
    "allow": Command(lambda at: appealing.allow(at.db, reasons="So", **at.told), CHAIRS, "appeal.allowed"),
    "dismiss": Command(lambda at: appealing.dismiss(at.db, reasons="So", **at.told), CHAIRS, "appeal.dismissed"),
    "propose_change": Command(_change, ADA, "application.started", again=True),
    "suspend": Command(_of_grant(grant_changes.suspend, reason="So"), STEWARDS, "grant.suspended"),
    "resume": Command(_resume, STEWARDS, "grant.resumed"),
    "revoke": Command(_of_grant(grants.revoke, reason="So"), STEWARDS, "grant.revoked"),
    "put_on": Command(_put_on, STEWARDS, "project.member.added"),
    "take_off": Command(_take_off, ("Ada", "Priya"), "project.member.removed"),
    "report_done": Command(_of_condition(conditions.report_done, note="Done"), ADA, "condition.reported"),
    "accept_condition": Command(_of_condition(conditions.accept), STEWARDS, "condition.done"),
    "send_back_condition": Command(_of_condition(conditions.send_back, remark="More"), STEWARDS, "condition.sent-back"),
    "close": Command(_close, ADA, "project.closed"),
    "check_closure": Command(
        lambda at: closing.check(at.db, by=at.by, project=at.project, now=at.now), STEWARDS, "project.closure.checked"
    ),
}

HANDS = ["hand_over", "accept_lead", "accept_lead", "decline_lead", "take_back_lead"]
BESIDE = ["remark", "refer", "redact", "block", "lift", "lift", "by_itself"]
FITTING = {  # what comes next where an application stands; the more often named the more often done
    "draft": ["save", "attach", "detach", "invite", "take_back", "accept", "submit", "submit", "withdraw", *HANDS],
    "submitted": [*["begin_review", "declare_none"] * 2, "withdraw", "declare_conflict", *BESIDE, *HANDS],
    "in-review": [
        *["recommend", "answer_for_site", "cast_vote"] * 3, "approve", "approve", "send_back", "reject", "declare_none",
        "ask_another", "step_aside", "declare_conflict", "withdraw", *BESIDE, *HANDS,
    ],
    "returned": ["revise", "redact", "hand_over", "accept_lead"],
    "rejected": ["appeal", "remark", "declare_none", "allow", "allow", "dismiss"],
    "withdrawn": ["start"],
}  # fmt: skip
AFTER = [
    "propose_change", "propose_change", "suspend", "resume", "revoke", "put_on", "take_off", "report_done",
    "report_done", "accept_condition", "send_back_condition", "close", "check_closure", *BESIDE,
]  # fmt: skip
