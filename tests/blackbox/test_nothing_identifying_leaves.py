"""Over HTTP, as a client sees it: all that a release serves, searched for every planted identifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from typing import Any

import httpx
import pydicom
import pytest

from tests.blackbox.leaks import Leak, LeakHunter
from tests.conftest import Demo


@dataclass(frozen=True, slots=True)
class Answer:
    """One response and what was asked for."""

    url: str
    status: int
    head: bytes
    body: bytes
    type: str


def ask(client: httpx.Client, url: str, accept: str = "*/*") -> Answer:
    got = client.get(url, headers={"Accept": accept})
    head = "\n".join(f"{k}: {v}" for k, v in got.headers.items()).encode()
    return Answer(url, got.status_code, head, got.content, got.headers.get("content-type", ""))


def value(item: dict[str, Any], tag: str) -> Any:
    return item[tag]["Value"][0]


@pytest.fixture(scope="module")
def answers(demo: Demo) -> list[Answer]:
    """Every response of the release: searches, metadata, instances, frames, pictures, pages."""
    root = demo.described["release"]["dicomweb_url"].removeprefix(demo.base_url)
    with demo.client(demo.described["release"]["token"]) as client:
        return list(served(client, root.rstrip("/")))


def served(client: httpx.Client, root: str) -> Iterator[Answer]:
    for level in ("studies", "series", "instances"):
        yield ask(client, f"{root}/{level}?includefield=all&limit=10000", "application/dicom+json")
    for item in client.get(f"{root}/instances?limit=10000").json():
        study, series, sop = (value(item, tag) for tag in ("0020000D", "0020000E", "00080018"))
        here = f"{root}/studies/{study}/series/{series}/instances/{sop}"
        yield ask(client, f"{here}/metadata", "application/dicom+json")
        yield ask(client, here, "application/dicom")
        yield ask(client, f"{here}/rendered", "image/jpeg")
        yield ask(client, f"{here}/thumbnail", "image/jpeg")
        frames = int(value(item, "00280008")) if "00280008" in item else 1
        for number in sorted({1, (frames + 1) // 2, frames}):
            yield ask(client, f"{here}/frames/{number}", "application/octet-stream; transfer-syntax=*")
            yield ask(client, f"{here}/frames/{number}/rendered", "image/jpeg")
    for item in client.get(f"{root}/series?limit=10000").json():
        study, series = value(item, "0020000D"), value(item, "0020000E")
        here = f"{root}/studies/{study}/series/{series}"
        yield ask(client, f"{here}/metadata", "application/dicom+json")
        yield ask(client, f"{here}/metadata", 'multipart/related; type="application/dicom+xml"')
        yield ask(client, f"{here}/rendered?viewport=256,256&iccprofile=yes", "image/*")
        yield ask(client, f"{here}/thumbnail", "image/png")
        yield ask(client, f"{here}/bulkdata")
        yield ask(client, here)
        yield ask(client, f"{here}/instances", "application/dicom+json")
    yield ask(client, f"{root}/download.tar")
    yield ask(client, f"{root}/download.zip")


def parts(answer: Answer) -> list[bytes]:
    """The DICOM files in an answer, whether it is one or a multipart message."""
    message = Message()
    message["content-type"] = answer.type
    boundary = message.get_param("boundary")
    if not answer.type.startswith("multipart/"):
        return [answer.body]
    pieces = answer.body.split(b"--" + str(boundary).encode())[1:-1]
    return [piece.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for piece in pieces]


def instances(answers: list[Answer]) -> list[tuple[Answer, pydicom.Dataset]]:
    files = [a for a in answers if a.url.rsplit("/", 2)[-2] == "instances" and a.status == 200]
    return [(a, pydicom.dcmread(BytesIO(part), force=True)) for a in files for part in parts(a)]


def test_the_crawl_has_seen_a_whole_release(answers: list[Answer]) -> None:
    served_well = [a for a in answers if a.status == 200]
    assert len(served_well) > 50
    assert len(instances(answers)) >= 8


def test_no_planted_identifier_is_in_any_answer(demo: Demo, answers: list[Answer]) -> None:
    hunter = LeakHunter(demo.described["planted"])
    leaks: list[Leak] = []
    for answer in answers:
        leaks += hunter.hunt(answer.url, answer.head + b"\n" + answer.body)
    assert leaks == []


def test_no_planted_identifier_is_on_any_page(demo: Demo) -> None:
    hunter = LeakHunter(demo.described["planted"])
    release = demo.described["release"]["id"]
    with demo.client(demo.account("researcher")["token"]) as client:
        pages = ["/", "/datasets", "/applications", "/projects", "/register", f"/releases/{release}"]
        pages += [f"/releases/{release}/connect", "/api/v1/datasets", "/api/v1/releases", "/api/openapi.json"]
        bodies = {page: client.get(page).content for page in pages}
    assert [leak for page, body in bodies.items() for leak in hunter.hunt(page, body)] == []


def test_the_hunter_would_have_found_them_in_the_archive(demo: Demo) -> None:
    hunter = LeakHunter(demo.described["planted"])
    found: set[str] = set()
    for path in sorted(demo.directory.joinpath("archive").rglob("*")):
        if path.is_file():
            found |= {leak.planted for leak in hunter.hunt(path.name, path.read_bytes())}
    in_headers = [text for text in demo.described["planted"] if text in found]
    assert len(in_headers) > 0.9 * len(demo.described["planted"])


def test_uids_are_consistent_in_all_instances(answers: list[Answer]) -> None:
    datasets = [dataset for _, dataset in instances(answers)]
    known = {str(d.SOPInstanceUID) for d in datasets}
    for answer, dataset in instances(answers):
        assert str(dataset.StudyInstanceUID) in answer.url
        assert str(dataset.SeriesInstanceUID) in answer.url
        assert str(dataset.SOPInstanceUID) in answer.url
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert len(known) == len(datasets)
    for series in {str(d.SeriesInstanceUID) for d in datasets}:
        levels = [d for d in datasets if d.SeriesInstanceUID == series and "FrameOfReferenceUID" in d]
        assert len({str(d.FrameOfReferenceUID) for d in levels}) <= 1


def test_frames_are_byte_identical_to_the_source(demo: Demo, answers: list[Answer]) -> None:
    sources = [path.read_bytes() for path in sorted(demo.directory.joinpath("archive").rglob("*")) if path.is_file()]
    frames = [a for a in answers if "/frames/" in a.url and not a.url.endswith("/rendered") and a.status == 200]
    redacted = [str(d.SOPInstanceUID) for _, d in instances(answers) if "DerivationDescription" in d]
    assert redacted  # the ultrasound, whose burnt-in names were taken out, and what people have decided on since
    frames = [a for a in frames if not any(uid in a.url for uid in redacted)]
    assert len(frames) > 20
    for answer in frames:
        (frame,) = parts(answer)
        assert len(frame) > 100
        assert any(frame in source for source in sources), answer.url
