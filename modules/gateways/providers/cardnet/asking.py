"""What opens a session of CardNET's page (reference 8.1). Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.records import plain
from modules.gateways.shapes import Attempt, Debt

CURRENCIES = {"DOP": "214", "USD": "840"}
ACQUIRER = "349"
# where nobody knows from where he pays
NOWHERE = "127.0.0.1"
# how much of our reference an order's number holds, and where the widths of the merchant's name end
ORDER, NAME, CITY = 20, 22, 13
# twelve digits of cents
MOST = Decimal(10) ** 10


def problem(access: Access, debt: Debt) -> str:
    """Why this debt cannot be collected, in words; "" where it can."""
    currency = access.currency if access.currency in CURRENCIES else "DOP"
    try:
        dues.check(debt, 3, currency)
    except BadDebt as error:
        return str(error)
    return "" if debt.amount < MOST else _("CardNET takes amounts of at most twelve digits.")


def session(access: Access, debt: Debt, attempt: Attempt) -> dict[str, str]:
    """The body of POST /sessions."""
    back, payer = attempt.return_url or access.return_url, attempt.payer
    street = plain(" ".join(payer.address.get(name, "") for name in ("street", "number"))).strip()
    return {
        "TransactionType": "0200", "CurrencyCode": CURRENCIES[debt.currency], "AcquiringInstitutionCode": ACQUIRER,
        "MerchantType": str(access.need("merchant_type")), "MerchantNumber": str(access.need("merchant_number")),
        "MerchantTerminal": str(access.need("merchant_terminal")),
        "MerchantTerminal_amex": str(access.get("merchant_terminal_amex")), "ReturnUrl": back, "CancelUrl": back,
        "PageLanguaje": "ESP", "OrdenId": order(attempt), "TransactionId": transaction(attempt),
        "Tax": cents(access, Decimal(str(debt.extra.get("tax") or 0))), "MerchantName": merchant(access),
        "AVS": street[:60], "Amount": cents(access, debt.amount), "Ipclient": payer.ip or NOWHERE,
        "3DS_email": payer.email, "3DS_mobilePhone": _digits(payer.phone), "3DS_workPhone": "", "3DS_homePhone": "",
        "3DS_billAddr_line1": street[:50], "3DS_billAddr_line2": "", "3DS_billAddr_line3": "",
        "3DS_billAddr_city": plain(payer.address.get("city", ""))[:50],
        "3DS_billAddr_state": plain(payer.address.get("region", ""))[:3], "3DS_billAddr_country": "DO",
        "3DS_billAddr_postCode": payer.address.get("postal_code", "")[:16]}


def order(attempt: Attempt) -> str:
    """Our reference; of a longer one the end, which is what tells it from others."""
    return attempt.reference[-ORDER:]


def transaction(attempt: Attempt) -> str:
    """Six digits, others for each try of a day: of the running number, or of the reference where there is none."""
    number = attempt.number or int(hashlib.sha256(attempt.reference.encode()).hexdigest()[:12], 16)
    return f"{number % 1_000_000:06d}"


def cents(access: Access, amount: Decimal) -> str:
    """1500.00 → 000000150000, or 150000 where the account is set so."""
    number = int(amount.scaleb(2))
    return f"{number}" if access.get("amount_format", "padded") == "plain" else f"{number:012d}"


def merchant(access: Access) -> str:
    """Forty characters: name 22, city 13, state 3, country 2, in capitals; a name that has them all stays."""
    given = plain(str(access.get("merchant_name") or access.issuer))
    if len(given) == 40:
        return given
    city = plain(str(access.get("merchant_city", "SANTO DOMINGO")))
    return f"{given[:NAME]:<{NAME}}{city[:CITY]:<{CITY}}   DO"


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)[-10:]


def opened_data(access: Access, debt: Debt, body: Mapping[str, str], now: str) -> dict[str, Any]:
    """What is kept of a session, to be compared with what is read of it."""
    return {"order": body["OrdenId"], "transaction": body["TransactionId"], "amount": f"{debt.amount:.2f}",
            "currency": debt.currency, "opened": now}
