"""The first step of enabling: the facts of the taxpayer that stand on every voucher."""

from __future__ import annotations

import re
from typing import Any

from core import audit
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.einvoice.ports import Input, Step
from modules.einvoice_ec import access, catalogs
from modules.einvoice_ec.models import FiscalProfile

ACTION = "einvoice_ec.edit_profile"
REGIMES = (("", "Régimen general"), ("RIMPE_E", "RIMPE emprendedor"), ("RIMPE_NP", "RIMPE negocio popular"))


def step(profile: FiscalProfile) -> Step:
    """What is known, to be corrected."""
    company = current_company()
    return Step(
        key="data", title=_("Company data"), done=_saved(), action=_("Save"),
        instructions=(_("These stand on every voucher. The RUC is the company's: %(ruc)s.", ruc=company.tax_id),
                      _("Your accountant knows the resolutions; leave empty what does not apply.")),
        inputs=(Input("dir_matriz", _("Address of the head office, as in the RUC"), value=profile.dir_matriz or (
                    ", ".join(part for part in (company.street, company.city) if part))),
                Input("obligado_contabilidad", _("Must it keep accounts?"), "choice",
                      "SI" if profile.obligado_contabilidad else "NO", (("SI", "SI"), ("NO", "NO"))),
                Input("contribuyente_especial", _("Contribuyente especial: resolution"),
                      value=profile.contribuyente_especial),
                Input("agente_retencion", _("Agente de retención: number of the resolution"),
                      value=profile.agente_retencion),
                Input("gran_contribuyente", _("Gran contribuyente: resolution"), value=profile.gran_contribuyente),
                Input("rimpe", _("Regime"), "choice", profile.rimpe, REGIMES),
                Input("ruc_proveedor", _("RUC of the system's provider"), value=profile.ruc_proveedor,
                      help=_("Only where a firm hosts this system for you: the law wants its RUC on every voucher "
                             "(Res. NAC-DGERCGC26-00000027).")),
                Input("forma_pago", _("Means of payment that facturas say"), "choice", profile.forma_pago,
                      tuple(catalogs.means_of_payment().items()))))


def _saved() -> bool:
    import sqlalchemy as sa

    return db.session.scalar(sa.select(AuditRecord.id).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id()).limit(1)) is not None


def save(_stage: str, values: dict[str, Any]) -> str:
    """Check and keep them."""
    profile = access.profile()
    typed = {name: str(values.get(name) or "").strip() for name in (
        "dir_matriz", "contribuyente_especial", "agente_retencion", "gran_contribuyente", "rimpe", "ruc_proveedor",
        "forma_pago")}
    check(typed)
    for name, value in typed.items():
        setattr(profile, name, value or ("20" if name == "forma_pago" else ""))
    profile.obligado_contabilidad = str(values.get("obligado_contabilidad") or "SI") == "SI"
    db.session.flush()
    audit.record(ACTION, profile)
    return _("Saved.")


# field, pattern, what is expected
def check(typed: dict[str, str]) -> None:
    """DomainError where something has not the SRI's form."""
    rules = (("contribuyente_especial", r"[A-Za-z0-9]{3,13}", _("3 to 13 letters or digits")),
             ("agente_retencion", r"[0-9]{1,8}", _("the number of the resolution, 1 to 8 digits")),
             ("ruc_proveedor", r"[0-9]{10}001", _("a RUC of 13 digits that ends in 001")),
             ("gran_contribuyente", r".{1,100}", _("the resolution")), ("dir_matriz", r".{1,300}", _("an address")),
             ("rimpe", r"RIMPE_E|RIMPE_NP", _("a regime")),
             ("forma_pago", "|".join(catalogs.means_of_payment()), _("a means of payment of table 24")))
    for name, pattern, expected in rules:
        if typed.get(name) and not re.fullmatch(pattern, typed[name]):
            raise DomainError(_("To go on you must give %(expected)s, not %(found)s.", expected=expected,
                                found=typed[name]), field=name)
