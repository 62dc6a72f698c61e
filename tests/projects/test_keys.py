"""Project keys come from the master key, and the master key is nobody else's to read."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gateway import settings
from gateway.projects.keys import BadMasterKey, master_key, project_keys


@pytest.fixture(autouse=True)
def own_folder(tmp_path):
    before = settings.current()
    settings.use(replace(before, data_dir=tmp_path, key_file=type(tmp_path)("")))
    yield
    settings.use(before)


def test_the_master_key_is_made_at_first_use_for_its_owner_alone(tmp_path):
    path = tmp_path / "deeper" / "master.key"
    key = master_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert master_key(path) == key
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_key_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "master.key"
    key = master_key(path)
    path.chmod(mode)
    with pytest.raises(BadMasterKey) as refusal:
        master_key(path)
    assert key.hex() not in refusal.value.message


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32])
def test_a_master_key_of_another_form_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "master.key"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(BadMasterKey):
        master_key(path)
    assert path.read_text() == text


def test_two_that_make_the_master_key_at_once_get_one_key(tmp_path):
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: master_key(path), range(64)))
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_project_keeps_its_keys_and_shares_them_with_no_other():
    one, again, other = (project_keys(each) for each in ("project-1", "project-1", "project-2"))
    assert one.pseudonym("patient", "4711") == again.pseudonym("patient", "4711")
    assert one.pseudonym("patient", "4711") != other.pseudonym("patient", "4711")


def test_another_master_key_makes_other_project_keys(tmp_path):
    before = project_keys("project-1").pseudonym("patient", "4711")
    (tmp_path / "master.key").unlink()
    assert project_keys("project-1").pseudonym("patient", "4711") != before
