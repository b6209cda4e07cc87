"""The lists of documents, payments and debtors: what they show, what they can be narrowed to, what many rows get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core import jobs
from core.db import Amount
from core.db import find as find_row
from core.i18n import lazy, ngettext
from core.lists import (
    DUE,
    Action,
    Amounts,
    Choice,
    Choices,
    Column,
    Dates,
    Empty,
    Line,
    List,
    Relation,
    Text,
    badge,
    register,
)
from core.scope import current_company
from modules.accounting import handlers, labels, numbers, queries, sending, states, summaries
from modules.accounting.documents import BATCH
from modules.accounting.models import Balance, Invoice, Payment, PaymentMedium
from modules.accounting.models.documents import LEGAL_STATES, READY_STATES
from modules.accounting.overdue import DUE_DAY, OPEN, OVERDUE, SOME_IS_DUE, TODAY
from modules.crm import finding
from modules.crm import queries as crm
from modules.crm.models import Customer

NOTE = Invoice.kind == "credit_note"
FINAL = sa.and_(Invoice.state == "issued", Invoice.legal_state.in_(READY_STATES), Invoice.origin != "import")
WITHOUT_PAPER = sa.and_(FINAL, Invoice.pdf_file_id.is_(None))
# a sum of amounts is money again
UNTAXED_TOO = sa.type_coerce(Invoice.net + Invoice.untaxed + Invoice.exempt, Amount())
INVOICE_STATES = {
    "open": lazy("to be paid"), "overdue": lazy("overdue"), "paid": lazy("paid"), "favour": lazy("in favour"),
    "refused": lazy("refused"), "cancelled": lazy("annulled")}
# the same by itself, for files: a column that the database can give is written ten times as fast
STATE = sa.case(
    (Invoice.state == "cancelled", "cancelled"), (Invoice.legal_state == "rejected", "refused"),
    (sa.and_(NOTE, Invoice.open_amount == 0), "used"), (NOTE, "favour"), (Invoice.open_amount == 0, "paid"),
    (sa.and_(Invoice.due_date < TODAY, SOME_IS_DUE), "overdue"), else_="open")
CONDITIONS = {
    "open": OPEN, "overdue": OVERDUE,
    "paid": sa.and_(Invoice.state == "issued", ~NOTE, Invoice.open_amount == 0),
    "favour": sa.and_(Invoice.state == "issued", NOTE, Invoice.open_amount != 0),
    "refused": Invoice.legal_state == "rejected", "cancelled": Invoice.state == "cancelled"}

ORIGINS = {**{code: Invoice.origin == code for code in ("billing", "manual", "import")},
           "ours": Invoice.origin != "import"}


# --- customers, as every list here is narrowed to them -------------------------------------------------------


def zones() -> dict[int, str]:
    return {zone.id: zone.name for zone in crm.zones(active_only=False)}


def _of_people(customer_id: Any, condition: Any) -> Any:
    return customer_id.in_(sa.select(Customer.id).where(condition))


def _in_zones(customer_id: Any) -> Any:
    return lambda codes: _of_people(customer_id, Customer.zone_id.in_(codes))


# --- documents -----------------------------------------------------------------------------------------------


def _document(text: str) -> Any:
    """By number, or by what the customer is found by."""
    return sa.or_(numbers.matches(text), _of_people(Invoice.customer_id, crm.matches(text)))


def _state(line: Line) -> Any:
    return badge(states.in_list(line.row, line.extras["state"] == "overdue"))


def _legal(line: Line) -> Any:
    word, tone = states.legal(line.row.legal_state)
    return badge((word, tone)) if word else ""


def _legal_words() -> dict[str, str]:
    return {code: states.legal(code)[0] for code in LEGAL_STATES}


def _title(line: Line) -> Any:
    return Markup('<a href="{}">{}</a>').format(url_for("accounting.invoice", invoice_id=line.id),
                                                labels.title_of(line.row))


def draw_documents(ids: Sequence[int], _values: dict[str, Any]) -> None:
    """Have the PDF files of these documents made by a job of their own, which talks to the outside; nothing is sent."""
    jobs.enqueue(handlers.draw_documents, invoice_ids=list(ids))


def send_document(invoice_id: int, _values: dict[str, Any]) -> None:
    """Send one document by e-mail."""
    sending.send_document(find_row(Invoice, invoice_id))


def _signed(amount: Any) -> Any:
    """Credit notes count against the others."""
    return sa.case((NOTE, -amount), else_=amount)


def _standing(amount: Any) -> Any:
    """What is annulled is shown with its amount, and adds nothing to the total."""
    return sa.case((Invoice.state == "cancelled", sa.literal(0, Amount())), else_=_signed(amount))


INVOICES = register(List(
    "accounting.invoices", lazy("Invoices"), Invoice, "accounting.view_documents",
    related=lambda statement: statement.join(Customer, Customer.id == Invoice.customer_id),
    columns=(
        Column("document", lazy("Issued document"), labels.title_of, lead=True, show=_title, export=False,
               css="nowrap"),
        Column("customer", lazy("Customer"), Customer.name, css="name"),
        Column("code", lazy("Code"), Customer.code, default=False),
        Column("date", lazy("Date"), Invoice.issue_date, sort=True),
        Column("due", lazy("Due date"), Invoice.due_date, sort=(Invoice.due_on,)),
        Column("state", lazy("State"), STATE, words={**INVOICE_STATES, "used": lazy("used")}, show=_state),
        Column("legal", lazy("Authority"), Invoice.legal_state, words=_legal_words, show=_legal, default=False),
        Column("kind", lazy("Kind"), Invoice.kind, words=labels.KINDS, default=False),
        Column("number", lazy("Number"), Invoice.legal_number, default=False),
        Column("net", lazy("Net"), _signed(UNTAXED_TOO), kind="amount",
               currency=Invoice.currency, total=_standing(UNTAXED_TOO), default=False),
        Column("taxes", lazy("Taxes"), _signed(Invoice.tax_total), kind="amount",
               currency=Invoice.currency, total=_standing(Invoice.tax_total), default=False),
        Column("total", lazy("Total"), _signed(Invoice.total), kind="amount",
               currency=Invoice.currency, total=_standing(Invoice.total),
               sort=(Invoice.total,)),  # by size, whatever the sign
        Column("open", lazy("Outstanding"), _signed(Invoice.open_amount), kind="amount", currency=Invoice.currency,
               total=True),
        Column("currency", lazy("Currency"), Invoice.currency, default=False),
        Column("origin", lazy("From"), Invoice.origin, default=False, words={
            "billing": lazy("billing"), "manual": lazy("by hand"), "import": lazy("brought in")}),
    ),
    filters=(
        Text("q", lazy("Number or customer"), _document),
        Choice("state", lazy("State"), CONDITIONS, INVOICE_STATES, chips=True),
        Choice("kind", lazy("Kind"), Invoice.kind, labels.KINDS),
        Choices("legal", lazy("Authority"), Invoice.legal_state,
                lambda: {code: states.legal(code)[0] or lazy("not needed") for code in LEGAL_STATES}),
        Dates("date", lazy("Date"), Invoice.issue_date),
        Dates("due", lazy("Due date"), Invoice.due_date, (*DUE,)),
        Amounts("total", lazy("Total"), Invoice.total),
        Relation("customer", lazy("Customer"), Invoice.customer_id, search=finding.choices, labels=finding.named),
        Choices("zone", lazy("Zone"), _in_zones(Invoice.customer_id), zones),
        Choice("origin", lazy("From"), ORIGINS, {
            "billing": lazy("billing"), "manual": lazy("by hand"), "import": lazy("brought in"),
            "ours": lazy("not brought in")}),
        Choice("paper", lazy("PDF"), {"missing": WITHOUT_PAPER},
               {"missing": lazy("not there yet")}),
    ),
    actions=(Action("send", lazy("Send by e-mail"), "accounting.send_documents", each=send_document, only=FINAL,
                    icon="notices", chunk=50),
             Action("draw", lazy("Make the PDF files"), "accounting.view_documents", apply=draw_documents,
                    only=WITHOUT_PAPER, icon="documents", chunk=BATCH, warning=lazy(
                        "They are drawn in the background and kept. Nothing is sent."))),
    sort="-date", file=Invoice.pdf_file_id,
    count=lambda count: ngettext("%(num)s document", "%(num)s documents", count),
    empty=Empty(lazy("No documents yet"), lazy("Invoices, credit and debit notes stand here: those of the monthly "
                                               "billing and those made by hand."), "documents",
                lambda: (lazy("New invoice"), url_for("accounting.new_invoice"))),
    template="accounting/invoices.html"))


# --- payments ------------------------------------------------------------------------------------------------


def _payment(text: str) -> Any:
    """By the number of the receipt, by reference, or by what the customer is found by."""
    found = [_of_people(Payment.customer_id, crm.matches(text)),
             Payment.id.in_(sa.select(PaymentMedium.payment_id).where(PaymentMedium.reference == text)),
             Payment.external_id == text]
    return sa.or_(*found, Payment.number == int(text)) if text.isdecimal() and len(text) < 16 else sa.or_(*found)


def _by_method(code: str) -> Any:
    return Payment.id.in_(sa.select(PaymentMedium.payment_id).where(PaymentMedium.method == code))


def _methods() -> dict[str, Any]:
    """Our own ways of paying, and those of gateways and others that were ever used."""
    used = summaries.methods_used() - set(labels.METHODS)
    return {**labels.METHODS, **{code: labels.method_of(code) for code in sorted(used)}}


def _into(account_id: int) -> Any:
    return Payment.id.in_(sa.select(PaymentMedium.payment_id).where(PaymentMedium.cash_account_id == account_id))


def _receipt(line: Line) -> Any:
    return Markup('<a href="{}">{}</a>').format(url_for("accounting.payment", payment_id=line.id), line.row)


def _how_paid(line: Line) -> Any:
    return labels.how_paid(line.row)[0]


def send_receipt(payment_id: int, _values: dict[str, Any]) -> None:
    """Send one receipt by e-mail."""
    sending.send_receipt(find_row(Payment, payment_id))


METHOD = (sa.select(sa.case((sa.func.count() > 1, "several"), else_=sa.func.min(PaymentMedium.method)))
          .where(PaymentMedium.payment_id == Payment.id).correlate(Payment).scalar_subquery())
REFERENCE = (sa.select(sa.func.aggregate_strings(PaymentMedium.reference, " · "))
             .where(PaymentMedium.payment_id == Payment.id, PaymentMedium.reference != "")
             .correlate(Payment).scalar_subquery())
PAYMENT_STATES = {"recorded": (lazy("recorded"), "ok"), "reversed": (lazy("taken back"), "bad")}
PAYMENTS = register(List(
    "accounting.payments", lazy("Payments"), Payment, "accounting.view_payments",
    related=lambda statement: statement.join(Customer, Customer.id == Payment.customer_id),
    columns=(
        Column("receipt", lazy("Receipt"), Payment.number, lead=True, show=_receipt, kind="paper"),
        Column("customer", lazy("Customer"), Customer.name, css="name"),
        Column("code", lazy("Code"), Customer.code, default=False),
        Column("date", lazy("Date"), Payment.paid_on, sort=True),
        Column("method", lazy("Payment method"), METHOD, show=_how_paid,
               words={**labels.METHODS, "several": lazy("several ways")}),
        Column("reference", lazy("Reference"), REFERENCE, default=False),
        Column("state", lazy("State"), Payment.state, words=PAYMENT_STATES),
        Column("amount", lazy("Amount"), Payment.amount, currency=Payment.currency, sort=True,
               total=sa.case((Payment.state == "reversed", sa.literal(0, Amount())), else_=Payment.amount)),
        Column("open", lazy("In favour"), Payment.open_amount, currency=Payment.currency, total=True),
        Column("currency", lazy("Currency"), Payment.currency, default=False),
        Column("source", lazy("Told by"), Payment.source, default=False),
        Column("external", lazy("Their id"), Payment.external_id, default=False),
        Column("recorded", lazy("Recorded"), Payment.created_at, default=False),
        Column("notes", lazy("Notes"), Payment.notes, default=False),
    ),
    filters=(
        Text("q", lazy("Receipt, reference or customer"), _payment),
        Choice("state", lazy("State"), {
            "recorded": Payment.state == "recorded", "reversed": Payment.state == "reversed",
            "favour": Payment.open_amount != 0},
               {"recorded": lazy("recorded"), "favour": lazy("in favour"), "reversed": lazy("taken back")}, chips=True),
        Dates("date", lazy("Date"), Payment.paid_on),
        Amounts("amount", lazy("Amount"), Payment.amount),
        Choice("method", lazy("Payment method"), _by_method, _methods),
        Choice("account", lazy("Into"), _into, lambda: {one.id: one.name for one in queries.cash_accounts()}),
        Relation("customer", lazy("Customer"), Payment.customer_id, search=finding.choices, labels=finding.named),
        Choices("zone", lazy("Zone"), _in_zones(Payment.customer_id), zones),
    ),
    actions=(Action("send", lazy("Send the receipt"), "accounting.send_documents", each=send_receipt,
                    only=Payment.state == "recorded", icon="notices", chunk=50),),
    options=(selectinload(Payment.media),), sort="-date", file=Payment.receipt_file_id,
    count=lambda count: ngettext("%(num)s payment", "%(num)s payments", count),
    empty=Empty(lazy("No payments yet"), lazy("What customers paid stands here, with its receipt."), "money",
                lambda: (lazy("Record a payment"), url_for("accounting.new_payment"))),
    template="accounting/payments.html"))


# --- who owes ------------------------------------------------------------------------------------------------


def _debtors() -> sa.Select:
    """Balances above zero in the company's currency."""
    return sa.select(Balance).where(Balance.currency == current_company().currency, Balance.amount > 0)


def _debtor(line: Line) -> Any:
    address = url_for("crm.customer", customer_id=line.row.customer_id, tab="account")
    return Markup('<a href="{}">{}</a>').format(address, line.extras["customer"])


OLDEST = (sa.select(sa.func.min(DUE_DAY))
          .where(Invoice.customer_id == Balance.customer_id, Invoice.currency == Balance.currency, OPEN)
          .correlate(Balance).scalar_subquery())
LAST_PAID = (sa.select(sa.func.max(Payment.paid_on))
             .where(Payment.customer_id == Balance.customer_id, Payment.state == "recorded")
             .correlate(Balance).scalar_subquery())
DOCUMENTS = (sa.select(sa.func.count()).select_from(Invoice)
             .where(Invoice.customer_id == Balance.customer_id, Invoice.currency == Balance.currency, OPEN)
             .correlate(Balance).scalar_subquery())


def _owing_since(days: Any) -> Any:
    """Who has something due in these days and not paid; what comes in another way has a day of its own."""
    limits = [*([days.first <= DUE_DAY] if days.first else []), *([days.last >= DUE_DAY] if days.last else [])]
    return sa.exists().where(Invoice.customer_id == Balance.customer_id, Invoice.currency == Balance.currency, OPEN,
                             *limits)


DEBTORS = register(List(
    "accounting.debtors", lazy("Who owes"), Balance, "accounting.view_documents", select=_debtors,
    related=lambda statement: statement.join(Customer, Customer.id == Balance.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True, show=_debtor),
        Column("code", lazy("Code"), Customer.code),
        Column("owed", lazy("Owes"), Balance.amount, currency=Balance.currency, total=True, sort=True),
        Column("documents", lazy("Open documents"), DOCUMENTS, kind="number"),
        Column("oldest", lazy("Oldest due"), OLDEST, kind="date"),
        Column("paid", lazy("Last payment"), LAST_PAID, kind="date"),
    ),
    filters=(
        Text("q", lazy("Customer"), lambda text: _of_people(Balance.customer_id, crm.matches(text))),
        Amounts("owed", lazy("Owes"), Balance.amount),
        Dates("due", lazy("With something due"), _owing_since, (*DUE,)),
        Choices("zone", lazy("Zone"), _in_zones(Balance.customer_id), zones),
    ),
    sort="-owed", count=lambda count: ngettext("%(num)s customer", "%(num)s customers", count),
    empty=Empty(lazy("Nobody owes anything"), lazy("Who owes stands here, the largest debt first."), "check"),
    template="accounting/debtors.html"))
