"""Whether a release still stands under the policies that it was built under; their files are read anew each time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.deid.plan import Plan, load_plan
from gateway.errors import Invalid
from gateway.pixels.rules import load_rules
from gateway.projects.queries import grants_running
from gateway.release.errors import PolicyChanged
from gateway.release.models import Release
from gateway.settings import current


def governed(release: Release) -> Plan:
    """The release's plan. Raises PolicyChanged unless both policies read as they did when it was built."""
    return _plan(release.deid_policy, release.deid_sha256, release.pixels_sha256)


def _plan(name: str, deid_sha256: str, pixels_sha256: str) -> Plan:
    policies = current().policies_dir
    try:
        plan, pixels = load_plan(policies, name), load_rules(policies).sha256
    except Invalid:
        raise PolicyChanged from None
    if (plan.sha256, pixels) != (deid_sha256, pixels_sha256):
        raise PolicyChanged
    return plan


def changed(db: Session, now: datetime) -> str:
    """How many releases of running grants are not sent for that, in plain words; empty where none is.

    Indexes: pk_access_grant, uq_data_release_grant_id.
    """
    built = (Release.deid_policy, Release.deid_sha256, Release.pixels_sha256)
    running = [grant.id for grant in grants_running(db, now)]
    asked = select(*built, func.count()).where(Release.grant_id.in_(running)).group_by(*built)
    count = sum(number for *policies, number in db.execute(asked) if _is_changed(*policies))
    return f"policy files have changed since releases were built: {count} not sent until built again" if count else ""


def _is_changed(name: str, deid_sha256: str, pixels_sha256: str) -> bool:
    try:
        _plan(name, deid_sha256, pixels_sha256)
    except PolicyChanged:
        return True
    return False
