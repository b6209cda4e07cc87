"""The chart of gateways on the home page: what each brought in, its share, and how long its money takes to be ours."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from core import charts, clock, lists
from core.charts import Part
from core.db import db
from core.i18n import _, format_amount, format_number
from core.models import Company
from core.scope import current_company_id
from modules.gateways.lists import TRANSACTIONS
from modules.gateways.models import Account, Transaction
from modules.gateways.models.inbox import BOOKED

DAYS = 30
ZERO = Decimal("0.00")


@dataclass
class Came:
    """What came over one account; `waited` are payments times days until they were credited, of `dated` payments."""

    name: str = ""
    amount: Decimal = ZERO
    dated: int = 0
    waited: int = 0

    @property
    def delay(self) -> Decimal | None:
        """Days from the payment until the money is ours, on average; None where the gateway does not say."""
        if not self.dated:
            return None
        return (Decimal(self.waited) / self.dated).quantize(Decimal("0.1"), ROUND_HALF_UP)


def share_and_delay(company: Company) -> Markup:
    """Each gateway's part of what gateways brought in within thirty days, in the company's currency."""
    today = clock.today(company)
    first = today - dt.timedelta(days=DAYS - 1)
    came = _came(_rows(company, first, today))
    total = sum((one.amount for one in came.values()), ZERO)
    if total <= 0:
        return Markup("")
    span: dict[str, Any] = {"state": "booked", "paid_from": first.isoformat(), "paid_to": today.isoformat()}
    parts = [Part(one.name, one.amount, lists.url_of(TRANSACTIONS, account=key, **span), note=_delay(one))
             for key, one in sorted(came.items(), key=lambda item: (-item[1].amount, item[1].name))]
    title = _("Collected by gateways in %(days)s days", days=DAYS)
    return charts.card(title, charts.ranked("gateways", title, parts, show=lambda value: _(
        "%(amount)s · %(share)s %%", amount=format_amount(value, company.currency), share=round(value * 100 / total))))


def _delay(one: Came) -> str:
    if one.delay is None:
        return _("does not say when the money is yours")
    return _("yours after %(days)s days on average", days=format_number(one.delay, "0.#"))


def _rows(company: Company, first: dt.date, last: dt.date) -> Iterable[Any]:
    """(account, name, paid, credited, payments, amount): one statement, out of one index."""
    days = (Transaction.paid_on, Transaction.credited_on)
    booked = sa.select(Transaction.account_id, *days, sa.func.count().label("payments"),
                       sa.func.sum(Transaction.amount).label("amount")).where(
        Transaction.company_id == current_company_id(), Transaction.paid_on.between(first, last),
        sa.text(BOOKED), Transaction.currency == company.currency,
    ).group_by(Transaction.account_id, *days).subquery()
    return db.session.execute(sa.select(booked.c.account_id, Account.name, booked.c.paid_on, booked.c.credited_on,
                                        booked.c.payments, booked.c.amount).join(
        Account, Account.id == booked.c.account_id))


def _came(rows: Iterable[Any]) -> dict[int, Came]:
    found: dict[int, Came] = defaultdict(Came)
    for account_id, name, paid, credited, payments, amount in rows:
        one = found[account_id]
        one.name, one.amount = name, one.amount + amount
        if credited is not None:
            one.dated, one.waited = one.dated + payments, one.waited + payments * max((credited - paid).days, 0)
    return found
