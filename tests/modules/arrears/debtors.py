"""Debtors made of plain values, for what is decided without a database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from modules.arrears.calendar import Calendar
from modules.arrears.facts import Debt, Debtor, Moment, Rules

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
RULES = Rules(1, notice_days=(3, -1), cut_after_days=10, cut_hour=10, cut_until_hour=17)
CALENDAR = Calendar("AR")


def at(year: int, month: int, day: int, hour: int = 11, minute: int = 0) -> Moment:
    return Moment(dt.datetime(year, month, day, hour, minute, tzinfo=ZONE))


def owes(due: dt.date, amount: str = "12100.00", invoice_id: int = 7, **more: Any) -> Debt:
    value = Decimal(amount)
    return Debt(invoice_id, f"B {invoice_id}", due, value, value, "ARS", (1,), **more)


def debtor(*debts: Debt, rules: Rules = RULES, **more: Any) -> Debtor:
    values: dict[str, Any] = {"state": "active", "began": dt.date(2020, 1, 1), **more}
    return Debtor(1, "000001", 2, "C2", rules=rules, debts=debts, **values)


VAT = [{"code": "VAT", "rate": "21"}]
