"""N1, N3, N4: a router is added, tested, looked at before anything is changed; its state and what waits. U2: /cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.contracts import services
from modules.contracts.models import Contract
from modules.networking.models import Connection, Router
from tests.browser.arrears import press, sessions, simulator, tab_to, town
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, inside, said, sound

pytestmark = STORY
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def net(site: Site) -> dict[str, int]:
    """Contract ids by PPPoE user; Acosta's is cut, and his address is the one from which this browser comes."""
    with inside(site):
        found = {user: one.id for user, one in town(site, {"norte": ["Acosta, Ana", "Benítez, Luis"]}).items()}
        row = db.session.scalars(sa.select(Connection).where(Connection.contract_id == found["acosta"])).one()
        row.address = "127.0.0.1"
        # his session has it too: who is connected with another address is not known by this one
        for menu, field in (("/ppp/secret", "remote-address"), ("/ppp/active", "address")):
            simulator(site, "change", {"router": "norte", "menu": menu, "where": {"name": "acosta"},
                                       "to": {field: "127.0.0.1"}})
        services.suspend(db.session.get_one(Contract, found["acosta"]), "arrears", "Deuda vencida")
    return found


@pytest.fixture
def page(chromium: Any, site: Site, net: dict[str, int]) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert complaints == []


def test_n1_a_router_is_added_tested_and_looked_at_before_anything_is_changed(site: Site, page: Any) -> None:
    ports = simulator(site, "routers", {"routers": [{
        "name": "oeste", "password": "secreta", "serial": "HEX0000077", "tables": {"/ppp/secret": [
            {"name": "benitez2", "password": "clave"}]}}]})["routers"]["oeste"]
    page.goto("/network/routers")
    sound(page, "n1-routers")
    press(page, "a:has-text('Nuevo router')")
    page.fill("#name", "oeste")
    page.fill("#host", "127.0.0.1")
    page.fill("#port", str(ports["tls_port"]))
    page.fill("#password", "secreta")
    sound(page, "n1-form")
    tab_to(page, "main form button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_selector("button:has-text('Probar la conexión')")
    press(page, "button:has-text('Probar la conexión')")
    assert "HEX0000077" in said(page) and "responde" in said(page)
    press(page, "button:has-text('Mostrar qué se cambiaría')")
    sound(page, "n1-preview")
    with inside(site):
        router = db.session.scalars(sa.select(Router).where(Router.name == "oeste")).one()
        assert router.armed_at is None
        router_id = router.id
    for part in ("script?portal=203.0.113.10", "import", "edit", ""):
        page.goto(f"/network/routers/{router_id}/{part}".rstrip("/"))
        sound(page, f"n1-{part.partition('?')[0] or 'router'}")


def test_n3_a_router_that_is_away_says_so_and_what_waits_is_done_when_it_is_back(
        site: Site, page: Any, net: dict[str, int]) -> None:
    simulator(site, "faults", {"fault": "refuse", "only": "norte"})
    with inside(site):
        services.suspend(db.session.get_one(Contract, net["benitez"]), "arrears", "Deuda vencida")
        router_id = db.session.scalars(sa.select(Router.id).where(Router.name == "norte")).one()
    idle(site, page)
    page.goto(f"/network/routers/{router_id}")
    told = said(page)
    assert "no responde" in told and "1 esperan" in told
    sound(page, "n3-away")
    simulator(site, "faults", {"fault": "refuse", "rate": 0})
    press(page, "button:has-text('Intentar ahora')")
    idle(site, page)
    page.reload()
    assert "nada espera" in said(page).lower(), said(page)
    sound(page, "n3-back")
    for path in ("connections", "connections?which=still_cut", "changes", "routers"):
        page.goto(f"/network/{path}")
        sound(page, f"n4-{path.replace('?', '-')}")
    simulator(site, "advance", {"seconds": 5})
    assert sessions(site, "norte") == {"acosta": "abona-cut", "benitez": "abona-cut"}


def test_the_contract_shows_where_it_hangs(page: Any, net: dict[str, int]) -> None:
    page.goto(f"/contracts/{net['benitez']}")
    assert "norte" in said(page)
    sound(page, "n2-contract")
    page.goto(f"/network/contracts/{net['benitez']}/link")
    sound(page, "n2-link")


def test_u2_who_is_cut_reads_why_and_how_much_and_his_promise_works_there(
        chromium: Any, site: Site, page: Any, net: dict[str, int]) -> None:
    context = chromium.new_context(viewport=PHONE, locale="es-AR")
    phone = context.new_page()
    phone.goto(f"{site.address}/cut")
    told = said(phone)
    assert "12.100,00" in told and "Cortado desde" in told
    sound(phone, "u2-cut")
    phone.set_viewport_size(PHONE)
    for _number in range(10):
        phone.keyboard.press("Tab")
        if phone.evaluate("document.activeElement.innerText") == "Prometo pagar":
            break
    phone.keyboard.press("Enter")
    phone.wait_for_selector("h1:has-text('Gracias')")
    sound(phone, "u2-promised")
    idle(site, page)
    with inside(site):
        assert db.session.get_one(Contract, net["acosta"]).state == "active"
    simulator(site, "advance", {"seconds": 5})
    assert sessions(site, "norte")["acosta"] == "100M"
    phone.goto(f"{site.address}/cut")
    assert "No podemos saber" in said(phone)
    sound(phone, "u2-nobody")
    context.close()
