"""What goes wrong in the archive while bytes flow cuts the answer, and the record names what was cut."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from gateway import db as database
from gateway.catalogue.models import Instance
from gateway.release.models import ManifestEntry
from tests.release.served import houses
from tests.release.served.houses import House, Reader, a_reader, events
from tests.release.served.test_streams import MEGABYTES, a_download, begun, outcome


def test_a_file_that_is_truncated_while_it_is_sent_leaves_no_body_that_looks_whole(served: House) -> None:
    served.datasets.remove(dataset := houses.a_large_slide(served, "CUT", MEGABYTES))
    reader = a_reader(served, datasets=[dataset])
    path = a_download(served, reader)
    with served.client(reader) as client:
        pieces = begun(client, path)
        received = len(next(pieces))
        os.truncate(served.archive / "CUT" / "large.dcm", 200_000_000)
        with pytest.raises(httpx.RemoteProtocolError):
            received += sum(map(len, pieces))
    assert received < MEGABYTES * 990_000
    told = outcome(reader)
    assert (told["outcome"], str(told["instance"])) == ("aborted", path.rpartition("/")[2])


def files_in_order(house: House, code: str, reader: Reader) -> list[tuple[str, Path]]:
    """(released UID, file) of each member of a download."""
    with database.reading() as db:
        asked = select(ManifestEntry, Instance.locator).join(Instance, Instance.id == ManifestEntry.instance_id)
        asked = asked.where(ManifestEntry.release_id == reader.release.id, ManifestEntry.released)
        found = list(
            db.execute(asked.order_by(ManifestEntry.study_uid, ManifestEntry.series_uid, ManifestEntry.position))
        )
    return [(entry.uid, house.archive / code / locator) for entry, locator in found]


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_a_second_member_that_cannot_be_opened_cuts_the_download_and_is_named(served: House, suffix: str) -> None:
    code = f"SM{suffix[0].upper()}"
    shutil.copytree(served.archive / "NGH", served.archive / code)
    served.datasets.remove(dataset := houses.a_site(served, code, "Two"))
    reader = a_reader(served, datasets=[dataset])
    (first, _), (second, file), *_ = files_in_order(served, code, reader)
    os.utime(file, ns=(1, 1))
    got: list[int] = []
    with served.client(reader) as client, client.stream("GET", f"download.{suffix}") as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):  # fewer bytes than Content-Length said
            got.extend(map(len, answer.iter_raw()))
    assert 0 < sum(got) < int(answer.headers["Content-Length"])
    assert [each.detail["instance"] for each in events(reader.release, "release.read.opened")] == [first]
    (refused,) = events(reader.release, "release.refused")
    assert (refused.detail["instance"], refused.detail["code"]) == (second, "archive-error")
