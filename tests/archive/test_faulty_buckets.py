"""A bucket that goes wrong gives an error, never other bytes, and never sends us to another host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.archive import objects
from gateway.archive.access import Access
from gateway.archive.blocks import PAGE, Pages
from gateway.archive.connect import Archive, ArchiveError, connect
from gateway.archive.upstream import UpstreamFailed, UpstreamRefused
from gateway.dicom.errors import Truncated
from tests.archive.faulty_bucket import CONTENT, FAULTS, KEY, Bucket, a_faulty_bucket


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setattr(objects, "SILENCE", 0.5)
    monkeypatch.setattr(objects, "FIRST_WAIT", 0.01)
    with a_faulty_bucket() as found:
        yield found


def connected(bucket: Bucket) -> Archive:
    return connect("s3://bucket", Access(s3_endpoint=bucket.address, s3_access_key="key", s3_secret_key="secret"))


@pytest.mark.parametrize("fault", FAULTS)
def test_what_comes_in_half_or_wrong_is_refused_and_comes_whole_later(bucket: Bucket, fault: str) -> None:
    source = connected(bucket).open(KEY)
    with a_faulty_bucket("127.0.0.2") as other:
        bucket.fault, bucket.elsewhere = fault, other.address
        with pytest.raises((UpstreamFailed, Truncated)) as told:
            source.read(1000, 5000)
    assert bucket.address.rpartition("/")[2] not in str(told.value)
    bucket.fault = ""
    assert source.read(1000, 5000) == CONTENT[1000:6000]


@pytest.mark.parametrize("key", ["key", ""], ids=["with a key", "with the role of the machine"])
def test_no_request_goes_to_another_host(bucket: Bucket, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-role")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-it")
    access = Access(s3_endpoint=bucket.address, s3_access_key=key, s3_secret_key="secret")
    archive = connect("s3://bucket", access)
    with a_faulty_bucket("127.0.0.2") as other:
        bucket.fault, bucket.elsewhere = "elsewhere", other.address
        for ask in (archive.open, archive.version):
            with pytest.raises(UpstreamFailed):
                ask(KEY)
        with pytest.raises(UpstreamFailed):
            list(archive.objects())
        assert other.heard == []
    assert bucket.heard


def test_a_refused_key_is_said_plainly(bucket: Bucket) -> None:
    bucket.fault = "refused"
    with pytest.raises(UpstreamRefused, match="credentials"):
        connected(bucket).version(KEY)


def test_a_second_reader_asks_for_the_version_and_for_nothing_that_was_read_before(bucket: Bucket) -> None:
    archive = connected(bucket)
    for number in range(3):
        source = archive.open(KEY)
        bucket.heard.clear()
        assert source.read(200_000, 5000) == CONTENT[200_000:205_000]
        assert bucket.heard == ([] if number else ["GET"])
        source.close()


def test_a_frame_is_asked_for_and_not_a_megabyte_and_a_stream_in_few_requests(bucket: Bucket) -> None:
    source = connected(bucket).open(KEY)
    source.read(300_000, 5000)
    assert bucket.lengths[-1] <= 2 * PAGE
    bucket.lengths.clear()
    source = connected(bucket).open(KEY)
    for at in range(0, len(CONTENT), 65536):
        assert source.read(at, min(65536, len(CONTENT) - at)) == CONTENT[at : at + 65536]
    assert len(bucket.lengths) <= 3


def test_opening_one_version_asks_once(bucket: Bucket) -> None:
    archive = connected(bucket)
    version = archive.version(KEY)
    bucket.heard.clear()
    archive.open(KEY, version)
    assert bucket.heard == ["HEAD"]
    with pytest.raises(ArchiveError, match="changed"):
        archive.open(KEY, "another")


def test_pages_stay_within_their_bound() -> None:
    pages = Pages(most=1000)
    for number in range(10):
        pages.put("a", number, bytes(300))
    assert [number for number in range(10) if pages.get("a", number)] == [7, 8, 9]
    assert pages.get("b", 9) is None
