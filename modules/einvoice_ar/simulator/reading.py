"""How .NET's serializer reads a request (reference, 2.1): order ignored, unknown elements and those without the
namespace dropped, missing numbers zero, text in a number an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

NAMESPACE = "http://ar.gov.afip.dif.FEV1/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ZERO = Decimal(0)
_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*\Z")
_DOUBLE = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*\Z")
FORMAT = "System.FormatException: Input string was not in a correct format."
OVERFLOW = "System.OverflowException: Value was either too large or too small for an {kind}."

Reader = Callable[[Any], Any]


class BadValue(ValueError):
    """A value that its type cannot hold; `element` is where."""

    def __init__(self, element: Any, message: str) -> None:
        super().__init__(message)
        self.element, self.message = element, message


def _integer(bits: int) -> Reader:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def read(element: Any) -> int:
        text = element.text or ""
        if not _INTEGER.match(text):
            raise BadValue(element, FORMAT)
        value = int(text)
        if not low <= value <= high:
            raise BadValue(element, OVERFLOW.format(kind=f"Int{bits}"))
        return value

    return read


def double(element: Any) -> Decimal:
    """An xsd:double, exactly as written."""
    text = element.text or ""
    if not _DOUBLE.match(text):
        raise BadValue(element, FORMAT)
    return Decimal(text.strip())


def string(element: Any) -> str:
    """The text; empty is not absent."""
    return element.text or ""


def record(fields: Mapping[str, tuple[Reader, Any]]) -> Reader:
    """A complex type: {name: (reader, value where it is absent)} → dict."""
    readers = {f"{{{NAMESPACE}}}{name}": (name, reader) for name, (reader, _absent) in fields.items()}
    absent = {name: value for name, (_reader, value) in fields.items()}

    def read(element: Any) -> dict[str, Any]:
        found = dict(absent)
        for child in element:
            known = readers.get(child.tag)
            if known is not None and not _nil(child):
                found[known[0]] = known[1](child)
        return found

    return read


def array(name: str, reader: Reader) -> Reader:
    """An array of `name` elements → list; others inside are dropped."""
    tag = f"{{{NAMESPACE}}}{name}"

    def read(element: Any) -> list[Any]:
        return [reader(child) for child in element if child.tag == tag and not _nil(child)]

    return read


def _nil(element: Any) -> bool:
    return bool(element.attrib) and element.get(NIL) in {"true", "1"}


SHORT, INT, LONG = (_integer(16), 0), (_integer(32), 0), (_integer(64), 0)
DOUBLE, STRING = (double, ZERO), (string, None)

AUTH = record({"Token": STRING, "Sign": STRING, "Cuit": LONG})
HEADER = record({"CantReg": INT, "PtoVta": INT, "CbteTipo": INT})
ASSOCIATED = record({"Tipo": INT, "PtoVta": INT, "Nro": LONG, "Cuit": STRING, "CbteFch": STRING})
TRIBUTE = record({"Id": SHORT, "Desc": STRING, "BaseImp": DOUBLE, "Alic": DOUBLE, "Importe": DOUBLE})
RATE = record({"Id": INT, "BaseImp": DOUBLE, "Importe": DOUBLE})
OPTIONAL = record({"Id": STRING, "Valor": STRING})
BUYER = record({"DocTipo": INT, "DocNro": LONG, "Porcentaje": DOUBLE})
PERIOD = record({"FchDesde": STRING, "FchHasta": STRING})
ACTIVITY = record({"Id": LONG})

# In the WSDL's order, which is also the order in which FECompConsultar writes them.
DETAIL_FIELDS: dict[str, tuple[Reader, Any]] = {
    "Concepto": INT, "DocTipo": INT, "DocNro": LONG, "CbteDesde": LONG, "CbteHasta": LONG, "CbteFch": STRING,
    "ImpTotal": DOUBLE, "ImpTotConc": DOUBLE, "ImpNeto": DOUBLE, "ImpOpEx": DOUBLE, "ImpTrib": DOUBLE,
    "ImpIVA": DOUBLE, "FchServDesde": STRING, "FchServHasta": STRING, "FchVtoPago": STRING, "MonId": STRING,
    "MonCotiz": (double, None), "CanMisMonExt": STRING, "CondicionIVAReceptorId": (INT[0], None),
    "CbtesAsoc": (array("CbteAsoc", ASSOCIATED), None), "Tributos": (array("Tributo", TRIBUTE), None),
    "Iva": (array("AlicIva", RATE), None), "Opcionales": (array("Opcional", OPTIONAL), None),
    "Compradores": (array("Comprador", BUYER), None), "PeriodoAsoc": (PERIOD, None),
    "Actividades": (array("Actividad", ACTIVITY), None),
}
DETAIL = record(DETAIL_FIELDS)
REQUEST = record({"FeCabReq": (HEADER, None), "FeDetReq": (array("FECAEDetRequest", DETAIL), None)})
QUERY = record({"CbteTipo": INT, "CbteNro": LONG, "PtoVta": INT})

# What each operation takes beside Auth.
_LEAVES: dict[str, dict[str, tuple[Reader, Any]]] = {
    "FECAESolicitar": {"FeCAEReq": (REQUEST, None)},
    "FECompUltimoAutorizado": {"PtoVta": INT, "CbteTipo": INT},
    "FECompConsultar": {"FeCompConsReq": (QUERY, None)},
    "FEParamGetCotizacion": {"MonId": STRING, "FchCotiz": STRING},
    "FEParamGetCondicionIvaReceptor": {"ClaseCmp": STRING},
    "FECAEASolicitar": {"Periodo": INT, "Orden": SHORT},
    "FECAEAConsultar": {"Periodo": INT, "Orden": SHORT},
    "FECAEASinMovimientoConsultar": {"CAEA": STRING, "PtoVta": INT},
    "FECAEASinMovimientoInformar": {"CAEA": STRING, "PtoVta": INT},
}
OPERATIONS = ("FEDummy", "FECAESolicitar", "FECompUltimoAutorizado", "FECompConsultar", "FECompTotXRequest",
              "FEParamGetPtosVenta", "FEParamGetTiposCbte", "FEParamGetTiposConcepto", "FEParamGetTiposDoc",
              "FEParamGetTiposIva", "FEParamGetTiposMonedas", "FEParamGetTiposOpcional", "FEParamGetTiposTributos",
              "FEParamGetTiposPaises", "FEParamGetActividades", "FEParamGetCondicionIvaReceptor",
              "FEParamGetCotizacion", "FECAEASolicitar", "FECAEAConsultar", "FECAEARegInformativo",
              "FECAEASinMovimientoConsultar", "FECAEASinMovimientoInformar")
PARAMETERS = {name: record({"Auth": (AUTH, None), **_LEAVES.get(name, {})}) for name in OPERATIONS}
