"""The pages of the payer: no password, a signed address; and where gateways send him back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Response, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError

from core import clock, jobs, web
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _, use_locale
from core.scope import company_scope, current_company, every_company
from core.security import csrf, limiter, public
from modules.accounting.models import Invoice
from modules.accounting.ports import payer_actions
from modules.crm.models import Customer
from modules.gateways import accounts, checkouts, links, payer_page, pictures, ports, ways
from modules.gateways import jobs as own_jobs
from modules.gateways.blueprint import bp
from modules.gateways.links import Link
from modules.gateways.models import Account, Checkout

# what a payer with a bad line does, and not what guesses addresses or fills gateways with pages
LARGEST_FORM = 12 * 2**20
LOOKS, OPENINGS = "90 per minute", "12 per minute"


@contextmanager
def _at(token: str) -> Iterator[tuple[Link, Customer, Invoice | None]]:
    """In the scope of the link's company and in the customer's language."""
    link = links.read(token)
    with company_scope(link.company_id):
        customer, invoice = links.subject(link)
        with use_locale(customer.language or current_company().locale):
            yield link, customer, invoice


def pay(token: str) -> Any:
    """What is owed, and the ways to pay it; by POST one of them is opened, and found again where it is open."""
    with _at(token) as (link, customer, invoice):
        if not links.lives(link):
            return _private(render_template("gateways/pay_over.html", company=current_company()), 410)
        count = request.values.get("count", type=int)
        if request.method == "POST":
            return _open(token, link, customer, invoice, count)
        page = payer_page.build(customer, invoice, None if invoice else count)
        return _private(render_template("gateways/pay.html", page=page, token=token, invoice=invoice, said="",
                                        parts=_parts(token, customer, invoice), refusal="",
                                        problem=request.args.get("problem"), today=clock.today))


def _parts(token: str, customer: Customer, invoice: Invoice | None) -> list[Any]:
    """What else the payer can do here."""
    return [found for code, action in payer_actions.items() if (found := action.part(
        customer, invoice, url_for("gateways.pay_act", token=token, code=code)))]


def pay_act(token: str, code: str) -> Any:
    """Something beside paying: by POST it is done; programs ask with `Accept: application/json`."""
    request.max_content_length = LARGEST_FORM
    with _at(token) as (link, customer, invoice):
        action, wants_json = payer_actions.find(code), request.accept_mimetypes.best == "application/json"
        if action is None:
            raise NotFound(_("This payment link is not valid. Open it exactly as it was sent to you."))
        if not links.lives(link):
            return _private(render_template("gateways/pay_over.html", company=current_company()), 410)
        if request.method == "GET":
            return _private(jsonify(action.offered(customer, invoice)))
        said, refusal = "", ""
        values: Mapping[str, Any] = {}
        try:
            files = {name: one.read() for name, one in request.files.items()}
            said, values = action.act(customer, invoice, request.form, files, "api" if wants_json else "pay_page")
            db.session.commit()
        except DomainError as error:
            db.session.rollback()
            customer, invoice = links.subject(link)
            refusal = error.message
        if wants_json:
            return _private(jsonify(done=not refusal, words=said or refusal, **values), 409 if refusal else 200)
        page = payer_page.build(customer, invoice)
        return _private(render_template("gateways/pay.html", page=page, token=token, invoice=invoice, said=said,
                                        parts=_parts(token, customer, invoice), refusal=refusal, problem=None,
                                        today=clock.today), 409 if refusal else 200)


def _open(token: str, link: Link, customer: Customer, invoice: Invoice | None, count: int | None) -> Any:
    """Ask for a page or ticket; a second click finds the first. A job opens it, and the payer waits on a page."""
    documents = [invoice] if invoice else payer_page.chosen_of(payer_page.open_documents(customer), count)
    account = db.session.get(Account, request.form.get("account", 0, type=int))
    offered = ways.Offers([customer.id])
    if account is None or account.id not in {one.id for one in offered.to(customer.id)} or not documents:
        return redirect(url_for("gateways.pay", token=token, problem=1), 303)
    fits = links.leads_to(link, customer.id, documents[0].id if len(documents) == 1 else None)
    try:
        row = checkouts.request_for(account, documents, request.form.get("method", ways.LINK)[:20],
                                    request.remote_addr or "", token if fits else "")
    except DomainError:
        return redirect(url_for("gateways.pay", token=token, problem=1, count=count), 303)
    if row.state == "pending":
        jobs.enqueue(own_jobs.open_checkouts, checkout_ids=[row.id], key=f"gateways.open:{row.id}")
    return redirect(url_for("gateways.pay_here", token=token, reference=row.reference), 303)


def pay_here(token: str, reference: str) -> Any:
    """One page or ticket: being opened, ready to go to, waiting for the gateway's word, paid, over."""
    with _at(token) as (link, customer, invoice):
        row = _checkout(customer, invoice, reference)
        if not links.lives(link):
            return _private(render_template("gateways/pay_over.html", company=current_company()), 410)
        if request.args.get("state"):
            return _private(jsonify(state=row.state))
        opened = checkouts.opened_of(row)
        if row.state == "open" and opened.form:
            web.allow_form(row.url)
        return _private(render_template(
            "gateways/pay_here.html", row=row, token=token, company=current_company(), back=request.args.get("back"),
            form=opened.form, ticket=payer_page.ticket_slip(row) if row.state == "open" else None,
            name=payer_page.words_of(row.account, row.method),
            gateway=ports.providers.get(row.account.provider).title))


def _checkout(customer: Customer, invoice: Invoice | None, reference: str) -> Checkout:
    row = db.session.scalar(sa.select(Checkout).where(Checkout.reference == reference,
                                                      Checkout.customer_id == customer.id))
    if row is None or (invoice is not None and row.invoice_id != invoice.id):
        raise NotFound(_("This payment link is not valid. Open it exactly as it was sent to you."))
    return row


def back(token: str, link: str = "") -> Any:
    """Where gateways send payers back to: nothing they say is believed; the payment is asked for, and told soon.

    `link` is the payer's own, which is judged as anywhere: who has none that lives is thanked, and gets none.
    """
    with every_company():
        account = accounts.find_by_return_token(token)
    if account is None:
        raise NotFound(_("This payment link is not valid. Open it exactly as it was sent to you."))
    with company_scope(account.company_id):
        names = sorted({value[:120] for value in request.values.values() if value})[:40]
        row = db.session.scalar(sa.select(Checkout).where(Checkout.account_id == account.id, sa.or_(
            Checkout.reference.in_(names), Checkout.provider_ref.in_(names))).limit(1)) if names else None
        if row is not None:
            _ask_soon(row)
        if row is None or not _opens(link, row):
            return _private(render_template("gateways/pay_thanks.html", company=current_company()))
        return redirect(url_for("gateways.pay_here", token=link, reference=row.reference, back=1), 303)


def back_by_link(token: str, link: str) -> Any:
    """As `back`, with the link by which the payer came."""
    return back(token, link)


def _opens(signed: str, row: Checkout) -> bool:
    """Whether this link lives, and shows this page."""
    try:
        link = links.read(signed)
    except NotFound:
        return False
    return (link.company_id == row.company_id and links.leads_to(link, row.customer_id, row.invoice_id)
            and links.lives(link))


def _ask_soon(row: Checkout) -> None:
    """Have the gateway asked about it; where the books are busy in this moment, its turn comes by itself."""
    if row.state == "paid" or row.account.provider not in ports.polls:
        return
    checkout_id, polls = row.id, row.polls
    try:
        jobs.enqueue(own_jobs.ask_checkouts, checkout_ids=[checkout_id], key=f"gateways.back:{checkout_id}:{polls}")
        db.session.commit()  # also where the gateway sends the payer by GET
    except OperationalError:
        db.session.rollback()


def _private(body: Any, status: int = 200) -> Response:
    """For nobody's index, and not told to the sites that the payer goes to."""
    response = make_response(body, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.app_template_global("payment_bars")
def payment_bars(value: str, symbology: str) -> str:
    """Bars as a picture."""
    return pictures.bars(value, symbology)


@bp.record_once
def _add_pages(state: Any) -> None:
    """Short, and outside the staff's part. The signed address is what a form's token would be: no cookie is needed."""
    for path, view, methods, limits in (
            ("/pay/<token>", pay, ["GET", "POST"], (LOOKS, OPENINGS)),
            ("/pay/<token>/do/<code>", pay_act, ["GET", "POST"], (LOOKS, OPENINGS)),
            ("/pay/<token>/<reference>", pay_here, ["GET"], (LOOKS, "")),
            ("/gateways/<token>/back", back, ["GET", "POST"], (LOOKS, "")),
            ("/gateways/<token>/back/<link>", back_by_link, ["GET", "POST"], (LOOKS, ""))):
        guarded = limiter.limit(limits[0])(public(view))
        if limits[1]:
            guarded = limiter.limit(limits[1], methods=["POST"])(guarded)
        state.app.add_url_rule(path, f"gateways.{view.__name__}", csrf.exempt(public(guarded)), methods=methods)

