"""A factura with detracción is paid in two parts: the rest to the company, the detracción at Banco de la Nación."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from core.models import Company
from core.scope import company_scope
from modules.accounting import documents as papers
from modules.accounting import figures, overdue, payments, queries, statements
from modules.accounting.models import Invoice, Payment
from modules.accounting.payments import Medium, PaymentData
from modules.arrears import reading
from modules.einvoice_pe import access, closing, desk, detractions
from modules.einvoice_pe.detractions import Deposit, DetractionsElsewhere, last_day
from modules.einvoice_pe.findings import LIMA
from modules.einvoice_pe.models import Detraction
from tests.modules.accounting.documents_sample import text
from tests.modules.einvoice_pe.cases import RUC
from tests.modules.einvoice_pe.conftest import customer

CONSTANCIA = "120447812"


def company_customer() -> Any:
    return customer("RUC", RUC, "Comercial Ejemplo S.A.C.")


@pytest.fixture
def factura(nubefact: Any, issue: Any, work: Any, run_jobs: Any) -> Invoice:
    """1,180.00 with 141.60 of detracción, accepted and delivered."""
    access.profile().detraction_account = "00123456789"
    (invoice,) = issue("1180.00", to=company_customer())
    work()
    run_jobs()
    db.session.refresh(invoice)
    return invoice


def row() -> Detraction:
    return db.session.scalars(sa.select(Detraction).execution_options(populate_existing=True)).one()


def today() -> dt.date:
    return clock.now().astimezone(LIMA).date()


def deposit(amount: str = "142.00", number: str = CONSTANCIA, day: dt.date | None = None) -> Payment:
    found = detractions.record(row(), Deposit(number, day or today(), Decimal(amount)))
    db.session.commit()
    return found


@pytest.mark.parametrize(("issued", "last"), [
    ("2026-04-01", "2026-05-08"),  # May 1 is a holiday
    ("2026-11-30", "2026-12-07"), ("2026-12-15", "2027-01-08")])
def test_until_when_it_is_to_be_deposited(issued: str, last: str) -> None:
    assert last_day(dt.date.fromisoformat(issued)) == dt.date.fromisoformat(last)


def test_it_is_written_down_once_the_factura_can_be_handed_over(factura: Invoice) -> None:
    found = row()
    assert (found.invoice_id, found.code, found.rate, found.amount, found.share) == (
        factura.id, "037", Decimal("12.00"), Decimal("141.60"), Decimal("141.60"))
    assert detractions.to_deposit(found) == Decimal(142)
    assert detractions.open_for([factura.id]) == 0


def test_a_boleta_and_a_small_factura_bear_none(nubefact: Any, issue: Any, work: Any, run_jobs: Any) -> None:
    issue("1180.00")
    issue("700.00", to=company_customer())
    work()
    run_jobs()
    assert db.session.scalar(sa.select(sa.func.count(Detraction.id))) == 0


def test_it_is_paid_in_two_parts(factura: Invoice) -> None:
    first = payments.record_payment(PaymentData(factura.customer_id, [Medium(Decimal("1038.00"), "transfer")]))
    db.session.refresh(factura)
    assert factura.open_amount == Decimal("142.00") and not row().is_deposited
    second = deposit()
    db.session.refresh(factura)
    assert (factura.open_amount, first.open_amount, second.open_amount) == (Decimal("0.00"),) * 3
    found = row()
    assert (found.is_deposited, found.constancia, found.deposited) == (True, CONSTANCIA, Decimal("142.00"))
    assert [(one.method, one.reference) for one in second.media] == [("detraccion", CONSTANCIA)]
    words = [statements.describe(one) for one in queries.statement(factura.customer_id)]
    assert any(f"Detracción {CONSTANCIA}" in one for one in words)


def test_the_detraccion_pays_its_own_factura_not_an_older_one(factura: Invoice, issue: Any) -> None:
    (older,) = issue("100.00", to=company_customer())
    db.session.execute(sa.update(Invoice).where(Invoice.id == older.id).values(due_date=today() - dt.timedelta(90)))
    deposit()
    db.session.refresh(factura)
    db.session.refresh(older)
    assert (factura.open_amount, older.open_amount) == (Decimal("1038.00"), Decimal("100.00"))


def test_the_same_constancia_twice_is_one_payment(factura: Invoice) -> None:
    assert deposit().id == deposit().id
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1
    with pytest.raises(DomainError, match=CONSTANCIA):
        deposit(number="999")


def test_a_constancia_of_another_factura_is_refused(factura: Invoice, issue: Any, work: Any, run_jobs: Any) -> None:
    deposit()
    (other,) = issue("2360.00", to=company_customer())
    work()
    run_jobs()
    second = detractions.of_invoice(other.id)
    assert second is not None
    with pytest.raises(DomainError):
        detractions.record(second, Deposit(CONSTANCIA, today(), Decimal("283.00")))


@pytest.mark.parametrize(("number", "amount", "field"), [
    ("", "142", "constancia"), ("12A", "142", "constancia"), ("١٢", "142", "constancia"),
    ("1" * 21, "142", "constancia"), ("12", "0", "amount"), ("12", "-1", "amount"), ("12", "141.605", "amount")])
def test_what_is_no_constancia_is_refused_beside_its_field(factura: Invoice, number: str, amount: str,
                                                           field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        deposit(amount, number)
    assert refusal.value.field == field and not row().constancia


def test_one_that_was_taken_back_can_be_recorded_anew(factura: Invoice) -> None:
    payments.reverse_payment(deposit(), "Era de otra factura")
    db.session.commit()
    assert not row().is_deposited
    again = deposit()
    assert row().payment_id == again.id and again.state == "recorded"


def test_nobody_is_in_arrears_with_it_before_its_own_day(factura: Invoice) -> None:
    part = DetractionsElsewhere().of([factura.id])[factura.id]
    assert (part.amount, part.until) == (Decimal("141.60"), last_day(today()))
    assert "142.00" in part.words
    deposit()
    assert DetractionsElsewhere().of([factura.id]) == {}


def pays_the_rest(factura: Invoice, amount: str = "1038.40") -> dt.date:
    """Of a factura whose day is three days before that of its detracción; that one is given."""
    last = row().due_date
    db.session.execute(sa.update(Invoice).where(Invoice.id == factura.id).values(due_date=last - dt.timedelta(3)))
    payments.record_payment(PaymentData(factura.customer_id, [Medium(Decimal(amount), "transfer")]))
    db.session.commit()
    return last


def noon(frozen: Any, day: dt.date) -> None:
    frozen(day.year, day.month, day.day, 17)


@pytest.mark.parametrize("paid", ["1038.40", "1038.00"])  # less the share, or less what the bank takes
def test_who_owes_nothing_but_the_detraccion_is_not_overdue(factura: Invoice, login: Any, frozen: Any,
                                                            paid: str) -> None:
    noon(frozen, pays_the_rest(factura, paid))
    assert queries.overdue(factura.customer_id) == (0, None)
    browser = login("accounting.view_documents", "crm.view_customers")
    number = db.session.get_one(Invoice, factura.id).legal_number
    assert number not in browser.get("/invoices?state=overdue").text
    for address in (f"/invoices/{factura.id}", "/invoices?state=open", f"/customers/{factura.customer_id}"
                    "?tab=account", f"/customers/{factura.customer_id}?tab=documents"):
        page = browser.get(address).text.partition("<main")[2]
        left = "pagado en parte" if "state=" in address else "quedan"
        assert number in page and left in page and "vencido desde" not in page, address
    assert "Venció sin pagarse" not in browser.get(f"/customers/{factura.customer_id}?tab=timeline").text
    assert number not in browser.get("/debtors?due=before_today").text


def test_who_lets_its_own_day_pass_is_overdue(factura: Invoice, login: Any, frozen: Any) -> None:
    last = pays_the_rest(factura)
    noon(frozen, last + dt.timedelta(1))
    assert queries.overdue(factura.customer_id) == (1, last)
    number = db.session.get_one(Invoice, factura.id).legal_number
    assert number in login("accounting.view_documents").get("/invoices?state=overdue").text


def test_what_is_overdue_is_compiled_once_for_all_companies_and_days(
        factura: Invoice, other_company: Company) -> None:
    """A list that is compiled for each page takes ten times as long; one kept for another company, or day, is wrong."""
    wanted = sa.select(Invoice.id, overdue.DUE_DAY).where(overdue.OVERDUE)
    assert wanted._generate_cache_key() is not None
    with company_scope(other_company):
        assert db.session.execute(wanted).all() == []
    last = pays_the_rest(factura)
    for days, found in ((0, []), (1, [(factura.id, last)]), (-1, []), (2, [(factura.id, last)])):
        with clock.freeze(dt.datetime.combine(last + dt.timedelta(days), dt.time(17), dt.UTC)):
            assert [tuple(one) for one in db.session.execute(wanted)] == found, days
    with company_scope(other_company):
        assert db.session.execute(wanted).all() == []


def test_it_is_as_old_as_its_own_day_says(factura: Invoice, login: Any, frozen: Any, peru: Any) -> None:
    """Forty days after the day of the factura, one after its own: a day late, not forty."""
    last = row().due_date
    db.session.execute(sa.update(Invoice).where(Invoice.id == factura.id).values(due_date=last - dt.timedelta(40)))
    db.session.commit()

    def ages() -> list[str]:
        return [f"{amount:.2f}" for amount in figures._open_by_age(peru, clock.today(peru))]

    noon(frozen, last)
    assert ages() == ["141.60", "0.00", "1038.40", "0.00", "0.00"]
    noon(frozen, last + dt.timedelta(1))
    assert ages() == ["0.00", "141.60", "1038.40", "0.00", "0.00"]
    assert debt_of(factura).due == last - dt.timedelta(40)
    payments.record_payment(PaymentData(factura.customer_id, [Medium(Decimal("1038.40"), "transfer")]))
    db.session.commit()
    assert ages() == ["0.00", "141.60", "0.00", "0.00", "0.00"]
    assert (debt_of(factura).due, debt_of(factura).amount) == (last, Decimal("141.60"))
    browser = login("accounting.view_documents", "crm.view_customers")
    number = f"/customers/{factura.customer_id}"
    day = last - dt.timedelta(40)
    assert number not in browser.get(f"/debtors?due_from={day}&due_to={day}").text
    found = browser.get(f"/debtors?due_from={last}&due_to={last}").text
    assert number in found and f"{last:%d/%m/%Y}" in found


def debt_of(factura: Invoice) -> Any:
    """As the rules of arrears see it."""
    known = reading.context()
    (debt,) = reading._debts(known, [factura.customer_id], clock.today())[factura.customer_id]
    return debt


def test_who_owes_more_than_the_detraccion_is_overdue(factura: Invoice, frozen: Any) -> None:
    noon(frozen, pays_the_rest(factura, "1037.00"))
    assert queries.overdue(factura.customer_id)[0] == 1


def test_a_factura_in_dollars_is_detracted_in_soles(nubefact: Any, peru: Any, work: Any, run_jobs: Any) -> None:
    from modules.accounting.drafts import DraftLine, InvoiceDraft
    from modules.accounting.models import Account, CashAccount
    from modules.accounting.services import issue_invoice
    from modules.einvoice import services
    from tests.modules.einvoice_pe.conftest import VAT

    account = db.session.scalars(sa.select(CashAccount).limit(1)).one()
    db.session.add(CashAccount(name="Dólares", currency="USD", kind=account.kind, account_id=db.session.scalar(
        sa.select(Account.id).where(Account.id != account.account_id).limit(1))))
    line = DraftLine("Internet", Decimal(1), Decimal("1000.00"), taxes=VAT)
    invoice = issue_invoice(InvoiceDraft(company_customer().id, today(), (line,), currency="USD",
                                         exchange_rate=Decimal("3.75"), due_date=today() + dt.timedelta(20)))
    services.open_documents([invoice.id])
    db.session.commit()
    work()
    run_jobs()
    found = row()
    assert (found.amount, found.share) == (Decimal("531.00"), Decimal("141.60"))
    held = next(one.id for one in detractions.cash_accounts("USD"))
    payment = detractions.record(found, Deposit("77", today(), Decimal("531.00"), held))
    assert (payment.currency, payment.amount) == ("USD", Decimal("141.60")) and "531.00" in payment.notes


# --- where it is shown -----------------------------------------------------------------------------------


def test_the_paper_and_the_notice_say_how_both_parts_are_paid(factura: Invoice) -> None:
    found = " ".join(text(papers.preview(factura)).split())
    for words in ("detracción", "S/ 142.00", "00123456789", "1,038.40"):
        assert words in found, f"{words!r} is missing in:\n{found}"
    assert "00123456789" in papers.ways_to_pay([factura])[factura.id]


def test_the_desk_shows_it_beside_the_document(factura: Invoice, login: Any) -> None:
    browser = login("accounting.record_payments", "accounting.view_documents")
    page = browser.get(f"/payments/new?customer={factura.customer_id}").text
    assert "S/ 142.00" in page
    page = browser.get(f"/invoices/{factura.id}").text
    assert f"/einvoice-pe/detracciones/{row().id}" in page


def test_its_constancia_is_recorded_on_its_page(factura: Invoice, login: Any) -> None:
    browser = login("accounting.record_payments", "accounting.view_documents")
    url = f"/einvoice-pe/detracciones/{row().id}"
    assert 'value="142"' in browser.get(url).text
    account = detractions.cash_accounts("PEN")[0].id
    typed = {"constancia": "12 A", "deposited_on": today().isoformat(), "amount": "142", "cash_account_id": account}
    answer = browser.post(url, data=typed)
    assert answer.status_code == 422 and 'value="12 A"' in answer.text
    assert browser.post(url, data=typed | {"constancia": CONSTANCIA}).status_code == 302
    assert row().constancia == CONSTANCIA
    assert CONSTANCIA in browser.get("/einvoice-pe/detracciones?state=deposited").text
    assert "F001-00000001" not in browser.get("/einvoice-pe/detracciones?state=waiting").text


def test_who_may_not_record_payments_only_looks(factura: Invoice, login: Any) -> None:
    browser = login("accounting.view_documents")
    url = f"/einvoice-pe/detracciones/{row().id}"
    page = browser.get(url).text
    assert "037" in page and 'name="constancia"' not in page
    assert browser.post(url, data={"constancia": "1"}).status_code == 403


def test_what_is_late_is_told_and_month_end_asks_for_it(factura: Invoice, frozen: Any, peru: Any, app: Any) -> None:
    first, last = today().replace(day=1), (today().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    last -= dt.timedelta(days=1)
    with app.test_request_context():
        assert desk.late_detractions(peru) == ""
        assert [one.url for one in closing.Peru().open_points(first, last) if "detracciones" in one.url]
        later = row().due_date + dt.timedelta(days=1)
        frozen(later.year, later.month, later.day, 15)
        assert "state=late" in desk.late_detractions(peru)
        detractions.record(row(), Deposit(CONSTANCIA, later, Decimal(142)))
        assert desk.late_detractions(peru) == ""
        assert not [one.url for one in closing.Peru().open_points(first, last) if "detracciones" in one.url]
