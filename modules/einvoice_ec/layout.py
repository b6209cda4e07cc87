"""Ecuador's entry in the port `layouts`: reads documents and profile for a batch, `print` words them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from lxml import etree

from core.db import db
from core.i18n import format_date
from core.scope import current_company
from modules.accounting.print_data import CountryPart
from modules.einvoice.models import Document
from modules.einvoice_ec import access, catalogs, print
from modules.einvoice_ec.findings import GUAYAQUIL
from modules.einvoice_ec.legends import TESTING
from modules.einvoice_ec.print import Ride

KINDS = {"invoice": "01", "credit_note": "04", "debit_note": "05"}
SAMPLE_KEY = "0" * 23 + "1" + "0" * 25


class EcuadorianLayout:
    """The legal part of documents issued in Ecuador."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, from two selects whatever their number."""
        ids = [invoice.id for invoice in invoices]
        documents = {row.invoice_id: row for row in db.session.scalars(
            sa.select(Document).where(Document.invoice_id.in_(ids)))}
        return {invoice.id: print.part(ride(invoice, documents.get(invoice.id))) for invoice in invoices}

    def sample(self, invoice: Any) -> CountryPart:
        """Number and key made up: zeros, in the ambiente of tests."""
        known, profile = ride(invoice, None), access.profile()
        if known.own_number:
            return print.part(known)
        return print.part(replace(
            known, cod_doc=KINDS.get(invoice.kind, "01"), number=f"{profile.series}-000000119", clave=SAMPLE_KEY,
            production=False, date=format_date(invoice.issue_date),
            legends=(TESTING, "OBLIGADO A LLEVAR CONTABILIDAD: SI")))


def ride(invoice: Any, document: Document | None) -> Ride:
    """What is known about one document; of an authorised one everything comes from its voucher."""
    snapshot = invoice.snapshot or {}
    issuer, customer = snapshot.get("issuer") or {}, snapshot.get("customer") or {}
    known = Ride(invoice.kind, issuer.get("tax_id") or current_company().tax_id,
                 own_number=invoice.legal_number if invoice.legal_state == "not_required" else "",
                 customer_kind=catalogs.identities().get(customer.get("tax_id_kind") or "", ""),
                 customer_number=customer.get("tax_id") or "")
    if document is None or document.state not in ("authorized", "cancelling", "cancelled") or not document.request:
        return known
    if not document.authorization_code:
        return known
    return _of_voucher(known, document)


def _of_voucher(known: Ride, document: Document) -> Ride:
    tree = etree.fromstring(str(document.request["xml"]).encode())
    head, info = tree.find("infoTributaria"), tree[1]

    def text(name: str, place: Any = info) -> str:
        return str(place.findtext(name) or "")

    return replace(
        known, cod_doc=document.kind, number=f"{document.series}-{document.number:09d}",
        clave=document.authorization_code, date=format_date(document.issue_date),
        production=document.environment == "production", dir_matriz=text("dirMatriz", head),
        dir_establecimiento=text("dirEstablecimiento"), legends=tuple(_legends(head, info, tree)),
        customer_kind=text("tipoIdentificacionComprador"), customer_number=text("identificacionComprador"),
        facts=tuple(_facts(info)), sums=tuple(_sums(info)), additional=tuple((one.get("nombre"), one.text or "")
                                                    for one in tree.iter("campoAdicional")),
        authorized_at=_moment(document.data or {}))


def _legends(head: Any, info: Any, tree: Any) -> list[str]:
    """As the voucher says them: it was signed with the facts of its day."""
    found = [TESTING] if head.findtext("ambiente") == "1" else []
    special, agent = info.findtext("contribuyenteEspecial"), head.findtext("agenteRetencion")
    found += [f"Contribuyente Especial Nro. {special}"] if special else []
    found.append(f"OBLIGADO A LLEVAR CONTABILIDAD: {info.findtext('obligadoContabilidad') or 'NO'}")
    found += [f"Agente de Retención Resolución No. {agent}"] if agent else []
    rimpe = head.findtext("contribuyenteRimpe")
    return found + ([rimpe] if rimpe else [])


def _facts(info: Any) -> list[tuple[str, str]]:
    """Address, means of payment, and what a note changes."""
    found = [("Dirección", info.findtext("direccionComprador") or "")]
    if info.findtext("numDocModificado"):
        found += [("Comprobante que se modifica", f"FACTURA {info.findtext('numDocModificado')}"),
                  ("Fecha de emisión de la factura", info.findtext("fechaEmisionDocSustento") or "")]
    for pago in info.iterfind("pagos/pago"):
        name = catalogs.means_of_payment().get(pago.findtext("formaPago") or "", "")
        term = f", {pago.findtext('plazo')} {pago.findtext('unidadTiempo')}" if pago.findtext("plazo") else ""
        found.append(("Forma de pago", name.capitalize() + term))
    return found


def _sums(info: Any) -> list[tuple[str, str]]:
    """Subtotals by rate, only those that are filled; taxes; discount; tip; total."""
    parts = [*info.iterfind("totalConImpuestos/totalImpuesto"), *info.iterfind("impuestos/impuesto")]
    ivas = [one for one in parts if one.findtext("codigo") == catalogs.IVA]
    names = {code: row.name for code, row in catalogs.iva_by_code().items()}
    found = [(f"SUBTOTAL {names.get(one.findtext('codigoPorcentaje'), '')}", one.findtext("baseImponible"))
             for one in ivas]
    found += [("SUBTOTAL SIN IMPUESTOS", info.findtext("totalSinImpuestos")),
              ("TOTAL DESCUENTO", info.findtext("totalDescuento")),
              *(("ICE", one.findtext("valor")) for one in parts if one.findtext("codigo") == catalogs.ICE),
              *((f"IVA {names.get(one.findtext('codigoPorcentaje'), '')}", one.findtext("valor")) for one in ivas
                if one.findtext("codigoPorcentaje") not in catalogs.WITHOUT_RATE),
              ("PROPINA", info.findtext("propina"))]
    total = next((info.findtext(name) for name in ("importeTotal", "valorModificacion", "valorTotal")
                  if info.findtext(name)), "")
    return [(name, value) for name, value in (*found, ("VALOR TOTAL", total)) if value]


def _moment(data: Mapping[str, Any]) -> str:
    """Date and hour of the authorisation, in Ecuador."""
    text = str(data.get("fechaAutorizacion") or "")
    return dt.datetime.fromisoformat(text).astimezone(GUAYAQUIL).strftime("%d/%m/%Y %H:%M:%S") if text else ""
