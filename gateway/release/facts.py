"""The de-identified attributes of an instance as DICOM JSON (PS3.18 annex F)."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from gateway.dicom.elements import elements
from gateway.dicom.encoding import Encoding
from gateway.dicom.header import read_header
from gateway.dicom.source import BytesSource

STUDY_LEVEL = (  # what a search always gives (PS3.18 tables 10.6.3-3 to 10.6.3-5)
    "00080020", "00080030", "00080050", "00080090", "00080201", "00100010", "00100020", "00100030", "00100040",
    "0020000D", "00200010",
)  # fmt: skip
SERIES_LEVEL = (
    "00080060", "0008103E", "00080021", "0020000E", "00200011", "00080070", "00081090", "00200052", "00400244",
    "00400245",
)  # fmt: skip
INSTANCE_LEVEL = (
    "00080008", "00080016", "00080018", "00200013", "00280002", "00280004", "00280008", "00280010", "00280011",
    "00280100", "00480006", "00480007", "00480010",
)  # fmt: skip
MORE_OF_STUDY = (  # what it gives if asked
    "00081030", "00101010", "00101020", "00101030", "00120020", "00120040", "00081032",
)  # fmt: skip
MORE_OF_SERIES = ("00080031", "00180015", "00181030", "00200060", "00185100", "00400275")
MORE_OF_INSTANCE = (
    "00080023", "00080033", "0008002A", "00180050", "00200032", "00200037", "00201041", "00209311", "00280030",
    "00280101", "00280102", "00280103", "00280301", "00281050", "00281051", "00282110", "00282112", "00282114",
    "00400512", "00480001", "00480002", "00082218", "00400518", "00400560", "0040A370", "00480105",
)  # fmt: skip
AVAILABLE_TRANSFER_SYNTAX, INSTANCE_AVAILABILITY = "00083002", "00080056"
TRANSFER_SYNTAX = "00020010"  # of the file: no attribute of an instance, but asked for by clients such as EZ-WSI
SEARCHED = (
    *STUDY_LEVEL, *SERIES_LEVEL, *INSTANCE_LEVEL, AVAILABLE_TRANSFER_SYNTAX, *MORE_OF_STUDY, *MORE_OF_SERIES,
    *MORE_OF_INSTANCE,
)  # fmt: skip
CHARSET = 0x00080005
LONGEST = 4096  # bytes of an element that is remembered; a colour profile is longer
_SEARCHABLE = {int(tag, 16): tag for tag in SEARCHED}
NOT_METADATA = frozenset(("7FE00001", "7FE00002"))  # the offset tables belong to the pixels


def parsed(front: bytes) -> Dataset:
    """The rewritten header as pydicom reads it."""
    return dcmread(BytesIO(front), stop_before_pixels=True)


def metadata(dataset: Dataset) -> dict[str, Any]:
    """All attributes but pixels; binary ones inline, so that no further request is needed."""
    told: dict[str, Any] = dataset.to_json_dict(suppress_invalid_tags=True)
    _without_empty_lists(told)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    kept = {tag: value for tag, value in told.items() if tag not in NOT_METADATA and not tag.startswith("0002")}
    return dict(sorted({**kept, AVAILABLE_TRANSFER_SYNTAX: {"vr": "UI", "Value": [syntax]}}.items()))


def _without_empty_lists(told: dict[str, Any]) -> None:
    """An attribute that is empty has no Value at all (PS3.18 F.2.5); pydicom gives an empty sequence one."""
    for element in told.values():
        if element["vr"] == "SQ":
            for item in element["Value"]:
                _without_empty_lists(item)
            if not element["Value"]:
                del element["Value"]


def searchable(front: bytes) -> dict[str, Any]:
    """The attributes that searches match and give, of a rewritten header: of sequences all but what is binary."""
    header = read_header(BytesSource(front))
    charset, found = b"", dict[str, Any]()
    for element in elements(header.dataset, header.encoding):
        encoded = header.dataset[element.start : element.end]
        if element.tag == CHARSET:
            charset = encoded
        tag = _SEARCHABLE.get(element.tag)
        tell = _remembered if len(encoded) <= LONGEST else _told
        told = tell(tag, charset, encoded, header.encoding) if tag else None
        if tag and told is not None:
            found[tag] = told
    return {**found, AVAILABLE_TRANSFER_SYNTAX: {"vr": "UI", "Value": [header.transfer_syntax]}}


def _told(tag: str, charset: bytes, encoded: bytes, encoding: Encoding) -> dict[str, Any] | None:
    """One encoded element as JSON, as `metadata` tells it."""
    data = BytesIO(charset + encoded)
    dataset = read_dataset(data, not encoding.explicit, encoding.little)
    told = dataset.to_json_dict(suppress_invalid_tags=True)
    _without_empty_lists(told)
    return _without_binaries(told[tag]) if tag in told else None


_remembered = lru_cache(maxsize=4096)(_told)  # the instances of a series share most of theirs


def _without_binaries(element: dict[str, Any]) -> dict[str, Any]:
    if element["vr"] != "SQ":
        return element
    items = element.get("Value") or []
    kept = [{t: _without_binaries(e) for t, e in item.items() if "InlineBinary" not in e} for item in items]
    return {**element, "Value": kept}


def first(told: dict[str, Any], tag: str) -> Any:
    """The first value of an attribute, None if it has none."""
    values = told.get(tag, {}).get("Value")
    return values[0] if values else None
