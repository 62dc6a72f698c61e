"""Real files: what has text burnt in loses it, what has none stays as it is, what cannot be read is never clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from gateway.pixels.detect.reader import Reader
from gateway.pixels.rules import load_rules
from gateway.settings import ROOT
from tests.pixels.real import judge, real_files


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("examples_jpeg2k.dcm", "redacted"),
        ("examples_rgb_color.dcm", "redacted"),
        ("examples_palette.dcm", "redacted"),
        ("CT_small.dcm", "clean"),
        ("MR_small.dcm", "clean"),
        ("MR_truncated.dcm", "truncated"),
        ("rtplan.dcm", "cannot-decode"),
    ],
)
def test_a_real_file_comes_out_as_it_should(reader: Reader, name: str, outcome: str) -> None:
    path = get_testdata_file(name)
    assert path is not None
    assert judge(Path(path), load_rules(ROOT / "policies"), reader).outcome == outcome


def test_there_are_enough_real_files() -> None:
    assert len(list(real_files())) > 80
