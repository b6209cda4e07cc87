"""The lists of gateways: payments as they were told, notices, files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.db import db
from core.i18n import lazy, ngettext
from core.lists import Amounts, Choice, Choices, Column, Dates, Empty, List, Relation, Text, register
from modules.accounting.models import Invoice
from modules.crm import finding
from modules.crm import queries as crm
from modules.crm.models import Customer
from modules.gateways import day_files, states
from modules.gateways.models import Account, DebtLine, File, FileProblem, Notice, Transaction


def accounts() -> dict[int, str]:
    """The accounts to choose from."""
    return {row.id: row.name for row in db.session.execute(sa.select(Account.id, Account.name).order_by(Account.name))}


def find_files(text: str, limit: int) -> list[tuple[int, str]]:
    rows = db.session.execute(sa.select(File.id, File.name).where(File.name.like(f"%{text.strip()}%"))
                              .order_by(File.id.desc()).limit(limit))
    return [(row.id, row.name) for row in rows]


def name_files(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(sa.select(File.id, File.name).where(File.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _matches(text: str) -> Any:
    """By what the gateway wrote, or by the customer it was given to."""
    start = f"{text.strip()}%"
    own = sa.select(Customer.id).where(crm.matches(text))
    told = (Transaction.external_id, Transaction.customer_code, Transaction.invoice_code, Transaction.barcode)
    return sa.or_(*(column.like(start) for column in told), Transaction.customer_id.in_(own))


def _remarked(code: str) -> sa.ColumnElement[bool]:
    """Whether this is among the remarks."""
    return sa.cast(Transaction.remarks, sa.Text).contains(f'"{code}"', autoescape=True)


# the gravest remark; the others stand on the page of the payment
REMARK = sa.case(*((_remarked(code), code) for code in states.REMARKS), else_="")
WAITS = sa.or_(Transaction.state == "waiting", Transaction.attention != "")
TRANSACTIONS = register(List(
    "gateways.transactions", lazy("Payments of gateways"), Transaction, "gateways.view_inbox",
    related=lambda statement: statement.join(Account, Account.id == Transaction.account_id).outerjoin(
        Customer, Customer.id == Transaction.customer_id),
    columns=(
        Column("payment", lazy("Payment"), Transaction.external_id, lead=True),
        Column("account", lazy("Gateway"), Account.name),
        Column("seen", lazy("Reported"), Transaction.seen_at, sort=True),
        Column("paid", lazy("Paid"), Transaction.paid_on, default=False),
        Column("customer", lazy("Customer"), Customer.name),
        Column("code", lazy("Code told"), Transaction.customer_code, default=False),
        Column("invoice", lazy("Invoice told"), Transaction.invoice_code, default=False),
        Column("kind", lazy("Kind"), Transaction.kind, words=states.KINDS, default=False),
        Column("status", lazy("The gateway says"), Transaction.status, words=states.STATUSES, default=False),
        Column("state", lazy("State"), Transaction.state, words=states.TRANSACTIONS),
        Column("cause", lazy("Why it waits"), sa.case(
            (sa.and_(Transaction.state != "waiting", Transaction.attention != ""), Transaction.attention),
            else_=Transaction.cause), words={**states.CAUSES, "": ""}),
        Column("remark", lazy("Remark"), REMARK, words={**states.REMARKS, "": ""}),
        Column("channel", lazy("Channel"), Transaction.channel, default=False),
        Column("amount", lazy("Amount"), Transaction.amount, currency=Transaction.currency, total=True),
        Column("fee", lazy("Fee"), Transaction.fee_booked, currency=Transaction.currency, total=True, default=False),
        Column("withheld", lazy("Taxes withheld"), Transaction.withheld_booked, currency=Transaction.currency,
               total=True, default=False),
        Column("credited", lazy("Credited"), Transaction.credited_on, default=False),
        Column("currency", lazy("Currency"), Transaction.currency, default=False),
    ),
    filters=(
        Text("q", lazy("Number, code or customer"), _matches),
        Choice("state", lazy("State"), {"waiting": WAITS, "booked": Transaction.state == "booked",
                                        "noted": Transaction.state == "noted",
                                        "set_aside": Transaction.state == "set_aside"},
               {"waiting": lazy("wait for you"), "booked": lazy("booked"), "noted": lazy("nothing to book"),
                "set_aside": lazy("set aside")}, chips=True),
        Choices("account", lazy("Gateway"), Transaction.account_id, accounts),
        Choice("cause", lazy("Why it waits"), lambda cause: sa.or_(Transaction.cause == cause,
                                                                  Transaction.attention == cause), states.CAUSES),
        Choice("remark", lazy("Remark"), _remarked, {code: words for code, (words, _tone) in states.REMARKS.items()}),
        Choice("day", lazy("The network's file of the day"), day_files.which, states.DAY_FILES),
        Dates("paid", lazy("Paid"), Transaction.paid_on),
        Dates("seen", lazy("Reported"), Transaction.seen_at),
        Amounts("amount", lazy("Amount"), Transaction.amount),
        Relation("customer", lazy("Customer"), Transaction.customer_id, search=finding.choices, labels=finding.named),
        Relation("file", lazy("File"), Transaction.file_id, search=find_files, labels=name_files),
    ),
    link=lambda row: url_for("gateways.transaction", transaction_id=row.id), sort="-seen",
    count=lambda count: ngettext("%(num)s payment", "%(num)s payments", count),
    empty=Empty(lazy("No payments yet"), lazy("What gateways report stands here, from the moment they tell it."),
                "inbox", lambda: (lazy("Gateways"), url_for("gateways.account_list"))),
    template="gateways/transactions.html"))

NOTICES = register(List(
    "gateways.notices", lazy("Notices of gateways"), Notice, "gateways.view_inbox",
    related=lambda statement: statement.join(Account, Account.id == Notice.account_id),
    columns=(
        Column("received", lazy("Received"), Notice.received_at, sort=True, lead=True),
        Column("account", lazy("Gateway"), Account.name),
        Column("payment", lazy("About"), Notice.payment_ref),
        Column("state", lazy("State"), Notice.state, words=states.NOTICES),
        Column("times", lazy("Came"), Notice.times, kind="number"),
        Column("reason", lazy("Verdict"), Notice.reason, words=states.VERDICTS, default=False),
        Column("remote", lazy("From"), Notice.remote, default=False),
        Column("error", lazy("What happened"), Notice.error, css="long"),
    ),
    filters=(
        Text("q", lazy("Payment"), lambda text: Notice.payment_ref.like(f"{text.strip()}%")),
        Choice("state", lazy("State"), Notice.state, {key: words for key, (words, _tone) in states.NOTICES.items()},
               chips=True),
        Choices("account", lazy("Gateway"), Notice.account_id, accounts),
        Dates("received", lazy("Received"), Notice.received_at),
    ),
    link=lambda row: url_for("gateways.notice_page", notice_id=row.id), sort="-received",
    count=lambda count: ngettext("%(num)s notice", "%(num)s notices", count),
    empty=Empty(lazy("No notices yet"), lazy("Every request of a gateway is kept here as it came."), "inbox")))

FILES = register(List(
    "gateways.files", lazy("Files of gateways"), File, "gateways.exchange_files",
    related=lambda statement: statement.join(Account, Account.id == File.account_id),
    columns=(
        Column("name", lazy("File"), File.name, lead=True),
        Column("account", lazy("Gateway"), Account.name),
        Column("created", lazy("When"), File.created_at, sort=True),
        Column("direction", lazy("Direction"), File.direction, words=states.DIRECTIONS, default=False),
        Column("state", lazy("State"), File.state, words=states.FILES),
        Column("day", lazy("Its day"), File.day, default=False),
        Column("count", lazy("Lines"), File.count, kind="number"),
        Column("total", lazy("Total"), File.total, total=True),
        Column("error", lazy("Why it was refused"), File.error, css="long"),
    ),
    filters=(
        Text("q", lazy("Name"), lambda text: File.name.like(f"%{text.strip()}%")),
        Choice("direction", lazy("Direction"), File.direction, states.DIRECTIONS, chips=True),
        Choice("state", lazy("State"), File.state, {key: words for key, (words, _tone) in states.FILES.items()}),
        Choices("account", lazy("Gateway"), File.account_id, accounts),
        Dates("created", lazy("When"), File.created_at),
    ),
    link=lambda row: url_for("gateways.file", file_id=row.id), sort="-created",
    count=lambda count: ngettext("%(num)s file", "%(num)s files", count),
    empty=Empty(lazy("No files yet"), lazy("Files of payments that came, and of debts that went out, stand here."),
                "documents"),
    template="gateways/files.html"))

DEBTS = register(List(
    "gateways.debts", lazy("Debts that gateways were told of"), DebtLine, "gateways.exchange_files",
    related=lambda statement: statement.join(Account, Account.id == DebtLine.account_id)
    .join(File, File.id == DebtLine.file_id).join(Invoice, Invoice.id == DebtLine.invoice_id)
    .join(Customer, Customer.id == Invoice.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("code", lazy("Code of the payer"), DebtLine.customer_code),
        Column("invoice", lazy("Document"), Invoice.legal_number),
        Column("named", lazy("Named"), DebtLine.invoice_code, default=False),
        Column("account", lazy("Gateway"), Account.name, default=False),
        Column("file", lazy("File"), File.name),
        Column("until", lazy("Until"), DebtLine.until),
        Column("amount", lazy("Amount"), DebtLine.amount, currency=DebtLine.currency, total=True),
        Column("open", lazy("Open then"), DebtLine.open_amount, currency=DebtLine.currency, total=True, default=False),
        Column("refusal", lazy("The gateway says"), DebtLine.refusal, css="long"),
        Column("currency", lazy("Currency"), DebtLine.currency, default=False),
    ),
    filters=(
        Text("q", lazy("Code or customer"), lambda text: sa.or_(
            DebtLine.customer_code.like(f"{text.strip()}%"), DebtLine.invoice_code.like(f"{text.strip()}%"),
            Invoice.customer_id.in_(sa.select(Customer.id).where(crm.matches(text))))),
        Choice("state", lazy("State"), {"refused": DebtLine.refusal != "", "told": DebtLine.refusal == ""},
               {"refused": lazy("refused by the gateway"), "told": lazy("told")}, chips=True),
        Relation("file", lazy("File"), DebtLine.file_id, search=find_files, labels=name_files),
        Choices("account", lazy("Gateway"), DebtLine.account_id, accounts),
        Relation("customer", lazy("Customer"), Invoice.customer_id, search=finding.choices, labels=finding.named),
        Dates("until", lazy("Until"), DebtLine.until),
        Amounts("amount", lazy("Amount"), DebtLine.amount),
    ),
    link=lambda row: url_for("accounting.invoice", invoice_id=row.invoice_id), sort="-id",
    count=lambda count: ngettext("%(num)s debt", "%(num)s debts", count),
    empty=Empty(lazy("No debts yet"), lazy("What files told gateways of single debts stands here."), "documents")))

LEFT_OUT = register(List(
    "gateways.debts_left_out", lazy("Debts that were left out"), FileProblem, "gateways.exchange_files",
    related=lambda statement: statement.join(File, File.id == FileProblem.file_id)
    .join(Account, Account.id == File.account_id).join(Invoice, Invoice.id == FileProblem.invoice_id)
    .join(Customer, Customer.id == Invoice.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("customer_code", lazy("Code"), Customer.code),
        Column("invoice", lazy("Document"), Invoice.legal_number),
        Column("amount", lazy("Open now"), Invoice.open_amount),
        Column("code", lazy("Reason"), FileProblem.code, words=states.LEFT_OUT),
        Column("message", lazy("What is wrong"), FileProblem.message, css="long"),
        Column("file", lazy("File"), File.name),
        Column("account", lazy("Gateway"), Account.name, default=False),
        Column("currency", lazy("Currency"), Invoice.currency, default=False),
    ),
    filters=(
        Text("q", lazy("Customer"), lambda text: Invoice.customer_id.in_(
            sa.select(Customer.id).where(crm.matches(text)))),
        Choice("code", lazy("Reason"), FileProblem.code, states.LEFT_OUT, chips=True),
        Relation("file", lazy("File"), FileProblem.file_id, search=find_files, labels=name_files),
        Choices("account", lazy("Gateway"), File.account_id, accounts),
    ),
    link=lambda row: url_for("accounting.invoice", invoice_id=row.invoice_id), sort="-id",
    count=lambda count: ngettext("%(num)s debt", "%(num)s debts", count),
    empty=Empty(lazy("Nothing was left out"), lazy("Documents that a file could not hold stand here, with the reason."),
                "documents")))
