"""Siigo's API v1 over core.http: token, limits, Idempotency-Key, three outcomes (reference 3)."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import http
from core.errors import Rejected, Unavailable, Unknown
from core.exact_json import as_json, read
from core.i18n import _

NAME = "Siigo"
READ_SECONDS, MINUTE = 120.0, 60.0
# how often what only reads is asked at once
TIMES = 3
# how long before its end a token is renewed
MARGIN = 300
PER_MINUTE, PER_MINUTE_IN_TESTS = 100, 10
INVOICES, CREDIT_NOTES = "/v1/invoices", "/v1/credit-notes"
ACCEPTED, REJECTED, DRAFT = "Accepted", "Rejected", "Draft"
UNAUTHORIZED, ALREADY = "unauthorized", "already_exists"
# refusals after which it may have been done all the same
UNSURE = frozenset(("request_timeout", "entry_service", "unhandled_error", "408"))
# refusals that concern the company's access: nothing can be sent until they are mended
ACCESS = frozenset((UNAUTHORIZED, "header_required", "invalid_partner_id"))


class AccessRefused(Rejected):
    """User, access key or Partner-Id are not accepted: nothing of this company can be sent until they are mended."""


@dataclass(frozen=True)
class Access:
    """A company's access; `partner` is the name of the application, letters and digits."""

    username: str
    access_key: str = field(repr=False)
    partner: str = "Abona"


@dataclass(frozen=True)
class Stamped:
    """An invoice or credit note as Siigo has it; `key` is CUFE or CUDE, "" while there is none."""

    id: str
    prefix: str
    number: int
    name: str
    date: str
    total: Decimal
    customer: str
    status: str
    key: str
    url: str = ""
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def pending(self) -> bool:
        """On its way: whatever is neither accepted nor rejected."""
        return self.status not in (ACCEPTED, REJECTED)


class Limiter:
    """So many calls in a minute, of all threads of this process; who comes too early waits."""

    def __init__(self, per_minute: int, sleep: Callable[[float], None] = time.sleep,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._sleep, self._now = per_minute, sleep, now
        self._lock, self._recent = threading.Lock(), deque[float]()

    def take(self) -> None:
        """Take one call, waiting for it."""
        while (wait := self._try()) > 0:
            self._sleep(wait)

    def _try(self) -> float:
        with self._lock:
            now = self._now()
            while self._recent and self._recent[0] <= now - MINUTE:
                self._recent.popleft()
            if len(self._recent) < self._most:
                self._recent.append(now)
                return 0.0
            return self._recent[0] + MINUTE - now


_lock = threading.Lock()
# of this process: a token is good for a day, and each user has one limit
_tokens: dict[tuple[str, str], tuple[str, float]] = {}
_limiters: dict[tuple[str, str], Limiter] = {}


def forget() -> None:
    """Forget tokens and limits, as after a change of the access."""
    with _lock:
        _tokens.clear()
        _limiters.clear()


def _patient(call: Callable[[], Any]) -> Any:
    """What only reads is asked a few times at once, unless Siigo wants to be left alone: a document takes several."""
    for attempt in range(1, TIMES + 1):
        try:
            return call()
        except Unavailable as error:
            if attempt == TIMES or (error.retry_after or 0) > 1:
                raise
    raise AssertionError("unreachable")


class Siigo:
    """The API at an address, with a company's access."""

    def __init__(self, address: str, access: Access, per_minute: int = PER_MINUTE) -> None:
        self._address, self._access = address.rstrip("/"), access
        self._key = (self._address, access.username)
        with _lock:
            self._limiter = _limiters.setdefault(self._key, Limiter(per_minute))

    # --- catalogs, customers, products ---------------------------------------------------------------

    def catalogs(self) -> dict[str, list[dict[str, Any]]]:
        """document_types_FV, document_types_NC, taxes, payment_types_FV, users, as Siigo answers them."""
        found = {f"document_types_{kind}": self._get("/v1/document-types", type=kind) for kind in ("FV", "NC")}
        found |= {"taxes": self._get("/v1/taxes"), "payment_types_FV": self._get("/v1/payment-types",
                                                                                document_type="FV")}
        return {name: _rows(value) for name, value in (found | {"users": self._get("/v1/users")}).items()}

    def account_groups(self) -> list[dict[str, Any]]:
        """Groups that a new product may belong to."""
        return _rows(self._get("/v1/account-groups"))

    def ensure_customer(self, body: Mapping[str, Any]) -> str:
        """Create the customer, or replace the one with this identification; his id at Siigo."""
        same = self._customers(body)
        if not same:
            try:
                return str(self._write("POST", "/v1/customers", body, again=True)["id"])
            except Rejected as error:  # another thread, or an answer that was lost, was first
                if error.code != ALREADY:
                    raise
            same = self._customers(body)
        if not _holds(same[0], body):
            self._write("PUT", f"/v1/customers/{same[0]['id']}", body, again=True)
        return str(same[0]["id"])

    def _customers(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        return _rows(self._get("/v1/customers", identification=body["identification"]))

    def ensure_product(self, body: Mapping[str, Any]) -> None:
        """Create the product where its code does not exist."""
        if _rows(self._get("/v1/products", code=body["code"])):
            return
        try:
            self._write("POST", "/v1/products", body, again=True)
        except Rejected as error:
            if error.code != ALREADY:
                raise

    # --- documents -----------------------------------------------------------------------------------

    def create(self, path: str, body: Mapping[str, Any], key: str) -> Stamped:
        """Create a document; the same key gives what was created with it, so repeating is asking.

        Unknown where it may have been created, Unavailable where it certainly was not.
        """
        return _stamped(self._write("POST", path, body, {"Idempotency-Key": key}, again=False))

    def document(self, path: str, key: str) -> Stamped:
        """A document by its id."""
        return _stamped(self._get(f"{path}/{key}"))

    def edit(self, key: str, body: Mapping[str, Any]) -> Stamped:
        """Correct an invoice that was refused; its number stays."""
        return _stamped(self._write("PUT", f"{INVOICES}/{key}", body, again=False))

    def stamp_errors(self, path: str, key: str) -> tuple[str, ...]:
        """Why the DIAN refused it; the wrapper varies."""
        found = self._get(f"{path}/{key}/stamp/errors")
        listed = found if isinstance(found, list) else _any(found, "errors") or []
        listed = [listed] if isinstance(listed, str | Mapping) else listed
        return tuple(str(_any(one, "message") if isinstance(one, Mapping) else one) for one in listed)

    def by_name(self, path: str, name: str) -> Stamped | None:
        """A document by its name like FV-2-22."""
        return next((_stamped(one) for one in _rows(self._get(path, name=name))), None)

    def dated(self, path: str, first: str, last: str) -> list[Stamped]:
        """All documents of these days."""
        found: list[Stamped] = []
        page = 1
        while True:
            answer = self._get(path, date_start=first, date_end=last, page=page, page_size=100)
            rows = _rows(answer)
            found += [_stamped(one) for one in rows]
            if len(rows) < 100:
                return found
            page += 1

    def delete(self, key: str) -> None:
        """Delete an invoice without CUFE."""
        self._write("DELETE", f"{INVOICES}/{key}", None, again=True)

    def file(self, path: str, key: str, kind: str) -> bytes:
        """The document's pdf or xml."""
        try:
            return base64.b64decode(str(_any(self._get(f"{path}/{key}/{kind}"), "base64") or ""), validate=True)
        except ValueError:
            raise self._unread(True) from None

    # --- calling -------------------------------------------------------------------------------------

    def _get(self, path: str, **params: Any) -> Any:
        return _patient(lambda: self._send("GET", path, None, {}, True, params))

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None,
               *, again: bool) -> dict[str, Any]:
        found = self._send(method, path, body, headers or {}, again, None)
        if not isinstance(found, dict):
            raise self._unread(again)
        return found

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], again: bool,
              params: Mapping[str, Any] | None) -> Any:
        """One call with the token in force; a token that is not good any more is renewed once."""
        token = self._token()
        try:
            return self._once(method, path, body, {**headers, "Authorization": f"Bearer {token}"}, again, params)
        except Rejected as error:
            if error.code not in (UNAUTHORIZED, "401"):
                raise self._outcome(error, again) from error
        self._drop(token)
        token = self._token()
        try:
            return self._once(method, path, body, {**headers, "Authorization": f"Bearer {token}"}, again, params)
        except Rejected as error:
            raise self._outcome(error, again) from error

    def _outcome(self, error: Rejected, again: bool) -> Exception:
        if error.code in (ACCESS | {"401", "403"}):
            return AccessRefused(error.message, code=error.code, details=error.details)
        if error.code in UNSURE or error.code.isdecimal():  # a bare status: its words were lost on the way
            return Unavailable(error.message) if again else Unknown(error.message)
        return error

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], again: bool,
              params: Mapping[str, Any] | None) -> Any:
        self._limiter.take()
        client = http.Client(NAME, self._address, read_seconds=READ_SECONDS, explain=explain)
        answer = client.request(
            method, path, params={name: value for name, value in (params or {}).items() if value is not None},
            data=None if body is None else as_json(body).encode(), repeatable=again or method == "GET",
            headers={"Partner-Id": self._access.partner, "Content-Type": "application/json", **headers})
        try:
            return read(answer.content)
        except ValueError:
            raise self._unread(again or method == "GET") from None

    @staticmethod
    def _unread(again: bool) -> Exception:
        text = _("%(name)s answered something that cannot be read.", name=NAME)
        return Unavailable(text) if again else Unknown(text)

    def _token(self) -> str:
        with _lock:
            token, until = _tokens.get(self._key, ("", 0.0))
        if token and time.monotonic() < until - MARGIN:
            return token
        return self._login()

    def _login(self) -> str:
        who = {"username": self._access.username, "access_key": self._access.access_key}
        try:
            found = _patient(lambda: self._once("POST", "/auth", who, {}, True, None))
        except Rejected as error:
            raise AccessRefused(_("Siigo does not accept user and access key: %(words)s", words=error.message),
                                code=error.code, details=error.details) from error
        token = str(_any(found, "access_token") or "") if isinstance(found, Mapping) else ""
        if not token:
            raise self._unread(True)
        with _lock:  # expires_in is in seconds, whatever the documentation says
            _tokens[self._key] = (token, time.monotonic() + int(found.get("expires_in") or 3600))
        return token

    def _drop(self, token: str) -> None:
        with _lock:
            if _tokens.get(self._key, ("", 0.0))[0] == token:
                del _tokens[self._key]


def explain(answer: http.Answer) -> tuple[str, str]:
    """(code, words) of an error's body, whatever the case of its keys."""
    try:
        body = read(answer.content)
    except ValueError:
        return str(answer.status), answer.text.strip()[:300]
    listed = _any(body, "errors") if isinstance(body, Mapping) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], Mapping) else {}
    code = str(_any(first, "code") or answer.status)
    params = ", ".join(str(one) for one in _any(first, "params") or [])
    words = str(_any(first, "message") or "")
    return code, f"{words} ({params})" if params else words


def calculated_total(words: str) -> Decimal | None:
    """The total that Siigo computed, out of the message of invalid_total_payments."""
    found = re.search(r"calculated is (\d+(?:\.\d+)?)", words)
    return Decimal(found.group(1)) if found else None


def _any(found: Any, name: str) -> Any:
    """The value of a key in whatever case."""
    if not isinstance(found, Mapping):
        return None
    return next((value for key, value in found.items() if str(key).lower() == name), None)


def _rows(found: Any) -> list[dict[str, Any]]:
    """A list, or the results of a page."""
    listed = found if isinstance(found, list) else _any(found, "results")
    return [dict(one) for one in listed or [] if isinstance(one, Mapping)]


def _holds(there: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether Siigo has all that the body says, so that nothing is to be written."""
    return all(_same(there.get(name), value) for name, value in body.items())


def _same(there: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and _holds(there, wanted)
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(
            _same(one, other) for one, other in zip(there, wanted, strict=True))
    return str(there) == str(wanted)


def _stamped(found: Any) -> Stamped:
    """What Siigo answered about a document. Unknown where it is none."""
    stamp = _any(found, "stamp") or {}
    try:
        name = str(found.get("name") or "")
        return Stamped(
            str(found["id"]), str(found.get("prefix") or name.rpartition("-")[0]), int(found["number"]), name,
            str(found.get("date") or "")[:10], Decimal(str(found["total"])),
            str((found.get("customer") or {}).get("identification") or ""), str(_any(stamp, "status") or DRAFT),
            str(_any(stamp, "cufe") or _any(stamp, "cude") or ""), str(found.get("public_url") or ""), _plain(found))
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Unknown(_("%(name)s answered something that cannot be read.", name=NAME)) from error


def _plain(value: Any) -> Any:
    """Decimals as texts, for keeping."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
