"""What must be true of every application after every step, whoever tried what: read from the rows, not from guards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from gateway.governance.models import Application, Choice, ReviewState, SiteAnswer, State
from gateway.governance.paperwork import HandOver, Remark
from gateway.governance.states import NEXT
from gateway.governance.workflow import Ballot, ReviewGroup, Sites
from gateway.people.models import Account
from gateway.projects.models import Block


@dataclass
class Remembered:
    """What an application was when it was last looked at."""

    state: str = ""
    lead: str = ""
    team: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    frozen: dict[str, Any] = field(default_factory=dict)


def whoever_is_of_it(db: Session, each: Application) -> set[str]:
    """Ids of all who apply, are named, accepted, or are on the project that is to be changed."""
    named = [one.lower() for one in each.form.answer_for("team", each.answers) or []]
    found = {one.id for one in db.query(Account) if one.email.lower() in named}
    found |= {one.accepted_by_id for one in each.invitations if one.accepted_by_id}
    found |= {one.account_id for one in each.changes.memberships} if each.changes else set()
    return found | {each.applicant_id}


def what_was_said(each: Application) -> Iterator[str]:
    """Ids of those whose review, answer, vote, decision or word on the appeal stands."""
    yield from (one.reviewer_id for one in each.reviews if one.state == ReviewState.GIVEN)
    yield from (one.answered_by_id for one in each.sites if one.answered_by_id)
    yield from (one.account_id for one in each.votes)
    if each.decision is not None:
        yield each.decision.decided_by_id
    if each.appeal is not None and each.appeal.decided_by_id:
        yield each.appeal.decided_by_id


def nobody_judges_their_own(db: Session, each: Application) -> None:
    assert not whoever_is_of_it(db, each) & set(what_was_said(each))


def whoever_has_a_say_declared(each: Application) -> None:
    asked = {each.triaged_by_id, *(one.asked_by_id for one in each.reviews)} - {None}
    said = {*what_was_said(each), *asked}
    assert said <= {one.account_id for one in each.declarations}


def a_conflict_silences(each: Application) -> None:
    conflicted = {one.account_id for one in each.conflicts}
    assert not conflicted & set(what_was_said(each))


def one_part_for_each(each: Application) -> None:
    reviewed = [one.reviewer_id for one in each.reviews]
    assert len(reviewed) == len(set(reviewed))
    given = {one.reviewer_id for one in each.reviews if one.state == ReviewState.GIVEN}
    voted = [one.account_id for one in each.votes]
    assert len(voted) == len(set(voted))
    assert not given & set(voted)
    if each.decision is not None:
        by = each.decision.decided_by_id
        asked = {one.asked_by_id for one in each.reviews} | {each.triaged_by_id}
        assert by not in given | set(voted) | {one.answered_by_id for one in each.sites} | asked


def a_decision_has_its_quorum(each: Application) -> None:
    if each.decision is None:
        assert each.state not in (State.APPROVED, State.APPROVED_WITH_CONDITIONS, State.RETURNED, State.REJECTED)
        return
    assert each.decision.outcome == each.state
    workflow = each.workflow
    assert workflow is not None
    for stage in workflow.between:
        match stage:
            case ReviewGroup():
                assert len(each.given_in(stage.key)) >= stage.quorum
            case Sites():
                assert all(one.state != SiteAnswer.WAITING for one in each.sites)
            case Ballot():
                assert len(each.votes) >= stage.quorum
    if each.state in (State.APPROVED, State.APPROVED_WITH_CONDITIONS):
        counted = [one.choice for one in each.votes]
        assert workflow.ballot is None or counted.count(Choice.YES) > counted.count(Choice.NO)
        assert workflow.sites is None or any(one.state == SiteAnswer.AGREED for one in each.sites)
        assert each.project_id is not None


def no_state_is_skipped(each: Application, before: Remembered) -> None:
    if before.state and before.state != each.state:
        assert State(each.state) in NEXT.get(State(before.state), frozenset())


def handed_over(db: Session, each: Application) -> list[HandOver]:
    accepted = db.query(HandOver).filter_by(application_id=each.id, state="accepted")
    return accepted.order_by(HandOver.proposed_at).all()


def nobody_comes_after_it_was_handed_in_but_a_former_lead(db: Session, each: Application, before: Remembered) -> None:
    former = {one.from_id for one in handed_over(db, each)}
    team = {one.email for one in each.invitations}
    if before.frozen:
        come = {one.accepted_by_id for one in each.invitations if one.email not in before.team}
        assert before.team <= team
        assert come <= former
    before.team = team


def the_lead_changes_from_hand_to_hand(db: Session, each: Application, before: Remembered) -> None:
    """Whoever leads now was asked and accepted; whoever led before is still of it."""
    hands = handed_over(db, each)
    if before.lead and before.lead != each.applicant_id:
        assert (hands[-1].from_id, hands[-1].to_id) == (before.lead, each.applicant_id)
    before.lead = each.applicant_id
    assert {one.from_id for one in hands} <= whoever_is_of_it(db, each)


def a_file_is_as_it_was_or_gone(each: Application, before: Remembered) -> None:
    """What was removed holds nothing, and stays so; nobody who applies removes anything."""
    names = {one.id: one.name for one in each.attachments}
    gone = {one.id for one in each.attachments if one.redacted_at is not None}
    assert all(one.sealed == b"" and one.redacted_because for one in each.attachments if one.id in gone)
    assert before.gone - gone == set() or each.state == State.DRAFT
    assert all(names[one] == name for one, name in before.names.items() if one in names and one not in gone)
    before.names, before.gone = names, gone


def nobody_is_given_what_they_were_blocked_from(db: Session, each: Application) -> None:
    """No grant was issued of a dataset from which somebody on the project was blocked at that moment."""
    for grant in each.project.grants if each.project else ():
        people = {one.account_id for one in each.project.memberships if one.since <= grant.issued_at}
        held = db.query(Block).filter(Block.dataset_id.in_(grant.dataset_ids), Block.made_at < grant.issued_at)
        ends = [[end for end in (one.lifted_at, one.ends_at) if end] for one in held if one.account_id in people]
        assert all(one and min(one) <= grant.issued_at for one in ends)


def remarks_are_of_those_who_handle_it(db: Session, each: Application) -> None:
    by = {one.by_id for one in db.query(Remark).filter_by(application_id=each.id)}
    assert not by & whoever_is_of_it(db, each)


def what_was_handed_in_stays(each: Application, before: Remembered) -> None:
    now = {
        "answers": dict(each.answers),
        "files": sorted((one.question, one.sha256) for one in each.attachments),
        "rules": (each.form_sha256, each.workflow_sha256),
    }
    if before.frozen:
        assert now == before.frozen
    before.frozen = now if each.submitted_at is not None else {}


def all_hold(db: Session, each: Application, before: Remembered) -> None:
    """Every law, of one application."""
    nobody_judges_their_own(db, each)
    a_conflict_silences(each)
    whoever_has_a_say_declared(each)
    one_part_for_each(each)
    a_decision_has_its_quorum(each)
    no_state_is_skipped(each, before)
    the_lead_changes_from_hand_to_hand(db, each, before)
    nobody_comes_after_it_was_handed_in_but_a_former_lead(db, each, before)
    remarks_are_of_those_who_handle_it(db, each)
    nobody_is_given_what_they_were_blocked_from(db, each)
    a_file_is_as_it_was_or_gone(each, before)
    what_was_handed_in_stays(each, before)
    before.state = each.state
