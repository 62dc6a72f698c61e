"""The keyed hash that stands for a patient wherever consent is kept: no list here names anybody."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patient:
    """The hashes under which a patient of a site is looked up; `national` where the patient ID is an NHS number."""

    own: str
    national: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them."""
        return (self.own,) if self.national is None else (self.own, self.national)


def patient(master: bytes, site: str, patient_id: str) -> Patient:
    """The hashes of a patient as the archive names them."""
    number = nhs_number(patient_id)
    return Patient(patient_key(master, site, patient_id), national_key(master, number) if number else None)


def nhs_number(text: str) -> str | None:
    """The ten digits of an NHS number, None if it is none: the last digit checks the others, modulo 11.

    NHS Data Model and Dictionary, NHS NUMBER. Spaces and hyphens between groups do not matter.
    """
    digits = "".join(each for each in text if each not in " -")
    if len(digits) != 10 or not digits.isascii() or not digits.isdigit():
        return None
    check = -sum(int(each) * weight for each, weight in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return digits if check == int(digits[9]) else None


def national_key(master: bytes, number: str) -> str:
    """The keyed hash of an NHS number, which is the same at every site."""
    return hmac.new(master, f"opt-out nhs\0{number}".encode(), hashlib.sha256).hexdigest()


def patient_key(master: bytes, site: str, patient_id: str) -> str:
    """The keyed hash that stands for a patient of a site; `master` is the master key."""
    return hmac.new(master, f"opt-out\0{site}\0{patient_id.strip()}".encode(), hashlib.sha256).hexdigest()
