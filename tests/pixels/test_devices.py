"""Device rules in deid's filter language: read strictly, meant as deid means them, taken out before anyone looks."""

from __future__ import annotations

import re
from pathlib import Path

import deid
import pydicom
import pytest
from deid.config import DeidRecipe
from deid.dicom.pixels.detect import _has_burned_pixels_single
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset

from gateway.pixels.boxes import Box, without
from gateway.pixels.devices import BadDeviceRules, parse_devices, verdict
from gateway.pixels.rules import load_rules
from gateway.settings import ROOT

SHIPPED = Path(deid.__file__).parent / "data" / "deid.dicom"
SLIPS = re.compile(r"\b(Manfacturer|Manufacture)\b")
FILTERS = SLIPS.sub("Manufacturer", SHIPPED.read_text().partition("%header")[0])
US = """
%filter graylist
LABEL all of it
  coordinates all
LABEL but its regions
  present SequenceOfUltrasoundRegions
  keepcoordinates from:SequenceOfUltrasoundRegions
"""


def a_dataset(**told: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    return dataset


def a_region(left: int, top: int, right: int, bottom: int) -> Dataset:
    return a_dataset(
        RegionLocationMinX0=left, RegionLocationMinY0=top, RegionLocationMaxX1=right, RegionLocationMaxY1=bottom
    )


def test_the_rules_that_deid_ships_can_be_read() -> None:
    assert len(parse_devices(FILTERS)) == sum(map(len, DeidRecipe().get_filters().values()))


def test_a_slip_in_them_that_deid_passes_over_is_found() -> None:
    with pytest.raises(BadDeviceRules, match="'Manfacturer' is no attribute of the standard"):
        parse_devices(SHIPPED.read_text().partition("%header")[0])


IMAGES = [
    {"Modality": "CT", "Manufacturer": "GE MEDICAL", "Rows": 512, "Columns": 512, "BurnedInAnnotation": "YES",
     "ImageType": ["DERIVED", "SECONDARY", "VOLREN"]},
    {"Modality": "CT", "ManufacturerModelName": "LightSpeed VCT", "SeriesDescription": "Dose Report"},
    {"Modality": "CT", "ManufacturerModelName": "LightSpeed VCT", "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    {"Modality": "CT", "ManufacturerModelName": "SOMATOM Definition AS+", "ImageType": ["ORIGINAL", "OTHER"]},
    {"Modality": "US", "Manufacturer": "ATL", "Rows": 480}, {"Modality": "MR", "Manufacturer": ""},
    {"Modality": "XA"}, {"Manufacturer": "Philips", "Modality": "DX", "BurnedInAnnotation": "NO"},
]  # fmt: skip


@pytest.mark.parametrize("told", IMAGES)
def test_whatever_fits_for_deid_fits_here(told: dict[str, object], tmp_path: Path) -> None:
    dataset = a_dataset(**told, SOPClassUID="1.2.840.10008.5.1.4.1.1.2", SOPInstanceUID="1.2.3")
    path = tmp_path / "image.dcm"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    (tmp_path / "deid.dicom").write_text(FILTERS)
    recipe = DeidRecipe(deid=str(tmp_path / "deid.dicom"))
    flagged = _has_burned_pixels_single(str(path), force=False, deid=recipe)["results"]
    ours = [rule for rule in parse_devices(FILTERS) if rule.fits(pydicom.dcmread(path))]
    ours = [rule for rule in ours if not any(line.either for line in rule.lines)]  # deid takes a line's `||` for `and`
    assert [rule.list for rule in ours] == [each["group"] for each in flagged]
    theirs = {
        tuple(map(int, str(box).replace(" ", "").split(","))) for each in flagged for _, box in each["coordinates"]
    }
    marks = [mark.where for rule in ours for mark in rule.marks if isinstance(mark.where, Box)]
    assert {(box.left, box.top, box.right, box.bottom) for box in marks} == theirs


def test_lines_joined_by_or_are() -> None:
    (rule,) = parse_devices("%filter blacklist\nLABEL x\n  equals Modality CT\n  || equals BurnedInAnnotation YES\n")
    assert rule.fits(a_dataset(Modality="US", BurnedInAnnotation="YES"))
    assert not rule.fits(a_dataset(Modality="US", BurnedInAnnotation="NO"))


def test_real_files_are_judged_without_a_fault() -> None:
    rules = parse_devices(FILTERS)
    read = 0
    for path in get_testdata_files("*.dcm"):
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except (pydicom.errors.InvalidDicomError, NotImplementedError):
            continue
        verdict(rules, dataset, int(dataset.get("Columns") or 1), int(dataset.get("Rows") or 1))
        read += 1
    assert read > 50


def test_outside_of_its_regions_an_ultrasound_image_is_taken_out() -> None:
    image = a_dataset(Modality="US", SequenceOfUltrasoundRegions=[a_region(100, 50, 539, 449)])
    boxes = verdict(parse_devices(US), image, 640, 480).boxes
    assert sum(box.width * box.height for box in boxes) == 640 * 480 - 440 * 400
    assert not any(box.meets(Box(100, 50, 540, 450)) for box in boxes)


def test_without_regions_all_of_it_goes() -> None:
    assert verdict(parse_devices(US), a_dataset(Modality="US"), 640, 480).boxes == (Box(0, 0, 640, 480),)


@given(*[st.tuples(*[st.integers(0, 30)] * 4)] * 3)
def test_a_box_without_holes_covers_what_no_hole_covers(box: tuple, one: tuple, two: tuple) -> None:
    whole, *holes = (
        Box(min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1, max(b[1], b[3]) + 1) for b in (box, one, two)
    )
    left = without(whole, holes)

    def inside(each: Box, x: int, y: int) -> bool:
        return each.left <= x < each.right and each.top <= y < each.bottom

    for x in range(32):
        for y in range(32):
            expected = inside(whole, x, y) and not any(inside(hole, x, y) for hole in holes)
            assert sum(inside(part, x, y) for part in left) == expected


def test_a_blacklist_withholds_and_a_whitelist_changes_nothing() -> None:
    rules = parse_devices(
        "%filter whitelist\nLABEL w\n  equals Modality SC\n%filter blacklist\nLABEL b\n  equals Modality SC\n"
    )
    assert verdict(rules, a_dataset(Modality="SC"), 10, 10).withheld_by == "b"
    assert verdict(rules, a_dataset(Modality="CT"), 10, 10).withheld_by == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("%filter greylist\nLABEL x\n  equals Modality CT", "line 1"),
        ("%filter graylist\nLABEL x\n  contain Modality CT", "'contain' is no criterion"),
        ("%filter graylist\nLABEL x\n  contains Modalty CT", "'Modalty' is no attribute"),
        ("%filter graylist\nLABEL x\n  contains Modality", "takes a value"),
        ("%filter graylist\nLABEL x\n  missing Modality CT", "takes no value"),
        ("%filter graylist\nLABEL x\n  contains Modality C(T", "no regular expression"),
        ("%filter graylist\nLABEL x\n  coordinates 0,0,512", "four whole numbers"),
        ("%filter graylist\nLABEL x\n  coordinates 5,0,5,9", "a width and a height"),
        ("%filter graylist\nLABEL x\n  coordinates from:PatientName", "four whole numbers"),
        ("%filter graylist\nLABEL x\n", "says nothing"),
        ("%header\nREMOVE PatientName", "line 1"),
        ("LABEL x\n  equals Modality CT", "line 1"),
    ],
)
def test_what_deid_would_pass_over_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(BadDeviceRules, match=told):
        parse_devices(text)


def test_the_policys_own_device_rules_are_part_of_its_hash(tmp_path: Path) -> None:
    before = load_rules(ROOT / "policies")
    assert before.devices
    (tmp_path / "pixels").mkdir()
    for path in (ROOT / "policies" / "pixels").iterdir():
        (tmp_path / "pixels" / path.name).write_text(path.read_text())
    assert load_rules(tmp_path).sha256 == before.sha256
    with (tmp_path / "pixels" / "30-devices.dicom").open("a") as handle:
        handle.write("\nLABEL more\n  equals Modality CR\n  coordinates 0,0,1,1\n")
    assert load_rules(tmp_path).sha256 != before.sha256
