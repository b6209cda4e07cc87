"""Screens of the money itself: a gateway's month beside its reports, and the movements of bank accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import clock, lists, months
from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from core.security import require
from modules.gateways import accounts, bank_lines, day_files, payouts, ports, reconciliation, terms, tray
from modules.gateways.blueprint import bp
from modules.gateways.models import Account, BankLine
from modules.gateways.settling_lists import BANK_LINES, SETTLEMENTS


@bp.get("/gateways/reconciliation")
@require("gateways.view_inbox")
def reconcile() -> Any:
    """A month of each gateway, or of one: collected, kept, paid out, in the bank, and what does not fit."""
    first, last = _month(request.args.get("month", ""))
    rows = db.session.scalars(sa.select(Account).where(Account.active).order_by(Account.name)).all()
    known = [one for one in rows if one.provider not in ports.bank_statements]
    wanted = request.args.get("account", type=int)
    chosen = next((one for one in known if one.id == wanted), known[0] if known else None)
    if chosen is None:
        return render_template("gateways/reconciliation.html", accounts=[], chosen=None, first=first, last=last)
    found = reconciliation.days(chosen, first, last)
    return render_template(
        "gateways/reconciliation.html", accounts=known, chosen=chosen, first=first, last=last, days=found,
        total=reconciliation.total(found), held=reconciliation.held(chosen),
        beside=day_files.days(chosen, first, last) if day_files.compares(chosen) else {},
        misfits=reconciliation.misfits(chosen, first, last), unbooked=reconciliation.payouts_unbooked(chosen),
        currency=accounts.currency_of(chosen, current_company()),
        reports=chosen.provider in ports.statements)


def _month(text: str) -> tuple[dt.date, dt.date]:
    """The first and last day of a month like 2026-11; of the current one where it is none."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        first = clock.today().replace(day=1)
    return first, months.last_day(first)


@lists.at(bp, "/gateways/settlements", SETTLEMENTS)
def settlements(shown: lists.Shown) -> Any:
    """Every row of the reports of gateways."""
    return shown.render("core/list.html")


# --- what it costs, and where it goes --------------------------------------------------------------------------


@bp.post("/gateways/accounts/<int:account_id>/terms")
@require("gateways.edit_accounts")
def account_terms(account_id: int) -> Any:
    """What the gateway keeps where it does not say, and the bank account into which it pays out."""
    row = find(Account, account_id)
    booked = terms.agree(row, request.form)
    flash(_("Saved.") if not booked else _("Saved, and %(count)s payouts were booked.", count=booked), "ok")
    return redirect(url_for("gateways.account", account_id=row.id))


# --- movements of bank accounts ----------------------------------------------------------------------------------


@lists.at(bp, "/gateways/bank", BANK_LINES)
def bank_list(shown: lists.Shown) -> Any:
    """The movements that bank statements told of."""
    return shown.render("core/list.html")


@bp.get("/gateways/bank/<int:line_id>")
@require("gateways.view_inbox")
def bank_line(line_id: int) -> Any:
    """One movement: what it is, or what it may be."""
    row = find(BankLine, line_id)
    waits = row.state == "waiting"
    return render_template("gateways/bank_line.html", row=row, waits=waits,
                           candidates=bank_lines.candidates(row) if waits else [],
                           payouts=payouts.candidates(row) if waits else [],
                           gateways=_payers(row) if waits else [])


def _payers(row: BankLine) -> list[Account]:
    """The gateways that may have paid this out."""
    rows = db.session.scalars(sa.select(Account).where(Account.active, Account.id != row.account_id)
                              .order_by(Account.name))
    return [one for one in rows if one.cash_account_id != row.account.cash_account_id]


@bp.post("/gateways/bank/<int:line_id>/payment")
@require("gateways.match_payments")
def bank_line_payment(line_id: int) -> Any:
    """It is a customer's transfer."""
    row = find(BankLine, line_id)
    customer = tray.customer_of(request.form.get("customer", ""))
    bank_lines.is_payment(row, customer)
    flash(_("Booked for %(customer)s.", customer=customer.name), "ok")
    return redirect(url_for("gateways.bank_list", state="waiting"))


@bp.post("/gateways/bank/<int:line_id>/payout")
@require("gateways.match_payments")
def bank_line_payout(line_id: int) -> Any:
    """It is what a gateway paid out."""
    row = find(BankLine, line_id)
    gateway = db.session.get(Account, request.form.get("gateway", 0, type=int))
    if gateway is None:
        raise DomainError(_("To book a payout you must choose the gateway that paid it."), field="gateway")
    bank_lines.is_payout(row, gateway)
    flash(_("Booked as a payout of %(gateway)s.", gateway=gateway.name), "ok")
    return redirect(url_for("gateways.bank_list", state="waiting"))


@bp.post("/gateways/bank/<int:line_id>/other")
@require("gateways.match_payments")
def bank_line_other(line_id: int) -> Any:
    """It is something else."""
    bank_lines.is_other(find(BankLine, line_id), request.form.get("reason", ""))
    flash(_("Set aside."), "ok")
    return redirect(url_for("gateways.bank_list", state="waiting"))


@bp.post("/gateways/bank/<int:line_id>/take-back")
@require("gateways.match_payments")
def bank_line_again(line_id: int) -> Any:
    """What was said of it was wrong."""
    bank_lines.take_back(find(BankLine, line_id), request.form.get("reason", ""))
    flash(_("Taken back; it waits again."), "ok")
    return redirect(url_for("gateways.bank_line", line_id=line_id))
