"""One plan, billed right for each estrato: preview and run, what is missing, extras, mending, the customer's page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs, scope
from core.db import db
from core.errors import DomainError
from modules.accounting.models import Invoice, InvoiceLine
from modules.contracts import billing, billing_context, billing_read, billing_run, extras, mending, services, taxes
from modules.contracts.drafts import ContractData
from modules.contracts.models import BilledPeriod, BillingChunk, BillingProfile, Contract, Plan, PlanPrice
from modules.crm import bulk
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.services import add_address, create_customer
from modules.einvoice_co import estratos
from modules.einvoice_co.checks import estrato_iva
from tests.modules.contracts.situations import statements

NOVEMBER, DECEMBER = dt.date(2026, 11, 1), dt.date(2026, 12, 1)
EXEMPT, EXCLUDED, TAXED = ({"code": "VAT", "category": "exempt"}, {"code": "VAT", "category": "excluded"},
                           {"code": "VAT", "rate": "19"})


@pytest.fixture
def plan(isp: Any) -> Plan:
    made = Plan(code="I100", name="Internet 100 Mb", taxes=estratos.BY_ESTRATO, speed_down_kbps=100_000,
                includes_tax=False, prices=[PlanPrice(valid_from=dt.date(2020, 1, 1), price=D("50000.00"))])
    db.session.add(made)
    db.session.flush()
    return made


def contract(plan: Plan, extra: dict[str, Any] | None, kind: str = "person", **data: Any) -> Contract:
    places = [AddressData(street="Cra 1", city="Cali", region="76", extra=extra)] if extra is not None else []
    customer = create_customer(name="Ana Pérez", kind=kind, tax_id_kind="CC", tax_id="1020304050", addresses=places)
    made = services.create_contract(ContractData(customer.id, plan.id, billing_from=NOVEMBER, **data))
    db.session.commit()
    return made


def run(month: dt.date = NOVEMBER) -> None:
    billing.start_run(scope.current_company(), month)
    db.session.commit()
    jobs.run_jobs()
    db.session.rollback()


def lines_of(made: Contract, month: dt.date = NOVEMBER) -> list[InvoiceLine]:
    return list(db.session.scalars(
        sa.select(InvoiceLine).join(BilledPeriod, BilledPeriod.invoice_id == InvoiceLine.invoice_id)
        .where(BilledPeriod.contract_id == made.id, BilledPeriod.month == month).order_by(InvoiceLine.position)))


# --- each estrato ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("extra", "kind", "entry", "tax", "group"), [
    ({"estrato": "1"}, "person", EXEMPT, "0", "estrato12"), ({"estrato": "2"}, "person", EXEMPT, "0", "estrato12"),
    ({"estrato": "3"}, "person", EXCLUDED, "0", "estrato3"), ({"estrato": "4"}, "person", TAXED, "9500", "estrato46"),
    ({"estrato": "5"}, "person", TAXED, "9500", "estrato46"), ({"estrato": "6"}, "person", TAXED, "9500", "estrato46"),
    ({"estrato": "1"}, "business", TAXED, "9500", "business"), ({}, "business", TAXED, "9500", "business"),
    ({"estrato": "2", "uso": "comercial"}, "person", TAXED, "9500", "business"),
    ({"uso": "comercial"}, "person", TAXED, "9500", "business")])
def test_one_plan_bears_the_iva_of_each_estrato(isp, plan, extra, kind, entry, tax, group):
    made = contract(plan, extra, kind)
    found = billing.preview(isp, NOVEMBER)
    assert [(one["code"], one["contracts"], one["net"], one["tax"]) for one in found["by_place"]] == [
        (group, 1, "50000.00", f"{D(tax):.2f}")]
    run()
    assert [(line.taxes, line.tax) for line in lines_of(made)] == [([entry], D(tax))]
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert found["totals"][0]["total"] == f"{invoice.total:.2f}" == f"{50000 + D(tax):.2f}"
    assert (invoice.exempt, invoice.untaxed) == ((D(50000), D(0)) if entry == EXEMPT else (
        D(0), D(50000)) if entry == EXCLUDED else (D(0), D(0)))


def test_a_price_with_iva_stays_the_price_in_every_estrato(isp, plan):
    plan.includes_tax = True
    made = [contract(plan, {"estrato": one}) for one in "236"]
    run()
    assert [(lines_of(one)[0].total, lines_of(one)[0].net) for one in made] == [
        (D("50000.00"), D("50000.00")), (D("50000.00"), D("50000.00")), (D("50000.00"), D("42016.81"))]


def test_the_place_of_the_contract_decides_not_that_of_the_customer(isp, plan):
    made = contract(plan, {"estrato": "6"})
    place = add_address(made.customer, AddressData(kind="service", street="Calle 2", city="Cali", region="76",
                                                   extra={"estrato": "1"}))
    db.session.flush()
    made.address_id = place.id
    db.session.commit()
    run()
    assert lines_of(made)[0].taxes == [EXEMPT]


def test_contracts_of_one_customer_in_one_invoice_bear_their_own(isp, plan):
    db.session.scalars(sa.select(BillingProfile)).one().group_by = "customer"
    made = contract(plan, {"estrato": "6"})
    place = add_address(made.customer, AddressData(kind="service", street="Calle 2", city="Cali", region="76",
                                                   extra={"estrato": "3"}))
    db.session.flush()
    services.create_contract(ContractData(made.customer_id, plan.id, billing_from=NOVEMBER, address_id=place.id))
    db.session.commit()
    run()
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert [line.taxes for line in lines_of(made)] == [[TAXED], [EXCLUDED]]
    assert (invoice.net, invoice.untaxed, invoice.tax_total) == (D(50000), D(50000), D(9500))


# --- what is missing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [{}, {"estrato": ""}, {"estrato": "7"}, {"estrato": "tres"}, None])
def test_a_home_without_estrato_is_an_exception_and_nobody_else_is_hurt(isp, plan, extra):
    made, other = contract(plan, extra), contract(plan, {"estrato": "4"})
    found = billing.preview(isp, NOVEMBER)
    assert [(one["contract"], one["code"], one["cure"]) for one in found["exceptions"]] == [
        (made.number, "missing_estrato", "place")]
    assert made.number in found["exceptions"][0]["message"] and found["billed"] == 1
    assert estrato_iva()[:2] == (False, 1)
    run()
    assert lines_of(made) == [] and len(lines_of(other)) == 1


@pytest.mark.parametrize(("value", "extra"), [
    ("2", {"estrato": "2"}), ("business", {"uso": "comercial"})])
def test_the_estrato_is_written_down_where_it_is_asked_for(isp, plan, value, extra):
    made = contract(plan, {"divipola": "76001"})
    assert mending.cure_of("missing_estrato") == mending.PLACE
    mending.mend(made, NOVEMBER, mending.PLACE, {"place": value})
    db.session.flush()
    assert made.customer.addresses[0].extra == {"divipola": "76001", **extra}
    assert (made.customer.addresses[0].street, made.customer.addresses[0].kind) == ("Cra 1", "fiscal")
    assert mending.still_wrong(isp, NOVEMBER, made) is None


@pytest.mark.parametrize(("extra", "value"), [({}, "9"), ({}, ""), (None, "2")])
def test_a_cure_that_cannot_be_is_refused_beside_its_field(isp, plan, extra, value):
    with pytest.raises(DomainError) as caught:
        mending.mend(contract(plan, extra), NOVEMBER, mending.PLACE, {"place": value})
    assert caught.value.field == "place" and "estrato" in caught.value.message


# --- extras, settlements -------------------------------------------------------------------------------------


def test_a_recurring_extra_follows_the_place_and_a_charge_bears_the_general_rate(isp, plan):
    made = contract(plan, {"estrato": "1"})
    extras.add_item(made, "IP fija", D(10000), first_day=NOVEMBER)
    extras.add_charge(made, "Instalación", D(20000), first_month=NOVEMBER)
    db.session.commit()
    run()
    assert [line.taxes for line in lines_of(made)] == [[EXEMPT], [EXEMPT], [TAXED]]


def test_what_is_given_back_of_a_billed_month_bears_the_iva_of_its_place(isp, plan, frozen):
    made = contract(plan, {"estrato": "6"})
    run()
    frozen(2026, 11, 10, 15)
    services.change_plan(made, _cheaper(), dt.date(2026, 11, 16))
    db.session.commit()
    frozen(2026, 12, 1, 15)
    run(DECEMBER)
    found = lines_of(made, DECEMBER)
    assert len(found) > 1 and {str(line.taxes) for line in found} == {str([TAXED])}


def _cheaper() -> Plan:
    made = Plan(code="I50", name="Internet 50 Mb", taxes=estratos.BY_ESTRATO, speed_down_kbps=50_000,
                includes_tax=False, prices=[PlanPrice(valid_from=dt.date(2020, 1, 1), price=D("40000.00"))])
    db.session.add(made)
    db.session.flush()
    return made


# --- forms and words -----------------------------------------------------------------------------------------


def test_a_plan_is_offered_the_iva_by_estrato_only_in_colombia(isp):
    offered = dict(taxes.choices("CO"))
    (_taxes, label) = estratos.EstratoRule.choices[0]
    assert offered[taxes.value(estratos.BY_ESTRATO)] == str(label)
    assert all("estrato" not in value for country in ("AR", "EC", "MX", "PE") for value, _l in taxes.choices(country))
    assert taxes.text(estratos.BY_ESTRATO, "CO") == str(label)
    assert len(taxes.choices("CO", estratos.BY_ESTRATO)) == len(taxes.choices("CO"))


# --- speed -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_statements_of_a_chunk_do_not_depend_on_its_size(isp, plan):
    counts = {}
    for size, month in ((10, NOVEMBER), (600, DECEMBER)):
        ids = bulk.create_many([CustomerData(name=f"Abonado {one}", tax_id_kind="CC", tax_id="1020304050")
                                for one in range(size)])
        bulk.add_addresses([(key, AddressData(street="Cra 1", city="Cali", region="76", extra={
            "estrato": str(key % 6 + 1)})) for key in ids])
        from modules.contracts import bulk as contracts
        contracts.create_many([ContractData(key, plan.id, billing_from=dt.date(2026, 1, 1)) for key in ids])
        begun = billing.start_run(isp, month)
        db.session.flush()
        billing_run.plan_run(begun.id, 5000)
        chunk = db.session.scalars(sa.select(BillingChunk.id).where(BillingChunk.run_id == begun.id)).one()
        db.session.commit()
        counts[size] = statements(lambda chunk=chunk: billing_run.bill_chunk(chunk))
        db.session.commit()
    assert counts[600] <= counts[10] <= 40, counts


def test_that_the_place_decides_costs_no_statement(isp, plan):
    for one in range(1, 6):
        contract(plan, {"estrato": str(one)})
    context = billing_context.load(isp, NOVEMBER, NOVEMBER)
    with_place = statements(lambda: billing_read.candidates(context, 0, 10**9))
    context.placing = None
    assert with_place == statements(lambda: billing_read.candidates(context, 0, 10**9))
