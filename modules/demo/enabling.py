"""Electronic invoices for the made-up Argentine company: the steps of the guided set-up, with the simulator as ARCA."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.demo.surroundings import Simulators
from modules.einvoice.ports import enablers
from modules.einvoice_ar.models import Certificate

STAGE, ALIAS, POINT = "rehearsal", "abona", 3
SERVICES = ["wsfe", "ws_sr_constancia_inscripcion"]
FACTS = {"gross_income_number": "280-990005-0", "activity_start": "2014-05-01"}


def enable(company: Company, simulators: Simulators) -> None:
    """Do the steps that are not done; repeatable. Commits, as the steps do."""
    enabler = enablers.get(company.country)
    with company_scope(company):
        _introduce(company, simulators)
        if _certificate():
            return
        enabler.run("data", FACTS)
        enabler.run(f"{STAGE}.key", {"alias": ALIAS})
        request = db.session.scalars(sa.select(Certificate).where(
            Certificate.environment == STAGE, Certificate.pem == "").order_by(Certificate.id.desc()).limit(1)).one()
        signed = simulators.post("arca", "certificate", {
            "csr": request.csr, "cuit": company.tax_id, "alias": ALIAS, "services": SERVICES,
            "represents": [company.tax_id]})
        enabler.run(f"{STAGE}.certificate", {"certificate": signed["certificate"]})
        db.session.commit()
        enabler.run(f"{STAGE}.access", {})
        enabler.run(f"{STAGE}.point", {"number": str(POINT)})
        enabler.run(f"{STAGE}.numbers", {})
        db.session.commit()


def _introduce(company: Company, simulators: Simulators) -> None:
    """The register knows the company, its point of sale, and whoever has a number with a right check digit."""
    simulators.post("arca", "config", {"open_register": True})
    simulators.post("arca", "taxpayer", {"cuit": company.tax_id, "name": company.name.upper(), "condition": "RI"})
    simulators.post("arca", "point_of_sale", {"cuit": company.tax_id, "number": POINT, "kind": "CAE - Ri Iva"})


def _certificate() -> bool:
    """Whether a certificate is in use that is not to be asked for again."""
    return db.session.scalar(sa.select(Certificate.id).where(Certificate.environment == STAGE, Certificate.active)
                             .limit(1)) is not None
