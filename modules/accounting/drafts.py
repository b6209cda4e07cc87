"""An invoice as it is asked for, before it has an id, a number or postings. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modules.accounting.ports import Pad


@dataclass(frozen=True)
class DraftLine:
    """One line. A tax is {"code": "VAT", "rate": "21"} or {"code": "VAT", "category": "exempt"} (as in CASE.json).

    `discount` is an amount of the same kind as the price (with tax included or not), never negative.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    code: str = ""
    price_includes_tax: bool = False
    discount: Decimal = Decimal("0.00")
    taxes: tuple[Mapping[str, Any], ...] = ()
    # income account of this line; None: the company's account for income
    account_id: int | None = None
    # what only one country prints or sends, under its own names
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceDraft:
    """A document to be issued. `document_taxes` are taxes on the whole (perceptions), as in CASE.json's `taxes`."""

    customer_id: int
    issue_date: dt.date
    lines: tuple[DraftLine, ...]
    kind: str = "invoice"
    due_date: dt.date | None = None
    second_due_date: dt.date | None = None
    # what is to be paid after `due_date` and until `second_due_date`
    second_due_total: Decimal | None = None
    service_from: dt.date | None = None
    service_to: dt.date | None = None
    # "": the company's
    currency: str = ""
    exchange_rate: Decimal = Decimal(1)
    document_taxes: tuple[Mapping[str, Any], ...] = ()
    # billing, manual, import
    origin: str = "manual"
    # free texts for the printed document, by place: {"notes": "..."}
    texts: Mapping[str, str] = field(default_factory=dict)
    # kept in the snapshot for printing: plan, service address, period, contract
    extra: Mapping[str, Any] = field(default_factory=dict)
    # the document that a note corrects, and why
    original_id: int | None = None
    reason: str = ""
    # a form sent twice issues once
    form_key: str | None = None
    # the pad and the number under which it was written on paper first
    paper: tuple[Pad, int] | None = None
