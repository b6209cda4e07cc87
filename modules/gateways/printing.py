"""Ways to pay on documents and in their notices: the payment link with its QR, coupons, codes, tickets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.i18n import _
from modules.accounting.models import Invoice
from modules.accounting.ports import PrintBlock
from modules.crm.models import Customer
from modules.gateways import links, owed, payer_page
from modules.gateways.models import Checkout
from modules.gateways.shapes import ZERO
from modules.gateways.ways import Offers, Slip


class WaysToPay:
    """This module's entry in the port `print_blocks`. What is paid, annulled or in our favour gets no block."""

    def of(self, invoices: Sequence[Any]) -> Callable[[Any], Sequence[PrintBlock]]:
        """Everything is read here, for all of them; a company without gateways costs one select."""
        due = [one for one in invoices if one.open_amount > 0 and owed.dues_of(one, one.issue_date)]
        offers = Offers({one.customer_id for one in due}) if due else None
        if offers is None or not offers.all:
            return lambda invoice: []
        return _Blocks(due, offers).of


class _Blocks:
    """What the blocks of a batch need."""

    def __init__(self, invoices: Sequence[Invoice], offers: Offers) -> None:
        self.offers, self.due = offers, {one.id for one in invoices}
        self.link, self.elsewhere = links.of_invoices(invoices), owed.elsewhere_of(invoices)
        self.customers = _customers(invoices)
        self.tickets: dict[int, list[Checkout]] = {}
        for row in payer_page.open_tickets(invoices):
            self.tickets.setdefault(row.invoice_id or 0, []).append(row)

    def of(self, invoice: Invoice) -> Sequence[PrintBlock]:
        """The link first, then what counters scan or are told."""
        if invoice.id not in self.due:
            return []
        accounts = self.offers.to(invoice.customer_id)
        slips = [found for row in self.tickets.get(invoice.id, ()) if row.account_id in {one.id for one in accounts}
                 and (found := payer_page.ticket_slip(row)) is not None]
        # as on the day of its issue: a paper that is drawn again is the same
        dues = owed.dues_of(invoice, invoice.issue_date, self.elsewhere.get(invoice.id, ZERO))
        code, name = self.customers[invoice.customer_id]
        for account in accounts:
            debt = owed.debt(self.offers.code(account, invoice.customer_id, code), name, [invoice], dues)
            slips += self.offers.slips(account, debt)
        return [*([_link(self.link(invoice))] if accounts else []), *map(_block, slips)]


def _customers(invoices: Sequence[Invoice]) -> dict[int, tuple[str, str]]:
    """(code, name) of the customers; one select."""
    rows = db.session.execute(sa.select(Customer.id, Customer.code, Customer.name).where(
        among(Customer.id, sorted({one.customer_id for one in invoices}))))
    return {row.id: (row.code, row.name) for row in rows}


def _link(url: str) -> PrintBlock:
    return PrintBlock(_("Pay online"), _("Scan the code with your phone. It shows what is owed and how to pay it."),
                      qr_text=url, link=url)


def _block(slip: Slip) -> PrintBlock:
    return PrintBlock(slip.title, slip.words, slip.code, slip.barcode, slip.symbology or "code128", link=slip.link)
