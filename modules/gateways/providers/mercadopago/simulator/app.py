"""The simulator as a WSGI app: tokens, limits, idempotency keys, routes, setting up under `_sim`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from core.exact_json import as_json as written
from core.exact_json import read
from core.i18n import _, lazy
from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.gateways.providers.mercadopago.simulator import (
    errors,
    orders,
    pages,
    payments,
    preferences,
    reports,
    returns,
)
from modules.gateways.providers.mercadopago.simulator.accounts import Accounts
from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.errors import Refused
from modules.gateways.providers.mercadopago.simulator.notices import Notices
from modules.gateways.providers.mercadopago.simulator.settings import Config
from modules.gateways.providers.mercadopago.simulator.store import Book

SHOWN = 1000
OWN: dict[str, Any] = {
    "duplicate_notice": lazy("The same notice comes twice"),
    "late_notice": lazy("The notice comes late (seconds, 60)"),
    "out_of_order": lazy("The notice comes after the next one"),
    "lost_notice": lazy("The notice never comes"),
    "forged_notice": lazy("The notice is signed with another secret"),
    "unsigned_ipn": lazy("The old kind of notice comes, without signature"),
    "search_lag": lazy("What changed is found by its number, and not yet by searching (seconds, 30)"),
    "rate_limit": lazy("429: too many requests (seconds: how long to wait, 1)"),
    "expired_token": lazy("401: the token is no longer good"),
    "wrong_site_currency": lazy("400: the currency is not the account's"),
    "unknown_status": lazy("A payment in a state that nobody has heard of"),
    "paid_after_expiry": lazy("The ticket is paid after its date: the money goes back to the payer"),
    "reopened_chargeback": lazy("A chargeback that is won makes the payment approved again"),
}
Handler = Callable[["Call"], Any]


class Call:
    """One request on behalf of an account."""

    def __init__(self, request: Request, desk: Desk, found: re.Match[str]) -> None:
        self.request, self.desk, self.found = request, desk, found

    @property
    def number(self) -> str:
        return self.found[1]

    @property
    def args(self) -> Mapping[str, str]:
        return self.request.args

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; an empty one for nothing."""
        try:
            body = read(self.request.get_data() or b"{}")
        except ValueError:
            raise Refused("Unexpected token in JSON") from None
        if not isinstance(body, dict):
            raise Refused("The body must be an object")
        return body


class Service(Configured[Config]):
    """All accounts of the service with one state."""

    def __init__(self, box: Box) -> None:
        self.book, self.faults = Book(box.folder), box.faults
        super().__init__(self.book, Config)
        self.accounts, self.notices = Accounts(self.book), Notices(box.faults)
        self.accounts.open_defaults()
        self.notices.follow(self.config)
        self.calls: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def release(self) -> None:
        self.notices.courier.stop()
        super().release()

    def _respond(self, request: Request) -> Response:
        base = request.host_url.rstrip("/") + request.root_path
        if request.path.startswith("/_sim/"):
            return self._set_up(request, base)
        page = re.fullmatch(r"/(checkout|ticket)/([0-9]+(?:-[0-9a-f-]{36})?)", request.path)
        try:
            return self._page(request, base, page[1], page[2]) if page else self._called(request, base)
        except Refused as refused:
            if page:
                return _html(pages.page("Mercado Pago", pages.note(refused.message)), refused.status)
            return errors.answer(refused)

    # --- the API -----------------------------------------------------------------------------------------

    def _called(self, request: Request, base: str) -> Response:
        handler, found, status = _route(request)
        name = f"{request.method} {re.sub(r'[0-9]{6,}(-[0-9a-f-]{36})?', '{id}', request.path)}"
        self.calls[name] = self.calls.get(name, 0) + 1
        if fault := self.faults.strikes("rate_limit"):
            raise Refused("too many requests", 429, headers={"Retry-After": str(int(fault.seconds or 1))})
        account, live = self.accounts.of_token(request.headers.get("Authorization", ""))
        if account is None or self.faults.strikes("expired_token"):
            raise Refused("invalid access token", 401)
        desk = Desk(self.book, self.faults, self.config, account, live, base)
        with self.book.writing():
            payments.age(desk)
            answer = self._once(Call(request, desk, found), handler, status)
        self.notices.send(desk, desk.events)
        return answer

    def _once(self, call: Call, handler: Handler, status: int) -> Response:
        """The same key with the same body gives the same answer; with another body it is a conflict."""
        key = call.request.headers.get("X-Idempotency-Key", "")
        if not key and call.request.method == "POST" and call.request.path.startswith("/v1/payments"):
            raise Refused("Header X-Idempotency-Key can't be null", 400, 4292)
        if not key or call.request.method != "POST":
            return _answer(handler(call), status)
        name = f"{call.request.path} {key}"
        sent = hashlib.sha256(call.request.get_data()).hexdigest()
        before = self.book.get("key", call.desk.owner, name)
        if before is not None:
            if before["sent"] != sent:
                raise Refused("The idempotency key was used with another body", 409)
            return Response(before["answer"], status, content_type="application/json")
        answer = _answer(handler(call), status)
        self.book.put("key", call.desk.owner, name, {"sent": sent, "answer": answer.get_data(as_text=True)})
        return answer

    # --- pages -------------------------------------------------------------------------------------------

    def _page(self, request: Request, base: str, kind: str, number: str) -> Response:
        owner = number.split("-")[0] if kind == "checkout" else self.book.owner_of(number)
        account = self.accounts.of_user(owner)
        if account is None:
            raise Refused("404", 404)
        with self.book.writing():
            desk = Desk(self.book, self.faults, self.config, account, True, base)
            answer = (_checkout if kind == "checkout" else _ticket)(request, desk, number)
        self.notices.send(desk, desk.events)
        return answer

    # --- setting up --------------------------------------------------------------------------------------

    def _set_up(self, request: Request, base: str) -> Response:
        ways: dict[str, Callable[[dict[str, Any], str], Any]] = {
            "config": lambda given, base: self._configured(given), "clock": lambda given, base: self._clock(given),
            "account": lambda given, base: self.accounts.enrol(given), "pay": self._pay,
            "deliver": lambda given, base: {"delivered": self.notices.deliver()}, "simulate": self._simulate,
            "refund": self._with(lambda desk, given: returns.refund(
                desk, str(given["payment_id"]), {"amount": given["amount"]} if given.get("amount") else {})),
            "chargeback": self._with(lambda desk, given: returns.charge_back(
                desk, str(given["payment_id"]), str(given.get("outcome") or "open"))),
            "mediation": self._with(lambda desk, given: returns.mediate(
                desk, str(given["payment_id"]), str(given.get("outcome") or "open"))),
            "payout": self._payout,
        }
        verb = request.path.removeprefix("/_sim/")
        if verb not in ways or request.method != "POST":
            return as_json({"error": request.path}, 404)
        try:
            given = read(written(json_body(request)))
            return Response(written(ways[verb](given, base)), content_type="application/json")
        except (BadRequest, Refused) as error:
            return as_json({"error": str(error)}, 400)

    def _configured(self, given: Mapping[str, Any]) -> Any:
        self.configure(given)
        self.notices.follow(self.config)
        return self.config.as_json()

    def _clock(self, given: Mapping[str, Any]) -> Any:
        """`now`: a moment; or `days`, `hours` to go on. What happens by itself meanwhile happens."""
        ahead = int(given.get("days") or 0) * 86400 + int(given.get("hours") or 0) * 3600
        self.configure({"now": given["now"]} if "now" in given else {"offset": self.config.offset + ahead})
        for account in self.accounts.all():
            desk = Desk(self.book, self.faults, self.config, account, True, "")
            with self.book.writing():
                payments.age(desk)
            self.notices.send(desk, desk.events)
        return self.config.as_json()

    def _with(self, act: Callable[[Desk, dict[str, Any]], Any]) -> Callable[[dict[str, Any], str], Any]:
        """A deed on a payment, whoever's it is; its account is told."""
        def run(given: dict[str, Any], base: str) -> Any:
            account = self.accounts.of_user(self.book.owner_of(str(given.get("payment_id"))))
            if account is None:
                raise BadRequest(_("There is no payment %(number)s.", number=given.get("payment_id")))
            desk = Desk(self.book, self.faults, self.config, account, True, base)
            with self.book.writing():
                answer = act(desk, given)
            self.notices.send(desk, desk.events)
            return answer

        return run

    def _pay(self, given: dict[str, Any], base: str) -> Any:
        """A ticket at the counter (`payment_id`), or a link (`preference_id`, `method`, `holder`, `installments`)."""
        if given.get("payment_id"):
            return self._with(lambda desk, one: payments.pay(desk, str(one["payment_id"])))(given, base)
        number = str(given.get("preference_id") or "")
        account = self.accounts.of_user(number.split("-")[0])
        if account is None:
            raise BadRequest(_("To pay, say payment_id or preference_id."))
        desk = Desk(self.book, self.faults, self.config, account, True, base)
        with self.book.writing():
            preference = preferences.read(desk, number)
            desk.live = preference["live_mode"]
            made = payments.on_page(desk, preference, str(given.get("method") or "visa"),
                                    str(given.get("holder") or ""), int(given.get("installments") or 1))
        self.notices.send(desk, desk.events)
        return made

    def _simulate(self, given: dict[str, Any], base: str) -> Any:
        account = self.accounts.of_user(str(given.get("user_id")))
        if account is None:
            raise BadRequest(_("There is no account %(number)s.", number=given.get("user_id")))
        desk = Desk(self.book, self.faults, self.config, account, False, base)
        self.notices.simulate(desk, str(given.get("id") or "123456"), str(given.get("url") or account["webhook_url"]))
        return {"sent": True}

    def _payout(self, given: dict[str, Any], base: str) -> Any:
        account = self.accounts.of_user(str(given.get("user_id")))
        if account is None:
            raise BadRequest(_("There is no account %(number)s.", number=given.get("user_id")))
        desk = Desk(self.book, self.faults, self.config, account, True, base)
        made = {"id": self.book.number(), "amount": given["amount"], "date_created": desk.date()}
        self.book.put("payout", desk.owner, str(made["id"]), made)
        return made

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, accounts, links, payments and notices; `user_id` limits it to one account."""
        owner = query.get("user_id") or None
        return {"config": self.config.as_json(), "calls": dict(self.calls), "accounts": self.accounts.all(),
                "preferences": self.book.all("preference", owner)[-SHOWN:],
                "payments": self.book.payments(owner)[-SHOWN:], "chargebacks": self.book.all("chargeback", owner),
                "notices": [one.as_json() for one in list(self.notices.told)]}

    def reset(self) -> None:
        """No links, no payments, no settings; accounts stay good, numbers go on."""
        self.begin_again()
        self.notices.forget()
        self.notices.follow(self.config)
        self.calls.clear()


def _checkout(request: Request, desk: Desk, number: str) -> Response:
    preference = preferences.read(desk, number)
    desk.live = preference["live_mode"]
    if request.method == "POST":
        made: dict[str, Any] = {}
        for _time in range(2 if request.form.get("times") == "2" else 1):
            made = payments.on_page(desk, preference, request.form.get("method", "visa"),
                                    request.form.get("holder", ""), int(request.form.get("installments") or 1))
        if back := pages.return_address(preference, made):
            return Response("", 303, headers={"Location": back})
        if made["status"] == "pending":
            return _html(pages.ticket(desk, made))
    return _html(pages.checkout(desk, preference))


def _ticket(request: Request, desk: Desk, number: str) -> Response:
    payment = desk.payment(number)
    if request.method == "POST":
        payment = payments.pay(desk, number)
    return _html(pages.ticket(desk, payment))


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="text/html; charset=utf-8")


def _answer(value: Any, status: int) -> Response:
    if isinstance(value, bytes):
        return Response(value, content_type="text/csv")
    return Response(written(value), status, content_type="application/json")


def _me(call: Call) -> dict[str, Any]:
    account = call.desk.account
    return {"id": account["id"], "nickname": account["nickname"], "site_id": account["site_id"],
            "country_id": account["site_id"][1:], "email": account["email"], "tags": account["tags"],
            "status": {"site_status": "active"}}


def _search(call: Call) -> Any:
    return payments.search(call.desk, call.args)


_REPORT = "/v1/account/(settlement|release)_report"
# (method, path, what answers, status); the first that fits
ROUTES: tuple[tuple[str, str, Handler, int], ...] = (
    ("GET", "/users/me", _me, 200),
    ("GET", "/v1/payment_methods", lambda call: list(call.desk.country.methods), 200),
    ("POST", "/checkout/preferences", lambda call: preferences.create(call.desk, call.body()), 201),
    ("GET", "/checkout/preferences/search", lambda call: preferences.search(call.desk, call.args), 200),
    ("GET", "/checkout/preferences/([^/]+)", lambda call: preferences.read(call.desk, call.number), 200),
    ("PUT", "/checkout/preferences/([^/]+)",
     lambda call: preferences.change(call.desk, call.number, call.body()), 200),
    ("POST", "/v1/payments", lambda call: payments.create(call.desk, call.body()), 201),
    ("GET", "/v1/payments/search", _search, 200),
    ("GET", "/v1/payments/([0-9]+)",
     lambda call: payments.shown(call.desk, call.desk.payment(call.number)), 200),
    ("PUT", "/v1/payments/([0-9]+)", lambda call: payments.cancel(call.desk, call.number, call.body()), 200),
    ("POST", "/v1/payments/([0-9]+)/refunds", lambda call: returns.refund(call.desk, call.number, call.body()), 201),
    ("GET", "/v1/payments/([0-9]+)/refunds", lambda call: call.desk.payment(call.number)["refunds"], 200),
    ("GET", "/v1/chargebacks/search", lambda call: returns.chargebacks(call.desk, call.args), 200),
    ("GET", "/v1/chargebacks/([0-9]+)", lambda call: returns.chargeback(call.desk, call.number), 200),
    ("POST", "/v1/chargebacks/([0-9]+)/documentation", lambda call: returns.document(
        call.desk, call.number, [(one.filename or "", len(one.read()))
                                 for one in call.request.files.getlist("files[]")]), 200),
    ("GET", "/merchant_orders/search", lambda call: orders.search(call.desk, call.args), 200),
    ("GET", "/merchant_orders/([0-9]+)", lambda call: orders.read(call.desk, call.number), 200),
    ("POST", _REPORT, lambda call: reports.order(call.desk, call.number, call.body()), 202),
    ("GET", f"{_REPORT}/list", lambda call: reports.listed(call.desk, call.number), 200),
    ("GET", f"{_REPORT}/config", lambda call: reports.config(call.desk, call.number), 200),
    ("PUT", f"{_REPORT}/config", lambda call: reports.config(call.desk, call.number, call.body()), 200),
    ("POST", f"{_REPORT}/config", lambda call: reports.config(call.desk, call.number, call.body()), 201),
    ("POST", f"{_REPORT}/schedule",
     lambda call: reports.config(call.desk, call.number, {"scheduled": True}), 200),
    ("DELETE", f"{_REPORT}/schedule",
     lambda call: reports.config(call.desk, call.number, {"scheduled": False}), 200),
    ("GET", f"{_REPORT}/([^/]+)", lambda call: reports.file(call.desk, call.number, call.found[2]), 200),
)


def _route(request: Request) -> tuple[Handler, re.Match[str], int]:
    for method, pattern, handler, status in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            return handler, found, status
    raise Refused("resource not found", 404)


def error_page(environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
    """A 500 as the service writes it."""
    return "application/json", '{"message":"internal_error","error":"internal_server_error","status":500,"cause":[]}'
