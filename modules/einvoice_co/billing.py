"""What would be refused of an invoice, found before it is issued: Colombia's entry in contracts' `billing_checks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.i18n import _, lazy
from core.models import Company
from modules.accounting.totals import VAT
from modules.contracts.ports import Problem
from modules.crm import countries
from modules.crm.countries import co
from modules.einvoice_co import estratos
from modules.einvoice_co.catalogs import identity, vat_rates

MISSING = "missing_tax_id"
RATES = {f"{rate.normalize():f}" for rate in vat_rates()}


class ColombianBillingCheck:
    """Asked once per invoice of a month."""

    titles: Mapping[str, Any] = {
        "identity_kind": lazy("Unknown kind of identification"), "identity": lazy("Wrong identification number"),
        "rate_unknown": lazy("A rate of IVA that does not exist"), estratos.MISSING: lazy("No estrato")}

    cures: Mapping[str, str] = {
        **dict.fromkeys(("identity_kind", "identity"), "identity"), estratos.MISSING: "place"}

    def check(self, company: Company, customer: Any, draft: Any, totals: Any) -> Problem | None:
        """The first thing that would be refused, or None."""
        return _identity(customer) or _taxes(draft)


def _identity(customer: Any) -> Problem | None:
    if not customer.tax_id:
        return Problem(MISSING, _("To bill this customer you must give the cédula or NIT, or 222222222222 for the "
                                  "final consumer."))
    if customer.tax_id == co.FINAL_CONSUMER:
        return None
    if not identity(customer.tax_id_kind or ""):
        return Problem("identity_kind", _("To bill this customer you must choose what the identification is: cédula, "
                                          "NIT, passport."))
    answer = countries.get("CO").validate(customer.tax_id_kind, customer.tax_id)
    if not answer.valid:
        return Problem("identity", _("To bill this customer you must correct the identification. %(reason)s",
                                     reason=answer.reason))
    return None


def _taxes(draft: Any) -> Problem | None:
    for line in draft.lines:
        vat = next((tax for tax in line.taxes if tax.get("code") == VAT), None)
        if vat is not None and not vat.get("category") and str(vat.get("rate") or "0") not in RATES:
            return Problem("rate_unknown", _("To bill %(line)s you must give it a rate of IVA that exists, not "
                                             "%(rate)s.", line=line.description, rate=vat.get("rate")), "plan")
    return None
