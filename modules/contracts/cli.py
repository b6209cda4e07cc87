"""`abona billing`: preview a month, bill it, see how far it is, record a payment."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import click
import sqlalchemy as sa

from core import clock, months
from core.cli import (
    DONE,
    NEEDS_PERSON,
    UNREACHABLE,
    chosen_companies,
    chosen_company,
    company_option,
    echo_json,
    json_option,
    note,
    with_app,
)
from core.db import db, reading
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.accounting.models import Payment
from modules.accounting.models.payments import METHODS
from modules.accounting.payments import Medium, PaymentData, record_payment
from modules.contracts import billing, queries, reporting, stages, waiting
from modules.contracts.billing_status import exceptions as month_exceptions
from modules.contracts.models import BillingRun
from modules.contracts.stages import BILLED, Stage
from modules.crm.queries import find_customer

PATIENCE = 300
SOURCE = "command"


class Day(click.ParamType):
    """A date as 2026-11-09."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> dt.date:
        try:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date: write it like 2026-11-09", param, context)


@click.group("billing")
def cli() -> None:
    """Bill a month: preview, run, status, exceptions; record payments."""


# --- a month -------------------------------------------------------------------------------------------


@cli.command()
@click.option("--period", required=True, help="The month, like 2026-11.")
@company_option
@json_option
@with_app
def preview(period: str, company_code: str | None, as_json: bool) -> int:
    """The whole run without writing anything."""
    month = months.parse(period)
    found = []
    with waiting.display() as display, reading():
        for company in chosen_companies(company_code):
            found.append(billing.preview(company, month, progress=_showing(display, company.code)))
    return _answer(found, as_json, reporting.preview_text)


def _showing(display: waiting.Display, name: str) -> Callable[[int, int], None]:
    def show(done: int, planned: int) -> None:
        display.show(name, [Stage(BILLED, _("Looked at"), done, max(done, planned))])

    return show


@cli.command()
@click.option("--period", required=True, help="The month, like 2026-11.")
@company_option
@click.option("--wait", is_flag=True, help="Also wait for authorisation, PDFs and notices.")
@click.option("--issue-date", type=Day(), help="Date of the invoices; today by default.")
@click.option("--patience", default=PATIENCE, show_default=True,
              help="Stop waiting after so many seconds in which nothing moved.")
@json_option
@with_app
def run(period: str, company_code: str | None, wait: bool, issue_date: dt.date | None, patience: int,
        as_json: bool) -> int:
    """Bill who is not billed yet. Safe to kill, and to run again.

    Works in this process where neither `abona serve` nor a worker is running.
    """
    month = months.parse(period)
    runs = _start(chosen_companies(company_code), month, issue_date)
    with waiting.display() as display:
        watch = waiting.Watch(runs, everything=wait, patience=patience, display=display)
        waiting.wait(watch)
    found = []
    for company_id, run_id in watch.runs:
        with company_scope(company_id):
            found.append(billing.run_result(db.session.get_one(BillingRun, run_id)))
    code = _answer(found, as_json, reporting.result_text, settled=wait)
    if not watch.trouble:
        return code
    note(_("Stopped waiting: %(reason)s Nothing is lost; it goes on with the next worker or the same command.",
           reason=watch.trouble))
    return UNREACHABLE


def _start(companies: Sequence[Company], month: dt.date,
           issue_date: dt.date | None) -> list[tuple[Company, BillingRun]]:
    started = []
    for company in companies:
        with company_scope(company):
            started.append((company, billing.start_run(company, month, issue_date=issue_date)))
            db.session.commit()
    return started


@cli.command()
@click.option("--period", help="The month; by default the one that was billed last.")
@company_option
@json_option
@with_app
def status(period: str | None, company_code: str | None, as_json: bool) -> int:
    """How far a month is: billed, authorised, drawn, sent."""
    found = []
    for company in chosen_companies(company_code):
        with company_scope(company):
            found.append(billing.status(company, _month(company, period)))
            _note_trouble(company)
    return _answer(found, as_json, reporting.result_text)


def _note_trouble(company: Company) -> None:
    reason = stages.work_left(company)[1]
    if reason:
        note(_("Waiting: %(reason)s", reason=reason))


@cli.command()
@click.option("--period", help="The month; by default the one that was billed last.")
@company_option
@json_option
@with_app
def exceptions(period: str | None, company_code: str | None, as_json: bool) -> int:
    """Who could not be billed in a month, why, and what cures it."""
    found = []
    for company in chosen_companies(company_code):
        with company_scope(company):
            month = _month(company, period)
            found.append({"company": company.code, "period": months.show(month),
                          "exceptions": month_exceptions(company, month)})
    if as_json:
        echo_json({"companies": found})
    else:
        for one in found:
            reporting.exceptions_text(one)
    return NEEDS_PERSON if any(one["exceptions"] for one in found) else DONE


def _month(company: Company, period: str | None) -> dt.date:
    if period:
        return months.parse(period)
    last = queries.last_run()
    return last.month if last else months.of(clock.today(company))


def _answer(found: list[dict[str, Any]], as_json: bool, text: Any, settled: bool = False) -> int:
    """Print the results; the exit status says whether a person must look. `settled`: nothing may be open any more."""
    if as_json:
        echo_json({"companies": found})
    else:
        for one in found:
            text(one)
    return NEEDS_PERSON if any(_needs_person(one, settled) for one in found) else DONE


def _needs_person(result: dict[str, Any], settled: bool) -> bool:
    documents = result["documents"]
    wrong = (result["exceptions_count"] or documents["rejected"] or documents["unknown"] or result["notices"]["failed"]
             or result.get("drafts_waiting"))
    undone = settled and (result["state"] != "billed" or documents["pending"]
                          or result["pdfs"] < result["invoices"] - documents["rejected"])
    return bool(wrong or undone)


# --- payments ------------------------------------------------------------------------------------------


@cli.command()
@click.option("--customer", required=True, help="Code or tax number.")
@click.option("--amount", required=True, help="Like 12100.00.")
@company_option
@click.option("--method", type=click.Choice(METHODS), default="cash", show_default=True)
@click.option("--date", "paid_on", type=Day(), help="When it was paid; today by default.")
@click.option("--currency", default="", help="The company's by default.")
@click.option("--account", "account_id", type=int, help="Id of the cash or bank account; the default one otherwise.")
@click.option("--reference", default="", help="Number of the transfer, cheque or coupon.")
@click.option("--id", "external_id", help="What tells this payment from others: the same id is recorded once.")
@click.option("--notes", default="")
@json_option
@with_app
def pay(customer: str, amount: str, company_code: str | None, external_id: str | None, as_json: bool,
        paid_on: dt.date | None, currency: str, notes: str, **medium: Any) -> int:
    """Record a payment; it pays the oldest documents.

    Repeating the same command records nothing new: a second payment of the same amount on the same day needs an --id.
    """
    company = chosen_company(company_code)
    with company_scope(company):
        payer, day = find_customer(customer), paid_on or clock.today()
        part = Medium(_amount(amount), medium["method"], medium["account_id"], medium["reference"])
        known = external_id or _own_id(payer.id, part, day, currency)
        is_new = not db.session.scalar(sa.select(sa.exists().where(
            Payment.source == SOURCE, Payment.external_id == known)))
        payment = record_payment(PaymentData(
            payer.id, [part], day, currency, source=SOURCE, notes=notes, external_id=known))
        result = reporting.payment(payment, is_new=is_new)
    if as_json:
        echo_json(result)
    else:
        click.echo(reporting.payment_text(result))
    return DONE


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"\d{1,13}(\.\d+)?", text):
        raise DomainError(_("To record a payment you must write its amount like 12100.00; “%(text)s” is not one.",
                            text=text), field="amount")
    return Decimal(text)


def _own_id(customer_id: int, part: Medium, day: dt.date, currency: str) -> str:
    """Without an id of its own, a payment is known by what was said of it."""
    said = (customer_id, f"{part.amount:f}", part.method, part.cash_account_id, part.reference, day, currency)
    return "said:" + hashlib.sha256(repr(said).encode()).hexdigest()[:40]
