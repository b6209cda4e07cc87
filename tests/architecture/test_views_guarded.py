"""Every address is guarded: by a permission, by a login, or it says that it is public."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from core import modules
from core.admin import ModelView
from core.config import ROOT
from core.security import access

# pages that any login may open; all others need a permission. Extend it only for what is one's own.
OWN = {
    "core.home",
    "core.search", "core.search_hits",
    "core.account",
    "core.save_profile",
    "core.change_password",
    "core.revoke_session", "core.second_factor", "core.turn_off_second_factor",
    "core.logout",
    "core.choose_company",
    "core.stop_seeing",
    # show only what the person may open
    "core.settings",
    "core.help", "core.help_topic",
    # exports and mass actions: the views look at who asked, and at the permissions of the list and of the action
    "core.runs",
    "core.runs__export",
    "core.runs__save_view",
    "core.runs__change_view",
    "core.run",
    "core.start_run",
    "core.change_run",
    "core.run_file",
}
# what the world may open. Modules' public addresses (portal, webhooks) verify who calls in their own way.
OPEN = {"core.login", "core.forgot", "core.reset", "core.second_step", "core.healthz", "core.readyz", "core.metrics"}
pytestmark = pytest.mark.once


def endpoints(app: Flask) -> list[str]:
    admin = {view.endpoint for view in app.extensions["abona_admin"]._views}
    return [
        name
        for name in app.view_functions
        if name != "static" and not name.endswith(".static") and name.split(".")[0] not in admin
    ]


def guard_of(app: Flask, name: str) -> str | None:
    return getattr(app.view_functions[name], "guard", None)


def test_every_view_says_who_may_open_it(app: Flask) -> None:
    assert [name for name in endpoints(app) if guard_of(app, name) is None] == []


def test_views_ask_for_permissions_that_exist(app: Flask) -> None:
    known = set(modules.permissions(app.extensions["abona_modules"]))
    asked = {name: guard_of(app, name) for name in endpoints(app)}
    assert {
        name: guard for name, guard in asked.items() if guard not in known | {access.PUBLIC, access.LOGGED_IN, None}
    } == {}


def test_only_one_s_own_pages_need_no_permission(app: Flask) -> None:
    free = {name for name in endpoints(app) if guard_of(app, name) == access.LOGGED_IN}
    assert free - OWN == set()


def test_the_frame_is_open_to_the_world_where_it_must_be_and_nowhere_else(app: Flask) -> None:
    found = {name for name in endpoints(app) if name.startswith("core.") and guard_of(app, name) == access.PUBLIC}
    assert found == OPEN


def test_admin_views_ask_for_permissions_that_exist(app: Flask) -> None:
    known = set(modules.permissions(app.extensions["abona_modules"]))
    views = [view for view in app.extensions["abona_admin"]._views if view.endpoint != "admin"]
    assert [view for view in views if not isinstance(view, ModelView)] == []
    assert [
        view.endpoint for view in views if not {view.permission, view.edit_permission or view.permission} <= known
    ] == []


def test_the_menu_asks_for_permissions_that_exist_and_opens_pages_that_exist(app: Flask) -> None:
    known = set(modules.permissions(app.extensions["abona_modules"]))
    items = [item for name in app.extensions["abona_modules"] for item in modules.available()[name].menu]
    assert [item.endpoint for item in items if item.permission not in known] == []
    assert [item.endpoint for item in items if item.endpoint not in app.view_functions] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_stranger_gets_anything(app: Flask, method: str) -> None:
    """Walk every address without a login: only what is public answers with more than the way to the login."""
    app.config["WTF_CSRF_ENABLED"] = False
    client, let_in = app.test_client(), []
    for rule in app.url_map.iter_rules():
        public = rule.endpoint == "static" or rule.endpoint.endswith(".static")
        if public or method not in (rule.methods or ()) or guard_of(app, rule.endpoint) == access.PUBLIC:
            continue
        path = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
        path = re.sub(r"<(int:|path:|string:|float:)?[^>]+>", "1", path)
        answer = client.open(path, method=method)
        if answer.status_code not in {302, 303, 401, 404} or (
            answer.status_code in {302, 303} and not answer.location.startswith("/login")
        ):
            let_in.append((path, answer.status_code))
    assert let_in == []


def screens() -> list[Path]:
    """Templates of screens; documents for PDF and mail are under other rules."""
    folders = [ROOT / "templates", *ROOT.glob("modules/*/templates")]
    found = [path for folder in folders for path in folder.rglob("*.html")]
    return [
        path
        for path in found
        if "layout.html" in (text := path.read_text())
        or "plain.html" in text
        or path.name in {"layout.html", "plain.html", "macros.html"}
        or "templates/admin" in str(path)
    ]


@pytest.mark.parametrize(
    "forbidden",
    [
        r"\son\w+\s*=\s*[\"']",
        r"\sstyle\s*=\s*[\"']",
        r"javascript:",
        r"<script(?![^>]*\ssrc=)",
        r"<style",
        r"(?:src|href)=\"(?:https?:)?//",
    ],
)
def test_screens_hold_nothing_that_the_policy_would_drop(forbidden: str) -> None:
    bad = [
        f"{path.relative_to(ROOT)}: {found[0]!r}"
        for path in screens()
        if (found := re.search(forbidden, path.read_text()))
    ]
    assert bad == []
