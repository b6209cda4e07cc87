"""From what was read to Enviar of The Factory HKA, under the WSDL's names (reference 2.3, 2.4). Pure.

Every value is text. zeep puts the elements into the WSDL's order when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import HUNDRED, ZERO
from modules.einvoice.case import Case
from modules.einvoice_co import adjustments, cufe, resolution
from modules.einvoice_co.amounts import CO, Node, Row, sums
from modules.einvoice_co.catalogs import CREDIT, INVOICE, NIT, UNIT, codes
from modules.einvoice_co.findings import Draft, decimals, flattened, money
from modules.einvoice_co.mapping import Parts
from modules.einvoice_co.parties import Buyer
from modules.einvoice_co.places import Place
from modules.einvoice_co.references import Corrected

TOKEN = re.compile("[0-9a-z]{40}")
# no attachments: the platform makes XML and its PDF and mails; 10 without its PDF; 1 and 11 wait for CargarAdjuntos
ADJUNTOS = ("0", "1", "10", "11")
_UNCONDITIONAL = "00"
# UNSPSC, GTIN, the company's own
STANDARDS = ("001", "010", "999")
_EXTRAS = ("nombre", "valor", "controlInterno1", "controlInterno2", "pdf", "xml")


def request(parts: Parts) -> dict[str, Any]:
    """The arguments of Enviar without the tokens."""
    draft = parts.draft
    resolution.check(draft, parts.resolution)
    _check_tokens(draft)
    for index, row in enumerate(parts.amounts.rows):
        _check_codes(draft, index, row)
    adjuntos = _adjuntos(draft, parts.buyer)
    return {"factura": _factura(parts), "adjuntos": adjuntos}


def _check_tokens(draft: Draft) -> None:
    for name in ("tokenEmpresa", "tokenPassword"):
        said = draft.text(name)
        if said and not TOKEN.fullmatch(said):
            draft.refuse("token", draft.where(name), _(
                "To send this you must give %(name)s as 40 small letters and digits.", name=name), "111")


def _check_codes(draft: Draft, index: int, row: Row) -> None:
    """Unit and product standard of a line, both out of the DIAN's lists."""
    said = flattened(row.line.extra, f"lines[{index}].extra")
    for name, known, shown in (("unidadMedida", codes("unidades_medida"), "94, WSD ..."),
                               ("estandarCodigo", STANDARDS, ", ".join(STANDARDS))):
        found, where = said.get(name.lower(), ("", ""))
        if found and str(found) not in known:
            draft.refuse("line_code_unknown", where, _(
                "To send this you must give %(name)s of line %(line)s as the DIAN lists it (%(known)s), not %(found)s.",
                name=name, line=index + 1, known=shown, found=found))


def _adjuntos(draft: Draft, buyer: Buyer) -> str:
    said = draft.text("adjuntos") or "0"
    if said not in ADJUNTOS:
        draft.refuse("adjuntos", draft.where("adjuntos"), _(
            "To send this you must choose adjuntos %(known)s, not %(found)s.", known=", ".join(ADJUNTOS), found=said))
    elif said in ("1", "11") and not buyer.email:
        draft.refuse("adjuntos_email", "customer.email", _(
            "To send attachments you must give the customer's e-mail address."))
    elif said in ("1", "11") and not buyer.notified:
        draft.refuse("adjuntos_notified", "customer.extra.notificar", _(
            "To send attachments the document must be mailed to the customer: notificar must be SI, not NO."))
    return said


def _factura(parts: Parts) -> dict[str, Any]:
    """FacturaGeneral in alphabetical order, as the WSDL has it."""
    draft, case, found = parts.draft, parts.draft.case, parts.amounts
    nodes = found.by_rate
    made: dict[str, Any] = {
        "cantidadDecimales": str(max([2, *(decimals(row.price) for row in found.rows),
                                      *(decimals(row.line.quantity) for row in found.rows)])),
        "cargosDescuentos": _globales(parts), "cliente": _cliente(parts.buyer), "consecutivoDocumento": parts.document,
        "detalleDeFactura": {"FacturaDetalle": [_detalle(index, row) for index, row in enumerate(found.rows, 1)]},
        "documentosReferenciados": _referenciados(parts), "extras": _extras(draft),
        "fechaEmision": draft.moment.strftime("%Y-%m-%d %H:%M:%S"), **_fechas(parts),
        "impuestosGenerales": {"FacturaImpuestos": [_impuesto(node) for node in nodes]} if nodes else None,
        "impuestosTotales": _totales(nodes), "informacionAdicional": _informacion(draft),
        "mediosDePago": {"MediosDePago": [_medio(parts)]}, "moneda": case.currency.upper(),
        "rangoNumeracion": parts.resolution.range_name, "redondeoAplicado": money(found.adjusted.rounding + found.odd),
        "tipoDocumento": draft.kind, "tipoOperacion": parts.operation, "totalAnticipos": money(found.adjusted.advances),
        "totalBaseImponible": money(found.base), "totalBrutoConImpuesto": money(found.gross),
        "totalCargosAplicados": money(found.adjusted.charges), "totalDescuentos": money(found.adjusted.discounts),
        "totalMonto": money(found.totals.total), "totalProductos": str(len(found.rows)),
        "totalSinImpuestos": money(found.net)}
    return {name: value for name, value in made.items() if value not in (None, "")}


def _globales(parts: Parts) -> dict[str, Any] | None:
    made = adjustments.entries(parts.amounts.adjusted, parts.amounts.net, CO.round)
    return {"CargosDescuentos": made} if made else None


# --- customer -------------------------------------------------------------------------------------------


def _cliente(buyer: Buyer) -> dict[str, Any]:
    place = _direccion(buyer.place) if buyer.place else None
    legal = {"nombreRegistroRUT": buyer.name, "numeroIdentificacion": buyer.number,
             "numeroIdentificacionDV": buyer.dv if buyer.kind == NIT else "", "tipoIdentificacion": buyer.kind}
    made: dict[str, Any] = {
        "apellido": buyer.surname, "destinatario": {"Destinatario": [{
            "canalDeEntrega": "0", "email": {"string": [buyer.email, *buyer.more_emails]}}]} if buyer.email else None,
        "detallesTributarios": {"Tributos": [{"codigoImpuesto": buyer.tribute}]}, "direccionCliente": place,
        "direccionFiscal": place, "email": buyer.email,
        "informacionLegalCliente": {name: value for name, value in legal.items() if value},
        "nombreComercial": buyer.trade_name, "nombreRazonSocial": buyer.name,
        "notificar": "SI" if buyer.notified and buyer.email else "NO", "numeroDocumento": buyer.number,
        "numeroIdentificacionDV": buyer.dv if buyer.kind == NIT else "",
        "responsabilidadesRut": {"Obligaciones": [{"obligaciones": one, "regimen": buyer.regime}
                                                  for one in buyer.responsibilities]},
        "segundoNombre": buyer.second_name, "telefono": buyer.phone, "tipoIdentificacion": buyer.kind,
        "tipoPersona": buyer.person}
    return {name: value for name, value in made.items() if value not in (None, "")}


def _direccion(place: Place) -> dict[str, str]:
    made = {"ciudad": place.city, "codigoDepartamento": place.department, "departamento": place.department_name,
            "direccion": place.street, "lenguaje": "es", "municipio": place.municipality, "pais": place.country,
            "zonaPostal": place.postal_code}
    return {name: value for name, value in made.items() if value}


# --- lines and taxes ------------------------------------------------------------------------------------


def _detalle(index: int, row: Row) -> dict[str, Any]:
    line = row.line
    said = flattened(line.extra, "")
    unit = str(said.get("unidadmedida", (UNIT, ""))[0])
    code = line.code or str(index)
    made: dict[str, Any] = {
        "cantidadPorEmpaque": "1", "cantidadReal": amount(line.quantity), "cantidadRealUnidadMedida": unit,
        "cantidadUnidades": amount(line.quantity), "cargosDescuentos": _descuento(row), "codigoProducto": code,
        "descripcion": line.description, "estandarCodigo": str(said.get("estandarcodigo", ("999", ""))[0]),
        "estandarCodigoProducto": str(said.get("estandarcodigoproducto", (code, ""))[0]),
        "impuestosDetalles": {"FacturaImpuestos": [_impuesto(node) for node in row.nodes]} if row.nodes else None,
        "impuestosTotales": _totales(row.nodes), "muestraGratis": "0",
        "nota": str(said.get("nota", ("", ""))[0]), "precioTotal": money(row.total),
        "precioTotalSinImpuestos": money(row.net), "precioVentaUnitario": amount(row.price), "secuencia": str(index),
        "unidadMedida": unit}
    return {name: value for name, value in made.items() if value not in (None, "")}


def amount(value: Decimal) -> str:
    """Two decimals, or as many as the value has."""
    return f"{value:.{max(2, decimals(value))}f}"


def _descuento(row: Row) -> dict[str, Any] | None:
    if not row.discount:
        return None
    share = CO.round(row.discount * HUNDRED / row.gross) if row.gross else ZERO
    return {"CargosDescuentos": [{
        "codigo": _UNCONDITIONAL, "descripcion": "Descuento", "indicador": "0", "monto": money(row.discount),
        "montoBase": money(row.gross), "porcentaje": money(share), "secuencia": "1"}]}


def _impuesto(node: Node) -> dict[str, str]:
    return {"baseImponibleTOTALImp": money(node.base), "codigoTOTALImp": node.code,
            "porcentajeTOTALImp": money(node.rate), "unidadMedida": UNIT, "unidadMedidaTributo": "0.00",
            "valorTOTALImp": money(node.amount), "valorTributoUnidad": "0.00"}


def _totales(nodes: Iterable[Node]) -> dict[str, Any] | None:
    found = sums(list(nodes))
    if not found:
        return None
    return {"ImpuestosTotales": [{"codigoTOTALImp": code, "montoTotal": money(total)} for code, total in found.items()]}


# --- dates, payment, references, texts ------------------------------------------------------------------


def _fechas(parts: Parts) -> dict[str, str]:
    case, found = parts.draft.case, {}
    if case.service_from and case.service_to:
        found["fechaFinPeriodoFacturacion"] = f"{case.service_to.isoformat()} 23:59:59"
        found["fechaInicioPeriodoFacturacion"] = f"{case.service_from.isoformat()} 00:00:00"
    if parts.payment.due:
        found["fechaVencimiento"] = parts.payment.due.isoformat()
    return found


def _medio(parts: Parts) -> dict[str, str]:
    paid = parts.payment
    made = {"fechaDeVencimiento": paid.due.isoformat() if paid.form == CREDIT and paid.due else "",
            "medioPago": paid.means, "metodoDePago": paid.form, "numeroDeReferencia": paid.reference}
    return {name: value for name, value in made.items() if value}


def _referenciados(parts: Parts) -> dict[str, Any] | None:
    """Two for each corrected invoice: 4 is the reason, 5 the invoice."""
    made = [entry for one in parts.corrected for entry in _pair(one, parts.draft.case)]
    return {"DocumentoReferenciado": made} if made else None


def _pair(one: Corrected, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    reason = {"codigoEstatusDocumento": one.concept, "codigoInterno": "4", "cufeDocReferenciado": one.cufe,
              "descripcion": {"string": [one.words or one.concept_name(case.kind)]}, "numeroDocumento": one.number}
    return reason, {"codigoInterno": "5", "cufeDocReferenciado": one.cufe,
                    "fecha": one.date.isoformat() if one.date else "", "numeroDocumento": one.number,
                    "tipoCUFE": cufe.CUFE, "tipoDocumentoCodigo": INVOICE}


def _informacion(draft: Draft) -> dict[str, list[str]] | None:
    said = draft.said("informacionAdicional", "observaciones", "observations", "notas", "notes")
    texts = [str(one) for one in (said if isinstance(said, list) else [said]) if one]
    return {"string": texts} if texts else None


def _extras(draft: Draft) -> dict[str, Any] | None:
    """Fields of the company's own in the provider's PDF."""
    said = draft.said("extras")
    listed = said.get("Extras") if isinstance(said, Mapping) and "Extras" in said else said
    if isinstance(listed, Mapping):
        listed = [{"nombre": name, "valor": value, "pdf": "1"} for name, value in listed.items()]
    made = [{name: str(one[name]) for name in _EXTRAS if one.get(name) not in (None, "")}
            for one in (listed if isinstance(listed, list) else []) if isinstance(one, Mapping)]
    return {"Extras": made} if made else None


