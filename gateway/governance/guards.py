"""Every rule about who may do what to an application and when, in one place.

Each guard returns nothing, or the proof asked for, or raises with a plain sentence and a code.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.governance.models import Application, Kind, Review, ReviewState, State
from gateway.governance.workflow import Ballot, Workflow
from gateway.people.models import Account
from gateway.projects.models import Project


class NotYours(NotFound):
    """Somebody else's application; whether it exists is not told."""

    code = "application-not-found"
    title = "There is no such application, or it is not yours to see"


class OwnApplication(Forbidden):
    """Nobody judges a project they are part of."""

    code = "own-application"
    title = "You are part of this project, so you cannot review it or decide on it"


class RoleNeeded(Forbidden):
    """The workflow gives this step to another role."""

    code = "role-needed"
    title = "This step belongs to another role"


class WrongState(Conflict):
    """The step does not follow from where the application stands."""

    code = "wrong-state"


class ChangedMeanwhile(Conflict):
    """Somebody else was faster."""

    code = "changed-meanwhile"
    title = "This application has changed since you opened it. Look at it again before you go on"


class AlreadyReviewed(Conflict):
    """One reviewer, one review."""

    code = "already-reviewed"
    title = "You have answered already; a review is given once"


class NotAsked(Forbidden):
    """Only those who were asked review."""

    code = "not-asked-to-review"
    title = "You have not been asked to review this application"


class Conflicted(OwnApplication):
    """Whoever declared a conflict of interest has no say from then on."""

    code = "conflict-of-interest"
    title = "You declared a conflict of interest, so somebody else has to do this"


class NotDeclared(Conflict):
    """Whoever has a say declares first that no interest of their own is in it."""

    code = "declare-interest-first"
    title = "Say first whether you have a conflict of interest in this application"


class NoQuorum(Conflict):
    """Something that the workflow asks for before a decision is not in: a review, a site's answer, a vote."""

    code = "no-quorum"


class ReviewedIt(Forbidden):
    """Whoever recommended does not decide."""

    code = "reviewed-it"
    title = "You reviewed this application, so somebody else has to decide"


class TriagedIt(ReviewedIt):
    """Whoever chose the reviewers does not decide."""

    code = "triaged-it"
    title = "You chose the reviewers of this application, so somebody else has to decide"


class VotedOnIt(ReviewedIt):
    """Whoever voted does not decide as well."""

    code = "voted-on-it"
    title = "You voted on this application, so somebody else has to decide"


class EndNotAllowed(Invalid):
    """Access would end in the past, or too late."""

    code = "end-not-allowed"


class UnfitReviewer(Invalid):
    """Somebody chosen as reviewer cannot be one."""

    code = "unfit-reviewer"


SENTENCES = {
    State.DRAFT: "This application is still a draft",
    State.SUBMITTED: "This application has been submitted and waits for review",
    State.IN_REVIEW: "This application is being reviewed",
    State.APPROVED: "This application has been approved",
    State.APPROVED_WITH_CONDITIONS: "This application has been approved with conditions",
    State.RETURNED: "This application has been returned to the applicant",
    State.REJECTED: "This application has been rejected",
    State.WITHDRAWN: "This application has been withdrawn",
}


def in_state(application: Application, *allowed: State) -> None:
    """The application stands where this step begins; no state is skipped. Raises WrongState."""
    if application.state not in allowed:
        raise WrongState(f"{SENTENCES[State(application.state)]}, so this step is not possible now.")


def as_seen(application: Application, version: int | None) -> None:
    """Nothing happened since the caller looked (None: did not look). Raises ChangedMeanwhile."""
    if version is not None and version != application.version:
        raise ChangedMeanwhile


def is_applicant(application: Application, by: Account) -> None:
    """Only the applicant writes, submits or withdraws. Raises NotYours."""
    if application.applicant_id != by.id:
        raise NotYours


def on_team(application: Application, account: Account) -> bool:
    """Whether the account applies, is named as one who will see the data, or was invited or accepted to be.

    For a change to a project: also whether it is on that project.
    """
    if application.changes is not None and _on(application.changes, account):
        return True
    if any(each.accepted_by_id == account.id for each in application.invitations):
        return True
    return account.id == application.applicant_id or account.email.lower() in application.team_emails


def _on(project: Project, account: Account) -> bool:
    return any(each.account_id == account.id for each in project.memberships)


def not_own(application: Application, by: Account) -> None:
    """Neither the applicant nor anyone on the team judges. Raises OwnApplication."""
    if on_team(application, by):
        raise OwnApplication


def holds_role(account: Account, role: str) -> None:
    """The workflow gives this step to a role. Raises RoleNeeded."""
    if role not in account.role_keys:
        raise RoleNeeded(f"Only a {role.replace('-', ' ')} can do this.")


def rules_of(application: Application) -> Workflow:
    """The rules that the application was submitted under. Raises WrongState for a draft."""
    workflow = application.workflow
    if workflow is None:
        raise WrongState(f"{SENTENCES[State(application.state)]}, so this step is not possible now.")
    return workflow


def no_conflict(application: Application, by: Account) -> None:
    """The account has not declared a conflict of interest. Raises Conflicted."""
    if any(each.account_id == by.id for each in application.conflicts):
        raise Conflicted


def has_declared(application: Application, by: Account) -> None:
    """The account has declared that it has no conflict of interest, under the lead of now. Raises NotDeclared."""
    if not any(
        each.account_id == by.id and each.lead_id == application.applicant_id for each in application.declarations
    ):
        raise NotDeclared


def has_a_part(application: Application, by: Account) -> None:
    """The account holds one of the roles that the workflow names. Raises RoleNeeded."""
    workflow = rules_of(application)
    if not workflow.roles & by.role_keys:
        raise RoleNeeded("Only people whom the workflow gives a part can do this.")


def may_hand_over(application: Application, by: Account) -> None:
    """The lead asks somebody else to lead; for what was submitted a steward may too. Raises NotYours, as may_judge."""
    if application.applicant_id == by.id:
        return
    if application.workflow is None:
        raise NotYours
    is_steward(application, by)


def may_remark(application: Application, by: Account) -> None:
    """The account handles the application. Raises WrongState, OwnApplication, Conflicted, RoleNeeded."""
    has_a_part(application, by)
    not_own(application, by)
    no_conflict(application, by)


def is_steward(application: Application, by: Account) -> None:
    """A steward outside the project, once it was submitted. Raises WrongState, and as may_judge."""
    may_judge(application, by, rules_of(application).triage.role)


def on_the_committee_side(application: Application, account: Account) -> bool:
    """Whether what is said among those who handle it is for this account, which may see the application."""
    conflicted = any(each.account_id == account.id for each in application.conflicts)
    return not conflicted and not on_team(application, account)


def may_judge(application: Application, by: Account, role: str) -> None:
    """Has the role, is not on the team, has no conflict. Raises OwnApplication, Conflicted, RoleNeeded."""
    not_own(application, by)
    no_conflict(application, by)
    holds_role(by, role)


def fit_to_review(application: Application, reviewer: Account, role: str) -> None:
    """The account has the role, is not on the team, was not asked before. Raises UnfitReviewer."""
    if reviewer.closed_at is not None or role not in reviewer.role_keys:
        raise UnfitReviewer(f"Reviewers have to be {role.replace('-', ' ')}s.")
    if on_team(application, reviewer):
        raise UnfitReviewer("Nobody who is part of the project can review it.")
    if any(each.account_id == reviewer.id for each in application.conflicts):
        raise UnfitReviewer("Nobody with a conflict of interest can review it.")
    if any(each.reviewer_id == reviewer.id for each in application.reviews):
        raise UnfitReviewer("Each reviewer is asked once.")
    if reviewer.id in had_a_say_before(application):
        raise UnfitReviewer("After an appeal nobody reviews who had a say in the rejection.")
    if _voted(application, reviewer) and not _may_do_both(application):
        raise UnfitReviewer("Nobody reviews who has voted.")


def _voted(application: Application, account: Account) -> bool:
    return any(each.account_id == account.id for each in application.votes)


def _may_do_both(application: Application) -> bool:
    ballot = rules_of(application).ballot
    return ballot is not None and ballot.may_have_reviewed


def review_waiting(application: Application, by: Account) -> Review:
    """The place that waits for this reviewer. Raises NotAsked or AlreadyReviewed."""
    for review in application.reviews:
        if review.reviewer_id == by.id:
            if review.state != ReviewState.WAITING:
                raise AlreadyReviewed
            return review
    raise NotAsked


def had_a_say(application: Application) -> set[str]:
    """Ids of everybody whose review, vote or decision stands."""
    decided = {application.decision.decided_by_id} if application.decision else set[str]()
    reviewed = {each.reviewer_id for each in application.reviews_given}
    return decided | reviewed | {each.account_id for each in application.votes}


def triagers(application: Application) -> set[str]:
    """Ids of those who chose its reviewers."""
    chose = {application.triaged_by_id} | {each.asked_by_id for each in application.reviews}
    return {each for each in chose if each is not None}


def judges(application: Application) -> set[str]:
    """Ids of all who triaged it, reviewed, answered for a site, voted, decided or heard an appeal, in any round."""
    sites = {each.answered_by_id for each in application.sites if each.answered_by_id}
    heard = application.appeal.decided_by_id if application.appeal else None
    here = triagers(application) | had_a_say(application) | sites | ({heard} if heard else set[str]())
    return here | (judges(application.revises) if application.revises else set())


def had_a_say_before(application: Application) -> set[str]:
    """After an appeal: everybody who had a say in the rejection."""
    before = application.revises
    if application.kind != Kind.APPEAL or before is None:
        return set()
    return had_a_say(before) | had_a_say_before(before)


def may_vote(application: Application, by: Account, ballot: Ballot) -> None:
    """The voter holds the role, has no conflict and, by policy, gave no review. Raises as may_judge, and ReviewedIt."""
    may_judge(application, by, ballot.role)
    if by.id in had_a_say_before(application):
        raise ReviewedIt("You had a say in the rejection, so others vote after the appeal.")
    if not ballot.may_have_reviewed and any(each.reviewer_id == by.id for each in application.reviews_given):
        raise ReviewedIt("You reviewed this application, so others vote on it.")


def may_decide(application: Application, by: Account) -> None:
    """The decider holds the role, is not on the team and, by policy, had no other part: triage, review, site, vote."""
    workflow = rules_of(application)
    may_judge(application, by, workflow.decision.role)
    if by.id in had_a_say_before(application):
        raise ReviewedIt("You had a say in the rejection, so somebody else has to decide after the appeal.")
    if not workflow.decision.may_have_triaged and by.id in triagers(application):
        raise TriagedIt
    if not workflow.decision.may_have_voted and _voted(application, by):
        raise VotedOnIt
    if workflow.decision.may_have_reviewed:
        return
    answered = {each.reviewer_id for each in application.reviews_given}
    if by.id in answered | {each.answered_by_id for each in application.sites}:
        raise ReviewedIt


def end_is_allowed(ends: datetime, *, starts: datetime, workflow: Workflow) -> None:
    """Access ends after it starts, and no later than the policy's longest grant. Raises EndNotAllowed."""
    if ends <= starts:
        raise EndNotAllowed("Access has to end after it starts, in the future.")
    if ends > starts + timedelta(days=workflow.decision.max_days + 1):  # the last day counts to its end
        raise EndNotAllowed(f"Access can last for {workflow.decision.max_days} days at most.")
