"""What is lent with a contract: out, to be returned once it is over, back, or charged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.accounting.models import Invoice
from modules.contracts import equipment, services
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.models import Charge, Contract, Equipment
from modules.crm import services as crm
from tests.modules.contracts.situations import NOVEMBER
from tests.modules.contracts.test_views import CLERK, EDIT, SEE, text

LIST = "/contracts/equipment"


@pytest.fixture
def ended(make_contract: Callable[..., Contract]) -> Contract:
    """A contract that is over, with an ONU that is still out."""
    owner = crm.create_customer(name="Rosa Paz", tax_condition="CF", phones=["+54 9 358 512-3456"])
    contract = make_contract(customer=owner)
    equipment.lend(contract, "ONU", "HWTC1234", dt.date(2026, 2, 3), Decimal(45_000))
    services.end(contract)
    db.session.commit()
    return contract


def only() -> Equipment:
    return db.session.scalars(sa.select(Equipment)).one()


def test_what_is_lent_stands_on_the_contract_and_once_it_is_over_on_the_list_of_what_is_due(
        login: Any, make_contract: Callable[..., Contract]) -> None:
    contract, browser = make_contract("Rosa Paz"), login(*CLERK)
    answer = browser.post(f"/contracts/{contract.id}/equipment/new", data={
        "description": "ONU", "serial": "HWTC1234", "given_on": "2026-02-03", "value": "45000", "form_key": "k1"})
    assert answer.status_code == 302, text(answer)
    browser.post(f"/contracts/{contract.id}/equipment/new", data={
        "description": "ONU", "serial": "HWTC1234", "given_on": "2026-02-03", "value": "45000", "form_key": "k1"})
    assert (only().serial, only().given_on, only().value) == ("HWTC1234", dt.date(2026, 2, 3), Decimal(45_000))
    assert "HWTC1234" in text(browser.get(f"/contracts/{contract.id}"))
    assert "HWTC1234" not in text(browser.get(f"{LIST}?state=due"))
    assert "HWTC1234" in text(browser.get(f"{LIST}?state=out"))
    services.end(contract)
    db.session.commit()
    assert "HWTC1234" in text(browser.get(f"{LIST}?state=due"))


def test_the_list_says_what_since_when_whose_phone_and_for_how_long(
        login: Any, ended: Contract, frozen: Callable[..., Any]) -> None:
    moment = dt.datetime.combine(ended.ends_on or dt.date.min, dt.time(15)) + dt.timedelta(days=12)
    frozen(moment.year, moment.month, moment.day, 15)
    page = text(login(*CLERK).get(f"{LIST}?state=due"))
    for told in ("ONU", "HWTC1234", "Rosa Paz", "512-3456", ">12<"):
        assert told in page, told


def test_many_are_marked_as_returned_at_once_and_that_is_undone(
        login: Any, ended: Contract, run_jobs: Callable[[], int]) -> None:
    browser = login(*CLERK)
    asked = browser.post(f"{LIST}/do/back", data={"id": [only().id]})
    assert "HWTC1234" in text(browser.get(asked.location)) and only().state == "out"
    browser.post(f"{asked.location}/start")
    run_jobs()
    db.session.expire_all()
    assert only().state == "returned" and "HWTC1234" not in text(browser.get(f"{LIST}?state=due"))
    browser.post(f"{asked.location}/undo")
    run_jobs()
    db.session.expire_all()
    assert (only().state, only().ended_on) == ("out", None)
    assert login(SEE).post(f"{LIST}/do/back", data={"rows": [only().id]}).status_code == 403


def test_what_does_not_come_back_comes_with_the_next_invoice_of_a_contract_that_is_over(
        login: Any, ended: Contract, bill: Callable[..., Any]) -> None:
    browser = login(*CLERK)
    assert "45" in text(browser.get(f"/contracts/equipment/{only().id}/lost"))
    browser.post(f"/contracts/equipment/{only().id}/lost", data={"amount": "45000", "form_key": "a"})
    browser.post(f"/contracts/equipment/{only().id}/lost", data={"amount": "45000", "form_key": "b"})
    assert (only().state, db.session.scalars(sa.select(Charge.total)).all()) == ("lost", [Decimal(45_000)])
    bill(NOVEMBER)
    invoice = db.session.scalars(sa.select(Invoice).where(Invoice.customer_id == ended.customer_id)).all()[-1]
    assert "HWTC1234" in "".join(line.description for line in invoice.lines)


def test_what_comes_back_after_all_is_not_charged(ended: Contract) -> None:
    equipment.give_up(only(), Decimal(45_000))
    equipment.take_back(only())
    assert only().state == "returned"
    assert all(part.cancelled for charge in db.session.scalars(sa.select(Charge)) for part in charge.instalments)
    with pytest.raises(NotPossible):
        equipment.give_up(only(), Decimal(1))


def test_without_an_amount_nothing_is_charged(ended: Contract) -> None:
    equipment.give_up(only())
    assert (only().state, db.session.query(Charge).count()) == ("lost", 0)


def test_a_serial_number_is_in_one_place_and_nothing_is_lent_after_the_end(
        ended: Contract, make_contract: Callable[..., Contract]) -> None:
    other = make_contract()
    with pytest.raises(WrongValue, match=ended.number):
        equipment.lend(other, "ONU", "HWTC1234")
    with pytest.raises(NotPossible):
        equipment.lend(ended, "ONU", "X")
    equipment.take_back(only())
    equipment.lend(other, "ONU", "HWTC1234")
    assert [one.state for one in equipment.of_contract(other.id)] == ["out"]


def test_who_only_sees_cannot_lend(login: Any, ended: Contract) -> None:
    assert EDIT not in (SEE,)
    browser = login(SEE)
    assert browser.post(f"/contracts/equipment/{only().id}/back").status_code == 403
    assert browser.get(f"/contracts/{ended.id}/equipment/new").status_code == 403
