"""Checks of values that are kept: attributes of few values hold their terms only (PS3.3 if not said otherwise).

A CS element can hold a name as well as a term, so a value that is none of the terms is blanked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache, partial

from pydicom.charset import python_encoding
from pydicom.datadict import tag_for_keyword

from gateway.deid.icc import without_texts

_NO_YES = "YES NO"
_IMAGE_TYPE = (
    "ORIGINAL DERIVED PRIMARY SECONDARY MIXED NONE VOLUME LABEL OVERVIEW THUMBNAIL LOCALIZER RESAMPLED QUANTITY"
    " AXIAL OTHER M P FFE SE T1 T2 PROJECTION REFORMATTED MPR MAX_IP MIN_IP BIPLANE SINGLE"
)
_BODY_PARTS = (  # PS3.16 annex L, those that slides and their radiology come from
    "ABDOMEN ABDOMENPELVIS ADRENAL ANUS APPENDIX BLADDER BONE BRAIN BREAST BRONCHUS CERVIX CHEST CHESTABDOMEN"
    " CHESTABDPELVIS COLON DUODENUM EAR ESOPHAGUS EXTREMITY EYE FACE FOOT GALLBLADDER HAND HEAD HEADNECK HEART HIP"
    " ILEUM INTESTINE JEJUNUM KIDNEY KNEE LARYNX LIVER LUNG LYMPHNODE MUSCLE NECK OVARY PANCREAS PELVIS PENIS PHARYNX"
    " PLACENTA PROSTATE RECTUM SALIVARYGLAND SHOULDER SKIN SKULL SPINE SPLEEN STOMACH TESTIS THYMUS THYROID TONGUE"
    " TRACHEA URETER URETHRA UTERUS VAGINA VULVA WHOLEBODY WRIST"
)
TERMS: dict[str, str] = {
    "BodyPartExamined": _BODY_PARTS,
    "BurnedInAnnotation": _NO_YES,
    "ColorSpace": "SRGB ADOBERGB ROMMRGB DISPLAY-P3",
    "DimensionOrganizationType": "3D 3D_TEMPORAL TILED_FULL TILED_SPARSE",
    "ExtendedDepthOfField": _NO_YES,
    "FocusMethod": "AUTO MANUAL",
    "FrameType": _IMAGE_TYPE,
    "ImageLaterality": "R L U B",
    "ImageType": _IMAGE_TYPE,
    "LossyImageCompression": "00 01",
    "LossyImageCompressionMethod": "ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_15444_2 ISO_15444_15 ISO_13818_2"
    " ISO_14496_10 ISO_23008_2 ISO_18181_1",
    "Modality": "SM GM XC CT MR PT NM US CR DX MG XA RF ES OT SC SR SEG ANN PR KO OP OPT IVUS BMD IO PX RTIMAGE",
    "PatientPosition": "HFP HFS HFDR HFDL FFDR FFDL FFP FFS LFP LFS RFP RFS AFDR AFDL PFDR PFDL",
    "PatientSex": "M F O",
    "PhotometricInterpretation": "MONOCHROME1 MONOCHROME2 RGB YBR_FULL YBR_FULL_422 YBR_PARTIAL_422 YBR_PARTIAL_420"
    " YBR_ICT YBR_RCT XYB|PALETTE COLOR",
    "PositionReferenceIndicator": "SLIDE_CORNER",
    "PresentationLUTShape": "IDENTITY INVERSE LIN OD",
    "RelationshipType": "CONTAINS",
    "SmokingStatus": "YES NO UNKNOWN",
    "PatientSexNeutered": "ALTERED UNALTERED",
    "RescaleType": "HU US OD MGML Z_EFF ED EDW HU_MOD PCT",
    "SpecimenLabelInImage": _NO_YES,
    "ValueType": "CODE NUMERIC TEXT DATETIME PNAME UIDREF DATE TIME",
    "VolumetricProperties": "VOLUME SAMPLED DISTORTED MIXED",
}
_DIRECTIONS = re.compile(rb"[ARFHLPrl]{1,3}|LE|RT|D|PR|DI|PL|CR|CD|M|O|V")  # C.7.6.1.1.1

Check = Callable[[bytes], bytes | None]


def _terms(text: str) -> frozenset[bytes]:
    simple, *spaced = text.encode("ascii").split(b"|")
    return frozenset((*simple.split(), *spaced))


def _charset(term: bytes) -> bool:
    return term.decode("ascii", "replace") in python_encoding


def _only(known: Callable[[bytes], bool], value: bytes) -> bytes:
    parts = [part.strip(b"\0 ") for part in value.split(b"\\")]
    if all(not part or known(part) for part in parts):
        return value
    return b"\\".join(part if known(part) else b"" for part in parts)


_CHECKS: dict[str, Check] = {
    **{keyword: partial(_only, _terms(text).__contains__) for keyword, text in TERMS.items()},
    "ICCProfile": without_texts,
    "PatientOrientation": partial(_only, lambda term: _DIRECTIONS.fullmatch(term) is not None),
    "SpecificCharacterSet": partial(_only, _charset),
}


@cache
def check_of(keyword: str) -> Check | None:
    """What a kept value of this attribute is put through; None if any value will do. Memoised: values recur."""
    check = _CHECKS.get(keyword)
    return None if check is None else lru_cache(maxsize=256)(check)


assert all(tag_for_keyword(keyword) for keyword in _CHECKS)
