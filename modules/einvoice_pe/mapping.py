"""From a case to what Nubefact gets: the request generar_comprobante, and all that it or SUNAT would refuse. Pure.

The rules and their codes are those of Nubefact's manual 2.9 and of SUNAT's return codes (data/, peru.md).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import Totals
from modules.einvoice.case import Case
from modules.einvoice.preview import Problem, ordered
from modules.einvoice_pe import amounts as amounts_part
from modules.einvoice_pe import payment as payment_part
from modules.einvoice_pe import receiver
from modules.einvoice_pe.amounts import Amounts
from modules.einvoice_pe.catalogs import CURRENCIES, EXONERATED, SOLES
from modules.einvoice_pe.findings import Draft, Terms, clean, day, decimals, money, plain, yes
from modules.einvoice_pe.payment import Payment
from modules.einvoice_pe.references import choose_modified, references

OPERATION = "generar_comprobante"
FORMATS = ("A4", "A5", "TICKET")
TEXT, ORDER, UNIQUE = 1000, 20, 20
# the fields that every request has, in the order of the manual; "" where there is nothing to say
FIELDS = (
    "operacion", "tipo_de_comprobante", "serie", "numero", "sunat_transaction", "cliente_tipo_de_documento",
    "cliente_numero_de_documento", "cliente_denominacion", "cliente_direccion", "cliente_email", "cliente_email_1",
    "cliente_email_2", "fecha_de_emision", "fecha_de_vencimiento", "moneda", "tipo_de_cambio", "porcentaje_de_igv",
    "descuento_global", "total_descuento", "total_anticipo", "total_gravada", "total_inafecta", "total_exonerada",
    "total_igv", "total_gratuita", "total_otros_cargos", "total", "percepcion_tipo", "percepcion_base_imponible",
    "total_percepcion", "total_incluido_percepcion", "detraccion", "observaciones", "documento_que_se_modifica_tipo",
    "documento_que_se_modifica_serie", "documento_que_se_modifica_numero", "tipo_de_nota_de_credito",
    "tipo_de_nota_de_debito", "enviar_automaticamente_a_la_sunat", "enviar_automaticamente_al_cliente", "codigo_unico",
    "condiciones_de_pago", "medio_de_pago", "placa_vehiculo", "orden_compra_servicio", "formato_de_pdf")


@dataclass(frozen=True)
class Mapped:
    """The document as Nubefact gets it, and what it was made of."""

    kind: int
    payload: dict[str, Any]
    totals: Totals
    problems: tuple[Problem, ...]
    date: dt.date
    amounts: Amounts
    payment: Payment


def map_document(case: Case, terms: Terms | None = None, today: dt.date | None = None, days_back: int = 0) -> Mapped:
    """Map a case. `terms` are amounts and rates in force; with `today` the date must be that day or so many before."""
    draft = Draft(case, terms or Terms(), today, days_back)
    receiver.choose_kind(draft)
    choose_modified(draft)
    receiver.check_series(draft)
    receiver.check_issuer(draft)
    customer = receiver.customer(draft)
    currency = _currency(draft)
    found = amounts_part.amounts(draft)
    receiver.check_threshold(draft, customer["cliente_tipo_de_documento"], found.totals.total)
    paid = payment_part.payment(draft, found)
    fields: dict[str, Any] = {
        "operacion": OPERATION, "tipo_de_comprobante": draft.kind, "serie": draft.series, "numero": case.number or "",
        **customer, "fecha_de_emision": day(draft.date), **currency, "porcentaje_de_igv": money(found.rate),
        **found.header, **references(draft, found.totals.total), **_sending(draft), **paid.fields}
    _check_date(draft)
    payload = {name: fields.pop(name, "") for name in FIELDS}
    quotas = {name: fields.pop(name) for name in ("venta_al_credito",) if name in fields}
    payload |= fields | _region(draft, found) | {"items": found.items} | quotas
    return Mapped(draft.kind, payload, found.totals, ordered(draft.problems), draft.date, found, paid)


def unique_code(kind: int, series: str, number: int) -> str:
    """codigo_unico: never that of another legitimate document."""
    return f"{kind}-{series}-{number}"


def _sending(draft: Draft) -> dict[str, Any]:
    extra, number = draft.extra, draft.case.number
    usual = unique_code(draft.kind, draft.series, number) if number else ""
    fields = {"codigo_unico": (str(extra.get("codigo_unico") or usual), UNIQUE),
              "orden_compra_servicio": (str(extra.get("orden_compra_servicio") or ""), ORDER),
              "observaciones": (_remarks(str(extra.get("observaciones") or "")), TEXT)}
    for name, (text, size) in fields.items():
        if len(text) > size:
            draft.refuse("too_long", f"extra.{name}", _(
                "To send this you must shorten %(field)s to %(size)s characters.", field=name, size=size))
    found: dict[str, Any] = {name: clean(text) for name, (text, _size) in fields.items()}
    to_sunat = yes(extra.get("enviar_automaticamente_a_la_sunat"))
    found |= {"enviar_automaticamente_a_la_sunat": to_sunat is not False,
              "enviar_automaticamente_al_cliente": bool(yes(extra.get("enviar_automaticamente_al_cliente"))),
              "formato_de_pdf": _format(draft)}
    return found | ({"generado_por_contingencia": True} if draft.series.startswith("0") else {})


def _remarks(text: str) -> str:
    """Line breaks as Nubefact writes them."""
    return text.strip().replace("\r\n", "\n").replace("\n", "<br>")


def _format(draft: Draft) -> str:
    said = draft.extra.get("formato_de_pdf")
    if said is None:
        return "A4" if draft.is_factura else "TICKET"
    if said not in (*FORMATS, ""):
        draft.refuse("format", "extra.formato_de_pdf", _(
            "To send this you must choose a format of the PDF (%(known)s), not %(found)s.", known=", ".join(FORMATS),
            found=said))
    return str(said)


def _region(draft: Draft, found: Amounts) -> dict[str, bool]:
    """The Amazonia: what is exonerated there is consumed there. The legends go with it."""
    exonerated = [item for item in found.lines if item.kind.number == EXONERATED]
    marks: dict[str, bool] = {}
    for name, usual, code in (("bienes_region_selva", any(not item.is_service for item in exonerated), 4022),
                              ("servicios_region_selva", any(item.is_service for item in exonerated), 4023)):
        said = yes(draft.extra.get(name))
        if said and not exonerated:
            draft.remark("region", f"extra.{name}", _(
                "The legend of the Amazonia is for what is exonerated; nothing here is."), code)
        if usual if said is None else said:
            marks[name] = True
    return marks


def _check_date(draft: Draft) -> None:
    if draft.today is None:
        return
    first = draft.today - dt.timedelta(days=draft.days_back)
    if not first <= draft.date <= draft.today:
        draft.refuse("date_out_of_window", "issued_at", _(
            "To send this you must date it between %(first)s and %(last)s, not %(date)s.", first=first.isoformat(),
            last=draft.today.isoformat(), date=draft.date.isoformat()), 22 if draft.date < first else 2329)


def _currency(draft: Draft) -> dict[str, Any]:
    """moneda and tipo_de_cambio."""
    code, rate = draft.case.currency.upper(), draft.case.exchange_rate
    number = CURRENCIES.get(code)
    if number is None:
        draft.refuse("currency", "currency", _(
            "To send this you must choose a currency that Nubefact takes (%(known)s), not %(found)s.",
            known=", ".join(CURRENCIES), found=draft.case.currency), 3088)
        return {"moneda": "", "tipo_de_cambio": ""}
    if code == SOLES:
        if rate is not None and rate != 1:
            draft.refuse("rate_of_soles", "exchange_rate", _(
                "To send a document in soles you must give the exchange rate 1, or none, not %(rate)s.",
                rate=plain(rate)))
        return {"moneda": number, "tipo_de_cambio": ""}
    return {"moneda": number, "tipo_de_cambio": _rate(draft, rate)}


def _rate(draft: Draft, rate: Decimal | None) -> str:
    if rate is None or rate <= 0:
        draft.refuse("rate_missing", "exchange_rate", _(
            "To send a document in %(currency)s you must give the exchange rate of its day.",
            currency=draft.case.currency), 2721 if rate is None else 2716)
        return ""
    if decimals(rate) > 3:
        draft.refuse("rate_too_long", "exchange_rate", _(
            "To send this you must give an exchange rate with up to 3 decimals, not %(rate)s.", rate=plain(rate)), 2716)
    return f"{rate:.3f}"


