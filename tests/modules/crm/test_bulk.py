"""Many customers at once are the same customers as one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.db import db
from modules.crm import bulk, finding, queries, services
from modules.crm.errors import WrongTaxId
from modules.crm.models import Customer
from modules.crm.services import AddressData, CustomerData
from tests.modules.contracts.situations import statements

FIELDS = ("name", "kind", "trade_name", "tax_id_kind", "tax_id", "tax_condition", "notes", "active", "sort_name")
GOMEZ = CustomerData(
    name=" Gómez,  María José ", tax_id="27-23456789-1", tax_condition="CF", emails="MJ@x.com; b@x.com",
    phones="0358 15-412-3456 / 3584556677", notes="n", addresses=(
        AddressData(street="San Martín", number="1234", city="Río Cuarto", extra={"lote": 7}),
        AddressData(kind="service", street="Ruta 8")))


def facts(customer):
    return ([getattr(customer, field) for field in FIELDS], [e.address for e in customer.emails],
            [(p.typed, p.e164, p.kind) for p in customer.phones], [(a.kind, a.line, a.country, a.extra)
                                                                   for a in customer.addresses],
            customer.search.replace("qq a", "").replace("qq b", ""))


def test_a_customer_in_bulk_is_the_same_as_one_alone(company):
    one = services.create_customer(GOMEZ, code="QQ-A")
    other = db.session.get(Customer, bulk.create_many([replace(GOMEZ, code="QQ-B")])[0])
    assert facts(one) == facts(other)


def test_codes_are_given_around_those_in_use_and_those_brought_along(company):
    services.create_customer(name="A", code="2")
    ids = bulk.create_many([CustomerData(name="B"), CustomerData(name="C", code="3"), CustomerData(name="D")],
                           avoid_codes={"4"})
    found = dict(db.session.execute(sa.select(Customer.id, Customer.code)).all())
    assert [found[key] for key in ids] == ["1", "3", "5"]


def test_one_that_cannot_be_stops_the_bulk(company):
    with pytest.raises(WrongTaxId):
        bulk.create_many([GOMEZ, CustomerData(name="B", tax_id="20-12345678-9")])


def test_further_addresses_find_their_customer(company):
    ids = bulk.create_many([CustomerData(name="A"), CustomerData(name="B")])
    bulk.add_addresses([(ids[1], AddressData(kind="service", street="Belgrano", number="55"))])
    assert queries.fiscal_addresses(ids)[ids[1]].line == "Belgrano 55"


def test_customers_are_found_by_the_streets_of_further_addresses(company):
    ids = bulk.create_many([CustomerData(name="Ana Ruiz", addresses=(AddressData(street="Mitre", number="1"),)),
                            CustomerData(name="Beto Ruiz")])
    bulk.add_addresses([(ids[0], AddressData(kind="service", street="Güemes", number="55")),
                        (ids[0], AddressData(kind="service", street="Sarmiento", number="8")),
                        (ids[1], AddressData(kind="service", street="Belgrano", number="55"))])
    for text, names in (("guemes 55", ["Ana Ruiz"]), ("sarmiento", ["Ana Ruiz"]), ("mitre 1", ["Ana Ruiz"]),
                        ("belgrano", ["Beto Ruiz"]), ("ruiz", ["Ana Ruiz", "Beto Ruiz"])):
        assert [one.name for one in queries.search_customers(text)] == names, text
    # a slip of the hand in a street that only a further address has
    assert [one.name for one in finding.people("sarmieto")] == ["Ana Ruiz"]


def test_further_addresses_cost_the_same_statements_whatever_their_number(company):
    ids = bulk.create_many([CustomerData(name=f"Cliente {n}") for n in range(60)])

    def costs(some):
        return statements(lambda: bulk.add_addresses([(key, AddressData(street="Mitre", number=str(key)))
                                                      for key in some]))

    costs(ids[:1])
    assert costs(ids[1:11]) == costs(ids[11:])


def test_five_thousand_take_a_few_seconds(company):
    many = [CustomerData(name=f"Cliente {n}", code=f"I{n}", phones="3584112233", emails=f"c{n}@example.com",
                         addresses=(AddressData(street=f"Calle {n}"),)) for n in range(5000)]
    bulk.create_many(many)
    assert [c.code for c in queries.search_customers("c4999@example.com")] == ["I4999"]
