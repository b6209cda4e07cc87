"""Selects that views, other modules and checks share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer, selectinload

from core.db import among, db
from core.models import Company
from core.scope import current_company
from modules.accounting.models import (
    Allocation,
    Balance,
    CashAccount,
    Entry,
    Invoice,
    Payment,
    Policy,
    Posting,
    Replacement,
)
from modules.accounting.overdue import DUE_DAY, OVERDUE, ROUNDING
from modules.accounting.ports import Elsewhere, elsewhere, surcharges

ZERO = Decimal("0.00")


def balance(customer_id: int, currency: str = "") -> Decimal:
    """What a customer owes (negative: has in favour), summed from the postings: it cannot be wrong."""
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.customer_id == customer_id, Posting.currency == (currency or current_company().currency))) or ZERO


def balances(customer_ids: Sequence[int], currency: str = "") -> dict[int, Decimal]:
    """The stored balances of these customers, those of nobody else, in one select."""
    rows = db.session.execute(sa.select(Balance.customer_id, Balance.amount).where(
        Balance.customer_id.in_(customer_ids), Balance.currency == (currency or current_company().currency)))
    found = {row.customer_id: row.amount for row in rows}
    return {key: found.get(key, ZERO) for key in customer_ids}


def currencies(customer_id: int) -> list[tuple[str, Decimal]]:
    """(currency, balance) of each currency the customer ever had something in, the company's first."""
    rows = db.session.execute(sa.select(Balance.currency, Balance.amount).where(Balance.customer_id == customer_id)
                              .order_by(Balance.currency)).all()
    home = current_company().currency
    found = {row.currency: row.amount for row in rows}
    return [(home, found.pop(home, ZERO)), *found.items()]


def has_account(customer_id: int) -> bool:
    """Whether anything was ever booked for this customer."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Balance.customer_id == customer_id))))


def overdue(customer_id: int) -> tuple[int, dt.date | None]:
    """(how many documents are overdue, since when) in all currencies."""
    row = db.session.execute(sa.select(sa.func.count(), sa.func.min(DUE_DAY)).where(
        Invoice.customer_id == customer_id, OVERDUE)).one()
    return row[0], row[1]


@dataclass(frozen=True)
class Movement:
    """A line of the current account: what it was, by how much it moved, and where the balance stood then."""

    id: int
    date: dt.date
    kind: str
    description: str
    amount: Decimal
    balance: Decimal
    invoice: Invoice | None
    payment: Payment | None


def statement(customer_id: int, currency: str = "", *, limit: int = 100, before_id: int | None = None,
              since: dt.date | None = None, until: dt.date | None = None) -> list[Movement]:
    """The current account, newest first, with its running balance; `before_id` goes on after a page's last line."""
    own, wanted = _movements()
    wanted = wanted.limit(limit)
    for condition in _between(own, since, until, before_id):
        wanted = wanted.where(condition)
    return [Movement(row.id, row.date, row.kind, row.description, row.amount, row.running, row.Invoice, row.Payment)
            for row in db.session.execute(wanted, {"customer": customer_id,
                                                   "currency": currency or current_company().currency})]


@lru_cache(maxsize=1)
def _movements() -> tuple[Any, sa.Select]:
    """The postings of a customer with their running balance, and what they are of; built once."""
    running = sa.func.sum(Posting.amount).over(order_by=(Posting.date, Posting.id)).label("running")
    own = (sa.select(Posting.id, Posting.entry_id, Posting.date, Posting.amount, running)
           .where(Posting.customer_id == sa.bindparam("customer"), Posting.currency == sa.bindparam("currency"))
           .subquery())
    return own, (sa.select(own, Entry.kind, Entry.description, Invoice, Payment)
                 .join(Entry, Entry.id == own.c.entry_id).outerjoin(Invoice, Invoice.id == Entry.invoice_id)
                 .outerjoin(Payment, Payment.id == Entry.payment_id).options(defer(Invoice.snapshot))
                 .order_by(own.c.date.desc(), own.c.id.desc()))


def _between(own: Any, since: dt.date | None, until: dt.date | None, before_id: int | None) -> list[Any]:
    conditions = []
    if since:
        conditions.append(own.c.date >= since)
    if until:
        conditions.append(own.c.date <= until)
    if before_id:
        edge = sa.select(Posting.date).where(Posting.id == before_id).scalar_subquery()
        conditions.append(sa.tuple_(own.c.date, own.c.id) < sa.tuple_(edge, sa.literal(before_id)))
    return conditions


def open_documents(customer_id: int) -> list[Invoice]:
    """What the customer owes, oldest due first."""
    return list(db.session.scalars(
        sa.select(Invoice).where(Invoice.customer_id == customer_id, Invoice.open_amount != 0,
                                 Invoice.kind != "credit_note", Invoice.state == "issued")
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)))


def paid_elsewhere(invoice_ids: Sequence[int]) -> dict[int, list[Elsewhere]]:
    """The parts of these documents that are paid in another way and until another day, and did not come yet."""
    found: dict[int, list[Elsewhere]] = {}
    for _name, known in elsewhere.items():
        for key, part in known.of(invoice_ids).items():
            found.setdefault(key, []).append(part)
    return found


def due_day_of(invoice: Any, open_amount: Decimal, parts: Sequence[Elsewhere]) -> dt.date:
    """The day on which what is open of a document was, or is, to be paid; `parts` come in another way."""
    usual: dt.date = invoice.due_date or invoice.issue_date
    only = [part.until for part in parts if part.amount + ROUNDING >= open_amount]
    return max(usual, *only) if only else usual


def surcharge_billed(invoice_ids: Sequence[int]) -> set[int]:
    """Those of these documents whose charge for paying late stands in a later one already."""
    return {key for _name, known in surcharges.items() for key in known.billed(invoice_ids)}


def in_favour(customer_id: int, currency: str = "") -> Decimal:
    """What of payments and credit notes no document has used yet."""
    currency = currency or current_company().currency
    paid = db.session.scalar(sa.select(sa.func.sum(Payment.open_amount)).where(
        Payment.customer_id == customer_id, Payment.open_amount != 0, Payment.currency == currency))
    noted = db.session.scalar(sa.select(sa.func.sum(Invoice.open_amount)).where(
        Invoice.customer_id == customer_id, Invoice.open_amount != 0, Invoice.currency == currency,
        Invoice.kind == "credit_note", Invoice.state == "issued"))
    return (paid or ZERO) + (noted or ZERO)


def owed_in_all(currency: str = "") -> tuple[int, Decimal]:
    """(how many customers owe, how much)."""
    row = db.session.execute(sa.select(sa.func.count(), sa.func.sum(Balance.amount)).where(
        Balance.currency == (currency or current_company().currency), Balance.amount > 0)).one()
    return row[0], row[1] or ZERO


def paid_by(invoice_ids: Sequence[int]) -> dict[int, list[tuple[Payment | None, Invoice | None, Decimal]]]:
    """(payment, credit note, amount) of what pays each document, taken-back ones left out, with one select."""
    note = sa.orm.aliased(Invoice)
    total = sa.func.sum(Allocation.amount)
    net = (sa.select(Allocation.invoice_id, Allocation.payment_id, Allocation.credit_note_id, total.label("amount"))
           .where(Allocation.invoice_id.in_(invoice_ids))
           .group_by(Allocation.invoice_id, Allocation.payment_id, Allocation.credit_note_id).having(total != 0)
           .subquery())
    rows = db.session.execute(
        sa.select(net.c.invoice_id, Payment, note, net.c.amount).outerjoin(Payment, Payment.id == net.c.payment_id)
        .outerjoin(note, note.id == net.c.credit_note_id).order_by(net.c.invoice_id, net.c.payment_id)).all()
    found: dict[int, list[tuple[Payment | None, Invoice | None, Decimal]]] = {}
    for invoice_id, payment, credit_note, amount in rows:
        found.setdefault(invoice_id, []).append((payment, credit_note, amount))
    return found


def documents_paid(payment_id: int) -> list[tuple[Invoice, Decimal]]:
    """(document, amount) of what a payment pays."""
    return documents_paid_by([payment_id]).get(payment_id, [])


def documents_paid_by(payment_ids: Sequence[int]) -> dict[int, list[tuple[Invoice, Decimal]]]:
    """(document, amount) of what each payment pays, taken-back ones left out, the oldest first, with one select."""
    total = sa.func.sum(Allocation.amount)
    net = (sa.select(Allocation.payment_id, Allocation.invoice_id, total.label("amount"))
           .where(among(Allocation.payment_id, payment_ids)).group_by(Allocation.payment_id, Allocation.invoice_id)
           .having(total != 0).subquery())
    rows = db.session.execute(
        sa.select(net.c.payment_id, Invoice, net.c.amount).join(Invoice, Invoice.id == net.c.invoice_id)
        .order_by(net.c.payment_id, sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id))
    found: dict[int, list[tuple[Invoice, Decimal]]] = {}
    for payment_id, invoice, amount in rows:
        found.setdefault(payment_id, []).append((invoice, amount))
    return found


def paid_with_note(note_id: int) -> list[tuple[Invoice, Decimal]]:
    """(document, amount) of what a credit note pays."""
    total = sa.func.sum(Allocation.amount)
    net = (sa.select(Allocation.invoice_id, total.label("amount")).where(Allocation.credit_note_id == note_id)
           .group_by(Allocation.invoice_id).having(total != 0).subquery())
    rows = db.session.execute(sa.select(Invoice, net.c.amount).join(net, net.c.invoice_id == Invoice.id)
                              .order_by(Invoice.id))
    return [(row[0], row[1]) for row in rows]


def notes_of(invoice_id: int) -> list[Invoice]:
    """The credit and debit notes on a document, in order."""
    return list(db.session.scalars(sa.select(Invoice).where(Invoice.original_id == invoice_id).order_by(Invoice.id)))


def balances_after(payment_ids: Sequence[int]) -> dict[int, Decimal]:
    """What each customer owed once the payment was booked, whatever came later, with one select."""
    own, earlier = sa.orm.aliased(Posting), sa.orm.aliased(Posting)
    until = (sa.select(sa.func.sum(earlier.amount))
             .where(earlier.customer_id == own.customer_id, earlier.currency == own.currency, earlier.id <= own.id)
             .scalar_subquery())
    rows = db.session.execute(
        sa.select(Entry.payment_id, until).join(own, own.entry_id == Entry.id)
        .where(among(Entry.payment_id, payment_ids), Entry.kind == "payment", own.customer_id.is_not(None)))
    return {row[0]: row[1] for row in rows if row[0] is not None}


def newest_documents(customer_id: int, count: int) -> list[Invoice]:
    """The customer's documents, the latest first."""
    return list(db.session.scalars(sa.select(Invoice).where(Invoice.customer_id == customer_id)
                                   .order_by(Invoice.issue_date.desc(), Invoice.id.desc()).limit(count)))


def last_payments(customer_ids: Sequence[int], count: int = 3,
                  reversed_too: bool = False) -> dict[int, list[Payment]]:
    """The newest payments of each customer with their media, with two selects; without those taken back."""
    place = sa.func.row_number().over(partition_by=Payment.customer_id,
                                      order_by=(Payment.paid_on.desc(), Payment.id.desc())).label("place")
    states = ("recorded", "reversed") if reversed_too else ("recorded",)
    ranked = (sa.select(Payment.id, place).where(among(Payment.customer_id, customer_ids), Payment.state.in_(states))
              .subquery())
    rows = db.session.scalars(sa.select(Payment).options(selectinload(Payment.media))
                              .join(ranked, ranked.c.id == Payment.id)
                              .where(ranked.c.place <= count).order_by(Payment.customer_id, ranked.c.place))
    found: dict[int, list[Payment]] = {}
    for payment in rows:
        found.setdefault(payment.customer_id, []).append(payment)
    return found


def cash_accounts() -> list[CashAccount]:
    """The cash and bank accounts in use, the default one first."""
    return list(db.session.scalars(sa.select(CashAccount).where(CashAccount.active)
                                   .order_by(CashAccount.is_default.desc(), CashAccount.name)))


# --- issued instead of others ------------------------------------------------------------------------------


def instead_of_others() -> sa.CTE:
    """(first_id, right_id) of every invoice that was issued instead of another, however often that happened."""
    begun = sa.select(Replacement.wrong_id.label("first_id"), Replacement.right_id).cte("instead", recursive=True)
    return begun.union_all(sa.select(begun.c.first_id, Replacement.right_id).where(
        Replacement.wrong_id == begun.c.right_id))


def standing_instead(invoice_ids: Iterable[int]) -> dict[int, Invoice]:
    """By the id of an invoice that was issued again: the last one issued instead. Others are left out."""
    known = instead_of_others()
    rows = db.session.execute(sa.select(known.c.first_id, Invoice).join(Invoice, Invoice.id == known.c.right_id).where(
        known.c.first_id.in_(list(invoice_ids))).order_by(Invoice.id))
    return {row[0]: row[1] for row in rows}  # each is issued after the one that it replaces


def billed_by_month(company: Company) -> dict[dt.date, Decimal]:
    """What was billed less credit notes in each of the last thirteen months, in the company's currency."""
    from modules.accounting.figures import money_year

    return money_year()[company.currency].by_month("billed")


def locked_until() -> dt.date | None:
    """The last day on which nothing can be booked any more; None where no period is closed."""
    return db.session.scalar(sa.select(Policy.locked_until))


def gaps(number: Any, first: int, last: int, *conditions: Any, limit: int = 5) -> str:
    """Which numbers from first to last are in none of the rows, as words: "15, 20–23"; "…" where there are more.

    `number` is a column; the conditions say whose numbers.
    """
    known = sa.select(number.label("number"), sa.func.lag(number, 1, first - 1).over(order_by=number).label("former"))
    known = known.where(number.between(first, last), *conditions)
    highest = sa.select(sa.literal(last + 1), sa.func.coalesce(sa.func.max(number), first - 1)).where(
        number.between(first, last), *conditions)
    steps = sa.union_all(known, highest).subquery()
    rows = db.session.execute(sa.select(steps.c.former + 1, steps.c.number - 1).where(
        steps.c.number > steps.c.former + 1).order_by(steps.c.number).limit(limit + 1)).all()
    found = [f"{begin}" if begin == end else f"{begin}–{end}" for begin, end in rows]
    return ", ".join([*found[:limit], *(["…"] if len(found) > limit else [])])
