"""From what was typed to a customer's tax identity, by the rules of the company's country."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import DomainError
from core.i18n import _
from modules.crm import countries
from modules.crm.countries import TaxIdCheck
from modules.crm.errors import WrongTaxId

# Kinds and beginnings of numbers that only businesses have.
_BUSINESS_STARTS = {("AR", "CUIT"): ("30", "33", "34"), ("PE", "RUC"): ("20",), ("CO", "NIT"): ("8", "9")}
_BUSINESS_KINDS = {("BR", "CNPJ"), ("DO", "RNC"), ("UY", "RUT")}
# The number under which a company of the installation issues its documents.
COMPANY_KINDS = {"AR": "CUIT", "EC": "RUC", "CO": "NIT", "MX": "RFC", "PE": "RUC"}
# The tax conditions of who issues; customers may have others.
COMPANY_CONDITIONS = {
    "AR": ("RI", "MO", "EX"), "EC": ("GENERAL", "RIMPE_E", "RIMPE_NP", "ESPECIAL"), "CO": ("48", "49"),
    "MX": ("601", "603", "612", "620", "621", "625", "626"), "PE": ("GENERAL", "RMT", "RER", "RUS")}


def check_tax_id(country: str, kind: str, number: str, condition: str = "") -> TaxIdCheck:
    """The number's check; an empty number is an empty identity. WrongTaxId where the number cannot exist."""
    rules = countries.get(country)
    if condition and condition not in rules.TAX_CONDITIONS:
        raise DomainError(_("To save this you must choose one of these tax conditions: %(known)s.",
                            known=", ".join(rules.TAX_CONDITIONS)), field="tax_condition")
    if not rules.compact(number or ""):
        return TaxIdCheck(True, "", "", "")
    found = rules.validate(kind or None, number)
    if not found.valid:
        raise WrongTaxId(found.reason, field="tax_id")
    return found


def company_check(country: str) -> Callable[[str], tuple[str, str]]:
    """The check of a company's own number, as the frame asks for it: (number without marks, what is wrong)."""

    def check(number: str) -> tuple[str, str]:
        found = countries.get(country).validate(COMPANY_KINDS[country], number)
        return found.compact, "" if found.valid else found.reason

    return check


def company_conditions(country: str) -> dict[str, str]:
    """The tax conditions that a company of the country may have, in their order."""
    known = countries.get(country).TAX_CONDITIONS
    return {code: known[code] for code in COMPANY_CONDITIONS[country]}


def guess_kind(country: str, tax_id_kind: str, tax_id: str) -> str:
    """'business' where the number is one that only businesses have, else 'person'."""
    if (country, tax_id_kind) in _BUSINESS_KINDS:
        return "business"
    if (country, tax_id_kind) == ("EC", "RUC"):
        return "business" if tax_id[2:3] in ("6", "9") else "person"
    if (country, tax_id_kind) == ("MX", "RFC"):
        return "business" if len(tax_id) == 12 else "person"
    starts = _BUSINESS_STARTS.get((country, tax_id_kind), ())
    return "business" if starts and tax_id.startswith(starts) else "person"


def formatted(country: str, tax_id_kind: str, tax_id: str) -> str:
    """The number as people of the country write it; "" without one."""
    return countries.get(country).format(tax_id_kind or None, tax_id) if tax_id else ""
