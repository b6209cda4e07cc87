"""What SUNAT would refuse of an invoice, found before it is issued: Peru's entry in contracts' `billing_checks`.

Only what depends on customer and taxes; amounts and dates of a billing run are right by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _, lazy
from core.models import Company
from modules.accounting.totals import VAT
from modules.contracts.ports import Problem
from modules.crm import countries
from modules.einvoice.case import Party
from modules.einvoice_pe.catalogs import DNI, NOBODY, RUC, identities
from modules.einvoice_pe.findings import Terms
from modules.einvoice_pe.receiver import STARTS, identity_kind

MISSING = "missing_tax_id"


class PeruvianBillingCheck:
    """Asked once per invoice of a month."""

    titles: Mapping[str, Any] = {
        "identity_kind": lazy("A kind of document that SUNAT does not take"),
        "identity": lazy("Wrong identity number"), "address_missing": lazy("A factura without address"),
        "vat_missing": lazy("A line without VAT"), "zero_rate": lazy("A rate of zero")}

    cures: Mapping[str, str] = dict.fromkeys(("identity_kind", "identity"), "identity")

    def check(self, company: Company, customer: Any, draft: Any, totals: Any) -> Problem | None:
        """The first thing that SUNAT or Nubefact would refuse, or None."""
        return _identity(customer, totals.total * (draft.exchange_rate or 1)) or _taxes(draft)


def _identity(customer: Any, total: Decimal) -> Problem | None:
    kind = identity_kind(Party(tax_id_kind=customer.tax_id_kind or "", tax_id=customer.tax_id or ""))
    if kind == NOBODY or not customer.tax_id:
        limit = Terms().identify
        if total < limit:
            return None
        return Problem(MISSING, _("To bill S/ %(limit)s or more you must give the customer's document.",
                                  limit=f"{limit:.2f}"))
    if kind not in identities():
        return Problem("identity_kind", _(
            "To bill this customer you must choose a document that SUNAT takes: %(known)s.",
            known=", ".join(identities().values())))
    return _number(customer, kind)


def _number(customer: Any, kind: str) -> Problem | None:
    names = {RUC: "RUC", DNI: "DNI"}
    if kind in names:
        answer = countries.get("PE").validate(names[kind], customer.tax_id)
        if not answer.valid or (kind == RUC and answer.compact[:2] not in STARTS):
            return Problem("identity", _("To bill this customer you must correct his document. %(reason)s",
                                         reason=answer.reason or ""))
    if kind == RUC and not customer.has_address:
        return Problem("address_missing", _("To issue a factura you must give the customer's address."))
    return None


def _taxes(draft: Any) -> Problem | None:
    for line in draft.lines:
        vat = next((tax for tax in line.taxes if tax.get("code") == VAT), None)
        if vat is None:
            return Problem("vat_missing", _("To bill %(line)s you must say its IGV: a rate, exempt or untaxed.",
                                            line=line.description), "plan")
        if not vat.get("category") and Decimal(str(vat.get("rate") or 0)) == 0:
            return Problem("zero_rate", _("To bill %(line)s you must give it a rate of IGV above zero, exempt or "
                                          "untaxed.", line=line.description), "plan")
    return None
