"""What the viewer is told of a slide: facts that stand in the released header, and where its tiles lie."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.release import pyramid
from tests.release.builders import World, at


def sequence(*items: dict[str, Any]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def one(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)}


def code(value: str, meaning: str) -> dict[str, Any]:
    return {"00080100": one("SH", value), "00080104": one("LO", meaning)}


def used(substance: str, concept: str = "424361007") -> dict[str, Any]:
    """A content item of a preparation step (PS3.16 TID 8003)."""
    name = sequence(code(concept, "Using substance"))
    return {"0040A043": name, "0040A168": sequence(code("1", substance))}


def prepared(*items: dict[str, Any]) -> dict[str, Any]:
    step = {"00400612": sequence(*items)}
    return {"00400610": sequence(step), "00082228": sequence(code("T-04000", "Breast"))}


SIZE = {"00480006": one("UL", 2000), "00480007": one("UL", 1000)}


def test_stains_are_the_substances_used_and_each_is_named_once() -> None:
    steps = prepared(used("hematoxylin stain"), used("eosin"), used("formalin", "another"), used("eosin"))
    assert pyramid.stains({"00400560": sequence(steps, steps)}) == ["hematoxylin stain", "eosin"]


@pytest.mark.parametrize("told", [{}, {"00400560": sequence()}, {"00400560": sequence({})}])
def test_a_specimen_that_the_policy_took_out_tells_nothing(told: dict[str, Any]) -> None:
    assert pyramid.stains(told) == []
    assert [name for name, _ in pyramid.facts({**SIZE, **told})] == ["Size", "Compression"]


def test_facts_have_the_words_that_people_use() -> None:
    measures = {"00289110": sequence({"00280030": one("DS", 0.0005, 0.0005)})}
    told = {
        **SIZE, "00400560": sequence(prepared(used("eosin"))), "00480105": sequence({"00480112": one("DS", 20.0)}),
        "52009229": sequence(measures), "00282114": one("CS", "ISO_10918_1"), "00100020": one("LO", "P-1"),
        "00080070": one("LO", "Maker"), "00081090": one("LO", "One"),
    }  # fmt: skip
    assert dict(pyramid.facts(told)) == {
        "Patient": "P-1", "Tissue": "Breast", "Stain": "eosin", "Objective": "20×", "Pixel size": "0.5 µm",
        "Size": "2,000 × 1,000 pixels", "Scanner": "Maker One", "Compression": "JPEG",
    }  # fmt: skip
    assert pyramid.spacing(SIZE) is None


def test_the_facts_of_a_released_slide_are_those_of_its_source(world: World) -> None:
    entry = world.biggest()
    token = world.token_for(world.reader, "account")
    told = world.get(f"/releases/{world.release.id}/view/{entry.series_uid}/slide.json", token=token).json
    facts = dict(told["facts"])
    assert facts["Patient"] == world.get(at(entry, "/metadata")).json[0]["00100020"]["Value"][0]
    assert "osin" in facts["Stain"]
    assert facts["Objective"] == "20×"


def test_where_tiling_is_full_no_frame_is_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid, "positions", lambda _slide: pytest.fail("every frame was looked at"))
    token = world.token_for(world.reader, "account")
    path = f"/releases/{world.release.id}/view/{world.biggest().series_uid}/slide.json"
    assert all(level["frames"] is None for level in world.get(path, token=token).json["levels"])
