"""The simulator as a WSGI app: folders of companies, the base of debts, payers under `_sim`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from core.i18n import lazy
from core.simulators import Box, kept
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured, Settings
from modules.crm import holidays
from modules.gateways.providers.pagomiscuentas.simulator.files import BadFac, read_fac, write_cob

OWN: dict[str, Any] = {
    "wrong_total": lazy("The total of the file of collections is wrong"),
    "other_company": lazy("The file of collections is of another company"),
    "same_file_twice": lazy("The file of the banking day before comes once more in its place"),
    "partial_file": lazy("The file of collections is cut"),
    "unknown_reference": lazy("A payment comes under a reference that nobody has"),
    "paid_twice": lazy("The payer pays the same twice"),
    "without_invoice": lazy("The payment names no invoice"),
}
NAME = re.compile(r"FAC([0-9A-Z]{4})\.(\d{6})(?:\.(\d{1,2}))?", re.IGNORECASE)
COMPANY = {"code": "ANDI", "empresa": "0123"}
LONGEST = 64 * 2**20


@dataclass(frozen=True)
class Config(Settings):
    """The network's clock; `replaces`: a new file replaces the unpaid debts of the former."""

    ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
    READ = {"replaces": bool}

    replaces: bool = False


class Kept(kept.Kept):
    """Companies stay when all else is forgotten."""

    STAYS = ("company",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "pagomiscuentas")


class Network(Configured[Config]):
    """PagoMisCuentas with its companies."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config)
        if not self.kept.all("company"):
            self.kept.put("company", "", COMPANY["code"], COMPANY)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        with self.kept.writing():
            return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            try:
                return self._set_up(request)
            except BadRequest as error:
                return as_json({"error": str(error)}, 400)
        found = re.fullmatch(r"/([0-9A-Z]{4})/(Upload|Download)/([^/]*)", request.path)
        company = self.kept.get("company", "", found[1]) if found else None
        if found is None or company is None:
            return Response("550 No such folder", 404)
        if found[2] == "Upload" and request.method in ("PUT", "POST") and found[3]:
            return self._upload(company, found[3], request.get_data())
        if found[2] == "Download" and request.method == "GET":
            self._collect(company)
            return self._download(company, found[3])
        return Response("550 Not allowed", 405)

    # --- folders -------------------------------------------------------------------------------------

    def _upload(self, company: Mapping[str, str], name: str, content: bytes) -> Response:
        """A file is judged at once; who looks into Download finds out."""
        try:
            if len(content) > LONGEST:
                raise BadFac("ARCHIVO DEMASIADO GRANDE")
            self._check_name(company, name)
            debts = read_fac(content, company["empresa"])
        except BadFac as error:
            self._put(company, f"RECHAZADO_{name}", f"{error}\r\n".encode())
            return Response("226 Transfer complete", 201)
        if self.config.replaces:
            for one in self.kept.all("debt", company["code"]):
                if not one["paid"]:
                    self.kept.delete("debt", company["code"], f"{one['reference']}|{one['invoice']}")
        for one in debts:
            self.kept.put("debt", company["code"], f"{one['reference']}|{one['invoice']}", {**one, "paid": False})
        self.kept.put("sent", company["code"], name.upper(), len(debts))
        return Response("226 Transfer complete", 201)

    def _check_name(self, company: Mapping[str, str], name: str) -> None:
        found, now = NAME.fullmatch(name), self.config.now()
        if found is None or found[1].upper() != company["code"]:
            raise BadFac("NOMBRE DE ARCHIVO INVALIDO")
        if self.kept.get("sent", company["code"], name.upper()) is not None:
            raise BadFac("ARCHIVO YA RECIBIDO")
        on_time = now.time() < dt.time(14, 30) and holidays.is_business_day(now.date(), "AR")
        first = now.date() if on_time else holidays.after_business_days(now.date(), 1, "AR")
        try:
            day = dt.datetime.strptime(found[2], "%d%m%y").date()
        except ValueError:
            raise BadFac("FECHA DE ARCHIVO INVALIDA") from None
        if day < first:
            raise BadFac("FECHA DE ARCHIVO ANTERIOR A LA DE PROCESO")

    def _put(self, company: Mapping[str, str], name: str, content: bytes) -> None:
        self.kept.put("file", company["code"], name, content.decode("latin-1"))

    def _download(self, company: Mapping[str, str], name: str) -> Response:
        if name:
            content = self.kept.get("file", company["code"], name)
            return Response("550 No such file", 404) if content is None else Response(
                content.encode("latin-1"), content_type="application/octet-stream")
        listed = self.kept.rows("SELECT key FROM kept WHERE kind = 'file' AND owner = ? ORDER BY place",
                                company["code"])
        return Response("".join(f"{row['key']}\r\n" for row in listed), content_type="text/plain")

    def _collect(self, company: Mapping[str, str]) -> None:
        """The files of collections up to now: one per banking day, empty ones too."""
        day, last = self._collected(company), holidays.after_business_days(self.config.today(), 1, "AR")
        while (day := holidays.after_business_days(day, 1, "AR")) <= last:
            self._write(company, day)
            self.kept.put("collected", "", company["code"], day.isoformat())

    def _collected(self, company: Mapping[str, str]) -> dt.date:
        """The day up to which files were made; a company begins with its first deed."""
        known = self.kept.get("collected", "", company["code"])
        if known is None:
            known = self.config.today().isoformat()
            self.kept.put("collected", "", company["code"], known)
        return dt.date.fromisoformat(known)

    def _write(self, company: Mapping[str, str], day: dt.date) -> None:
        empresa = "9999" if self.faults.strikes("other_company") else company["empresa"]
        paid = [one for one in self.kept.all("payment", company["code"]) if one["credited"] == day.isoformat()]
        content = write_cob(empresa, day, paid, int(bool(self.faults.strikes("wrong_total"))))
        before = self.kept.get("newest", "", company["code"])
        if before and self.faults.strikes("same_file_twice"):
            content = before.encode()
        if self.faults.strikes("partial_file"):
            content = content[:len(content) * 2 // 3]
        self.kept.put("newest", "", company["code"], content.decode())
        self._put(company, f"COB{company['code']}.{day:%d%m%y}", content)

    # --- payers --------------------------------------------------------------------------------------

    def pay(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Pay a debt by its reference, the oldest or the one of an invoice; or, without debt, what the payer writes."""
        company = self.kept.get("company", "", str(given.get("code") or COMPANY["code"]))
        if company is None:
            raise BadRequest("No existe la empresa")
        reference, today = str(given.get("reference") or ""), self.config.today().isoformat()
        open_debts = [one for one in self.kept.all("debt", company["code"]) if one["reference"] == reference
                      and not one["paid"] and given.get("invoice") in (None, one["invoice"])
                      and one["day"] < today <= max(day for day, _amount in one["dues"])]
        if not open_debts and not given.get("amount"):
            raise BadRequest("No hay deuda para pagar")
        debt = min(open_debts, key=lambda one: one["dues"][0][0], default=None)
        amount = int(given.get("amount") or 0) or next(
            amount for day, amount in (debt or {})["dues"] if today <= day)
        if debt:
            self.kept.put("debt", company["code"], f"{reference}|{debt['invoice']}", {**debt, "paid": True})
        if self.faults.strikes("without_invoice"):
            debt = None
        if self.faults.strikes("unknown_reference"):
            reference = "9" + reference[:17] + "9"
        times = 2 if self.faults.strikes("paid_twice") else 1
        return [self._paid(company, reference, debt, amount, str(given.get("channel") or "HB"))
                for _time in range(times)]

    def _paid(self, company: Mapping[str, str], reference: str, debt: Mapping[str, Any] | None, amount: int,
              channel: str) -> dict[str, Any]:
        self._collected(company)
        today, number = self.config.today(), self.kept.count("payment") + 1
        made = {"reference": reference, "invoice": debt["invoice"] if debt else "",
                "due": debt["dues"][0][0] if debt else "", "paid": today.isoformat(), "amount": amount,
                "credited": holidays.after_business_days(today, 2, "AR").isoformat(), "channel": channel,
                "control": number % 10000, "province": "001" if channel == "S1" else ""}
        self.kept.put("payment", company["code"], str(number), made)
        return made

    # --- setting up ----------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        given = json_body(request)
        ways: dict[str, Callable[[], Any]] = {
            "/_sim/config": lambda: self.configure(given).as_json(), "/_sim/company": lambda: self.enrol(given),
            "/_sim/pay": lambda: {"payments": self.pay(given)}}
        if request.method != "POST" or request.path not in ways:
            return as_json({"error": request.path}, 404)
        return as_json(ways[request.path]())

    def enrol(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A company by its sigla (`code`) and number (`empresa`)."""
        made = {**COMPANY, **{name: str(value) for name, value in given.items() if name in COMPANY}}
        self.kept.put("company", "", made["code"], made)
        return made

    def reset(self) -> None:
        """No debts, no files; companies stay."""
        self.begin_again()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Companies, debts, payments."""
        return {"config": self.config.as_json(), "companies": self.kept.all("company"),
                "debts": self.kept.all("debt"), "payments": self.kept.all("payment")}
