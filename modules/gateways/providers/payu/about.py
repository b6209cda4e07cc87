"""PayU as the screens know it: settings, what staff do in its panel, the test of the keys."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import Access, Setting
from modules.gateways.ports import Provider
from modules.gateways.providers.payu import signing
from modules.gateways.providers.payu.client import PayU
from modules.gateways.providers.payu.words import answers

# the account that PayU prints in its manual; the simulator has it from its start
PUBLIC_ACCOUNT = {"merchant_id": "508029", "account_id": "512321", "api_key": "4Vj8eK4rloUd272L48hsrarnUA",
                  "api_login": "pRRXKOl8ikMmt9u", "algorithm": "sha256"}


def _number(most: int) -> Any:
    def check(value: Any) -> str:
        good = re.fullmatch(rf"[0-9]{{1,{most}}}", str(value))
        return "" if good else _("This is a number of at most %(most)s digits.", most=most)
    return check


def _email(value: Any) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)) else str(_("This is no e-mail address."))


def test(access: Access) -> str:
    """Ask whether the keys are good. That merchant and account number are right only a payment shows."""
    for name in ("merchant_id", "account_id"):
        access.need(name)
    PayU(access).ping()
    return _("PayU knows these keys. Whether the merchant and account numbers are right shows with the first payment: "
             "open a page and look whether PayU takes its signature.")


PROVIDER = Provider(
    "payu", lazy("PayU"), ("CO",), (
        Setting("merchant_id", lazy("Merchant ID"), check=_number(12)),
        Setting("account_id", lazy("Account ID"), check=_number(6),
                help=lazy("Six digits; an account belongs to one country.")),
        Setting("api_key", lazy("API Key"), "secret", help=lazy("It signs every page: keep it as a password.")),
        Setting("api_login", lazy("API Login"), "secret"),
        Setting("algorithm", lazy("Algorithm of signatures"), "choice", choices=signing.TITLES, default="sha256",
                help=lazy("As the account has it in PayU's panel: notices signed in another way are refused.")),
        Setting("payer_email", lazy("E-mail for customers who have none"), required=False, check=_email),
    ),
    guide=(
        lazy("In PayU's panel open “Configuración”, “Configuración técnica”: there are API Key, API Login and Merchant "
             "ID; under “Cuentas” the Account ID of Colombia."),
        lazy("Enter the addresses shown here as confirmation page and response page, and choose the same algorithm "
             "of signatures here and there. The server needs a valid RSA certificate."),
        lazy("Ask PayU which ways to pay are switched on (cards, PSE, Efecty, SuRed, banks), and for the fee of each "
             "and the days until the money can be withdrawn."),
        lazy("Ask that disputes are told by e-mail: there are two working days to answer one."),
    ),
    currencies=("COP",), method="PayU", test=test, watched_days=180,
    extra={"reasons": {code: one.sentence for code, one in answers().items()}, "rehearsal": {"CO": PUBLIC_ACCOUNT}})
