"""Receipts, pages and supposed notices of Pagoralia (reference 7.2, 7.3)."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from core.errors import Rejected, Unavailable
from modules.gateways.access import PRODUCTION, Access
from modules.gateways.cli import cli
from modules.gateways.errors import BadSetting
from modules.gateways.providers.pagoralia import about, mapping
from modules.gateways.providers.pagoralia.checkout import PagoraliaCheckout, PagoraliaPoll
from modules.gateways.providers.pagoralia.client import Pagoralia, host_of
from modules.gateways.providers.pagoralia.webhook import PagoraliaWebhook
from modules.gateways.shapes import Attempt, Debt, Due, Incoming, Payer
from tests.modules.gateways.shop import NOW, Site

SAMPLES = Path(__file__).parent / "samples"
Make = Callable[..., Any]
checkout, poll = PagoraliaCheckout(), PagoraliaPoll()
ATTEMPT = Attempt("1045-202611", "key", NOW + dt.timedelta(days=5), payer=Payer("Ana Prueba Díaz"))


def debt(amount: str = "449.50", currency: str = "MXN") -> Debt:
    return Debt("000021", "Ana Prueba", "77", "Noviembre", currency, (Due(dt.date(2026, 11, 30), Decimal(amount)),))


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


@pytest.mark.parametrize(("amount", "written"), [("449", "449"), ("449.00", "449"), ("449.50", "449.50"),
                                                 ("0.05", "0.05"), ("12000.00", "12000")])
def test_whole_pesos_have_no_decimals_all_else_has_two(amount: str, written: str) -> None:
    assert mapping.written(Decimal(amount)) == written


def test_an_order_says_what_the_integrations_say() -> None:
    body = mapping.request(debt(), ATTEMPT)
    assert set(body) == set(sample("orden_request.json"))
    assert (body["nombre"], body["apellido"], body["monto"], body["cliente"]) == (
        "Ana", "Prueba Díaz", "449.50", "000021")
    assert checkout.problem(Access("pagoralia", {}), debt(currency="USD"), "link") != ""
    assert checkout.problem(Access("pagoralia", {}), debt(), "oxxo") != ""
    assert checkout.problem(Access("pagoralia", {}), debt(), "link") == ""


def test_the_sample_list_is_read() -> None:
    access = Access("pagoralia", {})
    found = [mapping.reading(access, "000021", one) for one in sample("listadocliente_response.json")]
    assert [(one.external_id, one.status, f"{one.amount:.2f}") for one in found if one] == [
        ("000021/1045-202610", "approved", "449.50"), ("000021/1045-202611", "pending", "449.50")]


@pytest.mark.parametrize(("receipt", "expected"), [
    ({"recibo": "1", "total": "449.50", "detalle": "paid"}, ("approved", "449.50")),
    ({"recibo": 1, "total": 449, "estado": "PAID"}, ("approved", "449.00")),
    ({"recibo": "1", "total": "449.5", "estado": "pending"}, ("pending", "449.50")),
    ({"recibo": "1", "total": "449.50", "estado": "cancelled"}, ("pending", "449.50")),
    ({"recibo": "1", "total": "1,449.50", "estado": "paid"}, ("unknown", "0.00")),
    ({"recibo": "1", "total": "0", "estado": "paid"}, ("unknown", "0.00")),
    ({"recibo": "1", "estado": "paid"}, ("unknown", "0.00")),
    ({"recibo": "", "total": "449.50", "estado": "paid"}, None), ({}, None)])
def test_what_a_receipt_means(receipt: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = mapping.reading(Access("pagoralia", {}), "000021", receipt)
    assert (found and (found.status, f"{found.amount:.2f}")) == expected


def test_only_the_receipt_that_is_asked_for_counts(site: Site, access: Make) -> None:
    """What was paid before this account was here is nobody's new payment."""
    service = Pagoralia(access())
    for number in ("OLD-1", "1045-202611"):
        service.order({**sample("orden_request.json"), "invoice": number, "monto": "449.50"})
        site.post("pay", receipt=number)
    told = poll.read(access(), payment_id="000021/1045-202611")
    assert [(one.external_id, one.status) for one in told] == [("000021/1045-202611", "approved")]
    assert poll.read(access(), payment_id="pg_0001") == [] and poll.since(access(), "") == ([], "", False)


def test_asked_for_again_a_receipt_is_not_doubled_and_one_that_is_paid_is_refused(site: Site, access: Make) -> None:
    first = checkout.open(access(), debt(), ATTEMPT)
    assert first.url == f"{site.address}/isp/pagar/000021" and first.provider_ref == "000021/1045-202611"
    checkout.open(access(), debt("500"), ATTEMPT)
    assert [one["total"] for one in site.state()["receipts"]] == ["500.00"]
    site.post("pay", receipt="1045-202611")
    with pytest.raises(Rejected, match="ya fue pagado"):
        checkout.open(access(), debt(), ATTEMPT)


def test_the_samples_have_the_simulators_shapes(site: Site) -> None:
    order = {**sample("orden_request.json"), "monto": "449.50"}
    made = requests.post(f"{site.address}/order", json=order, timeout=20,
                         headers={"Authorization": f"Bearer {about.REHEARSAL['token']}"}).json()
    assert {key: set(value) for key, value in made.items()} == {
        key: set(value) for key, value in sample("orden_response.json").items()}
    query = {"token": about.REHEARSAL["token"], "cliente": "000021"}
    listed = requests.get(f"{site.address}/isp/api/listadocliente", query, timeout=20).json()
    assert set(listed[0]) == set(sample("listadocliente_response.json")[0])
    link = requests.get(f"{site.address}/isp/api/linkmikro", query, timeout=20).json()
    assert set(link) == set(sample("linkmikro_response.json"))
    assert requests.get(f"{site.address}/isp/api/linkmikro", {**query, "cliente": "9"}, timeout=20).json() == {}


@pytest.mark.parametrize("values", [{"monto": 449.5}, {"monto": "0"}, {"monto": "449.505"}, {"moneda": "USD"},
                                    {"invoice": ""}, {"cliente": ""}, {"nombre": ""}])
def test_the_simulator_refuses_what_an_order_lacks(access: Make, values: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="field"):
        Pagoralia(access()).order({**mapping.request(debt(), ATTEMPT), **values})


@pytest.mark.parametrize("fault", ["refuse_connection", "timeout_before", "error_500", "lost_answer", "garbage"])
def test_whatever_came_of_it_it_may_be_asked_again(site: Site, access: Make, fault: str) -> None:
    site.fault(fault, seed=3)
    with pytest.raises(Unavailable):
        checkout.open(access(), debt(), ATTEMPT)
    checkout.open(access(), debt(), ATTEMPT)
    assert len(site.state()["receipts"]) == 1


def test_token_host_and_settings(access: Make) -> None:
    assert "no page yet" in about.test(access())
    checkout.open(access(), debt(), ATTEMPT)
    assert "has a page" in about.test(access(test_customer="000021"))
    for settings in ({"token": "another"}, {"abrev": "other"}):
        with pytest.raises(Rejected):
            about.test(access(**settings))
    with pytest.raises(BadSetting):
        about.test(access(notice_map=["amount"]))
    assert host_of(Access("pagoralia", {"abrev": "fibra"}, PRODUCTION)) == "https://fibra.pagoralia.com"
    checks = {one.name: one.check for one in about.PROVIDER.settings if one.check}
    assert checks["abrev"]("isp") == "" and checks["abrev"]("isp.evil.example/") != ""
    assert checks["order_url"]("https://isp.pagoralia.com/order") == "" and checks["order_url"]("https://x.org/") != ""
    assert checks["notice_map"](["customer=customer_id"]) == "" and checks["notice_map"](["cliente=x"]) != ""


# --- notices -----------------------------------------------------------------------------------------------

ENGLISH = ["invoice=referencia", "customer=customer_id", "amount=amount", "state=status", "paid=ok,done"]


@pytest.mark.parametrize(("told", "settings", "status"), [
    (sample("aviso_supuesto.json"), {}, "approved"),
    ({**sample("aviso_supuesto.json"), "estado": "pendiente"}, {}, "pending"),
    ({**sample("aviso_supuesto.json"), "estado": "PAGADO"}, {}, "approved"),
    ({"referencia": "1045-202611", "customer_id": "000021", "amount": "449.50", "status": "done"},
     {"notice_map": ENGLISH}, "approved"),
    ({"referencia": "1045-202611", "customer_id": "000021", "status": "paid"}, {"notice_map": ENGLISH}, "pending")])
def test_which_field_holds_what_is_a_setting(told: dict[str, Any], settings: dict[str, Any], status: str) -> None:
    access = Access("pagoralia", {"notice_token": "s3creto", **settings})
    found = PagoraliaWebhook().notice(access, Incoming("POST", {}, {}, json.dumps(told), "/notice/s3creto"))
    assert (found.authentic, found.action, found.payment_id) == (True, "read", "000021/1045-202611")
    assert found.payment is not None and found.payment.status == status
    assert found.payment.reference.invoice == "1045-202611"


def test_a_notice_to_another_address_or_without_a_receipt_asks_for_nothing() -> None:
    access, body = Access("pagoralia", {"notice_token": "s3creto"}), json.dumps(sample("aviso_supuesto.json"))
    found = PagoraliaWebhook().notice(access, Incoming("POST", {}, {}, body, "/notice/x"))
    assert (found.authentic, found.reason, PagoraliaWebhook().answer(found)[0]) == (False, "wrong_token", 401)
    chance, text = random.Random(3), '{}[]":,=&%\ud800é\0cliente'
    for _round in range(300):
        junk = "".join(chance.choice(text) for _sign in range(chance.randrange(50)))
        assert PagoraliaWebhook().notice(access, Incoming("POST", {}, {}, junk, "/notice/s3creto")).action == "ignore"
    broken = Access("pagoralia", {"notice_token": "s3creto", "notice_map": ["x"]})
    assert PagoraliaWebhook().notice(broken, Incoming("POST", {}, {}, body, "/notice/s3creto")).action == "ignore"


def test_the_command_judges_a_request(tmp_path: Path) -> None:
    file = tmp_path / "REQUEST.json"
    file.write_text(json.dumps({"method": "POST", "path": "/notice/s3creto", "query": {}, "headers": {}, "body":
                                (SAMPLES / "aviso_supuesto.json").read_text(), "credentials": {
                                    "abrev": "isp", "token": "t", "notice_token": "s3creto"}}))
    done = CliRunner().invoke(cli, ["notice", "pagoralia", str(file), "--json"], standalone_mode=False)
    told = json.loads(done.stdout)
    assert done.return_value == 0 and (told["event_id"], told["action"], told["payment"]["amount"]) == (
        "1045-202611:paid", "read", "449.50")
