"""Coded concepts of the demo's headers."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """One code sequence item (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


SPECIMEN_IDENTIFIER = ("121041", "DCM", "Specimen Identifier")
PROCESSING_TYPE = ("111701", "DCM", "Processing type")
STAINING = ("127790008", "SCT", "Staining")
USING_SUBSTANCE = ("424361007", "SCT", "Using substance")
COLLECTION = ("17636008", "SCT", "Specimen collection")
COLLECTION_METHOD = ("17636008", "SCT", "Specimen collection")
EXCISION = ("65801008", "SCT", "Excision")
CORRECTED = ("109103", "DCM", "Modifying Equipment")
PARENT_IDENTIFIER = ("111705", "DCM", "Parent Specimen Identifier")
STEP_DESCRIPTION = ("111703", "DCM", "Processing step description")
BRIGHTFIELD = ("111744", "DCM", "Brightfield illumination")
FULL_SPECTRUM = ("414298005", "SCT", "Full Spectrum")
GLASS_SLIDE = ("433466003", "SCT", "Microscope slide")
SLIDE_SPECIMEN = ("1179252003", "SCT", "Slide")
SUBSTANCES = {
    "H&E": (("12710003", "SCT", "hematoxylin stain"), ("36879007", "SCT", "water soluble eosin stain")),
    "IHC": (("12710003", "SCT", "hematoxylin stain"), ("74850005", "SCT", "diaminobenzidine stain")),
}
ORGANS = {
    "breast": ("76752008", "SCT", "Breast"),
    "prostate": ("41216001", "SCT", "Prostate"),
    "colon": ("71854001", "SCT", "Colon"),
    "skin": ("39937001", "SCT", "Skin"),
}


def content(concept: tuple[str, str, str], *, coded: tuple[str, str, str] | None = None, text: str = "") -> Dataset:
    """A content item of specimen preparation (TID 8001): a code, or a text."""
    item = Dataset()
    item.ValueType = "CODE" if coded else "TEXT"
    item.ConceptNameCodeSequence = Sequence([code(*concept)])
    if coded:
        item.ConceptCodeSequence = Sequence([code(*coded)])
    else:
        item.TextValue = text
    return item
