"""One slide with identifiers in the usual places, in each encoding: what leaves, and what does not."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.deid.errors import NoPatient, StillThere
from gateway.deid.keys import ProjectKeys
from gateway.deid.marks import IMPLEMENTATION_UID
from gateway.deid.plan import Plan
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource
from tests.deid.slides import (
    BASIC,
    CLEAR,
    KEYS,
    RESEARCH,
    SYNTAXES,
    WHOLE_SLIDE,
    a_slide,
    code,
    encoded,
    parsed,
    released,
)  # fmt: skip

SECRETS = [
    *b"Okonkwo Ngozi MRN7719203 19310405 ACC5550123 PATH26-7001 SERIAL90210 20240311 LUMEN".split(),
    "吴".encode(),
    "ご".encode(),
    CLEAR.encode(),
]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("plan", [BASIC, RESEARCH], ids=["basic", "research"])
def test_no_identifier_leaves_in_any_encoding(syntax: str, plan: Plan) -> None:
    front = released(encoded(a_slide(), syntax), plan)
    assert [secret for secret in SECRETS if secret in front] == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_an_analysis_needs_stays(syntax: str) -> None:
    slide = parsed(released(encoded(a_slide(), syntax)))
    assert slide.file_meta.TransferSyntaxUID == syntax
    assert (slide.Rows, slide.Columns, slide.TotalPixelMatrixColumns) == (8, 8, 16)
    assert (slide.PatientSex, slide.PatientAge, slide.Manufacturer) == ("F", "090Y", "Lumen Optics")
    step = slide.SpecimenDescriptionSequence[0].SpecimenPreparationSequence[0]
    concepts = [c.ConceptNameCodeSequence[0].CodeValue for c in step.SpecimenPreparationStepContentItemSequence]
    assert concepts == ["121041", "111701"]


def test_deflated_leaves_as_explicit_little_endian() -> None:
    front = released(encoded(a_slide(), "1.2.840.10008.1.2.1.99"))
    assert parsed(front).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert b"Okonkwo" not in front


def test_a_number_has_one_pseudonym_wherever_it_stands() -> None:
    specimen = parsed(released(encoded(a_slide()))).SpecimenDescriptionSequence[0]
    text = specimen.SpecimenPreparationSequence[0].SpecimenPreparationStepContentItemSequence[0].TextValue
    assert specimen.SpecimenIdentifier == text == KEYS.pseudonym("SpecimenIdentifier", "PATH26-7001-A1")


def test_uids_are_mapped_alike_in_every_instance() -> None:
    one = parsed(released(encoded(a_slide())))
    other = parsed(released(encoded(a_slide(SOPInstanceUID=CLEAR + "77"))))
    assert one.StudyInstanceUID == other.StudyInstanceUID == KEYS.uid(CLEAR + "2")
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
    assert one.SOPClassUID == one.file_meta.MediaStorageSOPClassUID == WHOLE_SLIDE


def test_two_projects_share_nothing() -> None:
    one, other = (parsed(released(encoded(a_slide()), keys=ProjectKeys(secret * 32))) for secret in (b"1", b"2"))
    for keyword in ("PatientID", "StudyInstanceUID", "ContainerIdentifier", "StudyDate"):
        assert one[keyword].value != other[keyword].value


def test_it_says_what_was_done_to_it() -> None:
    slide = parsed(released(encoded(a_slide())))
    assert slide.PatientIdentityRemoved == "YES"
    assert slide.DeidentificationMethod.startswith("Slidegate; pathology-research; ")
    assert "113100" in [each.CodeValue for each in slide.DeidentificationMethodCodeSequence]
    assert slide.LongitudinalTemporalInformationModified == "MODIFIED"
    assert parsed(released(encoded(a_slide()), BASIC)).LongitudinalTemporalInformationModified == "REMOVED"


def test_the_front_of_the_file_is_all_our_own() -> None:
    front = released(encoded(a_slide()))
    assert front[:128] == bytes(128)
    assert parsed(front).file_meta.ImplementationClassUID == IMPLEMENTATION_UID.decode()


def test_marks_of_an_earlier_de_identification_are_replaced() -> None:
    slide = parsed(released(encoded(a_slide(PatientIdentityRemoved="NO", DeidentificationMethod="by Okonkwo"))))
    assert slide.PatientIdentityRemoved == "YES"
    assert "Okonkwo" not in slide.DeidentificationMethod


def test_the_meaning_of_a_code_is_written_anew() -> None:
    slide = parsed(released(encoded(a_slide())))
    step = slide.SpecimenDescriptionSequence[0].SpecimenPreparationSequence[0]
    coded = step.SpecimenPreparationStepContentItemSequence[1].ConceptCodeSequence[0]
    assert (coded.CodeValue, coded.CodingSchemeDesignator) == ("127790008", "SCT")
    assert coded.CodeMeaning.startswith("Staining method")


def test_code_attributes_outside_a_code_are_removed() -> None:
    front = released(encoded(a_slide(CodeMeaning="Otherwise unsaid", CodeValue="Hidden", LongCodeValue="Hidden too")))
    assert b"Otherwise" not in front
    assert b"Hidden" not in front


def test_a_site_s_own_code_is_left_out() -> None:
    own = Sequence([code("77", "99LUMEN", "Fast scan"), code("433466003", "SCT", "Microscope slide")])
    slide = parsed(released(encoded(a_slide(ContainerTypeCodeSequence=own))))
    assert [each.CodeValue for each in slide.ContainerTypeCodeSequence] == ["433466003"]


def test_an_instance_without_a_patient_id_is_withheld() -> None:
    for patient_id in (None, "", "  "):
        with pytest.raises(NoPatient):
            released(encoded(a_slide(PatientID=patient_id)))


def test_a_removed_name_in_a_kept_text_is_withheld_at_the_last_gate() -> None:
    with pytest.raises(StillThere) as withheld:
        released(encoded(a_slide(ManufacturerModelName="Scanner of OKONKWO")))
    assert "okonkwo" not in withheld.value.message.lower()


def test_a_number_removed_with_a_whole_sequence_is_searched_for_as_well() -> None:
    other = Dataset()
    other.PatientID = "NHS9991234567"
    with pytest.raises(StillThere):
        released(encoded(a_slide(OtherPatientIDsSequence=Sequence([other]), SoftwareVersions="for NHS9991234567")))


def test_frames_are_where_they_were() -> None:
    data = encoded(a_slide())
    header = read_header(BytesSource(data))
    assert header.pixel is not None
    whole = parsed(released(data) + data[header.pixel.start :])
    assert b"one!" in whole.PixelData
    assert b"two!!!" in whole.PixelData


def test_the_cost_of_an_instance_leaves_nothing_behind() -> None:
    data = encoded(a_slide())
    assert released(data) == released(data)
