"""What everybody may read of the use of the data, and what panels and custodians may read besides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import escape

from gateway.clock import now
from gateway.trail import notes, sequencer
from tests.people.visitors import an_account, signed_in
from tests.release.builders import World, a_gateway, the_template


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return the_template(tmp_path_factory.mktemp("uses"))


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    with a_gateway(tmp_path, template) as made:
        yield made


def test_the_register_is_open_to_everybody_and_names_no_person(world: World) -> None:
    page = world.browser.get("/register")
    assert page.status_code == 200
    assert "We count." in page.text
    assert world.reader.organisation in page.text
    assert world.reader.name not in page.text
    assert world.reader.email not in page.text


def test_a_revoked_project_stays_in_the_register(world: World) -> None:
    world.revoke()
    assert "Revoked" in world.browser.get("/register").text


@pytest.mark.parametrize(
    ("role", "status"), [("ppie-panel", 200), ("site-custodian", 200), ("data-steward", 200), ("researcher", 403)]
)
def test_only_those_who_watch_over_it_see_the_usage(world: World, role: str, status: int) -> None:
    an_account("grace", role)
    visitor = signed_in(world.app, "grace")
    assert visitor.get("/usage").status_code == status
    assert visitor.get(f"/usage/{world.release.project_id}").status_code == status


def test_usage_of_one_site_leaves_out_the_others(world: World) -> None:
    an_account("grace", "ppie-panel")
    panel = signed_in(world.app, "grace")
    path = f"/usage/{world.release.project_id}"
    assert path in panel.get("/usage?site=NGH").text
    assert path not in panel.get("/usage?site=XYZ").text


def test_what_the_register_does_not_have_is_not_found(world: World) -> None:
    an_account("grace", "ppie-panel")
    panel = signed_in(world.app, "grace")
    assert panel.get("/usage/0000000000000000").status_code == 404


def test_everybody_may_keep_the_newest_checkpoint_and_the_keys_that_sign(world: World) -> None:
    assert world.browser.get("/checkpoint").status_code == 404
    signed = sequencer.sequence(now=now())
    assert signed is not None
    note, keys = (world.browser.get(path).text for path in ("/checkpoint", "/checkpoint/keys"))
    stated, by = notes.opened(note, [notes.VerifierKey.read(line) for line in keys.splitlines()])
    assert (stated.size, stated.root.hex(), len(by)) == (signed.size, signed.root, 1)
    page = world.browser.get("/register").text
    assert signed.root in page
    assert str(escape(note)) in page  # the note itself, for whoever keeps the page
