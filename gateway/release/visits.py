"""A visit: one caller at one release, let in by the grant. Every refusal is recorded before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gateway import clock
from gateway.catalogue.models import Archive, Instance
from gateway.db import reading, transaction
from gateway.deid.plan import Plan
from gateway.errors import SlidegateError, Unauthenticated
from gateway.people.access import reader_of
from gateway.people.models import Account
from gateway.people.session import caller
from gateway.people.tokens import acting
from gateway.projects.grants import Pass, admit
from gateway.projects.keys import data_master
from gateway.release import slide
from gateway.release.consents import Asked, Consents, as_of, consents, when_built
from gateway.release.errors import ConsentWithdrawn, NoSuchRelease, NotInRelease
from gateway.release.governing import governed
from gateway.release.models import ManifestEntry, Release
from gateway.release.queries import START, Mark, Member, Page, Place, bare_entries_of, entries, mark_of, members
from gateway.trail.leases import Lease, open_lease
from gateway.trail.reads import How
from gateway.trail.record import Actor, record

PAGE = 256  # entries of a manifest in memory at once


@dataclass(frozen=True, slots=True)
class Visit:
    """Who reads which release, under which pass."""

    pass_: Pass
    release: Release
    actor: Actor
    session: str
    asked: Asked
    plan: Plan

    @property
    def consent_epoch(self) -> int:
        """The epoch of consent at which the visit began."""
        return self.asked.epoch


def enter(release_id: str) -> Visit:
    """Let the caller of this request in.

    Raises Unauthenticated, WrongScope, NoSuchRelease, BeingBuilt, PolicyChanged, or what `admit` raises.
    """
    found = caller()
    if found is None:
        raise Unauthenticated
    actor = acting(found.account)
    with reading() as db:
        release = db.get(Release, release_id)
        if release is None:
            reader_of(release_id)
            raise NoSuchRelease
        with recorded_refusal(actor, release):
            account = reader_of(release_id)
            pass_ = admit(db, account_id=account.id, grant_id=release.grant_id, now=clock.now())
            plan = governed(release)
            asked = as_of(db, clock.now())
    return Visit(pass_, release, actor, found.token_id or found.session_id or "", asked, plan)


def on_behalf(db: Session, release: Release, account: Account, *, session: str) -> Visit:
    """A visit of a member who is not here. Raises BeingBuilt, PolicyChanged, or what `admit` raises."""
    pass_ = admit(db, account_id=account.id, grant_id=release.grant_id, now=clock.now())
    plan = governed(release)
    return Visit(pass_, release, acting(account), session, as_of(db, clock.now()), plan)


@contextmanager
def recorded_refusal(actor: Actor, release: Release, uid: str = "") -> Iterator[None]:
    """Put a refusal raised inside on the record, then let it go on."""
    try:
        yield
    except SlidegateError as refusal:
        detail = {"release": release.id, "grant": release.grant_id, "code": refusal.code, "instance": uid}
        with transaction() as db:
            record(
                db,
                action="release.refused",
                actor=actor,
                now=clock.now(),
                project=release.project_id,
                subject=release.id,
                detail={k: v for k, v in detail.items() if v},
            )
        raise


def find(db: Session, visit: Visit, uid: str) -> ManifestEntry:
    """The released instance of that UID. Raises NotInRelease or ConsentWithdrawn, on the record."""
    release = visit.release
    with recorded_refusal(visit.actor, release):
        entry = db.get(ManifestEntry, (release.id, uid))
        if entry is None or not entry.released:
            raise NotInRelease
    with recorded_refusal(visit.actor, release, entry.uid):
        now = clock.now()
        if as_of(db, now) != when_built(release) and not _consents(db, consents(data_master(db), now), entry):
            raise ConsentWithdrawn
    return entry


def consenting(db: Session, release: Release, found: Sequence[ManifestEntry]) -> list[ManifestEntry]:
    """The entries without those of patients who have said no since the release was built, or whose consent ended."""
    now = clock.now()
    if as_of(db, now) == when_built(release):
        return list(found)
    ready = consents(data_master(db), now)
    return [entry for entry in found if _consents(db, ready, entry)]


def _consents(db: Session, ready: Consents, entry: ManifestEntry) -> bool:
    instance = db.get_one(Instance, entry.instance_id)
    site = db.get_one(Archive, instance.archive_id).site.code
    if instance.series is None:
        return False
    return not ready.refusal(db, instance.series.study, site)


def lease(visit: Visit, entry: ManifestEntry, how: How) -> Lease:
    """A lease on an instance for this visit, durable before this returns."""
    release = visit.release
    return open_lease(
        actor=visit.actor,
        project=release.project_id,
        release=release.id,
        instance=entry.uid,
        grant=release.grant_id,
        how=how,
        now=clock.now(),
        session=visit.session,
        site=entry.site,
        each_frame=visit.plan.each_frame,
    )


@contextmanager
def opened(db: Session, visit: Visit, entry: ManifestEntry) -> Iterator[slide.Slide]:
    """The instance of an entry that `find` gave, open. Raises what keeps it shut, on the record with its name."""
    with ExitStack() as held:
        with recorded_refusal(visit.actor, visit.release, entry.uid):
            found = held.enter_context(slide.opened(db, visit.pass_, visit.release, entry))
        yield found


@contextmanager
def leased(visit: Visit, entry: ManifestEntry, how: How) -> Iterator[Lease]:
    """A lease for the block, which closes it: as aborted if it fails, and what made it fail is on the record."""
    given = lease(visit, entry, how)
    try:
        with recorded_refusal(visit.actor, visit.release, entry.uid):
            yield given
    except BaseException:
        given.close(0, "aborted")
        raise


def below(visit: Visit, place: Place) -> list[ManifestEntry]:
    """The released instances at a place, in order. Raises NotInRelease or ConsentWithdrawn, on the record."""
    with reading() as db:
        if place.instance:
            at_its_place(find(db, visit, place.instance), place, visit)
        found = consenting(db, visit.release, entries(db, visit.release.id, place))
        with recorded_refusal(visit.actor, visit.release):
            if not found:
                raise NotInRelease
    return found


def walk(visit: Visit, place: Place) -> Iterator[ManifestEntry]:
    """The released instances below a place, without their facts: study by study, however many there are."""
    return paged(visit, lambda db, mark: bare_entries_of(db, visit.release.id, Page(place, mark, PAGE)))


def sizes(visit: Visit, place: Place) -> Iterator[Member]:
    """The same instances, in any order, as no more than their names and sizes."""
    if unchanged(visit):
        with reading() as db:
            yield from members(db, visit.release.id, place)
    else:
        for entry in walk(visit, place):
            yield Member(entry.study_uid, entry.series_uid, entry.uid, entry.size, entry.transfer_syntax)


def paged(visit: Visit, fetch: Callable[[Session, Mark], Sequence[ManifestEntry]]) -> Iterator[ManifestEntry]:
    """All entries that `fetch` gives page by page, without those of patients who have said no."""
    mark = START
    while True:
        with reading() as db:
            page = fetch(db, mark)
            found = consenting(db, visit.release, page)
        if not page:
            return
        yield from found
        mark = mark_of(page[-1])


def unchanged(visit: Visit) -> bool:
    """Whether nobody has said no since the release was built, so that its manifest can be taken as it is."""
    return visit.asked == when_built(visit.release)


def at_its_place(entry: ManifestEntry, place: Place, visit: Visit) -> ManifestEntry:
    """The entry, if it lies in that study and series. Raises NotInRelease, on the record."""
    with recorded_refusal(visit.actor, visit.release):
        if (entry.study_uid, entry.series_uid) != (place.study, place.series):
            raise NotInRelease
    return entry


def syntax_of(visit: Visit, uid: str) -> str:
    """The transfer syntax of a released instance. Raises NotInRelease or ConsentWithdrawn, on the record."""
    with reading() as db:
        return find(db, visit, uid).transfer_syntax
