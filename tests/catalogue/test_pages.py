"""The catalogue as everybody sees it, signed in or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway import db as database
from gateway.catalogue import queries
from gateway.demo.archive import PlantedArchive
from tests.catalogue.shelves import a_dataset, an_indexed
from tests.people.visitors import a_gateway, an_account, signed_in


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with a_gateway(tmp_path) as made:
        yield made


@pytest.fixture
def stranger(app: Flask, planted: PlantedArchive) -> FlaskClient:
    an_indexed(planted.root / "CAE")
    a_dataset("skin", terms=("DUO:0000042",))
    return app.test_client()


def test_an_empty_catalogue_says_what_comes_next(app: Flask) -> None:
    assert "Come back later" in app.test_client().get("/datasets").text
    an_account("sam", "data-steward")
    page = signed_in(app, "sam").get("/datasets").text
    assert "Come back later" in page or "slidegate dataset add" in page


def test_a_stranger_sees_datasets_and_where_to_apply(stranger: FlaskClient) -> None:
    page = stranger.get("/datasets").text
    for words in ("Northern Hospital", "Skin", "H&amp;E", "IHC (DAB)", "Slide microscopy", "fewer than 10"):
        assert words in page
    page = stranger.get("/datasets/skin").text
    for words in ("General research use", "pathology-research", "/applications/new?dataset=skin", "Fewer than 10"):
        assert words in page


def test_the_api_tells_the_same(stranger: FlaskClient) -> None:
    (listed,) = stranger.get("/api/v1/datasets").json
    assert listed == stranger.get("/api/v1/datasets/skin").json
    assert listed["patients"] == "fewer than 10"
    assert listed["terms"] == [{"id": "DUO:0000042", "text": "General research use"}]
    assert "archive" not in listed


def test_nothing_identifying_is_on_any_of_it(stranger: FlaskClient, planted: PlantedArchive) -> None:
    for address in ("/datasets", "/datasets/skin", "/api/v1/datasets", "/api/v1/datasets/skin"):
        told = stranger.get(address).text
        assert not [word for word in planted.planted if word in told], address
        assert str(planted.root) not in told


def test_a_dataset_that_is_not_there_is_not_found(stranger: FlaskClient) -> None:
    assert stranger.get("/datasets/none").status_code == 404
    assert stranger.get("/api/v1/datasets/none").json["code"] == "not-found"


def test_a_policy_that_cannot_be_read_is_said(stranger: FlaskClient) -> None:
    with database.transaction() as db:
        queries.dataset(db, "skin").deid_policy = "lost"
    page = stranger.get("/datasets/skin")
    assert page.status_code == 200
    assert "nothing is released" in page.text
