"""What other modules may have gateways do on a company's behalf, in one verb each: the demonstration plays with them.

Each commits, as the jobs and pages do that it stands for; the outside is the company's simulators.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways import (
    accounts,
    checkouts,
    deliveries,
    files_in,
    files_out,
    jobs,
    payers,
    plans,
    ports,
    refunding,
)
from modules.gateways.models import Account, Checkout, File, Transaction
from modules.gateways.shapes import Attempt, Coupon, Debt, Due


def page(account: Account, invoice: Invoice, method: str = "link") -> Checkout | None:
    """A page or ticket, opened at the gateway; None where it does not take this debt."""
    try:
        row = checkouts.request(account, invoice, method)
    except DomainError:
        return None
    db.session.commit()
    checkouts.open_now(row.id)
    row = db.session.get_one(Checkout, row.id)
    return row if row.state == "open" else None


def foreign_page(account: Account, amount: Decimal, concept: str) -> str:
    """A page that somebody else opens with the same account, under a reference that is not ours; its number."""
    access, mark = accounts.access(account), f"mostrador-{account.id}"
    debt = Debt("mostrador", concept, "mostrador", concept, access.currency, (Due(clock.today(), amount),))
    attempt = Attempt(mark, mark, clock.now() + checkouts.LIFE)
    return str(ports.checkouts.get(account.provider).open(access, debt, attempt).provider_ref)


def slip(account: Account, invoice: Invoice) -> Coupon:
    """The coupon of a document, as it is printed."""
    found: Coupon = ports.coupons.get(account.provider).coupon(accounts.access(account),
                                                               checkouts.debt_of(account, [invoice]))
    return found


def payer(account: Account, customer: Customer, secrets: Mapping[str, str]) -> None:
    """His card or account, to be debited there."""
    payers.save(account, customer, customer.code, secrets)
    db.session.commit()


def ask_for_old_debts(account: Account, days: int) -> None:
    """Files of debts ask for what is overdue too, for so many days."""
    plan = plans.of(account)
    plan.overdue_days = days
    db.session.add(plan)
    db.session.commit()


def debt_file(account: Account) -> File | None:
    """A file of the debts that are open; None where nothing is to be asked for."""
    row = files_out.begin(account)
    db.session.commit()
    files_out.make(row.id)
    return row if row.state == "made" else None


def content(row: File) -> bytes:
    """The bytes of a file of debts."""
    with files_out.content(row) as file:
        return file.read()


def deliver(row: File) -> None:
    """Take it to the gateway: by itself where it takes files, else a person did."""
    if row.account.provider not in ports.deliveries:
        files_out.sent_by_hand(row)
        db.session.commit()
        return
    deliveries.send(row.id)
    deliveries.ask(row.id)


def bring(account: Account, content: bytes, name: str, kind: str = "") -> File:
    """Import a file; DomainError with the first bad line where it is refused."""
    row = files_in.store(account, io.BytesIO(content), name, kind)
    db.session.commit()
    if not files_in.prove(row.id):
        raise DomainError(f"{name}: {row.error}")
    files_in.load(row.id)
    return row


def poll(account: Account) -> None:
    """Ask it what was paid."""
    jobs.poll(account.id)


def ask_pages(without: tuple[str, ...] = ()) -> None:
    """Ask about all pages of the company that are open, but for these kinds of tickets."""
    for number in db.session.scalars(sa.select(Checkout.id).where(
            Checkout.state == "open", Checkout.method.not_in(without))).all():
        checkouts.ask(number)


def give_back(row: Transaction, amount: Decimal, reason: str) -> bool:
    """Have the gateway give it back, by a job; False where it cannot."""
    if not refunding.can_give_back(row):
        return False
    refunding.request(row, amount, reason)
    db.session.commit()
    return True
