"""Tickets that are made with the invoices, so that their numbers and bars stand on the paper (OXXO and its like)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock, logs
from core.db import among, db
from core.errors import DomainError, OutsideError
from modules.accounting.models import Invoice
from modules.gateways import accounts, checkouts, ports
from modules.gateways.models import Account, Checkout, WithheldWay
from modules.gateways.shapes import Debt, Due
from modules.gateways.ways import LINK

log = logs.get(__name__)
# an everyday invoice, in currencies where a hundred is less than a coffee
USUAL = {"ARS": Decimal(20_000), "CLP": Decimal(20_000), "COP": Decimal(60_000)}


def known(account: Account) -> dict[str, Any]:
    """The tickets that a gateway makes in the company's country: code -> words."""
    port = ports.checkouts.find(account.provider)
    if port is None:
        return {}
    access, today = accounts.access(account), clock.today()
    # an amount that every network takes: what is asked is only whether there is such a ticket here
    return {code: words for code, words in port.methods.items() if code != LINK and not port.problem(
        access, Debt("1", "", "1", "", access.currency, (Due(today, USUAL.get(access.currency, Decimal(100))),)), code)}


def choose(account: Account, methods: Sequence[str]) -> None:
    """Have these made with each invoice."""
    found = known(account)
    account.printed = [one for one in methods if one in found]


class TicketsFirst:
    """This module's entry in the port `before_printing`."""

    def prepare(self, invoice_ids: Sequence[int]) -> None:
        """Open the tickets of these documents; a gateway that is away or refuses leaves a document without."""
        for account_id, methods in _wanted():
            for method in methods:
                _open_all(account_id, method, invoice_ids)


def _wanted() -> list[tuple[int, list[str]]]:
    """(account, tickets) that the company prints."""
    rows = db.session.scalars(sa.select(Account).where(Account.active).options(joinedload(Account.cash_account)))
    return [(row.id, list(row.printed)) for row in rows
            if row.printed and row.provider in ports.checkouts and not accounts.missing(row)]


def _open_all(account_id: int, method: str, invoice_ids: Sequence[int]) -> None:
    for checkout_id in _asked_for(account_id, method, invoice_ids):
        try:
            checkouts.open_now(checkout_id)
        except OutsideError as trouble:  # a job goes on with it; the papers go out without
            db.session.rollback()
            log.warning("tickets_not_opened", account=account_id, method=method, reason=str(trouble))
            return


def _asked_for(account_id: int, method: str, invoice_ids: Sequence[int]) -> list[int]:
    """The rows of the tickets that are to be opened, made where they are missing; committed."""
    account = db.session.get_one(Account, account_id)
    made = []
    for invoice in db.session.scalars(_lacking(account_id, method, invoice_ids)).all():
        try:
            row = checkouts.request(account, invoice, method)
        except DomainError as refusal:
            log.info("no_ticket", account=account_id, invoice=invoice.id, reason=str(refusal))
            continue
        if row.state == "pending":
            made.append(row.id)
    db.session.commit()
    return made


def _lacking(account_id: int, method: str, invoice_ids: Sequence[int]) -> sa.Select[tuple[Invoice]]:
    """Documents that are not drawn yet and have no such ticket, of customers who are offered this gateway."""
    there = sa.select(Checkout.id).where(Checkout.account_id == account_id, Checkout.invoice_id == Invoice.id,
                                         Checkout.method == method, Checkout.state.not_in(("pending", "closed")))
    withheld = sa.select(WithheldWay.id).where(WithheldWay.account_id == account_id,
                                               WithheldWay.customer_id == Invoice.customer_id)
    return sa.select(Invoice).where(
        among(Invoice.id, invoice_ids), Invoice.state == "issued", Invoice.open_amount > 0,
        Invoice.kind != "credit_note", Invoice.pdf_file_id.is_(None), ~there.exists(), ~withheld.exists()
    ).order_by(Invoice.id)
