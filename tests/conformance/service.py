"""The service that is looked at: how to ask it, and an image of it to ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import httpx
import pydicom

from tests.conformance.parts import parts
from tests.conformance.verdicts import DoesNotApply, expect

Told = dict[str, Any]
JSON, XML = "application/dicom+json", 'multipart/related; type="application/dicom+xml"'
DICOM, DICOMS = "application/dicom", 'multipart/related; type="application/dicom"'
STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
SOME = 50  # results that are looked at


def first(told: Told, tag: str) -> Any:
    """The first value of an attribute; None if it has none."""
    values = told.get(tag, {}).get("Value") or [None]
    return values[0]


@dataclass(frozen=True, slots=True)
class Image:
    """An instance with pixels: where it is, and its number of frames."""

    study: str
    series: str
    uid: str
    frames: int

    @property
    def of_study(self) -> str:
        """The path of its study."""
        return f"/studies/{self.study}"

    @property
    def of_series(self) -> str:
        """The path of its series."""
        return f"{self.of_study}/series/{self.series}"

    @property
    def path(self) -> str:
        """Its own path."""
        return f"{self.of_series}/instances/{self.uid}"


class Service:
    """A DICOMweb root, and the headers that let the caller in."""

    def __init__(self, root: str, headers: Mapping[str, str]) -> None:
        self.root, self.lets_in = root.rstrip("/"), dict(headers)
        self._client = httpx.Client(timeout=60, headers={"Accept-Encoding": "identity"})

    def ask(self, path: str, accept: str = "", method: str = "GET", **headers: str) -> httpx.Response:
        """Any answer to a request below the root; without `accept` none is sent. `if_match` is If-Match."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = self._client.build_request(method, self.root + path, headers={**self.lets_in, **named})
        del request.headers["Accept"]
        if accept:
            request.headers["Accept"] = accept
        return self._client.send(request)

    def stranger(self, path: str) -> httpx.Response:
        """The answer to who has nothing that lets them in."""
        return self._client.get(self.root + path)

    def get(self, path: str, accept: str = "", **headers: str) -> httpx.Response:
        """A 200. Raises Differs."""
        answer = self.ask(path, accept, **headers)
        expect(answer.status_code == 200, f"{_shown(path)} {accept} gives {answer.status_code}")
        return answer

    def refuses(self, path: str, status: tuple[int, ...], accept: str = "", **headers: str) -> httpx.Response:
        """An answer of one of these statuses. Raises Differs."""
        answer = self.ask(path, accept, **headers)
        expect(answer.status_code in status, f"{_shown(path)} {accept} gives {answer.status_code}, not {status}")
        return answer

    def found(self, path: str) -> list[Told]:
        """Results of a search; none whether the answer is an empty list or has no content. Raises Differs."""
        answer = self.ask(path, JSON)
        expect(answer.status_code in (200, 204), f"{_shown(path)} gives {answer.status_code}")
        results: list[Told] = answer.json() if answer.content else []
        expect(isinstance(results, list), f"{_shown(path)} gives no array")
        return results

    def some(self, level: str, query: str = "") -> list[Told]:
        """Some results of `studies`, `series` or `instances`. Raises DoesNotApply if there are none."""
        results = self.found(f"/{level}?limit={SOME}{query}")
        if not results:
            raise DoesNotApply(f"there are no {level}")
        return results

    def dataset(self, path: str) -> pydicom.Dataset:
        """A whole instance."""
        (part,) = parts(self.get(path, f"{DICOMS}; transfer-syntax=*"))
        return pydicom.dcmread(BytesIO(part.body))

    @cached_property
    def images(self) -> list[Image]:
        """Some instances with pixels, those of the fewest frames but one first."""
        told = self.some("instances", "&includefield=NumberOfFrames&includefield=Rows")
        places = [self._image(each) for each in told]
        found = [each for each in places if each.frames]
        return sorted(found, key=lambda each: (each.frames < 2, each.frames))

    def _image(self, told: Told) -> Image:
        study, series, uid = (str(first(told, tag)) for tag in (STUDY, SERIES, INSTANCE))
        if first(told, "00280010") is None:  # what a search may leave out, metadata tells
            (told,) = self.found(f"/studies/{study}/series/{series}/instances/{uid}/metadata")
        frames = int(first(told, "00280008") or 1) if first(told, "00280010") else 0
        return Image(study, series, uid, frames)

    @property
    def image(self) -> Image:
        """One of them, of several frames if there is one."""
        if not self.images:
            raise DoesNotApply("there are no images")
        return self.images[0]

    def image_of(self, transfer_syntaxes: tuple[str, ...]) -> Image:
        """An image that is encoded in one of these. Raises DoesNotApply if there is none."""
        for each in self.images:
            if self.syntax_of(each) in transfer_syntaxes:
                return each
        raise DoesNotApply("no image is encoded in this way")

    def syntax_of(self, image: Image) -> str:
        """How an instance is encoded, as its file says."""
        if image not in self._syntaxes:
            self._syntaxes[image] = str(self.dataset(image.path).file_meta.TransferSyntaxUID)
        return self._syntaxes[image]

    @cached_property
    def _syntaxes(self) -> dict[Image, str]:
        return {}


def _shown(path: str) -> str:
    """A path without the UIDs in it, which say nothing to a reader."""
    return "/".join("…" if part.replace(".", "").isdigit() and len(part) > 9 else part for part in path.split("/"))
