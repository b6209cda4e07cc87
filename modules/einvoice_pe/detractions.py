"""Detracciones: what of a factura goes into the account at Banco de la Nación, until when, and its constancia.

The customer pays a factura in two parts: the rest to the company, the detracción to the bank, which proves it by a
constancia with a number of its own (peru.md, 1.4, trap 11). Services: they neither commit nor talk to anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, months
from core.db import among, db, insert_new, lock
from core.errors import DomainError
from core.i18n import _, format_amount, format_date
from core.scope import current_company, current_company_id
from modules.accounting.models import CashAccount, Invoice, Payment
from modules.accounting.payments import Medium, PaymentData, record_payment
from modules.accounting.ports import Elsewhere, PrintBlock
from modules.crm import holidays
from modules.einvoice.models import Document
from modules.einvoice_pe import access
from modules.einvoice_pe.catalogs import SOLES, detractions
from modules.einvoice_pe.findings import cents
from modules.einvoice_pe.models import Detraction

# the way of paying, and who told of the payment
METHOD = "detraccion"
# the customer deposits within the first five working days of the month after the one in which he books the factura;
# which month that is he decides, so the next one is supposed. General knowledge of R.S. 183-2004/SUNAT (deposits: its
# articles 16 and 17, with R.S. 317-2013/SUNAT), whose text on the day was not read: ask the accountant
WORKING_DAYS = 5
WHOLE = Decimal(1)


@dataclass(frozen=True)
class Deposit:
    """What a constancia says: its number, the day, the amount in soles; `cash_account_id` is where it lies."""

    constancia: str
    deposited_on: dt.date
    amount: Decimal
    cash_account_id: int | None = None


def open_for(invoice_ids: Sequence[int]) -> int:
    """Write down the detracciones of these facturas, once each; how many were new."""
    rows = db.session.execute(
        sa.select(Document.invoice_id, Document.request, Document.issue_date, Invoice.total)
        .join(Invoice, Invoice.id == Document.invoice_id)
        .where(Document.country == "PE", Document.kind == "1", among(Document.invoice_id, invoice_ids))).all()
    found = [_row(row) for row in rows if (row.request or {}).get("detraccion") is True]
    return insert_new(Detraction.__table__, found, ("invoice_id",)) if found else 0


def _row(row: Any) -> dict[str, Any]:
    request = row.request
    code, _name = detractions().get(int(request["detraccion_tipo"]), ("", ""))
    rate = Decimal(str(request["detraccion_porcentaje"]))
    return {"company_id": current_company_id(), "invoice_id": row.invoice_id, "code": code, "rate": cents(rate),
            "amount": Decimal(str(request["detraccion_total"])), "share": cents(row.total * rate / 100),
            "due_date": last_day(row.issue_date), "constancia": ""}


def last_day(issued: dt.date) -> dt.date:
    """The fifth working day of the month after the issue."""
    return holidays.after_business_days(months.last_day(issued), WORKING_DAYS, "PE")


def to_deposit(row: Detraction) -> Decimal:
    """What the bank takes: whole soles, half up (general knowledge, not read in a rule)."""
    return row.amount.quantize(WHOLE, ROUND_HALF_UP)


def service_of(row: Detraction) -> str:
    """The service as SUNAT names it: "037 Demás servicios gravados con el IGV"."""
    name = next((name for code, name in detractions().values() if code == row.code), "")
    return f"{row.code} {name}".strip()


def of_invoice(invoice_id: int) -> Detraction | None:
    """The detracción of a factura, if it bears one."""
    return db.session.scalar(sa.select(Detraction).where(Detraction.invoice_id == invoice_id))


def waiting() -> Any:
    """The condition of those that did not come yet, though their factura stands and is open."""
    return sa.and_(~Detraction.payment.has(state="recorded"),
                   Detraction.invoice.has(sa.and_(Invoice.state == "issued", Invoice.open_amount != 0)))


def record(row: Detraction, deposit: Deposit) -> Payment:
    """Record a constancia: a payment of the factura, by a method of its own. The same constancia again changes nothing.

    Raises DomainError where it was recorded before, or is not one.
    """
    row = db.session.scalars(lock(sa.select(Detraction).where(Detraction.id == row.id))
                             .execution_options(populate_existing=True)).one()
    number = deposit.constancia.strip()
    if row.is_deposited and row.constancia == number and row.payment is not None:
        return row.payment
    _check(row, number, deposit)
    invoice = row.invoice
    amount = _in_currency(row, deposit.amount)
    place = deposit.cash_account_id or last_account(invoice.currency)
    payment = record_payment(PaymentData(
        invoice.customer_id, [Medium(amount, METHOD, place, number)], deposit.deposited_on, invoice.currency,
        [(invoice.id, min(amount, invoice.open_amount))], source=METHOD,
        # one that was taken back may be recorded anew
        external_id=f"{number}#{row.payment_id}" if row.payment_id else number,
        notes="" if invoice.currency == SOLES else _("Deposited: S/ %(amount)s", amount=f"{deposit.amount:.2f}")))
    row.constancia, row.deposited, row.deposited_on = number, deposit.amount, deposit.deposited_on
    row.payment_id = payment.id
    db.session.flush()
    audit.record("einvoice_pe.record_detraction", invoice, {"constancia": number, "amount": deposit.amount})
    return payment


def _check(row: Detraction, number: str, deposit: Deposit) -> None:
    if row.is_deposited:
        raise DomainError(_("Recording it is not possible because constancia %(number)s was recorded before. To change "
                            "it take its payment back first.", number=row.constancia), field="constancia")
    if not (number.isascii() and number.isdecimal() and len(number) <= 20):
        raise DomainError(_("To record the detracción you must give the number of its constancia, digits only."),
                          field="constancia")
    if deposit.amount <= 0 or cents(deposit.amount) != deposit.amount:
        raise DomainError(_("To record the detracción you must give the amount of the constancia in soles."),
                          field="amount")
    if row.invoice.state != "issued" or not row.invoice.open_amount:
        raise DomainError(_("Recording it is not possible because nothing is open on %(document)s.",
                            document=str(row.invoice)), field="constancia")


def _in_currency(row: Detraction, amount: Decimal) -> Decimal:
    """What was deposited in soles, in the currency of the factura: its share where it is what was to be deposited."""
    if row.invoice.currency == SOLES:
        return amount
    if amount in (row.amount, to_deposit(row)):
        return row.share
    return cents(amount / row.invoice.exchange_rate)


def last_account(currency: str) -> int | None:
    """Where the last detracción of this currency was recorded: the account at Banco de la Nación, after the first."""
    payment = db.session.scalar(sa.select(Payment).where(Payment.source == METHOD, Payment.currency == currency)
                                .order_by(Payment.id.desc()).limit(1))
    return payment.media[0].cash_account_id if payment else None


def cash_accounts(currency: str) -> list[CashAccount]:
    """The accounts that can hold it."""
    rows = db.session.scalars(sa.select(CashAccount).where(CashAccount.active).order_by(CashAccount.name))
    return [row for row in rows if (row.currency or SOLES) == currency]


class DetractionsElsewhere:
    """Peru's entry in the port `elsewhere`: nobody is in arrears with a detracción before its own day."""

    def of(self, invoice_ids: Sequence[int]) -> Mapping[int, Elsewhere]:
        """Those that did not come yet."""
        rows = db.session.scalars(sa.select(Detraction).where(among(Detraction.invoice_id, invoice_ids), waiting()))
        return {row.invoice_id: Elsewhere(row.share, row.due_date, _(
            "detracción (S/ %(amount)s at Banco de la Nación)", amount=f"{to_deposit(row):.2f}")) for row in rows}

    def parts(self) -> Any:
        """The same for whole lists, of bare tables as the port asks."""
        row, invoice, payment = Detraction.__table__.c, Invoice.__table__.c, Payment.__table__.c
        came = sa.exists().where(payment.id == row.payment_id, payment.state == "recorded")
        return sa.select(row.invoice_id, row.share.label("amount"), row.due_date.label("until")).join(
            Invoice.__table__, invoice.id == row.invoice_id).where(
            invoice.state == "issued", invoice.open_amount != 0, ~came)


class DetractionBlock:
    """Peru's entry in the port `print_blocks`: how the two parts are paid, on the document and in its notice."""

    def of(self, invoices: Sequence[Any]) -> Callable[[Any], Sequence[PrintBlock]]:
        """Of facturas whose detracción did not come yet; read from their requests, as one is drawn right after it."""
        ids = [invoice.id for invoice in invoices]
        requests = _requests(ids) if current_company().country == "PE" else {}
        open_ones = requests.keys() - _deposited(list(requests))
        return lambda invoice: [_block(invoice, requests[invoice.id])] if invoice.id in open_ones else []


def _requests(invoice_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What was asked of Nubefact for those of these facturas that bear a detracción."""
    rows = db.session.execute(sa.select(Document.invoice_id, Document.request).where(
        among(Document.invoice_id, invoice_ids), Document.country == "PE", Document.kind == "1"))
    return {invoice_id: request for invoice_id, request in rows if (request or {}).get("detraccion") is True}


def _deposited(invoice_ids: Sequence[int]) -> set[int]:
    """Those of these facturas whose detracción came."""
    wanted = sa.select(Detraction.invoice_id).where(among(Detraction.invoice_id, invoice_ids),
                                                    Detraction.payment.has(state="recorded"))
    return set(db.session.scalars(wanted)) if invoice_ids else set()


def _block(invoice: Any, request: Mapping[str, Any]) -> PrintBlock:
    """The bank's part in whole soles, the rest in the document's currency."""
    amount = Decimal(str(request["detraccion_total"]))
    share = cents(invoice.total * Decimal(str(request["detraccion_porcentaje"])) / 100)
    account = access.profile().detraction_account
    words = _("S/ %(amount)s (%(rate)s %% of the total) into the account %(account)s at Banco de la Nación, until "
              "%(day)s; send us the constancia. To us: %(rest)s.",
              amount=f"{amount.quantize(WHOLE, ROUND_HALF_UP):.2f}", rate=request["detraccion_porcentaje"],
              account=account or "—", day=format_date(last_day(invoice.issue_date)),
              rest=format_amount(invoice.total - share, invoice.currency))
    return PrintBlock(_("Paid in two parts: detracción"), words, account)
