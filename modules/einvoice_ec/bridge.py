"""From issued invoices to vouchers, set-wise: a handful of selects for a thousand invoices, then pure mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modules.accounting.models import Invoice
from modules.einvoice import cases
from modules.einvoice.case import Case, CaseLine, LineTax
from modules.einvoice.ports import Opened
from modules.einvoice.preview import ERROR
from modules.einvoice_ec import access
from modules.einvoice_ec.amounts import ICE
from modules.einvoice_ec.catalogs import NEGOCIO_POPULAR, RIMPE
from modules.einvoice_ec.endpoints import case_environment
from modules.einvoice_ec.mapping import Mapped, map_document
from modules.einvoice_ec.models import EmissionPoint, FiscalProfile

LEGENDS = {"RIMPE_E": RIMPE, "RIMPE_NP": NEGOCIO_POPULAR}
# telephony sold to companies: the only ICE of telecommunications that is not 0 %
TELEPHONY = "3093"


@dataclass(frozen=True)
class Batch:
    """All that the cases of a batch need."""

    cases: cases.Batch
    profile: FiscalProfile
    point: EmissionPoint | None
    environment: str


def open_invoices(invoice_ids: Sequence[int]) -> list[Opened]:
    """The vouchers of these invoices without number, or what the SRI would refuse about them."""
    batch = load(invoice_ids)
    return [_open(batch, invoice) for invoice in batch.cases.invoices]


def load(invoice_ids: Sequence[int]) -> Batch:
    """Read all that these invoices need: a few selects whatever the number."""
    profile = access.profile()
    return Batch(cases.load(invoice_ids), profile, access.point(profile.series), access.environment())


def case(batch: Batch, invoice: Invoice) -> Case:
    """The invoice as a case; what it carries itself under the SRI's names goes before the company's usual."""
    found = cases.case(batch.cases, invoice, environment=case_environment(batch.environment),
                       series=batch.profile.series, issuer_extra=issuer_extra(batch.profile, invoice),
                       payment={"method": batch.profile.forma_pago, "terms": "credit"}, extra=_extra(invoice))
    issuer = found.issuer
    if batch.point is not None and batch.point.address:
        issuer = replace(issuer, address=replace(issuer.address, street=batch.point.address, city=""))
    return replace(found, issuer=replace(issuer, tax_condition=""), lines=tuple(_line(one) for one in found.lines))


def issuer_extra(profile: FiscalProfile, invoice: Invoice | None = None) -> dict[str, Any]:
    """The facts of the issuer under the SRI's names; RIMPE is a dated one."""
    day = invoice.issue_date if invoice is not None else None
    ended = bool(profile.rimpe_until and day and day > profile.rimpe_until)
    found = {"obligadoContabilidad": "SI" if profile.obligado_contabilidad else "NO",
             "dirMatriz": profile.dir_matriz, "contribuyenteEspecial": profile.contribuyente_especial,
             "agenteRetencion": profile.agente_retencion, "granContribuyente": profile.gran_contribuyente,
             "contribuyenteRimpe": "" if ended else LEGENDS.get(profile.rimpe, ""),
             "rucProveedor": profile.ruc_proveedor}
    return {name: value for name, value in found.items() if value}


def _extra(invoice: Invoice) -> dict[str, Any]:
    """The free fields: e-mail, period of the service."""
    customer = (invoice.snapshot or {}).get("customer") or {}
    fields = [("Email", customer.get("email")), ("Teléfono", customer.get("phone")),
              ("Periodo", f"{invoice.service_from:%m/%Y}" if invoice.service_from else "")]
    return {"infoAdicional": [{"nombre": name, "valor": value} for name, value in fields if value]}


def _line(line: CaseLine) -> CaseLine:
    """ICE of a plan says only its rate; its code is the line's, or telephony's."""
    if not any(tax.code == ICE for tax in line.taxes):
        return line
    code = line.extra.get("codigoPorcentaje") or TELEPHONY
    return replace(line, taxes=tuple(_coded(tax, code) for tax in line.taxes))


def _coded(tax: LineTax, code: str) -> LineTax:
    return replace(tax, entry={"codigoPorcentaje": code, **tax.entry}) if tax.code == ICE else tax


def _open(batch: Batch, invoice: Invoice) -> Opened:
    problems, mapped = batch.cases.waits(invoice), None
    if not problems:
        mapped = map_document(case(batch, invoice))
        problems = problems_of(mapped) or cases.differs(mapped.importe_total, invoice)
    return Opened(invoice_id=invoice.id, environment=batch.environment, series=batch.profile.series,
                  kind=mapped.kind.cod_doc if mapped else "", issue_date=invoice.issue_date,
                  request=_request(mapped, invoice) if mapped and not problems else {}, problems=problems,
                  data=_data(batch, invoice))


def problems_of(mapped: Mapped) -> list[dict[str, str]]:
    """What would be refused, under the SRI's code where it has one."""
    return [{"code": one.authority_code or one.code, "message": one.message, "field": one.field}
            for one in mapped.problems if one.severity == ERROR]


def _request(mapped: Mapped, invoice: Invoice) -> dict[str, Any]:
    """The voucher as far as it is known before it has a number."""
    return {"xml": mapped.xml.decode(), "due": invoice.due_date.isoformat() if invoice.due_date else ""}


def _data(batch: Batch, invoice: Invoice) -> dict[str, Any]:
    """What is printed otherwise than the invoice's own snapshot says."""
    original = batch.cases.authorized(invoice)
    found: Mapping[str, str] = original.receiver if original else {}
    return {"receiver": dict(found)} if found else {}
