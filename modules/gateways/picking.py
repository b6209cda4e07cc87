"""Which debts go into a file: open documents of a company as a gateway is told of them, a chunk at a time.

Set-wise: a chunk needs a number of statements that does not depend on how many debts it holds.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from core.db import among, db, insert_new
from core.i18n import _
from core.scope import current_company_id
from modules.accounting import labels, queries
from modules.accounting.models import Invoice
from modules.accounting.models.documents import READY_STATES
from modules.crm.models import Customer
from modules.gateways import asked
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.models import Account, DebtLine, File, PayerCode, Transaction
from modules.gateways.ports import NEW, UNANSWERED, DebtFile
from modules.gateways.shapes import Debt

ZERO = Decimal("0.00")
# of files in these states the gateway knows the debts, or will; and where nobody knows, it may
TOLD = ("making", "made", "sending", "sent", "unknown", "taken")
# how many keys of a debt are tried before it is left out
TRIES = 60


@dataclass(frozen=True)
class Rules:
    """What an account's file asks for."""

    day: dt.date
    # documents issued until this day
    until: dt.date
    currency: str
    minimum: Decimal = ZERO
    overdue_days: int = 30
    second_due: bool = True


@dataclass(frozen=True)
class Picked:
    """A debt for the file, with its document."""

    invoice_id: int
    customer_id: int
    key: str
    debt: Debt
    open_amount: Decimal


@dataclass
class Chunk:
    """Debts of some documents, those left out with the reason, and where the next chunk begins (0: at the end)."""

    picked: list[Picked] = field(default_factory=list)
    # (invoice id, code, words)
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    cursor: int = 0

    def leave_out(self, row: Any, code: str, words: str) -> None:
        self.left_out.append((row.id, code, words[:500]))


def pick(account: Account, access: Access, port: DebtFile, rules: Rules, after: int, size: int) -> Chunk:
    """The debts of the next documents after `after` (an id)."""
    rows = _documents(rules, after, size)
    chunk = Chunk(cursor=rows[-1].id if rows else 0)
    if not rows:
        return chunk
    known = _already(account, rows, port.resend(access), rules.day)
    due = _due(rows, rules, known, chunk, port.dates > 2)
    codes = payer_codes(account, [row for row, _dues in due])
    debts = [(row, debt) for row, dues in due
             if (debt := _debt(access, port, rules, row, dues, codes.get(row.customer_id), chunk))]
    chunk.picked = _with_keys(account, access, port, debts, chunk)
    return chunk


# --- documents -------------------------------------------------------------------------------------------


def _documents(rules: Rules, after: int, size: int) -> Sequence[Any]:
    """Open documents that were handed over, with whose they are, by id."""
    return db.session.execute(
        sa.select(Invoice.id, Invoice.customer_id, Invoice.kind, Invoice.legal_number, Invoice.origin,
                  Invoice.issue_date, Invoice.due_date, Invoice.second_due_date, Invoice.second_due_total,
                  Invoice.total, Invoice.open_amount, Invoice.currency, Customer.code, Customer.name,
                  Customer.kind.label("person"), Customer.tax_id_kind, Customer.tax_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.id > after, Invoice.open_amount != 0, Invoice.state == "issued", Invoice.kind != "credit_note",
               Invoice.currency == rules.currency, Invoice.legal_state.in_(READY_STATES),
               Invoice.issue_date <= rules.until)
        .order_by(Invoice.id).limit(size)).all()


def _already(account: Account, rows: Sequence[Any], resend: str, day: dt.date) -> set[int]:
    """Documents that the gateway knows as they are now, and that shall not be sent again."""
    if resend not in (NEW, UNANSWERED):
        return set()
    lines = db.session.execute(
        sa.select(DebtLine.invoice_id, DebtLine.open_amount, DebtLine.until, DebtLine.customer_code,
                  DebtLine.invoice_code)
        .join(File, File.id == DebtLine.file_id)
        .where(DebtLine.account_id == account.id, among(DebtLine.invoice_id, [row.id for row in rows]),
               File.state.in_(TOLD), DebtLine.refusal == "").order_by(DebtLine.id)).all()
    latest = {line.invoice_id: line for line in lines}
    if resend == UNANSWERED:
        rejected = _rejected(account, [line.invoice_code for line in latest.values()])
        return {key for key, line in latest.items() if line.invoice_code not in rejected or
                rejected[line.invoice_code] < sum(other.invoice_id == key for other in lines)}
    open_now = {row.id: row.open_amount for row in rows}
    return {key for key, line in latest.items() if line.until >= day and line.open_amount == open_now[key]}


def _rejected(account: Account, codes: Sequence[str]) -> dict[str, int]:
    """How often each debit came back."""
    found = db.session.execute(
        sa.select(Transaction.invoice_code, sa.func.count()).where(
            Transaction.account_id == account.id, Transaction.status == "rejected",
            among(Transaction.invoice_code, codes)).group_by(Transaction.invoice_code))
    return {row[0]: row[1] for row in found}


def _due(rows: Sequence[Any], rules: Rules, known: set[int], chunk: Chunk, third: bool) -> list[tuple[Any, Any]]:
    """(document, what it asks for), of those that ask for enough."""
    elsewhere = {key: sum((part.amount for part in parts), ZERO)
                 for key, parts in queries.paid_elsewhere([row.id for row in rows]).items()}
    third = third and rules.second_due
    # a later invoice asks for the surcharge of these: here nobody pays it a second time
    billed = queries.surcharge_billed([row.id for row in rows]) if third else set()
    found = []
    for row in rows:
        if row.id in known:
            continue
        dues = asked.dues(row, rules.day, elsewhere=elsewhere.get(row.id, ZERO), second=rules.second_due,
                          overdue_days=rules.overdue_days, third=third and row.id not in billed)
        if not dues:
            chunk.leave_out(row, "overdue", _("Its last day is past, and the plan leaves overdue debts out."))
        elif dues[0].amount < rules.minimum:
            chunk.leave_out(row, "minimum", _("Less than the plan's minimum."))
        else:
            found.append((row, dues))
    return found


def _debt(access: Access, port: DebtFile, rules: Rules, row: Any, dues: Any, code: PayerCode | None,
          chunk: Chunk) -> Debt | None:
    """The debt as this gateway gets it; None where it cannot be in the file."""
    if code is None:
        chunk.leave_out(row, "payer_code", _("Its customer's code is somebody else's payment code at this gateway. "
                                             "Give the customer another payment code."))
        return None
    debt = Debt(code.code, row.name, str(row.id), labels.title_of(row), row.currency,
                dues, _extra(port, row, code))
    if problem := port.problem(access, debt):
        chunk.leave_out(row, "not_taken", problem)
        return None
    return debt


def _extra(port: DebtFile, row: Any, code: PayerCode) -> dict[str, Any]:
    """What some networks want of the payer. Numbers of cards are there only while the file is made."""
    found = {"document_kind": row.tax_id_kind, "document": row.tax_id}
    if row.person == "person":
        found |= asked.parts_of(row.name)
    secret = secrets_of(code) if port.secrets else {}
    return {**found, **(code.data or {}), **{name: secret.get(name, "") for name in port.secrets}}


def secrets_of(code: PayerCode) -> dict[str, str]:
    """The numbers that are kept encrypted."""
    found: dict[str, str] = json.loads(code.keys) if code.keys else {}
    return found


# --- codes of payers -----------------------------------------------------------------------------------------


def payer_codes(account: Account, rows: Sequence[Any]) -> dict[int, PayerCode]:
    """The code of each customer at this gateway, given once and for life; left out where another has it."""
    found = _codes(account, [row.customer_id for row in rows])
    fresh = {row.customer_id: row.code for row in rows if row.customer_id not in found}
    if not fresh:
        return found
    insert_new(PayerCode.__table__, [
        {"company_id": current_company_id(), "account_id": account.id, "customer_id": key, "code": code, "url": "",
         "data": {}, "keys": None} for key, code in fresh.items()], unique=("account_id", "code"))
    return found | _codes(account, list(fresh))


def _codes(account: Account, customer_ids: Sequence[int]) -> dict[int, PayerCode]:
    rows = db.session.scalars(
        sa.select(PayerCode).where(PayerCode.account_id == account.id, among(PayerCode.customer_id, customer_ids))
        .options(undefer(PayerCode.keys)))
    return {row.customer_id: row for row in rows}


# --- keys ----------------------------------------------------------------------------------------------------


def _with_keys(account: Account, access: Access, port: DebtFile, debts: Sequence[tuple[Any, Debt]],
               chunk: Chunk) -> list[Picked]:
    """Each debt under the first of its keys that was never used; what is looked up at once is a round of all."""
    taken: set[str] = set()
    found: dict[int, Picked] = {}
    open_ones = [(row, port.keys(access, debt)) for row, debt in debts]
    for _round in range(TRIES):
        tries, open_ones = _next(open_ones, chunk), []
        used = _used(account, [key for _row, _ways, key, _debt in tries if key and key not in taken])
        for row, ways, key, debt in tries:
            if key and (key in taken or key in used):
                open_ones.append((row, ways))
                continue
            taken.add(key)
            found[row.id] = Picked(row.id, row.customer_id, key, debt, row.open_amount)
        if not open_ones:
            break
    for row, _ways in open_ones:
        chunk.leave_out(row, "no_key", _("The gateway has no free number left for debts of this customer."))
    return [found[row.id] for row, _debt in debts if row.id in found]


def _next(ways: Sequence[tuple[Any, Iterator[tuple[str, Debt]]]],
          chunk: Chunk) -> list[tuple[Any, Iterator[tuple[str, Debt]], str, Debt]]:
    """The next key of each."""
    found = []
    for row, more in ways:
        try:
            key, debt = next(more)
        except StopIteration:
            chunk.leave_out(row, "no_key", _("The gateway has no free number left for debts of this customer."))
        except BadDebt as error:
            chunk.leave_out(row, "not_taken", str(error))
        else:
            found.append((row, more, key, debt))
    return found


def _used(account: Account, keys: Sequence[str]) -> set[str]:
    if not keys:
        return set()
    return set(db.session.scalars(sa.select(DebtLine.key).where(DebtLine.account_id == account.id,
                                                                among(DebtLine.key, keys))))


def without_secrets(port: DebtFile, debt: Debt) -> Debt:
    """The debt as it may be kept."""
    return replace(debt, extra={name: value for name, value in debt.extra.items() if name not in port.secrets})
