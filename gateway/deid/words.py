"""Free text, let through only if every word of it is an everyday word of the trade (PS3.15 E.3.5, Clean Descriptors).

An allow-list, as no list of names is ever whole. A word that is also a name of the patient is caught by the
last gate.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPLIT = re.compile(r"[\s,;:/()+\-_.&%\\]+")
_NUMBER = re.compile(r"\d{1,3}(?:nm|um|mm|x|kv|deg)?")
LONGEST = 256  # characters
_LIST = """
    a and at for from in no not of on or per the to with without x
    image images slide slides level levels layer layers plane planes focal tile tiles tiled frame frames row rows
    column columns position positions index stack z y optical path paths identifier channel channels colour color
    brightfield fluorescence fluorescent darkfield transmitted reflected light illumination white red green blue
    rgb gray grey scan scanned scanner objective lens magnification macro label overview thumbnail volume whole
    pyramid resolution base total matrix pixel pixels spatial dimension time series acquisition default standard
    stain stained staining haematoxylin hematoxylin eosin he pas dab ihc dapi giemsa masson trichrome reticulin
    tissue section block biopsy resection excision core needle frozen paraffin formalin fixed embedded ffpe cytology
    smear skin breast prostate colon liver lung kidney lymph node brain bone marrow cervix ovary uterus stomach
    bladder pancreas thyroid tumour tumor normal benign malignant carcinoma adenocarcinoma melanoma lymphoma
    left right upper lower anterior posterior medial lateral proximal distal superior inferior
    axial coronal sagittal soft sharp smooth kernel contrast
"""
WORDS = frozenset(_LIST.split())


@lru_cache(maxsize=1024)
def clean_text(value: bytes) -> bool:
    """Whether nothing in the text can identify: short numbers and words of the list only."""
    try:
        text = value.decode("ascii").strip("\0 ").lower()
    except UnicodeDecodeError:
        return False
    words = [word for word in _SPLIT.split(text) if word]
    numbers = sum(_NUMBER.fullmatch(word) is not None for word in words)
    known = all(word in WORDS or _NUMBER.fullmatch(word) for word in words)
    return len(text) <= LONGEST and known and numbers <= 2
