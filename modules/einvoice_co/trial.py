"""The test document of enabling: 1190 to the final consumer, through the provider's service of tests."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import Rejected, Unavailable
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.einvoice import services as documents
from modules.einvoice.case import parse
from modules.einvoice.models import Sequence
from modules.einvoice_co import access, bridge
from modules.einvoice_co.catalogs import NOBODY, NOBODY_NAME
from modules.einvoice_co.errors import NotEnabled
from modules.einvoice_co.findings import BOGOTA
from modules.einvoice_co.mapping import Mapped, map_document
from modules.einvoice_co.providers.hka.client import ACCEPTED, PENDING
from modules.einvoice_co.providers.siigo.client import INVOICES, REJECTED
from modules.einvoice_co.providers.siigo.customers import customer

ACTION = "einvoice_co.test_document"


def send() -> str:
    """Have it accepted: its number. Rejected with the words of DIAN or provider where it is refused. Commits."""
    number = _by_siigo() if access.profile().provider == "siigo" else _by_hka()
    audit.record(ACTION, current_company(), {"number": number})
    db.session.commit()
    return number


def _by_hka() -> str:
    found = access.resolution("testing")
    if found is None:
        raise NotEnabled(_("To send a test document you must first give the numbering resolution of tests."))
    place = ("testing", found.prefix, "01")
    sequence = db.session.get_one(Sequence, documents.ensure_sequences("CO", {place})[place])
    number = max(sequence.last_number + 1, found.first)
    mapped, hka = _mapped(number, found.prefix), access.hka("testing")
    documents.advance(sequence.id, number, None)
    db.session.commit()
    answer = hka.send(mapped.payload["factura"], mapped.payload["adjuntos"])
    if answer.code != ACCEPTED and answer.code not in PENDING:
        said = answer.rules or answer.messages or (answer.message,)
        raise Rejected(_("The provider refused the test document: %(text)s", text="; ".join(said)),
                       code=str(answer.code))
    return f"{found.prefix}{number}"


def _by_siigo() -> str:
    profile = access.profile()
    mapped, siigo = _mapped(None, "siigo"), access.siigo("testing")
    key = f"{profile.siigo_salt}T{clock.now():%y%m%d%H%M%S}"
    group, product = profile.siigo_account_group, profile.siigo_product
    db.session.commit()
    siigo.ensure_customer(customer(mapped.parts))
    if group:
        siigo.ensure_product({"code": product, "name": product, "account_group": group, "type": "Service"})
    found = siigo.create(INVOICES, mapped.payload, key)
    if found.status == REJECTED:
        raise Rejected(_("The provider refused the test document: %(text)s", text="; ".join(
            siigo.stamp_errors(INVOICES, found.id))))
    if not found.key:
        raise Unavailable(_("Siigo has the test document %(name)s, and the DIAN has not decided yet. Try it again in a "
                            "while.", name=found.name))
    return found.name


def _mapped(number: int | None, series: str) -> Mapped:
    company, profile = current_company(), access.profile()
    extra: dict[str, Any] = bridge.issuer_extra(profile, access.resolution("testing"), "invoice", "")
    mapped = map_document(parse({
        "country": "CO", "provider": profile.provider, "environment": "test", "kind": "invoice", "number": number,
        "currency": "COP", "issued_at": clock.now().astimezone(BOGOTA).isoformat(timespec="seconds"),
        "issuer": {"name": company.name, "tax_id": company.tax_id, "tax_condition": company.tax_condition,
                   "series": series},
        "customer": _ourselves() if profile.provider == "siigo" else {
            "name": NOBODY_NAME, "tax_id_kind": "CC", "tax_id": NOBODY},
        "payment": {"terms": "cash"},
        "lines": [{"code": profile.siigo_product, "description": "Prueba de emisión", "quantity": "1",
                   "unit_price": "1000.00", "taxes": [{"code": "VAT", "rate": "19"}]}],
        "extra": {name: str(value) if hasattr(value, "isoformat") else value for name, value in extra.items()}}))
    wrong = [one.message for one in mapped.problems if one.severity == "error"]
    if wrong:
        raise Rejected(wrong[0])
    return mapped


def _ourselves() -> dict[str, Any]:
    """The company as its own customer: Siigo wants one with address and phone."""
    company = current_company()
    return {"name": company.name, "tax_id_kind": "NIT", "tax_id": company.tax_id, "email": company.email or "",
            "address": {"street": company.street, "city": company.city, "region": company.region, "country": "CO"},
            "extra": {"telefono": (company.phone or "").removeprefix("+57")}}


def last_proof() -> str | None:
    """Number of the last test document, from the audit."""
    row = db.session.scalar(sa.select(AuditRecord).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id())
        .order_by(AuditRecord.id.desc()).limit(1))
    return str(row.changes.get("number")) if row else None
