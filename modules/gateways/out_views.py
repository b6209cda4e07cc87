"""Screens of files of debts: made, looked at, taken to the gateway, answered, withdrawn; when they are made."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, send_file, url_for

from core import audit, jobs, lists
from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from core.security import require
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways import accounts, answers, deliveries, files_out, payers, plans, ports
from modules.gateways import jobs as own_jobs
from modules.gateways.blueprint import bp
from modules.gateways.lists import DEBTS, LEFT_OUT
from modules.gateways.models import Account, DebtLine, File

SAMPLE = 10


def writers() -> list[Account]:
    """The accounts whose gateway takes files of debts."""
    return _accounts(ports.debt_files)


def answerers() -> list[Account]:
    """The accounts whose gateway answers them by a file."""
    return _accounts(ports.debt_answers)


def _accounts(registry: Any) -> list[Account]:
    rows = db.session.scalars(sa.select(Account).where(Account.active).order_by(Account.name))
    return [one for one in rows if one.provider in registry]


@bp.post("/gateways/files/out")
@require("gateways.exchange_files")
def make_file() -> Any:
    """Begin a file of debts; a job makes it."""
    account = find(Account, request.form.get("account", 0, type=int))
    row = files_out.begin(account, reason=request.form.get("reason", ""))
    jobs.enqueue(own_jobs.make_file, file_id=row.id, key=f"gateways.make:{row.id}")
    return redirect(url_for("gateways.file", file_id=row.id))


def page(row: File) -> str:
    """The page of a file of debts."""
    port = ports.debt_files.find(row.account.provider)
    sample = db.session.scalars(sa.select(DebtLine).where(DebtLine.file_id == row.id)
                                .order_by(DebtLine.position).limit(SAMPLE)).all()
    refused = db.session.scalar(sa.select(sa.func.count()).select_from(DebtLine).where(
        DebtLine.file_id == row.id, DebtLine.refusal != "")) or 0
    return render_template("gateways/file_out.html", row=row, sample=sample, refused=refused,
                           left_out=files_out.left_out(row), secret=bool(port and port.secrets),
                           busy=row.state in ("making", "sending"), delivers=row.account.provider in ports.deliveries,
                           provider=ports.providers.find(row.account.provider),
                           currency=accounts.currency_of(row.account, current_company()))


@bp.post("/gateways/files/<int:file_id>/download")
@require("gateways.exchange_files")
def download_file(file_id: int) -> Any:
    """The bytes of a file of debts, as the gateway wants them; on record, since it names people and what they owe."""
    row = _out(file_id)
    content = files_out.content(row)
    audit.record("gateways.take_debt_file", row, {"name": row.name})
    return send_file(content, mimetype="application/octet-stream", download_name=row.name, as_attachment=True,  # type: ignore[arg-type]
                     max_age=0)


@bp.post("/gateways/files/<int:file_id>/send")
@require("gateways.exchange_files")
def send_debts(file_id: int) -> Any:
    """Have a job take it to the gateway."""
    deliveries.request(_out(file_id))
    flash(_("It is being sent."), "ok")
    return redirect(url_for("gateways.file", file_id=file_id))


@bp.post("/gateways/files/<int:file_id>/sent")
@require("gateways.exchange_files")
def sent_debts(file_id: int) -> Any:
    """A person took it to the gateway, or found it there."""
    row = _out(file_id)
    if row.state == "unknown":
        deliveries.arrived(row, request.form.get("number", ""))
    else:
        files_out.sent_by_hand(row)
    return redirect(url_for("gateways.file", file_id=file_id))


@bp.post("/gateways/files/<int:file_id>/not-arrived")
@require("gateways.exchange_files")
def not_arrived(file_id: int) -> Any:
    """A person looked at the gateway's own screen: it is not there."""
    deliveries.not_arrived(_out(file_id))
    return redirect(url_for("gateways.file", file_id=file_id))


@bp.post("/gateways/files/<int:file_id>/withdraw")
@require("gateways.exchange_files")
def withdraw_file(file_id: int) -> Any:
    """It counts as not sent; its debts go into the next file."""
    files_out.withdraw(_out(file_id), request.form.get("reason", ""))
    flash(_("Withdrawn. Its debts go into the next file."), "ok")
    return redirect(url_for("gateways.file", file_id=file_id))


def _out(file_id: int) -> File:
    row: File = find(File, file_id)
    if row.direction != "out":
        raise DomainError(_("This is no file of debts."))
    return row


@bp.post("/gateways/files/answer")
@require("gateways.exchange_files")
def bring_answer() -> Any:
    """What a gateway says in a file of a file of debts."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise DomainError(_("To bring an answer you must choose the file that the gateway sent."), field="file")
    account = find(Account, request.form.get("account", 0, type=int))
    row = answers.bring(account, upload.stream, upload.filename)
    flash(_("%(name)s: the answer is taken over.", name=row.name), "ok")
    return redirect(url_for("gateways.file", file_id=row.id))


# --- lists ---------------------------------------------------------------------------------------------------


@lists.at(bp, "/gateways/debts", DEBTS)
def debts(shown: lists.Shown) -> Any:
    """What gateways were told of single debts, and which of them they refused."""
    return shown.render("core/list.html")


@lists.at(bp, "/gateways/debts/left-out", LEFT_OUT)
def debts_left_out(shown: lists.Shown) -> Any:
    """Documents that a file could not hold, and why."""
    return shown.render("core/list.html")


# --- plans and codes -----------------------------------------------------------------------------------------


@bp.route("/gateways/accounts/<int:account_id>/plan", methods=["GET", "POST"])
@require("gateways.edit_accounts")
def file_plan(account_id: int) -> Any:
    """When an account's files of debts are made, and what goes into them."""
    row, error = find(Account, account_id), None
    if row.provider not in ports.debt_files:
        raise DomainError(_("%(account)s takes no debt files.", account=row.name))
    if request.method == "POST":
        try:
            plans.save(row, request.form)
            flash(_("Saved."), "ok")
            return redirect(url_for("gateways.file_plan", account_id=row.id))
        except DomainError as refusal:
            db.session.rollback()
            row, error = find(Account, account_id), refusal
    return render_template("gateways/plan.html", row=row, plan=plans.usual(row), words=plans.WORDS, error=error,
                           typed=request.form, delivers=row.provider in ports.deliveries,
                           currency=accounts.currency_of(row, current_company())), 422 if error else 200


@bp.post("/gateways/customers/<int:customer_id>/codes/<int:account_id>")
@require("gateways.match_payments")
def payer_code(customer_id: int, account_id: int) -> Any:
    """Give a customer his code at a gateway, or the card that it debits."""
    payers.save(find(Account, account_id), find(Customer, customer_id), request.form.get("code", ""), request.form)
    flash(_("Saved."), "ok")
    return redirect(url_for("crm.customer", customer_id=customer_id, tab="payer_codes"))


def name_of(line: DebtLine) -> str:
    """Whose a debt is."""
    return str(db.session.scalar(sa.select(Customer.name).join(Invoice, Invoice.customer_id == Customer.id)
                                 .where(Invoice.id == line.invoice_id)))
