"""Builders for the tests of keys: a gateway's folder with key file and database, and projects in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gateway import settings
from gateway.db import reading, transaction
from gateway.deid.keys import ProjectKeys
from gateway.projects.keys_patient import first_key_ring, key_ring
from tests.governance.cast import MORNING, a_project, an_account, database

SITE, PATIENT = "NGH", "4711-00-PATIENT"


def a_keyed_gateway(tmp_path: Path) -> Iterator[Path]:
    """An empty database, and the place of its key file, of this test alone."""
    before = settings.current()
    for _ in database(tmp_path):
        settings.use(replace(settings.current(), data_dir=tmp_path, key_file=tmp_path / "keys" / "master.key"))
        yield tmp_path / "keys" / "master.key"
    settings.use(before)


def a_project_with_a_patient(name: str = "Ada") -> str:
    """The id of a project in which the patient has a key."""
    with transaction() as db:
        project = a_project(db, lead=an_account(db, name))
        ring = first_key_ring(db, project.id, now=MORNING)
        ring.make(db, [(SITE, PATIENT)], now=MORNING)
        return project.id


def keys_of(project_id: str, *, site: str = SITE, patient: str = PATIENT) -> ProjectKeys:
    """The patient's keys, as the data plane finds them."""
    with reading() as db:
        return key_ring(db, project_id).patient(db, site=site, patient_id=patient)
