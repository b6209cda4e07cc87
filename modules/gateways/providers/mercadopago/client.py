"""The network side of Mercado Pago (reference 1.1–1.5, 1.8): JSON, bearer token, one idempotency key per deed.

A call ends as its value, or as Rejected (AccessRefused where the token itself is refused), Unavailable with the
seconds that the service asks for, or Unknown.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from core import http
from core.errors import Rejected, Unavailable, Unknown
from core.exact_json import as_json, read
from core.i18n import _
from modules.gateways.access import Access

NAME = "Mercado Pago"
ADDRESS = "https://api.mercadopago.com"
SECONDS = 30.0
# how long the account's ways to pay are believed
METHODS_SECONDS = 86_400.0
NOT_FOUND, TAKEN, LOCKED = "404", "409", "423"

_lock = threading.Lock()
_methods: dict[tuple[str, str], tuple[float, list[dict[str, Any]]]] = {}


class AccessRefused(Rejected):
    """The access token is not accepted: nothing of this account works until it is mended."""


def forget() -> None:
    """Forget the ways to pay that accounts have, as after a change of an account."""
    with _lock:
        _methods.clear()


def key_of(text: str) -> str:
    """An idempotency key (they want a uuid) that is the same for the same text."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"abona:mercadopago:{text}"))


def status_of(error: Rejected) -> str:
    """The HTTP status of a refusal."""
    return error.code.partition(":")[0]


def explain(answer: http.Answer) -> tuple[str, str]:
    """("400:4292", its words) of an error: the HTTP status and the service's own code of the cause.

    Without a colon where it is not the service that speaks, but something in between.
    """
    status = str(answer.status)
    try:
        body = read(answer.content)
    except ValueError:
        return status, answer.text.strip()[:300]
    if not isinstance(body, Mapping):
        return status, answer.text.strip()[:300]
    causes = body.get("cause")
    first = next((one for one in causes if isinstance(one, Mapping)), {}) if isinstance(causes, list) else {}
    code, words = first.get("code") or body.get("error"), first.get("description")
    told = [str(one) for one in (body.get("message"), words) if one]
    return f"{status}:{code or ''}", ": ".join(dict.fromkeys(told))


class MercadoPago:
    """The API on behalf of an account."""

    def __init__(self, access: Access) -> None:
        self._token = str(access.need("access_token", _("access token")))
        self._address = (access.address or ADDRESS).rstrip("/")

    # --- who and what ------------------------------------------------------------------------------------

    def me(self) -> dict[str, Any]:
        """The account that the token belongs to."""
        return _object(self._read("/users/me"), True)

    def methods(self) -> list[dict[str, Any]]:
        """The ways to pay that this account really has; believed for a day."""
        key = (self._address, self._token)
        with _lock:
            until, found = _methods.get(key, (0.0, []))
        if time.monotonic() < until:
            return found
        found = _objects(self._read("/v1/payment_methods"))
        with _lock:
            _methods[key] = (time.monotonic() + METHODS_SECONDS, found)
        return found

    # --- links -------------------------------------------------------------------------------------------

    def open_preference(self, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Open a link. Unknown where it may have been opened."""
        return _object(self._write("POST", "/checkout/preferences", body, key))

    def preference(self, number: str) -> dict[str, Any] | None:
        """A link; None where there is none."""
        return self._found(f"/checkout/preferences/{_part(number)}")

    def preferences(self, reference: str) -> list[dict[str, Any]]:
        """The links of a reference of ours, as the search shows them: without their addresses."""
        found = self._read("/checkout/preferences/search", external_reference=reference)
        return [one for one in _objects(found, "elements") if one.get("external_reference") == reference]

    def change_preference(self, number: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Replace fields of a link; may be repeated."""
        return _object(self._write("PUT", f"/checkout/preferences/{_part(number)}", body, key, again=True), True)

    # --- payments ----------------------------------------------------------------------------------------

    def make_payment(self, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Make a ticket. The same key and body give the same ticket; Unknown where it may have been made."""
        return _object(self._write("POST", "/v1/payments", body, key))

    def payment(self, number: str) -> dict[str, Any] | None:
        """A payment; None where there is none."""
        return self._found(f"/v1/payments/{_part(number)}")

    def payments(self, **filters: Any) -> list[dict[str, Any]]:
        """A page of a search."""
        return _objects(self._read("/v1/payments/search", **filters), "results")

    def cancel_payment(self, number: str, key: str) -> dict[str, Any]:
        """Cancel a ticket that is not paid; Rejected where it is no longer pending."""
        path, body = f"/v1/payments/{_part(number)}", {"status": "cancelled"}
        return _object(self._write("PUT", path, body, key, again=True), True)

    def order(self, number: str) -> dict[str, Any] | None:
        """A merchant order; None where there is none."""
        return self._found(f"/merchant_orders/{_part(number)}")

    def orders(self, reference: str) -> list[dict[str, Any]]:
        """The merchant orders of a reference of ours."""
        found = _objects(self._read("/merchant_orders/search", external_reference=reference), "elements")
        return [one for one in found if one.get("external_reference") == reference]

    # --- money back --------------------------------------------------------------------------------------

    def refund(self, number: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Give money back. The same key and body give the same refund, so it may be repeated."""
        return _object(self._write("POST", f"/v1/payments/{_part(number)}/refunds", body, key, again=True), True)

    def refunds(self, number: str) -> list[dict[str, Any]]:
        """What was given back of a payment."""
        return _objects(self._read(f"/v1/payments/{_part(number)}/refunds"))

    def chargeback(self, number: str) -> dict[str, Any] | None:
        """A chargeback; None where there is none."""
        return self._found(f"/v1/chargebacks/{_part(number)}")

    # --- calling -----------------------------------------------------------------------------------------

    def _read(self, path: str, **params: Any) -> Any:
        return self._send("GET", path, params=params, again=True)

    def _found(self, path: str) -> dict[str, Any] | None:
        try:
            return _object(self._read(path), True)
        except Rejected as refusal:
            if status_of(refusal) == NOT_FOUND:
                return None
            raise

    def _write(self, method: str, path: str, body: Mapping[str, Any], key: str, *, again: bool = False) -> Any:
        return self._send(method, path, body=body, key=key, again=again)

    def _send(self, method: str, path: str, *, again: bool, params: Mapping[str, Any] | None = None,
              body: Mapping[str, Any] | None = None, key: str = "") -> Any:
        client = http.Client(NAME, self._address, headers={"Authorization": f"Bearer {self._token}"},
                             read_seconds=SECONDS, explain=explain)
        headers = {"X-Idempotency-Key": key, "Content-Type": "application/json"} if key else {}
        try:
            answer = client.request(method, path, params=params or None, headers=headers, repeatable=again,
                                    data=None if body is None else as_json(body).encode())
        except Rejected as refusal:
            raise _outcome(refusal, again) from None
        try:
            return read(answer.content)
        except ValueError:
            raise _unread(again) from None


def _outcome(refusal: Rejected, again: bool) -> Exception:
    """What a refusal means: a bad token, something locked, a key that was used for something else, or no."""
    status = status_of(refusal)
    if ":" not in refusal.code:
        return _unread(again)
    if status == "401":
        return AccessRefused(_("Mercado Pago does not accept the access token. Copy it again from “Your integrations”, "
                               "or make a new one."), code=refusal.code, details=refusal.details)
    if status == LOCKED:
        return Unavailable(refusal.message)
    if status == TAKEN:  # locked, or done before with this key in other words: both are asked about
        return Unavailable(refusal.message) if again else Unknown(refusal.message)
    return refusal


def _unread(again: bool) -> Exception:
    text = _("%(name)s answered something that cannot be read.", name=NAME)
    return Unavailable(text) if again else Unknown(text)


def nothing_under(number: str) -> Rejected:
    """The refusal of a number that the service does not know."""
    return Rejected(_("Mercado Pago has nothing under this number: %(number)s.", number=number[:60]),
                    code=f"{NOT_FOUND}:")


def _part(number: str) -> str:
    """An identity as a part of a path: what is none cannot reach another path."""
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,100}", number):
        raise nothing_under(number)
    return number


def _object(found: Any, again: bool = False) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _unread(again)
    return found


def _objects(found: Any, name: str = "") -> list[dict[str, Any]]:
    """The objects of a list, or of the list under this name."""
    listed = found if not name else found.get(name) if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise _unread(True)
    return [one for one in listed if isinstance(one, dict)]
