"""A steward's answer to a certificate, as the pages and the API send it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.people.models import Account
from gateway.projects import training
from gateway.projects.models import Certificate


def check(db: Session, *, by: Account, certificate_id: str, values: Mapping[str, Any], now: datetime) -> Certificate:
    """Do what `CheckSchema` gave. Raises NoSuchCertificate, NotYours, MovedOn, Invalid."""
    found = training.certificate(db, certificate_id)
    match values["verdict"]:
        case "accept":
            training.accept(db, by=by, certificate=found, now=now)
        case "refuse":
            training.refuse(db, by=by, certificate=found, remark=values["remark"], now=now)
        case _:
            training.withdraw(db, by=by, certificate=found, remark=values["remark"], now=now)
    return found
