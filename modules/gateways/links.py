"""Payment links: addresses that open without a password what one document, or one customer, owes.

Nothing is stored for a link: it is signed, says until when it lives, and bears how often links of its kind were revoked
when it was made. Revoking counts that up, so that all links of before are over. The link of a document is the same
whenever it is made before the document is overdue, as its printed paper has to be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from core import audit, clock
from core.db import among, db, find, lock
from core.errors import NotFound
from core.i18n import _
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways.models import LinkMark

# how long a link lives after the last day on which its document is due; and one that is made later, or for a customer
LIFE, LATER = dt.timedelta(days=180), dt.timedelta(days=60)
INVOICE, CUSTOMER = "i", "c"
_EPOCH = dt.date(2020, 1, 1)


@dataclass(frozen=True)
class Link:
    """What a link says: whose page it is, until when (company's zone), and its count of revocations."""

    company_id: int
    kind: str
    id: int
    until: dt.date
    mark: int

    @property
    def is_of_invoice(self) -> bool:
        return self.kind == INVOICE


def of_invoices(invoices: Sequence[Invoice]) -> Callable[[Invoice], str]:
    """What gives the link of each of these documents; one select for all."""
    rows = db.session.execute(sa.select(LinkMark.invoice_id, LinkMark.mark).where(
        among(LinkMark.invoice_id, [one.id for one in invoices]))).all()
    marks = {row.invoice_id: row.mark for row in rows}
    return lambda one: url(token(Link(one.company_id, INVOICE, one.id, _until(one), marks.get(one.id, 0))))


def of_invoice(invoice: Invoice) -> str:
    """The link of a document, which lives for a while from today on whenever it is due."""
    until = max(_until(invoice), clock.today() + LATER)
    return url(token(Link(invoice.company_id, INVOICE, invoice.id, until, _mark(_of_invoice(invoice)))))


def of_customer(customer: Customer) -> str:
    """The link to all that a customer owes, from today on."""
    until = clock.today() + LATER
    return url(token(Link(customer.company_id, CUSTOMER, customer.id, until, _mark(_of_customer(customer.id)))))


def _until(invoice: Invoice) -> dt.date:
    return (invoice.second_due_date or invoice.due_date or invoice.issue_date) + LIFE


def token(link: Link) -> str:
    """The signed part of the address."""
    days = (link.until - _EPOCH).days
    return str(_serializer().dumps([link.company_id, link.kind, link.id, days, link.mark]))


def url(signed: str) -> str:
    return f"{str(current_app.extensions['abona'].public_url).rstrip('/')}/pay/{signed}"


def read(signed: str) -> Link:
    """What a link says; NotFound for one that we did not make. Whether it still lives, `lives` tells."""
    try:
        company_id, kind, number, days, mark = _serializer().loads(signed)
        return Link(int(company_id), str(kind), int(number), _EPOCH + dt.timedelta(days=int(days)), int(mark))
    except (BadSignature, ValueError, TypeError):
        raise NotFound(_("This payment link is not valid. Open it exactly as it was sent to you.")) from None


def leads_to(link: Link, customer_id: int, invoice_id: int | None) -> bool:
    """Whether it shows exactly this: the one document, or what the customer owes (no document).

    A page that several links find must send nobody back by one that opens more than his own.
    """
    return link.id == invoice_id if link.is_of_invoice else invoice_id is None and link.id == customer_id


def lives(link: Link) -> bool:
    """Neither over nor revoked. Asked in the scope of the link's company."""
    if clock.today() > link.until:
        return False
    which = LinkMark.invoice_id == link.id if link.is_of_invoice else _of_customer(link.id)
    return _mark(which) == link.mark


def revoke(customer: Customer, invoice: Invoice | None = None) -> int:
    """End every link of the document (of the customer's page, without one) that was handed out; the new count."""
    db.session.scalars(lock(sa.select(Customer.id).where(Customer.id == customer.id))).all()
    row = db.session.scalar(sa.select(LinkMark).where(_of_invoice(invoice) if invoice else _of_customer(customer.id)))
    if row is None:
        row = LinkMark(customer_id=customer.id, invoice_id=invoice.id if invoice else None, mark=0)
        db.session.add(row)
    row.mark, row.revoked_at = row.mark + 1, clock.now()
    db.session.flush()
    audit.record("gateways.revoke_links", invoice or customer, {"mark": row.mark})
    return row.mark


def subject(link: Link) -> tuple[Customer, Invoice | None]:
    """Whose page it is; in the scope of the link's company."""
    if link.is_of_invoice:
        invoice = find(Invoice, link.id)
        return invoice.customer, invoice
    return find(Customer, link.id), None


def _of_invoice(invoice: Invoice) -> Any:
    return LinkMark.invoice_id == invoice.id


def _of_customer(customer_id: int) -> Any:
    return sa.and_(LinkMark.customer_id == customer_id, LinkMark.invoice_id.is_(None))


def _mark(which: Any) -> int:
    return db.session.scalar(sa.select(LinkMark.mark).where(which)) or 0


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["abona"].secret_key, salt="gateways.pay")
