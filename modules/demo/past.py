"""Months gone by: billed, authorised and paid by the product itself, all clocks held at those days."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock, jobs, months
from core.db import db
from core.errors import Unavailable
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.accounting import bulk_payments
from modules.accounting.events import InvoiceReady
from modules.accounting.models import Balance, CashAccount, Payment
from modules.accounting.payments import Medium, PaymentData
from modules.contracts import billing
from modules.contracts.models import BillingRun
from modules.crm.models import Customer
from modules.demo import facts
from modules.demo.surroundings import Simulators
from modules.einvoice import queries as documents
from modules.einvoice.ports import issuers

SOURCE = "demo"
# how people pay, with their weights: all of it, a part, later, never, more than they owe
HABITS = (("all", "part", "late", "never", "more"), (74, 6, 12, 5, 3))
METHODS = (("cash", "transfer", "deposit"), (55, 38, 7))
BILLED_AT, PAID_UNTIL = 1, 20
GLOBALS = "modules.einvoice_mx.jobs.make_globals"
# after so many minutes without a verdict something is wrong
MINUTES = 20
# PDFs of months that are over are drawn when somebody opens them, and nobody gets mail about them
DELIVERY = "modules.accounting.handlers.deliver_ready"


def begin(today: dt.date, count: int) -> dt.date:
    """The day on which `count` months of history begin."""
    return months.add(months.of(today), -count) if count else today


@contextmanager
def at(company: Company, day: dt.date, simulators: Simulators | None, hour: int = 9, minute: int = 0) -> Iterator[None]:
    """Hold this process' clock, and the authority's, at a time of that day in the company's zone."""
    moment = dt.datetime.combine(day, dt.time(hour, minute), ZoneInfo(company.timezone))
    names = facts.of(company.country).simulators
    if simulators is not None:
        simulators.hold(names, moment)
    try:
        with clock.freeze(moment):
            yield
    finally:
        if simulators is not None:
            simulators.hold(names, None)


def months_left(company: Company, first: dt.date, today: dt.date) -> list[dt.date]:
    """The months of the history that are not billed to the end."""
    every = [months.add(first, index) for index in range(months.between(first, months.of(today)))]
    with company_scope(company):
        done = set(db.session.scalars(sa.select(BillingRun.month).where(BillingRun.state == "billed")))
    return [month for month in every if month not in done or not is_paid(company, month)]


def live_through(company: Company, month: dt.date, seed: int, simulators: Simulators | None) -> None:
    """Bill a month on its first day and take what is paid until its twentieth. Repeatable; commits."""
    with company_scope(company), _without_delivery():
        with at(company, month.replace(day=BILLED_AT), simulators):
            billing.start_run(company, month)
            gather(company)
            db.session.commit()
            jobs.run_jobs()
        _decide(company, month, simulators)
        if not is_paid(company, month):
            with at(company, month.replace(day=PAID_UNTIL), simulators, hour=20):
                bulk_payments.record_many(payments(company, month, seed))
                db.session.commit()


def gather(company: Company) -> None:
    """Have the global invoices made of the sales that name nobody, where the days of some have ended."""
    if company.country == "MX" and issuers.find("MX"):
        jobs.enqueue(GLOBALS, key=f"demo.globals:{company.id}:{clock.today(company)}")


def _decide(company: Company, month: dt.date, simulators: Simulators | None) -> None:
    """Let minutes pass until the authority has decided all; some have it that one asks again."""
    for minute in range(1, MINUTES):
        left = documents.still_open()
        db.session.rollback()
        if not left:
            return
        with at(company, month.replace(day=BILLED_AT), simulators, minute=minute):
            jobs.run_jobs()
    raise Unavailable(_("%(count)s documents of %(month)s could not be authorised: the simulators do not answer.",
                        count=left, month=months.show(month)))


def is_paid(company: Company, month: dt.date) -> bool:
    """Whether the payments of a month were taken."""
    with company_scope(company):
        return db.session.scalar(sa.select(Payment.id).where(
            Payment.source == SOURCE, Payment.external_id.startswith(f"{months.show(month)}:")).limit(1)) is not None


def payments(company: Company, month: dt.date, seed: int) -> list[PaymentData]:
    """What comes in during a month, by each debtor's habit."""
    chance = random.Random(f"{seed}:{company.country}:{months.show(month)}")
    bank = db.session.scalars(sa.select(CashAccount.id).where(CashAccount.kind == "bank")).first()
    rows = db.session.execute(
        sa.select(Balance.customer_id, Customer.code, Balance.amount)
        .join(Customer, Customer.id == Balance.customer_id)
        .where(Balance.currency == company.currency, Balance.amount > 0).order_by(Balance.customer_id)).all()
    made = []
    for customer_id, code, owed in rows:
        amount = _amount(chance, _habit(seed, code), owed)
        if amount > 0:
            method = chance.choices(*METHODS)[0]
            made.append(PaymentData(
                customer_id, [Medium(amount, method, None if method == "cash" else bank, _reference(chance, method))],
                paid_on=month.replace(day=chance.randint(2, PAID_UNTIL)), source=SOURCE,
                external_id=f"{months.show(month)}:{customer_id}"))
    return sorted(made, key=lambda one: (one.paid_on, one.customer_id))


def _habit(seed: int, code: str) -> str:
    """The same customer always pays in the same way, in each database that has him."""
    return random.Random(f"{seed}:habit:{code}").choices(*HABITS)[0]


def _amount(chance: random.Random, habit: str, owed: Decimal) -> Decimal:
    if habit == "never" or (habit == "late" and chance.random() < 0.5):
        return Decimal(0)
    if habit == "part":
        return max((owed * chance.randint(30, 80) / 100).quantize(Decimal(1)), Decimal(1))
    if habit == "more":
        return (owed * Decimal("1.1")).quantize(Decimal(1))
    return owed


def _reference(chance: random.Random, method: str) -> str:
    return "" if method == "cash" else str(chance.randint(10_000_000, 99_999_999))


@contextmanager
def _without_delivery() -> Iterator[None]:
    """Until the end of the block documents that are ready are neither drawn nor sent."""
    listeners: list[Any] = jobs.handlers[InvoiceReady]
    kept = list(listeners)
    listeners[:] = [name for name in kept if name != DELIVERY]
    try:
        yield
    finally:
        listeners[:] = kept
