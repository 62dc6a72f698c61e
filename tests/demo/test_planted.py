"""What `planted` promises: it names what is in the archive, and nothing that turns up by chance."""

from __future__ import annotations

import re
import string
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import zxingcpp
from PIL import Image

from gateway.demo.archive import PlantedArchive, make_archive
from tests.blackbox.leaks import LeakHunter

CHECKED = re.compile(r"999\d{7}")


def named(path: Path, flavour: str) -> pydicom.Dataset:
    dataset = pydicom.dcmread(path)
    assert dataset.ImageType[2] == flavour
    return dataset


def test_every_planted_identifier_is_in_the_archive(archive: PlantedArchive, objects: list[Path]) -> None:
    hunter = LeakHunter(archive.planted)
    found = {leak.planted for path in objects for leak in hunter.hunt(path.name, path.read_bytes())}
    assert set(archive.planted) - found == set()


def test_no_planted_identifier_is_a_short_or_common_word(archive: PlantedArchive) -> None:
    common = {"breast", "prostate", "colon", "skin", "biopsy", "hospital", "excision", "section", "tissue", "slide"}
    for text in archive.planted:
        assert len(text) >= 6, text
        assert text.lower() not in common
        assert not (text.isdigit() and len(text) < 8), text


def test_identifiers_of_every_kind_are_planted(archive: PlantedArchive) -> None:
    sample = pydicom.dcmread(next((archive.root / "NGH").rglob("*_0.dcm")))
    kinds = [
        *sample.PatientName.family_name.split(), sample.PatientName.given_name, sample.PatientID,
        sample.PatientBirthDate, sample.PatientAddress, sample.PatientTelephoneNumbers, sample.AccessionNumber,
        sample.StudyInstanceUID, sample.SeriesInstanceUID, sample.SOPInstanceUID, sample.FrameOfReferenceUID,
        sample.DeviceSerialNumber, sample.StationName, sample.InstitutionName, sample.ContainerIdentifier,
        sample.OperatorsName.family_name, sample.ReferringPhysicianName.given_name,
        sample.OtherPatientIDsSequence[0].PatientID, sample.SpecimenDescriptionSequence[0].SpecimenUID,
        sample.SpecimenDescriptionSequence[0].SpecimenIdentifier,
        sample.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID,
    ]  # fmt: skip
    assert [str(each) for each in kinds if str(each) not in archive.planted] == []


def test_no_uid_of_the_source_is_left_out(archive: PlantedArchive, objects: list[Path]) -> None:
    known = set(archive.planted)
    for path in objects:
        for element in pydicom.dcmread(path, stop_before_pixels=True).iterall():
            if element.VR == "UI" and not str(element.value).startswith("1.2.840.10008"):
                assert str(element.value) in known, element.keyword


def test_no_nhs_number_could_belong_to_anybody(archive: PlantedArchive) -> None:
    numbers = [text for text in archive.planted if CHECKED.fullmatch(text)]
    assert len(numbers) >= 12
    for digits in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
        assert (11 - total % 11) % 11 != int(digits[9])


def test_at_least_three_sites_and_twelve_patients(archive: PlantedArchive, slides: list[Path]) -> None:
    assert len(archive.sites) >= 3
    assert all(folder.is_dir() for _code, _name, folder in archive.sites)
    patients = {pydicom.dcmread(next(folder.glob("*_0.dcm")), stop_before_pixels=True).PatientID for folder in slides}
    assert len(patients) >= 12


def test_names_come_in_two_charsets_and_more_than_one_script(slides: list[Path]) -> None:
    heads = [pydicom.dcmread(next(folder.glob("*_0.dcm")), stop_before_pixels=True) for folder in slides]
    assert {head.SpecificCharacterSet for head in heads} == {"ISO_IR 100", "ISO_IR 192"}
    assert any(head.PatientName.ideographic for head in heads)
    for charset in ("ISO_IR 100", "ISO_IR 192"):
        names = "".join(str(head.PatientName) for head in heads if head.SpecificCharacterSet == charset)
        assert set(names) - set(string.printable)


def test_the_label_holds_a_code_that_reads_as_the_accession_number(slides: list[Path]) -> None:
    for folder in slides[::4]:
        for flavour in ("LABEL", "OVERVIEW"):
            dataset = named(next(folder.glob(f"*_{flavour.lower()}.dcm")), flavour)
            if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
                (frame,) = pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1)
                pixels = imagecodecs.imread(frame)
            else:
                pixels = np.frombuffer(dataset.PixelData, np.uint8).reshape(dataset.Rows, dataset.Columns, 3)
            read = zxingcpp.read_barcodes(np.asarray(Image.fromarray(pixels).convert("L")))
            assert [str(each.text) for each in read] == [str(dataset.AccessionNumber)]


def test_the_same_seed_gives_the_same_archive(archive: PlantedArchive, objects: list[Path], tmp_path: Path) -> None:
    again = make_archive(tmp_path, scale=0.25)
    assert again.planted == archive.planted
    for path in objects[::9]:
        assert (tmp_path / path.relative_to(archive.root)).read_bytes() == path.read_bytes()
