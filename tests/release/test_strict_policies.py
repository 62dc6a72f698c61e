"""What a policy may ask for beside the header: an event for each frame, and the reader's name over the slide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.deid.errors import BadRecipe
from gateway.deid.plan import load_plan
from gateway.settings import current
from gateway.trail.frames import unpacked
from tests.release.builders import World, a_release, at, events

FRAMES, CLOSED = "release.read.frames", "release.read.closed"
STRICT = """FORMAT dicom
%header
%labels
ADD Edition 2025a
ADD Extends pathology-research
ADD Codes none
ADD Summary As pathology-research, and stricter
"""


def a_policy(name: str, *labels: str) -> None:
    text = STRICT + "".join(f"ADD {each}\n" for each in labels)
    (Path(current().policies_dir) / "deid" / f"{name}.dicom").write_text(text, "utf-8")


@pytest.fixture
def strict(world: World) -> World:
    a_policy("strict", "Record frames", "Watermark reader")
    release = a_release(world.reader, policy="strict")
    made = replace(world, release=release)
    made.token = made.token_for(made.reader)
    return made


def test_each_frame_is_an_event_before_it_is_sent(strict: World) -> None:
    entry = strict.biggest()
    for numbers in ("1", "2,3"):
        assert strict.get(at(entry, f"/frames/{numbers}")).status_code == 200
    told = [list(unpacked(event.detail)) for event in events(FRAMES)]
    assert told == [[0], [1], [2]]
    assert events(CLOSED) == []  # nobody has flushed: the events were there before the frames were


def test_no_event_no_frame(strict: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = strict.biggest()
    assert strict.get(at(entry, "/frames/1")).status_code == 200

    def full(*_args: object, **_more: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("gateway.trail.reads.sent_frames", full)
    answer = strict.get(at(entry, "/frames/2"))
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"


def test_the_viewer_says_who_looks(strict: World, world: World) -> None:
    for each, marked in ((strict, True), (world, False)):
        token = each.token_for(each.reader, "account")
        page = each.get(f"/releases/{each.release.id}/view/{each.biggest().series_uid}", token=token).text
        assert (f'data-watermark="{each.reader.name} · ' in page) is marked


def test_elsewhere_frames_are_gathered(world: World) -> None:
    entry = world.biggest()
    assert world.get(at(entry, "/frames/1")).status_code == 200
    assert events(FRAMES) == []


def test_what_a_label_cannot_say_is_refused(world: World) -> None:
    a_policy("odd", "Record sometimes")
    with pytest.raises(BadRecipe, match="Record is leases or frames"):
        load_plan(Path(current().policies_dir), "odd")
    a_policy("usual", "Watermark none")
    assert not load_plan(Path(current().policies_dir), "usual").watermark
