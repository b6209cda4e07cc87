"""Screens of the office: what gateways told, what waits for somebody, files, accounts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import jobs, lists
from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from core.security import require
from modules.accounting.models import Invoice
from modules.gateways import (
    accounts,
    file_kinds,
    files_in,
    going_live,
    inbox,
    live_views,
    out_views,
    ports,
    refunding,
    terms,
    tickets,
    tray,
)
from modules.gateways import jobs as own_jobs
from modules.gateways.blueprint import bp
from modules.gateways.lists import FILES, NOTICES, TRANSACTIONS
from modules.gateways.models import Account, File, FileProblem, Notice, Transaction

PROBLEMS = 100


# --- payments as they were told ----------------------------------------------------------------------------


@lists.at(bp, "/gateways", TRANSACTIONS)
def transactions(shown: lists.Shown) -> Any:
    """Everything that gateways told of payments."""
    return shown.render("gateways/transactions.html")


@bp.get("/gateways/payments/<int:transaction_id>")
@require("gateways.view_inbox")
def transaction(transaction_id: int) -> Any:
    """One payment: what was told, what became of it, and whose it may be."""
    row = find(Transaction, transaction_id)
    waits = row.state == "waiting" and row.kind == "payment" and row.status == "approved"
    return render_template("gateways/transaction.html", row=row, waits=waits, gives_back=refunding.can_give_back(row),
                           candidates=tray.candidates(row) if waits else [],
                           names_payment=row.kind == "reversal" and row.state == "waiting" and not row.reverses,
                           taken_back=tray.payments_taken_back(row))


@bp.post("/gateways/payments/<int:transaction_id>/assign")
@require("gateways.match_payments")
def assign(transaction_id: int) -> Any:
    """Give a payment that waits to a customer, by id or by code."""
    row = find(Transaction, transaction_id)
    customer = tray.customer_of(request.form.get("customer", ""))
    invoice_id = request.form.get("invoice", type=int)
    tray.assign(row, customer, find(Invoice, invoice_id) if invoice_id else None)
    flash(_("Booked for %(customer)s.", customer=customer.name), "ok")
    return redirect(url_for("gateways.transaction", transaction_id=transaction_id))


@bp.post("/gateways/payments/<int:transaction_id>/takes-back")
@require("gateways.match_payments")
def takes_back(transaction_id: int) -> Any:
    """Say which payment is taken back where the gateway does not."""
    row = tray.takes_back(find(Transaction, transaction_id), request.form.get("payment", ""))
    flash(_("Payment %(number)s was taken back.", number=row.reverses), "ok")
    return redirect(url_for("gateways.transaction", transaction_id=transaction_id))


@bp.post("/gateways/payments/<int:transaction_id>/set-aside")
@require("gateways.match_payments")
def set_aside(transaction_id: int) -> Any:
    """Say that it is not to be booked, and why."""
    tray.set_aside(find(Transaction, transaction_id), request.form.get("reason", ""))
    flash(_("Set aside."), "ok")
    return redirect(url_for("gateways.transaction", transaction_id=transaction_id))


@bp.post("/gateways/payments/<int:transaction_id>/take-up")
@require("gateways.match_payments")
def take_up(transaction_id: int) -> Any:
    """What was set aside waits again, or is booked where it can be now."""
    tray.take_up(find(Transaction, transaction_id))
    return redirect(url_for("gateways.transaction", transaction_id=transaction_id))


@bp.post("/gateways/payments/<int:transaction_id>/seen")
@require("gateways.match_payments")
def seen(transaction_id: int) -> Any:
    """Somebody has looked at it."""
    tray.seen(find(Transaction, transaction_id))
    return redirect(url_for("gateways.transactions", state="waiting"))


# --- notices -------------------------------------------------------------------------------------------------


@lists.at(bp, "/gateways/notices", NOTICES)
def notices(shown: lists.Shown) -> Any:
    """The requests of gateways as they came."""
    return shown.render("core/list.html")


@bp.get("/gateways/notices/<int:notice_id>")
@require("gateways.view_inbox")
def notice_page(notice_id: int) -> Any:
    """One request, with all that was stored of it."""
    row = find(Notice, notice_id)
    about = db.session.scalar(sa.select(Transaction).where(
        Transaction.account_id == row.account_id, Transaction.external_id == (row.payment_ref or "-")))
    return render_template("gateways/notice.html", row=row, about=about)


@bp.post("/gateways/notices/<int:notice_id>/again")
@require("gateways.match_payments")
def try_notice(notice_id: int) -> Any:
    """Have one that failed worked through again."""
    row = find(Notice, notice_id)
    inbox.try_again(row)
    jobs.enqueue(own_jobs.drain, account_id=row.account_id)
    return redirect(url_for("gateways.notice_page", notice_id=notice_id))


# --- files ---------------------------------------------------------------------------------------------------


@lists.at(bp, "/gateways/files", FILES)
def files(shown: lists.Shown) -> Any:
    """Files that came and went."""
    return shown.render("gateways/files.html", readers=_readers(), writers=out_views.writers(),
                        answerers=out_views.answerers())


def _readers() -> list[Account]:
    """The accounts whose gateway, or bank, sends files."""
    rows = db.session.scalars(sa.select(Account).where(Account.active).order_by(Account.name))
    return [one for one in rows if file_kinds.of(one)]


@bp.post("/gateways/files")
@require("gateways.exchange_files")
def bring_file() -> Any:
    """Keep a file of payments, and have it read by a job."""
    request.max_content_length = files_in.LARGEST
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise DomainError(_("To import payments you must choose the file that the gateway sent."), field="file")
    row = files_in.store(find(Account, request.form.get("account", 0, type=int)), upload.stream, upload.filename)
    jobs.enqueue(own_jobs.import_file, file_id=row.id)
    return redirect(url_for("gateways.file", file_id=row.id))


@bp.get("/gateways/files/<int:file_id>")
@require("gateways.exchange_files")
def file(file_id: int) -> Any:
    """One file: how far it is, what it brought, what was wrong."""
    row = find(File, file_id)
    if row.direction == "out":
        return out_views.page(row)
    problems = db.session.scalars(sa.select(FileProblem).where(FileProblem.file_id == row.id)
                                  .order_by(FileProblem.line).limit(PROBLEMS)).all()
    counted = dict(db.session.execute(sa.select(Transaction.state, sa.func.count()).where(
        Transaction.file_id == row.id).group_by(Transaction.state)).all())
    return render_template("gateways/file.html", row=row, problems=problems, counted=counted,
                           busy=row.state in ("proving", "importing"),
                           currency=accounts.currency_of(row.account, current_company()))


@bp.post("/gateways/files/<int:file_id>/undo")
@require("gateways.exchange_files")
def undo_file(file_id: int) -> Any:
    """Take back all that a file brought."""
    undone = files_in.undo(find(File, file_id), request.form.get("reason", ""))
    flash(_("%(count)s payments of this file were taken back.", count=undone.payments), "ok")
    if undone.told_too:
        flash(_("%(count)s stay, because another file or list, or a notice of the gateway, told of them too.",
                count=undone.told_too), "info")
    if undone.aside:
        flash(_("%(count)s stay set aside, as somebody decided.", count=undone.aside), "info")
    return redirect(url_for("gateways.file", file_id=file_id))


# --- accounts ------------------------------------------------------------------------------------------------


@bp.get("/gateways/accounts")
@require("gateways.edit_accounts")
def account_list() -> Any:
    """The accounts of the company, and the gateways that serve its country."""
    country = current_company().country
    known = [one for _key, one in ports.providers.items() if not one.countries or country in one.countries]
    rows = db.session.scalars(sa.select(Account).order_by(Account.name)).all()
    return render_template("gateways/accounts.html", rows=rows, known=known,
                           environments={row.id: accounts.environment_of(row) for row in rows},
                           titles={key: one.title for key, one in ports.providers.items()})


@bp.route("/gateways/accounts/new/<provider>", methods=["GET", "POST"])
@require("gateways.edit_accounts")
def new_account(provider: str) -> Any:
    """A new account at a gateway: what to ask it for, and its settings."""
    known = ports.providers.find(provider)
    if known is None:
        raise DomainError(_("There is no gateway %(name)s.", name=provider))
    error: DomainError | None = None
    if request.method == "POST":
        try:
            made = accounts.create(provider, request.form.get("name", "").strip() or str(known.title), request.form)
            return redirect(url_for("gateways.account", account_id=made.id))
        except DomainError as refusal:
            db.session.rollback()
            error = refusal
    return render_template("gateways/account_form.html", provider=known, row=None, error=error,
                           typed=request.form, kept={}), 422 if error else 200


@bp.route("/gateways/accounts/<int:account_id>", methods=["GET", "POST"])
@require("gateways.edit_accounts")
def account(account_id: int) -> Any:
    """An account: its settings, its test, and the addresses that the gateway is to be told."""
    row, error = find(Account, account_id), None
    if request.method == "POST":
        try:
            accounts.apply_settings(row, request.form)
            if "printed" in request.form:
                tickets.choose(row, request.form.getlist("printed"))
            flash(_("Saved."), "ok")
            return redirect(url_for("gateways.account", account_id=row.id))
        except DomainError as refusal:
            db.session.rollback()
            error = refusal
    kept = {**row.settings, **dict.fromkeys(accounts.secrets_of(row), accounts.HIDDEN)}
    return render_template("gateways/account_form.html", provider=ports.providers.get(row.provider), row=row,
                           error=error, typed=request.form, kept=kept, missing=accounts.missing(row),
                           takes_debts=row.provider in ports.debt_files,
                           addresses=_addresses(row), tickets=tickets.known(row), terms=terms,
                           places=terms.places(row), stage=live_views.stage(row)), 422 if error else 200


def _addresses(row: Account) -> list[tuple[str, str]]:
    """What the gateway is to be told: where it sends notices, asks us, and sends payers back; (words, address)."""
    access = accounts.access(row)
    told = ((ports.webhooks, _("Notices"), access.notice_url),
            (ports.pulls, _("Its requests"), access.notice_url.removesuffix("/notice")),
            (ports.checkouts, _("Back to us"), access.return_url))
    return [(words, address) for kind, words, address in told if row.provider in kind]


@bp.post("/gateways/accounts/<int:account_id>/test")
@require("gateways.edit_accounts")
def test_account(account_id: int) -> Any:
    """Ask the gateway whether the settings are right."""
    row = find(Account, account_id)
    provider = ports.providers.get(row.provider)
    if provider.test is None:
        raise DomainError(_("This gateway has nothing that can be asked; bring a file, or open a page, to try it out."))
    access = accounts.access(row)
    db.session.commit()
    said = going_live.prove(access)
    accounts.verified(find(Account, account_id))
    flash(said, "ok")
    return redirect(url_for("gateways.account", account_id=account_id))
