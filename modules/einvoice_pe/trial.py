"""The test document of enabling: one boleta for 1.18 to nobody, in a demo account of Nubefact only."""

from __future__ import annotations

import time

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import Rejected, Unknown
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.einvoice import services as documents
from modules.einvoice.case import parse
from modules.einvoice.models import Sequence
from modules.einvoice_pe import access, client
from modules.einvoice_pe.catalogs import BOLETA
from modules.einvoice_pe.client import Answer, Nubefact
from modules.einvoice_pe.errors import NotEnabled
from modules.einvoice_pe.findings import LIMA
from modules.einvoice_pe.mapping import map_document

ACTION = "einvoice_pe.test_document"
STAGE = "testing"
# numbers that others may have taken, and seconds before a lost answer is asked about
TRIES, PAUSE = 4, 2


def send() -> str:
    """Have it signed: its series and number. Rejected with Nubefact's words where it refuses. Commits."""
    series = next((one.code for one in access.active_series(STAGE) if one.kind == BOLETA), None)
    if series is None:
        raise NotEnabled(_("First choose the series of the demo account."))
    nubefact = access.connect(STAGE, series, BOLETA)
    for _try in range(TRIES):
        number, request = _made(series)
        answer = _issued(nubefact, request, series, number)
        if answer is not None:
            audit.record(ACTION, current_company(), {"number": f"{series}-{number}", "hash": answer.digest})
            db.session.commit()
            return f"{series}-{number}"
    raise Rejected(_("Nubefact refused the test document: its numbers are taken. Enter the last number used."))


def _issued(nubefact: Nubefact, request: dict[str, object], series: str, number: int) -> Answer | None:
    """The signed document; None where its number is somebody else's."""
    try:
        return nubefact.issue(request)
    except Unknown:
        time.sleep(PAUSE)
        return nubefact.consult(BOLETA, series, number)
    except Rejected as refusal:
        if refusal.code == client.EXISTS:
            return None
        raise


def _made(series: str) -> tuple[int, dict[str, object]]:
    """The next number, spent from here on, and the request under it."""
    company = current_company()
    places = documents.ensure_sequences("PE", {(STAGE, series, str(BOLETA))})
    sequence = db.session.get_one(Sequence, places[STAGE, series, str(BOLETA)])
    number, now = sequence.last_number + 1, clock.now().astimezone(LIMA)
    mapped = map_document(parse({
        "country": "PE", "kind": "invoice", "number": number, "currency": "PEN",
        "issued_at": now.isoformat(timespec="seconds"),
        "issuer": {"name": company.name, "tax_id": company.tax_id, "series": series},
        "customer": {"name": "CLIENTES VARIOS", "tax_id_kind": "-", "tax_id": "-"},
        "lines": [{"code": "PRUEBA", "description": "Prueba de emisión", "quantity": "1", "unit_price": "1.00",
                   "taxes": [{"code": "VAT", "rate": f"{access.terms(now.date()).igv}"}]}]}))
    documents.advance(sequence.id, number, now.date())
    db.session.commit()
    return number, mapped.payload


def last_proof() -> str | None:
    """Number of the last test document, from the audit."""
    row = db.session.scalar(sa.select(AuditRecord).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id())
        .order_by(AuditRecord.id.desc()).limit(1))
    return str(row.changes.get("number")) if row else None
