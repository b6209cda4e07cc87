"""How an office speaks to a provider's system: by the web service, or by the signed interface."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from core.http import proxies_for, session


@dataclass(frozen=True)
class Caller:
    """An account's address and keys. `skew` is by how many seconds the office's clock is wrong."""

    base: str
    network: str
    contract: str
    token: str
    key_id: str
    secret: str
    now: dt.datetime
    skew: float = 0.0
    forge: bool = False
    seconds: float = 5.0

    def service(self, verb: str, **body: Any) -> dict[str, Any]:
        """A route of the web service."""
        token = "x" + self.token if self.forge else self.token
        return self._send("POST", f"/{self.network}/{verb}", json.dumps({"token": token, **body}), {})

    def collect(self, method: str, path: str, body: Mapping[str, Any] | None = None, query: str = "") -> dict[str, Any]:
        """A call of the signed interface."""
        target = f"/collect/v1/{self.network}/{path}" + (f"?{query}" if query else "")
        text = "" if body is None else json.dumps(body)
        date = (self.now + dt.timedelta(seconds=self.skew)).isoformat(timespec="seconds")
        whole = f"{method}\n{target}\n{date}\n{hashlib.sha256(text.encode()).hexdigest()}"
        signed = hmac.new(self.secret.encode(), whole.encode(), hashlib.sha256).hexdigest()
        if self.forge:
            signed = ("0" if signed[0] != "0" else "1") + signed[1:]
        return self._send(method, target, text, {"X-Date": date, "X-Key": self.key_id, "X-Signature": signed,
                                                 "X-Office": "GYE-014"})

    def debts(self, code: str) -> dict[str, Any]:
        return self.collect("GET", f"debts/{quote(code)}")

    def _send(self, method: str, target: str, text: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """{"status", "body"}, or {"status": None} where no answer came."""
        try:
            with session().request(method, self.base.rstrip("/") + target, data=text.encode() or None,
                                   headers={"Content-Type": "application/json", **headers}, timeout=self.seconds,
                                   allow_redirects=False, proxies=proxies_for(self.base)) as answer:
                return {"status": answer.status_code, "body": _body(answer)}
        except requests.RequestException as error:
            return {"status": None, "error": type(error).__name__}


def _body(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text[:500]
