"""A voucher ready to be sent: the number, its date and its key put in, and signed. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from modules.einvoice_ec import firma
from modules.einvoice_ec.catalogs import KINDS_BY_CODE
from modules.einvoice_ec.certificados import Llave
from modules.einvoice_ec.clave_acceso import Clave, codigo_numerico
from modules.einvoice_ec.findings import day
from modules.einvoice_ec.schemas import SIGNATURE


def seal(request: Mapping[str, Any], number: int, date: dt.date, key: Llave, method: str,
         digest: str) -> dict[str, Any]:
    """The request with number, date, clave and signature; the same bytes again where nothing of it has changed.

    `request` holds `xml` (unsigned at first), `due` (ISO or ""); afterwards also `clave` and `sealed` (number, date).
    """
    mark = f"{number} {date.isoformat()}"
    if request.get("sealed") == mark:
        return dict(request)
    tree = etree.fromstring(str(request["xml"]).encode())
    signature = tree.find(SIGNATURE)
    if signature is not None:
        tree.remove(signature)
    clave = _numbered(tree, number, date)
    _due(tree, date, str(request.get("due") or ""))
    etree.indent(tree, "  ")
    plain = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
    signed = firma.sign(plain, key, method, digest)
    return {**request, "xml": signed.decode(), "clave": clave, "sealed": mark}


def _numbered(tree: Any, number: int, date: dt.date) -> str:
    """Put secuencial, fechaEmision and the key that follows from them; the key."""
    head = tree.find("infoTributaria")
    text = {name: head.findtext(name) or "" for name in ("codDoc", "ruc", "ambiente", "estab", "ptoEmi")}
    serie, secuencial = text["estab"] + text["ptoEmi"], f"{number:09d}"
    key = Clave(date, text["codDoc"], text["ruc"], text["ambiente"], serie, secuencial, "0" * 8)
    key = replace(key, codigo_numerico=codigo_numerico(key.ruc, key.ambiente, key.cod_doc, serie, secuencial))
    head.find("secuencial").text = secuencial
    head.find("claveAcceso").text = str(key)
    tree.find(f"{KINDS_BY_CODE[text['codDoc']].info}/fechaEmision").text = day(date)
    return str(key)


def _due(tree: Any, date: dt.date, due: str) -> None:
    """The days until it is due, counted from the date that it bears; none where it is due by then."""
    pago = tree.find("infoFactura/pagos/pago")
    if pago is None or not due or pago.find("plazo") is None:
        return
    days = (dt.date.fromisoformat(due) - date).days
    if days > 0:
        pago.find("plazo").text = str(days)
    else:
        for name in ("plazo", "unidadTiempo"):
            pago.remove(pago.find(name))
