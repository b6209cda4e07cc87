"""Invariants of the books, as `abona check` proves them: set-based, in constant memory."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.checks import Result, check
from core.db import db
from core.i18n import _
from modules.accounting.models import (
    Allocation,
    Balance,
    Entry,
    Invoice,
    Numbering,
    Payment,
    PaymentMedium,
    Policy,
    Posting,
)
from modules.accounting.numbering import RECEIPT


def _answer(wrong: Any, detail: str) -> Result:
    """(ok, how many, detail with an example) of a select of ids that should be empty."""
    rows = wrong.subquery()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
    if not count:
        return True, 0, ""
    example = db.session.scalar(sa.select(sa.func.min(rows.c[0])))
    return False, count, f"{detail} ({_('for example')} {example})"


@check("ledger_balanced")
def ledger_balanced() -> Result:
    """Every entry adds up to zero, in one currency, on one day."""
    wrong = (sa.select(Posting.entry_id).group_by(Posting.entry_id)
             .having(sa.or_(sa.func.sum(Posting.amount) != 0, sa.func.min(Posting.currency) != sa.func.max(Posting.currency))))
    return _answer(wrong, _("entries that do not add up to zero"))


@check("balances_match")
def balances_match() -> Result:
    """Every stored balance is what the postings say."""
    postings = (sa.select(Posting.customer_id, Posting.currency, sa.func.sum(Posting.amount).label("amount"))
                .where(Posting.customer_id.is_not(None)).group_by(Posting.customer_id, Posting.currency).subquery())
    same = sa.and_(Balance.customer_id == postings.c.customer_id, Balance.currency == postings.c.currency)
    missing = (sa.select(postings.c.customer_id).outerjoin(Balance, same)
               .where(sa.func.coalesce(Balance.amount, 0) != postings.c.amount))
    alone = (sa.select(Balance.customer_id).outerjoin(postings, same)
             .where(postings.c.customer_id.is_(None), Balance.amount != 0))
    return _answer(sa.union_all(missing, alone), _("customers whose stored balance is not that of the ledger"))


@check("open_amounts_match")
def open_amounts_match() -> Result:
    """What is open on documents and payments is what their allocations leave."""
    wrong = [_documents(), _credits(Payment, Allocation.payment_id, Payment.state == "recorded", Payment.amount),
             _credits(Invoice, Allocation.credit_note_id,
                      sa.and_(Invoice.kind == "credit_note", Invoice.state == "issued"), Invoice.total)]
    return _answer(sa.union_all(*wrong), _("documents or payments whose open amount is not what the allocations leave"))


def _documents() -> sa.Select[Any]:
    paid = (sa.select(Allocation.invoice_id, sa.func.sum(Allocation.amount).label("amount"))
            .group_by(Allocation.invoice_id).subquery())
    open_now = sa.case((Invoice.state == "issued", Invoice.total), else_=0) - sa.func.coalesce(paid.c.amount, 0)
    return (sa.select(Invoice.id).outerjoin(paid, paid.c.invoice_id == Invoice.id)
            .where(Invoice.kind != "credit_note", Invoice.open_amount != open_now))


def _credits(model: Any, column: Any, in_use: Any, whole: Any) -> sa.Select[Any]:
    used = sa.select(column.label("id"), sa.func.sum(Allocation.amount).label("amount")).group_by(column).subquery()
    left = whole - sa.func.coalesce(used.c.amount, 0)
    return sa.select(model.id).outerjoin(used, used.c.id == model.id).where(in_use, model.open_amount != left)


@check("documents_in_ledger")
def documents_in_ledger() -> Result:
    """Every document and payment is booked with its own amount; what was taken back is booked twice."""
    receivable = (sa.select(Entry.invoice_id, Entry.payment_id, sa.func.sum(Posting.amount).label("amount"))
                  .join(Posting, Posting.entry_id == Entry.id).where(Posting.customer_id.is_not(None))
                  .group_by(Entry.invoice_id, Entry.payment_id).subquery())
    owed = sa.case((Invoice.state == "cancelled", 0), (Invoice.kind == "credit_note", -Invoice.total),
                   else_=Invoice.total)
    documents = (sa.select(Invoice.id).outerjoin(receivable, receivable.c.invoice_id == Invoice.id)
                 .where(sa.func.coalesce(receivable.c.amount, 0) != owed))
    received = sa.case((Payment.state == "reversed", 0), else_=-Payment.amount)
    payments = (sa.select(Payment.id).outerjoin(receivable, receivable.c.payment_id == Payment.id)
                .where(sa.func.coalesce(receivable.c.amount, 0) != received))
    return _answer(sa.union_all(documents, payments), _("documents or payments that are not booked as they stand"))


@check("payments_unique")
def payments_unique() -> Result:
    """No notice and no receipt number twice, the numbers without gaps, and the media add up to the payment."""
    media = (sa.select(PaymentMedium.payment_id, sa.func.sum(PaymentMedium.amount).label("amount"))
             .group_by(PaymentMedium.payment_id).subquery())
    wrong = (sa.select(Payment.id).outerjoin(media, media.c.payment_id == Payment.id)
             .where(sa.func.coalesce(media.c.amount, 0) != Payment.amount))
    gaps = (sa.select(Numbering.id).join(Payment, Payment.company_id == Numbering.company_id)
            .where(Numbering.name == RECEIPT).group_by(Numbering.id, Numbering.next_number)
            .having(sa.or_(sa.func.count() != Numbering.next_number - 1,
                           sa.func.count(sa.distinct(Payment.number)) != sa.func.count())))
    twice = (sa.select(sa.func.min(Payment.id)).where(Payment.external_id.is_not(None))
             .group_by(Payment.company_id, Payment.source, Payment.external_id).having(sa.func.count() > 1))
    return _answer(sa.union_all(wrong, gaps, twice), _("payments recorded twice, or with a gap in their receipts"))


@check("locked_periods_untouched")
def locked_periods_untouched() -> Result:
    """Nothing was booked into a period after it was closed."""
    wrong = (sa.select(Entry.id).join(Policy, Policy.company_id == Entry.company_id)
             .where(Policy.locked_until.is_not(None), Policy.locked_at.is_not(None),
                    Entry.date <= Policy.locked_until, Entry.created_at > Policy.locked_at))
    return _answer(wrong, _("entries booked into a closed period"))
