"""The simulator as a WSGI app: sessions, the page, results, purchases, the close of the day, setting up."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from core.i18n import _, format_amount, lazy
from core.simulators import Box, kept, pages
from core.simulators.couriers import Letter, way_of
from core.simulators.frame import BadRequest, StartResponse, as_json
from core.simulators.settings import Settings
from core.simulators.telling import Telling, Verb
from modules.gateways.providers.cardnet.simulator.fields import problem

OWN: dict[str, Any] = {
    "slow_issuer": lazy("The first answer is 09, in process (seconds, 60)"),
    "other_order": lazy("The result tells the order of another session"),
    "other_amount": lazy("The result tells another amount"),
    "lost_return": lazy("The payer's browser never comes back"),
    "unknown_code": lazy("The result has a code that nobody has heard of"),
}
MERCHANT: dict[str, Any] = {"number": "349000000", "terminal": "58585858", "private_key": "llave-privada-de-prueba"}
CURRENCIES = {"214": "DOP", "840": "USD"}
CODES = ("51", "05", "04", "54", "61", "91", "96", "68", "10", "TF")
TOKENS = "/servicios/tokens/v1/api/purchase/"
# merchants are closed at this hour; what comes later is of the next day
CLOSE = dt.time(19)


@dataclass(frozen=True)
class Config(Settings):
    """The clock, and how notifications leave."""

    ZONE = ZoneInfo("America/Santo_Domingo")
    READ = {"notices": way_of}

    notices: str = "auto"


class Kept(kept.Kept):
    """Merchants stay when all else is forgotten."""

    STAYS = ("merchant",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "cardnet")


class Service(Telling[Config]):
    """Sessions and purchases with their state."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config, lambda tries: 300.0 if tries < 20 else None)
        if not self.kept.all("merchant"):
            self.kept.put("merchant", "", MERCHANT["number"], MERCHANT)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with self.kept.writing():
            return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self.set_up(request)
        name = re.sub(r"sess-[^/]+", "{id}", request.path)
        self.calls[name] = self.calls.get(name, 0) + 1
        if request.path == "/sessions":
            return self._open(request) if request.method == "POST" else Response("", 405)
        if request.path == "/authorize":
            return self._authorize(request) if request.method == "POST" else Response("", 405)
        found = re.fullmatch(r"/sessions/([^/]+)", request.path)
        if found and request.method == "GET":
            return self._result(found[1], request.args.get("sk", ""))
        if request.path.startswith(TOKENS) and request.method == "GET":
            return self._purchase(request)
        day = re.fullmatch(r"/close/(\d{4}-\d{2}-\d{2})\.csv", request.path)
        return self._close(day[1]) if day else Response("404", 404)

    # --- the page ----------------------------------------------------------------------------------------

    def _open(self, request: Request) -> Response:
        try:
            given = json.loads(request.get_data())
        except ValueError:
            given = None
        wrong = problem(given) if isinstance(given, dict) else "invalid body"
        if wrong:
            return as_json({"message": wrong}, 400)
        session, key = f"sess-{uuid.uuid4()}", f"k-{secrets.token_hex(6)}"
        self.kept.put("session", "", session, {"id": session, "key": key, "sent": given, "result": None, "until": None})
        return as_json({"SESSION": session, "session-key": key})

    def _authorize(self, request: Request) -> Response:
        """The page with its buttons; what was chosen, and the way back."""
        session = self.kept.get("session", "", request.form.get("SESSION", ""))
        if session is None:
            return as_json({"message": "session_not_found"}, 404)
        if "code" not in request.form:
            return pages.html(_page(session, request.url))
        if session["result"] is not None:
            return pages.html(pages.page("CardNET", pages.note(_("This session was used already."))), 409)
        if request.form["code"] == "leave":
            return self._back(session, "CancelUrl")
        self.settle(session, request.form["code"])
        return self._back(session, "ReturnUrl")

    def _back(self, session: Mapping[str, Any], where: str) -> Response:
        """A form that the browser posts by itself: the session, no amount, no signature."""
        if self.faults.strikes("lost_return"):
            return pages.html(pages.page("CardNET", pages.note(_("The browser was closed."))))
        return pages.html(pages.page("CardNET", pages.form(session["sent"][where], _("Back to the seller"), _("Go on"),
                                                           {"SESSION": session["id"], "Description": ""})))

    def settle(self, session: dict[str, Any], code: str) -> dict[str, Any]:
        """What the issuer, or a wrong merchant, makes of it."""
        sent, merchant = session["sent"], self.kept.get("merchant", "", session["sent"]["MerchantNumber"])
        if merchant is None:
            code = "03"
        elif sent["MerchantTerminal"] != merchant["terminal"]:
            code = "89"
        code = "ZZ" if self.faults.strikes("unknown_code") else code
        approved = code == "00"
        result = {"OrdenID": sent["OrdenId"], "TransactionID": sent["TransactionId"], "ResponseCode": code,
                  "AuthorizationCode": f"{secrets.randbelow(10**6):06d}" if approved else "",
                  "RetrivalReferenceNumber": f"{self.kept.count('session'):012d}",
                  "CreditCardNumber": "411111******1111", "TxToken": f"tk-{secrets.token_hex(5)}" if approved else ""}
        if self.faults.strikes("other_order"):
            result["OrdenID"] = "OTRA-1"
        if self.faults.strikes("other_amount"):
            result["Amount"] = f"{int(sent['Amount']) + 100:012d}"
        slow = self.faults.strikes("slow_issuer")
        until = self.config.now() + dt.timedelta(seconds=(slow.seconds or 60) if slow else 0)
        session |= {"result": result, "until": until.isoformat(), "at": self.config.now().isoformat()}
        self.kept.put("session", "", session["id"], session)
        return session

    def _result(self, number: str, key: str) -> Response:
        session = self.kept.get("session", "", number)
        if session is None or not secrets.compare_digest(key.encode(), session["key"].encode()):
            return as_json({"message": "session_not_found"}, 404)
        if session["result"] is None:
            return as_json({"message": "rspdata_not_found"}, 404)
        if dt.datetime.fromisoformat(session["until"]) > self.config.now():
            return as_json({**session["result"], "ResponseCode": "09", "AuthorizationCode": "", "TxToken": ""})
        return as_json(session["result"])

    def _close(self, day: str) -> Response:
        """The approved payments of a day that ended at 19:00, as a table of our own: CardNET's was not found."""
        end = dt.datetime.combine(dt.date.fromisoformat(day), CLOSE, self.config.ZONE)
        file = io.StringIO()
        table = csv.writer(file)
        table.writerow(["session", "order", "authorization", "amount", "currency", "at"])
        for one in self.kept.all("session"):
            if one["result"] and one["result"]["ResponseCode"] == "00" and (
                    end - dt.timedelta(days=1) <= dt.datetime.fromisoformat(one["at"]) < end):
                amount = Decimal(one["sent"]["Amount"]).scaleb(-2)
                table.writerow([one["id"], one["sent"]["OrdenId"], one["result"]["AuthorizationCode"], f"{amount:.2f}",
                                CURRENCIES[one["sent"]["CurrencyCode"]], one["at"]])
        return Response(file.getvalue(), content_type="text/csv")

    # --- stored cards ------------------------------------------------------------------------------------

    def _purchase(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Basic {MERCHANT['private_key']}":
            return as_json({"Errors": [{"Code": "401", "Message": "Unauthorized"}]}, 401)
        found = self.kept.get("purchase", "", request.path.removeprefix(TOKENS))
        return as_json({"Response": found, "Errors": []}) if found else as_json({"Errors": ["not found"]}, 404)

    def charge(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A stored card is charged: the purchase, and its notification where an address is given."""
        number = 88_001 + self.kept.count("purchase")
        code = str(given.get("code") or "00")
        status = {"00": (1, "Approved")}.get(code, (4, "Rejected"))
        made = {"PurchaseId": number, "Created": f"{self.config.now():%Y-%m-%dT%H:%M:%S}.000", "TrxToken": None,
                "Order": str(given["order"]), "Amount": int(given["amount"]), "Currency": "DOP", "Installments": 1,
                "Capture": True, "RefundList": [], "UniqueID": str(uuid.uuid4()), "Transaction": {
                    "TransactionID": number + 11_000, "TransactionStatusId": status[0], "Status": status[1],
                    "Steps": [{"Step": "Authorization", "Status": status[1], "ResponseCode": code}]}}
        self.kept.put("purchase", "", str(number), made)
        if given.get("url") and self.config.notices != "off":
            told = {"NotificationId": 5000 + number, "Created": made["Created"], "ResourceType": "Purchase",
                    "ResourceUrl": f"https://lab.cardnet.com.do{TOKENS}{number}", "ResourceObject": made}
            self.notices.post(Letter(str(given["url"]), json.dumps(told).encode(), {
                "Content-Type": "application/json", "Authorization": f"Basic {MERCHANT['private_key']}"}))
        return made

    # --- setting up --------------------------------------------------------------------------------------

    def verbs(self) -> Mapping[str, Verb]:
        return {"charge": self.charge, "pay": self._pay}

    def _pay(self, given: Mapping[str, Any]) -> dict[str, Any]:
        session = self.kept.get("session", "", str(given["session"]))
        if session is None or session["result"] is not None:
            raise BadRequest(_("There is no open session %(number)s.", number=given["session"]))
        return self.settle(session, str(given.get("code") or "00"))

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, sessions without their keys, purchases, notices, how often each path was called."""
        shown = [{key: value for key, value in one.items() if key != "key"} for one in self.kept.all("session")]
        return {"config": self.config.as_json(), "calls": dict(self.calls), "sessions": shown,
                "purchases": self.kept.all("purchase"), "notices": [one.as_json() for one in list(self.notices.told)]}


def _page(session: Mapping[str, Any], url: str) -> str:
    sent = session["sent"]
    amount = format_amount(Decimal(sent["Amount"]).scaleb(-2), CURRENCIES[sent["CurrencyCode"]])
    head = pages.head(sent["MerchantName"], amount, (_("Reference"), sent["OrdenId"]))
    fixed = {"SESSION": session["id"]}
    choices = {"code": (_("What the bank says"), [("00", _("approved")), *((code, code) for code in CODES)])}
    return pages.page(str(_("CardNET (simulator)")), head, pages.form(url, _("Card"), _("Pay"), fixed, choices),
                      pages.form(url, _("Leave"), _("Do not pay"), {**fixed, "code": "leave"}))
