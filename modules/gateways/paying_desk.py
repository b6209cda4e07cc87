"""Ways to pay on the staff's screens: of a document, and of a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import joinedload

from core import audit
from core.db import db
from core.i18n import lazy
from modules.accounting import queries as accounting
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways import links, payer_page, ways
from modules.gateways.models import Account, Checkout, WithheldWay

STATES = {"pending": (lazy("being opened"), "info"), "opening": (lazy("being opened"), "info"),
          "open": (lazy("can be paid"), "ok"), "unknown": (lazy("not known"), "warn"), "paid": (lazy("paid"), "ok"),
          "closed": (lazy("closed"), "mute"), "expired": (lazy("expired"), "mute"), "refused": (lazy("refused"), "bad")}
SHOWN = 20


@dataclass(frozen=True)
class Way:
    """A gateway, and whether the customer is offered it; its code for him."""

    account: Account
    title: str
    offered: bool
    code: str


def invoice_part(invoice: Invoice) -> str:
    """The card beside a document: its link, codes, what was opened for it."""
    if invoice.kind == "credit_note" or (invoice.origin == "import" and not invoice.open_amount):
        return ""
    page = payer_page.build(invoice.customer, invoice)
    opened = _opened(Checkout.invoice_id == invoice.id)
    if page.state != "owed" and not opened:
        return ""
    return render_template("gateways/invoice_ways.html", invoice=invoice, page=page, opened=opened, states=STATES,
                           link=links.of_invoice(invoice) if page.state == "owed" else "", words_of=payer_page.words_of)


def customer_action(customer: Customer) -> str:
    """The way to the link that is sent to whoever owes."""
    if accounting.balances([customer.id])[customer.id] <= 0:
        return ""
    return render_template("gateways/customer_action.html", customer=customer)


def customer_tab(customer: Customer) -> str:
    """The tab of a customer: the link to all that he owes, what he is offered, what was opened for him."""
    return render_template(
        "gateways/customer_ways.html", customer=customer, link=links.of_customer(customer), known=_known(customer),
        opened=_opened(Checkout.customer_id == customer.id), states=STATES, words_of=payer_page.words_of)


def _known(customer: Customer) -> list[Way]:
    offers = ways.Offers([customer.id])
    return [Way(one, payer_page.words_of(one, ways.LINK), offers.is_offered(one, customer.id),
                offers.code(one, customer.id, customer.code)) for one in offers.all]


def _opened(which: Any) -> Sequence[Checkout]:
    return db.session.scalars(sa.select(Checkout).where(which).options(
        joinedload(Checkout.account), joinedload(Checkout.invoice)).order_by(Checkout.id.desc()).limit(SHOWN)).all()


def offer(customer: Customer, account: Account, offered: bool) -> None:
    """Say whether a customer is offered a gateway; the same again changes nothing."""
    row = db.session.scalar(sa.select(WithheldWay).where(WithheldWay.customer_id == customer.id,
                                                         WithheldWay.account_id == account.id))
    if (row is None) == offered:
        return
    if row is not None:
        db.session.delete(row)
    else:
        db.session.add(WithheldWay(customer_id=customer.id, account_id=account.id))
    db.session.flush()
    audit.record("gateways.offer_way", customer, {"account": account.name, "offered": offered})
