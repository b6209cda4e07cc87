"""The operations of WSFEv1 that only ask (reference, 2.2)."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from modules.einvoice_ar.simulator import tables, writing
from modules.einvoice_ar.simulator.detail import day
from modules.einvoice_ar.simulator.register import Register
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.store import Store

NO_END = "NULL"
# name of the list's items, and its csv
LISTS = {"FEParamGetTiposCbte": ("CbteTipo", "tipos_cbte"), "FEParamGetTiposConcepto": ("ConceptoTipo", "conceptos"),
         "FEParamGetTiposDoc": ("DocTipo", "tipos_doc"), "FEParamGetTiposIva": ("IvaTipo", "tipos_iva"),
         "FEParamGetTiposMonedas": ("Moneda", "monedas"), "FEParamGetTiposOpcional": ("OpcionalTipo", "opcionales"),
         "FEParamGetTiposTributos": ("TributoTipo", "tributos")}
COUNTRIES = {200: "ARGENTINA", 202: "BOLIVIA", 203: "BRASIL", 208: "CHILE", 221: "PARAGUAY", 222: "PERU",
             225: "URUGUAY"}
ACTIVITY = (614010, 1, "SERVICIOS DE PROVEEDORES DE ACCESO A INTERNET")


class Queries:
    """Each method answers the inner XML of a Result."""

    def __init__(self, store: Store, register: Register) -> None:
        self.store, self.register = store, register

    def last(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FECompUltimoAutorizado."""
        point, kind = asked["PtoVta"], asked["CbteTipo"]
        if not 1 <= point <= 99998:
            return self.no_number(11000)
        found = self.register.point(cuit, point, config)
        if found is None or found.closed:
            return self.no_number(11002)
        if kind not in tables.KINDS:
            return self.no_number(11001)
        number, _date = self.store.last(cuit, point, kind)
        return writing.elements({"PtoVta": point, "CbteTipo": kind, "CbteNro": number})

    def no_number(self, *codes: int) -> str:
        """Zeros and the errors."""
        return (writing.elements({"PtoVta": 0, "CbteTipo": 0, "CbteNro": 0})
                + writing.errors((code, tables.error_text(code)) for code in codes))

    def document(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FECompConsultar."""
        wanted = asked["FeCompConsReq"] or {"CbteTipo": 0, "CbteNro": 0, "PtoVta": 0}
        point, kind, number = wanted["PtoVta"], wanted["CbteTipo"], wanted["CbteNro"]
        codes = []
        if not 1 <= point <= 99998:
            codes.append(10200)
        elif self.register.point(cuit, point, config) is None:
            codes.append(10104)
        if kind not in tables.KINDS:
            codes.append(10201)
        if not 1 <= number <= 99_999_999:
            codes.append(10202)
        if codes:
            return writing.errors((code, tables.error_text(code)) for code in codes)
        row = self.store.document(cuit, point, kind, number)
        return _found(row) if row is not None else _nothing()

    def limit(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FECompTotXRequest."""
        return writing.element("RegXReq", config.reg_x_req)

    def points(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FEParamGetPtosVenta."""
        rows = [("PtoVenta", {"Nro": one.number, "EmisionTipo": one.kind, "Bloqueado": "S" if one.blocked else "N",
                              "FchBaja": one.closed or NO_END}) for one in self.register.points(cuit)]
        return _list(rows) if rows else _nothing()

    def rate(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FEParamGetCotizacion: the last working day's."""
        currency, wanted = asked["MonId"], asked["FchCotiz"]
        if not currency:
            return writing.errors([(12001, tables.error_text(12001))])
        if currency not in tables.CURRENCIES:
            return writing.errors([(12000, tables.error_text(12000))])
        date = day(wanted) if wanted else config.today() - dt.timedelta(days=1)
        if date is None or date > config.today():
            return writing.errors([(12002, tables.error_text(12002))])
        rate = 1 if currency == "PES" else config.rates.get(currency)
        if rate is None:
            return _nothing()
        while date.weekday() > 4:
            date -= dt.timedelta(days=1)
        shown = {"MonId": currency, "MonCotiz": rate, "FchCotiz": f"{date:%Y%m%d}"}
        return f"<ResultGet>{writing.elements(shown)}</ResultGet>"

    def conditions(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FEParamGetCondicionIvaReceptor, of one class or of all."""
        wanted = asked["ClaseCmp"]
        if wanted and wanted not in tables.CLASSES:
            return writing.errors([(10244, tables.error_text(10244))])
        rows = []
        for row in tables.rows("condicion_iva_receptor"):
            classes = [group for group in tables.CLASSES if row[group]]
            if not wanted or wanted in classes:
                rows.append(("CondicionIvaReceptor", {"Id": int(row["id"]), "Desc": row["descripcion"],
                                                      "Cmp_Clase": wanted or "/".join(classes)}))
        return _list(rows)

    def countries(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FEParamGetTiposPaises: neighbours only, since no domestic invoice needs them."""
        return _list([("PaisTipo", {"Id": key, "Desc": name}) for key, name in COUNTRIES.items()])

    def activities(self, cuit: str, asked: dict[str, Any], config: Config) -> str:
        """FEParamGetActividades: every issuer here is an internet provider."""
        return _list([("ActividadesTipo", dict(zip(("Id", "Orden", "Desc"), ACTIVITY, strict=True)))])


def parameters(operation: str) -> str:
    """A list of codes with their dates."""
    name, file = LISTS[operation]
    return _list([(name, {"Id": row["id"], "Desc": row["descripcion"], "FchDesde": row["fch_desde"] or NO_END,
                          "FchHasta": NO_END}) for row in tables.rows(file)])


def _list(rows: list[tuple[str, dict[str, Any]]]) -> str:
    inner = "".join(f"<{name}>{writing.elements(values)}</{name}>" for name, values in rows)
    return f"<ResultGet>{inner}</ResultGet>"


def _nothing() -> str:
    return writing.errors([(602, tables.error_text(602))])


def _found(row: Any) -> str:
    codes = json.loads(row["observations"])
    observed = writing.messages("Observaciones", "Obs", ((code, tables.observation_text(code)) for code in codes))
    head = {"Resultado": "A", "CodAutorizacion": row["cae"], "EmisionTipo": "CAE", "FchVto": row["expires"],
            "FchProceso": row["processed"]}
    place = writing.elements({"PtoVta": row["point"], "CbteTipo": row["kind"]})
    return f"<ResultGet>{row['detail']}{writing.elements(head)}{observed}{place}</ResultGet>"
