"""Rotation changes the key file and nothing else; cut off anywhere, it leaves a gateway that opens."""

import pytest
from click.testing import CliRunner

from gateway.cli.keys import keys as command
from gateway.db import reading, transaction
from gateway.dicom.uids import ClearUid
from gateway.projects import keys_rotation
from gateway.projects.keys import BadMasterKey, NoKeyFile, WrongKeyFile, data_master
from gateway.projects.keys_file import read_key
from gateway.projects.keys_rotation import check, next_file, rotate
from gateway.projects.models import DataKey, PatientKey
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.governance.cast import MORNING
from tests.projects.keyrings import PATIENT, a_keyed_gateway, a_project_with_a_patient, keys_of

key_file = pytest.fixture(autouse=True)(a_keyed_gateway)


class PowerCut(Exception):
    """The machine stops here."""


def released(project: str) -> tuple[str, str]:
    keys = keys_of(project)
    return keys.uid(ClearUid("1.2.3")), keys.pseudonym("patient", PATIENT)


def test_a_rotation_changes_no_pseudonym_and_no_uid(key_file):
    project = a_project_with_a_patient()
    before, old = released(project), read_key(key_file)
    done = rotate(by=SYSTEM, now=MORNING)
    assert (done.former, done.present) == (old.id, read_key(key_file).id)
    assert done.former != done.present
    assert released(project) == before
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_after_a_rotation_the_former_key_opens_nothing(key_file):
    a_project_with_a_patient()
    old = key_file.read_bytes()
    rotate(by=SYSTEM, now=MORNING)
    key_file.write_bytes(old)
    with reading() as db, pytest.raises(WrongKeyFile):
        data_master(db)
    with pytest.raises(WrongKeyFile):
        rotate(by=SYSTEM, now=MORNING)
    assert key_file.read_bytes() == old


def test_a_rotation_is_on_the_trail_without_a_key(key_file):
    a_project_with_a_patient()
    rotate(by=SYSTEM, now=MORNING)
    with reading() as db:
        events = db.query(Event).filter(Event.action.like("keys.%")).order_by(Event.seq).all()
        assert [each.action for each in events] == ["keys.rotated", "keys.retired"]
        told = "".join(each.body for each in events)
    assert key_file.read_text().strip() not in told


@pytest.mark.parametrize("cut", ["write_key", "add_data_key", "record", "replace_key", "_retire_all_but"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_rotation_that_is_cut_off_leaves_all_readable_and_can_be_finished(monkeypatch, key_file, cut, after):
    project = a_project_with_a_patient()
    before = released(project)
    step = getattr(keys_rotation, cut)

    def stop(*args, **named):
        if after:
            step(*args, **named)
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(keys_rotation, cut, stop)
        with pytest.raises(PowerCut):
            rotate(by=SYSTEM, now=MORNING)
    assert released(project) == before
    rotate(by=SYSTEM, now=MORNING)
    assert released(project) == before
    assert not next_file().exists()
    with reading() as db:
        assert [each.kek_id for each in db.query(DataKey)] == [read_key(key_file).id]
        assert not check(db).unfinished


def test_a_rotation_without_a_key_file_makes_none(key_file):
    a_project_with_a_patient()
    key_file.unlink()
    with pytest.raises(NoKeyFile):
        rotate(by=SYSTEM, now=MORNING)
    assert list(key_file.parent.glob("master.key*")) == []


def test_the_check_finds_a_patient_key_that_does_not_open():
    a_project_with_a_patient()
    with reading() as db:
        assert (check(db).patients, check(db).forgotten, check(db).unfinished) == (1, 0, False)
    with transaction() as db:
        db.query(PatientKey).one().wrapped = bytes(40)
    with reading() as db, pytest.raises(BadMasterKey):
        check(db)


def test_the_command_line_rotates_and_checks(key_file):
    a_project_with_a_patient()
    old = read_key(key_file).id
    told = CliRunner().invoke(command, ["rotate"], catch_exceptions=False).output
    assert old in told
    assert read_key(key_file).id in told
    assert key_file.read_text().strip() not in told
    found = CliRunner().invoke(command, ["check"], catch_exceptions=False).output
    assert "1 patient keys open, 0 are destroyed" in found
