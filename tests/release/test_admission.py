"""Who may read a release, and that every refusal is on the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway import db as database
from gateway.clock import now
from gateway.consent.optouts import import_optouts
from gateway.people.tokens import revoke as revoke_token
from gateway.people.tokens import tokens_of
from gateway.projects.keys import data_master
from gateway.release.errors import KeepsUids
from gateway.settings import current
from gateway.trail.record import SYSTEM
from tests.people.visitors import an_account
from tests.release.builders import DAY, SITE, World, a_release, at, events

WAYS = (
    "", "/metadata", "/frames/1", "/rendered", "/frames/1/rendered", "/thumbnail", "/frames/1/thumbnail",
)  # fmt: skip


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


def refusals() -> list[str]:
    return [event.detail["code"] for event in events("release.refused")]


def test_the_reader_is_let_in_and_nothing_is_refused(world: World) -> None:
    assert world.get("/studies").status_code == 200
    assert refusals() == []


def test_nobody_is_let_in_before_the_start(world: World) -> None:
    world.release = a_release(world.reader, starts=now() + DAY)
    refused(world.get("/studies", token=world.token_for(world.reader)), 403, "grant-not-started")
    assert refusals() == ["grant-not-started"]


def test_nobody_is_let_in_after_the_end(world: World) -> None:
    world.release = a_release(world.reader, starts=now() - 9 * DAY, ends=now() - timedelta(seconds=1))
    refused(world.get("/studies", token=world.token_for(world.reader)), 403, "grant-ended")
    assert refusals() == ["grant-ended"]


@pytest.mark.parametrize("way", WAYS)
def test_a_revoked_grant_opens_nothing_from_the_next_request(world: World, way: str) -> None:
    entry = world.released()[0]
    assert world.get(at(entry, way)).status_code == 200
    world.revoke()
    refused(world.get(at(entry, way)), 403, "grant-revoked")
    assert refusals() == ["grant-revoked"]


def test_a_member_of_another_project_is_refused(world: World) -> None:
    eve = an_account("eve")
    a_release(eve)
    refused(world.get("/studies", token=world.token_for(eve)), 403, "not-a-member")
    assert refusals() == ["not-a-member"]


def test_a_token_for_another_release_of_the_same_reader_is_refused_on_the_record(world: World) -> None:
    other = a_release(world.reader)
    token = world.token_for(world.reader, f"release:{other.id}")
    refused(world.get("/studies", token=token), 403, "wrong-scope")
    assert refusals() == ["wrong-scope"]


def test_no_token_an_unknown_and_an_expired_one_are_unauthenticated(world: World) -> None:
    expired = world.token_for(world.reader, made=now() - 2 * DAY)
    bare = world.browser.get(f"{world.root}/studies")
    refused(bare, 401, "unauthenticated")
    assert bare.headers["WWW-Authenticate"].startswith("Bearer")
    refused(world.get("/studies", token="sg_nobody"), 401, "bad-token")
    refused(world.get("/studies", token=expired), 401, "bad-token")
    assert refusals() == []


def test_a_revoked_token_is_unauthenticated(world: World) -> None:
    with database.transaction() as db:
        (token,) = tokens_of(db, world.reader.id)
        revoke_token(db, by=SYSTEM, token=token, now=now())
    refused(world.get("/studies"), 401, "bad-token")


@pytest.mark.parametrize("path", ["/api/v1/releases", "/api/v1/datasets", "/projects", "/account", "/audit", "/"])
def test_a_token_for_a_release_opens_no_page_and_no_api(world: World, path: str) -> None:
    answer = world.get(path) if path.startswith("/api") else world.browser.get(
        path, headers={"Authorization": f"Bearer {world.token}"}
    )  # fmt: skip
    assert answer.status_code in (200, 403)
    assert world.release.id not in answer.text
    if path not in ("/", "/api/v1/datasets"):
        assert answer.status_code == 403


@pytest.mark.parametrize("page", ["", "/connect", "/view/{series}", "/view/{series}/slide.json"])
def test_a_token_for_a_release_opens_not_even_the_pages_of_that_release(world: World, page: str) -> None:
    url = f"/releases/{world.release.id}{page}".format(series=world.released()[0].series_uid)
    refused(world.get(url), 403, "wrong-scope")


@pytest.mark.parametrize("beside", ["1.2.3", "{same}", "../x"])
def test_only_another_slide_of_the_release_is_shown_beside_one(world: World, beside: str) -> None:
    series = world.biggest().series_uid
    token = world.token_for(world.reader, "account")
    url = f"/releases/{world.release.id}/view/{series}?beside={beside.format(same=series)}"
    refused(world.get(url, token=token), 404, "not-in-release")
    (other, *_) = {each.series_uid for each in world.released() if each.flavour == "VOLUME"} - {series}
    page = world.get(f"/releases/{world.release.id}/view/{series}?beside={other}", token=token)
    assert page.text.count("slide.json") == 2


def test_a_release_that_is_not_there_is_not_found(world: World) -> None:
    token = world.token_for(world.reader, "account")
    refused(world.get(f"/releases/{'0' * 16}/dicomweb/studies", token=token), 404, "release-not-found")


@pytest.mark.parametrize("way", WAYS)
def test_labels_and_overviews_are_not_there_by_any_way(world: World, way: str) -> None:
    withheld = [entry for entry in world.entries() if not entry.released]
    assert {entry.flavour for entry in withheld} == {"LABEL", "OVERVIEW"}
    for entry in withheld:
        refused(world.get(at(entry, way)), 404, "not-in-release")
    assert refusals() == ["not-in-release"] * len(withheld)


def test_withheld_instances_are_in_no_answer_about_their_series(world: World) -> None:
    withheld = {entry.uid for entry in world.entries() if not entry.released}
    study, series = world.entries()[0].study_uid, world.entries()[0].series_uid
    for path in ("/instances", f"/studies/{study}/instances", f"/studies/{study}/series/{series}/metadata"):
        answer = world.get(path)
        assert answer.status_code == 200
        assert not any(uid in answer.text for uid in withheld)
    whole = world.get(f"/studies/{study}/series/{series}").data
    assert not any(uid.encode() in whole for uid in withheld)


def test_an_instance_is_only_at_its_own_place(world: World) -> None:
    first, last = world.released()[0], world.released()[-1]
    assert first.study_uid != last.study_uid
    for way in WAYS:
        path = f"/studies/{last.study_uid}/series/{last.series_uid}/instances/{first.uid}{way}"
        refused(world.get(path), 404, "not-in-release")


def opt_out(world: World) -> str:
    """The first patient says no; gives the pseudonymous study that is concerned."""
    from sqlalchemy import select

    from gateway.catalogue.models import Instance

    entry = world.released()[0]
    with database.transaction() as db:
        instance = db.scalars(select(Instance).where(Instance.id == entry.instance_id)).one()
        assert instance.series is not None
        patient = instance.series.study.patient_id
        master = data_master(db)
        import_optouts(db, by=SYSTEM, master=master, rows=[(SITE, patient)], sites=[SITE], now=now())
    return entry.study_uid


@pytest.mark.parametrize("way", WAYS)
def test_a_patient_who_opts_out_is_refused_at_once(world: World, way: str) -> None:
    entry, other = world.released()[0], world.released()[-1]
    assert world.get(at(entry, way)).status_code == 200
    opt_out(world)
    refused(world.get(at(entry, way)), 403, "consent-withdrawn")
    assert world.get(at(other, way)).status_code == 200
    assert refusals() == ["consent-withdrawn"]


def test_a_patient_who_opts_out_is_found_by_no_search_and_in_no_series(world: World) -> None:
    entry = world.released()[0]
    study = opt_out(world)
    assert study not in world.get("/studies").text + world.get("/series").text + world.get("/instances").text
    for path in (f"/studies/{study}", f"/studies/{study}/metadata", f"/studies/{study}/series/{entry.series_uid}"):
        refused(world.get(path), 404, "not-in-release")


def test_a_patient_who_opts_out_is_shown_on_no_page(world: World) -> None:
    entry = world.released()[0]
    patient = entry.facts["00100020"]["Value"][0]
    token = world.token_for(world.reader, "account")
    page, view = f"/releases/{world.release.id}", f"/releases/{world.release.id}/view/{entry.series_uid}"
    assert patient in world.get(page, token=token).text
    assert world.get(view, token=token).status_code == 200
    opt_out(world)
    assert patient not in world.get(page, token=token).text
    assert world.get(view, token=token).status_code == 404
    assert world.get(f"{view}/slide.json", token=token).status_code == 404


@pytest.mark.parametrize("folder", ["deid", "pixels"])
def test_a_changed_policy_stops_the_release(world: World, folder: str) -> None:
    for path in (current().policies_dir / folder).iterdir():
        path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")
    refused(world.get("/studies"), 503, "policy-changed")
    assert refusals() == ["policy-changed"]


def test_a_policy_that_is_gone_stops_the_release(world: World) -> None:
    for path in (current().policies_dir / "deid").iterdir():
        path.unlink()
    refused(world.get("/studies"), 503, "policy-changed")
    assert refusals() == ["policy-changed"]


def test_no_release_is_made_under_a_policy_that_keeps_the_archives_uids(world: World) -> None:
    own = current().policies_dir / "deid" / "with-uids.dicom"
    labels = "ADD Edition 2025a\nADD Extends basic retain-uids\nADD Codes none\nADD Summary Keeps UIDs\n"
    own.write_text(f"FORMAT dicom\n%labels\n{labels}%header\nKEEP Rows\n", "utf-8")
    with pytest.raises(KeepsUids):
        a_release(world.reader, policy="with-uids")
