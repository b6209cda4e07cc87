"""ARCA's lists of codes, read per company now and then: what is new or has ended there is told on the home page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db, insert_new
from core.i18n import _
from core.scope import current_company, current_company_id
from modules.einvoice_ar import access, catalogs, questions
from modules.einvoice_ar.client import Listed, Message
from modules.einvoice_ar.models import CatalogEntry

# operation: the list that this module carries (data/*.csv)
LISTS = {"FEParamGetTiposCbte": "tipos_cbte", "FEParamGetTiposDoc": "tipos_doc", "FEParamGetTiposIva": "tipos_iva",
         "FEParamGetTiposMonedas": "monedas", "FEParamGetTiposTributos": "tributos",
         "FEParamGetTiposOpcional": "opcionales", "FEParamGetTiposConcepto": "conceptos",
         "FEParamGetCondicionIvaReceptor": "condicion_iva_receptor"}
CODE = "lists"


def refresh(environment: str) -> int:
    """Read every list and keep it; how many entries are not as this program knows them. Talks to ARCA; commits."""
    differences = 0
    for operation, name in LISTS.items():
        found: list[Listed] = questions.ask(environment, lambda wsfe: wsfe.listing(operation))  # noqa: B023
        differences += keep(name, found)
        db.session.commit()
    return differences


def keep(name: str, found: Sequence[Listed]) -> int:
    """Keep a list as ARCA gave it, and tell what differs from the one that this program carries."""
    moment = clock.now()
    insert_new(CatalogEntry.__table__, [
        {"company_id": current_company_id(), "catalog": name, "code": one.code, "text": one.text[:250],
         "valid_from": one.valid_from, "valid_until": one.valid_until, "read_at": moment} for one in found],
        unique=("company_id", "catalog", "code"))
    known = {row.code: row for row in db.session.scalars(sa.select(CatalogEntry).where(CatalogEntry.catalog == name))}
    for one in found:
        row = known[one.code]
        row.text, row.valid_from, row.valid_until, row.read_at = (one.text[:250], one.valid_from, one.valid_until,
                                                                  moment)
    told = _differences(name, found)
    access.note_events(tuple(Message(CODE, text) for text in told))
    return len(told)


def _differences(name: str, found: Sequence[Listed]) -> list[str]:
    carried, today = catalogs.codes(name), clock.today(current_company())
    told = [_("In its list %(list)s there is now %(code)s: %(text)s. This program does not use it yet.", list=name,
              code=one.code, text=one.text) for one in found if one.code not in carried]
    told += [_("In its list %(list)s, %(code)s (%(text)s) has ended on %(day)s.", list=name, code=one.code,
               text=one.text, day=one.valid_until.isoformat())
             for one in found if one.code in carried and one.valid_until and one.valid_until < today]
    return told


def last_read() -> Any:
    """When the lists were last read, or None."""
    return db.session.scalar(sa.select(sa.func.max(CatalogEntry.read_at)))
