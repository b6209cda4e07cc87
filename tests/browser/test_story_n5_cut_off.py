"""N5: a cut-off is looked at before, run by stages, stopped when it goes wrong, and undone with one key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.worker import Embedded
from modules.contracts.models import Contract
from tests.browser.arrears import press, receipt, sessions, simulator, tab_to, town
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, idle, inside, said, sound

pytestmark = STORY
NAMES = {"norte": ["Acosta, Ana", "Benítez, Luis", "Castro, Marta"], "sur": ["Díaz, Juan", "Ñáñez, María José"]}
RUN_ALL, STOP, UNDO = "button:has-text('Cortar ')", "button:has-text('Detener')", "button:has-text('Deshacer')"


@pytest.fixture(scope="module")
def debtors(site: Site) -> dict[str, int]:
    """Customer ids by PPPoE user."""
    with inside(site):
        found = {user: contract.customer_id for user, contract in town(site, NAMES).items()}
    return found


@pytest.fixture
def page(chromium: Any, site: Site, debtors: dict[str, int]) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert complaints == []


def cut(site: Site) -> list[str]:
    with inside(site):
        return sorted(db.session.scalars(sa.select(Contract.pppoe_user).where(Contract.state == "suspended")))


def dialled_in_again(site: Site, page: Any) -> dict[str, str]:
    """Who is connected with which profile, when all are back."""
    simulator(site, "advance", {"seconds": 5})
    idle(site, page)
    return sessions(site, "norte") | sessions(site, "sur")


def test_a_rehearsal_cuts_nobody_and_says_who_by_what(site: Site, page: Any) -> None:
    page.goto("/arrears/")
    sound(page, "n5-arrears")
    press(page, "a:has-text('Cortes')")
    sound(page, "n5-no-cut-off")
    press(page, "button:has-text('Ensayar un corte')")
    told = said(page)
    assert "5 contratos" in told and "Todavía no se cortó a nadie." in told and "60.500,00" in told
    assert "Torre Norte: 3 esperan" in told and "Torre Sur: 2 esperan" in told
    assert told.count("Factura") == 5
    sound(page, "n5-rehearsed")
    assert cut(site) == []


def test_one_is_left_out_and_the_stages_are_cut_one_by_one(site: Site, page: Any) -> None:
    page.goto("/arrears/cut-offs")
    press(page, "main table a")
    press(page, "tr:has-text('Castro') button:has-text('Dejar afuera')")
    press(page, "button:has-text('Ejecutar la etapa siguiente')", agrees=True)
    idle(site, page)
    assert cut(site) == ["acosta", "benitez"]
    page.reload()
    assert "Torre Norte: 0 esperan, 2 cortados" in said(page)
    sound(page, "n5-one-stage")
    with inside(site):
        assert db.session.scalar(sa.select(sa.func.count()).where(Contract.state == "active")) == 3
    seen = dialled_in_again(site, page)
    assert (seen["acosta"], seen["castro"], seen["diaz"]) == ("abona-cut", "100M", "100M")


def test_what_runs_is_stopped_and_all_of_it_is_undone(site: Site, page: Any) -> None:
    page.goto("/arrears/cut-offs")
    press(page, "main table a")
    site.worker.stop()  # what was begun waits, so that there is something to stop
    press(page, RUN_ALL, agrees=True)
    sound(page, "n5-running")
    press(page, STOP)
    assert "quien fue cortado sigue así hasta que lo deshaga" in said(page).lower()
    site.worker = Embedded(site.app, threads=2)
    site.worker.start()
    idle(site, page)
    assert cut(site) == ["acosta", "benitez"]
    press(page, UNDO, agrees=True)
    idle(site, page)
    assert cut(site) == []
    page.reload()
    assert "deshecho" in said(page)
    sound(page, "n5-undone")
    assert set(dialled_in_again(site, page).values()) == {"100M"}


def test_s4_a_promise_is_two_keys_and_brings_the_service_back(site: Site, page: Any, debtors: dict[str, int]) -> None:
    with inside(site):
        from modules.contracts import services

        services.suspend(db.session.scalars(sa.select(Contract).where(Contract.pppoe_user == "diaz")).one(),
                         "arrears", "Deuda vencida")
    idle(site, page)
    page.goto(f"/customers/{debtors['diaz']}?tab=arrears")
    page.wait_for_selector("button:has-text('Promesa hasta')")
    assert "Cortado desde" in said(page) and "12.100,00" in said(page)
    sound(page, "s4-cut")
    press(page, "button:has-text('Promesa hasta')")
    page.wait_for_selector("text=Prometió pagar hasta")
    idle(site, page)
    assert cut(site) == []
    sound(page, "s4-promised")
    page.goto("/arrears/promises")
    assert "Díaz, Juan" in said(page)
    sound(page, "s4-promises")


def test_u3_a_proof_is_looked_at_beside_the_debt_and_decided_by_keys(
        site: Site, page: Any, debtors: dict[str, int]) -> None:
    for user in ("castro", "nanez"):
        page.goto(f"/customers/{debtors[user]}?tab=arrears")
        page.wait_for_selector("#proof")
        page.set_input_files("#proof", receipt(f"Transferencia de {user}"))
        page.fill("#operation", f"OP-{debtors[user]}")
        page.fill("#amount", "12100")
        press(page, "button:has-text('Guardar el comprobante')")
    page.goto("/arrears/proofs")
    sound(page, "u3-proofs")
    press(page, "main table a")
    assert "Castro, Marta" in said(page) and "Factura" in said(page)
    assert page.evaluate("document.querySelector('.proof-picture').naturalWidth") == 700
    boxes = [page.locator(one).bounding_box() for one in (".proof-picture", "#method")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]  # side by side on a desk
    sound(page, "u3-proof")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=El pago está registrado")
    assert "Ñáñez" in said(page)  # the next one that waits
    page.keyboard.press("r")
    page.keyboard.type("No se lee el número de la operación.")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=No hay comprobantes aquí")
    with inside(site):
        from modules.arrears.models import Proof

        assert sorted(db.session.scalars(sa.select(Proof.state))) == ["accepted", "refused"]


def test_the_moratorium_is_one_switch(page: Any) -> None:
    page.goto("/arrears/moratoria")
    page.fill("#reason", "Inundación")
    press(page, "button:has-text('Empezarla ahora')")
    assert "Inundación" in said(page)
    sound(page, "n5-moratoria")
    tab_to(page, "button:has-text('Apagar')")


def test_why_tells_it_line_by_line(site: Site, page: Any) -> None:
    with inside(site):
        contract_id = db.session.scalars(sa.select(Contract.id).where(Contract.pppoe_user == "acosta")).one()
    page.goto(f"/arrears/contracts/{contract_id}")
    told = said(page)
    for words in ("Servicio cortado", "El corte se envió al router norte", "Servicio reconectado"):
        assert words in told, words
    sound(page, "s2-why")
