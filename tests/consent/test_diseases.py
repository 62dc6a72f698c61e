"""Which disease is a kind of which, from the file that ships and from Mondo's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.consent.diseases import BadHierarchy, parse_obo, parse_toml, read_hierarchy
from tests.consent.terms import BREAST, CANCER, COLON, DUCTAL, POLICIES, PROSTATE, UNKNOWN

OBO = """format-version: 1.4
data-version: releases/2026-01-01

[Term]
id: MONDO:0004992
name: cancer
def: "A tumour: bad." []

[Term]
id: MONDO:0007254
name: breast cancer
is_a: MONDO:0004992 {source="DOID:1612"} ! cancer
is_a: UBERON:0000310 ! no disease

[Term]
id: MONDO:0000000
name: obsolete thing
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""


@pytest.mark.parametrize(
    ("disease", "kind", "is_it"),
    [
        (DUCTAL, BREAST, True),
        (DUCTAL, CANCER, True),
        (DUCTAL, DUCTAL, True),
        (BREAST, DUCTAL, False),
        (DUCTAL, PROSTATE, False),
        (COLON, "MONDO:0005575", True),
        (COLON, "MONDO:0006519", False),
        ("MONDO:0005012", "MONDO:0005105", True),
        (UNKNOWN, CANCER, False),
        (UNKNOWN, UNKNOWN, True),
    ],
)
def test_the_shipped_tumours_are_kinds_of_each_other(disease: str, kind: str, is_it: bool) -> None:
    assert read_hierarchy(POLICIES).is_a(disease, kind) is is_it


def test_every_shipped_disease_is_a_neoplasm_and_has_a_name_of_its_own() -> None:
    tree = read_hierarchy(POLICIES)
    assert all(tree.is_a(each, "MONDO:0005070") for each in tree.diseases)
    assert len({each.name for each in tree.diseases.values()}) == len(tree.diseases) > 60


def test_mondos_own_release_is_read_in_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "mondo.toml").write_bytes((POLICIES / "mondo.toml").read_bytes())
    assert read_hierarchy(tmp_path).knows(PROSTATE)
    whole = tmp_path / "mondo.obo"
    whole.write_text(OBO, "utf-8")
    assert not read_hierarchy(tmp_path).knows(PROSTATE)
    whole.write_text(OBO.replace("breast cancer", "mammary cancer"), "utf-8")
    os.utime(whole, ns=(0, 1))
    assert read_hierarchy(tmp_path).name(BREAST) == "mammary cancer"


def test_obsolete_diseases_and_other_things_are_left_out() -> None:
    tree = parse_obo(OBO.splitlines(keepends=True))
    assert set(tree.diseases) == {CANCER, BREAST}
    assert tree.is_a(BREAST, CANCER)
    assert tree.name(UNKNOWN) == UNKNOWN


def test_a_ring_of_diseases_ends() -> None:
    tree = parse_obo(["[Term]", "id: MONDO:1", "is_a: MONDO:2", "[Term]", "id: MONDO:2", "is_a: MONDO:1"])
    assert tree.above("MONDO:1") == {"MONDO:1", "MONDO:2"}


@pytest.mark.parametrize(
    "source",
    [
        "",
        "disease = 3",
        '[[disease]]\nid = "MONDO:1"\nname = "a"\nparents = ["MONDO:2"]',
        '[[disease]]\nid = "MONDO:1"\nname = "a"\nparents = []\n[[disease]]\nid = "MONDO:1"\nname = "b"\nparents = []',
        "disease = []",
    ],
)
def test_a_broken_file_is_refused(source: str) -> None:
    with pytest.raises(BadHierarchy):
        parse_toml(source)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadHierarchy, match="cannot be read"):
        read_hierarchy(tmp_path)
