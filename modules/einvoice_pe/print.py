"""The representación impresa: what SUNAT wants on the printed document (peru.md, section 3); pure, only texts.

The fixed words are SUNAT's and are not translated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.i18n import format_date
from modules.accounting.print_data import CountryPart, Fact, Note
from modules.einvoice_pe.catalogs import CURRENCIES, PAPER_NAMES
from modules.einvoice_pe.findings import plain, read_day
from modules.einvoice_pe.legends import legends, name_of
from modules.einvoice_pe.words import in_words

KINDS = {"invoice": "Comprobante", "debit_note": "Nota de débito", "credit_note": "Nota de crédito"}
IDENTITIES = {"0": "Documento", "1": "DNI", "4": "Carné de extranjería", "6": "RUC", "7": "Pasaporte",
              "A": "Cédula diplomática", "B": "Documento", "G": "Salvoconducto"}
VOID = "SIN VALIDEZ: PENDIENTE DE ENVÍO A SUNAT"
WITHOUT_NUMBER = "Sin número: todavía sin enviar"
NOT_REPORTED = "EMITIDO EN PAPEL: PENDIENTE DE INFORMAR A SUNAT"
SUMS = (("total_gravada", "Op. gravada"), ("total_exonerada", "Op. exonerada"), ("total_inafecta", "Op. inafecta"),
        ("total_gratuita", "Op. gratuita"), ("total_descuento", "Descuentos"), ("total_anticipo", "Anticipos"),
        ("total_otros_cargos", "Otros cargos"))
SIGNS = {"PEN": "S/", "USD": "US$", "EUR": "EUR", "GBP": "GBP"}


@dataclass(frozen=True)
class Printed:
    """What is known about one document; `request` is empty while SUNAT has not accepted it."""

    accounting_kind: str
    issuer_ruc: str
    series: str = ""
    number: int = 0
    request: Mapping[str, Any] = field(default_factory=dict)
    qr: str = ""
    digest: str = ""
    link: str = ""
    # account of the detracción at Banco de la Nación
    account: str = ""
    # of a document that needs no authority: the company's own
    own_number: str = ""
    customer: str = ""
    production: bool = True
    # of what was written on paper first: its number, and tipo_de_comprobante
    paper: str = ""
    paper_kind: int = 0


def part(known: Printed) -> CountryPart:
    """The country's part of one sheet; what is not accepted looks like no factura."""
    request = known.request
    found = CountryPart(
        title=_title(known), valid=bool(request), void_text=NOT_REPORTED if known.paper else VOID,
        issuer=[Fact("RUC:", known.issuer_ruc)],
        customer=[fact for fact in _customer(known) if fact.value], tax_in_prices=True, tax_names={"VAT": "IGV"},
        rehearsal=not known.production)
    if not request:
        found.number = known.paper or (f"N° {known.own_number}" if known.own_number else WITHOUT_NUMBER)
        return found
    found.number = f"{known.series}-{known.number:08d}"
    found.date = format_date(read_day(request["fecha_de_emision"]))
    code = next((name for name, number in CURRENCIES.items() if number == int(request["moneda"])), "PEN")
    found.legends = [Note(in_words(Decimal(str(request["total"])), code)), Note(_sums(request, SIGNS[code])),
                     *(Note(line) for line in legends(request, known.account))]
    found.legal_title = found.title
    found.legal = [Fact("", found.number), Fact("RUC:", known.issuer_ruc)]
    found.seals = list(_long(known, SIGNS[code]))
    found.qr_text, found.qr_error = known.qr, "q"
    return found


def _title(known: Printed) -> str:
    """What it is; what was written on paper is no electronic document."""
    if known.request:
        return name_of(known.request).upper()
    return PAPER_NAMES[known.paper_kind] if known.paper else KINDS[known.accounting_kind]


def _customer(known: Printed) -> list[Fact]:
    request = known.request
    if not request:
        return [Fact("", known.customer)]
    kind = str(request["cliente_tipo_de_documento"])
    number = request["cliente_numero_de_documento"] if kind in IDENTITIES else ""
    due = request.get("fecha_de_vencimiento")
    return [Fact(f"{IDENTITIES.get(kind, '')}:", str(number)),
            Fact("Fecha de vencimiento:", format_date(read_day(due)) if due else ""),
            Fact("Forma de pago:", _terms(request)),
            Fact("Orden de compra:", str(request.get("orden_compra_servicio") or ""))]


def _terms(request: Mapping[str, Any]) -> str:
    if request.get("venta_al_credito"):
        return "CRÉDITO"
    return "CONTADO" if int(request["tipo_de_comprobante"]) == 1 else ""


def _long(known: Printed, sign: str) -> Iterator[Note]:
    """What needs the width of the page: quotas, hash, where to look it up."""
    request = known.request
    if request.get("venta_al_credito"):
        yield Note(_quotas(request, sign), "Crédito")
    yield Note(known.digest, "Código hash")
    if known.link:
        yield Note(known.link, f"Representación impresa de la {name_of(request).upper()}, consulte en")


def _sums(request: Mapping[str, Any], sign: str) -> str:
    """Operations by their kind, and the IGV with its rate."""
    parts = [f"{name}: {sign} {request[key]}" for key, name in SUMS if request.get(key)]
    rate = plain(Decimal(str(request["porcentaje_de_igv"])))
    return " · ".join([*parts, f"IGV {rate} %: {sign} {request.get('total_igv') or '0.00'}",
                       f"Total: {sign} {request['total']}"])


def _quotas(request: Mapping[str, Any], sign: str) -> str:
    quotas = request["venta_al_credito"]
    net = sum((Decimal(str(one["importe"])) for one in quotas), Decimal(0))
    rows = [f"Cuota {int(one['cuota']):03d}: {format_date(read_day(one['fecha_de_pago']))}, {sign} {one['importe']}"
            for one in quotas]
    return " · ".join([f"Monto neto pendiente de pago: {sign} {net:.2f}", *rows])
