"""Rehearsal: the company's certificate comes from the simulator, so that nothing has to be asked of anybody."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from core import clock, logs
from core.db import db, insert_new
from core.models import Company
from core.scope import company_scope, current_company
from modules.einvoice.rehearsing import Rehearsal, alone
from modules.einvoice_ec import access, certificados, certificates
from modules.einvoice_ec.endpoints import simulator_url
from modules.einvoice_ec.models import Certificate, EmissionPoint

log = logs.get(__name__)


def enable_rehearsal(company: Company | None = None) -> Certificate:
    """Make the simulator know the company, and get a certificate of it. Repeatable; commits."""
    with company_scope(company or current_company()):
        series, ruc, name = access.profile().series, current_company().tax_id, current_company().name
        password = secrets.token_urlsafe(12)
        db.session.commit()
        _post("config", {"open_register": True})
        _post("taxpayer", {"ruc": ruc, "razon_social": name, "establecimientos": {series[:3]: "abierto"}},
              optional=True)
        answer = _post("certificate", {"ruc": ruc, "name": name, "password": password})
        stored = certificates.install("rehearsal", base64.b64decode(answer["p12"]), password)
        insert_new(EmissionPoint.__table__, [{"company_id": stored.company_id, "series": series, "address": "",
                                              "closed": False}], ("company_id", "series"))
        db.session.commit()
        log.info("sri_rehearsal_enabled", company=ruc)
        return stored


def ensure() -> None:
    """Get a certificate where there is none, or where the simulator was started anew and forgot ours. Commits."""
    with alone("EC"):
        _ensure()


def _ensure() -> None:
    row = access.active("rehearsal")
    if row is None or row.valid_until < clock.now():
        enable_rehearsal()
        return
    found, ruc = base64.b64decode(row.p12), current_company().tax_id
    pem = certificados.open_p12(found, row.password).certificate.public_bytes(Encoding.PEM).decode()
    db.session.commit()
    if not _post("accepts", {"pem": pem, "ruc": ruc}).get("accepted"):
        enable_rehearsal()


def _post(path: str, body: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    return Rehearsal("SRI", "sri", simulator_url()).tell(path, body, optional=optional)
