"""Plugs Facilito in, and networks that ask in the same way."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways import ports
from modules.gateways.access import Setting
from modules.gateways.layout_files import LayoutDebts, LayoutPayments
from modules.gateways.providers.facilito import mapping, signing
from modules.gateways.providers.facilito.pull import Counters


def bad_hour(value: Any) -> str:
    try:
        dt.time.fromisoformat(str(value))
    except ValueError:
        return _("An hour of the day, like 17:30.")
    return ""


def bad_addresses(value: Any) -> str:
    try:
        signing.networks(value)
    except ValueError as error:
        return _("Addresses like 192.0.2.10 or networks like 192.0.2.0/24, one per line (%(reason)s).",
                 reason=str(error))
    return ""


def bad_network(value: Any) -> str:
    return "" if re.fullmatch(r"[a-z0-9_-]{2,30}", str(value)) else _(
        "Small letters, digits, - and _; it stands in the addresses that the network calls.")


def bad_secret(value: Any) -> str:
    return "" if len(str(value)) >= 16 else _("At least 16 signs.")


ports.providers.register("facilito", ports.Provider("facilito", lazy("Facilito"), ("EC",), (
    Setting("network", lazy("Name of the network in our addresses"), default="facilito", check=bad_network,
            help=lazy("facilito; puntoagil for Punto Ágil.")),
    Setting("secret", lazy("Secret that both sides know"), "secret", check=bad_secret,
            help=lazy("The token of its requests, or the key of its signatures.")),
    Setting("token", lazy("Token of its requests, where it is another one"), "secret", required=False,
            check=bad_secret),
    Setting("key_id", lazy("Key id, for networks that sign their requests"), required=False),
    Setting("allowed_addresses", lazy("Addresses that the network asks from"), "list", required=False,
            check=bad_addresses, help=lazy("One per line. Empty: from anywhere.")),
    Setting("look_up", lazy("What the payer says at the counter"), "choice", required=False, choices={
        "": lazy("The customer's code or his document"), "code": lazy("The customer's code"),
        "document": lazy("Cédula or RUC")}),
    Setting("reversal_until", lazy("Payments can be reversed until"), required=False, check=bad_hour,
            help=lazy("On their own day. Empty: until midnight.")),
    Setting("partial_allowed", lazy("Offices may take a part"), "flag", required=False),
    Setting("codes", lazy("The network's codes"), "list", required=False, check=mapping.bad_table,
            help=lazy("Facilito did not publish its codes. One per line, like unknown_customer=101; ours are used for "
                      "the others.")),
), (
    lazy("Ask Facilito which web service it calls, its codes, and from which addresses it asks."),
    lazy("Give it the addresses of the four routes and the token."),
    lazy("Ask at which hour of the day reversals and the day's file end."),
    lazy("Let an office ask for a debt of a test customer, pay a cent and reverse it."),
), ("USD",), "facilito", confirmed=False,
    counter=lambda access, debt: (debt.customer, _("Say this code at any counter of %(network)s.", network=str(
        access.get("network", "facilito")).replace("facilito", "Facilito"))),
    extra={"rehearsal": {"EC": {"secret": "secreto-de-prueba-facilito"}}}))
ports.pulls.register("facilito", Counters())
ports.payment_files.register("facilito", LayoutPayments(lambda access: mapping.layout("facilito_conciliacion")))
ports.debt_files.register("facilito", LayoutDebts(lambda access: mapping.layout("facilito_deudas"),
                                                  mapping.file_name))
