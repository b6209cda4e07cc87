"""Billing a month: once whatever happens, compared with the month before, with exceptions that are cured and billed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import clock, jobs, scope
from core.db import db
from core.errors import DomainError
from core.models import Company, Job
from modules.contracts import approval, automatic, billing, billing_read, billing_run, bulk, drafting, extras, services
from modules.contracts.billing_status import exceptions, progress
from modules.contracts.drafts import ContractData
from modules.contracts.jobs import bill_automatically
from modules.contracts.models import (
    BilledPeriod,
    BillingChunk,
    BillingDraft,
    BillingException,
    BillingRun,
    Contract,
    ExchangeRate,
    PlanPrice,
)
from modules.contracts.ports import Problem, billing_checks
from modules.crm import bulk as customers
from modules.crm import services as crm
from modules.crm.services import CustomerData
from tests.modules.contracts.situations import (
    DECEMBER,
    NOVEMBER,
    VAT,
    day,
    invoice_of,
    invoices,
    lines,
    run_billing_jobs,
    statements,
)


def periods():
    return db.session.scalar(sa.select(sa.func.count()).select_from(BilledPeriod))


def planned(company, month=NOVEMBER, size=1000):
    """A run that is divided into chunks and waits."""
    run = billing.start_run(company, month)
    billing_run.plan_run(run.id, size)
    db.session.commit()
    return run, list(db.session.scalars(sa.select(BillingChunk.id).where(BillingChunk.run_id == run.id)
                                        .order_by(BillingChunk.position)))


# --- once ----------------------------------------------------------------------------------------------


def test_a_month_is_billed_once_whatever_is_started_how_often(make_contract, bill):
    contracts = [make_contract(name) for name in ("Ana", "Beto", "Carla")]
    first, second = bill(NOVEMBER), bill(NOVEMBER)
    assert (first.billed, first.already_billed, first.state) == (3, 0, "billed")
    assert (second.billed, second.already_billed) == (0, 3)
    assert invoices() == periods() == 3
    make_contract("Dora")
    assert bill(NOVEMBER).billed == 1
    assert [lines(one)[0][1] for one in contracts] == ["12100.00"] * 3


def test_a_second_start_finds_the_run_that_goes_on(make_contract, isp):
    make_contract()
    first = billing.start_run(isp, NOVEMBER)
    assert billing.start_run(isp, NOVEMBER) is first
    assert billing.start_run(isp, DECEMBER) is not first


def test_a_chunk_that_is_run_again_does_nothing(make_contract, isp):
    make_contract()
    run, (chunk,) = planned(isp)
    billing_run.bill_chunk(chunk)
    billing_run.bill_chunk(chunk)
    db.session.commit()
    assert (run.billed, run.chunks_done, invoices()) == (1, 1, 1)


def test_two_runs_over_the_same_customers_bill_each_once(make_contract, isp, profile):
    """The automatic run and the clerk's: the second looks anew when it meets what the first billed."""
    contracts = [make_contract(name) for name in ("Ana", "Beto")]
    clerk, (_chunk,) = planned(isp)
    context = billing_run.billing_context.load(isp, NOVEMBER, day(5))
    seen = drafting.decide(context, billing_read.candidates(context, 0, 10**9))
    billing.start_run(isp, NOVEMBER, automatic=True, filters={"profile_ids": [profile.id], "billing_day": 1})
    db.session.commit()
    run_billing_jobs()
    with pytest.raises(jobs.RetryLater):
        billing_run.write(context, clerk, seen)
    db.session.rollback()
    assert invoices() == periods() == len(contracts)


def test_every_contract_is_counted_in_exactly_one_way(make_contract, make_plan, isp, bill):
    make_contract("Ana")
    services.set_courtesy(make_contract("Beto"), day(1), None)
    make_contract("Carla", plan_id=_priceless(make_plan).id)
    services.end(make_contract("Dora"), day(31, 10))
    make_contract("Eva", billing_from=dt.date(2027, 1, 1))
    db.session.commit()
    result = billing.preview(isp, NOVEMBER)
    assert (result["contracts"], result["billed"], result["exceptions_count"]) == (4, 1, 1)
    assert result["skipped"] == [{"reason": "courtesy", "count": 1}, {"reason": "not_started", "count": 1}]
    run = bill(NOVEMBER)
    assert (run.contracts, run.billed, run.excepted) == (4, 1, 1)


def _priceless(make_plan):
    plan = make_plan("NEW")
    plan.prices[0].valid_from = dt.date(2030, 1, 1)
    db.session.flush()
    return plan


# --- preview and comparison -------------------------------------------------------------------------------


def test_the_preview_writes_nothing_and_says_what_the_run_does(make_contract, isp, bill):
    make_contract("Ana")
    extras.add_charge(make_contract("Beto"), "Antenna", Decimal("100"), instalments=3)
    db.session.commit()
    preview = billing.preview(isp, NOVEMBER)
    assert invoices() == periods() == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BillingRun)) == 0
    result = billing.run_result(bill(NOVEMBER))
    same = ("company", "period", "contracts", "billed", "already_billed", "skipped", "exceptions", "totals", "compared",
            "invoices")
    assert {name: preview[name] for name in same} == {name: result[name] for name in same}
    assert preview["totals"] == [{"currency": "ARS", "net": "20027.55", "tax": "4205.79", "total": "24233.34"}]


def test_the_month_before_is_compared_customer_by_customer(make_contract, make_plan, isp, bill):
    stays, dearer = make_contract("Queda"), make_contract("Sube")
    goes = make_contract("Se va")
    bill(NOVEMBER)
    services.end(goes, day(30))
    services.change_plan(dearer, make_plan("H100", "24200"), DECEMBER)
    new = make_contract("Nueva")
    db.session.commit()
    compared = billing.preview(isp, DECEMBER)["compared"]
    assert (compared["period"], compared["total"]) == ("2026-11", "36300.00")
    assert (compared["new"], compared["gone"], compared["dearer"], compared["cheaper"]) == (1, 1, 1, 0)
    assert compared["changed"] == [{"customer": dearer.customer.code, "customer_id": dearer.customer_id,
                                    "name": "Sube", "before": "12100.00", "after": "24200.00"}]
    assert [one["name"] for one in compared["new_customers"]] == ["Nueva"]
    assert [one["name"] for one in compared["gone_customers"]] == ["Se va"]
    bill(DECEMBER)
    assert billing.status(isp, DECEMBER)["compared"] == compared
    assert stays.number and new.number


# --- exceptions ------------------------------------------------------------------------------------------


def test_who_cannot_be_billed_is_corrected_and_billed_by_the_next_run(make_contract, make_plan, isp, bill):
    plan = _priceless(make_plan)
    contract, fine = make_contract("Ana", plan_id=plan.id), make_contract("Beto")
    run = bill(NOVEMBER)
    assert (run.billed, run.excepted) == (1, 1)
    (found,) = exceptions(isp, NOVEMBER)
    assert (found["contract"], found["code"], found["cure"]) == (contract.number, "no_plan_price", "plan")
    assert "Plan NEW" in found["message"] and "01/11/2026" in found["message"]
    plan.prices.append(PlanPrice(valid_from=day(1), price=Decimal("5000")))
    db.session.commit()
    run = bill(NOVEMBER)
    assert (run.billed, run.already_billed, run.excepted) == (1, 1, 0) and exceptions(isp, NOVEMBER) == []
    assert lines(contract)[0][1] == "5000.00" and invoice_of(fine)


def test_a_plan_in_dollars_needs_an_exchange_rate_and_is_then_invoiced_in_it(make_contract, make_plan, isp, bill):
    contract = make_contract(plan_id=make_plan("USD", "20", currency="USD").id)
    assert bill(NOVEMBER).excepted == 1 and exceptions(isp, NOVEMBER)[0]["cure"] == "rate"
    db.session.add_all([ExchangeRate(currency="USD", day=day(2), rate=Decimal("1450.5")),
                        ExchangeRate(currency="USD", day=day(6), rate=Decimal("9999"))])
    db.session.commit()
    assert bill(NOVEMBER).billed == 1
    invoice = invoice_of(contract)
    assert (invoice.currency, invoice.total, invoice.exchange_rate) == ("USD", Decimal(20), Decimal("1450.5"))


def test_a_country_may_look_at_each_invoice_before_it_is_issued(make_contract, isp, bill, monkeypatch):
    class Check:
        def check(self, company, customer, draft, totals):
            return None if customer.tax_id else Problem("missing_tax_id", f"To bill {customer.name} ...")

    monkeypatch.setattr(billing_checks, "find", lambda country: Check() if country == "AR" else None)
    contract, fine = make_contract("Ana"), make_contract("Beto")
    crm.update_customer(fine.customer, tax_id="23456781")
    db.session.commit()
    assert bill(NOVEMBER).billed == 1
    (found,) = exceptions(isp, NOVEMBER)
    assert (found["contract"], found["code"], found["customer_id"]) == (
        contract.number, "missing_tax_id", contract.customer_id)


def test_what_the_database_refuses_stands_alone_and_stops_nobody_else(make_contract, isp, bill, monkeypatch):
    contracts = [make_contract(f"Cliente {number}") for number in range(9)]
    bad, real = contracts[4], billing_run.issue_many
    sizes = []

    def refusing(company, drafts, totals):
        sizes.append(len(drafts))
        ids = real(company, drafts, totals)
        if any(draft.customer_id == bad.customer_id for draft in drafts):
            db.session.execute(sa.text("INSERT INTO contracts_billing_chunk (id) VALUES (NULL)"))
        return ids

    monkeypatch.setattr(billing_run, "issue_many", refusing)
    run = bill(NOVEMBER)
    assert (run.billed, run.excepted, invoices()) == (8, 1, 8)
    assert sizes[0] == 9 and 1 in sizes and len(sizes) <= 9
    (found,) = exceptions(isp, NOVEMBER)
    assert (found["contract"], found["code"]) == (bad.number, "refused_by_database")
    monkeypatch.setattr(billing_run, "issue_many", real)
    assert bill(NOVEMBER).billed == 1 and exceptions(isp, NOVEMBER) == []


def test_a_fault_that_is_not_the_rows_is_not_blamed_on_them(make_contract, isp, monkeypatch):
    make_contract()
    _run, (chunk,) = planned(isp)

    def broken(*_arguments):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(billing_run, "issue_many", broken)
    with pytest.raises(RuntimeError):
        billing_run.bill_chunk(chunk)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BillingException)) == 0


# --- chunks ----------------------------------------------------------------------------------------------


def test_the_statements_of_a_chunk_do_not_depend_on_its_size(isp, plan, make_contract):
    counts = {}
    for size in (10, 1000):
        _fill(plan, size)
        _run, chunks = planned(isp, NOVEMBER if size == 10 else DECEMBER, size=5000)
        assert len(chunks) == 1
        counts[size] = statements(lambda chunk=chunks[0]: billing_run.bill_chunk(chunk))
        db.session.commit()
    assert counts[1000] <= counts[10] <= 45, counts


def _fill(plan, count):
    """So many subscribers, every third with something beside the plan."""
    ids = customers.create_many([CustomerData(name=f"Cliente {number}", tax_condition="CF") for number in range(count)])
    made = bulk.create_many([ContractData(key, plan.id, billing_from=dt.date(2026, 1, 1)) for key in ids])
    for contract in db.session.scalars(sa.select(Contract).where(Contract.id.in_(made[::100]))):
        extras.add_item(contract, "Fixed IP", Decimal("1000"), first_day=dt.date(2026, 1, 1), taxes=VAT)
        extras.add_charge(contract, "Antenna", Decimal("300"), instalments=3)
        extras.add_discount(contract, "Friend", percent=Decimal(10))
    db.session.commit()


def test_many_small_chunks_bill_as_one_large_one(make_contract, isp):
    for number in range(7):
        customer = make_contract(f"Cliente {number}").customer
        if number % 2:
            make_contract(customer=customer)
    run, chunks = planned(isp, size=2)
    assert len(chunks) > 3
    for chunk in reversed(chunks):
        billing_run.bill_chunk(chunk)
        db.session.commit()
    db.session.refresh(run)
    assert (run.state, run.billed, run.chunks_done) == ("billed", 10, len(chunks)) and invoices() == 10


def test_a_run_that_was_given_up_goes_on_where_it_stopped(make_contract, isp, bill):
    make_contract()
    run, (chunk,) = planned(isp)
    db.session.execute(sa.update(Job).where(Job.key == f"contracts.bill_chunk:{chunk}").values(state="failed"))
    db.session.commit()
    assert run_billing_jobs() == 1  # the plan's job, which has nothing left to do
    assert db.session.get(BillingRun, run.id).state == "running"
    again = bill(NOVEMBER)
    assert (again.id, again.state, again.billed) == (run.id, "billed", 1)


def test_nobody_to_bill_is_a_run_that_is_done(isp, bill):
    run = bill(NOVEMBER)
    assert (run.state, run.billed, run.planned) == ("billed", 0, 0) and run.finished_at


# --- one invoice for several contracts, arrears, first periods -----------------------------------------------


def test_a_customer_with_two_contracts_gets_one_invoice_where_the_profile_groups(make_contract, profile, bill):
    profile.group_by = "customer"
    first = make_contract("Ana")
    second = make_contract(customer=first.customer)
    run = bill(NOVEMBER)
    assert (run.billed, run.invoices) == (2, 1)
    assert invoice_of(first) is invoice_of(second) and len(lines(first)) == 2
    totals = db.session.scalars(sa.select(BilledPeriod.total)).all()
    assert sum(totals) == invoice_of(first).total == Decimal(24200)


def test_in_arrears_the_month_that_ended_is_billed(make_contract, bill):
    contract = make_contract(in_advance=False, billing_from=day(16, 10))
    bill(NOVEMBER)
    invoice = invoice_of(contract)
    assert (invoice.service_from, invoice.service_to) == (day(16, 10), day(31, 10))
    assert lines(contract)[0][1] == "6245.16"


def test_who_begins_after_the_month_was_billed_pays_it_with_the_next(make_contract, bill, frozen):
    make_contract("Vieja")
    bill(NOVEMBER)
    frozen(2026, 11, 20, 15)
    late = make_contract("Nueva", billing_from=day(21))
    bill(DECEMBER)
    assert [total for _text, total in lines(late, DECEMBER)] == ["4033.33", "12100.00"]
    assert bill(NOVEMBER).billed == 0


# --- drafts ----------------------------------------------------------------------------------------------


def test_drafts_wait_for_approval_and_are_issued_exactly_as_they_were(make_contract, profile, bill, isp):
    profile.needs_approval = True
    extras.add_charge(make_contract("Ana"), "Antenna", Decimal("300"), instalments=3)
    make_contract("Beto")
    db.session.commit()
    run_id = bill(NOVEMBER).id
    found = db.session.execute(sa.select(BillingDraft.id, BillingDraft.total).order_by(BillingDraft.id)).all()
    said = [draft.total for draft in found]

    def decide(ids=None):
        """Approve in a request of its own, then let the job issue; (invoices, drafts that wait)."""
        approval.approve(db.session.get(BillingRun, run_id), ids)
        db.session.commit()
        run_billing_jobs()
        company = db.session.get(Company, scope.current_company_id())
        return invoices(), billing.status(company, NOVEMBER)["drafts_waiting"]

    assert (invoices(), billing.status(isp, NOVEMBER)["drafts_waiting"]) == (0, 2)
    assert decide([found[0].id]) == (1, 1)
    assert decide() == (2, 0)
    run = db.session.get(BillingRun, run_id)
    assert (run.billed, run.drafts, run.invoices) == (2, 2, 2)
    issued = db.session.scalars(sa.select(BilledPeriod).order_by(BilledPeriod.id)).all()
    assert [one.invoice_id is not None and one.draft_id is None for one in issued] == [True, True]
    assert [one.total for one in issued] == said


def test_drafts_that_are_undone_count_as_not_billed(make_contract, profile, bill):
    profile.needs_approval = True
    contract = make_contract()
    extras.add_charge(contract, "Antenna", Decimal("300"), instalments=3)
    db.session.commit()
    run = bill(NOVEMBER)
    assert approval.undo(run) == 1 and periods() == 0
    with pytest.raises(DomainError, match="no draft"):
        approval.undo(run)
    profile.needs_approval = False
    db.session.commit()
    assert bill(NOVEMBER).billed == 1
    assert lines(contract)[1] == ("Antenna, instalment 1 of 3", "100.00")


# --- by itself ---------------------------------------------------------------------------------------------


@pytest.fixture
def by_itself(profile, make_contract):
    profile.automatic, profile.billing_day, profile.run_hour = True, 5, 6
    made = make_contract("Ana"), make_contract("Beto", billing_day=20)
    db.session.commit()
    return made


def due(isp, moment):
    return [(one.day, one.billing_day) for one in automatic.due(isp, clock.local(moment, isp))]


def test_the_scheduler_bills_on_the_profiles_day_and_hour_and_only_once(isp, by_itself, frozen):
    first, other_day = by_itself
    frozen(2026, 11, 5, 8, 59)  # 5:59 in Argentina
    bill_automatically()
    assert run_billing_jobs() == 0
    for minute in (1, 2):
        frozen(2026, 11, 5, 9, minute)
        bill_automatically()
        db.session.commit()
        run_billing_jobs()
    runs = db.session.scalars(sa.select(BillingRun)).all()
    assert [(run.automatic, run.billed, run.contracts) for run in runs] == [(True, 1, 1)]
    assert invoice_of(first) and periods() == 1
    frozen(2026, 11, 20, 12)
    bill_automatically()
    db.session.commit()
    run_billing_jobs()
    assert invoice_of(other_day) and periods() == 2


def test_a_day_that_the_machine_was_off_is_made_up_for(isp, by_itself, frozen):
    assert due(isp, frozen(2026, 11, 7, 3)) == [(day(5), 5)]
    assert due(isp, frozen(2026, 11, 8, 3)) == [(day(5), 5)]
    assert due(isp, frozen(2026, 11, 9, 12)) == []


def test_a_profile_that_is_not_automatic_is_left_to_the_clerk(isp, by_itself, profile, frozen):
    profile.automatic = False
    db.session.flush()
    assert due(isp, frozen(2026, 11, 5, 15)) == []


def test_counting_the_notices_of_a_month_does_not_compare_each_with_each(isp, make_contract, bill) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite has no hash join")
    make_contract()
    bill()
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if "count(notifications_message.id)" in statement:
            sent.append((statement, parameters))

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        progress(isp, NOVEMBER)
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
    ((statement, parameters),) = sent
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert any("LIST SUBQUERY" in row[3] for row in plan), plan
