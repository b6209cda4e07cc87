"""What an invoice was billed for: its plan then, not the one that the contract has now; and its present number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from modules.accounting import payments, reissuing
from modules.accounting import queries as accounting
from modules.accounting.models import Invoice
from modules.contracts import queries, services
from modules.contracts.models import BilledPeriod, BillingRun, Contract, Plan
from modules.crm.models import Customer
from tests.modules.contracts.situations import NOVEMBER, invoice_of

DECEMBER = dt.date(2026, 12, 1)
Make = Callable[..., Any]
Bill = Callable[..., BillingRun]


def of_plan(*plans: Plan) -> set[int]:
    return set(db.session.scalars(sa.select(Invoice.id).where(queries.billed_plans([one.id for one in plans]))))


def plans_billed(contract: Contract, month: dt.date = NOVEMBER) -> tuple[int | None, int | None]:
    row = db.session.scalars(sa.select(BilledPeriod).where(
        BilledPeriod.contract_id == contract.id, BilledPeriod.month == month)).one()
    return row.changed_from_id, row.plan_id


def test_an_invoice_stays_with_the_plan_that_it_bills(make_contract: Make, make_plan: Make, plan: Plan,
                                                      bill: Bill, frozen: Make, login: Make) -> None:
    fast, contract = make_plan("H300", "20000"), make_contract()
    bill()
    november = invoice_of(contract)
    frozen(2026, 12, 1, 15)
    services.change_plan(contract, fast)
    bill(DECEMBER)
    december = invoice_of(contract, DECEMBER)
    assert contract.plan_id == fast.id
    assert (of_plan(plan), of_plan(fast)) == ({november.id}, {december.id})
    assert of_plan(plan, fast) == {november.id, december.id}
    page = login("accounting.view_documents").get(f"/invoices?plan={plan.id}").text
    assert f'/invoices/{november.id}"' in page and f'/invoices/{december.id}"' not in page


def test_a_month_of_two_plans_is_found_by_both(make_contract: Make, make_plan: Make, plan: Plan, bill: Bill) -> None:
    fast, contract = make_plan("H300", "20000"), make_contract()
    services.change_plan(contract, fast, dt.date(2026, 11, 17))
    bill()
    assert plans_billed(contract) == (plan.id, fast.id)
    assert of_plan(plan) == of_plan(fast) == {invoice_of(contract).id}


def test_what_was_billed_before_plans_were_noted_is_told_by_the_changes(
        make_contract: Make, make_plan: Make, plan: Plan, bill: Bill, frozen: Make) -> None:
    from modules.contracts.migrations import contracts_b2704e91_billed_plan as migration

    fast = make_plan("H300", "20000")
    one, other, third = make_contract("Ana"), make_contract("Beto"), make_contract("Cora")
    services.change_plan(other, fast, dt.date(2026, 11, 17))
    bill()
    frozen(2026, 12, 1, 15)
    services.change_plan(third, fast)
    bill(DECEMBER)
    noted = [plans_billed(row, month) for row in (one, other, third) for month in (NOVEMBER, DECEMBER)]
    db.session.execute(sa.update(BilledPeriod).values(plan_id=None, changed_from_id=None))
    db.session.connection().exec_driver_sql(migration.FILL)
    db.session.expire_all()
    assert noted == [plans_billed(row, month) for row in (one, other, third) for month in (NOVEMBER, DECEMBER)]
    assert noted[2] == (plan.id, fast.id) and noted[4:] == [(None, plan.id), (None, fast.id)]


def reissued(invoice: Invoice, name: str) -> Invoice:
    made = reissuing.reissue(invoice, "Otro nombre", {"name": name})
    db.session.commit()
    return made.right


def test_the_contract_names_the_invoice_that_stands(make_contract: Make, plan: Plan, bill: Bill,
                                                    login: Callable[..., FlaskClient]) -> None:
    """Twice the wrong name: the contract names the third invoice, and the plan finds all three."""
    contract = make_contract("Ana Pérez")
    bill()
    first = invoice_of(contract)
    second = reissued(first, "Ana Peres")
    third = reissued(second, "Ana Pérez de Gómez")
    shown = queries.billed_periods(contract.id)
    assert [invoice.id for _period, invoice in shown if invoice] == [third.id]
    page = login("contracts.view_contracts", "accounting.view_documents").get(f"/contracts/{contract.id}").text
    assert f'href="/invoices/{third.id}"' in page and f'href="/invoices/{first.id}"' not in page
    assert of_plan(plan) == {first.id, second.id, third.id}


def test_a_customers_other_invoices_are_not_mixed_in(make_contract: Make, make_plan: Make, plan: Plan,
                                                     bill: Bill) -> None:
    one, other = make_contract("Ana"), make_contract("Beto", plan_id=make_plan("H300", "20000").id)
    bill()
    right = reissued(invoice_of(other), "Beto Díaz")
    assert right.id not in of_plan(plan) and of_plan(plan) == {invoice_of(one).id}
    assert accounting.standing_instead([invoice_of(one).id]) == {}
    assert db.session.get_one(Customer, right.customer_id).name == "Beto Díaz"


def test_payments_and_debtors_are_found_by_the_plan_of_what_they_pay_or_owe(
        make_contract: Make, make_plan: Make, plan: Plan, bill: Bill, login: Make) -> None:
    fast = make_plan("H300", "20000")
    paid, _owing = make_contract("Zoe"), make_contract("Beto", plan_id=fast.id)
    bill()
    payments.record_payment(payments.PaymentData(paid.customer_id, [payments.Medium(invoice_of(paid).total)]))
    db.session.commit()
    browser = login("accounting.view_documents", "accounting.view_payments")

    def found(shown: str, one: Plan) -> list[str]:
        page = browser.get(f"/{shown}?plan={one.id}").text
        return [name for name in ("Zoe", "Beto") if f">{name}<" in page]

    assert (found("payments", plan), found("payments", fast)) == (["Zoe"], [])
    assert (found("debtors", plan), found("debtors", fast)) == ([], ["Beto"])
