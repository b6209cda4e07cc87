"""The simulator as a WSGI app: files go up, answers come down, cards are accepted or not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from core.i18n import lazy
from core.simulators import Box, kept
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.settings import Configured, Settings
from modules.crm import holidays
from modules.gateways.providers.prisma.simulator import files
from modules.gateways.providers.prisma.simulator.files import BadDebits

OWN: dict[str, Any] = {
    "rejected": lazy("A debit is rejected (code: 62 expired, 51 no funds)"),
    "new_card": lazy("A debit is accepted on a new card, whose number is told"),
    "retried": lazy("A debit on Visa debit will be tried again (034)"),
    "returned": lazy("The answer holds a return (6000) beside the debit"),
    "wrong_trailer": lazy("The total of the answer is wrong"),
    "other_establishment": lazy("The answer is of another establishment"),
    "answered_twice": lazy("The same answer comes in a second file"),
}
WORDS = {"62": "TARJETA VENCIDA", "51": "FONDOS INSUFICIENTES", "019": "OPERACION NO PERMITIDA",
         "020": "RECHAZADA POR EL EMISOR", "034": "SE REINTENTARA"}
PAY_DAYS = 10


@dataclass(frozen=True)
class Config(Settings):
    """The acquirer's clock; `establishments` that it knows, `rejects` reasons by the last four digits of a card."""

    ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
    READ = {"establishments": lambda value: tuple(str(one) for one in value),
            "rejects": lambda value: {str(key): str(code) for key, code in (value or {}).items()}}

    establishments: tuple[str, ...] = ("0012345678",)
    rejects: Mapping[str, str] = field(default_factory=dict)


class Kept(kept.Kept):
    """Files that came and answers."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "prisma")


class Acquirer(Configured[Config]):
    """The site for automatic debits."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        with self.kept.writing():
            return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path == "/_sim/config" and request.method == "POST":
            try:
                return as_json(self.configure(json_body(request)).as_json())
            except BadRequest as error:
                return as_json({"error": str(error)}, 400)
        if request.path == "/upload" and request.method == "POST":
            return self._upload(request.get_data())
        found = re.fullmatch(r"/answers/([^/]*)", request.path)
        if found is None or request.method != "GET":
            return Response("No existe", 404)
        now = self.config.now().isoformat()
        ready = {one["name"]: one["content"] for one in self.kept.all("answer") if one["from"] <= now}
        if not found[1]:
            return as_json({"files": list(ready)})
        content = ready.get(found[1])
        return Response("No existe", 404) if content is None else Response(
            content.encode("latin-1"), content_type="application/octet-stream")

    def _upload(self, content: bytes) -> Response:
        """A file is taken whole or refused whole."""
        try:
            head, debits = files.read(content)
            if head["establishment"] not in self.config.establishments:
                raise BadDebits(f"ESTABLECIMIENTO {head['establishment']} INEXISTENTE")
            key = f"{head['name']}-{head['establishment']}-{head['when']}"
            if self.kept.get("sent", "", key):
                raise BadDebits("ARCHIVO YA PROCESADO")
        except BadDebits as error:
            return as_json({"error": str(error)}, 400)
        self.kept.put("sent", "", key, len(debits))
        self._answer(head, [self._judged(one, head["name"]) for one in debits])
        return as_json({"taken": len(debits)}, 201)

    def _judged(self, debit: Mapping[str, Any], name: str) -> dict[str, Any]:
        visa_debit = name == "DEBLIQD"
        code = self.config.rejects.get(debit["card"][-4:], "")
        if struck := self.faults.strikes("rejected"):
            code = str(struck.options.get("code", "020" if visa_debit else "62"))
        if visa_debit and self.faults.strikes("retried"):
            code = "034"
        new = "" if code or not self.faults.strikes("new_card") else f"{(int(debit['card']) + 1) % 10**16:016d}"
        return {**debit, "code": code, "words": WORDS.get(code, "RECHAZADA" if code else ""), "new_card": new}

    def _answer(self, head: Mapping[str, str], debits: list[dict[str, Any]]) -> None:
        today = self.config.today()
        day = holidays.after_business_days(today, 1, "AR")
        paid = holidays.after_business_days(today, PAY_DAYS, "AR")
        whose = "0099999999" if self.faults.strikes("other_establishment") else head["establishment"]
        wrong = int(bool(self.faults.strikes("wrong_trailer")))
        if head["name"] == "DEBLIQD":
            settled = [one for one in debits if one["code"] in ("", "034")]
            self._put("RDEBLIQD", files.debit_answer("RDEBLIQD", head, debits, whose, wrong), day)
            self._put("LDEBLIQD", files.debit_answer("LDEBLIQD", head, settled, whose, wrong), paid)
            return
        if self.faults.strikes("returned"):
            debits = [*debits, {**debits[0], "movement": "6000", "code": "", "words": "", "new_card": ""}]
        content = files.answer(head, debits, today, paid, whose, wrong)
        for _time in range(2 if self.faults.strikes("answered_twice") else 1):
            self._put(f"R{head['name']}", content, day)

    def _put(self, name: str, content: bytes, day: dt.date) -> None:
        start = dt.datetime.combine(day, dt.time(8), self.config.ZONE).isoformat()
        number = self.kept.count("answer") + 1
        full = f"{name}.{day:%d%m%y}.{number:02d}.txt"
        self.kept.put("answer", "", full, {"name": full, "content": content.decode("latin-1"), "from": start})

    def reset(self) -> None:
        """No files, no settings."""
        self.begin_again()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings and names of answers; no content, it holds cards."""
        return {"config": self.config.as_json(), "sent": self.kept.count("sent"),
                "answers": [{"name": one["name"], "from": one["from"]} for one in self.kept.all("answer")]}
