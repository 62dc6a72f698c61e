"""policies/roles.toml says who may do what, and nothing else does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from gateway.db import transaction
from gateway.people.commands import LastAdministrator, UnknownRole, change_roles, close_account
from gateway.people.models import Account
from gateway.people.roles import PERMISSIONS, BadRoles, read_roles
from gateway.settings import ROOT
from gateway.trail.record import SYSTEM
from tests.people.visitors import MORNING, an_account, send, signed_in

ROLES = list(read_roles(ROOT / "policies").by_key)
ROLE = '[x]\ntitle = "X"\nabout = "X"\npermissions = ["audit.read"]\n'


def test_the_roles_of_the_house_are_all_there() -> None:
    assert set(ROLES) == {
        "researcher", "data-steward", "ethics-reviewer", "committee-chair", "site-custodian", "ppie-panel",
        "auditor", "administrator", "scientific-reviewer", "committee-member",
    }  # fmt: skip


def test_every_permission_that_the_code_asks_for_exists_and_somebody_has_it() -> None:
    asked = set()
    for path in (ROOT / "gateway").rglob("*"):
        if path.suffix in {".py", ".html"}:
            asked |= set(re.findall(r"\b(?:may|requires)\(['\"]([\w.-]+)['\"]\)", path.read_text("utf-8")))
    held = frozenset().union(*(role.permissions for role in read_roles(ROOT / "policies").by_key.values()))
    assert asked - {"permission"} <= held
    assert held == PERMISSIONS


def test_nobody_both_applies_and_decides_by_one_role() -> None:
    for role in read_roles(ROOT / "policies").by_key.values():
        assert not {"application.write", "decision.make"} <= role.permissions
        assert not {"review.write", "decision.make"} <= role.permissions


@pytest.mark.parametrize(
    "text",
    [ROLE, "version = 2\n" + ROLE, "version = 1\n[x\n", "version = 1\n" + ROLE.replace("audit.read", "audit.raed"),
     "version = 1\n" + ROLE + 'boss = true\n', 'version = 1\n[x]\ntitle = "X"\n', "version = 1\nx = 3\n"],
)  # fmt: skip
def test_a_roles_file_with_a_mistake_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / "roles.toml").write_text(text, "utf-8")
    with pytest.raises(BadRoles):
        read_roles(tmp_path)


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_manage_accounts(app: Flask, role: str) -> None:
    an_account("ada", role)
    browser = signed_in(app)
    expected = 200 if role == "administrator" else 403
    assert browser.get("/admin").status_code == expected
    assert browser.get("/admin/accounts/new").status_code == expected
    made = send(
        browser, "/account", "/admin/accounts", name="Eve", email="eve@example.org", password="one two three four"
    )
    assert made.status_code == (303 if role == "administrator" else 403)


def test_changing_roles_is_recorded_with_the_hash_of_the_policy(app: Flask) -> None:
    from sqlalchemy import select

    from gateway.trail.models import Event

    an_account("root", "administrator")
    eve = an_account("eve")
    browser = signed_in(app, "root")
    page = f"/admin/accounts/{eve.id}"
    assert send(browser, page, f"{page}/roles", roles=["auditor", "researcher"]).status_code == 303
    assert "The roles are changed" in browser.get(page).text
    with transaction() as db:
        event = db.scalars(select(Event).where(Event.action == "account.roles-changed")).one()
        assert event.detail["before"] == ["researcher"]
        assert event.detail["after"] == ["auditor", "researcher"]
        assert event.detail["roles_sha256"] == read_roles(ROOT / "policies").sha256


def test_a_changed_role_counts_at_once(app: Flask) -> None:
    eve = an_account("eve", "administrator")
    an_account("root", "administrator")
    browser = signed_in(app, "eve")
    assert browser.get("/admin").status_code == 200
    with transaction() as db:
        found = db.get(Account, eve.id)
        assert found is not None
        change_roles(db, by=SYSTEM, account=found, roles=["researcher"], now=MORNING)
    assert browser.get("/admin").status_code == 403


def test_the_last_administrator_stays(app: Flask) -> None:
    root = an_account("root", "administrator")
    for change in (
        lambda db, account: change_roles(db, by=SYSTEM, account=account, roles=[], now=MORNING),
        lambda db, account: close_account(db, by=SYSTEM, account=account, now=MORNING),
    ):
        with pytest.raises(LastAdministrator), transaction() as db:
            change(db, db.get(Account, root.id))


def test_a_role_that_does_not_exist_is_not_given(app: Flask) -> None:
    eve = an_account("eve")
    with pytest.raises(UnknownRole), transaction() as db:
        change_roles(db, by=SYSTEM, account=eve, roles=["emperor"], now=MORNING)
