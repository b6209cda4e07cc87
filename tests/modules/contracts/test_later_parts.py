"""A manual invoice in instalments: what comes with the monthly invoices, once, and how it is counted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.db import db
from core.errors import DomainError
from modules.accounting import instalments
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.contracts import extras, services
from tests.modules.contracts.situations import DECEMBER, NOVEMBER, VAT, day, lines, waiting


def draft(contract, *texts, **values):
    rows = tuple(DraftLine(text, Decimal(1), Decimal("100"), price_includes_tax=True, taxes=tuple(VAT))
                 for text in texts or ("Antenna",))
    return InvoiceDraft(contract.customer_id, day(5), rows, **values)


def put(contract, count=3, **values):
    (place,) = instalments.places(contract.customer_id)
    instalments.put(draft(contract, **values), count, place)
    db.session.commit()


def test_each_line_is_divided_and_its_parts_add_up(make_contract):
    whole = draft(make_contract(), "Antenna", "Mast")
    first = instalments.first_part(whole, 3)
    assert [(one.description, one.unit_price) for one in first.lines] == [
        ("Antenna, instalment 1 of 3", Decimal("33.34")), ("Mast, instalment 1 of 3", Decimal("33.34"))]
    assert [one.amounts for one in instalments.rest(whole, 3)] == [[Decimal("33.33"), Decimal("33.33")]] * 2


def test_the_parts_come_with_the_months_that_follow_and_count_on(make_contract, bill):
    contract = make_contract()
    put(contract)
    assert waiting(contract) == [("Antenna", "33.33"), ("Antenna", "33.33")]
    bill(NOVEMBER)
    assert len(lines(contract)) == 1
    bill(DECEMBER)
    assert lines(contract, DECEMBER)[1] == ("Antenna, instalment 2 of 3", "33.33")


def test_the_same_form_again_writes_nothing(make_contract):
    contract = make_contract()
    put(contract, form_key="abc")
    put(contract, form_key="abc")
    assert len(waiting(contract)) == 2


def test_a_month_that_is_billed_already_gets_none(make_contract, bill):
    contract = make_contract()
    bill(NOVEMBER)
    bill(DECEMBER)
    (place,) = instalments.places(contract.customer_id)
    assert [f"{one:%Y-%m}" for one in place.months(2)] == ["2027-01", "2027-02"]


def test_who_has_no_contract_in_use_gets_no_instalments(make_contract):
    contract = make_contract()
    services.end(contract, day(4))
    assert instalments.places(contract.customer_id) == []


def test_another_currency_than_the_contracts_is_refused(make_contract):
    contract = make_contract()
    with pytest.raises(DomainError) as error:
        put(contract, currency="USD")
    assert error.value.field == "currency" and waiting(contract) == []


def test_taking_the_charge_back_leaves_the_first_invoice_alone(make_contract):
    contract = make_contract()
    put(contract)
    assert extras.cancel_charge(contract, contract.charges[0]) == 2
    assert waiting(contract) == []
