"""Giving money back, on the page of a payment."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core.db import db, find
from core.errors import DomainError
from core.forms import parse_decimal
from core.i18n import _, lazy
from core.security import require
from modules.accounting.models import Payment
from modules.gateways import refunding
from modules.gateways.blueprint import bp
from modules.gateways.models import RefundRequest, Transaction

DONE, REVIEWED, REFUSED = (lazy("given back"), "ok"), (lazy("the gateway reviews it"), "info"), (lazy("refused"), "bad")
STATES = {"pending": (lazy("being asked for"), "info"), "asking": (lazy("being asked for"), "info"),
          "unknown": (lazy("not known yet"), "warn"), "refused": REFUSED}


def state_of(one: RefundRequest) -> tuple[Any, str]:
    """What became of a request: words and tone."""
    if one.state != "asked":
        return STATES[one.state]
    if one.told is not None and one.told.state == "booked":
        return DONE
    return REFUSED if one.told is not None and one.told.status == "rejected" else REVIEWED


def part(payment: Payment) -> str:
    """The card beside a payment that a gateway told of; nothing beside others."""
    row = db.session.scalar(sa.select(Transaction).where(Transaction.payment_id == payment.id,
                                                         Transaction.kind == "payment").limit(1))
    return card(row) if row is not None else ""


def card(row: Transaction) -> str:
    """What was given back through the gateway, and the form to give back more."""
    requests = refunding.requests_of(row)
    most = refunding.left(row) if refunding.can_give_back(row) else 0
    return render_template("gateways/refunds.html", row=row, requests=requests, state_of=state_of, most=most,
                           busy=any(one.state in refunding.UNSURE for one in requests))


@bp.post("/gateways/payments/<int:transaction_id>/give-back")
@require("gateways.give_back")
def give_back(transaction_id: int) -> Any:
    """Have the gateway give back the payment, or a part of it."""
    row, typed = find(Transaction, transaction_id), request.form.get("amount", "")
    amount = parse_decimal(typed)
    if amount is None:
        raise DomainError(_("To give money back you must say how much; found: %(found)s.", found=typed[:40] or "-"),
                          field="amount")
    refunding.request(row, amount, request.form.get("reason", ""))
    flash(_("The gateway is being asked to give it back. What it answers appears here in a moment."), "ok")
    return _back(row)


@bp.post("/gateways/payments/<int:transaction_id>/give-back-again")
@require("gateways.give_back")
def ask_again(transaction_id: int) -> Any:
    """Ask again about a request of which nobody knows what became."""
    row = find(Transaction, transaction_id)
    one = next((one for one in refunding.requests_of(row) if one.state in refunding.UNSURE), None)
    if one is None:
        raise DomainError(_("The gateway has answered meanwhile."))
    refunding.try_again(one)
    flash(_("The gateway is being asked again."), "ok")
    return _back(row)


def _back(row: Transaction) -> Any:
    if row.payment_id is not None:
        return redirect(url_for("accounting.payment", payment_id=row.payment_id))
    return redirect(url_for("gateways.transaction", transaction_id=row.id))
