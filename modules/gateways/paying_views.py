"""What staff do about the ways in which a customer pays."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for

from core import jobs
from core.db import find
from core.errors import DomainError
from core.i18n import _
from core.security import require
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways import checkouts, links, paying_desk
from modules.gateways import jobs as own_jobs
from modules.gateways.blueprint import bp
from modules.gateways.models import Account
from modules.gateways.ways import Offers


@bp.post("/gateways/invoices/<int:invoice_id>/revoke-link")
@require("gateways.edit_ways")
def revoke_invoice_links(invoice_id: int) -> Any:
    """End the links of a document that were handed out, those on its paper too."""
    invoice = find(Invoice, invoice_id)
    links.revoke(invoice.customer, invoice)
    flash(_("The links that were handed out no longer open. The new one stands here."), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=invoice_id))


@bp.post("/gateways/invoices/<int:invoice_id>/open")
@require("gateways.edit_ways")
def open_way(invoice_id: int) -> Any:
    """Have a page or ticket opened for a document, or find the one that is open."""
    invoice = find(Invoice, invoice_id)
    account = find(Account, request.form.get("account", 0, type=int))
    if account not in Offers([invoice.customer_id]).to(invoice.customer_id):
        raise DomainError(_("This customer is not offered %(account)s. Change it on the tab “Ways to pay” of the "
                            "customer.", account=account.name))
    row = checkouts.request(account, invoice, request.form.get("method", "link")[:20])
    if row.state == "pending":
        jobs.enqueue(own_jobs.open_checkouts, checkout_ids=[row.id], key=f"gateways.open:{row.id}")
    flash(_("It is being opened and appears here in a moment."), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=invoice_id))


@bp.post("/gateways/customers/<int:customer_id>/revoke-link")
@require("gateways.edit_ways")
def revoke_customer_links(customer_id: int) -> Any:
    """End the links to all that a customer owes."""
    links.revoke(find(Customer, customer_id))
    flash(_("The links that were handed out no longer open. The new one stands here."), "ok")
    return redirect(url_for("crm.customer", customer_id=customer_id, tab="ways_to_pay"))


@bp.post("/gateways/customers/<int:customer_id>/ways/<int:account_id>")
@require("gateways.edit_ways")
def offer_way(customer_id: int, account_id: int) -> Any:
    """Offer a customer a gateway, or no longer."""
    offered = request.form.get("offered") == "1"
    paying_desk.offer(find(Customer, customer_id), find(Account, account_id), offered)
    flash(_("This way is offered again.") if offered else _("This way is no longer offered to this customer."), "ok")
    return redirect(url_for("crm.customer", customer_id=customer_id, tab="ways_to_pay"))
