"""An invoice that names the wrong receiver: credited whole and issued again, in one step and linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from modules.accounting import allocations, collected, ledger, notes, services, snapshots
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.errors import NotPossible
from modules.accounting.models import Invoice, Replacement
from modules.accounting.ports import collectors
from modules.crm import services as crm
from modules.crm.models import Customer

# the data of a receiver that may be corrected along the way, as crm names them
RECEIVER = ("name", "tax_id_kind", "tax_id", "tax_condition")


def refusal(invoice: Invoice) -> str:
    """Why this document cannot be issued again; "" where it can."""
    if invoice.kind != "invoice" or invoice.origin == "import":
        return _("Issuing it again is not possible because only invoices that were issued here can be.")
    if invoice.state != "issued":
        return _("Issuing %(document)s again is not possible because it is annulled.", document=str(invoice))
    if invoice.legal_state == "rejected":
        return _("Issuing %(document)s again is not needed because the authority refused it: correct the customer and "
                 "send it again.", document=str(invoice))
    if invoice.legal_state not in ("authorized", "not_required"):
        return _("To issue %(document)s again it must first be decided by the authority.", document=str(invoice))
    if said := notes.refusal(invoice):
        return said
    if notes.creditable(invoice) != invoice.total:
        return _("Issuing %(document)s again is not possible because part of it was credited already. Credit the rest, "
                 "and make a new invoice.", document=str(invoice))
    return ""


def of_invoice(invoice_id: int) -> Replacement | None:
    """The last replacement that this document is a part of: as the wrong invoice, its credit note or the right one."""
    parts = (Replacement.wrong_id, Replacement.note_id, Replacement.right_id)
    return db.session.scalar(sa.select(Replacement).where(sa.or_(*[one == invoice_id for one in parts]))
                             .order_by(Replacement.id.desc()).limit(1))


def reissue(invoice: Invoice, reason: str, receiver: Mapping[str, str], customer: Customer | None = None
            ) -> Replacement:
    """Credit the invoice whole and issue it again to `customer` (else its own), whose data are corrected first.

    `receiver` holds what of RECEIVER is corrected. The second time answers with what the first one made. Payments of
    the wrong invoice are in favour of its customer then, and pay the right one by themselves where that is his too.
    """
    other = customer or invoice.customer
    ledger.lock_customers(sorted({invoice.customer_id, other.id}))
    invoice = allocations.hold(invoice)
    if known := db.session.scalar(sa.select(Replacement).where(Replacement.wrong_id == invoice.id)):
        return known
    _check(invoice, reason)
    _correct(other, receiver)
    _check_differs(invoice, other)
    draft = again(invoice, other, reason)  # before the credit note: it takes the lines of what is left to credit
    note = notes.credit(invoice, reason, form_key=f"instead:{invoice.id}:note")
    right = services.issue_invoice(draft)
    made = Replacement(company_id=invoice.company_id, wrong_id=invoice.id, note_id=note.id, right_id=right.id,
                       reason=reason.strip()[:300])
    db.session.add(made)
    db.session.flush()
    audit.record("accounting.reissue", invoice, {"credit_note": note.id, "invoice": right.id}, reason)
    return made


def _check(invoice: Invoice, reason: str) -> None:
    if said := refusal(invoice):
        raise NotPossible(said)
    if not reason.strip():
        raise DomainError(_("To issue it again you must say why."), field="reason")


def _correct(customer: Customer, receiver: Mapping[str, str]) -> None:
    changed = {name: receiver[name].strip() for name in RECEIVER
               if name in receiver and receiver[name].strip() != (getattr(customer, name) or "")}
    if changed:
        crm.update_customer(customer, **changed)


def _check_differs(invoice: Invoice, customer: Customer) -> None:
    """The same words again would be a second invoice for nothing."""
    before: dict[str, Any] = (invoice.snapshot or {}).get("customer") or {}
    now = snapshots.of_customers(current_company(), [customer.id])[customer.id]
    if customer.id == invoice.customer_id and all(before.get(one) == now.get(one) for one in (*RECEIVER, "address")):
        raise DomainError(_("To issue it again you must correct something first: it would say the same as before."),
                          field="name")


def again(invoice: Invoice, customer: Customer, reason: str) -> InvoiceDraft:
    """The same lines and dates of service, of today; due when the first one was, but not before today.

    What must be collected on it (perceptions) follows the right receiver where the country knows.
    """
    today = clock.today()
    first, _totals = notes.planned_credit(invoice, reason, notes.Wanted())
    due = max(invoice.due_date, today) if invoice.due_date else None
    second = invoice.second_due_date if due and invoice.second_due_date and invoice.second_due_date > due else None
    extra = {key: value for key, value in first.extra.items() if key != notes.LINES}
    follows = collectors.find(current_company().country) is not None
    return collected.completed(InvoiceDraft(
        customer_id=customer.id, issue_date=today, lines=first.lines, due_date=due, second_due_date=second,
        second_due_total=invoice.second_due_total if second else None, service_from=invoice.service_from,
        service_to=invoice.service_to, currency=invoice.currency, exchange_rate=invoice.exchange_rate,
        document_taxes=() if follows else first.document_taxes, extra=extra,
        texts=(invoice.snapshot or {}).get("texts") or {}, form_key=f"instead:{invoice.id}"))

