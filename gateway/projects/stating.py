"""What a project says to the public about itself: published with each approval, in the words of the application."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.projects.models import Project, Statement
from gateway.trail.record import Actor, record


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are published; empty where nothing was asked or said. See `Statement`."""

    organisation: str = ""
    organisation_kind: str = ""
    aim: str = ""
    benefit: str = ""
    commercial: str = ""
    ethics: str = ""
    need: str = ""
    linkage: str = ""
    setting: str = ""
    access_type: str = ""
    protection: str = ""
    planned_outputs: str = ""
    organisation_id: str = ""
    applicants: str = ""
    accredited: str = ""
    funders: str = ""
    technical_summary: str = ""
    frequency: str = ""
    sublicence: str = ""
    legal_basis_6: str = ""
    legal_basis_9: str = ""


def state(db: Session, *, by: Actor, project: Project, words: Words, now: datetime) -> Statement:
    """Publish these words as what was approved now; earlier ones give way, and the trail tells which changed.

    It also tells by which kind of work and of organisation the project is counted from now on.
    """
    said = project.statement or Statement(project=project)
    before = {name: getattr(said, name) or "" for name in asdict(words)}
    changed = sorted(name for name, text in asdict(words).items() if text != before[name])
    for name in changed:
        setattr(said, name, getattr(words, name))
    said.approved_at = now
    db.add(said)
    db.flush()
    record(
        db,
        action="project.stated",
        actor=by,
        now=now,
        project=project.id,
        subject=project.id,
        detail={"changed": changed, "aim": words.aim, "organisation_kind": words.organisation_kind},
    )
    return said
