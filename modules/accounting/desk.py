"""Answers to the frame's slots and search box, without the weight of the views at import."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core import clock, months, setup
from core.db import db
from core.i18n import _, format_date, ngettext
from core.models import Company
from core.search import Hit, sorted_after
from core.setup import Step
from core.slots import NOTICE
from core.templating import amount
from modules.accounting import figures, labels, ledger, numbers, overdue, queries, states
from modules.accounting.models import CashAccount, Entry, Invoice, InvoiceDesign, Payment
from modules.crm.models import Customer

FIGURE = Markup('<div class="figure"><div class="figure-label">{}</div><a class="figure-value" href="{}">{}</a>'
                '<div class="figure-note">{}</div></div>')
# from this day of the month on, the month before should be closed
CLOSING_DAY = 5


# --- the customer's page ---------------------------------------------------------------------------------


def account_tab(customer: Customer) -> str:
    """The current account."""
    from modules.accounting import views

    return views.account_views.account_tab(customer)


def documents_tab(customer: Customer) -> str:
    """Documents and payments, the newest."""
    from modules.accounting import views

    return views.account_views.documents_tab(customer)


def customer_summary(customer: Customer) -> str:
    """The balance."""
    from modules.accounting import views

    return views.account_views.customer_summary(customer)


def customer_action(customer: Customer) -> str:
    """The button to collect."""
    from modules.accounting import views

    return views.account_views.customer_action(customer)


def entries_part(row: Invoice | Payment) -> Markup:
    """The entries of a document or payment, on its page."""
    from modules.accounting import views

    return views.book_views.entries_part(row)


# --- the home page ---------------------------------------------------------------------------------------


def billed(company: Company) -> Markup:
    """What was billed this month, less credit notes and what was annulled."""
    return _figure(_("Billed this month"), "accounting.invoices", figures.this_month("billed"), company,
                   _("less credit notes"), origin="ours")


def collected(company: Company) -> Markup:
    """What was collected this month, and how that compares with the same days of the last one."""
    total, former = figures.this_month("collected"), figures.by_this_day_of_last_month("collected")
    note = _("%(amount)s by this day of last month", amount=amount(former)) if former else ""
    return _figure(_("Collected this month"), "accounting.payments", total, company, note, state="recorded")


def owed(_company: Company) -> Markup:
    """What is owed in all, by how many."""
    count, total = queries.owed_in_all()
    if not count:
        return Markup("")
    return FIGURE.format(_("Owed"), url_for("accounting.debtors"), amount(total), ngettext(
        "by %(num)s customer", "by %(num)s customers", count))


def _figure(label: str, endpoint: str, total: Decimal, company: Company, note: str, **filters: str) -> Markup:
    if not total:
        return Markup("")
    return FIGURE.format(label, url_for(endpoint, date="this_month", **filters), amount(total, company.currency), note)


def design_steps(company: Company) -> list[Step]:
    """Set-up: how the company's documents look."""
    done = bool(company.logo_file_id) or setup.fact(company, "accounting.logo")
    return [Step("design", _("Logo and design of documents"), done, _(
        "Your logo and colour stand on invoices and receipts. You see the document while you change it."),
        _("Open the designer"), url_for("accounting.design"), needed=False)]


def has_logo(company: Company) -> sa.Exists:
    """Set-up: whether a design of the company has a logo."""
    return sa.exists().where(InvoiceDesign.company_id == company.id, InvoiceDesign.logo_file_id.is_not(None))


def closing_todo(company: Company) -> Markup:
    """A month that is over, has entries, and is not closed yet."""
    today = clock.today(company)
    first, last = months.bounds(today.replace(day=1) - dt.timedelta(days=1))
    until = ledger.policy().locked_until
    if today.day < CLOSING_DAY or (until is not None and until >= last):
        return Markup("")
    used = db.session.scalar(sa.select(sa.exists().where(
        Entry.company_id == company.id, Entry.date.between(first, last))))
    return NOTICE.format("info", url_for("accounting.lock"), _(
        "The books are still open for days until %(day)s", day=format_date(last))) if used else Markup("")


def cash_todo(company: Company) -> Markup:
    """Payments that name no cash account need a default one."""
    known = db.session.scalar(sa.select(sa.exists().where(
        CashAccount.company_id == company.id, CashAccount.is_default, CashAccount.active)))
    return Markup("") if known else NOTICE.format("bad", url_for("admin_accounting_cash_account.index_view"), _(
        "No cash account is the default one: payments cannot be recorded"))


# --- the search box --------------------------------------------------------------------------------------


def find_documents(text: str, limit: int) -> list[Hit]:
    """Documents by number."""
    condition = numbers.matches(text)
    rows = db.session.execute(
        sa.select(Invoice, Customer.name).join(Customer, Customer.id == Invoice.customer_id).where(condition)
        .order_by(sorted_after(Invoice.issue_date).desc(), Invoice.id.desc()).limit(limit)).all()
    late = overdue.of_these([row[0] for row in rows])
    return [Hit(labels.title_of(one), url_for("accounting.invoice", invoice_id=one.id), " · ".join((
        name, format_date(one.issue_date), amount(one.total, one.currency),
        states.of_invoice(one, one.id in late)[0]))) for one, name in rows]


def find_receipts(text: str, limit: int) -> list[Hit]:
    """Payments by the number of their receipt."""
    kind, typed = numbers.without_kind(text)
    if kind not in ("", "receipt") or not typed.isascii() or not typed.isdecimal() or len(typed) > 12:
        return []
    rows = db.session.execute(
        sa.select(Payment, Customer.name).join(Customer, Customer.id == Payment.customer_id)
        .where(Payment.number == int(typed)).limit(limit)).all()
    return [Hit(_("Receipt %(number)s", number=str(row[0])), url_for("accounting.payment", payment_id=row[0].id),
                f"{row[1]} · {format_date(row[0].paid_on)} · {amount(row[0].amount, row[0].currency)}") for row in rows]
