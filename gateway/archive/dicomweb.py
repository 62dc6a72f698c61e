"""A DICOMweb service, such as a vendor-neutral archive: `dicomweb+https://host/root` (PS3.18: QIDO-RS and WADO-RS).

WADO-RS gives an instance as a whole, not in ranges, so it is fetched once into a spool (spool.py) and read from there,
while it comes where its length is known; frames that have not come yet are asked for by themselves (growing.py).
A locator is the three UIDs, a version a digest of what the service lists of the instance. Redirects are not followed:
no other host than the archive's is ever asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gateway.archive.access import Access
from gateway.archive.connect import ArchiveError, ObjectRef, same
from gateway.archive.landing import Held, Landing, Target
from gateway.archive.multipart import one_part
from gateway.archive.spool import Spool
from gateway.archive.upstream import (
    CONNECT,
    SILENCE,
    Breaker,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamResting,
    steadily,
    with_patience,
)
from gateway.dicom.source import ByteSource

if TYPE_CHECKING:
    import httpx

PAGE = 200  # results asked for at once
LARGEST_ANSWER = 32 * 1024 * 1024  # bytes of a page of results
UID = re.compile(r"[0-9][0-9.]{0,63}")
JSON_TYPE = "application/dicom+json"
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
AROUND = 64 * 1024  # bytes that may stand around a frame
TOLD = (  # by these a change is noticed
    "00080016", "00080012", "00080013", "00080020", "00080023", "00080033", "00080050", "00100010", "00100020",
    "00100030", "00100040", "00200011", "00200013", "00280008", "00280010", "00280011",
)  # fmt: skip


class DicomwebArchive:
    """Objects are the instances of a service."""

    def __init__(self, root: str, access: Access) -> None:
        self._root = root.rstrip("/")
        self._breaker = Breaker()
        self._spool = Spool(access)
        self._client = _client(access)

    def objects(self) -> Iterator[ObjectRef]:
        """Every instance, by study, series and instance UID; -1 as size. Raises UpstreamFailed, UpstreamResting."""
        for study in sorted(_uid(each, STUDY) for each in self._listed("/studies")):
            for series in sorted(_uid(each, SERIES) for each in self._listed(f"/studies/{study}/series")):
                below = f"/studies/{study}/series/{series}/instances"
                versions = {_uid(each, INSTANCE): _version(each) for each in self._listed(below)}
                for instance, version in sorted(versions.items()):
                    yield ObjectRef(f"{study}/{series}/{instance}", -1, version)

    def open(self, locator: str, version: str = "", size: int = -1) -> ByteSource:
        """One instance, on its way or from the spool. Raises ArchiveError, UpstreamFailed, UpstreamResting."""
        study, series, instance = _uids(locator)
        path = f"/studies/{study}/series/{series}/instances/{instance}"
        now = self.version(locator)
        same(now, version)

        def fetch(landing: Landing) -> None:
            def tried() -> None:
                landing.begin()
                self._part(path, ACCEPT, landing)

            self._breaker.call(lambda: with_patience(tried))

        def ask(frame: int, length: int) -> bytes | None:
            return self._frame(f"{path}/frames/{frame + 1}", length)

        return self._spool.open(f"{self._root} {locator} {now}", fetch, ask, size)

    def _part(self, path: str, accept: str, target: Target) -> None:
        """Write the only part of an answer. Raises UpstreamFailed, ArchiveError."""
        with self._answer(path, accept) as answer:
            kind, ends = answer.headers.get("content-type", ""), _says_its_end(answer)
            one_part(kind, steadily(answer.iter_bytes()), target, ends)

    def _frame(self, path: str, length: int) -> bytes | None:
        """One frame, if the archive gives one of that length. The whole instance is on its way anyhow."""
        held = Held(length + AROUND)
        try:
            self._breaker.call(lambda: self._part(path, FRAMES, held))
        except (ArchiveError, UpstreamFailed, UpstreamResting):
            return None
        return bytes(held.data) if held.length == length else None

    def version(self, locator: str) -> str:
        """What the service lists of the instance now, as a digest. Raises ArchiveError like `open`."""
        study, series, instance = _uids(locator)
        found = self._page(f"/studies/{study}/series/{series}/instances", {"SOPInstanceUID": instance}, 0)
        if len(found) != 1 or _uid(found[0], INSTANCE) != instance:
            raise ArchiveError("the archive no longer has this object")
        return _version(found[0])

    def _listed(self, path: str) -> Iterator[dict[str, Any]]:
        """All results of a search, page by page; a service that ignores `offset` is noticed."""
        offset, last = 0, ""
        while page := self._page(path, {}, offset):
            seen = json.dumps(page[0], sort_keys=True)
            if seen == last:
                raise UpstreamFailed
            last = seen
            yield from page
            offset += len(page)

    def _page(self, path: str, asked: dict[str, str], offset: int) -> list[dict[str, Any]]:
        query = {**asked, "limit": str(PAGE), "offset": str(offset), "includefield": ",".join(TOLD)}

        def tried() -> list[dict[str, Any]]:
            with self._answer(path, JSON_TYPE, query) as answer:
                body = bytearray()
                for piece in steadily(answer.iter_bytes()):
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        raise UpstreamFailed
            try:
                page = json.loads(body) if body else []
            except ValueError:
                raise UpstreamFailed from None
            if not isinstance(page, list) or not all(isinstance(each, dict) for each in page):
                raise UpstreamFailed
            return page

        return self._breaker.call(lambda: with_patience(tried))

    @contextmanager
    def _answer(self, path: str, accept: str, query: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        """A good answer, its body not read yet. Raises UpstreamFailed; ArchiveError if there is no such thing."""
        import httpx

        try:
            with self._client.stream("GET", self._root + path, params=query, headers={"Accept": accept}) as answer:
                if answer.status_code == 404:
                    raise ArchiveError("the archive no longer has this object")
                if answer.status_code in (401, 403):
                    raise UpstreamRefused
                if answer.status_code not in (200, 204):
                    raise UpstreamFailed
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise UpstreamFailed from None  # its text holds the address


def _says_its_end(answer: httpx.Response) -> bool:
    """Whether a body that is cut off can be told from a whole one (RFC 9112 6.3)."""
    chunked = answer.headers.get("transfer-encoding", "").lower().endswith("chunked")
    return chunked or "content-length" in answer.headers


def _client(access: Access) -> httpx.Client:
    import httpx

    auth = httpx.BasicAuth(access.dicomweb_user, access.dicomweb_password) if access.dicomweb_user else None
    headers = {"Authorization": f"Bearer {access.dicomweb_token}"} if access.dicomweb_token else {}
    return httpx.Client(
        timeout=httpx.Timeout(SILENCE, connect=CONNECT), follow_redirects=False, auth=auth, headers=headers,
        trust_env=False,
    )  # fmt: skip


def _uids(locator: str) -> list[str]:
    uids = locator.split("/")
    if len(uids) != 3 or not all(UID.fullmatch(each) for each in uids):
        raise ArchiveError("the archive no longer has this object")
    return uids


def _uid(found: dict[str, Any], tag: str) -> str:
    try:
        value = str(found[tag]["Value"][0])
    except (KeyError, IndexError, TypeError):
        raise UpstreamFailed from None
    if not UID.fullmatch(value):
        raise UpstreamFailed
    return value


def _version(found: dict[str, Any]) -> str:
    told = {tag: found.get(tag) for tag in (STUDY, SERIES, INSTANCE, *TOLD)}
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
