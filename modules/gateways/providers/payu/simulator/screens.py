"""PayU's pages with buttons in the payer's place (reference 1.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.i18n import _, format_amount
from core.simulators import pages
from modules.gateways.providers.payu.simulator import rules


def pay_page(order: Mapping[str, Any], account: Mapping[str, Any], base: str) -> str:
    """What a form asks for, and ways to pay it."""
    action = f"{base}/order/{order['id']}"
    answers = [("APPROVED", _("approved")), *((code, code) for code in rules.DECLINES)]
    counters = [(code, code) for code, (least, most) in rules.COUNTERS.items() if least <= order["amount"] <= most]
    return pages.page(
        str(_("PayU (simulator)")), _head(order),
        pages.form(action, _("Card"), _("Pay"), {"way": "card"}, {"answer": (_("What the bank says"), answers)}),
        pages.form(action, _("Bank transfer (PSE)"), _("Pay at the bank"), {"way": "pse"}),
        pages.form(action, _("Cash"), _("Make a receipt"), {}, {"way": (_("Where"), counters)}) if counters else "",
        pages.form(action, _("Leave"), _("Do not pay"), {"way": "leave"}))


def receipt_page(order: Mapping[str, Any], one: Mapping[str, Any], base: str) -> str:
    """A cash receipt, with a button to pay it at the counter."""
    vid = str(one["extraParameters"].get("URL_PAYMENT_RECEIPT_HTML", "")).rpartition("vid=")[2]
    button = "" if one["state"] not in ("PENDING", "EXPIRED") else pages.form(
        f"{base}/receipt?vid={vid}", one["paymentMethod"], _("Pay at the counter"))
    return pages.page(str(_("PayU (simulator)")), _head(order, (_("State"), one["state"])), button)


def paid_page(order: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """Where there is no way back to the seller."""
    return pages.page(str(_("PayU (simulator)")), _head(order, (_("State"), f"{one['state']} · {one['code']}")))


def _head(order: Mapping[str, Any], *rows: tuple[Any, Any]) -> str:
    return pages.head(order["description"], format_amount(order["amount"], order["currency"]),
                      (_("Number"), order["id"]), (_("Reference"), order["referenceCode"]), *rows)
