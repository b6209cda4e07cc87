"""The network side of PayU (reference 1.6 to 1.8): two services that take commands as JSON.

HTTP says 200 whatever happened; `code` tells. Reports may be asked for again; an order that was handed in may not, its
reference tells later whether it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import exact_json, http
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.gateways.access import PRODUCTION, Access
from modules.gateways.providers import values

NAME = "PayU"
SECONDS = 60.0
REPORTS, PAYMENTS = "/reports-api/4.0/service.cgi", "/payments-api/4.0/service.cgi"
FORM = "/ppp-web-gateway-payu/"
HOSTS = {True: "https://api.payulatam.com", False: "https://sandbox.api.payulatam.com"}
FORM_HOSTS = {True: "https://checkout.payulatam.com", False: "https://sandbox.checkout.payulatam.com"}


def is_test(access: Access) -> bool:
    """Whether the account takes test payments only; by its environment, or as a command's file says."""
    said = access.get("test", None)
    return access.environment != PRODUCTION if said is None else str(said).lower() in ("true", "1", "on")


def form_address(access: Access) -> str:
    """Where the payer's browser posts a form."""
    return f"{(access.address or FORM_HOSTS[access.environment == PRODUCTION]).rstrip('/')}{FORM}"


class PayU:
    """The API on behalf of an account."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._address = (access.address or HOSTS[access.environment == PRODUCTION]).rstrip("/")

    def ping(self) -> None:
        """Whether the keys are good."""
        self._ask(REPORTS, "PING", {}, again=True)

    def orders(self, reference: str) -> list[Mapping[str, Any]]:
        """The orders of a reference of ours; [] where there is none."""
        found = self._report("ORDER_DETAIL_BY_REFERENCE_CODE", {"referenceCode": reference})
        listed = found if isinstance(found, list) else [found]
        return [one for one in values.objects(listed) if one.get("referenceCode") == reference]

    def order(self, number: int) -> Mapping[str, Any] | None:
        """An order by its number; None where there is none."""
        found = self._report("ORDER_DETAIL", {"orderId": number})
        return found if isinstance(found, Mapping) else None

    def submit(self, transaction: Mapping[str, Any]) -> Mapping[str, Any]:
        """Hand in a transaction; what PayU answers of it. Unknown where it may have come."""
        found = self._ask(PAYMENTS, "SUBMIT_TRANSACTION", {"transaction": transaction}, again=False)
        answer = found.get("transactionResponse")
        if not isinstance(answer, Mapping):
            raise _unread(False)
        return answer

    # --- calling -------------------------------------------------------------------------------------

    def _report(self, command: str, details: Mapping[str, Any]) -> Any:
        """The payload of a report; None where PayU has nothing."""
        result = self._ask(REPORTS, command, {"details": details}, again=True).get("result")
        return result.get("payload") if isinstance(result, Mapping) else None

    def _ask(self, path: str, command: str, body: Mapping[str, Any], again: bool) -> Mapping[str, Any]:
        access = self._access
        sent = {"test": is_test(access), "language": "es", "command": command,
                "merchant": {"apiLogin": str(access.need("api_login")), "apiKey": str(access.need("api_key"))}, **body}
        client = http.Client(NAME, self._address, read_seconds=SECONDS)
        # as bytes: logs show only how many, and the keys are in there
        answer = client.post(path, data=exact_json.as_json(sent).encode(), repeatable=again,
                             headers={"Content-Type": "application/json", "Accept": "application/json"})
        try:
            found = exact_json.read(answer.content)
        except ValueError:
            raise _unread(again) from None
        if not isinstance(found, Mapping) or found.get("code") not in ("SUCCESS", "ERROR"):
            raise _unread(again)
        if found["code"] == "ERROR":
            words = values.text(found.get("error"))[:300]
            raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=words or "-"), code="ERROR")
        return found


def _unread(again: bool) -> Exception:
    text = _("%(name)s answered something that cannot be read.", name=NAME)
    return Unavailable(text) if again else Unknown(text)
