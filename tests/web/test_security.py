"""What every answer carries, and what no page holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from gateway.settings import ROOT
from gateway.web.secret import BadWebKey, web_secret
from tests.people.visitors import a_gateway, an_account, signed_in

WEB = ROOT / "gateway" / "web"
TEMPLATES = sorted((ROOT / "gateway").rglob("templates/**/*.html"))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/openapi.json", "/api/nowhere", "/assets/app.css", "/healthz"])
def test_every_answer_is_guarded(app: Flask, path: str) -> None:
    headers = app.test_client().get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_a_deployment_over_https_says_so(tmp_path: Path) -> None:
    with a_gateway(tmp_path, secure_cookies=True) as app:
        assert "max-age=63072000" in app.test_client().get("/").headers["Strict-Transport-Security"]


def test_pages_are_not_kept_and_versioned_assets_are(app: Flask) -> None:
    an_account()
    browser = signed_in(app)
    page = browser.get("/account")
    assert page.headers["Cache-Control"] == "no-store"
    addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text)
    assert len(addresses) >= 4
    for address in addresses:
        answer = app.test_client().get(address.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_script_or_style_or_names_another_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text)
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", text)


def test_no_style_sheet_asks_another_host_for_anything() -> None:
    sheets = sorted(WEB.rglob("static/**/*.css"))
    assert sheets
    for path in sheets:
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", path.read_text("utf-8"))
        for name in re.findall(r"url\([\"']?(?!data:)([^\"')]+)", path.read_text("utf-8")):
            assert (path.parent / name).is_file(), name


def test_the_brand_of_the_design_system_is_not_served() -> None:
    for path in (WEB / "static").rglob("*"):
        assert not re.search(r"logo|favicon|frutiger", path.name, re.IGNORECASE)
        if path.suffix == ".css":
            assert "Frutiger" not in path.read_text("utf-8")


def test_what_is_vendored_is_listed_with_its_licence() -> None:
    listed = (WEB / "static/vendor/VENDOR.md").read_text("utf-8")
    for folder in (WEB / "static/vendor").iterdir():
        if folder.is_dir():
            name, _, version = folder.name.rpartition("-")
            assert re.search(rf"\| {name} \| {re.escape(version)} \|.*`[0-9a-f]{{64}}`", listed)
            assert (folder / "LICENSE").is_file()


def test_the_web_secret_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    made = web_secret(tmp_path)
    assert web_secret(tmp_path) == made
    path = tmp_path / "web.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(BadWebKey):
        web_secret(tmp_path)
