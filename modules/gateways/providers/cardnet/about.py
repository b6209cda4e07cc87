"""CardNET as the screens know it: settings, what to ask for, the test of a session."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from core import clock
from core.i18n import _, lazy
from modules.gateways.access import Access, Setting
from modules.gateways.ports import Provider
from modules.gateways.providers.cardnet import asking
from modules.gateways.providers.cardnet.client import CardNET
from modules.gateways.providers.cardnet.words import codes
from modules.gateways.shapes import Attempt, Debt, Due

# the merchant that CardNET gives for tests; the simulator has it from its start
TEST_MERCHANT = {"merchant_number": "349000000", "merchant_terminal": "58585858", "merchant_type": "7997",
                 "merchant_terminal_amex": "00000001", "merchant_name": "FIBRA DEL ESTE"}


def _number(most: int) -> Any:
    def check(value: Any) -> str:
        good = re.fullmatch(rf"[0-9]{{1,{most}}}", str(value))
        return "" if good else _("This is a number of at most %(most)s digits.", most=most)
    return check


def _host(value: Any) -> str:
    good = re.fullmatch(r"https://[a-z0-9.-]+\.cardnet\.com\.do/?", str(value))
    return "" if good else str(_("This is an address of CardNET, like https://ecommerce.cardnet.com.do."))


def test(access: Access) -> str:
    """Open a session over one cent that nobody will pay. CardNET looks at the merchant only when somebody pays."""
    now, currency = clock.now(), access.currency if access.currency in asking.CURRENCIES else "DOP"
    debt = Debt("0", "Prueba", "0", "Prueba", currency, (Due(now.date(), Decimal("0.01")),))
    attempt = Attempt(f"PRUEBA-{now:%H%M%S}", "test", now + dt.timedelta(minutes=5), number=int(now.timestamp()))
    CardNET(access).open_session(asking.session(access, debt, attempt))
    return _("CardNET opens sessions. It does not look at merchant and terminal before somebody pays: make a payment "
             "of a few pesos before you use it.")


PROVIDER = Provider(
    "cardnet", lazy("CardNET"), ("DO",), (
        Setting("merchant_number", lazy("Merchant number"), check=_number(15)),
        Setting("merchant_terminal", lazy("Terminal"), check=_number(12)),
        Setting("merchant_terminal_amex", lazy("Terminal for American Express"), required=False, check=_number(12)),
        Setting("merchant_type", lazy("Kind of merchant"), check=_number(4), help=lazy("Four digits (MCC).")),
        Setting("merchant_name", lazy("Name on the card's statement"), required=False,
                help=lazy("Empty: the company's. Capitals without accents; 22 characters.")),
        Setting("merchant_city", lazy("City on the card's statement"), required=False),
        Setting("amount_format", lazy("Amounts"), "choice", default="padded", choices={
            "padded": lazy("twelve digits, zeros before"), "plain": lazy("digits alone")},
            help=lazy("As the manual says: twelve digits. Only change it where CardNET tells you to.")),
        Setting("host", lazy("Address of the service"), required=False, check=_host),
        Setting("private_key", lazy("Private key of the token service"), "secret", required=False,
                help=lazy("Only where CardNET also charges stored cards for you.")),
    ),
    guide=(
        lazy("Ask CardNET for the affiliation “botón de pago, POST + 3DS”: merchant number, terminals and kind "
             "of merchant, for tests and for production."),
        lazy("CardNET does not prove these numbers when a page is opened: codes 03, 58 or 89 of a payment say that "
             "they are wrong, and wait for you in the inbox."),
        lazy("There are no refunds from here: give money back in CardNET's portal, then take the payment back here."),
        lazy("Merchants are closed automatically at 19:00: the day of a reconciliation goes from 19:00 to 19:00."),
        lazy("Ask for the fee and the days until the money is in the bank account, and enter the fee as this account's "
             "rule."),
    ),
    currencies=("DOP", "USD"), method="CardNET", test=test,
    extra={"reasons": {code: one.sentence for code, one in codes().items()}, "rehearsal": {"DO": TEST_MERCHANT}})
