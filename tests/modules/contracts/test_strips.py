"""The strip of each contract above a customer's page: state, plan, up to when it is paid, what other modules add."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from core.db import db
from modules.accounting.payments import Medium, PaymentData, record_payment
from modules.contracts import queries
from modules.contracts.ports import Remark, strip_parts
from tests.modules.contracts.situations import DECEMBER, NOVEMBER, day, invoice_of, statements

SEE = ("crm.view_customers", "contracts.view_contracts")
BOOKS = (*SEE, "accounting.view_documents")


def strip(browser, contract):
    """What stands in the strips, in words."""
    page = browser.get(f"/customers/{contract.customer_id}").get_data(as_text=True)
    found = page.split('<div class="summary">')[1].split("</nav>")[0].split('class="chip"')[1:]
    return [" ".join(re.sub("<[^>]+>", " ", one.split(">", 1)[1].split("</a>")[0]).split()) for one in found]


def pay(contract, month):
    invoice = invoice_of(contract, month)
    record_payment(PaymentData(contract.customer_id, [Medium(invoice.total)], pays=[(invoice.id, invoice.total)]))
    db.session.commit()


def test_a_contract_says_up_to_when_it_is_paid(login, make_contract, bill, frozen):
    contract = make_contract("Gómez, María")
    browser = login(*BOOKS)
    bill(NOVEMBER)
    assert queries.paid_up_to([contract.id]) == {} and "pagado hasta" not in strip(browser, contract)[0]
    pay(contract, NOVEMBER)
    assert "pagado hasta el 30/11/2026" in strip(browser, contract)[0]
    frozen(2026, 12, 5, 15)
    browser = login(*BOOKS)  # who was in a month ago is asked again
    bill(DECEMBER)
    assert "pagado hasta el 30/11/2026" in strip(browser, contract)[0]
    pay(contract, DECEMBER)
    assert "pagado hasta el 31/12/2026" in strip(browser, contract)[0]


def test_what_is_paid_after_a_hole_is_paid_only_up_to_the_hole(make_contract, bill, frozen):
    contract = make_contract("Gómez, María")
    bill(NOVEMBER)
    frozen(2026, 12, 5, 15)
    bill(DECEMBER)
    pay(contract, DECEMBER)
    assert queries.paid_up_to([contract.id]) == {}
    invoice = invoice_of(contract, NOVEMBER)
    record_payment(PaymentData(contract.customer_id, [Medium(Decimal(1))], pays=[(invoice.id, Decimal(1))]))
    assert queries.paid_up_to([contract.id]) == {}
    record_payment(PaymentData(contract.customer_id, [Medium(invoice.open_amount)]))
    assert queries.paid_up_to([contract.id]) == {contract.id: day(31, 12)}


def test_who_may_not_see_documents_does_not_see_what_is_paid(login, make_contract, bill):
    contract = make_contract("Gómez, María")
    bill(NOVEMBER)
    pay(contract, NOVEMBER)
    assert "pagado hasta" not in strip(login(*SEE), contract)[0]


class Part:
    permission = "contracts.view_contracts"

    def of(self, contract_ids):
        return {contract_ids[0]: Remark("router <Norte>", "bad")}


@pytest.fixture
def part(monkeypatch):
    monkeypatch.setattr(strip_parts, "_entries", {"x": Part()})


def test_what_another_module_says_stands_in_the_strip_of_its_contract(login, make_contract, part):
    first = make_contract("Gómez, María")
    second = make_contract(customer=first.customer)
    one, two = strip(login(*SEE), first)
    assert first.number in one and "router &lt;Norte&gt;" in one and second.number in two and "router" not in two


def test_six_contracts_cost_no_more_than_two(login, make_contract, bill):
    first = make_contract("Gómez, María")
    make_contract(customer=first.customer)
    bill(NOVEMBER)
    browser = login(*BOOKS, "networking.view_network")
    browser.get("/")

    def costs():
        return statements(lambda: browser.get(f"/customers/{first.customer_id}?tab=data"))

    costs()
    few = costs()
    for _n in range(4):
        make_contract(customer=first.customer)
    assert costs() == few
