"""Visas: what a person's running grants open, signed for other systems (GA4GH Passport 1.2, AAI profile 1.2).

A visa cannot be called back. So it is good for an hour at most, and whoever relies on it asks for a fresh one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from joserfc import jwt
from sqlalchemy.orm import Session

from gateway.catalogue.models import Dataset
from gateway.errors import Forbidden
from gateway.people.models import Account
from gateway.people.tokens import acting
from gateway.projects.grants import Pass, admit
from gateway.projects.models import Grant
from gateway.projects.queries import running_for
from gateway.settings import current
from gateway.trail.record import record
from gateway.visas.keys import signing_key

GOOD_FOR = timedelta(hours=1)
TYPE = "vnd.ga4gh.visa+jwt"
GRANTS = "ControlledAccessGrants"


def issue(db: Session, *, to: Account, until: datetime, now: datetime) -> Sequence[str]:
    """A visa for each dataset that this account may see now, good until then at the latest; on the record."""
    visas, opened = [], []
    for grant in running_for(db, to.id, now):
        try:
            leave = admit(db, account_id=to.id, grant_id=grant.id, now=now)
        except Forbidden:  # not signed, or not trained: no visa for what one cannot see
            continue
        opened.append(grant.id)
        for dataset_id in grant.dataset_ids:
            dataset = db.get(Dataset, dataset_id)
            if dataset is not None:
                visas.append(_signed(leave, grant, dataset, until=min(until, now + GOOD_FOR), now=now))
    if visas:
        told = {"grants": sorted(opened), "visas": len(visas)}
        record(db, action="visas.issued", actor=acting(to), now=now, subject=to.id, detail=told)
    return visas


def _signed(leave: Pass, grant: Grant, dataset: Dataset, *, until: datetime, now: datetime) -> str:
    key, base = signing_key(), current().base_url.rstrip("/")
    claims = {
        "iss": base,
        "sub": leave.account_id,
        "iat": int(now.timestamp()),
        "exp": int(min(until, leave.ends_at).timestamp()),
        "jti": f"{grant.id}-{dataset.id}-{leave.account_id}-{int(now.timestamp())}",
        "ga4gh_visa_v1": {
            "type": GRANTS,
            "asserted": int(grant.issued_at.timestamp()),
            "value": f"{base}/datasets/{dataset.slug}",
            "source": base,
            "by": "dac",
        },
    }
    header = {"alg": "ES256", "typ": TYPE, "kid": key.kid, "jku": f"{base}/ga4gh/jwks"}
    return jwt.encode(header, claims, key)
