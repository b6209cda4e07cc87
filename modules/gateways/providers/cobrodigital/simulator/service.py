"""The methods of the web service for one account: payers, slips, transactions."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from core.simulators import Faults
from core.simulators.kept import Kept

MOST_DUES = 4
LARGEST = 9_999_999
FILTERS = {"tipo", "nombre", "concepto", "nro_boleta", "identificador"}
KINDS = {"ingresos", "egresos", "tarjeta_credito", "debito_automatico"}


class Refused(Exception):
    """ejecucion_correcta 0, with the sentences of the log."""

    def __init__(self, *log: str) -> None:
        super().__init__(" ".join(log))
        self.log = list(log)


class Methods:
    """What an account may ask for, at a moment."""

    def __init__(self, kept: Kept, faults: Faults, account: Mapping[str, Any], now: dt.datetime) -> None:
        self.kept, self.faults, self.account, self.now = kept, faults, account, now
        self.owner = str(account["idComercio"])

    def call(self, method: str, body: Mapping[str, Any]) -> list[Any]:
        """The `datos` of a method; Refused."""
        found = getattr(self, f"do_{method}", None)
        if found is None:
            raise Refused(f"El método '{method}' no existe.")
        return list(found(body))

    # --- payers --------------------------------------------------------------------------------------

    def do_consultar_estructura_pagadores(self, body: Mapping[str, Any]) -> list[Any]:
        return list(self.account["columns"])

    def do_crear_pagador(self, body: Mapping[str, Any]) -> list[Any]:
        """Whoever asks twice has it twice."""
        payer = body.get("pagador")
        if not isinstance(payer, Mapping) or not payer:
            raise Refused("No se recibieron datos en el parámetro 'pagador'. ")
        for column in payer:
            if column not in self.account["columns"]:
                raise Refused(f"La columna '{column}' no pertenece a la estructura de pagadores. ")
        for _time in range(2 if self.faults.strikes("duplicate_payer") else 1):
            number = self.kept.count("payer") + 1
            self.kept.put("payer", self.owner, str(number), {"number": number, "values": dict(payer)})
        return []

    def do_editar_pagador(self, body: Mapping[str, Any]) -> list[Any]:
        payer, changed = self._payer(body), body.get("pagador")
        if not isinstance(changed, Mapping):
            raise Refused("No se recibieron datos en el parámetro 'pagador'. ")
        payer["values"].update(changed)
        self.kept.put("payer", self.owner, str(payer["number"]), payer)
        return []

    def do_verificar_existencia_pagador(self, body: Mapping[str, Any]) -> list[Any]:
        self._payer(body)
        return ["1"]

    def do_obtener_codigo_electronico(self, body: Mapping[str, Any]) -> list[Any]:
        payer = self._payer(body)
        if not any(one["payer"] == payer["number"] for one in self.kept.all("slip", self.owner)):
            raise Refused("El pagador no tiene boletas generadas.")
        return [f"{self.account['number']}{payer['number']:013d}"]

    def _payer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        column, wanted = _needed(body, "identificador"), _needed(body, "buscar")
        if column not in self.account["columns"]:
            raise Refused("El identificador no pertenece a la estructura de clientes. ")
        found = [one for one in self.kept.all("payer", self.owner) if one["values"].get(column) == wanted]
        if len(found) != 1:
            raise Refused("No se pudo obtener un único pagador con los datos suministrados. ",
                          "No se pudo encontrar el pagador con ese identificador.")
        return dict(found[0])

    # --- slips ---------------------------------------------------------------------------------------

    def do_generar_boleta(self, body: Mapping[str, Any]) -> list[Any]:
        payer, concept = self._payer(body), _needed(body, "concepto")
        _needed(body, "plantilla")
        dues = self._dues(body)
        for one in self.kept.all("slip", self.owner):
            if one["payer"] == payer["number"] and one["dues"] == dues and not one["disabled"]:
                raise Refused("Ya existe una boleta del pagador con los mismos importes y vencimientos.")
        number = 1000 + self.kept.count("slip") + 1
        self.kept.put("slip", self.owner, str(number), {
            "number": str(number), "payer": payer["number"], "concept": concept, "dues": dues, "disabled": False,
            "paid": False, "made": self.now.isoformat(), "who": _needed(body, "buscar"),
            "codes": [self._barcode(number, day, cents) for day, cents in dues]})
        return [str(number)]

    def _dues(self, body: Mapping[str, Any]) -> list[list[Any]]:
        days, amounts = body.get("fechas_vencimiento"), body.get("importes")
        if not isinstance(days, list) or not isinstance(amounts, list) or len(days) != len(amounts):
            raise Refused("El parámetro 'fechas_vencimiento' no es corecto: debe ser un vector no asociativo. ")
        if not 1 <= len(days) <= MOST_DUES:
            raise Refused("Se admiten de uno a cuatro vencimientos.")
        found: list[list[Any]] = []
        for name, day, amount in zip(("primera", "segunda", "tercera", "cuarta"), days, amounts, strict=False):
            if _date(day) is None:
                raise Refused(f"El formato de la {name} fecha de vencimiento no es correcto.")
            cents = _cents(amount)
            if cents is None or not 0 < cents <= LARGEST:
                raise Refused(f"El importe '{amount}' no es correcto.")
            if found and day <= found[-1][0]:
                raise Refused("Los vencimientos deben ser crecientes.")
            found.append([day, cents])
        return found

    def _barcode(self, number: int, day: str, cents: int) -> str:
        digits = f"7385{self.account['number']}{number % 100000:05d}{day[6:8]}{day[4:6]}{day[2:4]}{cents:07d}"
        total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(digits))
        return digits + str((10 - total % 10) % 10)

    def do_obtener_codigo_de_barras(self, body: Mapping[str, Any]) -> list[Any]:
        return list(self._slip(body)["codes"])

    def do_inhabilitar_boleta(self, body: Mapping[str, Any]) -> list[Any]:
        slip = self._slip(body)
        if slip["paid"]:
            raise Refused("La boleta ya fue pagada.")
        if slip["disabled"]:
            raise Refused("La boleta ya está inhabilitada.")
        self.kept.put("slip", self.owner, slip["number"], {**slip, "disabled": True})
        return []

    def _slip(self, body: Mapping[str, Any]) -> dict[str, Any]:
        number = _needed(body, "nro_boleta")
        found = self.kept.get("slip", self.owner, number)
        if found is None:
            raise Refused(f"No existe la boleta {number}.")
        return dict(found)

    def do_consultar_boletas(self, body: Mapping[str, Any]) -> list[Any]:
        first, last = self._days(body)
        wanted = str((body.get("filtros") or {}).get("concepto") or "").lower()
        rows = [{"Fecha_emision": _shown(one["made"][:10].replace("-", "")), "identificacion": f"ID: {one['who']}",
                 "Nombre": "", "numero_Boleta": one["number"], "concepto": one["concept"]}
                for one in self.kept.all("slip", self.owner)
                if first <= one["made"][:10].replace("-", "") <= last and wanted in one["concept"].lower()]
        return [rows] if rows else []

    # --- transactions --------------------------------------------------------------------------------

    def do_consultar_transacciones(self, body: Mapping[str, Any]) -> list[Any]:
        first, last = self._days(body)
        filters = body.get("filtros") or {}
        if not isinstance(filters, Mapping) or set(filters) - FILTERS:
            raise Refused("Hay filtros que no son correctos.")
        if filters.get("tipo") not in (None, *KINDS):
            raise Refused("El parámetro 'tipo' no es corecto. ")
        found = [one for one in self.kept.all("transaction", self.owner)
                 if first <= one["day"] <= last and _fits(one, filters)]
        if self.faults.strikes("transaction_twice"):
            found += found
        offset, limit = int(body.get("offset") or 0), int(body.get("limit") or len(found) or 1)
        rows = [one["row"] for one in found[offset:offset + limit]]
        return [rows] if rows else []

    def do_consultar_actividad_micrositio(self, body: Mapping[str, Any]) -> list[Any]:
        self._payer(body)
        self._days(body)
        return []

    def do_meta(self, body: Mapping[str, Any]) -> list[Any]:
        """Each part is done by itself; what one part refuses stops nothing."""
        done: list[Any] = []
        for part in [one for key, one in body.items() if str(key).isdigit() and isinstance(one, Mapping)]:
            try:
                done.append({"ejecucion_correcta": "1", "datos": self.call(str(part.get("metodo_webservice")), part)})
            except Refused as refusal:
                done.append({"ejecucion_correcta": "0", "log": refusal.log})
        return done

    def _days(self, body: Mapping[str, Any]) -> tuple[str, str]:
        first, last = _needed(body, "desde"), _needed(body, "hasta")
        for name, day in (("desde", first), ("hasta", last)):
            if _date(day) is None:
                raise Refused(f"El parámetro '{name}' debe tener el formato 'Ymd'. ")
        if first > last:
            raise Refused("El parámetro 'desde' es mayor al parámetro 'hasta'. ")
        return first, last

    # --- what payers do ------------------------------------------------------------------------------

    def pay(self, number: str, means: str, cents: int | None = None) -> dict[str, Any]:
        """Pay a slip on its day's amount."""
        slip = self._slip({"nro_boleta": number})
        today = f"{self.now:%Y%m%d}"
        owed = next((amount for day, amount in slip["dues"] if today <= day), None)
        if slip["disabled"] or owed is None:
            raise Refused("La boleta no se puede pagar.")
        self.kept.put("slip", self.owner, number, {**slip, "paid": True})
        made = self.book("ingresos", cents or owed, slip, means)
        if self.faults.strikes("chargeback"):
            self.book("egresos", cents or owed, slip, "CONTRACARGO")
        return made

    def book(self, kind: str, cents: int, slip: Mapping[str, Any] | None, means: str) -> dict[str, Any]:
        """A row of the account: gross, the fee of 2 % and VAT on it, net."""
        number = self.kept.count("transaction") + 1
        sign = 1 if kind == "ingresos" else -1
        fee = cents * 242 // 10000 if kind == "ingresos" else 0
        row = {"id_transaccion": hashlib.sha256(f"{self.owner}{number}".encode()).hexdigest()[:24],
               "Fecha": f"{self.now:%d/%m/%Y}", "Nro Boleta": slip["number"] if slip else "",
               "Identificación": f"ID: {slip['who']}" if slip else "", "Nombre": "", "Info": means,
               "Concepto": slip["concept"] if slip else "Retiro", "Importe Bruto": _money(sign * cents),
               "Comisión": _money(-fee), "Importe neto": _money(sign * cents - fee), "Saldo acumulado": "0,00"}
        made = {"day": f"{self.now:%Y%m%d}", "kind": kind, "row": row}
        self.kept.put("transaction", self.owner, str(number), made)
        return made


def _fits(one: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    row = one["row"]
    if filters.get("tipo") in ("ingresos", "egresos") and one["kind"] != filters["tipo"]:
        return False
    if filters.get("tipo") in ("tarjeta_credito", "debito_automatico"):
        return False
    columns = {"nro_boleta": "Nro Boleta", "concepto": "Concepto", "identificador": "Identificación",
               "nombre": "Nombre"}
    return all(str(value).lower() in row[columns[name]].lower() if name != "nro_boleta" else value == row["Nro Boleta"]
               for name, value in filters.items() if name in columns)


def _needed(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"No se recibieron datos en el parámetro '{name}'. ")
    return value


def _date(text: Any) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date() if re.fullmatch(r"\d{8}", str(text)) else None
    except ValueError:
        return None


def _cents(text: Any) -> int | None:
    try:
        value = Decimal(str(text)).scaleb(2)
    except InvalidOperation:
        return None
    return int(value) if value == value.to_integral_value() else None


def _money(cents: int) -> str:
    """As the account's list shows it: 18.150,00"""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"


def _shown(day: str) -> str:
    return f"{day[6:]}/{day[4:6]}/{day[:4]}"
