"""Deciding on a picture: one word of a person, and what follows once enough of them agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance, Screening
from gateway.catalogue.retrying import due
from gateway.catalogue.seen import FAILED, facts_of, latest, looked_with, stale
from gateway.errors import Conflict, Forbidden, Invalid
from gateway.jobs.models import WorkItem
from gateway.jobs.queries import is_open, newest_of
from gateway.jobs.queue import enqueue
from gateway.people.models import Account
from gateway.people.roles import permissions_of
from gateway.people.tokens import acting
from gateway.pixels.rules import PixelRules, load_rules
from gateway.pixels.screen import REVIEW
from gateway.screening.models import Opinion
from gateway.screening.queries import agreeing, opinions_on
from gateway.settings import current
from gateway.trail.record import Actor, record

PERMISSION, RESCAN = "pixels.review", "screening.rescan"
ACCEPT, REDACT, WITHHOLD = DECISIONS = ("accept", "redact", "withhold")


class NotYourWord(Forbidden):
    """No role for it."""

    code = "pixels-review-not-for-you"
    title = "Only data stewards decide on pictures"


class Superseded(Conflict):
    """Others were faster, the archive sent another object, or the rules have changed."""

    code = "screening-superseded"
    title = "This picture has been decided on already, or has to be looked at anew"


class NotForReview(Conflict):
    """Nobody is asked about it: the machine was sure, people have decided, or a rule withholds all of its kind."""

    code = "not-for-review"
    title = "Only a picture that waits for people can be accepted or redacted; this one can be withheld"


class NothingToSee(Invalid):
    """What could not be decoded, or shows the label too, can only be withheld, or looked at again."""

    code = "nothing-to-see"
    title = "This picture cannot be shown, so it can only be withheld"


def give_opinion(
    db: Session, *, by: Account, screening: Screening, decision: str, boxes: Sequence[Sequence[int]], now: datetime
) -> Opinion:
    """A person's word. The one that makes enough people of one mind is settled by a job.

    Raises NotYourWord, Superseded, NothingToSee, NotForReview.
    """
    if PERMISSION not in permissions_of(by):
        raise NotYourWord
    rules = load_rules(current().policies_dir)
    instance = db.get_one(Instance, screening.instance_id)
    if latest(db, instance, rules) is not screening or _settled(db, screening):
        raise Superseded
    verdict = rules.verdict(facts_of(instance))
    if (screening.state == FAILED or verdict.tissue) and decision != WITHHOLD:
        raise NothingToSee
    if screening.state != REVIEW and decision != WITHHOLD:
        raise NotForReview
    kept = sorted([int(side) for side in box] for box in boxes) if decision == REDACT else []
    opinion = Opinion(screening_id=screening.id, account_id=by.id, decision=decision, boxes=kept, given_at=now)
    db.add(opinion)
    db.flush()
    opinion.settles = len(agreeing(db, opinion)) >= verdict.people
    detail = {"screening": screening.id, "decision": decision, "boxes": len(kept), "settles": opinion.settles}
    record(db, action="pixels.opinion-given", actor=acting(by), now=now, subject=instance.id, detail=detail)
    if opinion.settles:
        enqueue(db, kind="screening.settle", payload={"opinion": opinion.id}, now=now)
    return opinion


def _settled(db: Session, screening: Screening) -> bool:
    return any(each.settles for each in opinions_on(db, screening.id))


def look_again(db: Session, *, by: Actor, now: datetime) -> WorkItem:
    """Have everything looked at that is stale, failed or new, by a job."""
    return _ask(db, by, load_rules(current().policies_dir), now, again=True)


def keep_up(db: Session, *, by: Actor, now: datetime) -> WorkItem | None:
    """Have looked at what is out of date, once under each set of rules and models, and what failed when it is due."""
    rules = load_rules(current().policies_dir)
    if is_open(db, RESCAN):
        return None
    last = newest_of(db, RESCAN)
    asked = last is not None and last.payload.get("with") == list(looked_with(rules))
    if (asked or not stale(db, rules)) and next(due(db, rules, now), None) is None:
        return None
    return _ask(db, by, rules, now, again=False)


def _ask(db: Session, by: Actor, rules: PixelRules, now: datetime, *, again: bool) -> WorkItem:
    record(db, action="pixels.rescan-asked", actor=by, now=now)
    return enqueue(db, kind=RESCAN, payload={"with": list(looked_with(rules)), "again": again}, now=now)
