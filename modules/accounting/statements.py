"""A customer's current account as a document: what it was, each movement with its balance, what is owed now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from flask import render_template

from core import clock, pdf, storage
from core.db import db
from core.i18n import _, format_date, use_locale
from core.models import StoredFile
from core.scope import current_company
from modules.accounting import designs, documents, labels, notices, queries, sheets
from modules.accounting.models import Posting
from modules.accounting.print_data import PageSize, money, page_size
from modules.accounting.queries import Movement
from modules.crm.models import Customer
from modules.notifications.services import notify

ZERO = Decimal("0.00")
LONGEST = 2000


@dataclass(frozen=True)
class Period:
    """First and last day; an open first day means from the beginning."""

    since: dt.date | None
    until: dt.date


@dataclass(frozen=True)
class StatementSheet:
    """A statement as plain texts; movements are (date, what, debit, credit, balance)."""

    title: str
    size: PageSize
    language: str
    issuer_name: str
    issuer_lines: list[str]
    customer_name: str
    customer_lines: list[str]
    color: str
    logo: str
    period: str
    date: str
    balance_label: str
    balance: str
    movements: list[tuple[str, str, str, str, str]]
    watermark: str
    pages: str
    made_at: str


def describe(movement: Movement) -> str:
    """What a line of the current account was, in words."""
    if movement.kind == "payment" and movement.payment is not None:
        return _("Payment, receipt %(number)s", number=labels.paid_by(movement.payment))
    if movement.kind == "reversal" and movement.payment is not None:
        return _("Payment taken back, receipt %(number)s", number=str(movement.payment))
    if movement.kind == "cancel" and movement.invoice is not None:
        return _("Annulled: %(document)s", document=labels.title_of(movement.invoice))
    return labels.title_of(movement.invoice) if movement.invoice is not None else movement.description


def balance_before(customer_id: int, currency: str, day: dt.date) -> Decimal:
    """What was owed when the day began."""
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.customer_id == customer_id, Posting.currency == currency, Posting.date < day)) or ZERO


def build(customer: Customer, currency: str, period: Period) -> StatementSheet:
    """The sheet, in the language in use. At most 2,000 movements, the newest."""
    company, design = current_company(), designs.current()
    lines = list(reversed(queries.statement(customer.id, currency, limit=LONGEST, since=period.since,
                                            until=period.until)))

    def text(value: Decimal) -> str:
        return money(value, currency, company.locale)

    rows = [(format_date(line.date), describe(line), text(line.amount) if line.amount > 0 else "",
             text(-line.amount) if line.amount < 0 else "", text(line.balance)) for line in lines]
    if period.since and len(lines) < LONGEST:
        rows.insert(0, (format_date(period.since), _("Balance before"), "", "",
                        text(balance_before(customer.id, currency, period.since))))
    last = balance_before(customer.id, currency, period.until + dt.timedelta(days=1))
    return StatementSheet(
        title=_("Statement of account"), size=page_size(company.country),
        language=company.locale.split("_")[0], issuer_name=str(company),
        issuer_lines=sheets.issuer_lines({}, company), customer_name=customer.name,
        customer_lines=[_("Customer No. %(code)s", code=customer.code)],
        color=sheets.readable(design.color or company.color),
        logo=documents.logo_of(design.logo_file_id or company.logo_file_id), period=_words(period),
        date=format_date(clock.today()), movements=rows, balance=text(abs(last)),
        balance_label=_("In your favour") if last < 0 else _("You owe"),
        watermark=_("Rehearsal: not legally valid") if company.is_rehearsal else "",
        pages=_("Page %(page)s of %(pages)s"), made_at=clock.now().isoformat())


def _words(period: Period) -> str:
    until = format_date(period.until)
    return _("%(first)s to %(last)s", first=format_date(period.since), last=until) if period.since else _(
        "Until %(last)s", last=until)


def render(customer: Customer, currency: str, period: Period) -> tuple[bytes, str]:
    """(PDF, name of the file), in the customer's language."""
    with use_locale(customer.language or current_company().locale):
        sheet = build(customer, currency, period)
        html = render_template("accounting/print/statement.html", sheet=sheet)
        name = documents.file_name(f"{sheet.title} {customer.code} {period.until.isoformat()}")
    try:
        return pdf.render(html), name
    except pdf.PdfError as error:
        raise documents.not_rendered(name, str(error)) from error


def send(customer: Customer, currency: str, period: Period, form_key: str) -> int:
    """Queue the statement by e-mail; the same form sends the same days once. 1, or 0 where it was queued before."""
    data, name = render(customer, currency, period)
    file: StoredFile = storage.store(data, name, "application/pdf")
    company, balance = current_company(), queries.balance(customer.id, currency)
    with use_locale(customer.language or company.locale):
        context = {"period": _words(period), "date": format_date(clock.today()),
                   "balance": money(balance, currency, company.locale) if balance > 0 else "",
                   "credit": money(-balance, currency, company.locale) if balance < 0 else ""}
    asked = f"statement:{form_key}:{currency}:{period.since or ''}:{period.until}"
    return notify(customer, notices.STATEMENT.code, asked[:120], context, [file.id])
