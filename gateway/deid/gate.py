"""The last gate: what was removed must not stand anywhere else in what is about to leave.

A name in a free-text code meaning, a number in a specimen description: no recipe foresees them all, so the new
header is searched for this instance's own names, numbers and UIDs, as they were and in UTF-8.
"""

from __future__ import annotations

import re

from gateway.deid.errors import StillThere, TooMuchRemoved
from gateway.dicom.elements import Element, elements, items
from gateway.dicom.encoding import Encoding
from gateway.dicom.errors import DicomError

IDENTIFYING = frozenset(
    (
        0x00080050,  # AccessionNumber
        0x00080080,  # InstitutionName
        0x00080081,  # InstitutionAddress
        0x00100020,  # PatientID
        0x00100030,  # PatientBirthDate
        0x00101000,  # OtherPatientIDs
        0x00101040,  # PatientAddress
        0x00100021,  # IssuerOfPatientID
        0x00081010,  # StationName
        0x00081040,  # InstitutionalDepartmentName
        0x00200010,  # StudyID
        0x00400009,  # ScheduledProcedureStepID
        0x00401001,  # RequestedProcedureID
        0x00402016,  # PlacerOrderNumberImagingServiceRequest
        0x00402017,  # FillerOrderNumberImagingServiceRequest
        0x00102154,  # PatientTelephoneNumbers
        0x00101090,  # MedicalRecordLocator
        0x00181000,  # DeviceSerialNumber
        0x00380010,  # AdmissionID
        0x00400512,  # ContainerIdentifier
        0x00400551,  # SpecimenIdentifier
        0x22000005,  # BarcodeValue
    )
)
SHORTEST = 4  # bytes; shorter names and numbers turn up by chance
MOST = 2048  # values searched for; an instance has a few dozen
_EVERYDAY = frozenset(b"none unknown anonymous anon patient removed withheld test other".split())
_PN_PARTS = re.compile(rb"[\^=\\ ,.]+")


def unnoted(tag: int, vr: bytes) -> bool:
    """Whether a removed value of this attribute is none that is searched for."""
    return vr not in (b"PN", b"UI") and tag not in IDENTIFYING


class Removed:
    """The identifying values that one rewriting took out."""

    def __init__(self) -> None:
        self._values: set[bytes] = set()

    def note(self, tag: int, vr: bytes, value: bytes) -> None:
        """Remember a value that is being removed or replaced, if it is one that identifies."""
        if vr == b"PN":
            parts = _PN_PARTS.split(value)
        elif vr == b"UI" or tag in IDENTIFYING:
            parts = value.split(b"\\")
        else:
            return
        for part in parts:
            bare = part.strip(b"\0 \r\n\t").lower()
            if len(bare) >= SHORTEST and bare not in _EVERYDAY and not bare.startswith(b"1.2.840.10008."):
                self._values.add(bare)
                if len(self._values) > MOST:
                    raise TooMuchRemoved

    def note_item(self, item: bytes, encoding: Encoding) -> None:
        """Remember the names and numbers in an item that is dropped whole."""
        try:
            for element in elements(item, encoding):
                if element.vr == b"SQ":
                    self.note_sequence(element, item, encoding)
                elif element.vr != b"UI":
                    self.note(element.tag, element.vr, item[element.value_start : element.end])
        except DicomError:
            return  # it is dropped anyway

    def note_sequence(self, sequence: Element, data: bytes, encoding: Encoding) -> None:
        """Remember the names and numbers in a sequence that is dropped whole."""
        try:
            for start, stop in items(data, sequence, encoding):
                self.note_item(data[start:stop], encoding)
        except DicomError:
            return

    def must_be_gone_from(self, data: bytes) -> None:
        """Raises StillThere if any of them stands in the data as a word of its own."""
        lowered = data.lower()
        for value in self._values:
            for form in {value, _utf8(value)}:
                if form in lowered and re.search(rb"(?<![0-9a-z])" + re.escape(form) + rb"(?![0-9a-z])", lowered):
                    raise StillThere


def _utf8(value: bytes) -> bytes:
    try:
        return value.decode("utf-8").encode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1").encode("utf-8")
