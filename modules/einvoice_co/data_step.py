"""The first step of enabling: through whom the company issues, and what stands on its documents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import audit
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.einvoice.ports import Input, Step
from modules.einvoice_co import access, delivery
from modules.einvoice_co.catalogs import NO_RESPONSIBILITY, codes
from modules.einvoice_co.models import FiscalProfile
from modules.einvoice_co.parties import responsibilities
from modules.einvoice_co.resolution import PREFIX

ACTION = "einvoice_co.edit_profile"
PROVIDERS = (("hka", "The Factory HKA"), ("siigo", "Siigo"))
MEANS = ("1", "10", "42", "47", "48", "49", "ZZZ")


def means() -> tuple[tuple[str, str], ...]:
    """Means of payment that an ISP uses."""
    return tuple((code, f"{code} {codes('medios_pago')[code]}") for code in MEANS)


def step(profile: FiscalProfile) -> Step:
    """What is known, to be corrected."""
    return Step(
        key="data", title=_("Company data"), done=_saved(), action=_("Save"),
        instructions=(_("The NIT is the company's: %(nit)s. Your accountant knows the responsibilities.",
                        nit=current_company().tax_id),),
        inputs=(Input("provider", _("Through whom invoices are issued"), "choice", profile.provider, PROVIDERS),
                Input("responsibilities", _("Responsibilities in the RUT"), value=profile.responsibilities,
                      help=_("Codes with blanks between: O-13 gran contribuyente, O-15 autorretenedor, O-23 agente de "
                             "retención IVA, O-47 régimen simple; empty where none applies.")),
                Input("simple_resolution", _("Régimen simple: number of the resolution"),
                      value=profile.simple_resolution),
                Input("credit_prefix", _("Prefix of credit notes"), value=profile.credit_prefix),
                Input("debit_prefix", _("Prefix of debit notes"), value=profile.debit_prefix),
                Input("means", _("Means of payment of invoices on credit"), "choice", profile.means, means()),
                Input("mailing", _("Who mails the documents"), "choice", profile.mailing, delivery.CHOICES,
                      _("This program's own notice goes out besides, where its texts are switched on."))))


def _saved() -> bool:
    return db.session.scalar(sa.select(AuditRecord.id).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id()).limit(1)) is not None


def save(_stage: str, values: dict[str, Any]) -> str:
    """Check and keep them."""
    profile = access.profile()
    typed = {name: str(values.get(name) or "").strip() for name in (
        "provider", "responsibilities", "simple_resolution", "credit_prefix", "debit_prefix", "means", "mailing")}
    typed["responsibilities"] = " ".join(responsibilities(typed["responsibilities"]))
    for name in ("credit_prefix", "debit_prefix"):
        typed[name] = typed[name].upper() or getattr(profile, name)
    for name in ("provider", "means", "mailing"):
        typed[name] = typed[name] or getattr(profile, name)
    check(typed)
    for name, value in typed.items():
        setattr(profile, name, value)
    db.session.flush()
    audit.record(ACTION, profile)
    return _("Saved.")


def check(typed: dict[str, str]) -> None:
    """DomainError where something has not the form that the DIAN wants."""
    if typed["provider"] not in dict(PROVIDERS):
        raise DomainError(_("To go on you must choose The Factory HKA or Siigo."), field="provider")
    known = [code for code in codes("responsabilidades_basicas") if code != NO_RESPONSIBILITY]
    for one in responsibilities(typed["responsibilities"]):
        if one not in codes("responsabilidades_basicas"):
            raise DomainError(_("To go on you must give responsibilities that the DIAN has (%(known)s), not "
                                "%(found)s.", known=", ".join(known), found=one), field="responsibilities")
    for name in ("credit_prefix", "debit_prefix"):
        if not typed[name] or not PREFIX.fullmatch(typed[name]):
            raise DomainError(_("To go on you must give a prefix of one to four letters or digits."), field=name)
    if typed["credit_prefix"] == typed["debit_prefix"]:
        raise DomainError(_("To go on you must give the notes two different prefixes."), field="debit_prefix")
    if typed["mailing"] not in dict(delivery.CHOICES):
        raise DomainError(_("To go on you must choose who mails the documents."), field="mailing")
    if typed["means"] not in codes("medios_pago"):
        raise DomainError(_("To go on you must choose a means of payment that the DIAN has."), field="means")
