"""What a workflow still asks for before a decision: reviews, the answers of sites, votes."""

from __future__ import annotations

from gateway.errors import Conflict
from gateway.governance.guards import NoQuorum, rules_of
from gateway.governance.models import Application, Choice, Review, ReviewState, SiteAnswer, SiteConsent
from gateway.governance.workflow import ReviewGroup


class NoSiteAgreed(Conflict):
    """Every site that was asked declined, so there is nothing to grant."""

    code = "no-site-agreed"
    title = "No site agreed to give its data, so this application cannot be approved"


class NotCarried(Conflict):
    """The committee voted against it, or as much against as for it."""

    code = "not-carried"
    title = "The committee's vote did not carry, so this application cannot be approved"


def in_play(application: Application, group: ReviewGroup) -> list[Review]:
    """Reviewers of the group who were asked and did not step aside."""
    here = [each for each in application.reviews if each.group == group.key]
    return [each for each in here if each.state != ReviewState.STEPPED_ASIDE]


def lacking(application: Application) -> list[ReviewGroup]:
    """Groups in which so many stepped aside that the quorum cannot be reached."""
    return [each for each in rules_of(application).groups if len(in_play(application, each)) < each.quorum]


def reviews_missing(application: Application) -> list[str]:
    """A sentence for each group whose quorum is not in."""
    missing = []
    for group in rules_of(application).groups:
        have = len(application.given_in(group.key))
        if have < group.quorum:
            missing.append(f"{group.title}: {group.quorum} reviews are needed before a decision, and {have} so far.")
    return missing


def sites_waiting(application: Application) -> list[SiteConsent]:
    """Sites that have not answered."""
    return [each for each in application.sites if each.state == SiteAnswer.WAITING]


def votes_open(application: Application) -> bool:
    """Whether the committee votes now: everybody before it has answered."""
    if rules_of(application).ballot is None:
        return False
    return not reviews_missing(application) and not sites_waiting(application)


def missing(application: Application) -> list[str]:
    """What has to come in before a decision, as sentences; empty once the chair may decide."""
    found = reviews_missing(application)
    found += [f"{each.site.name} has not answered yet." for each in sites_waiting(application)]
    ballot, cast = rules_of(application).ballot, len(application.votes)
    if ballot is not None and cast < ballot.quorum:
        found.append(f"{ballot.quorum} votes are needed before a decision, and {cast} so far.")
    return found


def everything_is_in(application: Application) -> None:
    """Nothing that the workflow asks for is missing. Raises NoQuorum with the first thing that is."""
    if found := missing(application):
        raise NoQuorum(found[0])


def tally(application: Application) -> dict[Choice, int]:
    """How many voted for what."""
    return {choice: sum(each.choice == choice for each in application.votes) for choice in Choice}


def carried(application: Application) -> None:
    """More voted yes than no, where there is a vote. Raises NotCarried."""
    if rules_of(application).ballot is None:
        return
    counted = tally(application)
    if counted[Choice.YES] <= counted[Choice.NO]:
        raise NotCarried


def sites_agreed(application: Application) -> set[str] | None:
    """Ids of the sites that agreed; None where the workflow does not ask them. Raises NoSiteAgreed."""
    if not rules_of(application).custodian_role:
        return None
    agreed = {each.site_id for each in application.sites if each.state == SiteAnswer.AGREED}
    if not agreed:
        raise NoSiteAgreed
    return agreed
