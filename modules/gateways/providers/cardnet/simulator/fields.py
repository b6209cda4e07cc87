"""What a session must say (reference 8.1): lengths and forms. The merchant is not looked at here. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# field -> the form it must have
FORMS = {
    "TransactionType": r"0?200", "CurrencyCode": r"214|840", "AcquiringInstitutionCode": r"[0-9]{3}",
    "MerchantType": r"[0-9]{1,4}", "MerchantNumber": r"[0-9]{1,15}", "MerchantTerminal": r"[0-9]{1,12}",
    "Amount": r"[0-9]{1,12}", "Tax": r"[0-9]{1,12}", "OrdenId": r".{1,20}", "TransactionId": r"[0-9]{6}",
    "ReturnUrl": r"https?://.+", "CancelUrl": r"https?://.+", "PageLanguaje": r"ESP|ENG", "MerchantName": r".{1,40}",
}


def problem(given: Mapping[str, Any]) -> str:
    """What is wrong with a session, "" where nothing is."""
    for name, form in FORMS.items():
        if not re.fullmatch(form, str(given.get(name) or "")):
            return f"invalid field {name}"
    return "invalid field Amount" if int(given["Amount"]) == 0 else ""
