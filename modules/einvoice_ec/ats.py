"""ATS: the sales of a month as the anexo transaccional simplificado lists them, for checking (ecuador.md, section 7).

Sales that went out as electronic vouchers need not be listed; listed, they are marked E and do not add to totalVentas
(the SRI's guide of the ATS, pages 3 and 35). Purchases and annulled vouchers remain the accountant's.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree

from core.errors import DomainError
from core.i18n import _, lazy
from core.scope import current_company
from modules.einvoice import exporting
from modules.einvoice.ports import ExportFile
from modules.einvoice_ec import access, schemas
from modules.einvoice_ec.catalogs import (
    CONSUMIDOR_FINAL,
    EXTERIOR,
    FACTURA,
    ICE,
    IVA,
    NOTA_CREDITO,
    NOTA_DEBITO,
    PASAPORTE,
    WITHOUT_RATE,
)

ZERO = Decimal("0.00")
# what a factura is called in the ATS; notes keep their codes
KINDS = {FACTURA: "18", NOTA_CREDITO: NOTA_CREDITO, NOTA_DEBITO: NOTA_DEBITO}
ZERO_RATE, ELECTRONIC, LONGEST_ID = "0", "E", 13
AMOUNTS = ("baseNoGraIva", "baseImponible", "baseImpGrav", "montoIva", "montoIce", "valorRetIva", "valorRetRenta")


@dataclass
class Sales:
    """The vouchers of one kind to one buyer, added up."""

    count: int = 0
    amounts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, ZERO))
    means: set[str] = field(default_factory=set)


class Ats:
    """Ecuador's entry in the port `exports`."""

    code = "ats"
    title = lazy("Sales for the ATS")
    about = lazy("The sales part of the annex (ATS), checked against the SRI's schema: one row for each customer and "
                 "kind of voucher, marked as electronic. For checking; purchases and annulled vouchers are not in it.")
    forms: Mapping[str, Any] = {"xml": "XML"}

    def make(self, first: dt.date, last: dt.date, form: str) -> ExportFile:
        """All vouchers of the environment in use that stand."""
        found, establishments = _added_up(first, last)
        tree = _tree(found, sorted(establishments) or [access.profile().series[:3]], first)
        if wrong := schemas.faults(tree, _schema()):
            raise DomainError(_("Making the file is not possible because the SRI's schema would refuse it: %(reason)s",
                                reason=f"{wrong[0][0]}: {wrong[0][1]}"))
        etree.indent(tree, " ")
        content = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
        return ExportFile(f"AT{first:%m%Y}.xml", "application/xml", content, len(found))


def _added_up(first: dt.date, last: dt.date) -> tuple[dict[tuple[str, str, str], Sales], set[str]]:
    """({(tpIdCliente, idCliente, tipoComprobante): sales}, establishments)."""
    found: dict[tuple[str, str, str], Sales] = {}
    establishments: set[str] = set()
    for one in exporting.documents("EC", access.environment(), first, last):
        if one.is_annulled:
            continue
        root = etree.fromstring(str(one.request["xml"]).encode())
        info = root[1]
        sales = found.setdefault((*_buyer(info), KINDS[str(root.findtext("infoTributaria/codDoc"))]), Sales())
        sales.count += 1
        establishments.add(one.series[:3])
        for name, amount in _amounts(info):
            sales.amounts[name] += amount
        sales.means |= {str(means.text) for means in info.iterfind("pagos/pago/formaPago")}
    return found, establishments


def _buyer(info: Any) -> tuple[str, str]:
    """(kind, number); the ATS has no kind for identifications from abroad but the passport."""
    kind = str(info.findtext("tipoIdentificacionComprador"))
    number = re.sub(r"[^0-9A-Za-z]", "", info.findtext("identificacionComprador") or "")
    return PASAPORTE if kind == EXTERIOR else kind, number[:LONGEST_ID]


def _amounts(info: Any) -> Iterator[tuple[str, Decimal]]:
    for tax in (*info.iterfind("totalConImpuestos/totalImpuesto"), *info.iterfind("impuestos/impuesto")):
        code, percent = tax.findtext("codigo"), tax.findtext("codigoPorcentaje")
        if code == ICE:
            yield "montoIce", Decimal(tax.findtext("valor"))
        elif code == IVA:
            taxed = "baseNoGraIva" if percent in WITHOUT_RATE - {ZERO_RATE} else (
                "baseImponible" if percent == ZERO_RATE else "baseImpGrav")
            yield taxed, Decimal(tax.findtext("baseImponible"))
            yield "montoIva", Decimal(tax.findtext("valor"))
    for name in ("valorRetIva", "valorRetRenta"):
        if text := info.findtext(name):
            yield name, Decimal(text)


def _tree(found: Mapping[tuple[str, str, str], Sales], establishments: list[str], first: dt.date) -> Any:
    company, root = current_company(), etree.Element("iva")
    _add(root, TipoIDInformante="R", IdInformante=company.tax_id, razonSocial=_plain(company.name),
         Anio=f"{first:%Y}", Mes=f"{first:%m}", numEstabRuc=f"{len(establishments):03d}", totalVentas="0.00",
         codigoOperativo="IVA")
    rows = etree.SubElement(root, "ventas")
    for (kind, number, voucher), sales in sorted(found.items()):
        _row(etree.SubElement(rows, "detalleVentas"), kind, number, voucher, sales)
    places = etree.SubElement(root, "ventasEstablecimiento")
    for one in establishments:
        _add(etree.SubElement(places, "ventaEst"), codEstab=one, ventasEstab="0.00", ivaComp="0.00")
    return root


def _row(row: Any, kind: str, number: str, voucher: str, sales: Sales) -> None:
    _add(row, tpIdCliente=kind, idCliente=number)
    if kind != CONSUMIDOR_FINAL:
        _add(row, parteRelVtas="NO")
    _add(row, tipoComprobante=voucher, tipoEmision=ELECTRONIC, numeroComprobantes=str(sales.count),
         **{name: f"{sales.amounts[name]:.2f}" for name in AMOUNTS})
    if sales.means and voucher != NOTA_CREDITO:
        means = etree.SubElement(row, "formasDePago")
        for one in sorted(sales.means):
            etree.SubElement(means, "formaPago").text = one


def _add(parent: Any, **texts: str) -> None:
    for name, text in texts.items():
        etree.SubElement(parent, name).text = text


def _plain(text: str) -> str:
    """Letters and digits without accents: the ATS takes nothing else."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^0-9A-Za-z]+", " ", bare).split())


@lru_cache(maxsize=1)
def _schema() -> Any:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.fromstring((schemas.XSD / "ats.xsd").read_bytes(), parser))
