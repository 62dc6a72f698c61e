"""What each member of a project has brought of what is asked, in words for its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.projects.models import Project
from gateway.projects.readiness import grants_ahead, signatures, trained_until
from gateway.web.templating import day


def brought(db: Session, project: Project, moment: datetime) -> dict[str, list[str]]:
    """For each member, in words, what they have brought of what is asked."""
    ahead = grants_ahead(db, project.id, moment)
    wanted = {each.agreement_sha256 for each in ahead if each.agreement_sha256}
    kinds = {kind for each in ahead for kind in each.training}
    signed: dict[str, set[str]] = {}
    for each in signatures(db, project.id):
        signed.setdefault(each.account_id, set()).add(each.agreement_sha256)
    ids = [each.account_id for each in project.memberships]
    until = trained_until(db, ids, sorted(kinds))
    return {
        each: [*_signed(wanted, signed.get(each, set())), *_trained(kinds, until.get(each, {}), moment)] for each in ids
    }


def _signed(wanted: set[str], signed: set[str]) -> list[str]:
    return ["agreement signed" if wanted <= signed else "agreement not signed"] if wanted else []


def _trained(kinds: set[str], until: Mapping[str, datetime], moment: datetime) -> list[str]:
    if not kinds:
        return []
    if kinds - set(until):
        return ["training not shown"]
    end = min(until[each] for each in kinds)
    last = day(end - timedelta(seconds=1))
    return [f"trained until {last}" if end > moment else f"training ran out on {last}"]
