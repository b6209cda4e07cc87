"""Staff pages of the current account: the customer's tab, the statement, using credit; and closing periods."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import clock, months
from core.db import db, find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _, format_amount, format_date
from core.models import AuditRecord, User
from core.scope import current_company, current_company_id
from core.security import can, require
from modules.accounting import allocations, forms, ledger, overdue, queries, services, statements
from modules.accounting.blueprint import bp, form_page
from modules.accounting.invoice_views import pdf_answer
from modules.accounting.statements import Period
from modules.crm.models import Customer

PAGE, NEWEST = 50, 20
TRACES = 20


# --- the customer's page ---------------------------------------------------------------------------------


def account_tab(customer: Customer) -> str:
    """The current account: what is owed and in favour, what is open, each movement with its balance."""
    known = queries.currencies(customer.id)
    currency = request.args.get("currency", "")
    currency = currency if currency in dict(known) else current_company().currency
    waiting = [one for one in queries.open_documents(customer.id) if one.currency == currency]
    lines = queries.statement(customer.id, currency, limit=PAGE + 1, before_id=request.args.get("before", type=int))
    return render_template(
        "accounting/account_tab.html", customer=customer, currency=currency, balances=known,
        balance=dict(known)[currency],
        favour=queries.in_favour(customer.id, currency), lines=lines[:PAGE], more=len(lines) > PAGE,
        open_documents=waiting, late=overdue.of_these(waiting),
        describe=statements.describe, since=_day("since") or clock.today() - dt.timedelta(days=90),
        until=_day("until") or clock.today(), days_are_wrong="since" in request.args)


def documents_tab(customer: Customer) -> str:
    """The newest documents and payments, with the way to all of them."""
    newest = queries.newest_documents(customer.id, NEWEST)
    return render_template("accounting/documents_tab.html", customer=customer, newest=NEWEST,
                           documents=newest, late=overdue.of_these(newest),
                           payments=queries.last_payments([customer.id], NEWEST, reversed_too=True)
                           .get(customer.id, []))


def customer_summary(customer: Customer) -> str:
    """The balance, large, where something was ever booked."""
    known = queries.currencies(customer.id)
    if not queries.has_account(customer.id):
        return ""
    return render_template("accounting/summary.html", customer=customer, balances=known,
                           overdue=queries.overdue(customer.id), last=last_payment(customer))


def last_payment(customer: Customer) -> Any:
    """The newest payment that stands, for who may see payments."""
    found = queries.last_payments([customer.id], 1).get(customer.id, []) if can("accounting.view_payments") else []
    return found[0] if found else None


def customer_action(customer: Customer) -> str:
    """Collecting, the verb of every day."""
    return render_template("accounting/customer_action.html", customer=customer)


@bp.post("/customers/<int:customer_id>/use-credit")
@require("accounting.record_payments")
def use_credit(customer_id: int) -> Any:
    """Pay what is open with what is in favour."""
    customer, currency = find(Customer, customer_id), request.form.get("currency") or current_company().currency
    made = allocations.use_credit(customer.id, currency)
    total = sum((one.amount for one in made), made[0].amount * 0)
    flash(_("%(amount)s of the credit are used.", amount=format_amount(total, currency)), "ok")
    return redirect(url_for("crm.customer", customer_id=customer.id, tab="account"))


# --- statement -------------------------------------------------------------------------------------------


@bp.route("/customers/<int:customer_id>/statement", methods=["GET", "POST"])
@require("accounting.view_documents")
def statement(customer_id: int) -> Any:
    """The statement as PDF, of the days that the address says; sent as a form, the way to that address."""
    customer = find(Customer, customer_id)
    if request.method == "POST":
        return redirect(url_for("accounting.statement", customer_id=customer.id, **_typed()))
    try:
        period = _period()
    except DomainError as error:
        return _back_to_days(customer, error)
    return pdf_answer(*statements.render(customer, _currency(), period))


@bp.post("/customers/<int:customer_id>/statement/send")
@require("accounting.send_documents")
def send_statement(customer_id: int) -> Any:
    """The statement of the same days by e-mail."""
    customer = find(Customer, customer_id)
    if not customer.emails:
        raise DomainError(_("To send this you must first give the customer an e-mail address that takes mail."))
    try:
        period = _period()
    except DomainError as error:
        return _back_to_days(customer, error)
    if statements.send(customer, _currency(), period, request.form.get("form_key", "")[:80]):
        flash(_("The statement is being sent."), "ok")
    else:
        flash(_("The statement of these days was on its way already."), "warn")
    return redirect(url_for("crm.customer", customer_id=customer.id, tab="account", currency=_currency()))


def _typed() -> dict[str, str]:
    """The currency and the days as they came."""
    return {name: request.values.get(name, "")[:10] for name in ("currency", "since", "until")}


def _back_to_days(customer: Customer, error: DomainError) -> Any:
    """Back to the form, with the days that were typed."""
    flash(str(error), "bad")
    return redirect(url_for("crm.customer", customer_id=customer.id, tab="account", **_typed()))


def _currency() -> str:
    code = request.values.get("currency", "")
    return code if code.isalpha() and len(code) == 3 else current_company().currency


def _period() -> Period:
    since, until = _day("since"), _day("until") or clock.today()
    if since and since > until:
        raise DomainError(_("To make a statement its first day must not lie after its last."), field="since")
    return Period(since, until)


def _day(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return None


# --- periods ---------------------------------------------------------------------------------------------


@bp.route("/locked-periods", methods=["GET", "POST"])
@require("accounting.lock_periods")
def lock() -> Any:
    """Until when the books are closed, who closed them, and the form to move that day."""
    form, found = forms.LockForm(), ledger.policy()
    if request.method == "GET":
        form.until.data = _day("until") or last_month_end()
    if form.validate_on_submit():
        try:
            services.lock_period(form.until.data, form.reason.data or "")
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The books are closed until %(day)s.", day=format_date(form.until.data)) if form.until.data
                  else _("All periods are open."), "ok")
            return redirect(url_for("accounting.lock"))
    found = ledger.policy()
    person = db.session.get(User, found.locked_by) if found.locked_by else None
    return form_page("accounting/lock.html", form, policy=found, person=person, traces=_traces(),
                     suggested=last_month_end())


def last_month_end() -> dt.date:
    """The last day of the month before this one."""
    return months.last_day(months.add(months.of(clock.today()), -1))


def _traces() -> list[tuple[AuditRecord, Any, list[dt.date | None]]]:
    """Who closed and opened what, newest first; the day before and after."""
    rows = db.session.execute(
        sa.select(AuditRecord, User).outerjoin(User, User.id == AuditRecord.user_id)
        .where(AuditRecord.company_id == current_company_id(),
               AuditRecord.action.in_(("accounting.lock_period", "accounting.open_period")))
        .order_by(AuditRecord.id.desc()).limit(TRACES))
    return [(trace, user, [dt.date.fromisoformat(day) if day else None for day in trace.changes["locked_until"]])
            for trace, user in rows]
