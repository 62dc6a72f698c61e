"""Building a release in three steps, each of many short transactions: nobody waits for it, and a crash loses little.

    listing   the list is frozen, with its UIDs; who has said no and what the pixel rules forbid is withheld
    checking  what was seen in the pixels, and one trial of every header, band by band
    sealed    who has said no meanwhile is withheld too; only now the release can be read (visits.py, slide.py)

Whoever builds again goes on where the former builder was. Never build inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.db import reading, transaction
from gateway.deid.plan import load_plan
from gateway.pixels.rules import load_rules
from gateway.projects.blocking import nobody_is_blocked
from gateway.projects.grants import AlreadyRevoked
from gateway.projects.keys import data_master
from gateway.projects.keys_patient import key_ring
from gateway.projects.models import Grant
from gateway.release import commands, queries
from gateway.release.bands import BAND, Desk, unwritten
from gateway.release.consents import as_of, consents, when_built
from gateway.release.deciding import Decider
from gateway.release.listing import PORTION, Lister
from gateway.release.models import CHECKING, LISTING, SEALED, ManifestEntry, Release
from gateway.settings import current
from gateway.trail.record import Actor

Progress = Callable[[str, int, int], None]  # the state, images done in it, and images in all as far as is known


def build(*, by: Actor, grant_id: str, now: datetime, progress: Progress = lambda *_: None) -> Release:
    """The release of a grant; the one that is there already if it was built before.

    Raises UnknownPolicy or BadRecipe for a policy that cannot be used, AlreadyRevoked for a dead grant, NotFound,
    Blocked while somebody on the project may not have one of the datasets.
    """
    rules = load_rules(current().policies_dir)
    with transaction() as db:
        grant = queries.grant_named(db, grant_id)
        datasets = grant.dataset_ids
        plan = load_plan(current().policies_dir, grant.deid_policy)
        release = commands.begin(db, grant=grant, plan=plan, rules=rules, now=now)
        if release.state != SEALED:
            nobody_is_blocked(db, project_id=grant.project_id, datasets=datasets, now=now)
    if release.state == SEALED:
        return release
    with reading() as db:
        desk = Desk(release.id, Decider(plan, rules), key_ring(db, release.project_id), consents(data_master(db), now))
    if not desk.is_under_the_policies_of(release):
        _begin_again(desk, now)
    _list(desk, datasets, progress)
    while True:
        _check(desk, grant, progress)
        desk = _withhold_withdrawn(desk)
        with transaction() as db:
            release = desk.release(db)
            if commands.seal(db, by=by, release=release, now=now):
                return release


def _begin_again(desk: Desk, now: datetime) -> None:
    """Throw away a list that nobody has seen: its policies have changed since."""
    here = ManifestEntry.release_id == desk.release_id
    plan, rules = desk.decider.plan, desk.decider.rules
    while True:
        with transaction() as db:
            release = db.get_one(Release, desk.release_id)
            if commands.begin_again(db, release=release, plan=plan, rules=rules, now=now):
                return
            uids = list(db.scalars(select(ManifestEntry.uid).where(here).limit(PORTION)))
            db.execute(delete(ManifestEntry).where(here, ManifestEntry.uid.in_(uids)))


def _list(desk: Desk, datasets: Sequence[str], progress: Progress) -> None:
    with reading() as db:
        if db.get_one(Release, desk.release_id).state != LISTING:
            return
    Lister(desk, datasets).write(lambda listed: progress(LISTING, listed, listed))
    with transaction() as db:
        commands.freeze(db, release=db.get_one(Release, desk.release_id))


def _check(desk: Desk, grant: Grant, progress: Progress) -> None:
    """Decide on all that is undecided."""
    at = -1
    while True:
        with reading() as db:
            if db.get_one(Grant, grant.id).revoked_at is not None:
                raise AlreadyRevoked
            release = db.get_one(Release, desk.release_id)
            band = queries.undecided(db, desk.release_id, behind=at, most=BAND)
        progress(CHECKING, release.released + release.withheld, release.listed)
        if not band:
            return
        desk.settle([each.uid for each in band], unwritten)
        at = band[-1].position


def _withhold_withdrawn(desk: Desk) -> Desk:
    """Decide again on what was released of patients who no longer agree, if anything changed since the beginning.

    Gives the desk that knows the consents, and their policy, as they are.
    """
    with reading() as db:
        asked = as_of(db, desk.consents.now)
        if asked == when_built(db.get_one(Release, desk.release_id)):
            return desk
        desk = replace(desk, consents=consents(desk.consents.master, desk.consents.now))
        uids = list(_withdrawn(db, desk))
    for first in range(0, len(uids), BAND):
        desk.settle(uids[first : first + BAND], unwritten)
    with transaction() as db:
        commands.stand(db, release=db.get_one(Release, desk.release_id), asked=asked)
    return desk


def _withdrawn(db: Session, desk: Desk) -> Iterator[str]:
    """Released entries of studies that are refused now."""
    entries = queries.released_of_studies(db, desk.release_id)
    while portion := list(islice(entries, PORTION)):
        studies = {each.study_id: (each.site, each.patient_id) for each in portion}
        refused = desk.consents.refusals(db, studies)
        yield from (each.uid for each in portion if refused[each.study_id])
