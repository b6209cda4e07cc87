"""Contingency: documents that were written on paper first, reported under the number that is printed on it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.db import db
from core.errors import DomainError
from modules.accounting import documents as papers
from modules.accounting import notes
from modules.accounting import services as accounting
from modules.accounting.drafts import DraftLine
from modules.accounting.models import Invoice
from modules.accounting.ports import Pad
from modules.einvoice import checks, reconciling, records, services
from modules.einvoice.errors import WrongState
from modules.einvoice.models import Document, Sequence
from modules.einvoice.records import Claim
from modules.einvoice_pe import access, contingency, issuer
from modules.einvoice_pe.layout import PeruvianLayout
from modules.einvoice_pe.models import Paper
from tests.issuing import documents
from tests.modules.accounting.documents_sample import text
from tests.modules.einvoice_pe.cases import RUC
from tests.modules.einvoice_pe.conftest import (
    BOLETA,
    CREDITO,
    DEBITO,
    FACTURA,
    VAT,
    company_customer,
    places,
    put,
    reported,
    today,
)


def test_paper_is_reported_under_its_number_and_uses_up_no_other(peru, nubefact, issue, written, work):
    issue("59.90")
    written(BOLETA, 55)
    written(FACTURA, 120, to=company_customer())
    written(BOLETA, 60, to=company_customer())
    issue("59.90")
    work()
    assert places() == [("authorized", "B001", "2", 1), ("authorized", "0001", "2", 55),
                        ("authorized", "0001", "1", 120), ("authorized", "0001", "2", 60),
                        ("authorized", "B001", "2", 2)]
    flags = [bool(one.request.get("generado_por_contingencia")) for one in documents()]
    assert flags == [False, True, True, True, False]
    assert reported(nubefact) == [(1, "0001", 120), (2, "0001", 55), (2, "0001", 60), (2, "B001", 1), (2, "B001", 2)]
    assert list(db.session.scalars(sa.select(Invoice.legal_number).order_by(Invoice.id)))[1] == "0001-00000055"
    assert checks.numbers_no_gap()[0] and checks.numbers_no_duplicate()[0]
    period = f"{today():%Y-%m}"
    assert reconciling.reconcile(peru, period)["differences"] == []


def test_paper_keeps_its_date_though_others_get_that_of_the_sending(written, issue, work):
    written(BOLETA, 7, days=2)
    work()
    (document,) = documents()
    assert document.state == "authorized" and access.profile().days_back == 0
    assert document.request["fecha_de_emision"] == f"{today() - dt.timedelta(2):%d-%m-%Y}"


def test_notes_on_paper_of_documents_on_paper_and_not(nubefact, issue, written, work):
    (electronic,), on_paper = issue("89.00"), written(FACTURA, 8, to=company_customer())
    work()
    for original, pad, number in ((electronic, CREDITO, 3), (on_paper, CREDITO, 4), (on_paper, DEBITO, 3)):
        line = DraftLine("Interés", Decimal(1), Decimal("5.00"), price_includes_tax=True, taxes=VAT)
        note = (notes.debit(original, "Mora", [line]) if pad is DEBITO
                else notes.credit(original, "Descuento", amount=Decimal("10.00")))
        put(note, pad, number)
        services.open_documents([note.id])
    note = notes.credit(on_paper, "Descuento", amount=Decimal("1.00"))
    services.open_documents([note.id])
    db.session.commit()
    work()
    assert [one[:4] for one in places()[2:]] == [
        ("authorized", "0001", "3", 3), ("authorized", "0001", "3", 4), ("authorized", "0001", "4", 3),
        ("authorized", "FC01", "3", 1)]


def test_a_number_is_used_once(written, app):
    first = written(BOLETA, 55)
    put(first, BOLETA, 55)
    other = written(FACTURA, 55)
    with pytest.raises(DomainError, match="55") as caught:
        put(other, BOLETA, 55)
    assert caught.value.field == "paper_number"
    with pytest.raises(IntegrityError):
        db.session.add(Paper(invoice_id=written(BOLETA, 56).id, environment="rehearsal", kind=2, series="0001",
                             number=55))
        db.session.flush()
    db.session.rollback()


def test_a_number_that_another_writes_down_at_the_same_moment_is_refused(written, monkeypatch):
    first, second = written(BOLETA, 55), written(BOLETA, 56)
    # it looked free: the other's transaction was not through yet
    monkeypatch.setattr(contingency, "_check_free", lambda place, invoice: None)
    with pytest.raises(DomainError, match="55") as caught:
        services.put_on_paper(documents()[1], BOLETA, 55)
    assert caught.value.field == "paper_number"
    assert {one: row.number for one, row in contingency.papers([first.id, second.id]).items()} == {
        first.id: 55, second.id: 56}


def test_only_a_series_of_contingency_of_the_kind_is_taken(written, issue):
    (invoice,) = issue("89.00")
    for pad in (Pad("2", "B001", ""), Pad("2", "0009", ""), CREDITO):
        with pytest.raises(DomainError) as caught:
            put(invoice, pad, 1)
        assert caught.value.field == "paper"


def test_what_lost_its_number_never_gets_the_next_one(written, work, nubefact):
    written(BOLETA, 55)
    db.session.execute(sa.update(Document.__table__).values(tried_number=None))
    db.session.commit()
    work()
    (document,) = documents()
    assert (document.state, document.cause, document.number) == ("rejected", "no_paper_number", None)
    assert reported(nubefact) == []


@pytest.mark.parametrize("fault", ["lost_answer", "internal_40", "timeout_before", "error_500"])
def test_a_lost_answer_keeps_the_number(nubefact, written, work, fault):
    nubefact.fault("nubefact", fault, rate=0.5, seed=4, seconds=0, **({"registered": True} if "40" in fault else {}))
    for number in (12, 40, 7):
        written(BOLETA, number)
    work()
    assert [(one[0], one[3]) for one in places()] == [("authorized", 12), ("authorized", 40), ("authorized", 7)]


def test_a_number_that_nubefact_has_already_waits_for_a_person(nubefact, written, work):
    nubefact.fault("nubefact", "number_taken", count=1)
    invoice = written(BOLETA, 55)
    work()
    (document,) = documents()
    assert (document.state, document.cause, document.tried_number) == ("rejected", "23", 55)
    services.retry(document)
    db.session.commit()
    work()
    assert documents()[0].cause == "23"
    assert services.put_on_paper(documents()[0], BOLETA, 65).state == "pending"
    db.session.commit()
    work()
    assert places() == [("authorized", "0001", "2", 65)]
    assert contingency.papers([invoice.id])[invoice.id].number == 65
    # the number that was typed wrongly is free for the document that bears it: only another program has it there
    assert db.session.scalars(sa.select(Sequence.skipped).where(Sequence.series == "0001")).one() == []


def test_a_paper_that_sunat_refused_is_spoilt(nubefact, written, work):
    nubefact.post("nubefact", "config", {"decisions": {"2-0001-55": "2335"}})
    written(BOLETA, 55)
    work()
    (document,) = documents()
    assert (document.state, document.cause) == ("rejected", "2335")
    assert services.put_on_paper(document, BOLETA, 55).state == "rejected"
    assert documents()[0].cause == "paper_spoilt"
    services.put_on_paper(documents()[0], BOLETA, 56)
    db.session.commit()
    work()
    assert places() == [("authorized", "0001", "2", 56)]


def test_one_that_waits_can_be_put_on_paper_and_taken_back(issue, written, work):
    first, second = issue("89.00", "59.90")
    for invoice, number in ((first, 5), (second, 6)):
        services.put_on_paper(db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one(),
                              BOLETA, number)
    assert services.put_on_paper(documents()[1], None).series == "B001"
    db.session.commit()
    work()
    assert [(one[1], one[3]) for one in places()] == [("0001", 5), ("B001", 1)]
    with pytest.raises(WrongState):
        services.put_on_paper(documents()[0], BOLETA, 9)


def test_what_moved_to_paper_is_not_claimed_where_it_was(issue, written):
    issue("89.00")
    document = documents()[0]
    before = document.sequence_id
    services.put_on_paper(document, BOLETA, 5)
    db.session.commit()
    assert records.claim([Claim(document.id, 1, today(), {})], before) == 0
    db.session.rollback()
    assert documents()[0].state == "pending" and documents()[0].tried_number == 5


def test_a_number_written_anew_while_a_worker_connects_goes_out(nubefact, written, work, monkeypatch):
    written(BOLETA, 55)
    plain, typed = issuer.connect, [56]

    def connect(*arguments):
        if typed:
            services.put_on_paper(documents()[0], BOLETA, typed.pop())
            db.session.commit()
        return plain(*arguments)

    monkeypatch.setattr(issuer, "connect", connect)
    work()
    assert places() == [("authorized", "0001", "2", 56)]
    assert reported(nubefact) == [(2, "0001", 56)]
    assert documents()[0].request["numero"] == 56


def test_a_sequence_that_was_made_as_an_ordinary_one_becomes_one_of_paper(written, work):
    services.ensure_sequences("PE", {("rehearsal", "0001", "2")})
    for number in (55, 90):
        written(BOLETA, number)
    work()
    assert db.session.scalars(sa.select(Sequence.by_hand).where(Sequence.series == "0001")).all() == [True]
    assert checks.numbers_no_gap()[0]


def test_a_given_up_paper_leaves_its_number_to_the_one_that_is_made_anew(nubefact, written, work):
    nubefact.fault("nubefact", "number_taken", count=1)
    written(BOLETA, 55)
    work()
    services.abandon(documents()[0], "Mal cargada")
    db.session.commit()
    written(BOLETA, 55)
    assert [one.number for one in db.session.scalars(sa.select(Paper))] == [55]


def test_what_would_be_refused_waits_in_the_tray_with_its_paper(issue, written, work):
    buyer = company_customer()
    issue("89.00", to=buyer)
    buyer.tax_id = "20555666774"
    db.session.commit()
    (invoice,) = db.session.scalars(sa.select(Invoice))
    accounting.refresh_snapshot(invoice)
    assert services.put_on_paper(documents()[0], FACTURA, 5).state == "rejected"
    buyer.tax_id = RUC
    db.session.commit()
    services.retry(documents()[0])
    db.session.commit()
    work()
    assert places() == [("authorized", "0001", "1", 5)]


def test_a_paper_typed_in_the_rehearsal_is_asked_for_again_elsewhere(issue, written, peru):
    invoice = written(BOLETA, 5)
    db.session.execute(sa.update(Paper.__table__).values(environment="testing"))
    opened = services.issuer_of("PE").open([invoice.id])[0]
    assert (opened.problems[0]["code"], opened.number) == ("paper_elsewhere", None)


def test_what_stands_on_the_sheet(written, work):
    invoice = written(FACTURA, 120, to=company_customer())
    part = PeruvianLayout().parts([invoice])[invoice.id]
    assert (part.valid, part.title, part.number, part.void_text) == (
        False, "Factura", "0001-00000120", "EMITIDO EN PAPEL: PENDIENTE DE INFORMAR A SUNAT")
    assert "0001-00000120" in text(papers.preview(invoice))
    work()
    after = " ".join(text(papers.preview(db.session.get_one(Invoice, invoice.id))).split())
    assert "0001-00000120" in after and "Comprobante emitido en contingencia" in after
    assert "Representación impresa de la FACTURA" in after and "ELECTRÓNICA" not in after
    part = PeruvianLayout().parts([invoice])[invoice.id]
    assert part.valid and part.title == part.legal_title == "FACTURA" and "| 0001 | 000120 |" in part.qr_text
