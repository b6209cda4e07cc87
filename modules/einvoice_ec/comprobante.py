"""The XML of a voucher: elements in the order of the SRI's schemas, empty ones left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from lxml import etree

from modules.einvoice_ec.amounts import Impuesto
from modules.einvoice_ec.catalogs import TWO_DECIMALS, DocumentKind
from modules.einvoice_ec.clave_acceso import EMISION_NORMAL, Clave
from modules.einvoice_ec.comprador import Comprador
from modules.einvoice_ec.detalles import Linea
from modules.einvoice_ec.emisor import Emisor
from modules.einvoice_ec.findings import money

# (name, text or children); what is "" or None is left out
Node = tuple[str, Any]
NAME, VALUE = "nombre", "valor"


def root(kind: DocumentKind, version: str, children: Sequence[Node]) -> Any:
    """The root: `id` in lower case, always `comprobante`."""
    made = etree.Element(kind.root, {"id": "comprobante", "version": version})
    _fill(made, children)
    return made


def _fill(parent: Any, children: Iterable[Node]) -> None:
    for name, value in children:
        if value is None or value == "" or value == []:
            continue
        made = value if isinstance(value, etree._Element) else etree.SubElement(parent, name)
        if made is value:
            parent.append(made)
        elif isinstance(value, str):
            made.text = value
        else:
            _fill(made, value)


def text_of(tree: Any) -> bytes:
    """The bytes that are signed and sent: UTF-8 with declaration."""
    etree.indent(tree, "  ")
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


def info_tributaria(kind: DocumentKind, issuer: Emisor, key: Clave) -> Node:
    """infoTributaria"""
    return ("infoTributaria", [
        ("ambiente", key.ambiente), ("tipoEmision", EMISION_NORMAL), ("razonSocial", issuer.razon_social),
        ("nombreComercial", issuer.nombre_comercial), ("ruc", issuer.ruc), ("claveAcceso", str(key)),
        ("codDoc", kind.cod_doc), ("estab", issuer.estab), ("ptoEmi", issuer.pto_emi),
        ("secuencial", issuer.secuencial), ("dirMatriz", issuer.dir_matriz),
        ("agenteRetencion", issuer.agente_retencion), ("contribuyenteRimpe", issuer.contribuyente_rimpe)])


def buyer_of_factura(buyer: Comprador) -> list[Node]:
    return [("tipoIdentificacionComprador", buyer.tipo), ("razonSocialComprador", buyer.razon_social),
            ("identificacionComprador", buyer.identificacion), ("direccionComprador", buyer.direccion)]


def facts(issuer: Emisor) -> list[Node]:
    return [("contribuyenteEspecial", issuer.contribuyente_especial),
            ("obligadoContabilidad", issuer.obligado_contabilidad)]


def detalle(line: Linea, kind: DocumentKind, version: str, codes: dict[int, tuple[str, str]]) -> Node:
    """A line; `codes` has codigo and codigoPorcentaje by the id of its taxes."""
    places, one = "2" if version in TWO_DECIMALS else "6", line.detalle
    first, second = (("codigoPrincipal", "codigoAuxiliar") if kind.root == "factura"
                     else ("codigoInterno", "codigoAdicional"))
    return ("detalle", [
        (first, line.codigo), (second, line.auxiliar), ("descripcion", line.descripcion),
        ("unidadMedida", line.unidad if kind.root == "factura" else ""),
        ("cantidad", f"{one.cantidad:.{places}f}"), ("precioUnitario", f"{one.precio_unitario:.{places}f}"),
        ("descuento", money(one.descuento)), ("precioTotalSinImpuesto", money(one.neto)),
        ("detallesAdicionales", [("", _attributes("detAdicional", name, value)) for name, value in line.adicionales]),
        ("impuestos", [impuesto(codes[id(part)], part) for part in one.impuestos if not part.tax.withheld])])


def impuesto(codes: tuple[str, str], part: Impuesto) -> Node:
    """A tax of a line, or of a nota de débito."""
    return ("impuesto", [("codigo", codes[0]), ("codigoPorcentaje", codes[1]),
                         ("tarifa", money(part.tax.rate or Decimal(0))), ("baseImponible", money(part.base)),
                         ("valor", money(part.valor))])


def info_adicional(fields: Iterable[tuple[str, str]]) -> Node:
    """infoAdicional"""
    made = []
    for name, value in fields:
        one = etree.Element("campoAdicional", {NAME: name})
        one.text = value
        made.append(("", one))
    return ("infoAdicional", made)


def _attributes(element: str, name: str, value: str) -> Any:
    return etree.Element(element, {NAME: name, VALUE: value})
