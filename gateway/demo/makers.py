"""Makers of scanners, all invented, and what their software writes into private blocks."""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

if TYPE_CHECKING:
    from gateway.demo.slides import Case


@dataclass(frozen=True, slots=True)
class Maker:
    """A maker, its scanner, and the private block that it writes: group and creator."""

    name: str
    model: str
    software: str
    group: int
    creator: str


MAKERS = {
    "NGH": Maker("Lumen Optics", "GlassReader 40", "4.2.1", 0x0009, "LUMEN OPTICS 1"),
    "EUH": Maker("Halcyon Imaging", "Meridian 300", "11.0.3", 0x2201, "HALCYON SLIDE 2.0"),
    "CAE": Maker("Borealis Scanning", "B210", "2.9", 0x0019, "BOREALIS"),
}


def equipment(dataset: Dataset, case: Case) -> None:
    """What made the image (PS3.3 C.7.5.1, C.7.5.2)."""
    maker, plant = MAKERS[case.site], case.patient.plant
    dataset.Manufacturer, dataset.ManufacturerModelName = maker.name, maker.model
    dataset.SoftwareVersions = maker.software
    dataset.StationName = plant(f"SCAN{case.site}07X")
    dataset.DeviceSerialNumber = plant(f"LGR{case.site}40921")
    dataset.DeviceUID = case.uids.new("device")


def private_blocks(dataset: Dataset, case: Case) -> None:
    """The maker's block, with the patient in text, a sequence and a UN value; another of the laboratory's system."""
    maker, patient = MAKERS[case.site], case.patient
    block = dataset.private_block(maker.group, maker.creator, create=True)
    block.add_new(0x01, "LO", f"{patient.family}, {patient.given}")
    block.add_new(0x02, "LT", f"<scan barcode='{case.accession}' mrn='{patient.hospital_number}'/>")
    inner = Dataset()
    inner.PatientName, inner.PatientID = patient.name, patient.hospital_number
    block.add_new(0x03, "SQ", Sequence([inner]))
    block.add_new(0x04, "UN", implicit_item({0x00100020: patient.hospital_number, 0x00104000: patient.address}))
    block.add_new(0x05, "OB", _padded(f"{patient.nhs_number};{case.accession};{patient.born}".encode("ascii")))
    laboratory = dataset.private_block(0x0021, f"{case.site} LIS EXPORT", create=True)
    laboratory.add_new(
        0x10, "ST", patient.plant(f"C:\\LIS\\{case.site}\\{patient.hospital_number}\\{case.accession}.xml")
    )
    laboratory.add_new(0x11, "DA", patient.born)


def _padded(value: bytes) -> bytes:
    return value + b"\0" * (len(value) & 1)


def implicit_item(texts: dict[int, str]) -> bytes:
    """One item of text elements, implicit VR little endian, as UN values hold sequences (PS3.5 6.2.2)."""
    body = b""
    for tag, text in sorted(texts.items()):
        value = text.encode("ascii")
        value += (b"\0" if tag >> 16 == 8 else b" ") * (len(value) & 1)
        body += pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value
    return pack("<HHI", 0xFFFE, 0xE000, len(body)) + body
