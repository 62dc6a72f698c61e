"""Whether a release still stands under the policies that it was decided on under; their files are read anew each time.

So it does under the models that looked at its pixels. Where the pixel rules or the models are others, its images are
looked at and decided on anew, by jobs, before anything of it leaves again (refreshing.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.catalogue.seen import looked_with
from gateway.deid.plan import Plan, load_plan
from gateway.errors import Invalid
from gateway.pixels.rules import PixelRules, load_rules
from gateway.projects.queries import grants_running
from gateway.release.errors import BeingBuilt, PolicyChanged
from gateway.release.models import SEALED, Release
from gateway.settings import current


def governed(release: Release) -> Plan:
    """The release's plan. Raises PolicyChanged unless policies and models are those that it was decided on under.

    Raises BeingBuilt before it is sealed.
    """
    if release.state != SEALED:
        raise BeingBuilt
    return _plan(release.deid_policy, release.deid_sha256, release.pixels_sha256, release.model_sha256)


def _plan(name: str, deid_sha256: str, *looked_at_with: str) -> Plan:
    policies = current().policies_dir
    try:
        plan, now = load_plan(policies, name), looked_with(load_rules(policies))
    except Invalid:
        raise PolicyChanged from None
    if (plan.sha256, now) != (deid_sha256, looked_at_with):
        raise PolicyChanged
    return plan


def outdated(release: Release, rules: PixelRules) -> bool:
    """Whether its pixels were decided on under other rules or models, and the rest is as it was, so that it can follow.

    One that is being built does so by being built again. Raises UnknownPolicy, BadRecipe.
    """
    if release.state != SEALED:
        return False
    plan = load_plan(current().policies_dir, release.deid_policy)
    return plan.sha256 == release.deid_sha256 and looked_with(rules) != (release.pixels_sha256, release.model_sha256)


def changed(db: Session, now: datetime) -> str:
    """How many releases of running grants are not sent for that, in plain words; empty where none is.

    Indexes: pk_access_grant, uq_data_release_grant_id.
    """
    built = (Release.deid_policy, Release.deid_sha256, Release.pixels_sha256, Release.model_sha256)
    running = [grant.id for grant in grants_running(db, now)]
    asked = select(*built, func.count()).where(Release.grant_id.in_(running), Release.state == SEALED).group_by(*built)
    count = sum(number for *policies, number in db.execute(asked) if _is_changed(*policies))
    return f"policy files have changed since releases were built: {count} not sent until built again" if count else ""


def _is_changed(name: str, deid_sha256: str, *looked_at_with: str) -> bool:
    try:
        _plan(name, deid_sha256, *looked_at_with)
    except PolicyChanged:
        return True
    return False
