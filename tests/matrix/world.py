"""A gateway in which every route has something to act on: projects, a release, and one application at every stage.

Ada applies and leads, Ben is on the team, Zoe is a stranger; the roles of these three change with the column that is
asked. The reviewers were asked, Kay answers for the site, Helen decides; Nina is somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.catalogue import custodians
from gateway.catalogue.models import Archive, Dataset, Screening, Site
from gateway.db import transaction
from gateway.governance import (
    appealing,
    applying,
    attaching,
    committee,
    deciding,
    handing_over,
    inviting,
    meeting,
    reviewing,
)
from gateway.governance.form import read_form
from gateway.governance.models import Application, Choice, Recommendation, SiteAnswer
from gateway.governance.workflow import read_workflow
from gateway.notices.commands import tell
from gateway.notices.models import Kind
from gateway.people.models import Account
from gateway.people.tokens import issue
from gateway.projects import blocking, closing, commands, conditions, grant_changes, grants, stating
from gateway.projects.agreement import in_force
from gateway.projects.models import Project
from gateway.projects.readiness import NOTHING, Needs, keep
from gateway.release.models import Annotation, DestructionOrder, ManifestEntry, Reidentification, Release
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM
from gateway.trail.sequencer import sequence
from gateway.transparency.commands import raise_concern
from gateway.transparency.meetings import record_minutes
from gateway.transparency.models import Kind as ConcernKind
from gateway.visas.models import Evidence
from gateway.webhooks import commands as webhooks
from tests.governance.cast import a_certificate, all_declare, an_account, good_answers

FORM, NATIONAL = read_form(ROOT / "policies", "research-access"), read_workflow(ROOT / "policies", "national")
GROUPS = {"scientific": ("Sol", "Sue"), "lay": ("Lee", "Lou"), "ethics": ("Tom", "Ruth")}
ROLE_OF = {"scientific": "scientific-reviewer", "lay": "ppie-panel", "ethics": "ethics-reviewer"}
DAY = timedelta(days=1)
Names = dict[str, str]


@dataclass(frozen=True)
class World:
    """Ids by the names that the requests use, and the accounts by name."""

    ids: Names
    people: Names


def people_the_world(moment: datetime) -> World:
    """Fill the gateway that is bound now, and that has Ada's release."""
    with transaction() as db:
        builder = _Builder(db, moment)
        ids = {**builder.applications(), **builder.projects(), **builder.own(), **builder.release()}
        world = World(ids, {each.name: each.id for each in db.query(Account)})
    sequence(now=moment)
    return world


class _Builder:
    """One transaction in which everything is made."""

    def __init__(self, db: Session, moment: datetime) -> None:
        self.db, self.now = db, moment
        self.site = db.scalars(select(Site)).one()
        self.ada = db.query(Account).filter_by(email="ada@example.org").one()
        self.ben, self.nina = an_account(db, "Ben"), an_account(db, "Nina")
        self.zoe, self.helen = an_account(db, "Zoe"), an_account(db, "Helen", "committee-chair")
        self.stella = an_account(db, "Stella", "data-steward")
        self.kay = an_account(db, "Kay", "site-custodian")
        an_account(db, "Kim", "site-custodian")
        custodians.appoint(db, by=SYSTEM, site=self.site, account=self.kay, now=moment)
        self.reviewers = {
            group: [an_account(db, name, ROLE_OF[group]) for name in names] for group, names in GROUPS.items()
        }
        self.voters = [an_account(db, name, "committee-member") for name in ("Mia", "Max", "Moe")]

    # --- applications -----------------------------------------------------------------------------------------

    def applications(self) -> Names:
        """One at each stage, of Ada's, with Ben as co-applicant."""
        draft = self._draft()
        attached = attaching.attach(
            self.db, by=self.ada, application=draft, question="ethics_letter", name="letter.pdf",
            content=b"%PDF-1.4\n%%EOF\n", now=self.now,
        )  # fmt: skip
        invitation, secret = inviting.invite(
            self.db, by=self.ada, application=draft, email="new@example.org", now=self.now
        )
        found = {
            "draft": draft, "submitted": self._submitted(), "reviewed": self._reviewed(), "to_vote": self._to_vote(),
            "to_decide": self._to_decide(), "returned": self._returned(), "again": self._again(),
            "handed": self._handed(), "filed": self._filed(), "rejected": self._rejected(),
            "appealed": self._appealed(), "approved": self._approved(),
        }  # fmt: skip
        ids = {name: each.id for name, each in found.items()} | self._meetings(found["reviewed"])
        ids["filed_attachment"] = found["filed"].attachments[0].id
        return ids | {"attachment": attached.id, "invitation": invitation.id, "secret": secret}

    def _draft(self) -> Application:
        answers = good_answers(datasets=["slides"], team=["ben@example.org"])
        made = applying.start(self.db, by=self.ada, form=FORM, answers=answers, now=self.now)
        _, secret = inviting.invite(self.db, by=self.ada, application=made, email="ben@other.org", now=self.now)
        inviting.accept(self.db, by=self.ben, secret=secret, now=self.now)
        return made

    def _submitted(self) -> Application:
        return self._submit(self._draft())

    def _submit(self, made: Application) -> Application:
        applying.submit(self.db, by=self.ada, application=made, workflow=NATIONAL, now=self.now)
        return all_declare(self.db, made)

    def _reviewed(self) -> Application:
        made = self._submitted()
        reviewing.begin_review(self.db, by=self.stella, application=made, reviewers=self.reviewers, now=self.now)
        return made

    def _to_vote(self) -> Application:
        made = self._reviewed()
        for each in (one for group in self.reviewers.values() for one in group):
            reviewing.recommend(self.db, by=each, application=made, recommendation=Recommendation.APPROVE, now=self.now)
        committee.answer_for_site(
            self.db, by=self.kay, application=made, site_id=self.site.id, answer=SiteAnswer.AGREED, now=self.now
        )
        return made

    def _to_decide(self) -> Application:
        made = self._to_vote()
        for each in self.voters:
            committee.cast_vote(self.db, by=each, application=made, choice=Choice.YES, now=self.now)
        return made

    def _returned(self) -> Application:
        made = self._to_decide()
        deciding.send_back(self.db, by=self.helen, application=made, reasons="More", now=self.now)
        return made

    def _again(self) -> Application:
        returned = self._returned()
        return self._submit(applying.revise(self.db, by=self.ada, application=returned, form=FORM, now=self.now))

    def _filed(self) -> Application:
        """Submitted with a file."""
        made = self._draft()
        attaching.attach(
            self.db, by=self.ada, application=made, question="ethics_letter", name="letter.pdf",
            content=b"%PDF-1.4\n%%EOF\n", now=self.now,
        )  # fmt: skip
        return self._submit(made)

    def _handed(self) -> Application:
        """Ben has been asked to lead it."""
        made = self._submitted()
        told = {"to_id": self.ben.id, "reason": "I am leaving"}
        handing_over.hand_over(self.db, by=self.ada, application=made, now=self.now, **told)
        return made

    def _rejected(self) -> Application:
        made = self._to_decide()
        deciding.reject(self.db, by=self.helen, application=made, reasons="No", now=self.now)
        return made

    def _appealed(self) -> Application:
        made = self._rejected()
        appealing.appeal(self.db, by=self.ada, application=made, grounds="Look again", now=self.now)
        return made

    def _approved(self) -> Application:
        made = self._to_decide()
        deciding.approve(self.db, by=self.helen, application=made, ends=self.now + 90 * DAY, now=self.now)
        return made

    def _meetings(self, talked_about: Application) -> Names:
        """One that lies ahead, and one that has begun."""
        return {
            name: meeting.call(
                self.db, by=self.stella, applications=[talked_about], starts=starts, lasts=60, place="Here",
                now=starts - DAY,
            ).id
            for name, starts in (("meeting", self.now + DAY), ("begun", self.now - timedelta(hours=1)))
        }  # fmt: skip

    # --- projects ---------------------------------------------------------------------------------------------

    def projects(self) -> Names:
        """The release's project, one whose grant rests, and one that is closed."""
        project = self.db.get_one(Project, self.db.scalars(select(Release)).one().project_id)
        commands.add_member(self.db, by=SYSTEM, project=project, account=self.ben, now=self.now)
        stating.state(self.db, by=SYSTEM, project=project, words=stating.Words(aim="To count"), now=self.now)
        conditions.set_conditions(self.db, by=SYSTEM, project=project, texts=["Careful", "Kind"], now=self.now)
        open_one, reported = sorted(project.conditions, key=lambda each: each.text)
        conditions.report_done(self.db, by=self.ada, condition=reported, note="Done", now=self.now)
        concern = raise_concern(
            self.db, by=self.reviewers["lay"][0], project=project, kind=ConcernKind.CONCERN, text="Why?", now=self.now
        )
        record_minutes(self.db, by=self.stella, held_on=self.now.date(), minutes="We met.", now=self.now)
        resting, closed = self._project("Resting"), self._project("Closed")
        grant_changes.suspend(self.db, by=SYSTEM, grant=resting.grants[0], reason="So", now=self.now)
        closing.close(
            self.db, by=self.ada, project=closed, outputs=[], destruction="Wiped", destroyed_on=self.now.date(),
            now=self.now,
        )  # fmt: skip
        to_sign = self._project("To sign", keep(self.db, agreement=in_force(), now=self.now))
        return {
            "project": project.id, "grant": project.grants[0].id, "condition": open_one.id, "reported": reported.id,
            "to_sign": to_sign.id,
            "resting": resting.id, "resting_grant": resting.grants[0].id, "closed": closed.id, "concern": concern.id,
        }  # fmt: skip

    def _project(self, title: str, needs: Needs = NOTHING) -> Project:
        made = commands.begin_project(
            self.db, by=SYSTEM, title=title, lay_title=title, lay_summary="", lead=self.ada, members=[self.ben],
            now=self.now,
        )  # fmt: skip
        dataset = self.db.scalars(select(Dataset)).one()
        grants.issue(
            self.db, by=SYSTEM, project=made, datasets=[dataset.id], starts=self.now, ends=self.now + 30 * DAY,
            deid_policy="pathology-research", needs=needs, now=self.now,
        )  # fmt: skip
        self.db.refresh(made)
        return made

    # --- what is somebody's own, and the rest -------------------------------------------------------------------

    def own(self) -> Names:
        """Ada's token, notice and evidence; a webhook; and who and what else is named."""
        token, _ = issue(self.db, account=self.ada, scope="account", expires=self.now + DAY, now=self.now)
        notice = tell(self.db, to=[self.ada], kind=Kind.ACCESS, text="Hello", href="/projects", now=self.now)[0]
        dataset = self.db.scalars(select(Dataset)).one()
        blocked = blocking.block(
            self.db, by=self.stella, dataset_id=dataset.id, email="far@example.org", reason="So", ends=None,
            now=self.now,
        )  # fmt: skip
        told: dict[str, Any] = dict.fromkeys(("issuer", "iss", "sub", "type", "value", "source"), "x")
        evidence = Evidence(
            account_id=self.ada.id, asserted_at=self.now, expires_at=self.now + DAY, checked_at=self.now, **told
        )
        hook = webhooks.add(self.db, by=SYSTEM, url="https://example.org/hook", types=["grant.issued"], now=self.now)
        self.db.add(evidence)
        self.db.flush()
        return {
            "token": token.id, "notice": notice.id, "evidence": evidence.id, "hook": hook.id,
            "block": blocked.id, "site": self.site.id,
            "archive": self.db.scalars(select(Archive)).one().id,
            "certificate": a_certificate(self.db, self.ada, now=self.now).id, "nina": self.nina.id,
            "ben": self.ben.id, "kay": self.kay.id,
        }  # fmt: skip

    def release(self) -> Names:
        """The release, one instance of it with its slide, a shape that Ada drew, and a question about a pseudonym."""
        release = self.db.scalars(select(Release)).one()
        entry = self.db.scalars(
            select(ManifestEntry).where(ManifestEntry.released).order_by(ManifestEntry.size)
        ).first()
        assert entry is not None
        shape = {"type": "Polygon", "coordinates": [[[1, 1], [9, 1], [9, 9], [1, 1]]]}
        drawn = Annotation(
            release_id=release.id, series_uid=entry.series_uid, made_by=self.ada.id, made_at=self.now, geometry=shape
        )
        asked = Reidentification(
            project_id=release.project_id, pseudonym="A" * 12, reason="patient-asked", asked_by=self.stella.id,
            asked_at=self.now, expires_at=self.now + DAY,
        )  # fmt: skip
        order = DestructionOrder(
            project_id=release.project_id, because="opt-out", made_at=self.now, pseudonym="A" * 12,
            studies=[entry.study_uid], instances=[entry.uid],
        )  # fmt: skip
        self.db.add_all([drawn, asked, order])
        self.db.flush()
        screening = self._to_screen()
        return {
            "release": release.id, "study": entry.study_uid, "series": entry.series_uid, "instance": entry.uid,
            "annotation": drawn.id, "order": order.id, "question": asked.id, "screening": screening.id,
        }  # fmt: skip

    def _to_screen(self) -> Screening:
        """A picture on which the machine, looking once more, was not sure."""
        seen = self.db.scalars(select(Screening).where(Screening.state == "clean")).first()
        assert seen is not None
        found = Screening(
            instance_id=seen.instance_id, version=seen.version, rules_sha256=seen.rules_sha256,
            model_sha256=seen.model_sha256, state="review", screened_at=self.now,
        )  # fmt: skip
        self.db.add(found)
        self.db.flush()
        return found
