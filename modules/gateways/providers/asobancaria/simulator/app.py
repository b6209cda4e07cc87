"""The bank as a WSGI app: `POST /debts`, `GET /files/YYYY-MM-DD/A`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from core.i18n import _
from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.kept import Kept
from core.simulators.settings import Configured, Settings
from modules.gateways.providers.asobancaria.simulator.day import Entry, draw
from modules.gateways.providers.asobancaria.simulator.writing import BROKEN, Refused, broken, debts_of, payments

BOGOTA = dt.timezone(dt.timedelta(hours=-5))


def _either(*known: str) -> Any:
    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(value)
        return str(value)

    return read


@dataclass(frozen=True)
class Agreement(Settings):
    """The agreement of collection, the bank's dialect (a, b), and its dice."""

    ZONE = BOGOTA
    READ = {"nit": str, "bank": str, "account": str, "service": str, "dialect": _either("a", "b"),
            "layout": _either("2001", "1998"), "seed": int}

    nit: str = "9001234568"
    bank: str = "040"
    account: str = "400000012345"
    service: str = "7709998000001"
    dialect: str = "a"
    layout: str = "2001"
    seed: int = 7


class Bank(Configured[Agreement]):
    """Debts that it knows, and the days that it has closed."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder, "asobancaria"), box.faults
        super().__init__(self.kept, Agreement)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        try:
            if request.path == "/_sim/config":
                return as_json(self.configure(json_body(request)).as_json())
            if (request.method, parts) == ("POST", ["debts"]):
                return self._take(request)
            if request.method == "GET" and parts[0] == "files" and len(parts) in (2, 3):
                return self._file(*parts[1:])
        except (BadRequest, Refused) as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": "no existe"}, 404)

    def _take(self, request: Request) -> Response:
        """A debt file, or {"debts": [{"reference", "cents"}]}: they replace those before."""
        if request.mimetype == "application/json":
            debts = [{"reference": str(one["reference"]), "cents": int(one["cents"])}
                     for one in json_body(request).get("debts", [])]
        else:
            debts = debts_of(request.get_data(), self.config.nit)
        with self.kept.writing():
            for old in self.kept.all("debt"):
                self.kept.delete("debt", "", old["reference"])
            for one in debts:
                self.kept.put("debt", "", one["reference"], one)
        return as_json({"taken": len(debts), "total": sum(one["cents"] for one in debts)})

    def _file(self, date: str, modifier: str = "A") -> Response:
        """The file of a day; asked for again, the same one. A fault spoils it on its way only."""
        try:
            day = dt.date.fromisoformat(date)
        except ValueError:
            raise BadRequest(_("The day must be written like 2026-11-09.")) from None
        if not (len(modifier) == 1 and "A" <= modifier <= "Z"):
            raise BadRequest(_("The modifier must be a letter from A to Z."))
        content = payments(self._entries(day, modifier), day, modifier, asdict(self.config))
        for fault in BROKEN:
            if self.faults.strikes(fault):
                content = broken(content, fault)
        return Response(content, content_type="text/plain; charset=iso-8859-1")

    def _entries(self, day: dt.date, modifier: str) -> list[Entry]:
        with self.kept.writing():
            kept = self.kept.get("day", "", f"{day}{modifier}")
            if kept is None:
                before = self.kept.get("day", "", f"{day - dt.timedelta(days=1)}A") or []
                found = draw(self.kept.all("debt"), [Entry(**one) for one in before],
                             f"{self.config.seed} {day} {modifier}")
                kept = [one.as_json() for one in found]
                self.kept.put("day", "", f"{day}{modifier}", kept)
                self._settle(found)
        return [Entry(**one) for one in kept]

    def _settle(self, entries: list[Entry]) -> None:
        """What was paid is owed no more."""
        for one in entries:
            debt = self.kept.get("debt", "", one.reference)
            if debt and not one.returned:
                left = debt["cents"] - one.cents
                if left > 0:
                    self.kept.put("debt", "", one.reference, {**debt, "cents": left})
                else:
                    self.kept.delete("debt", "", one.reference)

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {"debts": self.kept.all("debt"), "days": self.kept.count("day"), "config": self.config.as_json()}

    def reset(self) -> None:
        self.begin_again()
