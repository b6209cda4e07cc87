"""Opening, the tray, giving up, stopped sequences, reconciling, and the checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import checks, jobs
from core.db import db
from core.models import Company, Job
from modules.accounting import ledger
from modules.accounting.models import Invoice
from modules.einvoice import queries, reconciling, services
from modules.einvoice.errors import NoIssuer, StillWrong, WrongState
from modules.einvoice.models import Document, Sequence
from modules.einvoice.ports import AtAuthority
from modules.einvoice.records import Authorization, Claim

Make = Callable[..., Any]
DAY = dt.date(2026, 11, 3)


def test_a_chunk_is_opened_with_one_job_per_sequence(issuer: Any, make_invoice: Make) -> None:
    ids = [make_invoice().id for _index in range(5)]
    assert services.open_documents(ids) == 5
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.function == services.AUTHORIZE)) == 1


def test_opening_twice_makes_nothing_new(issuer: Any, make_invoice: Make) -> None:
    ids = [make_invoice().id]
    services.open_documents(ids)
    assert services.open_documents(ids) == 0


def test_an_invoice_that_needs_no_document_gets_none(issuer: Any, make_invoice: Make) -> None:
    invoice = make_invoice()
    invoice.legal_state = "not_required"
    db.session.flush()
    assert services.open_documents([invoice.id]) == 0


def test_one_bad_invoice_stops_only_itself(issuer: Any, make_invoice: Make) -> None:
    good, bad = make_invoice(), make_invoice("Beto")
    issuer.problems[bad.id] = [{"code": "10013", "message": "sin CUIT", "field": "tax_id"}]
    services.open_documents([good.id, bad.id])
    found = {row.invoice_id: row.state for row in db.session.scalars(sa.select(Document))}
    assert found == {good.id: "pending", bad.id: "rejected"}
    assert db.session.get_one(Invoice, bad.id, populate_existing=True).legal_state == "rejected"


def test_the_job_works_on_its_sequence(issuer: Any, make_invoice: Make, run_jobs: Callable[[], int]) -> None:
    services.open_documents([make_invoice().id])
    db.session.commit()
    document = db.session.scalars(sa.select(Document)).one()
    sequence_id = document.sequence_id
    issuer.work = lambda one, keep: (issuer.worked.append(one), db.session.execute(
        sa.update(Document).values(state="sending")), db.session.commit())
    run_jobs()
    assert issuer.worked == [sequence_id]


def test_without_an_issuer_it_says_which_module_to_enable(company: Company) -> None:
    with pytest.raises(NoIssuer, match="UY"):
        services.issuer_of("UY")


# --- the tray ------------------------------------------------------------------------------------------


def test_a_mended_document_is_sent_again(issuer: Any, make_refused: Make) -> None:
    document = make_refused()
    services.retry(document)
    assert (document.state, document.problems, document.cause) == ("pending", [], "")
    assert db.session.get_one(Invoice, document.invoice_id, populate_existing=True).legal_state == "pending"


def test_a_document_that_is_still_wrong_stays_in_the_tray(issuer: Any, make_refused: Make) -> None:
    document = make_refused()
    issuer.problems[document.invoice_id] = [{"code": "10013", "message": "sin CUIT", "field": "tax_id"}]
    with pytest.raises(StillWrong, match="sin CUIT") as refused:
        services.retry(document)
    assert refused.value.field == "tax_id"
    assert (document.state, document.cause) == ("rejected", "10013")


def test_all_of_a_cause_go_again_but_those_still_wrong(issuer: Any, make_refused: Make) -> None:
    documents = [make_refused(name) for name in ("Ana", "Beto", "Carla")]
    issuer.problems[documents[1].invoice_id] = [{"code": "10013", "message": "sin CUIT", "field": "tax_id"}]
    sent, wrong = services.retry_all(documents)
    assert sent == 2 and [(document.id, text) for document, text in wrong] == [(documents[1].id, "sin CUIT")]


def test_all_customers_are_held_in_order_before_the_first_document_is_touched(
        issuer: Any, make_refused: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [make_refused(name) for name in ("Ana", "Beto", "Carla")]
    held: list[list[int]] = []
    monkeypatch.setattr(ledger, "lock_customers", lambda ids: held.append(list(ids)))
    services.retry_all(reversed(documents))
    customers = [db.session.get_one(Invoice, document.invoice_id).customer_id for document in documents]
    assert held[0] == sorted(customers) and len(set(customers)) == 3


def test_an_authorised_document_is_not_sent_again(issuer: Any, make_invoice: Make) -> None:
    document = authorized(make_invoice())
    with pytest.raises(WrongState):
        services.retry(document)
    assert document.state == "authorized"


def test_a_document_without_answer_is_only_asked_about_sooner(issuer: Any, make_invoice: Make) -> None:
    services.open_documents([make_invoice().id])
    document = db.session.scalars(sa.select(Document)).one()
    services.claim([Claim(document.id, 1, DAY, {})])
    services.mark_unknown([document.id])
    db.session.refresh(document)
    services.retry(document)
    assert (document.state, document.number) == ("unknown", 1)


def test_giving_up_annuls_the_invoice_and_wants_a_reason(issuer: Any, make_refused: Make) -> None:
    document = make_refused()
    with pytest.raises(WrongState):
        services.abandon(document, " ")
    services.abandon(document, "cliente duplicado")
    assert document.state == "cancelled"
    assert db.session.get_one(Invoice, document.invoice_id).state == "cancelled"


def test_an_authorised_document_cannot_be_given_up(issuer: Any, make_invoice: Make) -> None:
    with pytest.raises(WrongState):
        services.abandon(authorized(make_invoice()), "porque sí")


def test_the_tray_groups_by_cause(issuer: Any, make_refused: Make) -> None:
    for name in ("Ana", "Beto"):
        make_refused(name)
    make_refused("Carla", code="10243", message="Condición no corresponde")
    assert [(group.cause, group.count, group.message) for group in queries.refused_groups()] == [
        ("10015", 2, "Documento inválido"), ("10243", 1, "Condición no corresponde")]


# --- stopped sequences, reconciling, checks -------------------------------------------------------------


def authorized(invoice: Invoice, number: int = 1) -> Document:
    services.open_documents([invoice.id])
    document = db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()
    services.claim([Claim(document.id, number, DAY, {})])
    services.authorize([Authorization(document.id, number, f"7600000000000{number}", DAY, {}, DAY)])
    assert document.sequence_id is not None
    services.advance(document.sequence_id, number, DAY)
    db.session.commit()
    db.session.refresh(document)
    return document


def finding(name: str) -> checks.Finding:
    db.session.commit()
    return checks.run_all((name,))[0]


def test_a_stopped_sequence_goes_on_and_keeps_who_said_so(issuer: Any, make_invoice: Make) -> None:
    document = authorized(make_invoice())
    assert document.sequence_id is not None
    services.block(document.sequence_id, "foreign_document", "otro programa")
    sequence = db.session.get_one(Sequence, document.sequence_id, populate_existing=True)
    before = jobs.open_jobs()
    services.continue_after(sequence, 4)
    assert (sequence.blocked_code, sequence.last_number, sequence.skipped) == ("", 4, [[2, 4]])
    assert jobs.open_jobs() == before + 1


def test_numbers_do_not_go_back(issuer: Any, make_invoice: Make) -> None:
    document = authorized(make_invoice(), 5)
    sequence = db.session.get_one(Sequence, document.sequence_id, populate_existing=True)
    with pytest.raises(WrongState):
        services.continue_after(sequence, 3)


def test_a_gap_is_found_and_an_accepted_one_is_not(issuer: Any, make_invoice: Make) -> None:
    authorized(make_invoice(), 1)
    document = authorized(make_invoice(), 4)
    assert (finding("numbers_no_gap").ok, finding("numbers_no_gap").count) == (False, 1)
    sequence = db.session.get_one(Sequence, document.sequence_id, populate_existing=True)
    sequence.skipped = [[2, 3]]
    assert finding("numbers_no_gap").ok


def test_the_checks_are_quiet_when_all_is_well(issuer: Any, make_invoice: Make) -> None:
    authorized(make_invoice(), 1)
    authorized(make_invoice(), 2)
    for name in ("one_document_per_invoice", "numbers_no_gap", "numbers_no_duplicate", "unknown_documents"):
        assert finding(name).ok, finding(name).detail


def test_a_code_used_twice_is_found(issuer: Any, make_invoice: Make) -> None:
    authorized(make_invoice(), 1)
    twin = authorized(make_invoice(), 2)
    twin.authorization_code = "76000000000001"
    assert not finding("numbers_no_duplicate").ok


def test_an_invoice_that_disagrees_with_its_document_is_found(issuer: Any, make_invoice: Make) -> None:
    invoice = make_invoice()
    authorized(invoice)
    invoice.legal_state = "pending"
    assert finding("one_document_per_invoice").count == 1


def test_a_stopped_sequence_is_found(issuer: Any, make_invoice: Make) -> None:
    document = authorized(make_invoice())
    assert document.sequence_id is not None
    services.block(document.sequence_id, "10005", "cerrado")
    assert not finding("unknown_documents").ok


def at_authority(number: int, total: str, code: str | None = None, day: dt.date = DAY) -> AtAuthority:
    return AtAuthority(number, code or f"7600000000000{number}", Decimal(total), day, "96 30000001")


def test_reconciling_finds_nothing_where_both_agree(issuer: Any, make_invoice: Make, company: Company) -> None:
    authorized(make_invoice(), 1)
    issuer.book, issuer.last = {1: at_authority(1, "1.00")}, 1
    found = reconciling.reconcile(company, "2026-11")
    assert (found["checked"], found["differences"]) == (1, [])


def test_reconciling_names_every_difference(issuer: Any, make_invoice: Make, company: Company) -> None:
    for number in (1, 2, 4):
        authorized(make_invoice(), number)
    issuer.book = {1: at_authority(1, "1.00", code="99"), 3: at_authority(3, "9.00"), 4: at_authority(4, "8.00"),
                   5: at_authority(5, "7.00")}
    issuer.last = 5
    found = reconciling.reconcile(company, "2026-11")["differences"]
    assert {(one["number"], one["code"]) for one in found} == {
        (5, "last_number"), (1, "authorization_code"), (2, "missing_at_authority"), (3, "missing_here"),
        (4, "total"), (5, "missing_here")}
