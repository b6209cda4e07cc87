"""Invariants of the books, as `abona check` proves them: set-based, in constant memory."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from modules.accounting import summaries
from modules.accounting.models import (
    Account,
    Allocation,
    Balance,
    Entry,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Numbering,
    Payment,
    PaymentMedium,
    Policy,
    Posting,
    Refund,
)
from modules.accounting.numbering import RECEIPT
from modules.accounting.ports import gatherings


def _answer(wrong: Any, detail: str) -> Result:
    """(ok, how many, detail with an example) of a select of ids that should be empty."""
    rows = wrong.subquery()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
    if not count:
        return True, 0, ""
    example = db.session.scalar(sa.select(sa.func.min(rows.c[0])))
    return False, count, f"{detail} ({_('for example')} {example})"


@check("ledger_balanced", words=Words(lazy("Ledger balanced"), live=False))
def ledger_balanced() -> Result:
    """Every entry has postings that add up to zero, in its own currency, on its own day, in its own company."""
    off = sa.select(Posting.entry_id).group_by(Posting.entry_id).having(sa.func.sum(Posting.amount) != 0)
    empty = sa.select(Entry.id).where(~sa.exists().where(Posting.entry_id == Entry.id))
    astray = (sa.select(Posting.entry_id).join(Entry, Entry.id == Posting.entry_id)
              .join(Account, Account.id == Posting.account_id)
              .where(sa.or_(Posting.date != Entry.date, Posting.currency != Entry.currency,
                            Posting.company_id != Entry.company_id, Account.company_id != Entry.company_id)))
    return _answer(sa.union(off, empty, astray), _("entries that do not add up to zero, or lie on the wrong day"))


@check("balances_match", words=Words(lazy("Balances of customers"), live=False))
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


@check("open_amounts_match", words=Words(lazy("Open amounts"), live=False))
def open_amounts_match() -> Result:
    """What is open on documents and payments is what their allocations leave; nothing pays what was taken back."""
    paid = sa.case((Payment.state == "recorded", Payment.amount - Payment.refunded), else_=0)
    issued = sa.case((Invoice.state == "issued", Invoice.total), else_=0)
    note = Invoice.kind == "credit_note"
    wrong = [_left(Invoice, Allocation.invoice_id, ~note, issued),
             _left(Payment, Allocation.payment_id, sa.true(), paid),
             _left(Invoice, Allocation.credit_note_id, note, issued), _astray()]
    return _answer(sa.union_all(*wrong), _("documents or payments whose open amount is not what the allocations leave"))


def _left(model: Any, column: Any, which: Any, whole: Any) -> sa.Select[Any]:
    used = sa.select(column.label("id"), sa.func.sum(Allocation.amount).label("amount")).group_by(column).subquery()
    left = whole - sa.func.coalesce(used.c.amount, 0)
    return sa.select(model.id).outerjoin(used, used.c.id == model.id).where(which, model.open_amount != left)


def _astray() -> sa.Select[Any]:
    """Allocations between two customers, in two currencies, or onto a credit note."""
    note = aliased(Invoice)
    giver = sa.func.coalesce(Payment.customer_id, note.customer_id)
    currency = sa.func.coalesce(Payment.currency, note.currency)
    return (sa.select(Invoice.id).select_from(Allocation).join(Invoice, Invoice.id == Allocation.invoice_id)
            .outerjoin(Payment, Payment.id == Allocation.payment_id)
            .outerjoin(note, note.id == Allocation.credit_note_id)
            .where(sa.or_(giver != Invoice.customer_id, currency != Invoice.currency, Invoice.kind == "credit_note",
                          note.kind != "credit_note")))


@check("documents_in_ledger", words=Words(lazy("Documents and payments booked"), live=False))
def documents_in_ledger() -> Result:
    """Every document and payment is booked with its own amount; what was taken back is booked twice."""
    owed = sa.case((Invoice.state == "cancelled", 0), (Invoice.kind == "credit_note", -Invoice.total),
                   else_=Invoice.total)
    received = sa.case((Payment.state == "reversed", 0), else_=-Payment.amount)
    wrong = [_not_booked(Invoice, Entry.invoice_id, owed), _not_booked(Payment, Entry.payment_id, received),
             _not_receivable()]
    return _answer(sa.union_all(*wrong), _("documents or payments that are not booked as they stand"))


def _not_booked(model: Any, column: Any, amount: Any) -> sa.Select[Any]:
    """Rows that have no entry, or whose entries put another amount into their own customer's account."""
    booked = (sa.select(column.label("id"), Posting.customer_id, Posting.currency,
                        sa.func.sum(Posting.amount).label("amount"))
              .join(Posting, Posting.entry_id == Entry.id).where(Posting.customer_id.is_not(None), column.is_not(None))
              .group_by(column, Posting.customer_id, Posting.currency).subquery())
    own = sa.and_(booked.c.id == model.id, booked.c.customer_id == model.customer_id,
                  booked.c.currency == model.currency)
    mine = sa.select(model.id).outerjoin(booked, own).where(
        sa.or_(booked.c.id.is_(None), booked.c.amount != amount))
    others = sa.select(booked.c.id).join(model, booked.c.id == model.id).where(
        sa.or_(booked.c.customer_id != model.customer_id, booked.c.currency != model.currency))
    return sa.select(sa.union_all(mine, others).subquery().c[0])


def _not_receivable() -> sa.Select[Any]:
    """Postings of a customer on what is no asset; which asset is the receivable may have changed over time."""
    return (sa.select(Posting.entry_id).join(Account, Account.id == Posting.account_id)
            .where(Posting.customer_id.is_not(None), Account.kind != "asset"))


@check("refunds_booked", words=Words(lazy("Parts given back"), live=False))
def refunds_booked() -> Result:
    """What payments say was given back of them is what their refunds say, and each is booked with its amount."""
    given = (sa.select(Refund.payment_id.label("id"), sa.func.sum(Refund.amount).label("amount"))
             .group_by(Refund.payment_id).subquery())
    other = (sa.select(Payment.id).outerjoin(given, given.c.id == Payment.id)
             .where(sa.func.coalesce(given.c.amount, 0) != Payment.refunded))
    booked = (sa.select(Posting.entry_id.label("id"), sa.func.sum(Posting.amount).label("amount"))
              .join(Refund, Refund.entry_id == Posting.entry_id).where(Posting.customer_id.is_not(None))
              .group_by(Posting.entry_id).subquery())
    wrong = (sa.select(Refund.payment_id).outerjoin(booked, booked.c.id == Refund.entry_id)
             .where(sa.func.coalesce(booked.c.amount, 0) != Refund.amount))
    return _answer(sa.union_all(other, wrong), _("payments whose parts given back are not booked as they stand"))


@check("credits_within_documents", words=Words(lazy("Credit notes within their invoices"), live=False))
def credits_within_documents() -> Result:
    """No document was credited with more than its total, and notes belong to the customer of their document."""
    note = aliased(Invoice)
    credited = (sa.select(note.original_id.label("id"), sa.func.sum(note.total).label("amount"))
                .where(note.kind == "credit_note", note.state == "issued", note.original_id.is_not(None))
                .group_by(note.original_id).subquery())
    over = sa.select(Invoice.id).join(credited, credited.c.id == Invoice.id).where(credited.c.amount > Invoice.total)
    other = sa.select(note.id).join(Invoice, Invoice.id == note.original_id).where(
        sa.or_(note.customer_id != Invoice.customer_id, note.currency != Invoice.currency))
    return _answer(sa.union_all(over, other), _("documents credited with more than they were issued for"))


@check("document_totals", words=Words(lazy("Totals of documents"), live=False))
def document_totals() -> Result:
    """Lines and taxes of each document add up to its total."""
    lines = (sa.select(InvoiceLine.invoice_id.label("id"), sa.func.sum(InvoiceLine.total).label("amount"))
             .group_by(InvoiceLine.invoice_id).subquery())
    extra = (sa.select(InvoiceTax.invoice_id.label("id"), sa.func.sum(InvoiceTax.amount).label("amount"))
             .where(InvoiceTax.of_document).group_by(InvoiceTax.invoice_id).subquery())
    parts = sa.func.coalesce(lines.c.amount, 0) + sa.func.coalesce(extra.c.amount, 0)
    sums = Invoice.net + Invoice.untaxed + Invoice.exempt + Invoice.tax_total - Invoice.withheld
    wrong = (sa.select(Invoice.id).outerjoin(lines, lines.c.id == Invoice.id).outerjoin(extra, extra.c.id == Invoice.id)
             .where(sa.or_(parts != Invoice.total, sums != Invoice.total)))
    return _answer(wrong, _("documents whose lines and taxes do not add up to their total"))


@check("payments_unique", words=Words(lazy("Payments and receipts once"), live=False))
def payments_unique() -> Result:
    """No notice and no receipt number twice, the numbers without gaps, and the media add up to the payment."""
    media = (sa.select(PaymentMedium.payment_id, sa.func.sum(PaymentMedium.amount).label("amount"))
             .group_by(PaymentMedium.payment_id).subquery())
    wrong = (sa.select(Payment.id).outerjoin(media, media.c.payment_id == Payment.id)
             .where(sa.func.coalesce(media.c.amount, 0) != Payment.amount))
    twice = (sa.select(sa.func.min(Payment.id)).where(Payment.external_id.is_not(None))
             .group_by(Payment.company_id, Payment.source, Payment.external_id).having(sa.func.count() > 1))
    numbers = sa.select(Payment.company_id, Payment.number)
    return _answer(sa.union_all(wrong, _gaps(RECEIPT, numbers), twice),
                   _("payments recorded twice, or with a gap in their receipts"))


@check("own_numbers_no_gap", words=Words(lazy("Own numbers without gaps"), live=False))
def own_numbers_no_gap() -> Result:
    """The numbers that the company gives its documents itself follow each other without a hole, and none is double."""
    parts = []
    for kind in ("invoice", "credit_note", "debit_note"):
        numbers = sa.select(Invoice.company_id, sa.cast(Invoice.legal_number, sa.BigInteger).label("number")).where(
            Invoice.kind == kind, Invoice.legal_state == "not_required", Invoice.origin != "import",
            Invoice.legal_number.regexp_match("^[0-9]+$"))
        given_up = [port.numbers_given_up(kind) for _country, port in gatherings.items()]
        parts.append(_gaps(kind, sa.union_all(numbers, *given_up) if given_up else numbers))
    return _answer(sa.union_all(*parts), _("sequences of own numbers with a gap or a double"))


def _gaps(name: str, numbers: Any) -> sa.Select[Any]:
    """The sequences of this name of which not every number up to the next one was given exactly once."""
    given = numbers.subquery()
    used = (sa.select(given.c.company_id, sa.func.count().label("many"),
                      sa.func.count(sa.distinct(given.c.number)).label("different"),
                      sa.func.min(given.c.number).label("first"), sa.func.max(given.c.number).label("last"))
            .group_by(given.c.company_id).subquery())
    sequence = sa.select(Numbering.company_id, Numbering.next_number).where(Numbering.name == name).subquery()
    last = sa.func.coalesce(sequence.c.next_number, 1) - 1
    joined = sa.outerjoin(used, sequence, sequence.c.company_id == used.c.company_id)
    wrong = sa.select(used.c.company_id).select_from(joined).where(
        sa.or_(used.c.many != last, used.c.different != last, used.c.first != 1, used.c.last != last))
    unused = sa.select(sequence.c.company_id).select_from(
        sa.outerjoin(sequence, used, used.c.company_id == sequence.c.company_id)).where(
        used.c.company_id.is_(None), sequence.c.next_number != 1)
    return sa.select(sa.union_all(wrong, unused).subquery().c[0])


@check("locked_periods_untouched", words=Words(lazy("Closed months untouched"), live=False))
def locked_periods_untouched() -> Result:
    """Nothing was booked into a period after it was closed."""
    wrong = (sa.select(Entry.id).join(Policy, Policy.company_id == Entry.company_id)
             .where(Policy.locked_until.is_not(None), Policy.locked_at.is_not(None),
                    Entry.date <= Policy.locked_until, Entry.created_at > Policy.locked_at))
    return _answer(wrong, _("entries booked into a closed period"))


@check("day_totals_match", words=Words(lazy("Totals by day"), live=False))
def day_totals_match() -> Result:
    """The totals of the days are what the ledger says up to the entry that they have reached."""
    return _answer(summaries.wrong(), _("days whose kept total is not that of the ledger; the coming night adds them "
                                        "up anew"))
