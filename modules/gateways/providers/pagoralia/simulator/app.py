"""The simulator as a WSGI app: merchants by the path, receipts, pages, setting up under `_sim`."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from core.i18n import _, format_amount, lazy
from core.simulators import Box, kept, pages
from core.simulators.couriers import Letter, way_of
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Settings
from core.simulators.telling import Telling, Verb

OWN: dict[str, Any] = {
    "duplicate_notice": lazy("The same notice comes twice"),
    "notice_lost": lazy("The notice never comes"),
    "forged_notice": lazy("A notice that says paid, of nobody's payment"),
    "old_list": lazy("The list shows the state in detalle, as older programs do"),
}
MERCHANT: dict[str, Any] = {"abrev": "isp", "token": "token-de-prueba-pagoralia", "notice_url": ""}
PENDING, PAID = "pending", "paid"
# the two dialects of notices: field of ours -> theirs
DIALECTS = {"a": {}, "b": {"invoice": "referencia", "cliente": "customer_id", "monto": "amount", "estado": "status",
                           "moneda": "currency"}}


@dataclass(frozen=True)
class Config(Settings):
    """How notices leave, in which dialect (a: JSON in Spanish, b: a form in English)."""

    ZONE = ZoneInfo("America/Mexico_City")
    READ = {"notices": way_of, "dialect": str}

    notices: str = "auto"
    dialect: str = "a"


class Kept(kept.Kept):
    """Merchants stay when all else is forgotten."""

    STAYS = ("merchant",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "pagoralia")


class Service(Telling[Config]):
    """Merchants with their customers' receipts."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config, lambda tries: 300.0 if tries < 10 else None)
        if not self.kept.all("merchant"):
            self.kept.put("merchant", "", MERCHANT["abrev"], MERCHANT)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with self.kept.writing():
            return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        base = request.host_url.rstrip("/") + request.root_path
        if request.path.startswith("/_sim/"):
            return self.set_up(request)
        self.calls[request.path] = self.calls.get(request.path, 0) + 1
        if request.path == "/order" and request.method == "POST":
            return self._order(request, base)
        found = re.fullmatch(r"/([a-z0-9-]+)/(api/linkmikro|api/listadocliente|pagar/([^/]+))", request.path)
        merchant = self.kept.get("merchant", "", found[1]) if found else None
        if found is None or merchant is None:
            return as_json({"message": "Not Found"}, 404)
        if found[3]:
            return self._page(request, merchant, found[3])
        if request.method != "GET" or not _same(request.args.get("token", ""), merchant["token"]):
            return as_json({"message": "Unauthorized"}, 401)
        customer = request.args.get("cliente", "")
        return self._link(merchant, customer, base) if found[2] == "api/linkmikro" else self._list(merchant, customer)

    # --- the calls ---------------------------------------------------------------------------------------

    def _link(self, merchant: Mapping[str, Any], customer: str, base: str) -> Response:
        """The permanent page; nothing for who has no receipt yet."""
        known = self._of(merchant, customer)
        return as_json({"redirect": f"{base}/{merchant['abrev']}/pagar/{customer}"} if known else {})

    def _list(self, merchant: Mapping[str, Any], customer: str) -> Response:
        old = bool(self.faults.strikes("old_list"))
        return as_json([_shown(one, old) for one in self._of(merchant, customer)])

    def _of(self, merchant: Mapping[str, Any], customer: str) -> list[dict[str, Any]]:
        return [one for one in self.kept.all("receipt", merchant["abrev"]) if one["cliente"] == customer]

    def _order(self, request: Request, base: str) -> Response:
        """A receipt; `isUnique`: one of this number is changed while nobody paid it, and never doubled."""
        header = request.headers.get("Authorization", "")
        merchant = next((one for one in self.kept.all("merchant") if _same(header, f"Bearer {one['token']}")), None)
        if merchant is None:
            return as_json({"message": "Unauthorized"}, 401)
        given = json_body(request)
        wrong = _problem(given)
        if wrong:
            return as_json({"message": wrong}, 422)
        before = self.kept.get("receipt", merchant["abrev"], given["invoice"])
        page = f"{base}/{merchant['abrev']}/pagar/{given['cliente']}"
        if before is not None and before["estado"] == PAID:
            return as_json({"error": "El recibo ya fue pagado"}, 409)
        made = {"recibo": given["invoice"], "cliente": str(given["cliente"]), "total": f"{Decimal(given['monto']):.2f}",
                "detalle": "INTERNET", "estado": PENDING, "realink": page}
        self.kept.put("receipt", merchant["abrev"], given["invoice"], made)
        return as_json({"data": {"redirect_url": page}})

    # --- what payers do ----------------------------------------------------------------------------------

    def change(self, abrev: str, number: str, state: str) -> dict[str, Any]:
        """A receipt is paid, or what was paid is taken back."""
        receipt = self.kept.get("receipt", abrev, number)
        if receipt is None or receipt["estado"] == state:
            raise BadRequest(_("There is no such receipt to change: %(number)s.", number=number))
        receipt |= {"estado": state, "realink": "" if state == PAID else receipt["realink"]}
        self.kept.put("receipt", abrev, number, receipt)
        self._tell(self.kept.get("merchant", "", abrev), receipt)
        return dict(receipt)

    def _tell(self, merchant: Mapping[str, Any], receipt: Mapping[str, Any]) -> None:
        if self.config.notices == "off" or not merchant["notice_url"] or self.faults.strikes("notice_lost"):
            return
        told = {"id": f"pg_{secrets.token_hex(3)}", "invoice": receipt["recibo"], "cliente": receipt["cliente"],
                "monto": receipt["total"], "moneda": "MXN", "estado": receipt["estado"], "metodo": "card",
                "fecha": f"{self.config.now():%Y-%m-%d %H:%M:%S}"}
        if self.faults.strikes("forged_notice"):
            self._post(merchant, {**told, "invoice": "OTRA-1", "estado": PAID})
        for _time in range(2 if self.faults.strikes("duplicate_notice") else 1):
            self._post(merchant, told)

    def _post(self, merchant: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        names = DIALECTS[self.config.dialect]
        body = {names.get(name, name): value for name, value in told.items()}
        as_form = self.config.dialect == "b"
        kind = "application/x-www-form-urlencoded" if as_form else "application/json"
        self.notices.post(Letter(merchant["notice_url"], (urlencode(body) if as_form else json.dumps(body)).encode(),
                                 {"Content-Type": kind}, tag={"receipt": told["invoice"], "state": told["estado"]}))

    def _page(self, request: Request, merchant: Mapping[str, Any], customer: str) -> Response:
        """What a customer owes, for ever at the same address."""
        if request.method == "POST":
            try:
                self.change(merchant["abrev"], request.form.get("recibo", ""), PAID)
            except BadRequest as error:
                return pages.html(pages.page("Pagoralia", pages.note(str(error))), 400)
        shown = [pages.form(request.url, f"{one['recibo']}: {format_amount(Decimal(one['total']), 'MXN')}", _("Pay"),
                            {"recibo": one["recibo"]})
                 for one in self._of(merchant, customer) if one["estado"] == PENDING]
        return pages.html(pages.page(str(_("Pagoralia (simulator)")), *(shown or [pages.note(_("Nothing is owed."))])))

    # --- setting up --------------------------------------------------------------------------------------

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "merchant": self._enrol,
            "pay": lambda given: self.change(str(given.get("abrev") or "isp"), str(given["receipt"]), PAID),
            "take_back": lambda given: self.change(str(given.get("abrev") or "isp"), str(given["receipt"]), PENDING)}

    def _enrol(self, given: Mapping[str, Any]) -> Any:
        """A merchant, with the address of its notices; asked for again, changed."""
        before = self.kept.get("merchant", "", str(given.get("abrev") or MERCHANT["abrev"])) or MERCHANT
        made = {**before, **{name: value for name, value in given.items() if name in MERCHANT}}
        self.kept.put("merchant", "", made["abrev"], made)
        return made

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings, receipts, notices, how often each path was called."""
        return {"config": self.config.as_json(), "calls": dict(self.calls), "receipts": self.kept.all("receipt"),
                "notices": [one.as_json() for one in list(self.notices.told)]}


def _same(found: str, expected: str) -> bool:
    return secrets.compare_digest(found.encode(), expected.encode())


def _shown(one: Mapping[str, Any], old: bool) -> dict[str, Any]:
    told = {"recibo": one["recibo"], "detalle": one["detalle"], "total": one["total"], "estado": one["estado"],
            "realink": one["realink"]}
    return {**{name: value for name, value in told.items() if name != "estado"}, "detalle": one["estado"]} if old \
        else told


def _problem(given: Mapping[str, Any]) -> str:
    """What an order lacks, "" where nothing."""
    for name in ("invoice", "cliente", "nombre"):
        if not str(given.get(name) or "").strip():
            return f"The {name} field is required."
    if given.get("moneda") != "MXN":
        return "The moneda field must be MXN."
    amount = given.get("monto")
    if not isinstance(amount, str) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", amount) or Decimal(amount) == 0:
        return "The monto field must be an amount as text."
    return ""
