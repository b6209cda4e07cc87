"""What the SRI would refuse of an invoice, found before it is issued: Ecuador's entry in contracts' `billing_checks`.

Only what depends on customer, company and taxes; amounts and dates of a billing run are right by construction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _, lazy
from core.models import Company
from modules.accounting.totals import VAT
from modules.contracts.ports import Problem
from modules.crm import countries
from modules.einvoice_ec import catalogs
from modules.einvoice_ec.catalogs import CONSUMIDOR_FINAL, FINAL_CONSUMER, FINAL_CONSUMER_LIMIT

MISSING = "missing_tax_id"


class EcuadorianBillingCheck:
    """Asked once per invoice of a month."""

    titles: Mapping[str, Any] = {
        "identity_kind": lazy("Unknown kind of identification"), "identity": lazy("Wrong identification number"),
        "final_consumer_limit": lazy("A consumidor final above USD 50"), "vat_missing": lazy("A line without VAT"),
        "rate_unknown": lazy("A rate of IVA that is not in force")}

    cures: Mapping[str, str] = dict.fromkeys(("identity_kind", "identity", "final_consumer_limit"), "identity")

    def check(self, company: Company, customer: Any, draft: Any, totals: Any) -> Problem | None:
        """The first thing that the SRI would refuse, or None."""
        return _identity(customer, totals.total) or _taxes(draft)


def _identity(customer: Any, total: Decimal) -> Problem | None:
    kind = catalogs.identities().get(customer.tax_id_kind or "", "")
    if not customer.tax_id and kind != CONSUMIDOR_FINAL:
        return Problem(MISSING, _("To bill this customer you must give his cédula, RUC or passport."))
    if not kind:
        return Problem("identity_kind", _("To bill this customer you must choose what his identification is: cédula, "
                                          "RUC, passport."))
    if kind == CONSUMIDOR_FINAL:
        if total > FINAL_CONSUMER_LIMIT:
            return Problem("final_consumer_limit", _(
                "To bill %(total)s you must identify the customer: a final consumer gets facturas up to %(limit)s.",
                total=f"{total:.2f}", limit=f"{FINAL_CONSUMER_LIMIT:.2f}"))
        return None
    answer = countries.get("EC").validate(catalogs.identity_names()[kind], customer.tax_id)
    if not answer.valid or answer.compact == FINAL_CONSUMER:
        return Problem("identity", _("To bill this customer you must correct his identification. %(reason)s",
                                     reason=answer.reason))
    return None


def _taxes(draft: Any) -> Problem | None:
    for line in draft.lines:
        vat = next((tax for tax in line.taxes if tax.get("code") == VAT), None)
        if vat is None:
            return Problem("vat_missing", _("To bill %(line)s you must say its IVA: a rate, zero, exempt or untaxed.",
                                            line=line.description), "plan")
        if not vat.get("category") and not _in_force(str(vat.get("rate") or 0), draft.issue_date):
            return Problem("rate_unknown", _("To bill %(line)s you must give it a rate of IVA that is in force; "
                                             "%(rate)s is not.", line=line.description, rate=vat.get("rate")), "plan")
    return None


def _in_force(rate: str, day: dt.date) -> bool:
    return catalogs.iva_of(Decimal(rate), day) is not None
