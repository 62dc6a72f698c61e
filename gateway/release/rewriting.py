"""One instance's header under one project's keys: what both building a release and serving it do."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from gateway.catalogue.models import Instance
from gateway.catalogue.sources import open_source
from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan
from gateway.deid.rewrite import rewrite
from gateway.dicom.header import read_header
from gateway.errors import Withheld
from gateway.release import facts


def rewritten(db: Session, instance: Instance, plan: Plan, keys: ProjectKeys) -> tuple[bytes, dict[str, Any], int]:
    """(new front, its metadata as DICOM JSON, where the pixel data start in the source)."""
    source = open_source(db, instance)
    try:
        header = read_header(source)
        if header.pixel is None or header.body is not source:
            raise Withheld("Deflated objects and objects without pixels are not released.")
        front = rewrite(header, plan, keys)
        return front, facts.metadata(facts.parsed(front)), header.pixel.start
    finally:
        source.close()
