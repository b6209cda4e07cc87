"""What the stories of arrears and the network share: two nodes with a router each, and subscribers who owe."""

from __future__ import annotations

import datetime as dt
import io
import json
import unicodedata
import urllib.request
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw

from core import clock
from core.db import db
from modules.arrears.models import ArrearsPolicy
from modules.contracts.models import BillingProfile, Contract, Plan
from modules.networking import services
from modules.networking.models import Node, Router
from tests.browser.conftest import Site
from tests.browser.desk import plan, subscriber
from tests.browser.money import internal, invoice

PROFILES = [{"name": "100M", "rate-limit": "20M/100M"},
            {"name": "abona-cut", "address-list": "abona-cut", "rate-limit": "512k/512k"}]
MOST_TABS = 120


def simulator(site: Site, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """`_sim/<path>` of the routers: POST with a body, else GET."""
    address = f"{site.app.extensions['abona'].simulators_url}/routeros/_sim/{path}"
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def sessions(site: Site, router: str) -> dict[str, str]:
    """The profile with which each is connected."""
    state = simulator(site, f"state?router={router}")["routers"][router]
    return {name: one["profile"] for name, one in state["connected"].items()}


def town(site: Site, names: dict[str, list[str]]) -> dict[str, Contract]:
    """Subscribers by router, each with a debt that is old enough; a person approves each cut-off. By PPPoE user."""
    internal()
    profile = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
    profile.cut_after_days, profile.cut_hour = 10, 0
    # the tests run at any hour of any day
    db.session.add(ArrearsPolicy(profile_id=profile.id, automatic=False, cut_until_hour=24, free_weekdays=[],
                                 free_holidays=False, free_eves=False))
    sold, found = plan("H100", "Hogar 100", 12100), {}
    for router, people in names.items():
        row = _router(site, router, [_user(name) for name in people])
        for number, name in enumerate(people, 1):
            user = _user(name)
            found[user] = _debtor(name, sold)
            services.link(found[user], row, user, address=f"10.{len(found)}.0.{number}")
    return found


def _user(name: str) -> str:
    """Routers store bytes: names there are plain letters."""
    plain = unicodedata.normalize("NFKD", name.split(",")[0].lower())
    return plain.encode("ascii", "ignore").decode()


def _debtor(name: str, sold: Plan) -> Contract:
    contract = subscriber(name, sold)
    contract.pppoe_user = _user(name)
    contract.activated_at = clock.now() - dt.timedelta(days=300)
    invoice(contract.customer, 12100, clock.today() - dt.timedelta(days=60))
    return contract


def _router(site: Site, name: str, users: list[str]) -> Router:
    secrets = [{"name": user, "password": "clave", "profile": "100M"} for user in users]
    ports = simulator(site, "routers", {"routers": [{
        "name": name, "password": "secreta", "clients": users,
        "tables": {"/ppp/profile": PROFILES, "/ppp/secret": secrets}}]})["routers"][name]
    node = Node(name=f"Torre {name.capitalize()}")
    row = Router(name=name, node=node, host="127.0.0.1", port=ports["tls_port"], username="abona", password="secreta")
    db.session.add_all([node, row])
    db.session.flush()
    services.arm(row)
    return row


def receipt(text: str = "Transferencia 12.100,00") -> dict[str, Any]:
    """A photograph of a receipt, as a form takes it."""
    out, picture = io.BytesIO(), Image.new("RGB", (700, 900), "white")
    ImageDraw.Draw(picture).text((60, 60), text, fill="black")
    picture.save(out, "JPEG")
    return {"name": "comprobante.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def tab_to(page: Any, selector: str) -> None:
    """Reach something by the Tab key alone."""
    page.evaluate("() => { document.activeElement.blur(); document.getElementById('main').focus(); }")
    wanted = page.locator(selector).first
    wanted.wait_for()
    for _number in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab on {page.url}")


def press(page: Any, selector: str, *, agrees: bool = False) -> None:
    """Reach a button or link by Tab and press Enter; say yes where it asks first. Another page opens."""
    tab_to(page, selector)
    if agrees:
        page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.keyboard.press("Enter")
