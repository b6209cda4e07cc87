"""The test voucher of enabling: one factura for 1.15, in the ambiente of tests only."""

from __future__ import annotations

import time

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.einvoice import services as documents
from modules.einvoice.case import parse
from modules.einvoice.models import Sequence
from modules.einvoice_ec import access, firma
from modules.einvoice_ec.bridge import issuer_extra
from modules.einvoice_ec.certificados import Llave
from modules.einvoice_ec.client import RECEIVED, Sri
from modules.einvoice_ec.endpoints import base
from modules.einvoice_ec.findings import GUAYAQUIL
from modules.einvoice_ec.mapping import Mapped, map_document

ACTION = "einvoice_ec.test_document"
KIND = "01"
# the buyer that the ficha names for pruebas
BUYER = "PRUEBAS SERVICIO DE RENTAS INTERNAS"
# seconds between questions about it
WAITS = (2, 3, 5, 10)


def send() -> str:
    """Have it authorised; its key. Rejected with the SRI's words where it refuses, Unavailable where it must wait.

    Commits before it talks: the number is spent, as every number that was sent.
    """
    key, mapped, method, digest = _made()
    sri = Sri(base("testing"))
    try:
        answer = sri.recepcion(firma.sign(mapped.xml, key, method, digest))
    except Unknown:
        answer = None  # it may be there: it is asked about
    if answer is not None and answer.estado != RECEIVED:
        _refuse([one.as_problem() for one in answer.mensajes])
    for wait in (*WAITS, 0):
        found = sri.autorizacion(mapped.clave)
        if any(one.authorized for one in found):
            audit.record(ACTION, current_company(), {"clave": mapped.clave})
            return mapped.clave
        if found and all(one.refused for one in found):
            _refuse([one.as_problem() for one in found[-1].mensajes])
        time.sleep(wait)
    raise Unavailable(_("The SRI has received the test voucher and has not decided yet. Try it again in a while."))


def _made() -> tuple[Llave, Mapped, str, str]:
    """The next number, and the voucher under it."""
    profile, company = access.profile(), current_company()
    key = access.key("testing")
    places = documents.ensure_sequences("EC", {("testing", profile.series, KIND)})
    sequence = db.session.get_one(Sequence, places["testing", profile.series, KIND])
    number = sequence.last_number + 1
    case = parse({
        "country": "EC", "environment": "test", "kind": "invoice", "number": number, "currency": "USD",
        "issued_at": clock.now().astimezone(GUAYAQUIL).isoformat(timespec="seconds"),
        "issuer": {"name": company.name, "trade_name": company.trade_name or "", "tax_id": company.tax_id,
                   "series": profile.series, "extra": issuer_extra(profile),
                   "address": {"street": company.street or company.name, "city": company.city or ""}},
        "customer": {"name": BUYER, "tax_id_kind": "RUC", "tax_id": "1760013210001"},
        "payment": {"method": profile.forma_pago},
        "lines": [{"code": "PRUEBA", "description": "Prueba de emisión", "quantity": "1", "unit_price": "1.00",
                   "taxes": [{"code": "VAT", "rate": "15"}]}]})
    mapped = map_document(case)
    wrong = [one.message for one in mapped.problems if one.severity == "error"]
    if wrong:
        raise Rejected(wrong[0])
    documents.advance(sequence.id, number, case.issued_at.date())
    method, digest = profile.signature_method, profile.digest
    db.session.commit()
    return key, mapped, method, digest


def _refuse(problems: list[dict[str, str]]) -> None:
    raise Rejected(_("The SRI refused the test voucher: %(text)s", text="; ".join(
        f"{one['message']} ({one['code']})" for one in problems)), code=problems[0]["code"] if problems else "")


def last_proof() -> str | None:
    """Key of the last test voucher, from the audit."""
    row = db.session.scalar(sa.select(AuditRecord).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id())
        .order_by(AuditRecord.id.desc()).limit(1))
    return str(row.changes.get("clave")) if row else None
