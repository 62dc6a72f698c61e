"""Builders for the tests of terms of use."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.consent.diseases import read_hierarchy
from gateway.consent.duo import Term, read_vocabulary
from gateway.consent.verdicts import Setting

POLICIES = Path(__file__).resolve().parents[2] / "policies"
TODAY = date(2026, 3, 2)
CANCER, BREAST, DUCTAL = "MONDO:0004992", "MONDO:0007254", "MONDO:0004953"
PROSTATE, COLON, UNKNOWN = "MONDO:0008315", "MONDO:0002032", "MONDO:9999999"


def a_term(text: str) -> Term:
    return read_vocabulary(POLICIES).term(text if text.startswith("DUO:") else f"DUO:00000{text}")


def a_setting() -> Setting:
    return Setting(read_hierarchy(POLICIES), read_vocabulary(POLICIES).regions, TODAY)
