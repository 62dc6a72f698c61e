"""The demo's patients, and the identifiers that are planted on them. Everybody and everything is invented.

NHS numbers are of the range 999, and their check digit is wrong on purpose: none can belong to a person.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from unicodedata import normalize

FAMILY = (
    "Quillfeather", "Thistlewick", "Brânzeanu", "Llwynderw", "Oduyemisi", "Vandermolen", "Szczepanik", "Kurosakiyama",
    "Ravindrakumar", "Pendlebright", "Tŷgwyrddlas", "Môrgelynnog", "Zielonkaitė", "Fotheringham",
    "Marrowbeck",
)  # fmt: skip
GIVEN = (
    "Philomena", "Bartholomew", "Ionela", "Angharad", "Folasade", "Cornelius", "Bronisława", "Haruhikosuke",
    "Venkatesh", "Clementine", "Gwenllïan", "Siânwenna", "Austėjana", "Peregrine",
    "Perpetua",
)  # fmt: skip
WRITTEN_OTHERWISE = {"Kurosakiyama": "黒崎山^晴彦介"}  # the ideographic group of the name
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
        """As a DICOM PN (PS3.5 6.2.1): five components, and other scripts in groups of their own."""
        suffix = "^MBE" if self.family == FAMILY[0] else ""
        alphabetic = f"{self.family}^{self.given}^^{self.title}{suffix}"
        groups = WRITTEN_OTHERWISE.get(self.family)
        return f"{alphabetic}={groups}" if groups else alphabetic

    @property
    def title(self) -> str:
        return {"F": "Mrs", "M": "Mr"}[self.sex]

    @property
    def nhs_grouped(self) -> str:
        """As people write it: 3, 3 and 4 digits."""
        return f"{self.nhs_number[:3]} {self.nhs_number[3:6]} {self.nhs_number[6:]}"

    @property
    def born_as_written(self) -> str:
        """As people write it: day, month, year."""
        return f"{self.born[6:]}/{self.born[4:6]}/{self.born[:4]}"

    @property
    def email(self) -> str:
        return f"{_ascii(self.given)}.{_ascii(self.family)}@post.example".lower()

    @property
    def telephone(self) -> str:
        """Of the numbers that are kept for drama."""
        return f"01632 960{self.nhs_number[-3:]}"

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


def _ascii(text: str) -> str:
    """The letters without their marks."""
    plain = normalize("NFKD", text.replace("ł", "l")).encode("ascii", "ignore")
    return plain.decode("ascii")


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
        for group in WRITTEN_OTHERWISE.get(patient.family, "").split("="):
            if group:
                patient.plant(group)
        patients.append(patient)
    return patients
