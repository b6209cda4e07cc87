"""Every page has its picture in `make pictures`."""

from __future__ import annotations

import sys

from flask import Flask
from werkzeug.exceptions import HTTPException

from core.config import ROOT

# files, data and what only leads on, by the end of the endpoint's name
NO_PAGE = ("__suggest", "_file", "_pdf", "_said", "_download", "_color", "_preview", ".export", ".receipt",
           ".statement", ".attachment", ".message_html", ".refused", ".refused_payments", ".jobs_count",
           ".search_hits", ".back", ".notice", ".pull", ".pay_act", ".healthz", ".readyz", ".metrics")
# what only a letter's link or a half-finished entry opens: tests/browser and tests of their modules look at them
BY_SECRET = {"core.reset", "core.second_step", "notifications.unsubscribe", "gateways.pay_here",
             "gateways.back_by_link"}
# taken by a way of its own
TAKEN = {"importer.run"}


def test_every_page_has_a_picture(app: Flask) -> None:
    """A screen nobody looks at is a screen that may be broken for one country, in the dark or on a phone."""
    pages = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()
             if "GET" in rule.methods and not rule.rule.startswith(("/admin/", "/static/"))}
    shown = {endpoint for place in places() for endpoint in shown_by(app, place, pages)}
    missing = set(pages) - shown - BY_SECRET - TAKEN
    assert sorted(endpoint for endpoint in missing if not endpoint.endswith(NO_PAGE)) == []


def places() -> list[str]:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import screens
    finally:
        sys.path.remove(str(ROOT / "tools"))
    groups = (screens.SCREENS, screens.ADMINS, screens.OUTSIDE, screens.FORMS, *screens.ABROAD.values())
    return [place for group in groups for place in group.values()]


def shown_by(app: Flask, place: str, pages: dict[str, str]) -> list[str]:
    """The endpoints that an address of tools/screens.py leads to."""
    if ">" in place:
        begin = place.rpartition(">")[2]
        return [endpoint for endpoint, rule in pages.items() if rule.startswith(begin)]
    base, _mark, _query = place.lstrip("@").partition("?")
    base, _mark, verb = base.partition("+")
    try:
        return [app.url_map.bind("localhost").match(
            base + ("1" if place.startswith("@") else "") + (f"/{verb}" if verb else ""))[0]]
    except HTTPException:
        return []
