"""Invariants of billing, as `abona check` proves them: set-based, in constant memory."""

from __future__ import annotations

import sqlalchemy as sa

from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from modules.accounting.models import Invoice
from modules.contracts.models import BilledPeriod, ChargeInstalment, Contract
from modules.contracts.states import IN_USE
from modules.crm.models import Customer

# how many contracts a finding names
NAMED = 5


def _count(wrong: sa.Select) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(wrong.subquery())) or 0


@check("billed_once_per_period", words=Words(lazy("No month billed twice"), live=False))
def billed_once_per_period() -> Result:
    """No month of a contract is billed twice; invoices of the billing run and billed periods say the same."""
    found = {_("months billed twice"): _count(_twice()), _("invoices without a billed month"): _count(_bare()),
             _("invoices of another total or customer than their billed months"): _count(_unlike()),
             _("instalments on another contract's invoice"): _count(_astray())}
    wrong = [f"{count} {words}" for words, count in found.items() if count]
    return not wrong, sum(found.values()), ", ".join(wrong)


def _twice() -> sa.Select:
    """What the unique constraint prevents: seen only where it was lost."""
    return (sa.select(BilledPeriod.contract_id).group_by(BilledPeriod.contract_id, BilledPeriod.month,
                                                         BilledPeriod.kind).having(sa.func.count() > 1))


def _bare() -> sa.Select:
    return sa.select(Invoice.id).where(
        Invoice.origin == "billing", Invoice.kind == "invoice",
        ~sa.exists().where(BilledPeriod.invoice_id == Invoice.id))


def _unlike() -> sa.Select:
    periods = (sa.select(BilledPeriod.invoice_id, sa.func.sum(BilledPeriod.total).label("total"),
                         sa.func.max(BilledPeriod.customer_id).label("last"),
                         sa.func.min(BilledPeriod.customer_id).label("first"))
               .where(BilledPeriod.invoice_id.is_not(None)).group_by(BilledPeriod.invoice_id).subquery())
    return (sa.select(Invoice.id).join(periods, periods.c.invoice_id == Invoice.id)
            .where(sa.or_(periods.c.total != Invoice.total, periods.c.first != Invoice.customer_id,
                          periods.c.last != Invoice.customer_id)))


def _astray() -> sa.Select:
    return (sa.select(ChargeInstalment.id).join(BilledPeriod, BilledPeriod.id == ChargeInstalment.billed_period_id)
            .where(BilledPeriod.contract_id != ChargeInstalment.contract_id))


@check("former_without_service", words=Words(
    lazy("No former customer is still billed"),
    lazy("Customers were made former ones while a contract of theirs was in use."),
    lazy("They go on being billed, and nobody sees them among the customers."),
    lazy("Open each of the contracts named here: end it, or take the customer back."), live=False))
def former_without_service() -> Result:
    """Who is a former customer has no contract in use: before it was refused, nothing kept him from becoming one."""
    wrong = (sa.select(Contract.number).join(Customer, Customer.id == Contract.customer_id)
             .where(Customer.active.is_(False), Contract.state.in_(IN_USE)))
    count = _count(wrong)
    named = db.session.scalars(wrong.order_by(Contract.id).limit(NAMED)).all() if count else []
    return not count, count, _("Contracts of former customers: %(which)s.", which=", ".join(named)
                               + ("…" if count > NAMED else "")) if count else ""
