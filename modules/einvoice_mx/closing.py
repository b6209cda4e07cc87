"""What Mexico's own papers say about a month that is to be closed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import lists
from core.db import db
from core.i18n import lazy, ngettext
from core.scope import current_company
from modules.accounting.models import Payment
from modules.accounting.ports import OpenPoint
from modules.einvoice_mx import access, gathering
from modules.einvoice_mx.lists import RECEIPTS
from modules.einvoice_mx.models import GlobalInvoice, PaymentReceipt, PublicSale

UNDECIDED = ("pending", "sending", "rejected")


class MexicanMonth:
    """Each sale to the general public is in a stamped global invoice, each receipt of payment is stamped."""

    title = lazy("Global invoices and receipts of payment (CFDI)")
    permission = "einvoice.view_documents"
    order = 12

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        if current_company().country != "MX":
            return []
        return [*_sales(first, last), *_globals(first, last), *_receipts(first, last)]


def _sales(first: dt.date, last: dt.date) -> list[OpenPoint]:
    count = _count(sa.select(sa.func.count()).select_from(PublicSale).where(
        PublicSale.environment == access.environment(), PublicSale.global_id.is_(None), PublicSale.asked_at.is_(None),
        PublicSale.last_day.between(first, last), gathering.stands()))
    return [OpenPoint(ngettext("%(num)s sale is in no global invoice", "%(num)s sales are in no global invoice", count),
                      url_for("einvoice_mx.global_invoices"))] if count else []


def _globals(first: dt.date, last: dt.date) -> list[OpenPoint]:
    count = _count(sa.select(sa.func.count()).select_from(GlobalInvoice).where(
        GlobalInvoice.environment == access.environment(), GlobalInvoice.state.in_(UNDECIDED),
        GlobalInvoice.last_day.between(first, last)))
    return [OpenPoint(
        ngettext("%(num)s global invoice is not stamped", "%(num)s global invoices are not stamped", count),
        url_for("einvoice_mx.global_invoices"), "bad")] if count else []


def _receipts(first: dt.date, last: dt.date) -> list[OpenPoint]:
    count = _count(sa.select(sa.func.count()).select_from(PaymentReceipt).join(
        Payment, Payment.id == PaymentReceipt.payment_id).where(
        PaymentReceipt.environment == access.environment(), PaymentReceipt.state.in_(UNDECIDED),
        Payment.paid_on.between(first, last)))
    return [OpenPoint(
        ngettext("%(num)s receipt of payment is not stamped", "%(num)s receipts of payment are not stamped", count),
        lists.url_of(RECEIPTS, date_from=first.isoformat(), date_to=last.isoformat()), "bad")] if count else []


def _count(statement: Any) -> int:
    return int(db.session.scalar(statement) or 0)
