"""Addresses with DIVIPOLA codes and postal codes, and what the estrato of a service means for its IVA. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.i18n import _
from modules.crm import names
from modules.einvoice.case import CaseLine
from modules.einvoice_co import catalogs
from modules.einvoice_co.catalogs import IVA, codes, postal_codes, tribute
from modules.einvoice_co.findings import HKA, Draft, flattened, whole

EXEMPT, EXCLUDED, TAXED = "exempt", "excluded", "taxed"
SELF_OWN = ("divipola", "municipio", "municipality", "codigomunicipio", "citycode")


@dataclass(frozen=True)
class Place:
    """An address; `department` and `municipality` are codes, "" abroad."""

    street: str
    city: str
    department: str
    municipality: str
    postal_code: str
    country: str = "CO"

    @property
    def department_name(self) -> str:
        return codes("departamentos").get(self.department, "")


def place(draft: Draft) -> Place | None:
    """The customer's address; None where none was given."""
    who = draft.case.customer
    address, said = who.address, {**flattened(who.extra, ""), **flattened(who.address.extra, "")}
    code = next((str(said[name][0]) for name in SELF_OWN if name in said), "")
    if not (address.street or address.city or code):
        return None
    country = (address.country or "CO").upper()
    if country != "CO":
        return Place(address.street, address.city, "", "", address.postal_code, country)
    department, municipality = _codes(draft, code)
    city = "" if address.city == municipality else names.tidy(address.city)
    return Place(names.tidy(address.street), city or codes("municipios_divipola").get(municipality, ""), department,
                 municipality, _postal_code(draft))


def _codes(draft: Draft, code: str) -> tuple[str, str]:
    """(department, municipality), both proved against DIVIPOLA."""
    address = draft.case.customer.address
    department = catalogs.department(address.region)
    code = code or (address.city if address.city in codes("municipios_divipola") else "")
    if not code:
        code = catalogs.municipality(department, address.city)
    if address.region and not department:
        draft.refuse("customer_region", "customer.address.region", _(
            "To send this you must give the department by its code or name (DIVIPOLA), not %(found)s.",
            found=address.region), "109", "invalid_reference")
    if code not in codes("municipios_divipola"):
        draft.refuse("customer_city", "customer.address.city", _(
            "To send this you must give the municipality by its name and department, or by its DIVIPOLA code of five "
            "digits; found: %(found)s.", found=code or address.city or _("nothing")), "109", "invalid_reference")
        return department, ""
    if department and not code.startswith(department):
        draft.refuse("customer_city", "customer.address.city", _(
            "To send this you must correct the address: %(city)s (%(code)s) is not in %(region)s.",
            city=codes("municipios_divipola")[code], code=code, region=codes("departamentos")[department]), "109",
            "invalid_reference")
    return code[:2], code


def _postal_code(draft: Draft) -> str:
    found = draft.case.customer.address.postal_code.strip()
    if not found:
        return ""
    if draft.provider == HKA and found not in postal_codes():
        draft.refuse("customer_postal_code", "customer.address.postal_code", _(
            "To send this you must give a postal code of six digits that exists, or none; found: %(found)s.",
            found=found), "109")
    elif len(found) > 10:
        draft.refuse("customer_postal_code", "customer.address.postal_code", _(
            "To send this you must give a postal code of ten characters at most, not %(found)s.", found=found),
            siigo="length_max")
    return found


# --- estrato --------------------------------------------------------------------------------------------


def internet_category(estrato: Any, residential: bool = True) -> str:
    """The IVA of fixed internet: estrato 1 and 2 exempt (ET 481 h), 3 excluded (ET 476 num. 7), all others taxed."""
    number = whole(estrato) or 0
    if not residential or not 1 <= number <= 3:
        return TAXED
    return EXCLUDED if number == 3 else EXEMPT


def check_estrato(draft: Draft) -> None:
    """Tell where a line's IVA does not fit the estrato of the service; the DIAN itself does not know the estrato."""
    who = draft.case.customer
    said = {**flattened(draft.case.extra, ""), **flattened(who.extra, ""), **flattened(who.address.extra, "")}
    for index, line in enumerate(draft.case.lines):
        known = {**said, **flattened(line.extra, "")}
        if "estrato" not in known:
            continue
        estrato = str(known["estrato"][0])
        if (whole(estrato) or 0) not in range(1, 7):
            draft.refuse("estrato", "customer.address.extra.estrato", _(
                "To send this you must give the estrato as a number from 1 to 6, not %(found)s.", found=estrato),
                siigo="invalid_range")
            return
        _check_line(draft, index, line, known, estrato)


def _check_line(draft: Draft, index: int, line: CaseLine, known: dict[str, tuple[Any, str]], estrato: str) -> None:
    category, residential = _category(line), _is_residential(known)
    expected = internet_category(estrato, residential)
    service = str(known.get("servicio", known.get("service", ("", "")))[0])
    internet = "internet" in names.fold(service or line.description)
    if category == expected or (category == TAXED and not internet) or (
            category == EXCLUDED and residential and expected != TAXED and not internet):
        return
    words = {EXEMPT: _("exempt"), EXCLUDED: _("excluded"), TAXED: _("taxed")}
    draft.remark("estrato_differs", f"lines[{index}].taxes", _(
        "Line %(line)s is %(found)s, and internet of estrato %(estrato)s (%(use)s) is %(expected)s of IVA.",
        line=index + 1, found=words[category], estrato=estrato, expected=words[expected],
        use=_("residential") if residential else _("not residential")))


def _category(line: CaseLine) -> str:
    iva = next((tax for tax in line.taxes if tribute(tax.code) == IVA and not tax.withheld), None)
    if iva is None or iva.category in ("excluded", "untaxed"):
        return EXCLUDED
    return EXEMPT if iva.category in ("exempt", "zero") or not iva.rate else TAXED


def is_residential(extra: Mapping[str, Any]) -> bool:
    """Whether an address is a home: unless its `uso` says otherwise."""
    return _is_residential(flattened(extra, ""))


def _is_residential(known: dict[str, tuple[Any, str]]) -> bool:
    if "residencial" in known or "residential" in known:
        return str(known.get("residencial", known.get("residential", (True, "")))[0]).lower() not in (
            "false", "no", "0")
    use = names.fold(str(known.get("uso", known.get("use", ("", "")))[0]))
    return not use or use.startswith("resid")
