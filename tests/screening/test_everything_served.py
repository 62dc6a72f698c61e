"""An engine that the gateway has no part in reads all that is served of planted images, in every way there is.

One slide that somebody wrote on and people redacted, one whose label and overview are let out without what names the
patient, and a clip of ultrasound without its text. The same engine reads the names in the archive, and in a gateway
that serves the archive's frames.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gateway import settings as settings_room
from gateway.demo.frames import JPEG_420, JPEG_422
from gateway.demo.patients import cast
from gateway.demo.radiology import write_ultrasound
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids
from gateway.pixels import patch
from gateway.pixels.screen import REVIEW
from gateway.release import deciding, slide
from gateway.release.models import ManifestEntry
from gateway.screening.commands import REDACT
from gateway.settings import ROOT
from tests.people.visitors import an_account
from tests.pixels.tesseract import Pictures, in_download, in_object, needs_tesseract, planted_in, read
from tests.release.builders import SITE, World, a_catalogue, a_gateway, a_release, at, bound_to
from tests.screening.builders import NAME_BOX, do_the_work, seen_in
from tests.screening.test_deciding import says

pytestmark = needs_tesseract
SPECS = (
    SlideSpec(JPEG_422, width=1024, height=768, levels=2, pen=True),
    SlideSpec(JPEG_420, width=512, height=384, levels=1),
)
KINDS = {"VOLUME", "LABEL", "OVERVIEW", "US"}


def the_cases() -> list[Case]:
    """Two slides of two patients."""
    found = []
    for number, (patient, spec) in enumerate(zip(cast(5, len(SPECS)), SPECS, strict=True)):
        accession = f"{SITE}26-52000{number}"
        uids = Uids(accession, patient)
        found.append(Case(patient, uids, SITE, "Northfield", accession, "A1", "20260302", spec, 705 + number))
    return found


def let_out_what_is_ours(policies: Path) -> None:
    """Labels of ours, and the tissue of overviews."""
    path = policies / "pixels" / "10-whole-slide.toml"
    text = path.read_text()
    for flavour, way in (("LABEL", "stand-in"), ("OVERVIEW", "tissue")):
        kept = f'flavour = "{flavour}" }}\nrelease = '
        assert kept + "false" in text
        text = text.replace(kept + "false", f'{kept}true\nafter = "{way}"')
    path.write_text(text)


@pytest.fixture(scope="module")
def planted_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, before = tmp_path_factory.mktemp("planted"), settings_room.current()
    cases = the_cases()
    for case in cases:
        write_slide(root / "archive" / case.accession, case)
    write_ultrasound(root / "archive" / "US", cases[0], count=1)
    (root / "data").mkdir()
    shutil.copytree(ROOT / "policies", root / "data" / "policies")
    let_out_what_is_ours(root / "data" / "policies")
    with bound_to(root / "data"):
        a_catalogue(root / "archive")
        an_account("priya", "data-steward")
        a_release(an_account("ada"))
        written_on = next(each for each in seen_in("SM") if each.state == REVIEW)
        says("priya", written_on, REDACT, NAME_BOX)
        do_the_work()
    settings_room.use(before)
    return root


@pytest.fixture
def planted(tmp_path: Path, planted_template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, planted_template) as made:
        yield made


def names() -> set[str]:
    """All that was planted on the patients whose images these are."""
    cases = the_cases()
    return {text for case in cases for text in (*case.patient.planted, case.accession, case.patient.printed)}


def kind_of(entry: ManifestEntry) -> str:
    return entry.flavour if entry.flavour in KINDS else "US"


def served(world: World) -> Pictures:
    """Every frame of every level as a picture, instances as pictures and thumbnails, and the download of everything."""

    def picture(entry: ManifestEntry, rest: str) -> NDArray[np.uint8]:
        answer = world.get(at(entry, rest), Accept="image/png, image/jpeg;q=0.5")
        assert answer.status_code == 200, answer.text
        return np.asarray(Image.open(BytesIO(answer.data)).convert("RGB"))

    found: Pictures = {}
    for number, entry in enumerate(world.released()):
        ways = ["/rendered", "/thumbnail", *(f"/frames/{each + 1}/rendered" for each in range(entry.frame_count))]
        found |= {f"{kind_of(entry)} {number} {way}": picture(entry, way) for way in ways}
    answer = world.get("/download.tar")
    assert answer.status_code == 200
    return found | in_download(answer.data)


def ways_in(found: list[tuple[str, str]]) -> set[str]:
    """By which ways something was read: as (kind, way) without numbers."""
    return {" ".join(part for part in name.split() if not part.isdigit()) for name, _word in found}


def test_a_second_engine_reads_no_planted_string_on_anything_served(planted: World) -> None:
    assert {kind_of(each) for each in planted.released()} == KINDS
    assert sum(each.flavour == "VOLUME" for each in planted.released()) == 3
    pictures = served(planted)
    assert sum(each.startswith("download") for each in pictures) >= len(planted.released())
    told = read(pictures)
    assert planted_in(told, names()) == []
    assert any("replaced" in text for name, text in told.items() if name.startswith("LABEL")), "it reads what is there"


def test_the_second_engine_reads_the_names_in_the_archive(planted: World) -> None:
    for kind in ("_0.dcm", "label.dcm", "overview.dcm", "US.dcm"):
        for path in planted.archive.rglob(f"*{kind}"):
            pen = the_cases()[0].accession in path.name
            if kind != "_0.dcm" or pen:
                assert planted_in(read(in_object(path.name, path.read_bytes())), names()), path.name


def test_a_gateway_that_skips_redaction_is_found_out_by_it_in_every_way(
    planted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_in_the_archive(*given: Any, **named: Any) -> Any:
        return replace(whole(*given, **named), replaced={})

    whole = slide.rewritten
    for room in (slide, deciding):
        monkeypatch.setattr(room, "rewritten", as_in_the_archive)
    monkeypatch.setattr(patch, "with_offsets", lambda front, *_others: front)
    monkeypatch.setattr(slide, "_cache", slide._Cache(0))
    planted.build_anew()
    pictures = {name: each for name, each in served(planted).items() if "VOLUME" not in name}
    found = ways_in(planted_in(read(pictures), names()))
    frames = {f"{kind} /frames/1/rendered" for kind in ("LABEL", "OVERVIEW", "US")}
    assert frames | {f"{kind} /rendered" for kind in ("LABEL", "OVERVIEW", "US")} <= found
    assert {"LABEL /thumbnail", "download whole", "download frame"} <= found


def test_what_is_read_is_held_against_what_was_planted_however_it_is_set_out() -> None:
    told: Mapping[str, str] = {"a": "xxquillfeatheryy", "b": "quill", "c": "9999338201"}
    assert planted_in(told, ["Quill-Feather^Ann", "999 933 8201", "Mrs"]) == [
        ("a", "quillfeather"),
        ("c", "9999338201"),
    ]
