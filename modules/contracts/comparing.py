"""A month beside the one before, whole, as a spreadsheet: who is new, gone, pays more or less, pays nothing, cannot be
billed. The screen names the first of each; here is everybody, computed chunk by chunk as the preview is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from core import months
from core.db import reading
from core.exports import xlsx_file
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.contracts import billing, reporting
from modules.contracts.billing_result import ZERO, Amounts, billed_amounts, customers_named
from modules.contracts.differences import contracts_of
from modules.contracts.drafting import Decision

Row = tuple[Any, ...]
MONEY = "#,##0.00"
FORMATS = ("", "", "", "", "", MONEY, MONEY, MONEY, "")


def write(path: Path, company: Company, month: dt.date) -> int:
    """The file, in the language of who asks; how many rows. Writes nothing else, holds one chunk at a time."""
    header = (_("Kind"), _("Code"), _("Customer"), _("Contracts"), _("Currency"), _("Before"), _("Now"),
              _("Difference"), _("Why"))
    with company_scope(company), reading():
        return xlsx_file.write(path, _("Differences"), header, _chunks(company, month), [_as_it_is] * len(header),
                               FORMATS)


def _as_it_is(value: Any) -> Any:
    return value


def _chunks(company: Company, month: dt.date) -> Iterator[list[Row]]:
    words = {"new": _("New this month"), "gone": _("Not billed any more"), "more": _("Pay more"),
             "less": _("Pay less"), "free": _("Free of charge"), "cannot": _("Cannot be billed")}
    for (after, upto), decision in billing.decisions(company, month):
        now = billed_amounts(company.id, month, after, upto)
        for bill in decision.bills:
            key = (bill.customer.id, bill.draft.currency)
            now[key] = now.get(key, ZERO) + bill.totals.total
        before = billed_amounts(company.id, months.add(month, -1), after, upto)
        yield [*_compared(words, now, before), *_others(words, decision)]


def _compared(words: dict[str, str], now: Amounts, before: Amounts) -> Iterator[Row]:
    keys = sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))
    ids = {key[0] for key in keys}
    named, mine = customers_named(ids), contracts_of(ids)
    for customer_id, currency in keys:
        was, will = before.get((customer_id, currency)), now.get((customer_id, currency))
        numbers = ", ".join(one.number for one in mine[customer_id])
        yield (words[_kind(was, will)], *named.get(customer_id, ("", "")), numbers, currency, was, will,
               (will or ZERO) - (was or ZERO), "")


def _kind(was: Decimal | None, will: Decimal | None) -> str:
    if was is None or will is None:
        return "new" if was is None else "gone"
    return "more" if will > was else "less"


def _others(words: dict[str, str], decision: Decision) -> Iterator[Row]:
    """Who pays nothing, and who cannot be billed, contract by contract."""
    for contract, customer, reason in decision.free:
        yield (words["free"], customer.code, customer.name, contract.number, "", None, None, None,
               str(reporting.SKIPPED.get(reason, reason)))
    for one in decision.refusals:
        yield (words["cannot"], one.customer.code, one.customer.name, one.contract.number, "", None, None, None,
               one.problem.message)
