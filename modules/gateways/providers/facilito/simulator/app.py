"""The office as a WSGI app: what happens at its counter, and the file at the end of its day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from core.i18n import _, lazy
from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.kept import Kept
from core.simulators.settings import Configured, Settings
from modules.gateways.providers.facilito.simulator.caller import Caller

GUAYAQUIL = dt.timezone(dt.timedelta(hours=-5))
OWN: dict[str, Any] = {
    "no_answer": lazy("The office does not get our answer to a payment: a time-out"),
    "clock_skew": lazy("The office's clock is wrong (seconds, 600)"),
    "wrong_signature": lazy("Signature or token are wrong"),
    "line_missing": lazy("A payment is missing in the file of the day"),
    "line_extra": lazy("The file of the day holds a payment that never came"),
}
HEADINGS = "transaccion;codigo;monto;pagado;oficina;tipo"


@dataclass(frozen=True)
class Counter(Settings):
    """Whom it calls (`base`: the account's address), by which contract (service, collect), with which keys."""

    ZONE = GUAYAQUIL
    READ = {"base": str, "network": str, "contract": str, "token": str, "key_id": str, "secret": str, "office": str}

    base: str = "http://127.0.0.1:8000"
    network: str = "facilito"
    contract: str = "service"
    token: str = "secreto-de-prueba-facilito"
    key_id: str = "facilito-1"
    secret: str = "secreto-de-prueba-facilito"
    office: str = "GYE-014"


class Office(Configured[Counter]):
    """Payments that it took, by their numbers."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder, "facilito"), box.faults
        super().__init__(self.kept, Counter)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "query": self._query, "pay": self._pay, "repeat": self._repeat, "change": self._change,
            "reverse": self._reverse, "reverse_first": self._reverse_first, "print": self._print, "list": self._list}
        try:
            if request.path == "/_sim/config":
                return as_json(self.configure(json_body(request)).as_json())
            if request.method == "POST" and parts[0] == "office" and parts[-1] in verbs:
                return as_json(verbs[parts[-1]](json_body(request)))
            if request.method == "GET" and parts[0] == "files" and len(parts) == 2:
                return Response(self._file(parts[1]).encode(), content_type="text/csv; charset=utf-8")
        except (BadRequest, KeyError) as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"error": "no existe"}, 404)

    # --- at the counter ------------------------------------------------------------------------------

    def _query(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Types a code."""
        code = str(given["code"])
        if self.config.contract == "service":
            return self._caller().service("consultadeuda", cedula=code)
        return self._caller().debts(code)

    def _pay(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Asks, and pays what is owed, or another amount."""
        code, shown = str(given["code"]), self._query(given)
        owed = self._owed(shown)
        amount = str(given.get("amount") or owed["amount"])
        if not amount:
            return {"shown": shown, "paid": None}
        payment = {"transaction": self._number(), "code": code, "amount": amount, "document": owed["document"],
                   "paid_at": self.config.now().isoformat(timespec="seconds"), "state": "sent"}
        return {"shown": shown, **self._told(payment)}

    def _owed(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        body = shown.get("body")
        found = body if isinstance(body, dict) else {}
        if self.config.contract == "service":
            return {"amount": found.get("valor", ""), "document": found.get("IDFactura", 0)}
        total = found.get("total", "")
        return {"amount": "" if total == "0.00" else total, "document": 0}

    def _told(self, payment: dict[str, Any]) -> dict[str, Any]:
        """Tells the provider. Without an answer the office does not know."""
        answer = self._send_payment(payment)
        lost = answer["status"] is None or self.faults.strikes("no_answer") is not None
        if payment["state"] != "reversed":
            payment["state"] = "unknown" if lost else "paid" if _good(answer) else "refused"
        self._keep(payment)
        return {"transaction": payment["transaction"], "state": payment["state"], "paid": None if lost else answer}

    def _send_payment(self, payment: Mapping[str, Any]) -> dict[str, Any]:
        if self.config.contract == "service":
            return self._caller().service("registrarpago", IDFactura=payment["document"], valor=payment["amount"],
                                          fecha=payment["paid_at"][:10], secuencial=payment["transaction"])
        return self._caller().collect("POST", "payments", {
            "transaction": payment["transaction"], "code": payment["code"], "amount": payment["amount"],
            "paid_at": payment["paid_at"], "office": self.config.office, "cashier": "c07"})

    def _repeat(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same number with the same content again."""
        return self._told(self._find(given))

    def _change(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same number with another amount: must be refused."""
        return {"paid": self._send_payment({**self._find(given), "amount": str(given["amount"])})}

    def _reverse(self, given: Mapping[str, Any]) -> dict[str, Any]:
        payment = self._find(given)
        answer = self._send_reversal(payment)
        if _good(answer):
            payment["state"] = "reversed"
            self._keep(payment)
        return {"transaction": payment["transaction"], "state": payment["state"], "reversed": answer}

    def _send_reversal(self, payment: Mapping[str, Any]) -> dict[str, Any]:
        if self.config.contract == "service":
            return self._caller().service("reversopago", IDFactura=payment["document"],
                                          secuencial=payment["transaction"])
        return self._caller().collect("POST", "reversals", {"transaction": payment["transaction"],
                                                            "reason": "cashier_error"})

    def _reverse_first(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The reversal overtakes its payment."""
        shown = self._query(given)
        owed = self._owed(shown)
        payment = {"transaction": self._number(), "code": str(given["code"]), "document": owed["document"],
                   "amount": str(given.get("amount") or owed["amount"]),
                   "paid_at": self.config.now().isoformat(timespec="seconds"), "state": "reversed"}
        answer = self._send_reversal(payment)
        return {"reversed": answer, **self._told(payment)}

    def _print(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The payer's slip."""
        payment = self._find(given)
        return {"slip": f"FACILITO {self.config.office}\n{payment['transaction']}\n{payment['code']}\n"
                        f"USD {payment['amount']}\n{payment['paid_at']}"}

    def _list(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider says of a day."""
        if self.config.contract == "service":
            return self._caller().service("consultapago", fecha=str(given["date"]))
        return self._caller().collect("GET", "payments", query=f"date={given['date']}")

    # --- behind it -----------------------------------------------------------------------------------

    def _caller(self) -> Caller:
        config, skew = self.config, self.faults.strikes("clock_skew")
        wrong = self.faults.strikes("wrong_signature") is not None
        seconds = 0.0 if skew is None else 600.0 if skew.seconds is None else skew.seconds
        return Caller(config.base, config.network, config.contract, config.token, config.key_id, config.secret,
                      config.now(), seconds, wrong)

    def _number(self) -> str:
        with self.kept.writing():
            number = int(self.kept.get("number", "", "last") or 122) + 1
            self.kept.put("number", "", "last", number)
        return f"FAC-{number:06}"

    def _find(self, given: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] | None = self.kept.get("payment", "", str(given["transaction"]))
        if found is None:
            raise BadRequest(_("There is no payment %(number)s.", number=given["transaction"]))
        return found

    def _keep(self, payment: Mapping[str, Any]) -> None:
        self.kept.put("payment", "", payment["transaction"], payment)

    def _file(self, date: str) -> str:
        """Every payment of the day, and every reversal of one."""
        rows = [one for one in self.kept.all("payment")
                if one["paid_at"].startswith(date) and one["state"] != "refused"]
        if rows and self.faults.strikes("line_missing"):
            rows = rows[1:]
        lines = [self._line(one, "PAGO") for one in rows]
        lines += [self._line(one, "REVERSO") for one in rows if one["state"] == "reversed"]
        if self.faults.strikes("line_extra"):
            lines.append(f"FAC-999999;EC-9999;10.00;{date}T12:00:00-05:00;{self.config.office};PAGO")
        return "".join(f"{line}\r\n" for line in [HEADINGS, *lines])

    def _line(self, one: Mapping[str, Any], kind: str) -> str:
        return f"{one['transaction']};{one['code']};{one['amount']};{one['paid_at']};{self.config.office};{kind}"

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {"payments": self.kept.all("payment"), "config": self.config.as_json()}

    def reset(self) -> None:
        self.begin_again()


def _good(answer: Mapping[str, Any]) -> bool:
    body = answer.get("body")
    return answer["status"] == 200 and isinstance(body, dict) and body.get("code", "000") == "000"
