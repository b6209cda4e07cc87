"""Pagoralia as the screens know it: settings, what to ask for, the test of the token."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import Access, Setting
from modules.gateways.errors import BadSetting
from modules.gateways.ports import Provider
from modules.gateways.providers.pagoralia import mapping
from modules.gateways.providers.pagoralia.client import Pagoralia

# the merchant that the simulator has from its start
REHEARSAL = {"abrev": "isp", "token": "token-de-prueba-pagoralia", "order_url": "https://isp.pagoralia.com/order"}


def _abrev(value: Any) -> str:
    good = re.fullmatch(r"[a-z0-9-]{1,40}", str(value))
    return "" if good else str(_("The abbreviation is the first part of your address at pagoralia.com."))


def _order_url(value: Any) -> str:
    good = re.fullmatch(r"https://[a-z0-9.-]*pagoralia\.com/.*", str(value))
    return "" if good else str(_("This is an address of Pagoralia that begins with https://."))


def _map(value: Any) -> str:
    try:
        mapping.fields(Access("pagoralia", {"notice_map": value}))
    except BadSetting as error:
        return str(error)
    return ""


def test(access: Access) -> str:
    """Ask for the page of a customer of the test: that proves abbreviation and token."""
    mapping.fields(access)
    page = Pagoralia(access).page(str(access.get("test_customer", "1")))
    return _("Pagoralia lets us in; the customer of the test has a page.") if page else _(
        "Pagoralia lets us in; the customer of the test has no page yet.")


PROVIDER = Provider(
    "pagoralia", lazy("Pagoralia"), ("MX",), (
        Setting("abrev", lazy("Merchant abbreviation"), check=_abrev, help=lazy("“isp” of isp.pagoralia.com.")),
        Setting("token", lazy("Token"), "secret"),
        Setting("order_url", lazy("Address of orders"), required=False, check=_order_url,
                help=lazy("Pagoralia gives it: there each invoice becomes a receipt. Without it only the customer's "
                          "own page is shown, and payments are known by notices alone.")),
        Setting("notice_map", lazy("Fields of its notices"), "list", required=False, check=_map, help=lazy(
            "One per line, where they differ: invoice=invoice, customer=cliente, amount=monto, currency=moneda, "
            "state=estado, id=id, date=fecha; paid=paid,pagado,approved are its words for paid. Compare with a real "
            "notice in the inbox.")),
        Setting("test_customer", lazy("A customer for the test"), required=False, default="1"),
    ),
    guide=(
        lazy("Ask Pagoralia for Merchant Abrev, Token and the address of orders."),
        lazy("Tell them the address of the notices that is shown here, for your merchant."),
        lazy("Pagoralia does not publish what its notices look like: after the first payment open it under Payments of "
             "gateways, Notices, and correct the fields here. Until then payments are found by asking."),
        lazy("Ask for the fee and the days until it pays out, and enter the fee as this account's rule."),
    ),
    currencies=("MXN",), method="Pagoralia", test=test, confirmed=False, watched_days=60,
    extra={"rehearsal": {"MX": REHEARSAL}})
