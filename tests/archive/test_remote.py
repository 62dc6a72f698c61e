"""A bucket and a DICOMweb service give the same bytes as the folder that filled them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import obstore
import pydicom
import pytest

from gateway.archive.access import Access
from gateway.archive.connect import Archive, ArchiveError, ObjectRef, connect
from gateway.archive.upstream import UpstreamRefused
from gateway.dicom.errors import Truncated
from tests.archive.stores import BUCKET, KEY, ORTHANC, PLUGIN, SECRET, a_bucket, an_orthanc, store_at
from tests.release.builders import an_archive

needs_orthanc = pytest.mark.skipif(ORTHANC is None or not PLUGIN.exists(), reason="Orthanc is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("folder")
    an_archive(root)
    return root


@pytest.fixture(scope="module")
def bucket(folder: Path) -> Iterator[str]:
    with a_bucket(folder) as address:
        yield address


@pytest.fixture(scope="module")
def orthanc(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with an_orthanc(tmp_path_factory.mktemp("orthanc") / "data", folder) as root:
        yield root


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(
        s3_access_key=KEY, s3_secret_key=SECRET, dicomweb_user="gateway", dicomweb_password="a-password",
        spool=tmp_path / "spool",
    )  # fmt: skip


@pytest.fixture(params=["bucket", pytest.param("orthanc", marks=needs_orthanc)])
def archive(request: pytest.FixtureRequest, access: Access) -> Archive:
    address = request.getfixturevalue(request.param)
    if request.param == "bucket":
        return connect(f"s3://{BUCKET}/archive", replace(access, s3_endpoint=address))
    return connect(f"dicomweb+{address}", access)


def whole(archive: Archive, ref: ObjectRef) -> bytes:
    source = archive.open(ref.locator)
    try:
        return b"".join(source.read(at, min(100_000, source.size - at)) for at in range(0, source.size, 100_000))
    finally:
        source.close()


def test_every_object_has_the_bytes_that_were_put_in(archive: Archive, folder: Path) -> None:
    expected = sorted(path.read_bytes() for path in folder.rglob("*.dcm"))
    assert sorted(whole(archive, ref) for ref in archive.objects()) == expected


def test_objects_come_in_the_same_order_with_the_same_versions_each_time(archive: Archive) -> None:
    first, second = list(archive.objects()), list(archive.objects())
    assert first == second
    assert len({ref.locator for ref in first}) == len(first) == 9
    assert all(archive.version(ref.locator) == ref.version for ref in first)


def test_reads_are_exact_anywhere(archive: Archive) -> None:
    ref = next(iter(archive.objects()))
    data, source = whole(archive, ref), archive.open(ref.locator)
    for start, length in ((0, 0), (0, 1), (130, 7), (source.size - 3, 3), (source.size // 2, source.size // 3)):
        assert source.read(start, length) == data[start : start + length]
    for start, length in ((source.size, 1), (-1, 1), (0, source.size + 1)):
        with pytest.raises(Truncated):
            source.read(start, length)
    source.close()


@pytest.mark.parametrize("locator", ["nothing", "1.2/3.4/5.6", "../../etc/passwd", "1.2/3.4", "", "1.2/3.4/5.6?a=b"])
def test_what_is_not_there_is_said_to_be_gone(archive: Archive, locator: str) -> None:
    for ask in (archive.open, archive.version):
        with pytest.raises(ArchiveError):
            ask(locator)


def test_an_object_that_is_replaced_while_it_is_read_is_not_mixed_with_the_old_one(bucket: str, access: Access) -> None:
    obstore.put(store_at(bucket), "changing/one", b"a" * 3_000_000)
    archive = connect(f"s3://{BUCKET}/changing", replace(access, s3_endpoint=bucket))
    (ref,) = archive.objects()
    source = archive.open(ref.locator)
    assert source.read(0, 10) == b"a" * 10
    obstore.put(store_at(bucket), "changing/one", b"b" * 3_000_000)
    with pytest.raises(ArchiveError, match="changed"):
        source.read(2_000_000, 10)
    assert archive.version(ref.locator) != ref.version


@needs_orthanc
def test_a_wrong_password_is_not_an_empty_archive(orthanc: str, access: Access) -> None:
    with pytest.raises(UpstreamRefused, match="credentials"):
        list(connect(f"dicomweb+{orthanc}", replace(access, dicomweb_password="wrong")).objects())


@needs_orthanc
def test_the_spool_is_private_and_bounded(orthanc: str, access: Access, folder: Path, tmp_path: Path) -> None:
    largest = max(path.stat().st_size for path in folder.rglob("*.dcm"))
    archive = connect(f"dicomweb+{orthanc}", replace(access, spool_bytes=2 * largest))
    for ref in archive.objects():
        whole(archive, ref)
        spooled = list((tmp_path / "spool").iterdir())
        assert sum(path.stat().st_size for path in spooled) <= 2 * largest
        assert {path.suffix for path in spooled} == {""}
    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in spooled)


@needs_orthanc
def test_a_changed_header_is_another_version(orthanc: str, access: Access, folder: Path, tmp_path: Path) -> None:
    import httpx

    archive = connect(f"dicomweb+{orthanc}", access)
    before = {ref.locator: ref.version for ref in archive.objects()}
    path = min(folder.rglob("*_label.dcm"))
    dataset = pydicom.dcmread(path)
    dataset.PatientName = "Somebody^Else"
    dataset.save_as(tmp_path / "changed.dcm")
    base, auth = orthanc.removesuffix("/dicom-web"), ("gateway", "a-password")
    found = httpx.post(f"{base}/tools/lookup", content=dataset.SOPInstanceUID, auth=auth).json()
    (known,) = [each["Path"] for each in found if each["Type"] == "Instance"]
    httpx.delete(base + known, auth=auth).raise_for_status()
    httpx.post(f"{base}/instances", content=(tmp_path / "changed.dcm").read_bytes(), auth=auth).raise_for_status()
    after = {ref.locator: ref.version for ref in archive.objects()}
    changed = [locator for locator in before if before[locator] != after.get(locator)]
    assert [each.rsplit("/", 1)[1] for each in changed] == [dataset.SOPInstanceUID]


@pytest.mark.parametrize(
    "uri", ["s3://key:secret@bucket/x", "dicomweb+https://user:word@host/root", "s3:///x", "ftp://x"]
)
def test_an_address_with_a_secret_or_without_a_place_is_refused(uri: str) -> None:
    with pytest.raises(ArchiveError):
        connect(uri)
