"""Companies begin with their country's data; roles and the first administrator are made once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from core import companies, installation, modules
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import use_locale
from core.models import AuditRecord, Company, Role, RolePermission
from core.scope import every_company

TAX_IDS = {"AR": "30-99900001-7", "EC": "1790012344001", "MX": "AAA010101AAA", "PE": "20100070970", "CO": "900373115-3"}


@pytest.mark.parametrize("country, currency, zone", [
    ("AR", "ARS", "America/Argentina/Buenos_Aires"), ("EC", "USD", "America/Guayaquil"),
    ("CO", "COP", "America/Bogota"), ("MX", "MXN", "America/Mexico_City"), ("PE", "PEN", "America/Lima")])
def test_a_company_gets_the_currency_and_the_zone_of_its_country(app: Flask, country: str, currency: str,
                                                                 zone: str) -> None:
    made = companies.create_company(country.lower(), "Ñandú & Cía.", TAX_IDS[country])
    assert (made.country, made.currency, made.timezone, made.code) == (country, currency, zone, "nandu-cia")
    assert made.locale == f"es_{country}" and made.is_rehearsal and made.tax_id.isalnum()
    with every_company():
        assert db.session.scalars(sa.select(AuditRecord.action)).all() == ["core.create_company"]


def test_details_win_over_the_country(app: Flask) -> None:
    made = companies.create_company("AR", "Norte", TAX_IDS["AR"], currency="USD", code="n", city="Salta")
    assert (made.currency, made.code, made.city) == ("USD", "n", "Salta")


@pytest.mark.parametrize("country, tax_id, field", [("BR", "1", "country"), ("AR", "30-99900001-0", "tax_id"),
                                                    ("AR", "", "tax_id"), ("AR", "12345678", "tax_id"),
                                                    ("PE", "10", "tax_id")])
def test_a_country_that_is_not_served_and_a_false_number_are_refused_beside_their_field(
        app: Flask, country: str, tax_id: str, field: str) -> None:
    with pytest.raises(DomainError) as caught:
        companies.create_company(country, "Norte", tax_id)
    assert caught.value.field == field and db.session.scalars(sa.select(Company)).all() == []


def test_a_code_is_used_once(company: Company) -> None:
    with pytest.raises(DomainError, match="rcw"):
        companies.create_company("AR", "Otra", TAX_IDS["AR"], code="rcw")


def test_a_company_is_found_by_code_id_and_tax_number_however_it_is_written(company: Company) -> None:
    for text in ("rcw", str(company.id), "30990000103", "30-99000010-3", "30.99000010.3"):
        assert companies.find_company(text) == company
    with pytest.raises(NotFound, match="rcw"):
        companies.find_company("nowhere")
    with pytest.raises(NotFound):
        companies.find_company("9" * 30)


def test_seeding_again_changes_nothing(company: Company) -> None:
    def counts() -> dict[str, int]:
        tables = {mapper.local_table for mapper in db.Model.registry.mappers
                  if mapper.class_.__module__.startswith("modules.")}
        return {str(table): db.session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in tables}

    before = counts()
    companies.seed(company)
    db.session.flush()
    assert counts() == before


def test_only_companies_in_use_are_listed(company: Company, other_company: Company) -> None:
    other_company.active = False
    assert companies.active_companies() == [company]


def test_the_standard_roles_hold_permissions_that_exist_and_stay_as_an_administrator_left_them(app: Flask) -> None:
    installation.make_roles()
    known = set(modules.permissions(app.extensions["abona_modules"]))
    given = set(db.session.scalars(sa.select(RolePermission.permission)))
    codes = set(db.session.scalars(sa.select(Role.code)))
    assert given <= known and {"manager", "billing", "accountant", "support"} <= codes
    manager = db.session.scalars(sa.select(Role).where(Role.code == "manager")).one()
    assert {one.permission for one in manager.permissions} == known
    manager.permissions = []
    db.session.flush()
    installation.make_roles()
    assert manager.permissions == []


def test_what_roles_may_not_do_names_permissions_that_exist(app: Flask) -> None:
    known = set(modules.permissions(modules.resolve(modules.available())))
    asked = {code for _name, _prefixes, without in installation.STANDARD_ROLES.values() for code in without}
    assert asked <= known


@pytest.mark.parametrize(("country", "zone", "city"), [
    ("EC", "Pacific/Galapagos", "Galápagos"), ("EC", "America/Guayaquil", "Guayaquil"),
    ("MX", "America/Tijuana", "Tijuana"), ("AR", "America/Argentina/Ushuaia", "Ushuaia"),
    ("PE", "America/Lima", "Lima")])
def test_zones_are_those_of_the_country_by_their_cities(app, country, zone, city):
    with use_locale("es"):
        found = companies.zones(country)
    assert (zone, city) in found and "America/New_York" not in dict(found)


def test_a_company_chooses_among_the_zones_of_its_country(login, company):
    browser = login("core.edit_company")
    page = browser.get("/company").get_data(as_text=True)
    assert 'value="America/Argentina/Ushuaia">Ushuaia<' in page and "America/New_York" not in page
    values = {"name": company.name, "tax_id": company.tax_id, "tax_condition": company.tax_condition,
              "timezone": "America/Argentina/Ushuaia", "color": company.color, "number_style": ""}
    assert browser.post("/company", data=values).status_code == 302
    assert browser.post("/company", data=values | {"timezone": "Europe/Madrid"}).status_code == 422
    db.session.expire_all()
    assert company.timezone == "America/Argentina/Ushuaia"


def test_the_usual_zone_of_each_country_is_among_its_own_and_a_former_one_stays(app):
    for country, (_currency, zone, _locale) in companies.COUNTRIES.items():
        assert zone in dict(companies.zones(country))
    assert dict(companies.zones("PE", "Europe/Madrid")).keys() == {"America/Lima", "Europe/Madrid"}
