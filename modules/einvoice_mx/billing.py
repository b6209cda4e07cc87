"""What the SAT would refuse of an invoice, found before it is issued: Mexico's entry in contracts' `billing_checks`.

Only what depends on customer, company and taxes; amounts and dates of a billing run are right by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from core.db import db
from core.i18n import _, lazy
from core.models import Company
from modules.contracts.ports import Problem
from modules.einvoice.case import Address, Party
from modules.einvoice.preview import ERROR
from modules.einvoice_mx import access, bridge, parties, public_sales
from modules.einvoice_mx.amounts import VAT, code_of
from modules.einvoice_mx.catalogs import rate_exists
from modules.einvoice_mx.findings import Draft
from modules.einvoice_mx.mapping import KINDS
from modules.einvoice_mx.models import CustomerProfile

MISSING = "missing_tax_id"


class MexicanBillingCheck:
    """Asked once per invoice of a month."""

    titles: Mapping[str, Any] = {
        "rfc": lazy("Wrong RFC"), "name_missing": lazy("No name"), "everybody": lazy("The generic name with an RFC"),
        "global_missing": lazy("The generic name on an invoice of one customer"),
        "regime": lazy("No regime, or one that does not fit"),
        "use": lazy("Unknown use of the CFDI"),
        "use_not_of_regime": lazy("The use of the CFDI does not fit the regime"),
        "issuer_rfc": lazy("The company's RFC"), "issuer_regime": lazy("The company's regime"),
        "place": lazy("No postal code of the place of issue"), "rate_unknown": lazy("Unknown rate"),
        "border_rate": lazy("IVA of the border region"),
    }

    cures: Mapping[str, str] = {"rfc": "identity", "everybody": "identity", "regime": "condition",
                                "use_not_of_regime": "condition"}

    def check(self, company: Company, customer: Any, draft: Any, totals: Any) -> Problem | None:
        """The first thing that the SAT would refuse, or None."""
        profile, own = _known(company)
        extra = bridge.issuer_extra(profile, company.timezone)
        receiver = {"tax_id": customer.tax_id or "", "tax_id_kind": customer.tax_id_kind or "",
                    "tax_condition": customer.tax_condition or ""}
        case: Any = _Looked(company, customer, draft, extra, bridge.customer_extra(own.get(customer.id), receiver))
        looked = Draft(case, kind=KINDS[draft.kind])
        looked.place = str(extra.get("LugarExpedicion") or company.postal_code or "")
        parties.emisor(looked)
        if not profile.global_period or not public_sales.is_public(receiver):  # who names nobody has no CFDI of his own
            parties.receptor(looked)
        _check_taxes(looked, draft.lines, profile.border_region)
        # addresses are not read for a month; a postal code that misses is found when the document is made
        found = next((one for one in looked.problems if one.severity == ERROR and one.code != "postal_code"), None)
        if found is None:
            return None
        return Problem(found.code, found.message, "plan" if found.field == "lines" else "customer")


class _Looked:
    """As much of a case as the rules about the parties read."""

    __slots__ = ("customer", "extra", "issuer", "kind")

    def __init__(self, company: Company, customer: Any, draft: Any, issuer_extra: Any, customer_extra: Any) -> None:
        self.kind: str = draft.kind
        self.extra: Mapping[str, Any] = MappingProxyType({})
        self.issuer = Party(company.name, tax_id=company.tax_id, tax_condition=company.tax_condition,
                            extra=issuer_extra, address=Address(postal_code=company.postal_code or ""))
        self.customer = Party(customer.name, tax_id_kind=customer.tax_id_kind or "", tax_id=customer.tax_id or "",
                              tax_condition=customer.tax_condition or "", extra=customer_extra)


def _known(company: Company) -> tuple[Any, dict[int, CustomerProfile]]:
    """The profile and what customers have of their own, read once per session of a run."""
    info, key = db.session().info, ("einvoice_mx.billing", company.id)
    if key not in info:
        info[key] = (access.profile(), {row.customer_id: row for row in db.session.query(CustomerProfile)})
    found: tuple[Any, dict[int, CustomerProfile]] = info[key]
    return found


def _check_taxes(looked: Draft, lines: Any, border: bool) -> None:
    """Rates that the SAT has; those of the border region only for who is in its stimulus."""
    for line in lines:
        for tax in line.taxes:
            rate = tax.get("rate")
            if code_of(tax["code"]) != VAT or rate in (None, "") or tax.get("withheld"):
                continue
            if not rate_exists("002", Decimal(str(rate)) / 100, False):
                looked.refuse("rate_unknown", "lines", _("To bill %(line)s you must give it a rate of IVA that the SAT "
                                                         "has: 16, 8 or 0.", line=line.description), "CFDI40179")
            elif Decimal(str(rate)) == 8 and not border:
                looked.refuse("border_rate", "lines", _(
                    "To bill %(line)s with IVA of 8 %% your company must be in the stimulus of the border region: say "
                    "so in the fiscal profile, or give 16 %%.", line=line.description), "CFDI40179")
