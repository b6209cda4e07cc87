"""What Nubefact refuses with 21 or 22 about a document to be issued (peru.md, sections 1 and 7)."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from modules.einvoice_pe.simulator.faults import Refused
from modules.einvoice_pe.simulator.reading import Values, check_fields

DATA = Path(__file__).parent.parent / "data"
FACTURA, BOLETA, CREDITO, DEBITO = 1, 2, 3, 4
CENT = Decimal("0.01")
SERIES = "No puedes emitir comprobantes con esta serie"
# free of charge, by tipo_de_igv
FREE = frozenset({2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 17, 20})
EXONERATED, UNAFFECTED = frozenset({8}), frozenset({9, 16})
KINDS = frozenset({1, 8, 9, 16}) | FREE
RUC_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
# finds an earlier document: (type, series, number) -> whether it is known
Known = Callable[[int, str, int], bool]


def check(values: Values, series: frozenset[str], today: dt.date, days_back: int, known: Known) -> None:
    """Raise Refused for the first thing that is wrong."""
    check_fields(values, "cabecera")
    items = values.rows("items")
    if not items:
        raise Refused(21, "El documento debe tener al menos un item")
    for item in items:
        check_fields(item, "items")
    for quota in values.rows("venta_al_credito"):
        check_fields(quota, "venta_al_credito")
    _series(values, series)
    _customer(values)
    _dates(values, today, days_back)
    _currency(values)
    for item in items:
        _item(values, item)
    _sums(values, items)
    _identified(values)
    _note(values, known)
    _detraction(values)
    _retention(values)
    _quotas(values)


def r2(value: Decimal) -> Decimal:
    """Half up to two decimals."""
    return value.quantize(CENT, ROUND_HALF_UP)


def total_in_soles(values: Values) -> Decimal:
    return values.number("total") * (values.number("tipo_de_cambio") or 1)


def _series(values: Values, enabled: frozenset[str]) -> None:
    kind, series = values.integer("tipo_de_comprobante"), values.text("serie")
    if kind not in (FACTURA, BOLETA, CREDITO, DEBITO):
        raise Refused(21, "Tipo de comprobante no es válido")
    if not re.fullmatch(r"[FB][A-Z0-9]{3}|0\d{3}", series) or series not in enabled:
        raise Refused(21, f"Serie {SERIES}'")
    contingency = series.startswith("0")
    if contingency != values.truth("generado_por_contingencia"):
        raise Refused(21, "Serie de contingencia y generado_por_contingencia no corresponden")
    if not contingency and kind in (FACTURA, BOLETA) and series[0] != "FB"[kind - 1]:
        raise Refused(21, f"Serie {SERIES}'")
    if not 1 <= values.integer("numero") <= 99_999_999:
        raise Refused(21, "Número no es válido")


# --- the customer --------------------------------------------------------------------------------------


def _customer(values: Values) -> None:
    kind, number = values.text("cliente_tipo_de_documento"), values.text("cliente_numero_de_documento")
    if kind not in ("0", "1", "4", "6", "7", "A", "B", "G", "-"):
        raise Refused(21, "Tipo de documento del cliente no es válido")
    of_factura = _of_factura(values)
    if of_factura and kind != "6" and not (kind == "0" and values.integer("sunat_transaction") == 2):
        raise Refused(21, "Para una FACTURA el cliente debe tener RUC")
    if of_factura and not values.text("cliente_direccion"):
        raise Refused(21, "Cliente dirección no puede estar en blanco")
    if kind == "6":
        check_ruc(number)
    elif kind == "1" and not re.fullmatch(r"\d{8}", number):
        raise Refused(21, "DNI debe tener 8 dígitos")
    for name in ("cliente_email", "cliente_email_1", "cliente_email_2"):
        text = values.text(name)
        if text and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text):
            raise Refused(21, f"{name} no es válido")


def check_ruc(number: str) -> None:
    """Length, prefix and last digit, each with its sentence."""
    if not re.fullmatch(r"\d{11}", number):
        raise Refused(21, "RUC incorrecto, debe tener 11 dígitos")
    if number[:2] not in ("10", "15", "17", "20"):
        raise Refused(21, "RUC incorrecto, debe empezar con 10, 15, 17 o 20")
    total = sum(int(digit) * weight for digit, weight in zip(number[:10], RUC_WEIGHTS, strict=True))
    last = {10: 0, 11: 1}.get(11 - total % 11, 11 - total % 11)
    if int(number[10]) != last:
        raise Refused(21, f"RUC incorrecto, el último dígito debería ser {last}")


def _of_factura(values: Values) -> bool:
    kind = values.integer("tipo_de_comprobante")
    return kind == FACTURA or (kind in (CREDITO, DEBITO)
                               and values.integer("documento_que_se_modifica_tipo") == FACTURA)


def _identified(values: Values) -> None:
    if (values.integer("tipo_de_comprobante") == BOLETA and values.text("cliente_tipo_de_documento") == "-"
            and total_in_soles(values) >= 700):
        raise Refused(21, "Para ventas mayores o iguales a S/ 700.00 debe identificar al cliente")


# --- dates and currency --------------------------------------------------------------------------------


def _dates(values: Values, today: dt.date, days_back: int) -> None:
    issued, due = values.date("fecha_de_emision"), values.date("fecha_de_vencimiento")
    assert issued is not None
    if issued > today:
        raise Refused(21, "Fecha de emisión debe ser la fecha actual")
    if issued < today - dt.timedelta(days=days_back):
        raise Refused(22)
    if due is not None and due <= issued:
        raise Refused(21, "Fecha de vencimiento debe ser posterior a la fecha de emisión")


def _currency(values: Values) -> None:
    if values.integer("moneda") not in (1, 2, 3, 4):
        raise Refused(21, "Moneda no es válida")
    if values.integer("moneda") != 1 and values.number("tipo_de_cambio") <= 0:
        raise Refused(21, "Tipo de cambio no puede estar en blanco")


# --- sums ----------------------------------------------------------------------------------------------


def _item(values: Values, item: Values) -> None:
    kind, quantity = item.integer("tipo_de_igv"), item.number("cantidad")
    if kind not in KINDS:
        raise Refused(21, f"{item.name}: tipo de IGV no es válido")
    if quantity <= 0:
        raise Refused(21, f"{item.name}: cantidad debe ser mayor a cero")
    if any(item.number(name) < 0 for name in ("valor_unitario", "precio_unitario", "descuento", "subtotal", "igv",
                                              "total")):
        raise Refused(21, f"{item.name}: los importes no pueden ser negativos")
    valor, subtotal, igv = item.number("valor_unitario"), item.number("subtotal"), item.number("igv")
    rate = values.number("porcentaje_de_igv") / 100
    _near(item, "subtotal", subtotal, valor * quantity - item.number("descuento"))
    _near(item, "igv", igv, subtotal * rate if kind == 1 else Decimal(0))
    _near(item, "total", item.number("total"), subtotal + igv)
    if kind == 1:
        _near(item, "precio unitario", item.number("precio_unitario"), valor * (1 + rate))


def _near(item: Values, name: str, given: Decimal, wanted: Decimal) -> None:
    """One céntimo per line is tolerated."""
    if abs(r2(given) - r2(wanted)) > CENT:
        raise Refused(21, f"{item.name}: {name} {given} no corresponde, debería ser {r2(wanted)}")


def _sums(values: Values, items: list[Values]) -> None:
    def of(kinds: frozenset[int], advances: bool = False) -> Decimal:
        return sum((item.number("subtotal") for item in items if item.integer("tipo_de_igv") in kinds
                    and item.truth("anticipo_regularizacion") is advances), Decimal(0))

    discount, advances = values.number("descuento_global"), of(KINDS - FREE, advances=True)
    gravada = of(frozenset({1})) - of(frozenset({1}), advances=True)
    exonerada, inafecta = of(EXONERATED), of(UNAFFECTED)
    if gravada:
        gravada -= discount
    elif exonerada:
        exonerada -= discount
    else:
        inafecta -= discount
    igv = sum((-item.number("igv") if item.truth("anticipo_regularizacion") else item.number("igv")
               for item in items), Decimal(0))
    if discount and gravada:
        igv = r2(gravada * values.number("porcentaje_de_igv") / 100)
    wanted = {"total_gravada": gravada, "total_exonerada": exonerada, "total_inafecta": inafecta,
              "total_gratuita": of(FREE), "total_igv": igv, "total_anticipo": advances}
    margin = CENT * len(items)
    for name, amount in wanted.items():
        if abs(values.number(name) - amount) > margin:
            text = "IGV TOTAL ≠ IGV DE LINEAS" if name == "total_igv" else f"{name} no corresponde a los items"
            raise Refused(21, text)
    added = sum((values.number(name) for name in ("total_gravada", "total_exonerada", "total_inafecta", "total_igv",
                                                  "total_otros_cargos", "total_isc", "total_impuestos_bolsas")),
                Decimal(0))
    if values.number("total") < 0 or abs(values.number("total") - added) > CENT:
        raise Refused(21, "TOTAL no corresponde a la suma de sus importes")


# --- notes ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _numbers(file: str, column: str) -> frozenset[int]:
    with (DATA / f"{file}.csv").open(encoding="utf-8", newline="") as rows:
        return frozenset(int(row[column]) for row in csv.DictReader(rows) if row[column].isdecimal())


def _note(values: Values, known: Known) -> None:
    kind = values.integer("tipo_de_comprobante")
    if kind not in (CREDITO, DEBITO):
        if values.text("documento_que_se_modifica_tipo"):
            raise Refused(21, "Sólo las notas modifican un documento")
        return
    modified = values.integer("documento_que_se_modifica_tipo")
    series = values.text("documento_que_se_modifica_serie")
    if modified not in (FACTURA, BOLETA) or not series or not values.text("documento_que_se_modifica_numero"):
        raise Refused(21, "Debe indicar el documento que se modifica")
    letter = "F" if modified == FACTURA else "B"
    if not series.startswith("0") and series[0] != letter:
        raise Refused(21, "Serie del documento que se modifica no corresponde a su tipo")
    if not values.text("serie").startswith("0") and values.text("serie")[0] != letter:
        raise Refused(21, "La serie de la nota debe empezar con la misma letra que el documento que modifica")
    name = "credito" if kind == CREDITO else "debito"
    field, file = f"tipo_de_nota_de_{name}", f"sunat_cat{'09' if kind == CREDITO else '10'}_nota_{name}"
    if values.integer(field) not in _numbers(file, f"nubefact_{field}"):
        raise Refused(21, f"{field} no es válido")
    if not known(modified, series, values.integer("documento_que_se_modifica_numero")):
        raise Refused(21, "El documento que se modifica no existe")


# --- detracción, retención, quotas ---------------------------------------------------------------------


def _detraction(values: Values) -> None:
    detracted, transaction = values.truth("detraccion"), values.integer("sunat_transaction")
    if transaction not in _numbers("sunat_cat51_tipo_operacion", "nubefact_sunat_transaction"):
        raise Refused(21, "sunat_transaction no es válido")
    if detracted != (transaction in (30, 31, 32, 33)):
        raise Refused(21, "sunat_transaction no corresponde a la detracción")
    if not detracted:
        return
    if values.integer("tipo_de_comprobante") != FACTURA:
        raise Refused(21, "Sólo las facturas están sujetas a detracción")
    if values.integer("detraccion_tipo") not in _numbers("nubefact_detraccion_tipo", "nubefact_detraccion_tipo"):
        raise Refused(21, "detraccion_tipo no es válido")
    if values.integer("medio_de_pago_detraccion") not in _numbers("nubefact_medio_de_pago_detraccion", "nubefact"):
        raise Refused(21, "medio_de_pago_detraccion no es válido")
    wanted = total_in_soles(values) * values.number("detraccion_porcentaje") / 100
    if abs(values.number("detraccion_total") - wanted) > CENT:
        raise Refused(21, f"detraccion_total no corresponde, debería ser {r2(wanted)}")


def _retention(values: Values) -> None:
    kept = values.number("total_retencion")
    if not values.text("retencion_tipo"):
        if kept:
            raise Refused(21, "retencion_tipo no puede estar en blanco")
        return
    base = values.number("retencion_base_imponible")
    if values.integer("retencion_tipo") != 1 or base > values.number("total"):
        raise Refused(21, "La retención no es válida")
    if abs(kept - base * 3 / 100) > CENT:
        raise Refused(21, "total_retencion no corresponde")


def _net(values: Values) -> Decimal:
    """What is left to be paid, in the document's currency."""
    kept = values.number("total_retencion")
    if values.truth("detraccion"):
        kept += r2(values.number("detraccion_total") / (values.number("tipo_de_cambio") or 1))
    return values.number("total") - kept


def _quotas(values: Values) -> None:
    quotas, issued = values.rows("venta_al_credito"), values.date("fecha_de_emision")
    if not quotas:
        return
    is_13 = values.integer("tipo_de_nota_de_credito") == 13
    if values.integer("tipo_de_comprobante") != FACTURA and not is_13:
        raise Refused(21, "Sólo las facturas pueden ser al crédito")
    assert issued is not None
    for quota in quotas:
        date = quota.date("fecha_de_pago")
        if date is None or date <= issued:
            raise Refused(21, "La fecha de pago de las cuotas debe ser posterior a la fecha de emisión")
    added = sum((quota.number("importe") for quota in quotas), Decimal(0))
    if not is_13 and added > _net(values) + CENT:
        raise Refused(21, "La suma de las cuotas es mayor al monto neto pendiente de pago")
