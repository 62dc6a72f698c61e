"""Facts of headers are those that pydicom reads, from files of every kind."""

from __future__ import annotations

from pathlib import Path

import deid_data
import pydicom
import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sequence import Sequence

from gateway.archive.connect import ObjectRef
from gateway.archive.folder import FolderArchive
from gateway.catalogue.reading import Broken, Facts, _body_part, _image_type, _stain, read_facts
from gateway.catalogue.words import modality_in_words, stain_in_words
from gateway.demo.archive import PlantedArchive
from gateway.demo.codes import SUBSTANCES, USING_SUBSTANCE, code, content
from gateway.dicom.source import ByteSource, BytesSource

PACKAGED = Path(pydicom.data.__file__).parent / "test_files"
COOKIES = Path(deid_data.__file__).parent / "data"


class Held:
    """An archive of one object in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self, locator: str) -> ByteSource:
        return BytesSource(self._data)


def facts_of(data: bytes) -> Facts | Broken:
    return read_facts(Held(data), ObjectRef("x", len(data), "1"))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("folder", [PACKAGED, COOKIES], ids=["pydicom", "cookies"])
def test_no_file_stops_the_reading_and_facts_are_pydicoms(folder: Path) -> None:
    archive = FolderArchive(str(folder))
    good = 0
    for ref in archive.objects():
        if ref.size > 2_000_000:
            continue
        found = read_facts(archive, ref)
        if isinstance(found, Broken):
            continue
        dataset = pydicom.dcmread(folder / ref.locator, stop_before_pixels=True)
        assert found.uid == dataset.SOPInstanceUID
        assert found.study_uid == dataset.StudyInstanceUID
        assert found.patient_id == dataset.PatientID.strip()
        assert found.modality == dataset.get("Modality", "")
        assert (found.rows, found.columns) == (dataset.get("Rows", 0), dataset.get("Columns", 0))
        assert found.frame_count == int(dataset.get("NumberOfFrames", None) or 1)
        assert found.transfer_syntax == dataset.file_meta.TransferSyntaxUID
        good += 1
    assert good


def test_slides_have_their_stain_and_body_part(planted: PlantedArchive) -> None:
    archive = FolderArchive(str(planted.root))
    found = [read_facts(archive, ref) for ref in archive.objects()]
    slides = [each for each in found if isinstance(each, Facts) and each.modality == "SM"]
    assert len(slides) > 50
    assert {stain_in_words(each.stain) for each in slides} == {"H&E", "IHC (DAB)"}
    assert "hematoxylin stain, water soluble eosin stain" in {each.stain for each in slides}
    assert {each.body_part for each in slides} == {"Breast", "Prostate", "Colon", "Skin"}


def a_specimen(*substances: Dataset, part: Dataset | None = None) -> Dataset:
    dataset, specimen, step = Dataset(), Dataset(), Dataset()
    items = []
    for each in substances:
        item = content(USING_SUBSTANCE, coded=("1", "SCT", ""))
        item.ConceptCodeSequence = Sequence([each])
        items.append(item)
    step.SpecimenPreparationStepContentItemSequence = Sequence(items)
    specimen.SpecimenPreparationSequence = Sequence([step])
    if part is not None:
        specimen.PrimaryAnatomicStructureSequence = Sequence([part])
    dataset.SpecimenDescriptionSequence = Sequence([specimen])
    return dataset


def test_what_a_file_calls_a_code_is_never_taken_over() -> None:
    haematoxylin, eosin = (value for value, _, _ in SUBSTANCES["H&E"])
    dataset = a_specimen(
        code(haematoxylin, "SCT", "Strickleborough"),
        code(eosin, "SCT", "MRN 1234"),
        code("99", "99LOCAL", "stain of Strickleborough"),
        part=code("76752008", "SCT", "Breast of Strickleborough"),
    )
    assert _stain(dataset) == "hematoxylin stain, water soluble eosin stain"
    assert _body_part(dataset) == "Breast"
    assert _body_part(a_specimen(part=code("1", "99LOCAL", "Strickleborough"))) == ""


def test_a_free_body_part_or_modality_is_not_told() -> None:
    dataset = Dataset()
    dataset.BodyPartExamined = "STRICKLEBOROUGH"
    assert _body_part(dataset) == ""
    dataset.BodyPartExamined = "CHEST"
    assert _body_part(dataset) == "Chest"
    assert modality_in_words("STRICKLEBOROUGH") == ""


def test_codes_of_the_older_form_are_known() -> None:
    assert _body_part(a_specimen(part=code("T-04000", "SRT", ""))) == "Breast"


def test_an_image_type_of_one_value_is_one_value() -> None:
    dataset = Dataset()
    dataset.ImageType = "ORIGINAL"
    assert _image_type(dataset) == ("ORIGINAL",)


@pytest.mark.parametrize("missing", ["StudyInstanceUID", "SeriesInstanceUID", "PatientID"])
def test_an_object_that_says_not_whose_it_is_is_broken(planted: PlantedArchive, missing: str, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(sorted(planted.root.rglob("*.dcm"))[0])
    setattr(dataset, missing, "")
    dataset.save_as(tmp_path / "one.dcm")
    found = facts_of((tmp_path / "one.dcm").read_bytes())
    assert isinstance(found, Broken)
    assert "not-an-instance" in found.reason


@pytest.fixture(scope="module")
def small() -> list[bytes]:
    paths = sorted(PACKAGED.rglob("*.dcm"))
    found = [path.read_bytes() for path in paths if path.stat().st_size < 40_000]
    assert len(found) > 20
    return found


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_stops_the_reading(small: list[bytes], data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from(small)))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, min(len(damaged), 6000) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(facts_of(bytes(damaged)), Facts | Broken)


def test_pydicom_and_we_agree_on_what_is_no_dicom(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 400)
    with pytest.raises(InvalidDicomError):
        pydicom.dcmread(tmp_path / "x")
    assert isinstance(facts_of(b"x" * 400), Broken)
