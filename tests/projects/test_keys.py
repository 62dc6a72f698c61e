"""The data master opens with its own key file alone, is never made twice, and keeps projects and patients apart."""

from pathlib import Path

import pytest

from gateway.db import engine, reading, transaction
from gateway.dicom.uids import ClearUid
from gateway.projects.keys import BadMasterKey, NoDataKey, NoKeyFile, WrongKeyFile, data_master, first_data_master
from gateway.projects.keys_file import make_key
from gateway.projects.keys_patient import AlreadyForgotten, NoPatientKey, PatientForgotten, first_key_ring
from gateway.projects.models import DataKey, PatientKey
from tests.governance.cast import MORNING
from tests.projects.keyrings import PATIENT, SITE, a_keyed_gateway, a_project_with_a_patient, keys_of

key_file = pytest.fixture(autouse=True)(a_keyed_gateway)
UID = ClearUid("1.2.826.0.1.3680043.10.1")


def everything(project: str, **whose: str) -> tuple[object, ...]:
    keys = keys_of(project, **whose)
    return keys.uid(UID), keys.pseudonym("patient", PATIENT), keys.shift(PATIENT)


def test_a_project_keeps_its_keys():
    project = a_project_with_a_patient()
    assert everything(project) == everything(project)


def test_two_projects_cannot_be_linked():
    one, other = a_project_with_a_patient("Ada"), a_project_with_a_patient("Ben")
    assert everything(one)[0] != everything(other)[0]
    assert everything(one)[1] != everything(other)[1]
    with reading() as db:
        names = db.query(PatientKey.patient).all()
    assert len(set(names)) == 2, "even the rows of one patient differ between projects"


def test_two_patients_and_two_sites_have_keys_of_their_own():
    project = a_project_with_a_patient()
    with transaction() as db:
        ring = first_key_ring(db, project, now=MORNING)
        ring.make(db, [("SGH", PATIENT)], now=MORNING)
        ring.make(db, [(SITE, "4712")], now=MORNING)
    assert len({keys_of(project), keys_of(project, site="SGH"), keys_of(project, patient="4712")}) == 3


def test_the_tables_hold_neither_the_patient_nor_a_key_in_the_clear():
    project = a_project_with_a_patient()
    with reading() as db:
        master = data_master(db)
        rows = [*db.query(DataKey).all(), *db.query(PatientKey).all()]
        told = b"".join(repr(vars(each)).encode() + (each.wrapped or b"") for each in rows)
    assert PATIENT.encode() not in told
    assert master not in told
    assert keys_of(project).secret not in told


def test_the_key_file_alone_and_the_database_alone_open_nothing(key_file):
    a_project_with_a_patient()
    key_file.rename(key_file.with_name("elsewhere"))
    with reading() as db, pytest.raises(NoKeyFile):
        data_master(db)
    make_key(key_file)
    with reading() as db, pytest.raises(WrongKeyFile):
        data_master(db)


def test_a_missing_key_file_is_never_made_anew_for_a_database_that_has_keys(key_file):
    project = a_project_with_a_patient()
    key_file.unlink()
    with transaction() as db, pytest.raises(NoKeyFile, match="backup"):
        first_data_master(db, now=MORNING)
    with pytest.raises(NoKeyFile):
        keys_of(project)
    assert not key_file.exists()


def test_a_key_file_of_another_database_is_refused_by_name(key_file):
    a_project_with_a_patient()
    with reading() as db:
        wanted = db.query(DataKey.kek_id).scalar()
    key_file.unlink()
    other = make_key(key_file)
    with transaction() as db, pytest.raises(WrongKeyFile) as refusal:
        first_data_master(db, now=MORNING)
    assert wanted in refusal.value.message
    assert other.id in refusal.value.message


def test_a_lost_data_key_is_not_replaced_while_patients_have_keys():
    a_project_with_a_patient()
    with transaction() as db:
        db.query(DataKey).delete()
    with transaction() as db, pytest.raises(NoDataKey):
        first_data_master(db, now=MORNING)


@pytest.mark.parametrize("table", [DataKey, PatientKey])
def test_a_wrapped_key_that_was_changed_is_refused(table):
    project = a_project_with_a_patient()
    with transaction() as db:
        row = db.query(table).one()
        row.wrapped = row.wrapped[:-1] + bytes([row.wrapped[-1] ^ 1])
    with pytest.raises(BadMasterKey, match="backup"):
        keys_of(project)


def test_reading_makes_no_key(key_file):
    with reading() as db, pytest.raises(BadMasterKey):
        data_master(db)
    assert not key_file.exists()


def test_a_patient_without_a_key_gets_none_by_being_read():
    project = a_project_with_a_patient()
    with pytest.raises(NoPatientKey):
        keys_of(project, patient="4712")


def test_a_forgotten_patient_never_has_a_key_again():
    project = a_project_with_a_patient()
    with transaction() as db:
        first_key_ring(db, project, now=MORNING).destroy(db, site=SITE, patient_id=PATIENT, now=MORNING)
    with pytest.raises(PatientForgotten):
        keys_of(project)
    with transaction() as db:
        first_key_ring(db, project, now=MORNING).make(db, [(SITE, PATIENT)], now=MORNING)
    with pytest.raises(PatientForgotten):
        keys_of(project)
    with transaction() as db, pytest.raises(AlreadyForgotten):
        first_key_ring(db, project, now=MORNING).destroy(db, site=SITE, patient_id=PATIENT, now=MORNING)
    with reading() as db:
        assert db.query(PatientKey.wrapped).scalar() is None


def test_a_destroyed_key_is_not_left_in_the_pages_of_the_database():
    project = a_project_with_a_patient()
    with reading() as db:
        name = db.query(PatientKey.patient).scalar()
    with transaction() as db:
        ring = first_key_ring(db, project, now=MORNING)
        for number in range(30):
            ring.make(db, [(SITE, f"{number}")], now=MORNING)
        wrapped = db.get(PatientKey, (project, name)).wrapped
    file = Path(engine().url.database)

    def pages():
        with engine().connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        return b"".join(each.read_bytes() for each in file.parent.glob(file.name + "*"))

    assert wrapped in pages()
    with transaction() as db:
        first_key_ring(db, project, now=MORNING).destroy(db, site=SITE, patient_id=PATIENT, now=MORNING)
    assert wrapped not in pages()


def test_who_is_forgotten_before_being_known_never_gets_a_key():
    project = a_project_with_a_patient()
    with transaction() as db:
        first_key_ring(db, project, now=MORNING).destroy(db, site=SITE, patient_id="4712", now=MORNING)
    with transaction() as db:
        first_key_ring(db, project, now=MORNING).make(db, [(SITE, "4712")], now=MORNING)
    with pytest.raises(PatientForgotten):
        keys_of(project, patient="4712")


def test_forgetting_in_one_project_leaves_the_other_alone():
    one, other = a_project_with_a_patient("Ada"), a_project_with_a_patient("Ben")
    before = everything(other)
    with transaction() as db:
        first_key_ring(db, one, now=MORNING).destroy(db, site=SITE, patient_id=PATIENT, now=MORNING)
    assert everything(other) == before
