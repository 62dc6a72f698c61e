"""A folder as an archive: everything in it, nothing outside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.archive.connect import ArchiveError, connect
from gateway.archive.folder import FolderArchive


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    for name in ("b/2.dcm", "b/1.dcm", "a/x.dcm", "top.dcm"):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "outside").write_bytes(b"secret")
    return made


def locators(root: Path) -> list[str]:
    return [ref.locator for ref in FolderArchive(str(root)).objects()]


def read(root: Path, locator: str) -> bytes:
    source = FolderArchive(str(root)).open(locator)
    try:
        return source.read(0, source.size)
    finally:
        source.close()


def test_objects_come_in_the_same_order_each_time(root: Path) -> None:
    assert locators(root) == ["top.dcm", "a/x.dcm", "b/1.dcm", "b/2.dcm"]


def test_every_object_opens_by_its_locator(root: Path) -> None:
    assert {name: read(root, name) for name in locators(root)} == {name: name.encode() for name in locators(root)}


def test_the_version_changes_with_size_and_with_time(root: Path) -> None:
    archive = FolderArchive(str(root))
    versions = [archive.version("top.dcm")]
    os.utime(root / "top.dcm", ns=(1, 1))
    versions.append(archive.version("top.dcm"))
    (root / "top.dcm").write_bytes(b"longer than before")
    os.utime(root / "top.dcm", ns=(1, 1))
    versions.append(archive.version("top.dcm"))
    assert len(set(versions)) == 3
    assert versions[-1] in [ref.version for ref in archive.objects()]


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    before = locators(root)
    (root / "link.dcm").symlink_to(tmp_path / "outside")
    (root / "folder").symlink_to(tmp_path)
    (root / "loop").symlink_to(root)
    (root / "dangling").symlink_to(root / "nowhere")
    os.mkfifo(root / "pipe")
    assert locators(root) == before
    with pytest.raises(ArchiveError):
        FolderArchive(str(root)).open("link.dcm")


@pytest.mark.parametrize(
    "way", ["../outside", "b/../../outside", "%2e%2e/outside", "/etc/passwd", "", ".", "b", "a\0b"]
)
def test_nothing_outside_is_opened(root: Path, way: str) -> None:
    archive = FolderArchive(str(root))
    for ask in (archive.open, archive.version):
        with pytest.raises(ArchiveError):
            ask(way)


def test_names_of_any_kind_are_told_apart(root: Path) -> None:
    names = [b"100%.dcm", b"a b#c?.dcm", "Ynys Môn.dcm".encode(), b"\xff\xfe.dcm", b"new\nline", b"%41.dcm", b"A.dcm"]
    for name in names:
        (root / os.fsdecode(name)).write_bytes(name)
    found = locators(root)
    assert len(found) == len(names) + 4
    assert {read(root, each) for each in found} >= set(names)
    assert all(each.isascii() for each in found)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        list(FolderArchive(str(tmp_path / "none")).objects())
    with pytest.raises(ArchiveError):
        FolderArchive("")


def test_a_folder_that_cannot_be_listed_stops_the_listing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ArchiveError):
        locators(root)


@pytest.mark.parametrize("form", ["folder:{0}", "folder://{0}", "file://{0}", "{0}"])
def test_a_uri_finds_its_folder(root: Path, form: str) -> None:
    assert len(list(connect(form.format(root)).objects())) == 4


def test_a_folder_name_is_taken_as_it_is(tmp_path: Path) -> None:
    odd = tmp_path / "50% #1?"
    odd.mkdir()
    (odd / "one").write_bytes(b"1")
    assert len(list(connect(f"folder:{odd}").objects())) == 1


def test_an_unknown_kind_of_archive_is_refused() -> None:
    with pytest.raises(ArchiveError, match="ftp"):
        connect("ftp://example.org/x")
