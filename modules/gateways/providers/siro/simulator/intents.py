"""The payment button: intents, what a payer does on their page, what is told of them."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.providers.siro.simulator.bank import Bank

WORDS = re.compile(r"[A-Za-z0-9 ]{1,40}")


class BadRequest(Exception):
    """HTTP 400 with what is wrong, by field."""

    def __init__(self, **fields: str) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = {f"pago_request.{name}": [words] for name, words in fields.items()}


class Intents:
    """All intents of the bank."""

    def __init__(self, bank: Bank) -> None:
        self.bank, self.kept = bank, bank.kept

    def open(self, given: Mapping[str, Any], account: Mapping[str, Any]) -> str:
        """A new intent; its hash."""
        _check(given, account, self.bank.now)
        intent = secrets.token_hex(32)
        self.kept.put("intent", "", intent, {
            "hash": intent, "request": {**given, "Importe": str(given["Importe"]), "Detalle": [
                {**one, "Importe": str(one["Importe"])} for one in given["Detalle"]]}, "state": "GENERADA",
            "opened": self.bank.now.isoformat(), "operation": str(uuid.uuid4()), "result": str(uuid.uuid4()),
            "done": None, "message": "", "card": ""})
        return intent

    def find(self, intent: str) -> dict[str, Any] | None:
        """An intent with its state of now."""
        found = self.kept.get("intent", "", intent)
        if found and found["state"] in ("GENERADA", "REGISTRADA") and self._over(found):
            found["state"], found["message"] = "CANCELADA", "La intención de pago expiró"
            self.kept.put("intent", "", intent, found)
        return found

    def _over(self, found: Mapping[str, Any]) -> bool:
        until = found["request"].get("FechaExpiracion")
        return bool(until) and self.bank.now.replace(tzinfo=None) > dt.datetime.fromisoformat(until)

    def pay(self, intent: str, means: str) -> dict[str, Any] | None:
        """The payer chose debit, credit or refused on the page; None where nothing can be paid any more."""
        found = self.find(intent)
        if found is None or found["state"] not in ("GENERADA", "REGISTRADA"):
            return None
        request, refused = found["request"], means == "refused"
        channel = "BPC" if means == "credit" else "BPD"
        made = self.bank.take(request["nro_cliente_empresa"], channel,
                              int(Decimal(request["Importe"]).scaleb(2)), None, refuse=refused,
                              invoice=request["nro_comprobante"], result=found["result"],
                              reference=request["IdReferenciaOperacion"])
        refused = made[0]["channel"] == "BPR"
        found |= {"state": "RECHAZADA" if refused else "PROCESADA", "done": self.bank.now.isoformat(),
                  "message": "FONDOS INSUFICIENTES" if refused else "Pago exitoso", "card": made[0]["card"]}
        self.kept.put("intent", "", intent, found)
        return dict(found)

    def told(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """As the API shows it."""
        request = {**found["request"], "Importe": Decimal(found["request"]["Importe"]), "Detalle": [
            {**one, "Importe": Decimal(one["Importe"])} for one in found["request"]["Detalle"]]}
        return {"PagoExitoso": found["state"] == "PROCESADA", "MensajeResultado": found["message"],
                "FechaOperacion": _local(found["done"]), "FechaRegistro": _local(found["opened"]),
                "IdOperacion": found["operation"], "Estado": found["state"],
                "idReferenciaOperacion": request["IdReferenciaOperacion"], "Request": request,
                "Rendicion": {"Cuotas": 1, "Tarjeta": found["card"]} if found["card"] else None}

    def asked(self, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Consulta: by days of opening, state, our reference."""
        first, last = str(given.get("FechaDesde") or "")[:10], str(given.get("FechaHasta") or "9999")[:10]
        found = [one for kept in self.kept.all("intent") if (one := self.find(kept["hash"]))]
        return [self.told(one) for one in found if first <= one["opened"][:10] <= last
                and given.get("estado") in (None, "", one["state"])
                and given.get("idReferenciaOperacion") in (None, "", one["request"]["IdReferenciaOperacion"])]


def _local(moment: str | None) -> str | None:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=None).isoformat() if moment else None


def _check(given: Mapping[str, Any], account: Mapping[str, Any], now: dt.datetime) -> None:
    cpe, reference = str(given.get("nro_cliente_empresa") or ""), str(given.get("IdReferenciaOperacion") or "")
    if not re.fullmatch(r"[0-9]{19}", cpe) or cpe[9:] not in account["convenios"]:
        raise BadRequest(nro_cliente_empresa="El número de cliente empresa es inválido")
    if not re.fullmatch(r"[0-9]{20}", str(given.get("nro_comprobante") or "")):
        raise BadRequest(nro_comprobante="El número de comprobante debe tener 20 dígitos")
    if not WORDS.fullmatch(str(given.get("Concepto") or "")):
        raise BadRequest(Concepto="El concepto admite hasta 40 letras y números")
    if not 1 <= len(reference) <= 100:
        raise BadRequest(IdReferenciaOperacion="La referencia es obligatoria, hasta 100 caracteres")
    for name in ("URL_OK", "URL_ERROR"):
        if not re.match(r"https?://", str(given.get(name) or "")):
            raise BadRequest(**{name: f"{name} debe ser una dirección"})
    _check_amounts(given)
    until = given.get("FechaExpiracion")
    if until and dt.datetime.fromisoformat(until) <= now.replace(tzinfo=None):
        raise BadRequest(FechaExpiracion="La fecha de expiración ya pasó")


def _check_amounts(given: Mapping[str, Any]) -> None:
    amount, parts = given.get("Importe"), given.get("Detalle")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or amount <= 0 \
            or Decimal(amount) != Decimal(amount).quantize(Decimal("0.01")):
        raise BadRequest(Importe="El importe es inválido")
    if not isinstance(parts, list) or not all(isinstance(one, Mapping) and one.get("Descripcion")
                                              and isinstance(one.get("Importe"), int | Decimal) for one in parts):
        raise BadRequest(Detalle="El detalle es inválido")
    if sum(Decimal(one["Importe"]) for one in parts) != amount:
        raise BadRequest(Detalle="La suma del detalle no coincide con el importe")
