"""The key file is made once, for its owner alone, and never made again over what was there."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.projects.keys_file import BadMasterKey, NoKeyFile, make_key, read_key, rotating_alone


def test_the_key_is_made_for_its_owner_alone(tmp_path):
    path = tmp_path / "deeper" / "master.key"
    key = make_key(path)
    assert len(key.secret) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path) == make_key(path) == key
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "master.key"
    key = make_key(path)
    path.chmod(mode)
    with pytest.raises(BadMasterKey) as refusal:
        read_key(path)
    assert "chmod 600" in refusal.value.message
    assert key.secret.hex() not in refusal.value.message


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32])
def test_a_damaged_key_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "master.key"
    path.touch(0o600)
    path.write_text(text)
    for use in (read_key, make_key):
        with pytest.raises(BadMasterKey, match="backup"):
            use(path)
    assert path.read_text() == text


def test_reading_makes_no_key(tmp_path):
    with pytest.raises(NoKeyFile, match="backup"):
        read_key(tmp_path / "master.key")
    assert os.listdir(tmp_path) == []


def test_two_that_make_the_key_at_once_get_one_key(tmp_path):
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: make_key(path), range(64)))
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["master.key"]


def test_the_name_of_a_key_tells_nothing_of_it(tmp_path):
    one, other = make_key(tmp_path / "one"), make_key(tmp_path / "other")
    assert one.id != other.id
    assert one.id not in one.secret.hex()
    assert one.secret.hex() not in repr(one)


def test_two_rotations_at_once_are_refused(tmp_path):
    path = tmp_path / "master.key"
    with rotating_alone(path), pytest.raises(BadMasterKey), rotating_alone(path):
        pass
