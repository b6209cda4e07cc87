"""The network side of ComboPay (reference 5): JSON, a bearer token, or one that is asked for with user and password.

A link that is asked for again with the same reference is updated while nobody paid it, so asking again does no harm.
An error may come with HTTP 200 and a field `error`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import exact_json, http
from core.errors import Rejected, Unavailable
from core.i18n import _
from modules.gateways.access import PRODUCTION, Access
from modules.gateways.errors import BadSetting
from modules.gateways.providers import values

NAME = "ComboPay"
HOSTS = {True: "https://api-gateway.combopay.co", False: "https://sandbox.combopay.co"}
SECONDS = 30.0
# a token that was asked for is renewed so long before its end; one without an end is believed for an hour
MARGIN, HOUR = 60, 3600
LINKS = ("payment_link", "payment_url", "url", "checkout_url")
OAUTH = ("username", "password", "client_id", "client_secret")

_tokens: dict[tuple[str, str], tuple[str, float]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Link:
    """A link that ComboPay made: its number there, where it is, 0 pending, 1 paid, 2 in process."""

    number: str
    url: str
    status: str


class ComboPay:
    """The API on behalf of a merchant."""

    def __init__(self, access: Access) -> None:
        self._access = access
        host = str(access.get("host", HOSTS[access.environment == PRODUCTION]))
        self._address = (access.address or host).rstrip("/")

    def open_link(self, body: Mapping[str, Any]) -> Link:
        """Open a link, or change what one of this reference asks for while nobody paid it."""
        found = self._call("POST", "/api/invoice-company-customer", body)
        inside = {**values.mapping(found.get("data")), **found}
        number = values.text(inside.get("id"))
        url = next((values.text(inside[name]) for name in LINKS if values.text(inside.get(name))), "")
        if not number or not url:
            raise _unread()
        return Link(number, url, values.text(inside.get("status")))

    def status(self, number: str) -> Mapping[str, Any] | None:
        """What became of a link; None while it has no transaction."""
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,60}", number):
            raise Rejected(_("%(name)s has nothing under this number: %(number)s.", name=NAME, number=number[:60]),
                           code="404")
        try:
            return self._state(f"/api/invoice/{number}/status")
        except Rejected as refusal:
            if refusal.code != "404":
                raise
        return self._state(f"/api/invoice-company/{number}/status")

    def banks(self) -> int:
        """How many banks it knows: whether we are let in."""
        answer = self._send("GET", "/api/invoice-company/bank-list", None, self._token())
        return len(answer) if isinstance(answer, list) else len(values.objects(values.mapping(answer).get("data")))

    # --- calling -------------------------------------------------------------------------------------

    def _state(self, path: str) -> Mapping[str, Any] | None:
        try:
            return self._call("GET", path)
        except Rejected as refusal:
            if refusal.code == "error":
                return None
            raise

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """One call with the token in force; one that was asked for and ended early is renewed once."""
        token = self._token()
        try:
            return _object(self._send(method, path, body, token))
        except Rejected as refusal:
            if refusal.code != "401" or self._access.get("token"):
                raise
        self._drop(token)
        return _object(self._send(method, path, body, self._token()))

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, token: str) -> Any:
        client = http.Client(NAME, self._address, read_seconds=SECONDS, explain=_explain)
        headers = {"Accept": "application/json", "Content-Type": "application/json",
                   **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = client.request(method, path, headers=headers, repeatable=True,
                                data=None if body is None else exact_json.as_json(body).encode())
        try:
            return exact_json.read(answer.content)
        except ValueError:
            raise _unread() from None

    def _token(self) -> str:
        if given := str(self._access.get("token")):
            return given
        with _lock:
            token, until = _tokens.get(self._key(), ("", 0.0))
        return token if token and time.monotonic() < until else self._log_in()

    def _key(self) -> tuple[str, str]:
        return self._address, str(self._access.get("username"))

    def _log_in(self) -> str:
        if any(not self._access.get(name) for name in OAUTH):
            raise BadSetting(_("To use ComboPay you must give a token, or user, password, client ID and client "
                               "secret."), field="token")
        body = {"grant_type": "password", **{name: str(self._access.get(name)) for name in OAUTH}}
        found = _object(self._send("POST", "/api/oauth/token", body, ""))
        token, seconds = values.text(found.get("access_token")), found.get("expires_in")
        if not token:
            raise _unread()
        good = max((seconds if isinstance(seconds, int) else HOUR) - MARGIN, 0)
        with _lock:
            _tokens[self._key()] = (token, time.monotonic() + good)
        return token

    def _drop(self, token: str) -> None:
        with _lock:
            if _tokens.get(self._key(), ("", 0.0))[0] == token:
                del _tokens[self._key()]


def forget() -> None:
    """Forget tokens that were asked for."""
    with _lock:
        _tokens.clear()


def _object(found: Any) -> Mapping[str, Any]:
    """An answer; Rejected where it says `error` although HTTP says 200."""
    if not isinstance(found, Mapping):
        raise _unread()
    if found.get("error") not in (None, "", False):
        raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=values.text(found["error"])[:300] or "-"),
                       code="error", details=values.plain(found))
    return found


def _unread() -> Unavailable:
    return Unavailable(_("%(name)s answered something that cannot be read.", name=NAME))


def _explain(answer: http.Answer) -> tuple[str, str]:
    """HTTP status and its words: the message, then what it says of single fields."""
    try:
        body = values.mapping(exact_json.read(answer.content))
    except ValueError:
        return str(answer.status), answer.text.strip()[:300]
    told = [values.text(one) for words in values.mapping(body.get("errors")).values()
            for one in (words if isinstance(words, list) else [words])]
    return str(answer.status), " ".join([values.text(body.get("message") or body.get("error")), *told]).strip()[:300]
