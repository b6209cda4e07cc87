"""From a case to a CFDI: the Comprobante, and all that SAT or PAC would refuse, found before sending. Pure.

The rules and their codes are those of the SAT's error matrices (data/errores_cfdi40.csv); the order is the schema's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from core.i18n import _
from modules.accounting.totals import ZERO, Totals
from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, Problem, ordered
from modules.einvoice_mx import conceptos, pagos, paid_invoices, parties, paying, relations, schema
from modules.einvoice_mx.amounts import Global, Sums, totals_of
from modules.einvoice_mx.findings import Draft, collapsed, for_xml, money
from modules.einvoice_mx.global_invoice import information
from modules.einvoice_mx.schema import CFDI, PAGO, XSI

KINDS = {"invoice": "I", "debit_note": "I", "credit_note": "E", "payment": "P"}
LOCATIONS = {CFDI: "http://www.sat.gob.mx/sitio_internet/cfd/4/cfdv40.xsd",
             PAGO: "http://www.sat.gob.mx/sitio_internet/cfd/Pagos/Pagos20.xsd"}
# how long a Fecha may wait for its timbre, and how far clocks may differ
OLDEST, SKEW = dt.timedelta(hours=72), dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Mapped:
    """The CFDI before it is sealed; `total` as its own attribute writes it."""

    kind: str
    document: etree._Element
    totals: Totals
    problems: tuple[Problem, ...]
    rfc: str
    receiver_rfc: str
    is_global: bool

    @property
    def total(self) -> str:
        return str(self.document.get("Total"))

    @property
    def valid(self) -> bool:
        return not any(problem.severity == ERROR for problem in self.problems)


def map_document(case: Case, now: dt.datetime | None = None, sums: Sums | None = None) -> Mapped:
    """Map a case. With `now` the window of dates is checked too; with `sums` its lines were added up before."""
    draft = Draft(case, now, kind=KINDS[case.kind], given=sums)
    extra = case.issuer.extra
    draft.place = str(case.extra.get("LugarExpedicion") or extra.get("LugarExpedicion")
                      or case.issuer.address.postal_code).strip()
    head = _identity(draft)
    issuer, receiver = parties.emisor(draft), parties.receptor(draft)
    build = _payment if draft.kind == "P" else _invoice
    document, totals = build(draft, head, issuer, receiver)
    if not any(problem.severity == ERROR for problem in draft.problems):
        for fault in schema.faults(document):
            draft.refuse("schema", "", _("Sending is not possible because the SAT's schema refuses it: %(fault)s",
                                         fault=fault), "301")
    return Mapped(draft.kind, document, totals, ordered(draft.problems), draft.rfc, draft.receiver_rfc,
                  draft.is_global)


def _identity(draft: Draft) -> dict[str, str]:
    """Version, Serie, Folio, Fecha."""
    case, moment = draft.case, draft.moment
    if case.number is not None and case.number < 0:
        draft.refuse("number", "number", _("To send this you must give a number that is not negative, not %(found)s.",
                                           found=case.number), "301")
    if len(case.issuer.series) > 25 or "|" in case.issuer.series:
        draft.refuse("series", "issuer.series", _(
            "To send this you must give a series of 25 characters at most, without bars, not %(found)s.",
            found=case.issuer.series), "301")
    if draft.now is not None and not draft.now - OLDEST <= case.issued_at <= draft.now + SKEW:
        draft.refuse("date_out_of_window", "issued_at", _(
            "To send this you must date it within the last 72 hours, not %(date)s.",
            date=moment.strftime("%Y-%m-%dT%H:%M:%S")), "401")
    if moment.year < 2012:
        draft.refuse("date_too_old", "issued_at", _("To send this you must correct its date, %(date)s.",
                                                    date=moment.date().isoformat()), "403")
    return {"Version": "4.0", "Serie": collapsed(case.issuer.series, 25),
            "Folio": "" if case.number is None else str(case.number), "Fecha": moment.strftime("%Y-%m-%dT%H:%M:%S")}


def _invoice(draft: Draft, head: Mapping[str, str], issuer: Mapping[str, str],
             receiver: Mapping[str, str]) -> tuple[etree._Element, Totals]:
    """An I or E."""
    method, form = paying.method_and_form(draft)
    lines, sums = conceptos.lines(draft)
    conceptos.internet_with_ieps(draft, lines)
    document = _comprobante({
        **head, "FormaPago": form,
        "CondicionesDePago": draft.text(draft.extra.get("CondicionesDePago"), "extra.CondicionesDePago", 1000),
        "SubTotal": money(sums.subtotal), "Descuento": money(sums.descuento) if sums.descuento else "",
        **paying.currency(draft), "Total": money(sums.total), "TipoDeComprobante": draft.kind,
        "Exportacion": _export(draft), "MetodoPago": method, "LugarExpedicion": draft.place,
        "Confirmacion": _confirmation(draft)}, (CFDI,))
    if draft.is_global:
        _add(document, "InformacionGlobal", information(draft))
    elif draft.extra.get("InformacionGlobal") is not None:
        draft.refuse("global_kind", "extra.InformacionGlobal", _(
            "To send this you must leave out the period of a global invoice (InformacionGlobal): only an invoice has "
            "one, not its credit notes or payments."), "CFDI40130")
    for kind, uuids in relations.relations(draft, sums.total).items():
        node = _add(document, "CfdiRelacionados", {"TipoRelacion": kind})
        for uuid in uuids:
            _add(node, "CfdiRelacionado", {"UUID": uuid})
    _add(document, "Emisor", issuer)
    _add(document, "Receptor", receiver)
    _conceptos(document, lines)
    _impuestos(document, sums)
    return document, totals_of(sums)


def _payment(draft: Draft, head: Mapping[str, str], issuer: Mapping[str, str],
             receiver: Mapping[str, str]) -> tuple[etree._Element, Totals]:
    """A P: the envelope is fixed, the payment is its complement."""
    payment = paid_invoices.read(draft)
    document = _comprobante({**head, "SubTotal": "0", "Moneda": paying.NONE, "Total": "0", "TipoDeComprobante": "P",
                             "Exportacion": "01", "LugarExpedicion": draft.place,
                             "Confirmacion": _confirmation(draft)}, (CFDI, PAGO))
    _add(document, "Emisor", issuer)
    _add(document, "Receptor", receiver)
    _add(_add(document, "Conceptos"), "Concepto", pagos.CONCEPT)
    _add(document, "Complemento").append(pagos.element(payment))
    return document, pagos.totals(payment)


def _export(draft: Draft) -> str:
    """01: not exported. Anything else needs the complement of foreign trade."""
    said = str(draft.extra.get("Exportacion") or "01")
    if said != "01":
        draft.refuse("export", "extra.Exportacion", _(
            "To send this you must give Exportacion 01: documents of foreign trade are not made here."),
            "CFDI40122" if said == "02" else "CFDI40123")
    return said


def _confirmation(draft: Draft) -> str:
    """Confirmacion: what the PAC gave for an amount above the SAT's limit."""
    said = str(draft.extra.get("Confirmacion") or "").strip()
    if said and not re.fullmatch(r"[0-9A-Za-z]{5}", said):
        draft.refuse("confirmation", "extra.Confirmacion", _(
            "To send this you must give the PAC's confirmation (Confirmacion) as five letters or digits, not "
            "%(found)s.", found=said), "301")
    return said


# --- elements ------------------------------------------------------------------------------------------


def _comprobante(attributes: Mapping[str, str], namespaces: Iterable[str]) -> etree._Element:
    prefixes = {CFDI: "cfdi", PAGO: "pago20"}
    used = list(namespaces)
    root = etree.Element(f"{{{CFDI}}}Comprobante", nsmap={prefixes[one]: one for one in used} | {"xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", " ".join(f"{one} {LOCATIONS[one]}" for one in used))
    for name, value in attributes.items():
        if value:  # never an empty attribute: the schema refuses it, and the cadena would have a gap
            root.set(name, for_xml(value))
    return root


def _add(parent: etree._Element, name: str, attributes: Mapping[str, str] | None = None) -> etree._Element:
    node = etree.SubElement(parent, f"{{{CFDI}}}{name}")
    for key, value in (attributes or {}).items():
        if value:
            node.set(key, for_xml(value))
    return node


def _conceptos(document: etree._Element, lines: Iterable[conceptos.Line]) -> None:
    """On a line Traslados come before Retenciones."""
    parent = _add(document, "Conceptos")
    for line in lines:
        node = _add(parent, "Concepto", line.attributes)
        tributos = line.concepto.tributos
        if not tributos:
            continue
        taxes = _add(node, "Impuestos")
        for name, entry, withheld in (("Traslados", "Traslado", False), ("Retenciones", "Retencion", True)):
            wanted = [one for one in tributos if one.tax.withheld == withheld]
            group = _add(taxes, name) if wanted else taxes
            for one in wanted:
                _add(group, entry, conceptos.tax_attributes(one))


def _impuestos(document: etree._Element, sums: Sums) -> None:
    """In the document Retenciones come before Traslados, one per tax; no total where all is exempt."""
    if not sums.traslados and not sums.retenciones:
        return
    charged = any(one.importe is not None for one in sums.traslados)
    node = _add(document, "Impuestos", {
        "TotalImpuestosRetenidos": money(sums.retenidos) if sums.retenciones else "",
        "TotalImpuestosTrasladados": money(sums.trasladados) if charged else ""})
    if sums.retenciones:
        group = _add(node, "Retenciones")
        for one in sums.retenciones:
            _add(group, "Retencion", {"Impuesto": _impuesto(one), "Importe": money(one.importe or ZERO)})
    if sums.traslados:
        group = _add(node, "Traslados")
        for one in sums.traslados:
            _add(group, "Traslado", _traslado(one))


def _impuesto(one: Global) -> str:
    return conceptos.IMPUESTOS.get(one.tax.code, one.tax.code)


def _traslado(one: Global) -> dict[str, str]:
    found = {"Base": money(one.base), "Impuesto": _impuesto(one),
             "TipoFactor": "Exento" if one.importe is None else "Tasa"}
    if one.importe is not None:
        found |= {"TasaOCuota": f"{(one.tax.rate or 0) / 100:.6f}", "Importe": money(one.importe)}
    return found
