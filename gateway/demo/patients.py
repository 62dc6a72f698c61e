"""The demo's patients, and the identifiers that are planted on them. Everybody and everything is invented.

NHS numbers are of the range 999, and their check digit is wrong on purpose: none can belong to a person.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FAMILY = (
    "Quillfeather", "Thistlewick", "Brânzeanu", "Llwynderw", "Oduyemisi", "Vandermolen", "Szczepanik", "Hathersedge",
    "Ravindrakumar", "Pendlebright", "Yardleyford", "Ostrowicka", "Zielonkaite", "Fotheringham",
)  # fmt: skip
GIVEN = (
    "Philomena", "Bartholomew", "Ionela", "Angharad", "Folasade", "Cornelius", "Bronisława", "Marguerite",
    "Venkatesh", "Clementine", "Thaddeus", "Jadwigalia", "Austėjana", "Peregrine",
)  # fmt: skip
STREETS = ("Cobblersgate", "Tannerybrook", "Millraceside", "Weaversholme")


@dataclass
class Patient:
    """One invented patient of one site."""

    family: str
    given: str
    sex: str
    born: str
    hospital_number: str
    nhs_number: str
    address: str
    planted: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """As a DICOM PN."""
        return f"{self.family}^{self.given}"

    @property
    def printed(self) -> str:
        """As on a label."""
        return f"{self.family.upper()}, {self.given}"

    @property
    def charset(self) -> str:
        """Latin-1 where it does, UTF-8 where it does not."""
        try:
            self.name.encode("latin-1")
        except UnicodeEncodeError:
            return "ISO_IR 192"
        return "ISO_IR 100"

    def plant(self, text: str) -> str:
        """Remember an identifier and give it back."""
        self.planted.add(text)
        return text


def wrong_check_digit(digits: str) -> str:
    """The nine digits and a tenth that the modulus 11 check refuses."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))
    right = (11 - total % 11) % 11
    return digits + str((right + 3) % 10 if right < 10 else 4)


def cast(seed: int, count: int) -> list[Patient]:
    """So many patients, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # a demo, not a secret
    patients = []
    for number in range(count):
        patient = Patient(
            family=FAMILY[number % len(FAMILY)],
            given=GIVEN[number % len(GIVEN)],
            sex="FM"[number % 2],
            born=f"{chance.randint(1934, 1989)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}",
            hospital_number=f"MRN{chance.randint(1000000, 9999999)}",
            nhs_number=wrong_check_digit(f"999{chance.randint(100000, 999999)}"),
            address=f"{chance.randint(11, 99)} {STREETS[number % len(STREETS)]} Lane",
        )
        for text in (patient.family, patient.given, patient.hospital_number, patient.nhs_number, patient.born):
            patient.plant(text)
        patient.plant(patient.address)
        patients.append(patient)
    return patients
