"""The simulator as a WSGI app: the page, the two services, setting up under `_sim`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from core import exact_json
from core.i18n import _, lazy
from core.simulators import Box, pages
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.gateways.providers.payu.simulator import api, rules
from modules.gateways.providers.payu.simulator.book import ACCOUNT, Book, Config, Kept
from modules.gateways.providers.payu.simulator.notices import Notices, way_back
from modules.gateways.providers.payu.simulator.rules import Refused
from modules.gateways.providers.payu.simulator.screens import paid_page, pay_page, receipt_page

SHOWN = 1000
OWN: dict[str, Any] = {
    "two_attempts": lazy("The first card is refused, a second one approved"),
    "late_cash": lazy("A receipt is paid after its end"),
    "wrong_sign": lazy("The confirmation is signed with another key"),
    "wrong_value": lazy("The confirmation tells another amount, well signed"),
    "duplicate_notice": lazy("The same confirmation comes twice"),
    "notice_before_return": lazy("The confirmation arrives before the payer comes back"),
    "notice_lost": lazy("The confirmation never comes"),
    "reports_lag": lazy("Reports still says pending (seconds, 30)"),
    "rate_limit": lazy("429: too many requests (seconds: how long to wait, 1)"),
}
FORM = "/ppp-web-gateway-payu"


class Service(Configured[Config]):
    """All merchants of PayU with one state."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config)
        self.notices = Notices(box.faults)
        self.notices.follow(self.config.notices)
        if self.account(ACCOUNT["merchant_id"]) is None:
            self.kept.put("account", "", ACCOUNT["merchant_id"], ACCOUNT)
        self.calls: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def release(self) -> None:
        self.notices.courier.stop()
        super().release()

    def account(self, merchant: str) -> Any:
        return self.kept.get("account", "", merchant)

    def _respond(self, request: Request) -> Response:
        base = request.host_url.rstrip("/") + request.root_path
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        service = re.fullmatch(r"/(reports|payments)-api/4\.0/service\.cgi", request.path)
        if service:
            return self._called(request, service[1], base)
        try:
            return self._page(request, base)
        except Refused as refused:
            return pages.html(pages.page("PayU", pages.note(str(refused))), 400)

    def _with_book(self, act: Callable[[Book], Any]) -> Any:
        """In one transaction; who is to be told is told when it is kept."""
        told: list[tuple[dict[str, Any], dict[str, Any], str]] = []
        with self.kept.writing():
            book = Book(self.kept, self.faults, self.config, lambda *one: told.append(one))
            book.age()
            done = act(book)
        for order, one, code in told:
            account = self.account(order["merchant"])
            order["algorithm"] = order["algorithm"] or account["algorithm"]
            self.notices.confirm(account, order, one, code, self.config)
        if told and self.faults.strikes("notice_before_return"):
            self.notices.deliver()
        return done

    # --- the services ------------------------------------------------------------------------------------

    def _called(self, request: Request, service: str, base: str) -> Response:
        if request.method != "POST":
            return Response("", 405)
        if "application/json" not in request.headers.get("Content-Type", ""):
            return Response("<error>XML is not simulated</error>", 415, content_type="application/xml")
        if fault := self.faults.strikes("rate_limit"):
            return Response("", 429, headers={"Retry-After": str(int(fault.seconds or 1))})
        try:
            body = exact_json.read(request.get_data())
            if not isinstance(body, dict):
                raise Refused("The request is not valid")
            self.calls[str(body.get("command"))] = self.calls.get(str(body.get("command")), 0) + 1
            answer = self._with_book(lambda book: api.called(book, service, body, base))
        except (Refused, ValueError) as refused:
            answer = {"code": "ERROR", "error": str(refused),
                      ("result" if service == "reports" else "transactionResponse"): None}
        return Response(exact_json.as_json(answer), content_type="application/json")

    # --- the page ----------------------------------------------------------------------------------------

    def _page(self, request: Request, base: str) -> Response:
        if request.path.rstrip("/") == FORM and request.method == "POST":
            return self._show(request.form.to_dict(), base)
        if request.path == f"{FORM}/receipt":
            return self._receipt(request, base)
        found = re.fullmatch(rf"{FORM}/order/([0-9]+)", request.path)
        if found and request.method == "POST":
            return self._pay(found[1], request.form, base)
        return Response("404", 404)

    def _show(self, sent: dict[str, str], base: str) -> Response:
        """The page of a form; refused where it is not signed, or paid already."""
        account = self.account(sent.get("merchantId", ""))
        rules.form(account, sent)
        fields = {
            "accountId": sent["accountId"], "referenceCode": sent["referenceCode"], "amount": Decimal(sent["amount"]),
            "currency": sent["currency"], "description": sent["description"], "isTest": sent.get("test") == "1",
            "algorithm": sent.get("algorithmSignature") or "MD5", "notifyUrl": sent.get("confirmationUrl"),
            "responseUrl": sent.get("responseUrl"), "ends": sent.get("expirationDate", ""),
            "extra1": sent.get("extra1", ""), "extra2": sent.get("extra2", ""),
            "buyer": {"fullName": sent["buyerFullName"], "emailAddress": sent["buyerEmail"],
                      "contactPhone": sent["telephone"], "dniNumber": sent.get("payerDocument", "")}}
        order = self._with_book(lambda book: book.open(account, fields))
        return pages.html(pay_page(order, account, base + FORM))

    def _pay(self, number: str, form: Mapping[str, str], base: str) -> Response:
        way = form.get("way", "")

        def act(book: Book) -> tuple[dict[str, Any], dict[str, Any]]:
            order = book.order(number)
            if way == "card":
                if self.faults.strikes("two_attempts"):
                    book.attempt(order, rules.CARD, "INSUFFICIENT_FUNDS")
                return order, book.attempt(order, rules.CARD, form.get("answer") or "APPROVED")
            if way == "pse":
                return order, book.attempt(order, rules.PSE, "PENDING_AWAITING_PSE_CONFIRMATION")
            if way in rules.COUNTERS:
                return order, book.receipt(order, way, None, base)
            return order, book.attempt(order, rules.CARD, "ABANDONED_TRANSACTION")

        order, one = self._with_book(act)
        account = self.account(order["merchant"])
        if one["extraParameters"]:
            return pages.html(receipt_page(order, one, base + FORM))
        back = way_back(account, {**order, "algorithm": order["algorithm"] or account["algorithm"]}, one)
        return Response("", 303, headers={"Location": back}) if back else pages.html(paid_page(order, one))

    def _receipt(self, request: Request, base: str) -> Response:
        vid = request.args.get("vid", "")

        def act(book: Book) -> tuple[dict[str, Any], dict[str, Any]]:
            if request.method == "POST":
                book.pay(vid)
            return book.find(vid)

        order, one = self._with_book(act)
        return pages.html(receipt_page(order, one, base + FORM))

    # --- setting up --------------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        ways: dict[str, Callable[[dict[str, Any]], Any]] = {
            "config": self._configured, "clock": self._clock, "account": self._enrol,
            "deliver": lambda given: {"delivered": self.notices.deliver()},
            "pay": lambda given: self._with_book(lambda book: book.pay(
                str(given["transaction"]), str(given.get("answer") or "APPROVED"),
                Decimal(str(given["amount"])) if given.get("amount") else None)),
            "chargeback": lambda given: self._with_book(lambda book: book.charge_back(
                given["order"], given.get("outcome") == "won")),
        }
        verb = request.path.removeprefix("/_sim/")
        if verb not in ways or request.method != "POST":
            return as_json({"error": request.path}, 404)
        try:
            return Response(exact_json.as_json(ways[verb](json_body(request))), content_type="application/json")
        except (BadRequest, Refused, KeyError) as error:
            return as_json({"error": str(error)}, 400)

    def _configured(self, given: Mapping[str, Any]) -> Any:
        self.notices.follow(self.configure(given).notices)
        return self.config.as_json()

    def _clock(self, given: Mapping[str, Any]) -> Any:
        """Days and hours go by; what happens by itself meanwhile happens."""
        seconds = int(given.get("days") or 0) * 86400 + int(given.get("hours") or 0) * 3600
        self.configure({"offset": self.config.offset + seconds})
        self._with_book(lambda book: None)
        return self.config.as_json()

    def _enrol(self, given: Mapping[str, Any]) -> Any:
        """A merchant; asked for again, changed."""
        before = self.account(str(given.get("merchant_id") or ACCOUNT["merchant_id"])) or ACCOUNT
        names = (*ACCOUNT, "confirmation_url", "response_url")
        if unknown := set(given) - set(names):
            raise BadRequest(_("There is no setting %(name)s; known: %(known)s.", name=", ".join(sorted(unknown)),
                               known=", ".join(names)))
        made = {**before, **given}
        self.kept.put("account", "", made["merchant_id"], made)
        return made

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, merchants, orders, confirmations, how often each command came."""
        return {"config": self.config.as_json(), "calls": dict(self.calls),
                "orders": [api.order_shown(one, self.config) for one in self.kept.all("order")[-SHOWN:]],
                "notices": [one.as_json() for one in list(self.notices.told)]}

    def reset(self) -> None:
        """No orders, no settings; merchants stay."""
        self.begin_again()
        self.notices.forget()
        self.notices.follow(self.config.notices)
        self.calls.clear()
