"""Where the pixel rules say so, a released label is one of ours: nothing of the archive's is left of it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pydicom

from gateway.settings import current
from tests.blackbox.leaks import LeakHunter
from tests.release.builders import World, an_archive, at


def test_a_label_of_ours_takes_the_place_of_the_archives(world: World, tmp_path: Path) -> None:
    rules = current().policies_dir / "pixels" / "10-whole-slide.toml"
    ours = rules.read_text().replace(
        'flavour = "LABEL" }\nrelease = false', 'flavour = "LABEL" }\nrelease = true\nafter = "stand-in"'
    )
    assert ours != rules.read_text()
    rules.write_text(ours)
    world.build_anew()
    labels = [each for each in world.released() if each.flavour == "LABEL"]
    assert len(labels) == 2
    hunter = LeakHunter({text for case in an_archive(tmp_path / "again") for text in case.patient.planted})
    for entry in labels:
        body = world.get(at(entry)).data
        assert hunter.hunt("label", body) == []
        dataset = pydicom.dcmread(BytesIO(body))
        assert dataset.BurnedInAnnotation == "NO"
        assert dataset.ImageType[2] == "LABEL"
        assert dataset.pixel_array.shape[:2] == (dataset.Rows, dataset.Columns)
        sent = world.get(at(entry, "/frames/1")).data
        assert all(sent not in path.read_bytes() for path in world.archive.rglob("*label.dcm"))
