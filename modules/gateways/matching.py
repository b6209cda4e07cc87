"""Whose a payment is: by the page that was opened, the debt that was sent, the code that was given, the customer's own.

Set-wise: the number of statements does not depend on how many payments are matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways.models import Account, Checkout, DebtLine, PayerCode, Transaction


@dataclass(frozen=True)
class Owner:
    """Whose a payment is, and which document it was meant for; `asked` is what the page of the gateway asked for."""

    customer_id: int
    invoice_id: int | None = None
    checkout_id: int | None = None


def owners(account: Account, rows: Sequence[Transaction]) -> dict[int, Owner]:
    """The owner of each transaction (by its id) that has one; who is left out is nobody we know."""
    found: dict[int, Owner] = {}
    ways: tuple[Callable[[Account, Sequence[Transaction]], dict[int, Owner]], ...] = (
        _by_checkout, _by_debt_line, _by_invoice, _by_payer_code, _by_customer)
    for way in ways:
        left = [row for row in rows if row.id not in found]
        if not left:
            break
        found |= way(account, left)
    return found


def _by_checkout(account: Account, rows: Sequence[Transaction]) -> dict[int, Owner]:
    """Our own reference of a page or ticket; nobody else has it."""
    codes = {row.id: row.attempt_code or row.invoice_code for row in rows}
    known = {one.reference: Owner(one.customer_id, one.invoice_id, one.id) for one in _found(
        sa.select(Checkout.reference, Checkout.customer_id, Checkout.invoice_id, Checkout.id)
        .where(Checkout.account_id == account.id), Checkout.reference, codes.values())}
    return {key: known[code] for key, code in codes.items() if code in known}


def _by_debt_line(account: Account, rows: Sequence[Transaction]) -> dict[int, Owner]:
    """A debt that a file told the gateway of; the customer's code must be the same, where the gateway tells it."""
    codes = {row.id: row.invoice_code for row in rows if row.invoice_code}
    lines: dict[str, list[Any]] = {}
    for one in _found(sa.select(DebtLine.invoice_code, DebtLine.customer_code, DebtLine.invoice_id, Invoice.customer_id)
                      .join(Invoice, Invoice.id == DebtLine.invoice_id).where(DebtLine.account_id == account.id),
                      DebtLine.invoice_code, codes.values()):
        lines.setdefault(one.invoice_code, []).append(one)
    found = {}
    for row in rows:
        fits = {one.invoice_id: one for one in lines.get(row.invoice_code, ())
                if not row.customer_code or bare(one.customer_code) == bare(row.customer_code)}
        if len(fits) == 1:
            (only,) = fits.values()
            found[row.id] = Owner(only.customer_id, only.invoice_id)
    return found


def _by_invoice(account: Account, rows: Sequence[Transaction]) -> dict[int, Owner]:
    """The number by which we call a document to gateways (`invoice_code`), proved by the customer's code beside it."""
    codes = {row.id: bare(row.invoice_code) for row in rows if bare(row.invoice_code).isdigit() and row.customer_code}
    ids = {int(code) for code in codes.values() if len(code) <= 18}
    known = {one.id: one for one in db.session.execute(
        sa.select(Invoice.id, Invoice.customer_id, Customer.code).join(Customer, Customer.id == Invoice.customer_id)
        .where(among(Invoice.id, ids)))} if ids else {}
    found = {}
    for row in rows:
        one = known.get(int(codes[row.id])) if row.id in codes and len(codes[row.id]) <= 18 else None
        if one is not None and bare(one.code) == bare(row.customer_code):
            found[row.id] = Owner(one.customer_id, one.id)
    return found


def _by_payer_code(account: Account, rows: Sequence[Transaction]) -> dict[int, Owner]:
    """The code that the gateway knows the customer by."""
    codes = {row.id: (row.customer_code, bare(row.customer_code)) for row in rows if row.customer_code}
    known = {one.code: Owner(one.customer_id) for one in _found(
        sa.select(PayerCode.code, PayerCode.customer_id).where(PayerCode.account_id == account.id), PayerCode.code,
        [code for pair in codes.values() for code in pair])}
    return {key: known[code] for key, pair in codes.items() for code in pair[:1 if pair[0] in known else 2]
            if code in known}


def _by_customer(account: Account, rows: Sequence[Transaction]) -> dict[int, Owner]:
    """The customer's own code, with or without zeros before it."""
    codes = {row.id: (row.customer_code, bare(row.customer_code)) for row in rows if row.customer_code}
    known = {one.code: Owner(one.id) for one in _found(
        sa.select(Customer.code, Customer.id), Customer.code, [code for pair in codes.values() for code in pair])}
    return {key: known[pair[0]] if pair[0] in known else known[pair[1]] for key, pair in codes.items()
            if pair[0] in known or pair[1] in known}


def bare(code: str) -> str:
    """A code without blanks around and zeros before it: files fill fields with both."""
    return code.strip().lstrip("0")


def _found(statement: Any, column: Any, values: Iterable[str]) -> Sequence[Any]:
    wanted = sorted({one for one in values if one})
    return db.session.execute(statement.where(among(column, wanted))).all() if wanted else []
