"""Writing into the one ledger: balanced entries, and the balances that are kept in the same transaction.

The only place that inserts entries and postings.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import allocate_ids, among, db, is_postgresql, write_rows
from core.errors import DomainError
from core.i18n import _, format_date
from core.models import User
from core.scope import current_company_id
from modules.accounting.errors import NoAccount, PeriodLocked
from modules.accounting.models import AccountRole, Balance, Entry, Policy, Posting
from modules.crm.models import Customer

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Side:
    """One posting to be: debit positive, credit negative; a customer only on receivables."""

    account_id: int
    amount: Decimal
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be; its sides add up to zero."""

    date: dt.date
    kind: str
    currency: str
    sides: Sequence[Side]
    invoice_id: int | None = None
    payment_id: int | None = None
    description: str = ""


def write(entries: Sequence[NewEntry]) -> list[int]:
    """Book these entries of the company in scope with a few statements; their ids in order.

    Raises PeriodLocked for a day that is closed; an unbalanced entry is a programming error.
    """
    if not entries:
        return []
    company_id, moment = current_company_id(), clock.now()
    check_open(min(entry.date for entry in entries))
    ids = allocate_ids(Entry.__table__, len(entries))
    rows: list[dict[str, Any]] = []
    postings: list[dict[str, Any]] = []
    changes: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for entry_id, entry in zip(ids, entries, strict=True):
        rows.append({"id": entry_id, "company_id": company_id, "date": entry.date, "kind": entry.kind,
                     "currency": entry.currency, "invoice_id": entry.invoice_id, "payment_id": entry.payment_id,
                     "description": entry.description, "created_at": moment})
        _sides(company_id, entry_id, entry, postings, changes)
    write_rows(Entry.__table__, rows)
    write_rows(Posting.__table__, postings)
    _change_balances(company_id, changes)
    return ids


def _sides(company_id: int, entry_id: int, entry: NewEntry, postings: list[dict[str, Any]],
           changes: dict[tuple[int, str], Decimal]) -> None:
    balance = ZERO
    for side in entry.sides:
        if not side.amount:
            continue
        balance += side.amount
        postings.append({"company_id": company_id, "entry_id": entry_id, "account_id": side.account_id,
                         "customer_id": side.customer_id, "date": entry.date, "currency": entry.currency,
                         "amount": side.amount})
        if side.customer_id is not None:
            changes[(side.customer_id, entry.currency)] += side.amount
    if balance:
        raise ValueError(f"the entry of {entry.description or entry.kind} is off balance by {balance}")


def _change_balances(company_id: int, changes: Mapping[tuple[int, str], Decimal]) -> None:
    """Add to the stored balances, always in the same order, so that two writers do not wait for each other."""
    rows: list[dict[str, Any]] = [
        {"company_id": company_id, "customer_id": customer_id, "currency": currency, "amount": amount}
        for (customer_id, currency), amount in sorted(changes.items())]
    if not rows:
        return
    table: Any = Balance.__table__
    if is_postgresql():
        db.session.execute(sa.text(
            "INSERT INTO accounting_balance (company_id, customer_id, currency, amount) "
            "SELECT :company, * FROM unnest(CAST(:customers AS bigint[]), CAST(:currencies AS varchar[]), "
            "CAST(:amounts AS bigint[])) ON CONFLICT (customer_id, currency) "
            "DO UPDATE SET amount = accounting_balance.amount + excluded.amount"),
            {"company": company_id, "customers": [row["customer_id"] for row in rows],
             "currencies": [row["currency"] for row in rows],
             "amounts": [int(row["amount"].scaleb(2)) for row in rows]})
        return
    from sqlalchemy.dialects.sqlite import insert

    statement = insert(table)
    db.session.connection().execute(statement.on_conflict_do_update(
        index_elements=["customer_id", "currency"],
        set_={"amount": table.c.amount + statement.excluded.amount}), rows)


def lock_customers(customer_ids: Iterable[int]) -> None:
    """Hold these customers' accounts until the transaction ends: the first lock of everything that pays or is paid.

    Without it a payment and an invoice that are recorded at the same moment would not see each other.
    """
    if is_postgresql():
        db.session.execute(sa.select(Customer.id).where(among(Customer.id, customer_ids)).order_by(Customer.id)
                           .with_for_update(key_share=True)).all()


# --- what may be booked, and where -----------------------------------------------------------------------


def policy() -> Policy:
    """How the company in scope accounts."""
    found = db.session.scalar(sa.select(Policy))
    if found is None:
        raise DomainError(_("To book anything the company must have its accounting policy: run abona upgrade."),
                          code="no_policy")
    return found


def check_open(day: dt.date, field: str = "date") -> None:
    """Refuse a day of a closed period; a period cannot be closed before this transaction ends."""
    wanted = sa.select(Policy.locked_until)
    until = db.session.scalar(wanted.with_for_update(read=True) if is_postgresql() else wanted)
    if until is not None and day <= until:
        raise PeriodLocked(_refusal(day, until), field=field)


def _refusal(day: dt.date, until: dt.date) -> str:
    """Who closed the books and why, so that one knows whom to ask."""
    found = policy()
    words = {"day": format_date(day), "until": format_date(until)}
    person = db.session.get(User, found.locked_by) if found.locked_by else None
    if person is None:
        return _("Booking on %(day)s is not possible because the books are closed until %(until)s; choose a later "
                 "date, or have the period opened.", **words)
    reason = f" ({found.lock_reason})" if found.lock_reason else ""
    return _("Booking on %(day)s is not possible because %(person)s closed the books until %(until)s%(reason)s; "
             "choose a later date, or have the period opened.", person=str(person), reason=reason, **words)


class Accounts:
    """The accounts that play the roles of the company in scope, read once per batch."""

    def __init__(self) -> None:
        self._roles = {row.role: row.account_id for row in db.session.execute(
            sa.select(AccountRole.role, AccountRole.account_id))}

    def __getitem__(self, role: str) -> int:
        try:
            return self._roles[role]
        except KeyError:
            raise NoAccount(_("To book this you must first say which account is used for %(role)s.",
                              role=role)) from None
