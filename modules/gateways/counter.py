"""What a network that asks us may do: ask what somebody owes, pay, take back, compare a day.

A number of the network has one content and one answer (`Told`): asked again, it gets the same. Money goes the way of
all money, through the transactions of `noting` and `booking`. Does not commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.db import among, db, insert_new, lock
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company, current_company_id
from core.security import within
from modules.accounting import bulk_payments, labels, queries
from modules.accounting.models import Allocation, Invoice, Payment
from modules.accounting.models.documents import READY_STATES
from modules.crm.models import Customer
from modules.crm.ports import service_of
from modules.gateways import accounts, asked, booking, noting
from modules.gateways.models import Account, PayerCode, Transaction
from modules.gateways.models import Told as ToldRow
from modules.gateways.networks import Owed, Owing, Taken, TakenBack, Told
from modules.gateways.shapes import Reading, masked, reversal_of

ZERO = Decimal("0.00")
# codes that nobody has, from one office: more are a search for codes
UNKNOWN_CODES = "10 per minute"
PAGE = 500


@dataclass(frozen=True)
class DatabaseDesk:
    """The desk of an account, over the books. As networks.Desk."""

    account: Account

    # --- what is owed ------------------------------------------------------------------------------------

    def debts(self, code: str, channel: str = "", by: str = "") -> Owing | None:
        place = ("gateways.unknown", str(self.account.id), channel)
        if not within(UNKNOWN_CODES, *place, spend=False):
            raise DomainError(_("Too many codes that nobody has."), code="slow_down")
        customer = self._customer(code, by)
        if customer is None:
            within(UNKNOWN_CODES, *place)
            return None
        documents = self._owed(customer.id)
        if not (customer.active or documents):
            raise DomainError(_("This customer is no longer served, and owes nothing."), code="code_retired")
        return Owing(self._code_of(customer), masked(customer.name), self._currency(), documents)

    def _customer(self, code: str, by: str) -> Customer | None:
        """By his code at the network, by his own, by his document."""
        code = code.strip()
        if not code:
            return None
        found: Customer | None = None
        if by != "document":
            found = db.session.scalar(
                sa.select(Customer).join(PayerCode, PayerCode.customer_id == Customer.id)
                .where(PayerCode.account_id == self.account.id, PayerCode.code == code))
            found = found or self._by_own_code(code)
        if found is None and by != "code":
            found = self._by_document(code)
        return found

    def _by_own_code(self, code: str) -> Customer | None:
        """His own code counts only as long as the network was given no other one."""
        known = sa.select(PayerCode.customer_id).where(PayerCode.account_id == self.account.id)
        return db.session.scalar(sa.select(Customer).where(Customer.code == code, Customer.id.not_in(known)))

    def _by_document(self, text: str) -> Customer | None:
        """Of several with one document the one who owes; nobody where that does not tell."""
        compact = "".join(sign for sign in text if sign.isalnum()).upper()
        rows = db.session.scalars(sa.select(Customer).where(Customer.tax_id == compact, Customer.tax_id != "")
                                  .order_by(Customer.id).limit(20)).all()
        if len(rows) < 2:
            return rows[0] if rows else None
        owing = [row for row in rows if self._owed(row.id)]
        return owing[0] if len(owing) == 1 else None

    def _code_of(self, customer: Customer) -> str:
        code = db.session.scalar(sa.select(PayerCode.code).where(
            PayerCode.account_id == self.account.id, PayerCode.customer_id == customer.id))
        return code or customer.code

    def _owed(self, customer_id: int) -> tuple[Owed, ...]:
        """What is open, the oldest first, as it is to be paid today."""
        rows = db.session.scalars(
            sa.select(Invoice).where(
                Invoice.customer_id == customer_id, Invoice.open_amount != 0, Invoice.state == "issued",
                Invoice.kind != "credit_note", Invoice.currency == self._currency(),
                Invoice.legal_state.in_(READY_STATES))
            .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)).all()
        elsewhere = {key: sum((part.amount for part in parts), ZERO)
                     for key, parts in queries.paid_elsewhere([row.id for row in rows]).items()}
        found = []
        for row in rows:
            due = asked.dues(row, clock.today(), elsewhere=elsewhere.get(row.id, ZERO), overdue_days=1)
            if due:
                found.append(Owed(row.id, str(row.legal_number or row.id), labels.title_of(row),
                                  row.due_date or row.issue_date, due[0].amount))
        return tuple(found)

    def _currency(self) -> str:
        return accounts.currency_of(self.account, current_company())

    # --- paying ------------------------------------------------------------------------------------------

    def pay(self, transaction: str, code: str, amount: Decimal, paid_at: dt.datetime | dt.date,
            invoices: Iterable[str] = (), channel: str = "", document: int | None = None) -> Taken:
        with db.session.begin_nested():  # what is refused leaves nothing
            return self._pay(transaction, code, amount, paid_at, sorted(invoices), channel, document)

    def _pay(self, transaction: str, code: str, amount: Decimal, paid_at: dt.datetime | dt.date,
             invoices: list[str], channel: str, document: int | None) -> Taken:
        content = {"code": code, "amount": f"{amount:.2f}", "document": document, "invoices": invoices}
        row, is_new = self._told(transaction, "pay", content, paid_at)
        if not is_new:
            return _taken(row.answer, duplicate=True)
        customer_id, named = self._payer(code, document, invoices)
        paid = self._noted(transaction, amount, paid_at, channel)
        taken_back = self._kept_reversal(transaction)
        row.transaction_id = paid.id
        if paid.payment_id is None:  # else a file told of it before
            paid.customer_id, paid.invoice_id = customer_id, named[0] if named else None
            if taken_back is not None:
                _cancel(paid, taken_back)
            else:
                booking.book(self.account, [paid], pays={paid.id: named})
        db.session.flush()
        row.answer = self._answer(transaction, paid, amount, taken_back is not None)
        return _taken(row.answer, duplicate=False)

    def _told(self, number: str, verb: str, content: Mapping[str, Any],
              moment: dt.datetime | dt.date | None) -> tuple[ToldRow, bool]:
        """The row of this number, held, and whether it is the first time; refused with another content."""
        day = {"at": moment.isoformat()} if moment is not None else {}
        is_new = insert_new(ToldRow.__table__, [
            {"company_id": current_company_id(), "account_id": self.account.id, "number": number, "verb": verb,
             "content": {**content, **day}, "answer": {}, "kept": False, "transaction_id": None,
             "told_at": clock.now()}], unique=("account_id", "number", "verb"))
        row = db.session.scalars(lock(sa.select(ToldRow).where(
            ToldRow.account_id == self.account.id, ToldRow.number == number, ToldRow.verb == verb))
            .execution_options(populate_existing=True)).one()
        if any(row.content.get(name) != value for name, value in content.items()):
            raise DomainError(_("This number was told with another content."), code="transaction_conflict")
        return row, bool(is_new)

    def _payer(self, code: str, document: int | None, codes: Sequence[str]) -> tuple[int, list[int]]:
        """(whose it is, the documents that are paid first)."""
        if document is not None:
            found = db.session.scalar(sa.select(Invoice.customer_id).where(Invoice.id == document))
            if found is None:
                raise DomainError(_("There is no such document."), code="unknown_code")
            return found, [document]
        customer = self._customer(code, "")
        if customer is None:
            raise DomainError(_("Nobody has this code."), code="unknown_code")
        named = db.session.scalars(sa.select(Invoice.id).where(
            Invoice.customer_id == customer.id, sa.or_(
                among(Invoice.legal_number, codes),
                among(Invoice.id, [int(one) for one in codes if one.isascii() and one.isdigit() and len(one) < 16])))
            .order_by(Invoice.due_date, Invoice.id)) if codes else ()
        return customer.id, list(named)

    def _noted(self, number: str, amount: Decimal, paid_at: dt.datetime | dt.date, channel: str) -> Transaction:
        day = self._day(paid_at) if isinstance(paid_at, dt.datetime) else paid_at
        rows, _new = noting.note(self.account, [Reading(number, "approved", amount, self._currency(), day,
                                                        channel=channel)])
        return rows[0]

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(ZoneInfo(current_company().timezone)).date()

    def _kept_reversal(self, number: str) -> Transaction | None:
        """Its reversal, where that came first."""
        return db.session.scalar(lock(sa.select(Transaction).where(
            Transaction.account_id == self.account.id, Transaction.external_id == reversal_of(number),
            Transaction.kind == "reversal", Transaction.state == "waiting")))

    def _answer(self, number: str, paid: Transaction, amount: Decimal, cancelled: bool) -> dict[str, Any]:
        payment = db.session.get(Payment, paid.payment_id) if paid.payment_id else None
        applied = db.session.execute(
            sa.select(Invoice.id, Invoice.legal_number, Allocation.amount).join(Invoice, Invoice.id ==
                                                                                Allocation.invoice_id)
            .where(Allocation.payment_id == payment.id).order_by(Allocation.id)).all() if payment else []
        used = sum((row.amount for row in applied), ZERO)
        return {"transaction": number, "number": paid.id,
                "receipt": labels.receipt_number(payment.number) if payment else "", "amount": f"{amount:.2f}",
                "applied": [[str(row.legal_number or row.id), f"{row.amount:.2f}"] for row in applied],
                "credit": f"{amount - used if payment else ZERO:.2f}",
                "balance": f"{self._balance(paid.customer_id):.2f}", "reversed": cancelled,
                "service": self._service(paid.customer_id)}

    def _service(self, customer_id: int | None) -> str:
        """active, cut, or restoring: cut, and nothing is owed any more."""
        if customer_id is None or service_of(customer_id) != "cut":
            return "active"
        return "cut" if self._balance(customer_id) > 0 else "restoring"

    def _balance(self, customer_id: int | None) -> Decimal:
        return queries.balance(customer_id, self._currency()) if customer_id else ZERO

    # --- taking back -------------------------------------------------------------------------------------

    def reverse(self, transaction: str, reason: str, until: dt.time | None = None,
                document: int | None = None) -> TakenBack:
        with db.session.begin_nested():
            return self._reverse(transaction, reason, until, document)

    def _reverse(self, transaction: str, reason: str, until: dt.time | None, document: int | None) -> TakenBack:
        paid = db.session.scalar(lock(sa.select(Transaction).where(
            Transaction.account_id == self.account.id, Transaction.external_id == transaction,
            Transaction.kind == "payment")))
        known = db.session.scalar(sa.select(ToldRow.id).where(
            ToldRow.account_id == self.account.id, ToldRow.number == transaction, ToldRow.verb == "reverse"))
        if known is None and paid is not None:
            self._check_reversal(transaction, paid, until, document)
        row, is_new = self._told(transaction, "reverse", {}, None)
        if not is_new:
            return self._taken_back(row, paid, duplicate=True)
        row.kept = paid is None
        booking.take(self.account, [Reading(
            reversal_of(transaction), "reversed", paid.amount if paid else ZERO, self._currency(), clock.today(),
            reverses=transaction, reason=reason[:300])])
        db.session.flush()
        return self._taken_back(row, paid, duplicate=False)

    def _check_reversal(self, number: str, paid: Transaction, until: dt.time | None, document: int | None) -> None:
        """On its own day, in time, in an open period, for the document that the payment named."""
        now = clock.local(clock.now())
        late = paid.paid_on != now.date() or (until is not None and now.time() > until)
        if not late and paid.payment is not None:
            late = bool(bulk_payments.day_problem(paid.payment.paid_on))
        if late:
            raise DomainError(_("A payment is taken back on its own day only."), code="too_late")
        told = db.session.scalar(sa.select(ToldRow.content).where(
            ToldRow.account_id == self.account.id, ToldRow.number == number, ToldRow.verb == "pay"))
        if document is not None and told and told.get("document") not in (None, document):
            raise DomainError(_("The payment was for another document."), code="transaction_conflict")

    def _taken_back(self, row: ToldRow, paid: Transaction | None, *, duplicate: bool) -> TakenBack:
        # kept: while its payment did not come, there is no balance to tell
        balance = self._balance(paid.customer_id) if paid is not None else None
        return TakenBack(row.number, balance, duplicate, row.kept and paid is None)

    # --- a day -------------------------------------------------------------------------------------------

    def payments(self, day: dt.date, cursor: str = "") -> tuple[list[Told], str]:
        after = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else 0
        rows = db.session.scalars(
            sa.select(Transaction).where(
                Transaction.account_id == self.account.id, Transaction.paid_on == day, Transaction.id > after,
                Transaction.kind == "payment", Transaction.customer_id.is_not(None),
                Transaction.status.in_(("approved", "reversed")))
            .order_by(Transaction.id).limit(PAGE)).all()
        return self._shown(rows), str(rows[-1].id) if len(rows) == PAGE else ""

    def _shown(self, rows: Sequence[Transaction]) -> list[Told]:
        told = {one.number: one.content for one in db.session.scalars(sa.select(ToldRow).where(
            ToldRow.account_id == self.account.id, ToldRow.verb == "pay",
            among(ToldRow.number, [row.external_id for row in rows])))}
        back = set(db.session.scalars(sa.select(Transaction.reverses).where(
            Transaction.account_id == self.account.id, Transaction.kind == "reversal",
            among(Transaction.reverses, [row.external_id for row in rows]))))
        codes = self._codes(rows)
        return [Told(row.external_id, codes.get(row.customer_id or 0, ""),
                     told.get(row.external_id, {}).get("document") or row.invoice_id, row.amount,
                     self._moment(row, told.get(row.external_id, {})), row.channel, row.external_id in back)
                for row in rows]

    def _codes(self, rows: Sequence[Transaction]) -> dict[int, str]:
        found = db.session.execute(
            sa.select(Customer.id, sa.func.coalesce(PayerCode.code, Customer.code)).outerjoin(
                PayerCode, sa.and_(PayerCode.customer_id == Customer.id, PayerCode.account_id == self.account.id))
            .where(among(Customer.id, [row.customer_id for row in rows if row.customer_id])))
        return {one[0]: one[1] for one in found}

    def _moment(self, row: Transaction, content: Mapping[str, Any]) -> dt.datetime:
        """When it was paid, as it was told; noon where only the day was."""
        text = str(content.get("at", ""))
        if "T" in text:
            return dt.datetime.fromisoformat(text)
        return dt.datetime.combine(row.paid_on or row.seen_at.date(), dt.time(12),
                                   ZoneInfo(current_company().timezone))


def _cancel(paid: Transaction, back: Transaction) -> None:
    """Both come to nothing: no money is booked for a payment that was taken back before it came."""
    for row in (paid, back):
        row.state, row.cause, row.note = "set_aside", "", _("Taken back before it came.")
    back.customer_id = paid.customer_id


def _taken(answer: Mapping[str, Any], *, duplicate: bool) -> Taken:
    return Taken(
        answer["transaction"], answer["number"], answer["receipt"], Decimal(answer["amount"]),
        tuple((code, Decimal(part)) for code, part in answer["applied"]), Decimal(answer["credit"]),
        Decimal(answer["balance"]), answer.get("service", "active"), duplicate, answer["reversed"])
