"""The screens: a promise in two clicks, the story of a service, proofs, cut-offs; and what the payer can do."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import use_locale
from modules.arrears import timeline
from modules.arrears.models import Batch, Moratorium, Promise, Proof
from modules.gateways import links
from tests.modules.arrears.test_proofs import photograph

DUE = dt.date(2026, 11, 2)


@pytest.fixture
def cut(make_contract: Any, owe: Any, run: Any) -> Any:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12, 11)
    db.session.refresh(contract)
    return contract


def post(client: Any, path: str, **data: Any) -> Any:
    return client.post(path, data=data, follow_redirects=True)


def test_a_promise_is_two_clicks_from_the_customer(app: Any, cut: Any, login: Any) -> None:
    client = login("arrears.view_arrears", "arrears.grant_promises", "crm.view_customers")
    page = client.get(f"/customers/{cut.customer_id}?tab=arrears").text
    assert "12.100,00" in page and f"/arrears/contracts/{cut.id}/promise" in page
    answer = post(client, f"/arrears/contracts/{cut.id}/promise")
    db.session.expire_all()
    assert answer.status_code == 200 and cut.state == "active"
    made = db.session.scalars(sa.select(Promise)).one()
    post(client, f"/arrears/promises/{made.id}/withdraw")
    db.session.expire_all()
    assert made.state == "withdrawn"
    with app.test_request_context(), use_locale("en"):
        who = {one.words: one.who for one in timeline.of(cut)}
    assert who["The promise was taken back"]
    assert next(name for words, name in who.items() if words.startswith("Service restored"))


def test_promise_and_link_are_actions_of_a_customer_who_owes(cut: Any, pay: Any, login: Any) -> None:
    promise, link = (f"/customers/{cut.customer_id}?tab={tab}\"" for tab in ("arrears", "ways_to_pay#pay-link"))
    client = login("arrears.view_arrears", "arrears.grant_promises", "gateways.hand_out_links", "crm.view_customers")
    head = client.get(f"/customers/{cut.customer_id}").text.split('class="summary"')[0]
    assert promise in head and link in head
    assert 'id="pay-link"' in client.get(f"/customers/{cut.customer_id}?tab=ways_to_pay").text
    pay(cut, "12100")
    head = client.get(f"/customers/{cut.customer_id}").text.split('class="summary"')[0]
    assert promise not in head and link not in head
    head = login("arrears.view_arrears", "crm.view_customers").get(f"/customers/{cut.customer_id}").text
    assert promise not in head.split('class="summary"')[0]


def test_the_story_tells_all_of_it_in_order(cut: Any, pay: Any, run_jobs: Any, login: Any, frozen: Any) -> None:
    frozen(2026, 11, 12, 15)
    pay(cut, "12100")
    run_jobs()
    client = login("arrears.view_arrears", "contracts.view_contracts")
    assert f'href="/arrears/contracts/{cut.id}"' in client.get(f"/contracts/{cut.id}").text
    page = client.get(f"/arrears/contracts/{cut.id}").text
    told = ["Servicio reconectado", "Pagó: ", "Servicio cortado: vencido hace", "Venció: ", "Emitido: "]
    places = [page.index(words) for words in told]
    assert places == sorted(places)


def test_proofs_are_decided_side_by_side(cut: Any, login: Any, run_jobs: Any) -> None:
    client = login("arrears.view_arrears", "arrears.grant_promises", "arrears.review_proofs", "crm.view_customers")
    post(client, f"/arrears/customers/{cut.customer_id}/proof", proof=(io.BytesIO(photograph()), "photo.jpg"),
         operation="4471")
    row = db.session.scalars(sa.select(Proof)).one()
    assert client.get("/arrears/proofs").text.count(f"/arrears/proofs/{row.id}") >= 1
    assert 'href="/arrears/proofs">Hay 1 comprobante de pago por revisar' in client.get("/").text
    page = client.get(f"/arrears/proofs/{row.id}").text
    assert "12.100,00" in page and "4471" in page
    picture = client.get(f"/arrears/proofs/{row.id}/file")
    assert picture.mimetype == "image/jpeg" and picture.headers["X-Content-Type-Options"] == "nosniff"
    bad = client.post(f"/arrears/proofs/{row.id}/accept", data={"amount": "", "paid_on": "2026-11-11"})
    assert bad.status_code == 422 and row.state == "waiting"
    post(client, f"/arrears/proofs/{row.id}/accept", amount="12100", paid_on="2026-11-11", operation="4471",
         method="transfer")
    db.session.expire_all()
    assert row.state == "accepted" and "por revisar" not in client.get("/").text
    again = client.post(f"/arrears/proofs/{row.id}/refuse", data={"reason": "x"})
    assert again.status_code == 422


def test_a_cut_off_is_rehearsed_run_and_undone_on_screen(cut: Any, make_contract: Any, owe: Any, login: Any,
                                                         run_jobs: Any) -> None:
    other = make_contract("Beto Gil")
    owe(other, "9000", DUE)
    client = login("arrears.view_arrears", "arrears.cut_service")
    page = post(client, "/arrears/cut-offs", form_key="k1").text
    assert "9.000,00" in page and "Beto Gil" in page
    batch = db.session.scalars(sa.select(Batch)).one()
    post(client, f"/arrears/cut-offs/{batch.id}/run", all="1")
    run_jobs()
    db.session.expire_all()
    assert other.state == "suspended"
    shown = [client.get(f"/arrears/cut-offs?state={state}").text for state in ("done", "stopped")]
    assert [f"/arrears/cut-offs/{batch.id}" in one for one in shown] == [True, False]
    assert client.get("/arrears/cut-offs?sort=-id&columns=made,contracts,cut,spared").text.count(">1<") >= 2
    post(client, f"/arrears/cut-offs/{batch.id}/undo")
    run_jobs()
    db.session.expire_all()
    assert other.state == "active" and cut.state == "suspended"


def test_a_moratorium_is_one_switch(isp: Any, login: Any) -> None:
    client = login("arrears.view_arrears", "arrears.edit_rules")
    assert "debe decir por qué" in post(client, "/arrears/moratoria", reason="").text
    post(client, "/arrears/moratoria", reason="Inundación", catch_up_days="2")
    row = db.session.scalars(sa.select(Moratorium)).one()
    assert "Inundación" in client.get("/arrears/").text and row.last_day is None
    page = post(client, f"/arrears/moratoria/{row.id}/end").text
    db.session.expire_all()
    assert row.ended_at == clock.now() and "La moratoria terminó" in page
    assert "Apagada por" in page and str(row.ender) in page and f"/arrears/moratoria/{row.id}/end" not in page
    assert "Inundación" not in client.get("/arrears/").text
    shown = [client.get(f"/arrears/moratoria?state={state}").text for state in ("over", "holds")]
    assert [">Inundación<" in one for one in shown] == [True, False]
    assert "en todas partes" in shown[0]


def test_the_overview_says_what_each_step_brought_in(cut: Any, pay: Any, run_jobs: Any, login: Any) -> None:
    pay(cut, "12100")
    run_jobs()
    client = login("arrears.view_arrears")
    page = client.get("/arrears/").text
    row = page[page.index("Después del corte"):]
    assert "12.100,00" in row[:400]
    assert client.get("/arrears/promises?state=kept").status_code == 200


def test_the_payer_promises_and_sends_a_proof_by_the_signed_page(cut: Any, client: Any, run: Any) -> None:
    token = links.of_customer(cut.customer).rpartition("/")[2]
    page = client.get(f"/pay/{token}").text
    assert "I promise to pay" in page and "I have paid already" in page
    offered = client.get(f"/pay/{token}/do/promise").json
    assert offered["possible"] and offered["cut"]
    answer = client.post(f"/pay/{token}/do/promise", headers={"Accept": "application/json"})
    assert answer.status_code == 200 and answer.json["done"]
    db.session.expire_all()
    assert cut.state == "active"
    assert "You promised to pay until" in client.get(f"/pay/{token}").text
    sent = client.post(f"/pay/{token}/do/proof", data={"proof": (io.BytesIO(b"nonsense"), "x.jpg")})
    assert sent.status_code == 409 and "damaged" in sent.text
    sent = client.post(f"/pay/{token}/do/proof", data={"proof": (io.BytesIO(photograph()), "x.jpg")})
    assert sent.status_code == 200 and "We look at your proof" in sent.text


def test_an_address_that_nobody_signed_does_nothing(cut: Any, client: Any) -> None:
    assert client.post("/pay/nonsense/do/promise").status_code == 404
    token = links.of_customer(cut.customer).rpartition("/")[2]
    assert client.post(f"/pay/{token}/do/nothing").status_code == 404
    db.session.expire_all()
    assert cut.state == "suspended"


def sent(client: Any, cut: Any, color: str) -> str:
    """What the staff read after taking in a picture."""
    answer = client.post(f"/arrears/customers/{cut.customer_id}/proof", data={
        "proof": (io.BytesIO(photograph(color)), "pago.jpg")}, follow_redirects=True)
    return str(answer.get_data(as_text=True))


def test_a_proof_says_what_it_does_and_is_urgent_before_it_ends(cut: Any, login: Any, frozen: Any) -> None:
    rights = ("arrears.view_arrears", "arrears.grant_promises", "arrears.review_proofs", "crm.view_customers")
    client = login(*rights)
    assert "tiene servicio hasta el" in sent(client, cut, "red")
    row = db.session.scalars(sa.select(Proof)).one()
    assert "comprobante de pago por revisar" in client.get("/").text
    assert row.keeps_until is not None
    moment = row.keeps_until - dt.timedelta(hours=3)
    frozen(moment.year, moment.month, moment.day, moment.hour, moment.minute)
    client = login(*rights)
    assert "solo por unas horas" in client.get("/").text
    row.state, row.decided_at = "refused", clock.now()
    db.session.commit()
    assert "ya se revisó" in sent(client, cut, "red")


def test_proofs_of_many_are_accepted_together_but_those_that_need_a_look(make_contract: Any, owe: Any, login: Any,
                                                                         run_jobs: Any) -> None:
    """Of four that wait one says no amount, and two name the same operation: a person must look at these."""
    for name, colour, values in (("Ana", "red", {"amount": "12100", "operation": "OP-1"}),
                                 ("Beto", "blue", {"amount": "12100", "operation": "OP-2"}), ("Cora", "green", {}),
                                 ("Dora", "black", {"amount": "500", "operation": "OP 1"})):
        contract = make_contract(name)
        owe(contract, "12100", DUE)
        post(login("arrears.view_arrears", "arrears.grant_promises", "crm.view_customers"),
             f"/arrears/customers/{contract.customer_id}/proof", proof=(io.BytesIO(photograph(colour)), "pago.jpg"),
             **values)
    client = login("arrears.review_proofs")
    waiting = client.get("/arrears/proofs").text
    assert all(name in waiting for name in ("Ana", "Beto", "Cora", "Dora"))
    run = client.post("/arrears/proofs/do/accept?state=waiting", data={"all": "1"}).location
    asked = client.get(run).text
    assert "3 comprobantes de pago" in asked and "se registra una transferencia" in asked
    client.post(f"{run}/start")
    run_jobs()
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Proof).order_by(Proof.id)).all()
    assert [row.state for row in rows] == ["waiting", "accepted", "waiting", "waiting"]
    assert rows[1].payment_id is not None and "OP-1" in client.get(run).text
