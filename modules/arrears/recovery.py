"""What each step brought in, and how old is what is owed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import lazy
from core.scope import current_company
from modules.accounting.models import Allocation, Invoice, Payment
from modules.arrears.facts import ZERO
from modules.arrears.models import Cut, Deed, Promise

# in the order in which they are taken
STEPS = {"in_time": lazy("Paid until the due date"), "alone": lazy("Paid late, before any notice"),
         "before_due": lazy("after the reminder"), "after_due": lazy("after the notice that it was due"),
         "before_cut": lazy("after the warning before the cut"), "cut": lazy("after the cut"),
         "promise": lazy("after a promise of payment")}
AGES = ((0, 30), (31, 60), (61, 90), (91, 99999))


@dataclass(frozen=True)
class Step:
    """What was paid after this step was the last one taken."""

    code: str
    title: object
    payments: int
    amount: Decimal


def by_step(first: dt.date, last: dt.date) -> list[Step]:
    """What came in these days in the company's currency, by the last step before the payment; one select."""
    step = _last_step().label("step")
    late = sa.case((Payment.paid_on <= sa.func.coalesce(Invoice.due_date, Payment.paid_on), "in_time"), else_=step)
    rows = db.session.execute(
        sa.select(late.label("step"), sa.func.count(sa.distinct(Payment.id)).label("payments"),
                  sa.func.sum(Allocation.amount).label("amount"))
        .select_from(Allocation).join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Payment.paid_on.between(first, last), Payment.state == "recorded",
               Payment.currency == current_company().currency, Allocation.amount > 0)
        .group_by(sa.text("1"))).all()
    found = {_known(row.step): row for row in rows}
    return [Step(code, title, found[code].payments if code in found else 0,
                 found[code].amount if code in found else ZERO) for code, title in STEPS.items()]


def _known(code: str | None) -> str:
    return code if code in STEPS else "before_due" if code == "before_second_due" else (
        "after_due" if code == "after_second_due" else "alone")


def _last_step() -> sa.ScalarSelect[str]:
    """The last thing done about the debt of this customer between the issue and the payment."""
    what = sa.case((Deed.action == "notice", Deed.rule), (Deed.action == "promise_broken", "cut"), else_="cut")
    newest = (sa.select(what).where(Deed.customer_id == Invoice.customer_id, Deed.at <= Payment.created_at,
                                    Deed.at >= Invoice.created_at, Deed.action.in_(("notice", "cut", "promise_broken")))
              .order_by(Deed.at.desc(), Deed.id.desc()).limit(1).correlate(Invoice, Payment).scalar_subquery())
    promised = sa.exists().where(Promise.customer_id == Invoice.customer_id, Promise.made_at <= Payment.created_at,
                                 sa.or_(Promise.ended_at.is_(None), Promise.ended_at >= Payment.created_at)
                                 ).correlate(Invoice, Payment)
    return sa.case((promised, "promise"), else_=newest)  # type: ignore[return-value]


def ages(day: dt.date) -> list[tuple[int, int, int, Decimal]]:
    """(from, to, documents, amount) of what is overdue in the company's currency, by days since it was due."""
    sums = [part for low, high in AGES for inside in [sa.and_(
        Invoice.due_date >= day - dt.timedelta(days=min(high, 20000)),
        Invoice.due_date <= day - dt.timedelta(days=max(low, 1)))] for part in (
            sa.func.sum(sa.case((inside, 1), else_=0)), sa.func.sum(sa.case((inside, Invoice.open_amount), else_=0)))]
    row = db.session.execute(sa.select(*sums).where(
        Invoice.open_amount != 0, Invoice.state == "issued", Invoice.kind != "credit_note",
        Invoice.currency == current_company().currency, Invoice.due_date < day)).one()
    return [(low, high, int(row[2 * index] or 0), _amount(row[2 * index + 1]))
            for index, (low, high) in enumerate(AGES)]


def _amount(value: object) -> Decimal:
    """A sum of a case loses the column's type on its way."""
    return value if isinstance(value, Decimal) else Decimal(int(str(value or 0))) / 100


@dataclass(frozen=True)
class Today:
    """The figures above the page."""

    cut: int
    cut_today: int
    promises: int


def today() -> Today:
    """How many are cut by this module, since midnight, and how many promises are open; one select."""
    zone = ZoneInfo(current_company().timezone)
    midnight = dt.datetime.combine(clock.today(), dt.time(), zone).astimezone(dt.UTC)
    row = db.session.execute(sa.select(
        sa.select(sa.func.count(Cut.id)).where(Cut.ended_at.is_(None)).scalar_subquery(),
        sa.select(sa.func.count(Cut.id)).where(Cut.at >= midnight).scalar_subquery(),
        sa.select(sa.func.count(Promise.id)).where(Promise.state == "open").scalar_subquery())).one()
    return Today(row[0], row[1], row[2])
