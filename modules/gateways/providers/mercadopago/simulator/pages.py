"""The page of a link and of a ticket, with buttons in the payer's place (reference 1.11)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from core.i18n import _, format_amount
from core.simulators.pages import note, page
from modules.gateways.providers.mercadopago.simulator import orders, preferences
from modules.gateways.providers.mercadopago.simulator.catalog import NAMES
from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.payments import AT_COUNTERS, PENDING


def checkout(desk: Desk, preference: Mapping[str, Any]) -> str:
    """What a link asks for, and ways to pay it; what was paid of it already."""
    total = format_amount(preferences.total(preference), desk.country.currency)
    items = "".join(f"<tr><td>{escape(one['title'])}</td><td class='num'>"
                    f"{format_amount(one['unit_price'], one['currency_id'])}</td></tr>" for one in preference["items"])
    head = (f"<section><h1>{escape(_('Pay %(name)s', name=desk.account['nickname']))}</h1>"
            f'<p class="big">{escape(total)}</p><table>{items}</table></section>')
    if not preferences.is_open(desk, preference):
        ways = note(_("This link is over: it can no longer be paid."))
    else:
        ways = _card(desk, preference) + _tickets(desk, preference)
    return page(str(_("Mercado Pago (simulator)")), head, ways, _paid(desk, preference), _back(preference))


def _card(desk: Desk, preference: Mapping[str, Any]) -> str:
    most = (preference.get("payment_methods") or {}).get("installments") or 12
    names = "".join(f"<option value='{name}'>{name}: {escape(detail)}</option>"
                    for name, (_status, detail) in NAMES.items())
    counts = "".join(f"<option>{count}</option>" for count in (1, 3, 6, 12) if count <= most)
    methods = "".join(f"<option value='{one['id']}'>{escape(one['name'])}</option>"
                      for one in _offered(desk, preference) if one["payment_type_id"] not in AT_COUNTERS)
    if not methods:
        return ""
    return (f"<section><h2>{escape(_('Card or money in the account'))}</h2>"
            f'<form method="post" action="{_action(desk, preference)}">'
            f'<label for="method">{escape(_("Pay with"))}</label>'
            f'<select id="method" name="method">{methods}</select>'
            f'<label for="holder">{escape(_("Name on the card decides"))}</label>'
            f'<select id="holder" name="holder">{names}</select>'
            f'<label for="installments">{escape(_("Instalments"))}</label>'
            f'<select id="installments" name="installments">{counts}</select>'
            f'<button name="times" value="1">{escape(_("Pay"))}</button>'
            f'<button name="times" value="2">{escape(_("Pay twice"))}</button></form></section>')


def _tickets(desk: Desk, preference: Mapping[str, Any]) -> str:
    methods = "".join(f"<option value='{one['id']}'>{escape(one['name'])}</option>"
                      for one in _offered(desk, preference) if one["payment_type_id"] in AT_COUNTERS)
    if not methods:
        return ""
    return (f"<section><h2>{escape(_('Cash'))}</h2><form method='post' action='{_action(desk, preference)}'>"
            f"<label for='ticket'>{escape(_('Where'))}</label><select id='ticket' name='method'>{methods}</select>"
            f"<button>{escape(_('Make a ticket'))}</button></form></section>")


def _offered(desk: Desk, preference: Mapping[str, Any]) -> list[dict[str, Any]]:
    left_out = {one["id"] for one in (preference.get("payment_methods") or {}).get("excluded_payment_types") or []}
    return [one for one in desk.country.methods if one["payment_type_id"] not in left_out]


def _action(desk: Desk, preference: Mapping[str, Any]) -> str:
    return f"{escape(desk.base)}/checkout/{escape(preference['id'])}"


def _paid(desk: Desk, preference: Mapping[str, Any]) -> str:
    order = orders.of_preference(desk, preference["id"])
    if order is None:
        return ""
    rows = "".join(f"<tr><td class='num'><a href='{escape(desk.base)}/ticket/{one['id']}'>{one['id']}</a></td>"
                   f"<td>{escape(one['status'])} · {escape(one['status_detail'])}</td></tr>"
                   for one in order["payments"])
    return f"<section><h2>{escape(_('Payments of this link'))}</h2><table>{rows}</table></section>"


def _back(preference: Mapping[str, Any]) -> str:
    back = (preference.get("back_urls") or {}).get("success")
    return f"<p><a href='{escape(back)}'>{escape(_('Back to the seller'))}</a></p>" if back else ""


def ticket(desk: Desk, payment: Mapping[str, Any]) -> str:
    """A payment: digits of a ticket, and a button to pay it at the counter."""
    details = payment["transaction_details"]
    digits = (payment.get("barcode") or {}).get("content") or details.get("verification_code") or ""
    amount = format_amount(payment["transaction_amount"], payment["currency_id"])
    method = desk.country.method(payment["payment_method_id"]) or {"name": payment["payment_method_id"]}
    rows = [(_("Number"), str(payment["id"])), (_("State"), f"{payment['status']} · {payment['status_detail']}"),
            (_("Pay until"), str(payment["date_of_expiration"] or "-")[:16].replace("T", " "))]
    table = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    head = (f"<section><h1>{escape(method['name'])}</h1><p class='big'>{escape(amount)}</p>"
            f"<p><code>{escape(digits)}</code></p><table>{table}</table></section>")
    button = ""
    if payment["status"] in PENDING:
        button = (f"<section><form method='post' action='{escape(desk.base)}/ticket/{payment['id']}'>"
                  f"<button>{escape(_('Pay at the counter'))}</button></form></section>")
    return page(str(_("Ticket (simulator)")), head, button)


def return_address(preference: Mapping[str, Any], payment: Mapping[str, Any]) -> str:
    """Where the payer goes back to, with what the service appends; "" where he stays."""
    which = {"approved": "success", "rejected": "failure"}.get(payment["status"], "pending")
    back = (preference.get("back_urls") or {}).get(which)
    if not back or preference.get("auto_return") is None or (
            preference["auto_return"] == "approved" and payment["status"] != "approved"):
        return ""
    told = {"collection_id": payment["id"], "collection_status": payment["status"], "payment_id": payment["id"],
            "status": payment["status"], "external_reference": payment["external_reference"] or "null",
            "payment_type": payment["payment_type_id"], "merchant_order_id": payment["order"]["id"],
            "preference_id": preference["id"], "site_id": preference["site_id"]}
    return f"{back}{'&' if urlsplit(back).query else '?'}{urlencode(told)}"
