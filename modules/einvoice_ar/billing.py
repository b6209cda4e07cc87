"""What ARCA would refuse of an invoice, found before it is issued: Argentina's entry in contracts' `billing_checks`.

Only what depends on customer, company and taxes; amounts and dates of a billing run are right by construction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.db import db
from core.i18n import _, lazy
from core.models import Company
from modules.accounting.totals import VAT
from modules.contracts.ports import Problem
from modules.einvoice.preview import ERROR
from modules.einvoice_ar import bridge, receiver
from modules.einvoice_ar.catalogs import NOBODY
from modules.einvoice_ar.findings import THRESHOLDS, Draft

MISSING = "missing_tax_id"
# our codes for a customer who must be identified and is not
UNIDENTIFIED = {"identity_number_missing", "identity_kind_missing", "cuit_needed", "identification_needed"}
NOTHING: dict[str, Any] = {}


class ArgentineBillingCheck:
    """Asked once per invoice of a month."""

    titles: Mapping[str, Any] = {
        "condition_missing": lazy("No VAT condition"), "condition_unknown": lazy("Unknown VAT condition"),
        "condition_not_of_class": lazy("The VAT condition does not fit the letter"),
        "cuit_needed": lazy("A CUIT is needed"), "identification_needed": lazy("An identity number is needed"),
        "identity_kind_missing": lazy("No kind of identity number"),
        "identity_unknown": lazy("Unknown kind of identity"),
        "identity_number_missing": lazy("An identity number is needed"),
        "identity_wrong": lazy("Wrong identity number"),
        "identity_without_number": lazy("An identity number is needed"),
        "receiver_is_issuer": lazy("The customer has our own CUIT"),
        "vat_in_class_c": lazy("VAT on a document of class C"), "vat_missing": lazy("A line without VAT"),
        "issuer_condition": lazy("The company's VAT condition"),
        "class_not_of_issuer": lazy("The letter is not ours to use"), "rate_unknown": lazy("Unknown VAT rate"),
    }

    cures: Mapping[str, str] = {
        "condition_missing": "condition", "condition_unknown": "condition",
        **dict.fromkeys(("condition_not_of_class", "cuit_needed", "identification_needed", "identity_kind_missing",
                         "identity_unknown", "identity_number_missing", "identity_wrong", "identity_without_number",
                         "receiver_is_issuer"), "identity")}

    def check(self, company: Company, customer: Any, draft: Any, totals: Any) -> Problem | None:
        """The first thing that ARCA would refuse, or None."""
        case: Any = _Looked(company, customer, draft)
        looked = Draft(case, {})
        receiver.choose_kind(looked)
        receiver.check_condition(looked)
        kind, _number = receiver.identity(looked)
        if kind == NOBODY:  # the only receivers for whom there is a limit
            looked.thresholds = _thresholds(company, draft.issue_date)
            receiver.check_threshold(looked, kind, totals.total)
        _check_taxes(looked, draft.lines)
        found = next((one for one in looked.problems if one.severity == ERROR), None)
        if found is None:
            return None
        code = MISSING if found.code in UNIDENTIFIED and not customer.tax_id else found.code
        return Problem(code, found.message, "plan" if found.field == "lines" else "customer")


class _Looked:
    """As much of a case as the rules about the receiver read; a real one costs more than they do."""

    __slots__ = ("customer", "exchange_rate", "extra", "issuer", "kind")

    def __init__(self, company: Company, customer: Any, draft: Any) -> None:
        self.issuer, self.customer, self.kind, self.extra = company, customer, draft.kind, NOTHING
        self.exchange_rate = draft.exchange_rate


def _thresholds(company: Company, day: dt.date) -> dict[str, Decimal]:
    """The amounts in force, read once per session of a run."""
    info, key = db.session().info, ("einvoice_ar.thresholds", company.id, day)
    if key not in info:
        info[key] = {**THRESHOLDS, **bridge.thresholds(day)}
    found: dict[str, Decimal] = info[key]
    return found


def _check_taxes(looked: Draft, lines: Any) -> None:
    """Issuers of C charge no IVA; the others say on each line which."""
    for line in lines:
        rated = any(tax.get("code") == VAT and tax.get("rate") not in (None, "", "0") for tax in line.taxes)
        if looked.kind.group == "C" and rated:
            looked.refuse("vat_in_class_c", "lines", _(
                "To bill %(line)s you must take the IVA out of its price: who issues documents of class C charges "
                "none.", line=line.description), 10071)
        elif looked.kind.group != "C" and not any(tax.get("code") == VAT for tax in line.taxes):
            looked.refuse("vat_missing", "lines", _(
                "To bill %(line)s you must say its IVA: a rate, exempt or untaxed.", line=line.description), 10070)
