"""Issuing: booked, balanced, paid by what was in favour, and always with the same few statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs
from core.db import db
from core.errors import DomainError
from core.models import Company, Job
from core.scope import company_scope
from modules.accounting import allocations, charts, ledger, queries, services
from modules.accounting.bulk import issue_many
from modules.accounting.errors import NoAccount, NothingToIssue, NotPossible, PeriodLocked
from modules.accounting.models import (
    Account,
    AccountRole,
    Allocation,
    CashAccount,
    Entry,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Posting,
)
from modules.accounting.payments import Medium, PaymentData, record_payment
from modules.accounting.seed import seed
from modules.crm.models import Customer
from tests.modules.accounting.books import (
    DAY,
    EXEMPT,
    VAT105,
    draft,
    findings,
    gross,
    issue,
    line,
    open_of,
    pay,
    statements,
)


def booked(invoice: Invoice, kind: str = "issue") -> dict[str, str]:
    """Role of the account -> amount."""
    roles = {row.account_id: row.role for row in db.session.scalars(sa.select(AccountRole))}
    rows = db.session.execute(sa.select(Posting.account_id, Posting.amount).join(Entry, Entry.id == Posting.entry_id)
                              .where(Entry.invoice_id == invoice.id, Entry.kind == kind))
    return {roles.get(row.account_id, str(row.account_id)): f"{row.amount:.2f}" for row in rows}


def test_an_invoice_is_booked_against_income_and_tax(customer: Customer) -> None:
    invoice = issue(customer)
    assert booked(invoice) == {"receivable": "12100.00", "income": "-10000.00", "vat_payable": "-2100.00"}
    assert (queries.balance(customer.id), queries.balances([customer.id])[customer.id]) == (Decimal("12100"),) * 2
    assert (invoice.state, invoice.legal_state, invoice.legal_number) == ("issued", "pending", "")
    assert findings() == {}


def test_a_credit_note_is_booked_the_other_way_round(customer: Customer) -> None:
    note = services.issue_invoice(draft(customer, gross("1210"), kind="credit_note", reason="Corte"))
    assert booked(note) == {"receivable": "-1210.00", "income": "1000.00", "vat_payable": "210.00"}
    assert queries.balance(customer.id) == Decimal("-1210")
    assert findings() == {}


def test_lines_may_have_accounts_of_their_own_and_several_rates(customer: Customer) -> None:
    own = Account(code="4.1.02", name="Venta de equipos", kind="income")
    db.session.add(own)
    db.session.flush()
    perception = {"code": "IIBB", "description": "Percepción IIBB", "base": "10400", "rate": "3", "amount": "312.00"}
    invoice = services.issue_invoice(draft(
        customer, line("10000"), line("300", "Router", taxes=VAT105, account_id=own.id), line("100", taxes=EXEMPT),
        document_taxes=(perception,)))
    assert booked(invoice) == {
        "receivable": "12843.50", "income": "-10100.00", str(own.id): "-300.00", "vat_payable": "-31.50",
        "other_taxes_payable": "-312.00"} | {"vat_payable": booked(invoice)["vat_payable"]}
    vat = db.session.scalar(sa.select(sa.func.sum(Posting.amount)).join(Entry, Entry.id == Posting.entry_id)
                            .where(Posting.account_id == ledger.Accounts()["vat_payable"]))
    assert vat == Decimal("-2131.50")
    assert (invoice.net, invoice.exempt, invoice.tax_total) == (Decimal("10300"), Decimal("100"), Decimal("2443.50"))
    assert findings() == {}


def test_withheld_taxes_are_what_the_state_owes_us(customer: Customer) -> None:
    taxes = ({"code": "VAT", "rate": "21"}, {"code": "RET", "rate": "2", "withheld": True})
    invoice = services.issue_invoice(draft(customer, line("1000", taxes=taxes)))
    assert booked(invoice) == {"receivable": "1190.00", "income": "-1000.00", "vat_payable": "-210.00",
                               "withholdings": "20.00"}
    assert findings() == {}


def test_what_was_in_favour_pays_the_next_invoice_the_oldest_first(customer: Customer) -> None:
    late = pay(customer, "500")
    early = pay(customer, "300", paid_on=dt.date(2026, 10, 1))
    note = services.issue_invoice(draft(customer, gross("200"), kind="credit_note", issue_date=dt.date(2026, 10, 15)))
    invoice = issue(customer, "600")
    assert open_of(early, note, late, invoice) == ["0.00", "0.00", "400.00", "0.00"]
    following = issue(customer, "1000")
    assert open_of(late, following) == ["0.00", "600.00"]
    assert queries.balance(customer.id) == Decimal("600")
    assert queries.in_favour(customer.id) == 0
    assert findings() == {}


def test_credit_stays_where_the_company_wants_it_to(customer: Customer) -> None:
    ledger.policy().apply_credit = False
    payment, invoice = pay(customer, "500"), issue(customer, "600")
    assert open_of(payment, invoice) == ["500.00", "600.00"]
    made = allocations.use_credit(customer.id, "ARS")
    assert [one.amount for one in made] == [Decimal("500")]
    assert open_of(payment, invoice) == ["0.00", "100.00"]
    with pytest.raises(NotPossible, match="nada a favor"):
        allocations.use_credit(customer.id, "ARS")
    assert findings() == {}


def test_credit_of_one_customer_pays_nothing_of_another(make_customer: Callable[..., Customer]) -> None:
    one, other = make_customer(), make_customer()
    payment = pay(one, "500")
    invoices = issue_many(db.session.get_one(Company, one.company_id), [draft(other, gross("600")),
                                                                        draft(one, gross("200"))])
    theirs, own = (db.session.get_one(Invoice, key) for key in invoices)
    assert open_of(payment, theirs, own) == ["300.00", "600.00", "0.00"]


def test_two_invoices_of_one_batch_share_the_credit(company: Company, customer: Customer) -> None:
    payment = pay(customer, "500")
    keys = issue_many(company, [draft(customer, gross("300")), draft(customer, gross("300"))])
    first, second = (db.session.get_one(Invoice, key) for key in keys)
    assert open_of(payment, first, second) == ["0.00", "0.00", "100.00"]
    assert findings() == {}


def test_each_currency_has_its_own_balance(company: Company, customer: Customer) -> None:
    pay(customer, "500")
    dollars = issue(customer, "121", currency="USD", exchange_rate=Decimal("1450.5"))
    assert open_of(dollars) == ["121.00"]
    assert queries.currencies(customer.id) == [("ARS", Decimal("-500")), ("USD", Decimal("121"))]
    assert queries.balance(customer.id, "USD") == Decimal("121")
    assert queries.in_favour(customer.id) == Decimal("500")
    assert findings() == {}


def test_the_number_of_statements_does_not_grow(company: Company, make_customer: Callable[..., Customer]) -> None:
    people = [make_customer() for _number in range(30)]
    for person in people:
        pay(person, "100")
    issue_many(company, [draft(people[0])])  # what is read once per process

    def count(drafts: list[Any]) -> int:
        with statements() as seen:
            issue_many(company, drafts)
        return len(seen)

    few = count([draft(person) for person in people[:10]])
    many = count([draft(people[number % 30]) for number in range(1000)])
    assert many <= few <= 25
    assert findings() == {}


def test_a_batch_tells_all_its_documents_at_once(company: Company, customer: Customer) -> None:
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Job))
    keys = issue_many(company, [draft(customer) for _number in range(20)])
    fresh = db.session.scalars(sa.select(Job).order_by(Job.id)).all()[before:]
    assert [job.payload["invoice_ids"] for job in fresh] == [keys] * len(jobs.hearers(_issued()))


def _issued() -> type:
    from modules.accounting.events import InvoicesIssued

    return InvoicesIssued


@pytest.mark.parametrize("lines", [(), (line("0"),), (line("100"), line("-100")), (line("-5"),)])
def test_what_adds_up_to_nothing_is_not_issued(customer: Customer, lines: Any) -> None:
    wanted = draft(customer, line("1")).__class__(customer_id=customer.id, issue_date=DAY, lines=tuple(lines))
    with pytest.raises(NothingToIssue):
        services.issue_invoice(wanted)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 0
    assert findings() == {}


def test_the_same_form_issues_once(customer: Customer) -> None:
    first = issue(customer, form_key="k1")
    assert issue(customer, form_key="k1").id == first.id
    assert queries.balance(customer.id) == Decimal("12100")


def test_the_same_form_with_other_contents_is_refused(customer: Customer) -> None:
    issue(customer, form_key="k1")
    with pytest.raises(NotPossible) as refused:
        issue(customer, "99", form_key="k1")
    assert refused.value.code == "issued_differently"


def test_a_batch_with_one_key_taken_leaves_nothing_behind(company: Company, customer: Customer,
                                                         own_numbers: None) -> None:
    issue(customer, form_key="k1")
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        issue_many(company, [draft(customer, form_key="k0"), draft(customer, form_key="k1")])
    assert issue(customer).legal_number == "00000002"
    assert findings() == {}


def test_own_numbers_run_by_kind_without_a_gap(company: Company, customer: Customer, own_numbers: None) -> None:
    keys = issue_many(company, [draft(customer), draft(customer, kind="credit_note"), draft(customer)])
    rows = [db.session.get_one(Invoice, key) for key in keys]
    assert [row.legal_number for row in rows] == ["00000001", "00000001", "00000002"]
    assert [str(row) for row in rows] == ["Factura 00000001", "Nota de crédito 00000001", "Factura 00000002"]
    assert findings() == {}


def test_without_an_account_for_it_nothing_is_issued(customer: Customer) -> None:
    db.session.execute(sa.delete(AccountRole).where(AccountRole.role == "income"))
    with pytest.raises(NoAccount, match="income"):
        issue(customer)


def test_a_snapshot_keeps_what_is_printed(customer: Customer) -> None:
    invoice = issue(customer, extra={"plan": "Hogar 100"})
    customer.name = "Otro nombre"
    db.session.flush()
    assert invoice.snapshot["customer"]["name"] == "María Ñandú Güemes"
    assert invoice.snapshot["customer"]["address"]["region_name"] == "Córdoba"
    assert invoice.snapshot["issuer"]["tax_id"] == "30990000103"
    assert invoice.snapshot["extra"]["plan"] == "Hogar 100"


# --- annulling ------------------------------------------------------------------------------------------


def test_an_annulled_document_gives_its_payments_back(customer: Customer, own_numbers: None) -> None:
    invoice = issue(customer, "1000")
    payment = pay(customer, "400")
    services.cancel_invoice(invoice, "Duplicada")
    assert (invoice.state, invoice.cancel_reason, invoice.cancelled_on) == ("cancelled", "Duplicada", DAY)
    assert open_of(invoice, payment) == ["0.00", "400.00"]
    assert booked(invoice, "cancel")["receivable"] == "-1000.00"
    assert queries.balance(customer.id) == Decimal("-400")
    assert findings() == {}


def test_what_an_annulled_document_gives_back_pays_the_next_one_open(customer: Customer, own_numbers: None) -> None:
    wrong = issue(customer, "1000")
    payment = pay(customer, "1000")
    right = issue(customer, "700")
    services.cancel_invoice(wrong, "Duplicada")
    assert open_of(payment, right) == ["300.00", "0.00"]
    assert findings() == {}


def test_an_annulled_credit_note_takes_back_what_it_paid(customer: Customer, own_numbers: None) -> None:
    invoice = issue(customer, "1000")
    note = services.issue_invoice(draft(customer, gross("600"), kind="credit_note"))
    allocations.use_credit(customer.id, "ARS")
    assert open_of(invoice, note) == ["400.00", "0.00"]
    services.cancel_invoice(note, "Error")
    assert open_of(invoice, note) == ["1000.00", "0.00"]
    assert findings() == {}


@pytest.mark.parametrize("state", ["pending", "authorized", "unknown"])
def test_what_the_authority_has_or_may_have_is_not_annulled(customer: Customer, state: str) -> None:
    invoice = issue(customer)
    if state != "pending":
        services.record_legal_results([services.LegalResult(invoice.id, state, "B 0003-00000001")])
    with pytest.raises(NotPossible, match="nota de crédito"):
        services.cancel_invoice(invoice, "No")
    assert queries.balance(customer.id) == Decimal("12100")


def test_a_refused_document_is_annulled_for_good(customer: Customer) -> None:
    invoice = issue(customer)
    services.record_legal_results([services.LegalResult(invoice.id, "rejected")])
    services.cancel_invoice(invoice, "Cliente equivocado")
    db.session.refresh(invoice)
    assert (invoice.state, invoice.legal_state) == ("cancelled", "cancelled")
    services.record_legal_results([services.LegalResult(invoice.id, "authorized", "B 0003-00000001")])
    db.session.refresh(invoice)
    assert invoice.legal_state == "cancelled"
    with pytest.raises(NotPossible, match="ya"):
        services.cancel_invoice(invoice, "Otra vez")
    assert findings() == {}


def test_annulling_needs_a_reason(customer: Customer, own_numbers: None) -> None:
    with pytest.raises(DomainError) as refused:
        services.cancel_invoice(issue(customer), "  ")
    assert refused.value.field == "reason"


# --- the authority --------------------------------------------------------------------------------------


def test_results_of_the_authority_are_recorded_once(customer: Customer) -> None:
    from modules.accounting.events import InvoiceReady

    first, second = issue(customer), issue(customer)
    said = [services.LegalResult(first.id, "authorized", "B 0003-00000001"),
            services.LegalResult(second.id, "rejected")]
    db.session.commit()
    jobs.run_jobs()
    for _time in range(2):
        services.record_legal_results(said)
    assert (first.legal_state, first.legal_number) == ("authorized", "B 0003-00000001")
    assert second.legal_state == "rejected"
    told = db.session.scalars(sa.select(Job).where(Job.function.in_(jobs.handlers[InvoiceReady]))).all()
    assert {tuple(job.payload["invoice_ids"]) for job in told} == {(first.id,)}
    assert len(told) == len(jobs.hearers(InvoiceReady))


def test_an_authorised_document_does_not_go_back_and_keeps_its_number(customer: Customer) -> None:
    invoice = issue(customer)
    services.record_legal_results([services.LegalResult(invoice.id, "authorized", "B 0003-00000001")])
    for state in ("unknown", "rejected", "pending"):
        services.record_legal_results([services.LegalResult(invoice.id, state)])
        assert (invoice.legal_state, invoice.legal_number) == ("authorized", "B 0003-00000001")
    services.record_legal_results([services.LegalResult(invoice.id, "cancelled")])
    assert (invoice.legal_state, invoice.legal_number) == ("cancelled", "B 0003-00000001")
    services.cancel_invoice(invoice, "Cancelada ante la autoridad")
    assert queries.balance(customer.id) == 0
    assert findings() == {}


def test_a_refused_document_is_sent_again_with_present_data(customer: Customer) -> None:
    invoice = issue(customer)
    services.record_legal_results([services.LegalResult(invoice.id, "rejected")])
    customer.name = "María Ñandú de Güemes"
    db.session.flush()
    services.refresh_snapshot(invoice)
    assert invoice.snapshot["customer"]["name"] == "María Ñandú de Güemes"
    services.record_legal_results([services.LegalResult(invoice.id, "pending")])
    services.record_legal_results([services.LegalResult(invoice.id, "authorized", "B 0003-00000001")])
    with pytest.raises(NotPossible):
        services.refresh_snapshot(invoice)


def test_many_results_take_the_same_statements(company: Company, customer: Customer) -> None:
    keys = issue_many(company, [draft(customer) for _number in range(210)])

    def record(part: list[int]) -> int:
        with statements() as seen:
            services.record_legal_results([services.LegalResult(key, "authorized", f"B 1-{key:08d}") for key in part])
        return len(seen)

    record(keys[:1])
    assert record(keys[10:]) <= record(keys[1:10])


# --- periods and charts ---------------------------------------------------------------------------------


def test_a_closed_period_takes_nothing(customer: Customer, make_user: Any) -> None:
    from core.scope import acting_as

    user = make_user()
    with acting_as(user.id):
        services.lock_period(dt.date(2026, 10, 31), "Enviado al contador")
    with pytest.raises(PeriodLocked, match=r"Ana.*31/10/2026.*Enviado al contador"):
        issue(customer, issue_date=dt.date(2026, 10, 31))
    with pytest.raises(PeriodLocked):
        pay(customer, "100", paid_on=dt.date(2026, 10, 5))
    issue(customer, issue_date=dt.date(2026, 11, 1))
    assert findings() == {}


def test_a_period_is_closed_only_when_it_is_over(company: Company) -> None:
    with pytest.raises(DomainError) as refused:
        services.lock_period(DAY)
    assert refused.value.field == "until"


def test_opening_a_period_needs_a_reason_and_leaves_a_trace(customer: Customer) -> None:
    from core.models import AuditRecord

    services.lock_period(dt.date(2026, 10, 31))
    with pytest.raises(DomainError) as refused:
        services.lock_period(dt.date(2026, 9, 30))
    assert refused.value.field == "reason"
    services.lock_period(None, "Faltaba una factura")
    issue(customer, issue_date=dt.date(2026, 10, 31))
    trace = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "accounting.open_period")).one()
    assert (trace.reason, trace.changes["locked_until"]) == ("Faltaba una factura", ["2026-10-31", None])
    assert findings() == {}


def test_a_correction_of_a_closed_period_is_booked_today(customer: Customer, own_numbers: None) -> None:
    invoice = issue(customer, issue_date=dt.date(2026, 10, 20))
    payment = pay(customer, "500", paid_on=dt.date(2026, 10, 21))
    services.lock_period(dt.date(2026, 10, 31))
    from modules.accounting.payments import reverse_payment

    reverse_payment(payment, "Cheque rechazado")
    services.cancel_invoice(invoice, "Duplicada")
    days = db.session.scalars(sa.select(Entry.date).where(Entry.kind.in_(("cancel", "reversal")))).all()
    assert list(days) == [DAY, DAY]
    assert findings() == {}


@pytest.mark.parametrize("country", sorted(charts.CHARTS))
def test_every_chart_plays_every_role_once(country: str) -> None:
    from modules.accounting.models.ledger import KINDS, ROLES

    chart = charts.CHARTS[country]
    assert sorted(role for *_rest, role in chart) == sorted(ROLES)
    assert len({code for code, *_rest in chart}) == len(chart)
    assert {kind for _code, _name, kind, _role in chart} <= set(KINDS)


def test_seeding_again_changes_nothing(company: Company) -> None:
    db.session.scalars(sa.select(CashAccount).where(CashAccount.is_default)).one().name = "Caja de Ana"
    db.session.flush()
    seed(company)
    assert sorted(db.session.scalars(sa.select(CashAccount.name))) == ["Banco", "Caja de Ana"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AccountRole)) == 11


def test_companies_do_not_see_each_other(company: Company, other_company: Company, customer: Customer) -> None:
    issue(customer)
    with company_scope(other_company):
        assert db.session.scalars(sa.select(Invoice)).all() == []
        assert queries.owed_in_all() == (0, Decimal("0.00"))
        with pytest.raises(DomainError):
            record_payment(PaymentData(customer.id, [Medium(Decimal(100))]))
    assert queries.owed_in_all() == (1, Decimal("12100.00"))


def test_lines_and_taxes_are_kept_as_they_were_issued(customer: Customer) -> None:
    invoice = services.issue_invoice(draft(customer, line("1000", quantity="2"), line("50.005", taxes=EXEMPT)))
    lines = db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).all()
    assert [(one.position, one.net, one.tax, one.total) for one in lines] == [
        (1, Decimal(2000), Decimal(420), Decimal(2420)), (2, Decimal("50.00"), Decimal(0), Decimal("50.00"))]
    taxes = db.session.scalars(sa.select(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id)).all()
    assert [(one.code, one.rate, one.base, one.amount) for one in taxes] == [("VAT", 21, Decimal(2000), Decimal(420))]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Allocation)) == 0
