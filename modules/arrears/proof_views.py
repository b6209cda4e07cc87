"""Proofs of payment beside the debt: accepted or refused with a key each, the oldest first."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, send_file, url_for

from core import clock, lists, storage
from core.db import db, find
from core.errors import DomainError
from core.forms import parse_decimal
from core.i18n import _
from core.security import require
from modules.accounting import labels, payments
from modules.accounting import queries as accounting
from modules.accounting.models.payments import METHODS
from modules.arrears import proofs, wording
from modules.arrears.blueprint import REVIEW, bp
from modules.arrears.lists import PROOF_STATES, PROOFS
from modules.arrears.models import Proof

OFFERED = ("transfer", "deposit", "cash", "card", "other")


@lists.at(bp, "/proofs", PROOFS, endpoint="proof_list")
def proof_list(shown: Any) -> Any:
    """The proofs that wait, the oldest first; or those that were decided."""
    return shown.render()


@bp.get("/proofs/<int:proof_id>")
@require(REVIEW)
def proof(proof_id: int) -> Any:
    """One proof beside what its customer owes."""
    return _page(find(Proof, proof_id))


def _page(row: Proof, error: DomainError | None = None) -> Any:
    owed = accounting.open_documents(row.customer_id)
    due = sum((one.open_amount for one in owed), Decimal(0))
    body = render_template(
        "arrears/proof.html", row=row, owed=owed, due=due, seen=proofs.alike(row) if row.state == "waiting" else [],
        file=storage.find_file(row.file_id), title=labels.title_of, state=PROOF_STATES[row.state],
        moment=wording.moment, error=error,
        methods=[(code, labels.method_of(code)) for code in OFFERED if code in METHODS],
        accounts=accounting.cash_accounts(), today=clock.today(), payment=row.payment_id,
        last=accounting.last_payments([row.customer_id]).get(row.customer_id, []))
    return (body, 422) if error else body


@bp.get("/proofs/<int:proof_id>/file")
@require(REVIEW)
def proof_file(proof_id: int) -> Any:
    """The picture, or the PDF to be kept."""
    file = storage.find_file(find(Proof, proof_id).file_id)
    answer = send_file(io.BytesIO(storage.read(file)), mimetype=file.media_type, download_name=file.name,
                       as_attachment=file.media_type != "image/jpeg")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@bp.post("/proofs/<int:proof_id>/accept")
@require(REVIEW)
def accept_proof(proof_id: int) -> Any:
    """Record the payment that it shows; then the next one that waits."""
    row, form = find(Proof, proof_id), request.form
    try:
        amount, day = _amount(form.get("amount", "")), _day(form.get("paid_on", ""))
        medium = payments.Medium(amount, form.get("method", "transfer"), form.get("cash_account", type=int) or None,
                                 form.get("operation", "").strip()[:100])
        proofs.accept(row, medium, day, sure=bool(form.get("sure")))
    except DomainError as error:
        db.session.rollback()
        return _page(find(Proof, proof_id), error)
    flash(_("The payment is recorded; the service is back if it was cut for this debt."), "ok")
    return _next()


def _amount(text: str) -> Decimal:
    found = parse_decimal(text)
    if found is None or found <= 0:
        raise DomainError(_("To accept this proof you must write the amount that it shows."), field="amount")
    return found.quantize(Decimal("0.01"))


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day > clock.today():
        raise DomainError(_("To accept this proof you must choose the day of the payment, not one to come."),
                          field="paid_on")
    return day


@bp.post("/proofs/<int:proof_id>/refuse")
@require(REVIEW)
def refuse_proof(proof_id: int) -> Any:
    """Refuse it with words that the customer reads."""
    row = find(Proof, proof_id)
    try:
        proofs.refuse(row, request.form.get("reason", ""))
    except DomainError as error:
        db.session.rollback()
        return _page(find(Proof, proof_id), error)
    flash(_("The proof is refused, and the customer is told why."), "ok")
    return _next()


def _next() -> Any:
    following = db.session.scalar(sa.select(sa.func.min(Proof.id)).where(Proof.state == "waiting"))
    return redirect(url_for("arrears.proof", proof_id=following) if following else url_for("arrears.proof_list"))
