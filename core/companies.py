"""Companies: created with the first data of their country by every module's seed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa
from babel.core import get_global
from babel.dates import get_timezone_location
from flask import current_app

from core import audit, modules
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _, current_locale
from core.models import Company
from core.registry import Registry
from core.scope import company_scope

# currency, zone and language of the countries sold to
COUNTRIES = {
    "AR": ("ARS", "America/Argentina/Buenos_Aires", "es_AR"),
    "EC": ("USD", "America/Guayaquil", "es_EC"),
    "CO": ("COP", "America/Bogota", "es_CO"),
    "MX": ("MXN", "America/Mexico_City", "es_MX"),
    "PE": ("PEN", "America/Lima", "es_PE"),
}
# Where numbers are not written as the language's standard has it: the dollarised Ecuador prints 1,234.56.
NUMBER_STYLES = {"EC": "point"}
# How a country's tax authority writes a company's number: `check(number)` answers (the number without marks, what is
# wrong with it or ""). By country; the module that knows customers' numbers fills it.
identities: Registry[Callable[[str], tuple[str, str]]] = Registry("identities")
# Why the number of the company in scope cannot be changed any more, in words that end a sentence; "" where it can.
number_holders: Registry[Callable[[], str]] = Registry("number_holders")
# What of a module follows from the tax condition of the company in scope is put right when that changes.
condition_followers: Registry[Callable[[Company], None]] = Registry("condition_followers")
# The tax conditions that an issuer of the country may have, {code: words}, and what its number is called. By country.
conditions: Registry[Mapping[str, str]] = Registry("conditions")
# The provinces or states, {code: name}; none where they are written freely. By country.
regions: Registry[Mapping[str, str]] = Registry("regions")
tax_names: Registry[str] = Registry("tax_names")


def create_company(country: str, name: str, tax_id: str, **details: Any) -> Company:
    """Make a company of a supported country and seed its chart, taxes, policies. `code` defaults to a short name."""
    country = country.upper()
    if country not in COUNTRIES:
        raise DomainError(_("To create a company you must choose one of these countries: %(known)s.",
                            known=", ".join(COUNTRIES)), field="country")
    tax_id = check_tax_id(country, tax_id)
    currency, timezone, locale = COUNTRIES[country]
    values = {"currency": currency, "timezone": timezone, "locale": locale,
              "number_style": NUMBER_STYLES.get(country, ""), **details}
    code = values.pop("code", None) or _code(name)
    if db.session.scalar(sa.select(Company.id).where(Company.code == code)):
        raise DomainError(_("To create this company you must choose another code: %(code)s is taken.", code=code),
                          field="code")
    company = Company(country=country, name=name, tax_id=tax_id, code=code, **values)
    db.session.add(company)
    db.session.flush()
    seed(company)
    with company_scope(company):
        audit.record("core.create_company", company)
    return company


def zones(country: str, kept: str = "") -> list[tuple[str, str]]:
    """(time zone, its city in the reader's language) of a country, by city; `kept` is offered wherever it lies."""
    found = {zone for zone, place in get_global("zone_territories").items() if place == country}
    named = ((zone, get_timezone_location(zone, locale=current_locale(), return_city=True).rpartition("/")[2])
             for zone in (found & available_timezones()) | ({kept} if kept else set()))
    return sorted(named, key=lambda one: one[1])


def check_tax_id(country: str, tax_id: str) -> str:
    """The number as it is stored; DomainError with what is wrong where the country's rules are known."""
    check = identities.find(country)
    plain, wrong = check(tax_id) if check else (tax_id.strip(), "")
    if wrong or not plain:
        raise DomainError(_("To save a company you must give its tax number: %(found)s is none. %(wrong)s",
                            found=tax_id or "-", wrong=wrong).rstrip(), code="bad_tax_id", field="tax_id")
    return plain


def number_held() -> str:
    """Why the tax number of the company in scope stays as it is; "" where it may be corrected."""
    return " · ".join(words for _key, holder in number_holders.items() if (words := holder()))


def change_identity(company: Company, tax_id: str, condition: str, sure: bool) -> dict[str, list[Any]]:
    """Correct the number and the tax condition of the company in scope; {field: [before, after]}. Not put on record.

    Refused where the number is held or none, and (field `sure`) until somebody is sure of another condition.
    """
    if (plain := check_tax_id(company.country, tax_id)) != company.tax_id and (held := number_held()):
        raise DomainError(_("Changing the tax number is not possible because %(why)s.", why=held), field="tax_id")
    known = conditions.find(company.country)
    if known and condition not in known:
        raise DomainError(_("To save this you must choose a tax condition."), field="tax_condition")
    if condition != company.tax_condition and not sure:
        raise DomainError(_("From now on documents are issued under the new condition; those that exist stay as they "
                            "are. If that is meant, tick this box."), field="sure")
    changes: dict[str, list[Any]] = {}
    for name, value in (("tax_id", plain), ("tax_condition", condition)):
        if getattr(company, name) != value:
            changes[name] = [getattr(company, name), value]
            setattr(company, name, value)
    if "tax_condition" in changes:
        for _key, follow in condition_followers.items():
            follow(company)
    return changes


def condition_words(company: Company) -> str:
    """The company's tax condition as people say it; its code where the country has no words for it."""
    known = conditions.find(company.country) or {}
    return str(known.get(company.tax_condition, company.tax_condition))


def seed(company: Company) -> None:
    """Run every module's `seed(company)`; each is idempotent, lower modules first."""
    names = current_app.extensions["abona_modules"]
    manifests = modules.available()
    with company_scope(company):
        for name, part in modules.parts(names, "seed"):
            if manifests[name].country in (None, company.country):
                part.seed(company)


def find_company(code_or_id: str) -> Company:
    """By code, id or tax id; NotFound names those that exist."""
    bare = re.sub(r"[\s.-]", "", code_or_id)
    wanted = [Company.code == code_or_id, Company.tax_id == code_or_id, Company.tax_id == bare]
    if code_or_id.isdigit() and len(code_or_id) < 10:
        wanted.append(Company.id == int(code_or_id))
    found = db.session.scalar(sa.select(Company).where(sa.or_(*wanted)).order_by(Company.id).limit(1))
    if found is None:
        known = ", ".join(db.session.scalars(sa.select(Company.code).order_by(Company.code))) or "-"
        raise NotFound(_("There is no company %(code)s; there are: %(known)s.", code=code_or_id, known=known))
    return found


def active_companies() -> list[Company]:
    """All companies that are in use, in order of creation."""
    return list(db.session.scalars(sa.select(Company).where(Company.active).order_by(Company.id)))


def _code(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "company"
