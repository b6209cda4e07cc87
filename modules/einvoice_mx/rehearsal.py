"""Rehearsal: seal and account come from the simulator, so that nothing has to be asked of SAT or PAC."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from core import clock, logs
from core.db import db
from core.models import Company
from core.scope import company_scope, current_company
from modules.einvoice.rehearsing import Rehearsal
from modules.einvoice_mx import access, csd_store
from modules.einvoice_mx.client import Pac
from modules.einvoice_mx.endpoints import REHEARSAL, TEST_PASSWORD, TEST_USER, pac_url, simulator_url
from modules.einvoice_mx.models import Account, Certificate
from modules.einvoice_mx.parties import suggested_name

log = logs.get(__name__)


def enable_rehearsal(company: Company | None = None) -> Certificate:
    """Give the company a seal and an account of the simulator. Repeatable; commits."""
    with company_scope(company or current_company()):
        rfc, profile = current_company().tax_id, access.profile()
        name = profile.legal_name or suggested_name(current_company().name)
        profile.legal_name = profile.legal_name or name
        db.session.commit()
        _post("config", {"open_register": True})
        password = secrets.token_hex(8)
        found = _post("csd", {"rfc": rfc, "nombre": name, "password": password})
        cer, key = base64.b64decode(found["cer"]), base64.b64decode(found["key"])
        Pac(pac_url(REHEARSAL), TEST_USER, rfc, TEST_PASSWORD).activate(cer, key, password)
        stored = csd_store.install(REHEARSAL, cer, key, password)
        _keep_account(stored)
        db.session.commit()
        log.info("pac_rehearsal_enabled", company=rfc)
        return stored


def _keep_account(stored: Certificate) -> None:
    row = access.account(REHEARSAL) or Account(environment=REHEARSAL, user=TEST_USER, password=TEST_PASSWORD)
    row.checked_at, row.activated_number = clock.now(), stored.number
    db.session.add(row)
    db.session.flush()


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    return Rehearsal("PAC", "facturacion_moderna", simulator_url()).tell(path, body)
