"""ComboPay as the screens know it: settings, what staff do in its panel, the test of the keys."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import Access, Setting
from modules.gateways.ports import Provider
from modules.gateways.providers.combopay.client import ComboPay, forget

# the merchant that the simulator has from its start
REHEARSAL = {"token": "token-de-prueba-combopay-0123456789"}


def _host(value: Any) -> str:
    good = re.fullmatch(r"https://[a-z0-9.-]+\.combopay\.co/?", str(value))
    return "" if good else str(_("This is an address of ComboPay, like https://api-gateway.combopay.co."))


def _email(value: Any) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)) else str(_("This is no e-mail address."))


def test(access: Access) -> str:
    """Ask for the banks of PSE: that proves token, or user and password."""
    forget()
    return _("ComboPay lets us in; it knows %(count)s banks.", count=ComboPay(access).banks())


PROVIDER = Provider(
    "combopay", lazy("ComboPay"), ("CO",), (
        Setting("token", lazy("Token of the API"), "secret", required=False,
                help=lazy("From ComboPay's panel, under Perfil, Claves API. Older accounts have the four below "
                          "instead.")),
        Setting("username", lazy("User"), required=False),
        Setting("password", lazy("Password"), "secret", required=False),
        Setting("client_id", lazy("Client ID"), required=False),
        Setting("client_secret", lazy("Client secret"), "secret", required=False),
        Setting("host", lazy("Address of the API"), required=False, check=_host,
                help=lazy("Empty: the newer one. Older accounts use https://api.combopay.co.")),
        Setting("payer_email", lazy("E-mail for customers who have none"), required=False, check=_email),
    ),
    guide=(
        lazy("In ComboPay's panel open “Perfil”, “Claves API”, and copy the token. The address of the notices needs "
             "not be entered there: each link carries it."),
        lazy("Every customer who shall pay this way needs a document (CC, NIT, CE or passport) and an e-mail."),
        lazy("Ask ComboPay for its fee by way to pay and when it pays out: it does not tell either by itself. Enter "
             "the fee as this account's rule."),
        lazy("Invoices in whole pesos only: ComboPay takes no cents."),
    ),
    currencies=("COP",), method="ComboPay", test=test, watched_days=30, extra={"rehearsal": {"CO": REHEARSAL}})
