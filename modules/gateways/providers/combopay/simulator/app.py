"""The simulator as a WSGI app: tokens, links, their page, states, setting up under `_sim`."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from core.i18n import _, format_amount, lazy
from core.simulators import Box, kept, pages
from core.simulators.couriers import Letter, way_of
from core.simulators.frame import BadRequest, StartResponse, as_json
from core.simulators.settings import Settings
from core.simulators.telling import Telling, Verb
from modules.gateways.providers.combopay.simulator.fields import Invalid, checked

OWN: dict[str, Any] = {
    "error_200": lazy("An error with HTTP 200"),
    "duplicate_notice": lazy("The same notice comes twice"),
    "forged_notice": lazy("A notice that says paid, of nobody's payment"),
    "wrong_value": lazy("Another amount than the link's was paid"),
    "notice_lost": lazy("The notice never comes"),
    "expired_token": lazy("401: the token is no longer good"),
}
MERCHANT: dict[str, Any] = {
    "name": "isp-de-prueba", "token": "token-de-prueba-combopay-0123456789", "username": "isp", "password": "clave",
    "client_id": "7", "client_secret": "secreto"}
PENDING, PAID, IN_PROCESS = 0, 1, 2
# a transfer by PSE is in process for so long
SLOW = dt.timedelta(minutes=1)
BANKS = {"1007": "BANCOLOMBIA", "1001": "BANCO DE BOGOTA"}
METHODS = {"CREDIT_CARD": lazy("Card"), "PSE": lazy("Bank transfer (PSE)"), "CASH": lazy("Cash")}


@dataclass(frozen=True)
class Config(Settings):
    """How notices leave and are written (json, form); how the link is called in answers (link_name)."""

    ZONE = ZoneInfo("America/Bogota")
    READ = {"notices": way_of, "form": str, "link_name": str}

    notices: str = "auto"
    form: str = "json"
    link_name: str = "payment_link"


class Kept(kept.Kept):
    """Merchants stay when all else is forgotten."""

    STAYS = ("merchant",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "combopay")


class Service(Telling[Config]):
    """One merchant's links with their state."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config, lambda tries: 60.0 if tries < 5 else None)
        if not self.kept.all("merchant"):
            self.kept.put("merchant", "", MERCHANT["name"], MERCHANT)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    @property
    def merchant(self) -> dict[str, Any]:
        return dict(self.kept.all("merchant")[0])

    def _respond(self, request: Request) -> Response:
        base = request.host_url.rstrip("/") + request.root_path
        if request.path.startswith("/_sim/"):
            return self.set_up(request)
        page = re.fullmatch(r"/payment-link/[a-z0-9-]+/([0-9]+)_[0-9]+", request.path)
        if page:
            return self._page(request, page[1])
        return self._called(request, base)

    # --- the API -----------------------------------------------------------------------------------------

    def _called(self, request: Request, base: str) -> Response:
        self.calls[request.path] = self.calls.get(request.path, 0) + 1
        if request.path == "/api/oauth/token" and request.method == "POST":
            return self._log_in(_given(request))
        if not self._is_known(request) or self.faults.strikes("expired_token"):
            return as_json({"message": "Unauthenticated."}, 401)
        if self.faults.strikes("error_200"):
            return as_json({"error": "El comercio no tiene habilitado el medio de pago"})
        if request.path == "/api/invoice-company-customer" and request.method == "POST":
            return self._open(_given(request), base)
        if request.path == "/api/invoice-company/bank-list" and request.method == "GET":
            return as_json([{"bankCode": code, "bankName": name} for code, name in BANKS.items()])
        found = re.fullmatch(r"/api/invoice(?:-company)?/([0-9]+)/status", request.path)
        if found and request.method == "GET":
            return self._status(found[1])
        return as_json({"message": "Not Found"}, 404)

    def _log_in(self, given: Mapping[str, Any]) -> Response:
        merchant = self.merchant
        names = ("username", "password", "client_id", "client_secret")
        if given.get("grant_type") != "password" or any(str(given.get(name)) != merchant[name] for name in names):
            return as_json({"error": "invalid_grant", "message": "The user credentials were incorrect."}, 400)
        return as_json({"token_type": "Bearer", "expires_in": 31536000, "access_token": merchant["token"],
                        "refresh_token": secrets.token_hex(8)})

    def _is_known(self, request: Request) -> bool:
        header = request.headers.get("Authorization", "")
        return secrets.compare_digest(header.encode(), f"Bearer {self.merchant['token']}".encode())

    def _open(self, given: Mapping[str, Any], base: str) -> Response:
        try:
            fields = checked(given)
        except Invalid as error:
            return as_json({"message": "The given data was invalid.", "errors": error.errors}, 422)
        before = self.kept.get("reference", "", fields["invoice"])
        link = self.kept.get("link", "", str(before)) if before else None
        if link is not None and link["status"] != PENDING:
            return as_json({"error": "La factura ya fue pagada"})
        number = before or 401_872 + self.kept.count("link")
        now = int(self.config.now().timestamp() * 1000)
        url = link["url"] if link else f"{base}/payment-link/{self.merchant['name']}/{number}_{now}"
        made = {"tickets": [], "status": PENDING, **(link or {}), **fields, "id": number, "url": url}
        with self.kept.writing():
            self.kept.put("link", "", str(number), made)
            self.kept.put("reference", "", fields["invoice"], number)
        told = {"id": number, "invoice": fields["invoice"], "value": fields["value"], "status": PENDING}
        name = self.config.link_name
        return as_json({"data": {**told, name.removeprefix("data."): url}} if name.startswith("data.")
                       else {**told, name: url})

    def _status(self, number: str) -> Response:
        link = self._aged(number)
        if link is None:
            return as_json({"message": "Not Found"}, 404)
        if not link["tickets"]:
            return as_json({"error": "La factura no tiene transacciones"})
        return as_json(_told(link, link["tickets"][-1]))

    # --- what payers do ----------------------------------------------------------------------------------

    def _aged(self, number: str) -> dict[str, Any] | None:
        """A link now: what was in process long enough is paid."""
        link = self.kept.get("link", "", number)
        if link and link["status"] == IN_PROCESS and dt.datetime.fromisoformat(link["until"]) <= self.config.now():
            self._settle(link, link["tickets"][-1], "payment_approved")
        return dict(link) if link else None

    def pay(self, number: str, method: str, state: str, value: int | None = None) -> dict[str, Any]:
        """Somebody pays, or tries to."""
        link = self._aged(number)
        if link is None or link["status"] != PENDING:
            raise BadRequest(_("There is no open link %(number)s.", number=number))
        paid = value or link["value"] + (500 if self.faults.strikes("wrong_value") else 0)
        number_of = str(7_700_123 + self.kept.count("ticket"))
        ticket: dict[str, Any] = {"ticket_id": number_of, "payment_method": method, "value": paid}
        self.kept.put("ticket", "", number_of, number)
        link["tickets"].append(ticket)
        if method == "PSE" and state == "payment_approved":
            ticket["state"], link["status"] = "payment_pending", IN_PROCESS
            link["until"] = (self.config.now() + SLOW).isoformat()
            self.kept.put("link", "", number, link)
        else:
            self._settle(link, ticket, state)
        return link

    def _settle(self, link: dict[str, Any], ticket: dict[str, Any], state: str) -> None:
        ticket["state"] = state
        link["status"] = PAID if state == "payment_approved" else PENDING
        self.kept.put("link", "", str(link["id"]), link)
        self._tell(link, ticket)

    def _tell(self, link: Mapping[str, Any], ticket: Mapping[str, Any]) -> None:
        if self.config.notices == "off" or self.faults.strikes("notice_lost"):
            return
        told = {**_told(link, ticket), "custom": link.get("custom") or ""}
        if self.faults.strikes("forged_notice"):
            self._post(link["url_data_return"], {**told, "ticket_id": "1", "transaction_state": "payment_approved"})
        for _time in range(2 if self.faults.strikes("duplicate_notice") else 1):
            self._post(link["url_data_return"], told)

    def _post(self, address: str, told: Mapping[str, Any]) -> None:
        as_form = self.config.form == "form"
        body = urlencode(told) if as_form else json.dumps(told)
        kind = "application/x-www-form-urlencoded" if as_form else "application/json"
        self.notices.post(Letter(address, body.encode(), {"Content-Type": kind},
                                 tag={"ticket": told["ticket_id"], "state": told["transaction_state"]}))

    def _page(self, request: Request, number: str) -> Response:
        if request.method == "POST":
            try:
                link = self.pay(number, request.form.get("method", "CREDIT_CARD"),
                                request.form.get("state", "payment_approved"))
            except BadRequest as error:
                return pages.html(pages.page("ComboPay", pages.note(str(error))), 400)
            back = link.get("url_client_redirect")
            if back:
                return Response("", 303, headers={"Location": back})
        found = self._aged(number)
        if found is None:
            return Response("404", 404)
        head = pages.head(found["description"], format_amount(found["value"], "COP"), (_("Number"), number),
                          (_("State"), {PENDING: "0", PAID: "1", IN_PROCESS: "2"}[found["status"]]))
        form = pages.form(request.url, _("Pay with"), _("Pay"), {}, {
            "method": (_("Pay with"), METHODS.items()),
            "state": (_("What the bank says"), [("payment_approved", _("approved")), ("payment_fail", _("refused"))])})
        return pages.html(pages.page(str(_("ComboPay (simulator)")), head, form if found["status"] == PENDING else ""))

    # --- setting up --------------------------------------------------------------------------------------

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "pay": lambda given: self.pay(str(given["id"]), str(given.get("method") or "CREDIT_CARD"),
                                          str(given.get("state") or "payment_approved"), given.get("value")),
        }

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, links with their tickets, notices, how often each path was called."""
        return {"config": self.config.as_json(), "calls": dict(self.calls), "links": self.kept.all("link"),
                "notices": [one.as_json() for one in list(self.notices.told)]}


def _told(link: Mapping[str, Any], ticket: Mapping[str, Any]) -> dict[str, Any]:
    return {"transaction_state": ticket["state"], "payment_method": ticket["payment_method"],
            "invoice_number": link["invoice"], "transaction_value": ticket["value"], "ticket_id": ticket["ticket_id"]}


def _given(request: Request) -> dict[str, Any]:
    """What was sent: JSON, a form or the query, as newer and older integrations do."""
    try:
        body = json.loads(request.get_data(cache=True) or b"")
        return body if isinstance(body, dict) else {}
    except ValueError:
        return {**request.args.to_dict(), **request.form.to_dict()}
