"""What a workflow still asks for before a decision: reviews, the answers of sites, votes."""

from __future__ import annotations

from gateway.errors import Conflict
from gateway.governance.guards import NoQuorum, rules_of
from gateway.governance.models import Application, Choice, Review, ReviewState, SiteAnswer, SiteConsent
from gateway.governance.workflow import Ballot, ReviewGroup, Sites, Stage


class NoSiteAgreed(Conflict):
    """Every site that was asked declined, so there is nothing to grant."""

    code = "no-site-agreed"
    title = "No site agreed to give its data, so this application cannot be approved"


class NotCarried(Conflict):
    """The committee voted against it, or as much against as for it."""

    code = "not-carried"
    title = "The committee's vote did not carry, so this application cannot be approved"


class TooEarly(Conflict):
    """A stage has not begun: something that comes before it is not in."""

    code = "too-early"


def in_play(application: Application, group: ReviewGroup) -> list[Review]:
    """Reviewers of the group who were asked and did not step aside."""
    here = [each for each in application.reviews if each.group == group.key]
    return [each for each in here if each.state != ReviewState.STEPPED_ASIDE]


def lacking(application: Application) -> list[ReviewGroup]:
    """Groups in which so many stepped aside that the quorum cannot be reached."""
    return [each for each in rules_of(application).groups if len(in_play(application, each)) < each.quorum]


def sites_waiting(application: Application) -> list[SiteConsent]:
    """Sites that have not answered."""
    return [each for each in application.sites if each.state == SiteAnswer.WAITING]


def missing_at(application: Application, stage: Stage) -> list[str]:
    """What a stage still waits for, as sentences; empty once it is done."""
    match stage:
        case ReviewGroup():
            need, have = stage.quorum, len(application.given_in(stage.key))
            short = have < need
            return [f"{stage.title}: {need} reviews are needed before a decision, and {have} so far."] if short else []
        case Sites():
            return [f"{each.site.name} has not answered yet." for each in sites_waiting(application)]
        case Ballot():
            need, have = stage.quorum, len(application.votes)
            return [f"{need} votes are needed before a decision, and {have} so far."] if have < need else []
        case _:
            return []


def is_open(application: Application, stage: Stage) -> bool:
    """Whether a stage has begun: whatever comes before it is done."""
    return not any(missing_at(application, each) for each in rules_of(application).before(stage))


def has_begun(application: Application, stage: Stage) -> None:
    """A stage has begun. Raises TooEarly with what has to come in first."""
    for each in rules_of(application).before(stage):
        if found := missing_at(application, each):
            raise TooEarly(found[0])


def missing(application: Application) -> list[str]:
    """What has to come in before a decision, as sentences; empty once the chair may decide."""
    return [words for stage in rules_of(application).between for words in missing_at(application, stage)]


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
    if rules_of(application).sites is None:
        return None
    agreed = {each.site_id for each in application.sites if each.state == SiteAnswer.AGREED}
    if not agreed:
        raise NoSiteAgreed
    return agreed
