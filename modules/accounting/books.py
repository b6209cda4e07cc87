"""The ledger as lists: accounts with what moved on them, entries, and the sides of an entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core.db import Amount, db
from core.i18n import lazy, ngettext
from core.lists import Choice, Column, Dates, Empty, Line, List, Relation, Text, register
from core.scope import current_company
from modules.accounting import numbers, queries
from modules.accounting.models import Account, Entry, Invoice, Payment, Posting
from modules.accounting.statements import describe
from modules.crm import finding
from modules.crm.models import Customer

ZERO = Decimal("0.00")
KINDS = {"issue": lazy("document issued"), "cancel": lazy("document annulled"), "payment": lazy("payment"),
         "reversal": lazy("payment taken back"), "refund": lazy("payment given back in part"),
         "fee": lazy("fee of a gateway"), "transfer": lazy("between cash accounts"),
         "opening": lazy("opening balance"), "manual": lazy("by hand")}
SUM = sa.type_coerce(sa.select(sa.func.sum(Posting.amount)).where(
    Posting.entry_id == Entry.id, Posting.amount > 0).correlate(Entry).scalar_subquery(), Amount())


@dataclass(frozen=True)
class Moved:
    """An account over some days: before, debits, credits (positive) and after."""

    account: Account
    before: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def after(self) -> Decimal:
        return self.before + self.debit - self.credit


def moved(first: dt.date, last: dt.date, currency: str) -> list[Moved]:
    """Every account with postings until the last day, in order of code; one select over the accounts' index."""
    inside = Posting.date >= first
    sums = (sa.select(Posting.account_id,
                      _sum(sa.case((~inside, Posting.amount), else_=0)).label("before"),
                      _sum(sa.case((sa.and_(inside, Posting.amount > 0), Posting.amount), else_=0)).label("debit"),
                      _sum(sa.case((sa.and_(inside, Posting.amount < 0), -Posting.amount), else_=0)).label("credit"))
            .where(Posting.company_id == current_company().id, Posting.date <= last, Posting.currency == currency)
            .group_by(Posting.account_id).subquery())
    rows = db.session.execute(sa.select(Account, sums.c.before, sums.c.debit, sums.c.credit)
                              .join(sums, sums.c.account_id == Account.id).order_by(Account.code))
    return [Moved(row[0], row.before or ZERO, row.debit or ZERO, row.credit or ZERO) for row in rows]


def _sum(value: Any) -> Any:
    return sa.type_coerce(sa.func.sum(value), Amount())


def currencies() -> list[str]:
    """The currencies of the ledger, the company's first."""
    home = current_company().currency
    used = db.session.scalars(sa.select(Entry.currency).where(Entry.company_id == current_company().id).distinct())
    return [home, *sorted(set(used) - {home})]


def sides(entry: Entry) -> Sequence[Any]:
    """(posting, account, customer) of an entry, debits first."""
    return db.session.execute(
        sa.select(Posting, Account, Customer).join(Account, Account.id == Posting.account_id)
        .outerjoin(Customer, Customer.id == Posting.customer_id).where(Posting.entry_id == entry.id)
        .order_by(Posting.amount.desc(), Posting.id)).all()


def entries_of(**what: int) -> list[Entry]:
    """The entries of a document or of a payment: `invoice_id=` or `payment_id=`."""
    return list(db.session.scalars(sa.select(Entry).filter_by(**what).order_by(Entry.id)))


def title_of(entry: Entry) -> str:
    """What the entry books, in words."""
    words = describe(queries.Movement(0, entry.date, entry.kind, entry.description, ZERO, ZERO, entry.invoice,
                                      entry.payment))
    return words or str(KINDS[entry.kind])


# --- the list of entries -------------------------------------------------------------------------------------


def _title(line: Line) -> Any:
    return Markup('<a href="{}">{}</a>').format(url_for("accounting.entry", entry_id=line.id), title_of(line.row))


def _by_number(text: str) -> Any:
    """By the number of the document or the receipt."""
    found = [Entry.invoice_id.in_(sa.select(Invoice.id).where(numbers.matches(text)))]
    if text.strip().isdecimal() and len(text.strip()) < 16:
        found.append(Entry.payment_id.in_(sa.select(Payment.id).where(Payment.number == int(text))))
    return sa.or_(*found)


def _on_account(account_id: int) -> Any:
    return Entry.id.in_(sa.select(Posting.entry_id).where(Posting.account_id == account_id))


def accounts() -> dict[int, str]:
    return {row.id: str(row) for row in db.session.scalars(sa.select(Account).order_by(Account.code))}


ENTRIES = register(List(
    "accounting.entries", lazy("Entries"), Entry, "accounting.view_ledger",
    columns=(
        Column("what", lazy("Entry"), title_of, lead=True, show=_title),
        Column("date", lazy("Date"), Entry.date, sort=True),
        Column("kind", lazy("Kind"), Entry.kind, words=KINDS),
        Column("amount", lazy("Amount"), SUM, kind="amount", currency=Entry.currency),
        Column("why", lazy("Reason"), Entry.description, css="long muted", default=False),
        Column("currency", lazy("Currency"), Entry.currency, default=False),
        Column("id", lazy("Number"), Entry.id, default=False),
        Column("made", lazy("Made"), Entry.created_at, default=False),
    ),
    filters=(
        Text("q", lazy("Number of document or receipt"), _by_number),
        Choice("account", lazy("Account"), _on_account, accounts),
        Choice("kind", lazy("Kind"), Entry.kind, KINDS),
        Dates("date", lazy("Date"), Entry.date),
        Relation("customer", lazy("Customer"), lambda key: Entry.id.in_(
            sa.select(Posting.entry_id).where(Posting.customer_id == key)), search=finding.choices,
                 labels=finding.named),
    ),
    options=(selectinload(Entry.invoice), selectinload(Entry.payment)),
    sort="-date", count=lambda count: ngettext("%(num)s entry", "%(num)s entries", count),
    empty=Empty(lazy("No entries yet"), lazy("Every document and every payment is booked here by itself, once."),
                "money")))
