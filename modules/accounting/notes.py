"""Credit and debit notes of a document: whole, by lines or by amount, never more than was invoiced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.money import split
from core.scope import current_company
from modules.accounting import allocations, services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax
from modules.accounting.totals import of_draft

ZERO = Decimal("0.00")


def credit(invoice: Invoice, reason: str, *, amount: Decimal | None = None, lines: Sequence[int] = (),
           issue_date: dt.date | None = None, form_key: str | None = None) -> Invoice:
    """Issue a credit note: of the whole document, of the lines at these positions, or of an amount with its taxes.

    It pays the document it corrects, then the customer's oldest ones; what is left stays in favour.
    """
    if form_key and (found := services._by_form_key(form_key)):
        return found
    invoice = services.locked(invoice)
    _check(invoice, reason)
    left = creditable(invoice)
    draft = credit_draft(invoice, reason, amount=amount, lines=lines, issue_date=issue_date, form_key=form_key)
    total = of_draft(draft, current_company().country).total
    if total > left:
        raise WrongAmount(_("To credit %(document)s the amount must be at most %(left)s: so much was not credited yet.",
                            document=str(invoice), left=left), field="amount")
    note = services.issue_invoice(draft)
    allocations.pay_oldest(note, [db.session.get_one(Invoice, invoice.id)])
    db.session.flush()
    return note


def creditable(invoice: Invoice) -> Decimal:
    """What of a document no credit note has taken back yet."""
    credited = db.session.scalar(sa.select(sa.func.sum(Invoice.total)).where(
        Invoice.original_id == invoice.id, Invoice.kind == "credit_note", Invoice.state == "issued"))
    return invoice.total - (credited or ZERO)


def debit(invoice: Invoice, reason: str, lines: Sequence[DraftLine], *, due_date: dt.date | None = None,
          issue_date: dt.date | None = None, form_key: str | None = None) -> Invoice:
    """Issue a debit note on a document: more is owed, for these lines."""
    _check(invoice, reason)
    return services.issue_invoice(_note(invoice, "debit_note", reason, lines, (), issue_date, form_key, due_date))


def _check(invoice: Invoice, reason: str) -> None:
    if invoice.kind == "credit_note":
        raise NotPossible(_("A note on a credit note is not possible; correct the invoice that it belongs to."))
    if invoice.state != "issued":
        raise NotPossible(_("A note on %(document)s is not possible because it is annulled.", document=str(invoice)))
    if invoice.legal_state == "rejected":
        raise NotPossible(_("A note on %(document)s is not possible because the authority refused it: mend it and "
                            "send it again, or give it up.", document=str(invoice)))
    if not reason.strip():
        raise DomainError(_("To issue a note you must say why."), field="reason")


def credit_draft(invoice: Invoice, reason: str, *, amount: Decimal | None = None, lines: Sequence[int] = (),
                 issue_date: dt.date | None = None, form_key: str | None = None) -> InvoiceDraft:
    """The credit note as it would be issued."""
    own = list(db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
                                  .order_by(InvoiceLine.position)))
    if amount is not None:
        wanted, taxes = _of_amount(invoice, own, amount, reason), ()
    elif lines:
        wanted, taxes = [_again(line) for line in own if line.position in set(lines)], ()
    else:
        wanted, taxes = [_again(line) for line in own], _document_taxes(invoice)
    return _note(invoice, "credit_note", reason, wanted, taxes, issue_date, form_key, None)


def _again(line: InvoiceLine) -> DraftLine:
    return DraftLine(line.description, line.quantity, line.unit_price, line.code, line.price_includes_tax,
                     line.discount, tuple(line.taxes or ()), line.account_id, line.extra or {})


def _document_taxes(invoice: Invoice) -> tuple[Mapping[str, Any], ...]:
    rows = db.session.scalars(sa.select(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id, InvoiceTax.of_document)
                              .order_by(InvoiceTax.id))
    return tuple({"code": tax.code, "jurisdiction": tax.jurisdiction, "description": tax.description,
                  "base": f"{tax.base}", "rate": f"{tax.rate}", "amount": f"{tax.amount}"} for tax in rows)


def _of_amount(invoice: Invoice, own: Sequence[InvoiceLine], amount: Decimal, reason: str) -> list[DraftLine]:
    """The amount with tax, divided among the invoice's kinds of tax as its lines are."""
    if amount <= 0:
        raise WrongAmount(_("To issue a credit note its amount must be above zero."), field="amount")
    groups: dict[str, tuple[InvoiceLine, Decimal]] = {}
    for line in own:
        key = repr(line.taxes)
        groups[key] = (line, groups[key][1] + line.total if key in groups else line.total)
    shares = split(amount, [total for _line, total in groups.values()], invoice.currency)
    text = _("Credit on %(document)s: %(reason)s", document=str(invoice), reason=reason)
    return [DraftLine(text[:500], Decimal(1), share, line.code, True, taxes=tuple(line.taxes or ()),
                      account_id=line.account_id)
            for (line, _total), share in zip(groups.values(), shares, strict=True) if share > 0]


def _note(invoice: Invoice, kind: str, reason: str, lines: Sequence[DraftLine], taxes: Sequence[Mapping[str, Any]],
          issue_date: dt.date | None, form_key: str | None, due_date: dt.date | None) -> InvoiceDraft:
    extra = (invoice.snapshot or {}).get("extra") or {}
    return InvoiceDraft(
        customer_id=invoice.customer_id, issue_date=issue_date or clock.today(), lines=tuple(lines), kind=kind,
        due_date=due_date, service_from=invoice.service_from, service_to=invoice.service_to,
        currency=invoice.currency, exchange_rate=invoice.exchange_rate, document_taxes=tuple(taxes), extra=extra,
        original_id=invoice.id, reason=reason[:300], form_key=form_key)
