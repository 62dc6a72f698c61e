"""Plain words for codes. Only words of the standards or of our own get out: an object's own texts may name anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

DAB = ("74850005", "diaminobenzidine stain")
MODALITIES = {  # PS3.16 CID 29; what is not here is not told
    "SM": "slide microscopy", "CT": "CT", "MR": "MRI", "US": "ultrasound", "MG": "mammography", "PT": "PET",
    "NM": "nuclear medicine", "CR": "radiography", "DX": "radiography", "XA": "angiography", "RF": "fluoroscopy",
    "ES": "endoscopy", "GM": "general microscopy", "XC": "photography", "OP": "eye photography",
    "OPT": "eye tomography", "SEG": "segmentations", "ANN": "annotations", "SR": "reports",
}  # fmt: skip
BODY_PARTS = {"41216001": "Prostate"}  # where the standard's own meaning reads badly


@lru_cache(maxsize=1)
def _meanings() -> dict[str, str]:
    """SCT code value -> the shortest of the standard's meanings."""
    from pydicom.sr.codedict import Collection  # here, as these tables weigh 15 MB and only indexing needs them

    found: dict[str, str] = {}
    for concept in Collection("SCT").concepts.values():
        meaning = re.sub(r"( structure)?( \([^()]*\))?$", "", concept.meaning)
        if concept.value not in found or len(meaning) < len(found[concept.value]):
            found[concept.value] = meaning
    return found | BODY_PARTS


@lru_cache(maxsize=1)
def _stains() -> dict[str, str]:
    """SCT code value -> meaning of the staining substances (PS3.16 CID 8112), and one that it lacks."""
    from pydicom.sr.codedict import Collection

    return {each.value: each.meaning for each in Collection("CID8112").concepts.values()} | dict([DAB])


@lru_cache(maxsize=1)
def _terms_of_body_parts() -> dict[str, str]:
    """BodyPartExamined, as PS3.16 annex L writes it, -> the words of the code's meaning."""
    from pydicom.sr.codedict import Collection

    parts = Collection("CID4").concepts | Collection("CID4031").concepts
    return {keyword.upper(): each.meaning for keyword, each in parts.items()}


def _value(value: str, scheme: str) -> str:
    """A code value as SNOMED CT writes it, from its older form (SRT) too; empty for other schemes."""
    from pydicom.sr._snomed_dict import mapping

    return value if scheme == "SCT" else str(mapping["SRT"].get(value, "")) if scheme in ("SRT", "SNM3") else ""


def body_part_of_code(value: str, scheme: str) -> str:
    """The standard's word for a coded body part, empty if it knows none."""
    meaning = _meanings().get(_value(value, scheme), "")
    return meaning[:1].upper() + meaning[1:64]


def body_part_of_term(term: str) -> str:
    """The standard's word for a value of BodyPartExamined, empty if it knows none."""
    return _terms_of_body_parts().get(term.strip().upper(), "")[:64]


def stain_of_code(value: str, scheme: str) -> str:
    """The standard's name of a coded staining substance, empty if it knows none."""
    return _stains().get(_value(value, scheme), "")


def stain_in_words(substances: str) -> str:
    """What a pathologist calls it: the substances of one slide as `reading` keeps them, such as 'H&E'."""
    if DAB[1] in substances:
        return "IHC (DAB)"
    names = [name.removesuffix(" stain") for name in substances.split(", ") if name]
    if any("eosin" in name for name in names) and any("hematoxylin" in name for name in names):
        return "H&E"
    joined = " and ".join(names)
    return joined[:1].upper() + joined[1:]


def modality_in_words(code: str) -> str:
    """A modality as people say it, empty for a code that is not a known one."""
    return MODALITIES.get(code, "")


def each_once(words: Iterable[str]) -> tuple[str, ...]:
    """The words that say something, each once, in order."""
    return tuple(sorted({word for word in words if word}, key=str.casefold))
