"""The made-up people: always the same, with documents that could exist and belong to nobody."""

from __future__ import annotations

import pytest

from core.errors import DomainError
from modules.crm import countries, reach
from modules.demo import facts
from modules.demo.cast import Cast, Person

pytestmark = pytest.mark.once


def people(country: str, count: int = 400, seed: int = 1) -> list[Person]:
    known = facts.of(country)
    return list(Cast(known, seed, {zone["name"]: index for index, zone in enumerate(known.zones)}).people(count))


@pytest.mark.parametrize("country", facts.COUNTRIES)
def test_the_same_seed_gives_the_same_people_however_many_are_asked_for(country: str) -> None:
    assert people(country, 50) == people(country, 80)[:50]
    assert people(country, 50, seed=2) != people(country, 50)


@pytest.mark.parametrize("country", facts.COUNTRIES)
def test_documents_are_right_and_each_is_given_once(country: str) -> None:
    rules = countries.get(country)
    seen = [person.data for person in people(country) if person.data.tax_id]
    for one in seen:
        found = rules.validate(one.tax_id_kind, one.tax_id)
        assert found.valid, found.reason
        assert not one.tax_condition or one.tax_condition in rules.TAX_CONDITIONS
    numbers = [one.tax_id for one in seen if one.tax_id != "XAXX010101000"]
    assert len(set(numbers)) == len(numbers) > 40


@pytest.mark.parametrize("country", facts.COUNTRIES)
def test_people_can_be_reached_at_addresses_that_lead_nowhere(country: str) -> None:
    for person in people(country, 100):
        emails, wrong = reach.split_emails(person.data.emails)
        assert not wrong and all(one.endswith(".example") for one in emails)
        phones, wrong = reach.split_phones(person.data.phones, country)
        assert not wrong and all(phone.e164 for phone in phones)


@pytest.mark.parametrize("country", facts.COUNTRIES)
def test_the_company_itself_is_none_of_its_customers(country: str) -> None:
    own = facts.of(country).company["tax_id"]
    assert countries.get(country).validate(None, own).valid
    assert own not in {person.data.tax_id for person in people(country)}


def test_there_are_persons_traders_businesses_and_exempt_ones() -> None:
    assert {person.data.tax_condition for person in people("AR")} == {"CF", "MO", "RI", "EX"}


def test_a_country_that_nobody_made_up_is_refused_with_those_that_are() -> None:
    with pytest.raises(DomainError, match="AR, EC, CO, MX, PE"):
        facts.of("UY")
