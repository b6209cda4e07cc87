"""The network side of CardNET (reference 8.1, 8.3): sessions of the hosted page, and purchases of the token service.

A session whose answer was lost is one that nobody can reach: another one may be opened without harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core import exact_json, http
from core.errors import Rejected, Unavailable
from core.i18n import _
from modules.gateways.access import PRODUCTION, Access
from modules.gateways.providers import values

NAME = "CardNET"
HOSTS = {True: "https://ecommerce.cardnet.com.do", False: "https://labservicios.cardnet.com.do"}
TOKEN_HOSTS = {True: "https://servicios.cardnet.com.do", False: "https://lab.cardnet.com.do"}
TOKENS = "/servicios/tokens/v1/api"
SECONDS = 45.0
# what CardNET says of a session that its payer did not end
PENDING = "rspdata_not_found"


def address_of(access: Access) -> str:
    """Where sessions are opened and the payer's browser goes."""
    host = str(access.get("host", HOSTS[access.environment == PRODUCTION]))
    return (access.address or host).rstrip("/")


class CardNET:
    """The services on behalf of a merchant."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def open_session(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """(SESSION, session-key) of a new session. The merchant is not proved by it."""
        found = self._send(address_of(self._access), "POST", "/sessions", body=body)
        session, key = values.text(found.get("SESSION")), values.text(found.get("session-key"))
        if not session or not key:
            words = values.text(found.get("message"))[:300]
            raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=words or "-"), code="session")
        return session, key

    def session(self, session: str, key: str) -> Mapping[str, Any] | None:
        """What became of a session; None before its payer ended. Unavailable for what cannot be understood."""
        try:
            return self._send(address_of(self._access), "GET", f"/sessions/{_part(session)}", params={"sk": key})
        except Rejected as refusal:
            if refusal.code == f"404:{PENDING}":
                return None
            raise Unavailable(refusal.message) from refusal

    def purchase(self, number: str) -> Mapping[str, Any] | None:
        """A purchase of the token service by its number; None where there is none."""
        access = self._access
        base = (access.address or TOKEN_HOSTS[access.environment == PRODUCTION]).rstrip("/") + TOKENS
        try:
            found = self._send(base, "GET", f"/purchase/{_part(number)}",
                               headers={"Authorization": f"Basic {access.need('private_key')}"})
        except Rejected as refusal:
            if refusal.code.startswith("404"):
                return None
            raise
        inside = found.get("Response")
        return inside if isinstance(inside, Mapping) else found

    def _send(self, address: str, method: str, path: str, *, body: Mapping[str, Any] | None = None,
              params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        # the path and the query hold what opens the session: logs show only where the service is
        client = http.Client(NAME, address, read_seconds=SECONDS, explain=_explain, hides_path=True)
        answer = client.request(
            method, path, params=params, repeatable=True,
            data=None if body is None else exact_json.as_json(body).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json", **(headers or {})})
        try:
            found = exact_json.read(answer.content)
        except ValueError:
            found = None
        if not isinstance(found, Mapping):
            raise Unavailable(_("%(name)s answered something that cannot be read.", name=NAME))
        return found


def _part(text: str) -> str:
    """An identity as a part of a path: what is none reaches no other path."""
    if not re.fullmatch(r"[0-9A-Za-z._-]{1,120}", text) or text.strip(".") == "":
        raise Rejected(_("%(name)s has nothing under this number: %(number)s.", name=NAME, number=text[:60]),
                       code="404:")
    return text


def _explain(answer: http.Answer) -> tuple[str, str]:
    """("404:rspdata_not_found", its words)."""
    try:
        message = values.text(values.mapping(exact_json.read(answer.content)).get("message"))
    except ValueError:
        message = ""
    return f"{answer.status}:{message}", message or answer.text.strip()[:300]
