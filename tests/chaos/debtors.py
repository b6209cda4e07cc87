"""A provider whose subscribers owe, promised, and paid; and what a run of arrears made of them. Runs inside of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import checks, clock, companies
from core.db import db
from core.models import Job
from core.scope import company_scope, every_company
from modules.accounting import ledger, payments
from modules.accounting import services as accounting
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.arrears import batches, reading, running
from modules.arrears.models import ArrearsPolicy, Batch, BatchItem, Cut, Deed, Promise
from modules.contracts import bulk
from modules.contracts.drafts import ContractData
from modules.contracts.models import BillingProfile, Charge, Contract, Plan, PlanPrice, Suspension
from modules.crm import bulk as crm
from modules.crm.drafts import CustomerData
from modules.crm.models import Customer
from modules.notifications import services as notifications
from modules.notifications.models import Message
from tests.chaos.state import ENVIRONMENT

VAT = [{"code": "VAT", "rate": "21"}]
DAY = dt.timedelta(days=1)
# the plan's code goes on with the day of the run
PLAN = "H50-"
# due so many days before the day of the run: to cut, to remind, overdue, with a second date, promised, paid
DUE = (30, -3, 1, 6, 30, 30)
SURCHARGED, PROMISED, PAID = 3, 4, 5


def day() -> dt.date:
    """The day of the run: a past one, looked at as a whole, at whatever hour these tests are run.

    It was written into the site when that was loaded: midnight may come in between.
    """
    code = db.session.scalars(sa.select(Plan.code)).one()
    return dt.date.fromisoformat(code.removeprefix(PLAN))


def load(subscribers: str, _url: str) -> int:
    """Six kinds of subscribers in turn; nothing was done about them yet but that those who paid had been cut."""
    company = companies.create_company("AR", "Morosos del Sur S.A.", "30990000103", code="sur", tax_condition="RI")
    db.session.commit()
    with company_scope(company):
        ledger.policy().legal_documents = False
        _rules()
        contracts = _contracts(int(subscribers))
        for number, contract_id in enumerate(contracts):
            _owe(contract_id, number % len(DUE))
        db.session.commit()
        paid = [key for number, key in enumerate(contracts) if number % len(DUE) == PAID]
        _cut_and_pay(paid)
        for number, contract_id in enumerate(contracts):
            if number % len(DUE) == PROMISED:
                _promise(contract_id)
        db.session.commit()
    return int(company.id)


def _rules() -> None:
    profile = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
    profile.cut_after_days, profile.cut_hour, profile.notice_days = 10, 0, [3, -1]
    profile.reconnection_charge = Decimal(500)
    db.session.add(ArrearsPolicy(profile_id=profile.id, free_weekdays=[], free_holidays=False, free_eves=False,
                                 cut_until_hour=24))


def _contracts(count: int) -> list[int]:
    plan = Plan(code=f"{PLAN}{clock.today() - DAY}", name="Plan H50", taxes=VAT, includes_tax=True,
                prices=[PlanPrice(price=Decimal(12100), valid_from=dt.date(2020, 1, 1))])
    db.session.add(plan)
    db.session.flush()
    people = crm.create_many([CustomerData(name=f"Abonado {n}", code=str(n + 1), tax_condition="CF",
                                           emails=(f"abonado{n}@example.com",)) for n in range(count)])
    made = bulk.create_many([ContractData(customer_id=key, plan_id=plan.id, state="active",
                                          billing_from=dt.date(2026, 1, 1)) for key in people])
    db.session.execute(sa.update(Contract).values(activated_at=clock.now() - 100 * DAY))
    return made


def _owe(contract_id: int, kind: int) -> None:
    contract = db.session.get_one(Contract, contract_id)
    due = day() - DUE[kind] * DAY
    second = {"second_due_date": day() - DAY, "second_due_total": Decimal(13000)} if kind == SURCHARGED else {}
    accounting.issue_invoice(InvoiceDraft(
        contract.customer_id, due - 10 * DAY, (DraftLine("Service", Decimal(1), Decimal(12100),
                                                         price_includes_tax=True, taxes=VAT),), due_date=due, **second))


def _cut_and_pay(contract_ids: list[int]) -> None:
    people = list(db.session.scalars(sa.select(Contract.customer_id).where(Contract.id.in_(contract_ids))))
    running.work(reading.context(), running.on(day() - DAY), people)
    for customer_id in people:
        payments.record_payment(payments.PaymentData(customer_id, [payments.Medium(Decimal(12100))]))
    # who hears of the payment would restore them before the run does
    db.session.execute(sa.delete(Job).where(Job.state == "pending"))


def _promise(contract_id: int) -> None:
    contract = db.session.get_one(Contract, contract_id)
    over = dt.datetime.combine(day(), dt.time(9), clock.local(clock.now()).tzinfo)
    db.session.add(Promise(contract_id=contract.id, customer_id=contract.customer_id, made_at=over - 2 * DAY,
                           until=over, amount=Decimal(12100), currency="ARS"))


def date() -> str:
    """As `--date` takes it."""
    with company_scope(_company()):
        return day().isoformat()


def _company() -> int:
    from core.models import Company

    return db.session.scalars(sa.select(Company.id)).one()


# --- what came of it ---------------------------------------------------------------------------------------------


def collect() -> dict[str, Any]:
    """`same` must be the same after any disturbance, `wrong` must be empty."""
    with every_company():
        return {"same": {name: sorted(map(_plain, db.session.execute(rows))) for name, rows in _tables().items()},
                "wrong": [f"{one.name}: {one.detail}" for one in checks.run_all()
                          if not one.ok and one.name not in ENVIRONMENT]}


def _tables() -> dict[str, Any]:
    number = Contract.number
    return {
        "deeds": sa.select(Deed.key, Deed.action, Deed.rule, Deed.amount, Deed.reason),
        "cuts": sa.select(number, Cut.round, Cut.rule, Cut.amount, Cut.ended_by).join(
            Contract, Contract.id == Cut.contract_id),
        "suspensions": sa.select(number, Suspension.cause, Suspension.ended_at.is_(None)).join(
            Contract, Contract.id == Suspension.contract_id),
        "contracts": sa.select(number, Contract.state),
        "notices": sa.select(Customer.code, Message.kind, Message.subject_key).join(
            Customer, Customer.id == Message.customer_id),
        "charges": sa.select(number, Charge.code, Charge.total).join(Contract, Contract.id == Charge.contract_id),
        "promises": sa.select(Promise.contract_id, Promise.state),
        # who hears of a cut hears of it once; notices go out in batches of any size
        "jobs": sa.select(Job.function, sa.func.count()).where(Job.function != notifications.SEND).group_by(
            Job.function)}


def _plain(row: Any) -> list[str]:
    return [str(value) for value in row]


# --- a cut-off by hand -------------------------------------------------------------------------------------------


def approve() -> int:
    """Rehearse a cut-off and let all of it run; its id."""
    with company_scope(_company()):
        batch = batches.rehearse()
        batches.release(batch, everything=True, although="The test runs at any hour.")
        db.session.commit()
        return batch.id


def undo() -> None:
    """Take it back."""
    with company_scope(_company()):
        batches.undo(db.session.scalars(sa.select(Batch)).one())
        db.session.commit()


def batch() -> dict[str, Any]:
    """Its state, its contracts by state, how many services it cut, and whether one was cut by it more than once."""
    with every_company():
        items = db.session.execute(sa.select(BatchItem.state, sa.func.count()).group_by(BatchItem.state)).all()
        twice = db.session.scalars(sa.select(Cut.contract_id).where(Cut.batch_id.is_not(None)).group_by(
            Cut.contract_id).having(sa.func.count() > 1)).all()
        return {"state": db.session.scalars(sa.select(Batch.state)).one(), "items": {row[0]: row[1] for row in items},
                "open": db.session.scalar(sa.select(sa.func.count()).where(Cut.batch_id.is_not(None),
                                                                           Cut.ended_at.is_(None))),
                "twice": list(twice)}
