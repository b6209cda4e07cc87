"""The network side of Pagoralia (reference 7.2). The token travels in the query: logs show only where that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import exact_json, http
from core.errors import Rejected, Unavailable
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.providers import values

NAME = "Pagoralia"
SECONDS = 30.0


def host_of(access: Access) -> str:
    """The merchant's own host; in rehearsal the simulator tells merchants apart by the path."""
    abrev = str(access.need("abrev"))
    return f"{access.address.rstrip('/')}/{abrev}" if access.address else f"https://{abrev}.pagoralia.com"


class Pagoralia:
    """The calls on behalf of a merchant."""

    def __init__(self, access: Access) -> None:
        self._access, self._token = access, str(access.need("token"))

    def page(self, customer: str) -> str:
        """The permanent page of a customer, "" where there is none."""
        found = self._get("/api/linkmikro", customer)
        return values.text(values.mapping(found).get("redirect"))

    def receipts(self, customer: str) -> list[Mapping[str, Any]]:
        """The receipts of a customer."""
        found = self._get("/api/listadocliente", customer)
        if not isinstance(found, list):
            raise _unread()
        return values.objects(found)

    def order(self, body: Mapping[str, Any]) -> str:
        """Make a receipt, the only one of its number; where it is paid, "" where no address of orders is known.

        The same again gives the same.
        """
        access = self._access
        address = f"{access.address.rstrip('/')}/order" if access.address else str(access.get("order_url"))
        if not address:
            return ""
        client = http.Client(NAME, address, read_seconds=SECONDS, explain=_explain)
        answer = client.post("", data=exact_json.as_json(body).encode(), repeatable=True, headers={
            "Content-Type": "application/json", "Authorization": f"Bearer {self._token}"})
        found = values.mapping(_read(answer))
        if found.get("error"):
            raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=values.text(found["error"])[:300] or "-"),
                           code="error")
        return values.text(values.mapping(found.get("data")).get("redirect_url"))

    def _get(self, path: str, customer: str) -> Any:
        client = http.Client(NAME, host_of(self._access), read_seconds=SECONDS, explain=_explain, hides_path=True)
        return _read(client.get(path, params={"token": self._token, "cliente": customer}))


def _read(answer: http.Answer) -> Any:
    try:
        return exact_json.read(answer.content)
    except ValueError:
        raise _unread() from None


def _unread() -> Unavailable:
    return Unavailable(_("%(name)s answered something that cannot be read.", name=NAME))


def _explain(answer: http.Answer) -> tuple[str, str]:
    """HTTP status and its words."""
    try:
        body = values.mapping(exact_json.read(answer.content))
    except ValueError:
        return str(answer.status), answer.text.strip()[:300]
    return str(answer.status), values.text(body.get("message") or body.get("error"))[:300]
