"""The test document of enabling: one document for 1.00 to a final consumer, in ARCA's testing service only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import Rejected
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.einvoice import services as documents
from modules.einvoice_ar import access, dates, guide, wsaa

ACTION = "einvoice_ar.test_document"


def send(point: int) -> tuple[str, int]:
    """Have it authorised: (CAE, number). Rejected with ARCA's words where it refuses. Commits."""
    condition, today = current_company().tax_condition, clock.now().astimezone(wsaa.BUENOS_AIRES).date()
    kind = 6 if condition == "RI" else 11
    db.session.commit()
    wsfe = access.connect("testing")
    number = wsfe.last_number(point, kind) + 1
    answer = wsfe.authorize(point, kind, [_detail(kind, number, today)])
    decision = next(iter(answer.decisions), None)
    if decision is None or not decision.authorized:
        said = [*answer.errors, *(decision.messages if decision else ())]
        raise Rejected(_("ARCA refused the test document: %(text)s", text="; ".join(
            f"{message.text} ({message.code})" for message in said)), code=said[0].code if said else "")
    places = documents.ensure_sequences("AR", {("testing", guide.series(point), str(kind))})
    for sequence_id in places.values():
        documents.advance(sequence_id, number, today)
    audit.record(ACTION, current_company(), {"number": number, "kind": kind, "cae": decision.code})
    db.session.commit()
    return decision.code, number


def _detail(kind: int, number: int, today: dt.date) -> dict[str, Any]:
    """1.00 in all: B with 21 % inside, C without."""
    day = dates.text(today)
    detail: dict[str, Any] = {
        "Concepto": 2, "DocTipo": 99, "DocNro": 0, "CbteDesde": number, "CbteHasta": number, "CbteFch": day,
        "ImpTotal": "1.00", "ImpTotConc": "0.00", "ImpNeto": "1.00", "ImpOpEx": "0.00", "ImpTrib": "0.00",
        "ImpIVA": "0.00", "FchServDesde": day, "FchServHasta": day, "FchVtoPago": day, "MonId": "PES",
        "MonCotiz": "1", "CondicionIVAReceptorId": 5}
    if kind == 6:
        detail |= {"ImpNeto": "0.83", "ImpIVA": "0.17",
                   "Iva": {"AlicIva": [{"Id": 5, "BaseImp": "0.83", "Importe": "0.17"}]}}
    return detail


def last_proof() -> str | None:
    """CAE of the last test document, from the audit."""
    row = db.session.scalar(sa.select(AuditRecord).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id())
        .order_by(AuditRecord.id.desc()).limit(1))
    return str(row.changes.get("cae")) if row else None
