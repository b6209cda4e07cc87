"""Rehearsal: the company's certificate comes from the simulator, so that nothing has to be asked of ARCA."""

from __future__ import annotations

from typing import Any

from core import logs
from core.db import db
from core.models import Company
from core.scope import company_scope, current_company
from modules.einvoice.rehearsing import Rehearsal
from modules.einvoice_ar import access, certificates
from modules.einvoice_ar.endpoints import simulator_url
from modules.einvoice_ar.models import Certificate, PointOfSale
from modules.einvoice_ar.wsaa import REGISTER, WSFE

ALIAS = "abona"
# what the simulator calls the kinds of point of sale, by the issuer's condition
KINDS = {"RI": "CAE - Ri Iva", "MO": "CAE - Monotributo", "EX": "CAE - Exento Iva"}

log = logs.get(__name__)


def enable_rehearsal(company: Company | None = None) -> Certificate:
    """Give the company a certificate and a point of sale of the simulator. Repeatable; commits."""
    with company_scope(company or current_company()):
        made = certificates.request("rehearsal", ALIAS)
        csr, cuit, condition = made.csr, current_company().tax_id, current_company().tax_condition
        name, made_id = current_company().name, made.id
        point = access.profile().point_of_sale
        db.session.commit()
        _introduce(cuit, name, condition, point)
        answer = _post("certificate", {"csr": csr, "cuit": cuit, "alias": ALIAS, "services": [WSFE, REGISTER],
                                       "represents": [cuit]})
        stored = certificates.install(made_id, answer["certificate"].encode(), check_authority=False)
        _add_point(point, condition)
        db.session.commit()
        log.info("arca_rehearsal_enabled", company=cuit)
        return stored


def _introduce(cuit: str, name: str, condition: str, point: int) -> None:
    """Make the simulator know the company, and everybody with a valid CUIT: its customers are real ones."""
    _post("config", {"open_register": True}, optional=True)
    _post("taxpayer", {"cuit": cuit, "name": name, "condition": condition or "RI"}, optional=True)
    _post("point_of_sale", {"cuit": cuit, "number": point, "kind": KINDS.get(condition, KINDS["RI"])}, optional=True)


def _post(path: str, body: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    return Rehearsal("ARCA", "arca", simulator_url()).tell(path, body, optional=optional)


def _add_point(number: int, condition: str) -> None:
    import sqlalchemy as sa

    known = db.session.scalar(sa.select(PointOfSale).where(PointOfSale.environment == "rehearsal",
                                                           PointOfSale.number == number))
    if known is None:
        db.session.add(PointOfSale(environment="rehearsal", number=number, kind=KINDS.get(condition, KINDS["RI"])))
        db.session.flush()
