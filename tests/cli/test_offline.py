"""Without a gateway nobody looks at pixels, so that only the levels of slides leave, and never a label."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest

from gateway.cli.offline import Job, deidentify_folder
from gateway.deid.keys import ProjectKeys
from gateway.demo.frames import JPEG_422
from gateway.demo.patients import cast
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids
from gateway.settings import ROOT


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """Two levels, a label, an overview, and a thumbnail that claims to be without a label."""
    patient = cast(5, 1)[0]
    spec = SlideSpec(JPEG_422, width=1024, height=768, levels=2)
    folder = tmp_path / "slide"
    write_slide(folder, Case(patient, Uids("A1", patient), "NGH", "Northfield", "A1", "A1", "20260302", spec, 705))
    thumbnail = pydicom.dcmread(folder / "A1_1.dcm")
    thumbnail.ImageType[2], thumbnail.SpecimenLabelInImage = "THUMBNAIL", "NO"
    thumbnail.SOPInstanceUID += ".9"
    thumbnail.save_as(folder / "A1_thumbnail.dcm")
    return folder


@pytest.mark.parametrize("kept", ["", "stand-in", "tissue"])
def test_only_levels_leave_whatever_the_rules_would_do_of_a_screened_picture(
    slide: Path, tmp_path: Path, kept: str
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    rules = policies / "pixels" / "10-whole-slide.toml"
    for flavour in ("LABEL", "OVERVIEW"):
        before = f'flavour = "{flavour}" }}\nrelease = false'
        assert before in rules.read_text()
        if kept:
            after = before.replace("release = false", f'release = true\nafter = "{kept}"')
            rules.write_text(rules.read_text().replace(before, after))
    job = Job(policies, "pathology-research", ProjectKeys(b"a key of thirty-two bytes, or so"), pixels_checked=False)
    done = deidentify_folder(slide, tmp_path / "out", job)
    assert (done.released, done.withheld, done.broken) == (2, 3, 0)
    written = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert [each.ImageType[2] for each in written] == ["VOLUME", "VOLUME"]
