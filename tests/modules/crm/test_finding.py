"""The person that somebody means, whatever of him is typed, and however it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.crm import bulk, finding, services
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Word


@pytest.fixture
def town(company: Company) -> dict[str, int]:
    """Four people; one of them by mass import."""
    made = [services.create_customer(
        name=name, code=code, tax_id_kind=kind, tax_id=number, tax_condition="CF", phones=phone,
        addresses=[AddressData(street=street, number="550", city="Río Cuarto", region="X", postal_code="5800")])
        for name, code, kind, number, phone, street in (
            ("Ñáñez, María José", "101", "DNI", "27123456", "358 412-3456", "Sobremonte"),
            ("Gómez, Raúl", "102", "DNI", "28987654", "358 455-7788", "Constitución"),
            ("Pereyra Hermanos S.R.L.", "7101", "CUIT", "30712345671", "358 400-1101", "Ruta 8"))]
    other = bulk.create_many([CustomerData(name="Fernández, Ana", code="104", tax_condition="CF", kind="person")])
    db.session.commit()
    return {row.code: row.id for row in made} | {"104": other[0]}


@pytest.mark.parametrize(("typed", "code"), [
    ("nanez", "101"), ("ÑÁÑEZ maria", "101"), ("mar jos", "101"), ("27.123.456", "101"), ("27123456", "101"),
    ("+54 9 358 412 3456", "101"), ("0358 15 412-3456", "101"), ("3584123456", "101"), ("sobremonte 550", "101"),
    ("30-71234567-1", "7101"), ("30712345671", "7101"), ("101", "101"), ("constitucion", "102"),
    # mistyped: a letter too few, too many, exchanged, another one; also of who came by mass import
    ("gomes", "102"), ("gmoez", "102"), ("goomez", "102"), ("fernadez", "104"), ("Fernandes ana", "104"),
    ("pereira hermanos", "7101"), ("sobremnte", "101"), ("nañes", "101")])
def test_the_first_found_is_who_was_meant(town: dict[str, int], typed: str, code: str) -> None:
    assert finding.people(typed)[0].id == town[code]


@pytest.mark.parametrize("typed", ["", "  ", "zzzz", "qwertyuiop", "99999999", "gomez fernandez", "%", "\"'", "z\"x*"])
def test_who_is_not_there_is_not_found(town: dict[str, int], typed: str) -> None:
    found = finding.people(typed)
    assert not typed.strip() or found == []


def test_a_code_comes_before_everything_that_contains_it(town: dict[str, int]) -> None:
    assert [row.code for row in finding.people("101")][:2] == ["101", "7101"]


def test_an_old_phone_number_still_finds_its_owner(town: dict[str, int]) -> None:
    customer = finding.people("102")[0]
    services.update_customer(customer, phones="358 600-0000")
    assert [row.id for row in finding.people("358 455 7788")] == [town["102"]]


def test_a_new_name_is_found_at_once_and_the_old_one_no_more(town: dict[str, int]) -> None:
    services.update_customer(finding.people("102")[0], name="Bustamante, Raúl")
    db.session.commit()
    assert [row.id for row in finding.people("bustamnte")] == [town["102"]]
    assert finding.people("gomez") == []


def test_former_customers_are_found_only_where_they_are_wanted(town: dict[str, int]) -> None:
    services.deactivate_customer(finding.people("102")[0])
    db.session.commit()
    assert finding.people("gomez") and not finding.people("gomez", active=True)
    assert not finding.people("gomes", active=True)


def test_another_company_is_not_looked_into(town: dict[str, int], other_company: Company) -> None:
    with company_scope(other_company):
        assert finding.people("gomez") == [] == finding.people("gomes")


def test_words_are_kept_once(town: dict[str, int]) -> None:
    services.create_customer(name="Gómez, Otra", tax_condition="CF")
    words = db.session.scalars(sa.select(Word.word)).all()
    assert len(words) == len(set(words)) and "gomez" in words and "27123456" not in words


@pytest.mark.parametrize(("one", "other", "far"), [
    ("gomez", "gomez", 0), ("gomes", "gomez", 1), ("gmoez", "gomez", 1), ("gomz", "gomez", 1), ("goomez", "gomez", 1),
    ("", "abc", 3), ("perez", "gomez", 3)])
def test_the_distance_counts_typing_mistakes(one: str, other: str, far: int) -> None:
    assert finding.distance(one, other) == far == finding.distance(other, one)


def test_the_box_suggests_what_the_person_may_see(town: dict[str, int], login: Callable[..., Any]) -> None:
    groups = login("crm.view_customers").get("/search.json?q=gomes").get_json()
    assert [hit["url"] for group in groups for hit in group["hits"]] == [f"/customers/{town['102']}"]
    assert login("core.view_audit").get("/search.json?q=gomes").get_json() == []
    assert login("crm.view_customers").get("/search.json?q=g").get_json() == []
