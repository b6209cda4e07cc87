"""What the provider checks itself (109), what its copy of the rules refuses (110), what the DIAN refuses (99).

Rules whose number the reference does not have bear the one that the DIAN's annex is commonly cited with.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[3] / "data"
CENT = Decimal("0.01")
NEEDED = ("cantidadDecimales", "cliente", "consecutivoDocumento", "detalleDeFactura", "fechaEmision", "mediosDePago",
          "moneda", "rangoNumeracion", "tipoDocumento", "tipoOperacion", "totalBaseImponible", "totalBrutoConImpuesto",
          "totalMonto", "totalProductos", "totalSinImpuestos")
OF_CUSTOMER = ("nombreRazonSocial", "notificar", "numeroDocumento", "responsabilidadesRut", "tipoIdentificacion",
               "tipoPersona")
OF_LINE = ("cantidadUnidades", "codigoProducto", "descripcion", "precioTotal", "precioTotalSinImpuestos",
           "precioVentaUnitario", "secuencia", "unidadMedida")
AMOUNTS = ("totalBaseImponible", "totalBrutoConImpuesto", "totalMonto", "totalProductos", "totalSinImpuestos")
OF_KIND = {"01": ("10", "09", "11"), "91": ("20", "22", "23"), "92": ("30", "32", "33")}
_NUMBER = re.compile(r"\d+(\.\d{1,6})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WEIGHTS = (3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71)


@lru_cache(maxsize=16)
def listed(name: str, column: str = "codigo") -> frozenset[str]:
    """The codes of one of the DIAN's lists."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row[column] for row in csv.DictReader(file))


def number(value: Any) -> Decimal:
    """A text as a number; NaN where it is none."""
    text = str(value or "")
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else Decimal("NaN")
    except InvalidOperation:
        return Decimal("NaN")


def moment(value: Any) -> dt.datetime | None:
    """YYYY-MM-DD HH:MM:SS, None where it is not."""
    try:
        return dt.datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def check_digit(nit: str) -> str:
    """DV of a NIT: weighted sum modulo 11 (DIAN)."""
    rest = sum(int(digit) * weight for digit, weight in zip(reversed(nit), _WEIGHTS, strict=False)) % 11
    return str(rest if rest < 2 else 11 - rest)


# --- 109 ------------------------------------------------------------------------------------------------


def own(invoice: Mapping[str, Any], adjuntos: str) -> list[str]:
    """The provider's messages on what is missing, no number, or of the wrong form; each names its field."""
    found = [f"El campo {name} es obligatorio" for name in NEEDED if not invoice.get(name)]
    found += [f"El campo {name} debe ser numérico" for name in AMOUNTS
              if invoice.get(name) and not number(invoice[name]).is_finite()]
    if invoice.get("fechaEmision") and moment(invoice["fechaEmision"]) is None:
        found.append("El campo fechaEmision no tiene el formato YYYY-MM-DD HH:MM:SS")
    if invoice.get("tipoDocumento") and invoice["tipoDocumento"] not in OF_KIND:
        found.append("El campo tipoDocumento no es válido")
    elif invoice.get("tipoOperacion") not in OF_KIND.get(str(invoice.get("tipoDocumento")), ()):
        found.append("El campo tipoOperacion no corresponde al tipoDocumento")
    found += [*_of_customer(invoice.get("cliente") or {}, adjuntos), *_of_lines(invoice), *_of_payment(invoice)]
    return [*found, *_of_notes(invoice)]


def _of_customer(customer: Mapping[str, Any], adjuntos: str) -> Iterator[str]:
    for name in OF_CUSTOMER:
        if not customer.get(name):
            yield f"El campo cliente.{name} es obligatorio"
    if customer.get("tipoIdentificacion") == "31" and not customer.get("numeroIdentificacionDV"):
        yield "El campo cliente.numeroIdentificacionDV es obligatorio"
    if customer.get("notificar") not in (None, "", "SI", "NO"):
        yield "El campo cliente.notificar debe ser SI o NO"
    if customer.get("email") and not _EMAIL.fullmatch(customer["email"]):
        yield "El campo cliente.email no es un correo válido"
    if adjuntos in ("1", "11"):
        emails = [one for item in customer.get("destinatario") or [] for one in item.get("email") or []]
        if not emails:
            yield "El campo cliente.destinatario.email es obligatorio"
        if customer.get("notificar") != "SI":
            yield "El campo cliente.notificar debe ser SI"


def _of_lines(invoice: Mapping[str, Any]) -> Iterator[str]:
    for index, line in enumerate(invoice.get("detalleDeFactura") or []):
        for name in OF_LINE:
            if not line.get(name):
                yield f"El campo detalleDeFactura[{index}].{name} es obligatorio"
        if line.get("secuencia") and line["secuencia"] != str(index + 1):
            yield f"El campo detalleDeFactura[{index}].secuencia debe ser {index + 1}"
        for name in ("cantidadUnidades", "precioVentaUnitario", "precioTotalSinImpuestos", "precioTotal"):
            if line.get(name) and not number(line[name]).is_finite():
                yield f"El campo detalleDeFactura[{index}].{name} debe ser numérico"


def _of_payment(invoice: Mapping[str, Any]) -> Iterator[str]:
    for index, one in enumerate(invoice.get("mediosDePago") or []):
        where = f"mediosDePago[{index}]"
        if one.get("metodoDePago") not in ("1", "2"):
            yield f"El campo {where}.metodoDePago no es válido"
        if one.get("medioPago") not in listed("medios_pago"):
            yield f"El campo {where}.medioPago no es válido"
        if one.get("metodoDePago") == "2" and not one.get("fechaDeVencimiento"):
            yield f"El campo {where}.fechaDeVencimiento es obligatorio"


def _of_notes(invoice: Mapping[str, Any]) -> Iterator[str]:
    if invoice.get("tipoOperacion") not in ("20", "30"):
        return
    references = invoice.get("documentosReferenciados") or []
    reasons = [one for one in references if one.get("codigoInterno") == "4"]
    invoices = [one for one in references if one.get("codigoInterno") == "5"]
    if not reasons or not invoices:
        yield "El campo documentosReferenciados es obligatorio"
    for one in reasons:
        if one.get("codigoEstatusDocumento") not in ("1", "2", "3", "4", "5"):
            yield "El campo documentosReferenciados.codigoEstatusDocumento no es válido"
    for one in invoices:
        for name in ("cufeDocReferenciado", "fecha", "numeroDocumento"):
            if not one.get(name):
                yield f"El campo documentosReferenciados.{name} es obligatorio"


# --- 110 ------------------------------------------------------------------------------------------------


def local(invoice: Mapping[str, Any]) -> list[str]:
    """Rules of the DIAN that the provider checks before it sends: sums, codes (its answer 110)."""
    return _in_family(invoice, [*_sums(invoice), *_taxes(invoice), *_codes(invoice)])


def _in_family(invoice: Mapping[str, Any], found: list[str]) -> list[str]:
    """Rules of an invoice begin with FA, the same of a note with CA or DA."""
    letters = {"91": "CA", "92": "DA"}.get(str(invoice["tipoDocumento"]), "FA")
    return [one.replace("Regla: FA", f"Regla: {letters}", 1) for one in found]


def _sums(invoice: Mapping[str, Any]) -> Iterator[str]:
    lines = invoice["detalleDeFactura"]
    net, base = number(invoice["totalSinImpuestos"]), number(invoice["totalBaseImponible"])
    whole = number(invoice["totalBrutoConImpuesto"])
    for index, line in enumerate(lines):
        if _line_net(line).quantize(CENT, ROUND_HALF_UP) != number(line["precioTotalSinImpuestos"]):
            yield f"Regla: FAV06, Rechazo: Valor total de la línea {index + 1} no cuadra"
    if number(invoice["totalProductos"]) != len(lines):
        yield "Regla: FAD16, Rechazo: Número de líneas no corresponde"
    if sum((number(line["precioTotalSinImpuestos"]) for line in lines), Decimal(0)) != net:
        yield "Regla: FAU02, Rechazo: Valor Bruto no es igual a la suma de los valores de las líneas"
    taxed = [number(line["precioTotalSinImpuestos"]) for line in lines if line.get("impuestosDetalles")]
    if sum(taxed, Decimal(0)) != base:
        yield "Regla: FAU04, Rechazo: Base Imponible es distinto a la suma de los valores de las bases imponibles"
    if net + _total(invoice.get("impuestosTotales")) != whole:
        yield "Regla: FAU06, Rechazo: Valor Bruto más tributos no cuadra"
    parts = [number(invoice.get(name) or "0") for name in ("totalDescuentos", "totalCargosAplicados", "totalAnticipos",
                                                           "redondeoAplicado")]
    if whole - parts[0] + parts[1] - parts[2] + parts[3] != number(invoice["totalMonto"]):
        yield "Regla: FAU14, Rechazo: Valor a Pagar de Factura no cuadra"


def _line_net(line: Mapping[str, Any]) -> Decimal:
    found = number(line["cantidadUnidades"]) * number(line["precioVentaUnitario"])
    for one in line.get("cargosDescuentos") or []:
        found += number(one.get("monto")) * (1 if one.get("indicador") == "1" else -1)
    return found


def _total(taxes: Sequence[Mapping[str, Any]] | None) -> Decimal:
    return sum((number(one.get("montoTotal")) for one in taxes or []), Decimal(0))


def _taxes(invoice: Mapping[str, Any]) -> Iterator[str]:
    lines: dict[tuple[str, Decimal], list[tuple[Decimal, Decimal]]] = {}
    for index, line in enumerate(invoice["detalleDeFactura"]):
        for one in line.get("impuestosDetalles") or []:
            rate, base, amount = (number(one.get(name)) for name in (
                "porcentajeTOTALImp", "baseImponibleTOTALImp", "valorTOTALImp"))
            lines.setdefault((str(one.get("codigoTOTALImp")), rate), []).append((base, amount))
            if (base * rate / 100).quantize(CENT, ROUND_HALF_UP) != amount:
                yield f"Regla: FAX07, Rechazo: Valor del tributo de la línea {index + 1} no corresponde a su tarifa"
            if one.get("codigoTOTALImp") == "01" and rate not in {Decimal(text) for text in listed(
                    "tarifas_iva", "tarifa")}:
                yield f"Regla: FAX14, Rechazo: Tarifa de la línea {index + 1} no existe"
    general = {(str(one.get("codigoTOTALImp")), number(one.get("porcentajeTOTALImp"))): (
        number(one.get("baseImponibleTOTALImp")), number(one.get("valorTOTALImp")))
        for one in invoice.get("impuestosGenerales") or []}
    added = {key: (sum(base for base, _one in rows), sum(one for _base, one in rows)) for key, rows in lines.items()}
    if general != added:
        yield "Regla: FAS01, Rechazo: Tributos de la factura no corresponden a los de sus líneas"
    elif _total(invoice.get("impuestosTotales")) != sum((amount for _base, amount in general.values()), Decimal(0)):
        yield "Regla: FAS01, Rechazo: Total de tributos no corresponde"


def _codes(invoice: Mapping[str, Any]) -> Iterator[str]:
    customer = invoice["cliente"]
    if customer["tipoIdentificacion"] not in listed("tipo_identificacion") | {"47", "48"}:
        yield "Regla: FAK25, Rechazo: Tipo de documento del adquiriente no existe"
    for one in customer["responsabilidadesRut"]:
        if one.get("obligaciones") not in listed("responsabilidades_basicas"):
            yield "Regla: FAK26, Rechazo: Responsabilidad informada no es válida"
    for place in (customer.get("direccionCliente"), customer.get("direccionFiscal")):
        if not place or place.get("pais") != "CO":
            continue
        if place.get("municipio") not in listed("municipios_divipola"):
            yield "Regla: FAK09, Rechazo: Código del municipio no existe"
        elif place.get("codigoDepartamento") != place["municipio"][:2]:
            yield "Regla: FAK12, Rechazo: Código del departamento no corresponde al municipio"
        if place.get("zonaPostal") and place["zonaPostal"] not in listed("codigos_postales", "codigo_postal"):
            yield "Regla: FAK57, Rechazo: Código postal no existe"
    if invoice["moneda"] != "COP" and not invoice.get("tasaDeCambio"):
        yield "Regla: FAR01, Rechazo: Tasa de cambio no informada"


# --- 99 -------------------------------------------------------------------------------------------------


def dian(invoice: Mapping[str, Any], numbering: Mapping[str, Any]) -> list[str]:
    """What the DIAN itself refuses: the range, its validity, check digits."""
    found = list(_of_range(invoice, numbering)) if invoice["tipoDocumento"] == "01" else []
    customer = invoice["cliente"]
    if customer["tipoIdentificacion"] == "31" and customer["numeroDocumento"].isdecimal() and (
            check_digit(customer["numeroDocumento"]) != customer.get("numeroIdentificacionDV")):
        found.append("Regla: FAK43b, Rechazo: DV del NIT del adquiriente no está correctamente calculado")
    return _in_family(invoice, found)


def _of_range(invoice: Mapping[str, Any], numbering: Mapping[str, Any]) -> Iterator[str]:
    day = str(invoice["fechaEmision"])[:10]
    said = str(invoice["consecutivoDocumento"]).removeprefix(str(numbering["prefix"]))
    position = int(said) if said.isdecimal() else -1
    if numbering.get("valid_from") and day < numbering["valid_from"]:
        yield "Regla: FAB07b, Rechazo: Fecha de emisión anterior a la fecha de inicio de la autorización"
    if numbering.get("valid_until") and day > numbering["valid_until"]:
        yield "Regla: FAB08b, Rechazo: Fecha de emisión posterior a la fecha final de la autorización"
    if position < int(numbering["first"]):
        yield "Regla: FAB11b, Rechazo: Número de factura menor que el valor inicial del rango autorizado"
    if numbering.get("last") and position > int(numbering["last"]):
        yield "Regla: FAB12b, Rechazo: Número de factura mayor que el valor final del rango autorizado"
