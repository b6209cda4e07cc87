"""The whole way in rehearsal: invoices become documents at the simulator; what is lost is asked about."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from modules.accounting import notes
from modules.accounting.drafts import DraftLine
from modules.accounting.models import Invoice
from modules.einvoice import cancelling, files, reconciling, services
from modules.einvoice.jobs import cancel_document
from modules.einvoice.models import Sequence
from modules.einvoice_pe import customers
from modules.einvoice_pe.jobs import fetch_files_of_company
from modules.einvoice_pe.models import Route
from tests.issuing import documents
from tests.modules.einvoice_pe.cases import RUC
from tests.modules.einvoice_pe.conftest import VAT, customer

NUMBERS = [("authorized", 1), ("authorized", 2), ("authorized", 3)]


def numbers():
    return [(one.state, one.number) for one in documents()]


def company_customer(**changes):
    return customer("RUC", RUC, "Comercial Ejemplo S.A.C.", **changes)


def test_boletas_are_numbered_signed_and_accepted(nubefact, issue, work):
    issue("89.00", "59.90", "700.00")
    work()
    assert numbers() == NUMBERS
    first = documents()[0]
    assert first.authorization_code == nubefact.state("nubefact")["documents"][0]["hash"]
    assert first.data["qr"].endswith(f"| {first.authorization_code} |")
    assert db.session.scalar(sa.select(Invoice.legal_number).order_by(Invoice.id)) == "B001-00000001"
    kept = files.of_documents([first.id])[first.id]
    assert set(kept) == {files.XML, files.PDF, files.CDR}


def test_a_company_gets_a_factura_on_credit_with_detraction(nubefact, issue, work):
    issue("1180.00", to=company_customer())
    work()
    found = documents()[0]
    assert (found.state, found.kind, found.series) == ("authorized", "1", "F001")
    assert (found.request["detraccion_total"], found.request["venta_al_credito"][0]["importe"]) == ("141.60", "1038.40")


def test_the_customer_s_wish_decides_before_his_document(nubefact, issue, work):
    buyer = company_customer()
    customers.choose_document(buyer, False)
    issue("89.00", to=buyer)
    customers.choose_document(buyer, None)
    customers.mark_agent(buyer, True)
    issue("1180.00", to=buyer)
    work()
    assert [(one.kind, one.request.get("detraccion_total"), one.request.get("total_retencion"))
            for one in documents()] == [("2", None, None), ("1", "141.60", None)]


@pytest.mark.parametrize("fault", ["lost_answer", "timeout_before", "error_500", "garbage", "internal_40",
                                   "gateway_502", "empty_answer", "refuse_connection"])
def test_every_document_is_there_once_whatever_is_lost(nubefact, issue, work, fault):
    nubefact.fault("nubefact", fault, rate=0.4, seed=3, seconds=0, **({"registered": True} if "40" in fault else {}))
    issue(*["89.00"] * 6)
    work()
    assert numbers() == [("authorized", number) for number in range(1, 7)]
    assert [one["numero"] for one in nubefact.state("nubefact")["documents"]] == list(range(1, 7))


def test_questions_that_fail_free_nothing(nubefact, issue, work):
    nubefact.fault("nubefact", "lost_answer", count=1)
    nubefact.fault("nubefact", "consult_fails", count=3)
    issue("89.00")
    work()
    assert numbers() == [("authorized", 1)]
    assert nubefact.state("nubefact")["calls"]["generar_comprobante"] == 1


def test_another_program_s_number_is_left_to_it(nubefact, issue, work):
    nubefact.fault("nubefact", "number_taken", count=1)
    issue("89.00")
    work()
    assert numbers() == [("authorized", 2)]
    assert db.session.scalars(sa.select(Sequence.skipped).where(Sequence.kind == "2")).one() == [[1, 1]]


def test_another_s_document_after_a_lost_answer_stops_the_series(nubefact, issue, work):
    nubefact.fault("nubefact", "number_taken", count=1)
    nubefact.fault("nubefact", "lost_answer", count=1, only="generar_comprobante")
    issue("89.00")
    work(rounds=3)
    sequence = db.session.scalars(sa.select(Sequence).where(Sequence.kind == "2")).one()
    assert sequence.blocked_code == "foreign_document"
    services.continue_after(sequence)
    db.session.commit()
    work()
    assert numbers() == [("authorized", 2)]


def test_what_nubefact_refuses_keeps_its_number_and_goes_after_mending(nubefact, issue, work):
    issue("89.00")
    db.session.execute(sa.update(documents()[0].__table__).values(request=documents()[0].request | {"moneda": 7}))
    db.session.commit()
    work()
    found = documents()[0]
    assert (found.state, found.cause) == ("rejected", "21")
    assert found.problems[0]["message"].endswith("Moneda no es válida")
    services.retry(found)
    db.session.commit()
    work()
    assert numbers() == [("authorized", 1)]


def test_what_sunat_rejects_burns_its_number(nubefact, issue, work):
    buyer = company_customer()
    buyer.name = "SIM RECHAZO 2335"
    issue("89.00", to=buyer)
    work()
    found = documents()[0]
    assert (found.state, found.cause) == ("rejected", "2335")
    assert "alterado" in found.problems[0]["message"]
    buyer.name = "Comercial Ejemplo S.A.C."
    services.retry(found)
    db.session.commit()
    work()
    assert numbers() == [("authorized", 2)]


def test_observations_are_kept(nubefact, issue, work):
    buyer = company_customer()
    buyer.name = "SIM OBSERVADO 4014"
    issue("89.00", to=buyer)
    work()
    found = documents()[0]
    assert (found.state, found.observations[0]["code"]) == ("authorized", "4014")


def test_what_sunat_has_not_decided_is_asked_about(nubefact, issue, work):
    nubefact.post("nubefact", "config", {"boleta_consults": 3})
    issue("89.00")
    work(rounds=2)
    assert documents()[0].state == "signed"
    work()
    assert numbers() == [("authorized", 1)]
    assert nubefact.state("nubefact")["calls"]["generar_comprobante"] == 1


def test_a_suspended_account_stops_the_series_and_nothing_is_lost(nubefact, issue, work):
    nubefact.fault("nubefact", "suspended", code=51)
    issue("89.00")
    work(rounds=2)
    sequence = db.session.scalars(sa.select(Sequence).where(Sequence.kind == "2")).one()
    assert (sequence.blocked_code, documents()[0].state) == ("nubefact_51", "pending")
    nubefact.fault("nubefact", "suspended", rate=0)
    services.continue_after(sequence)
    db.session.commit()
    work()
    assert numbers() == [("authorized", 1)]


def test_a_simulator_that_was_started_anew_knows_the_company_again(nubefact, issue, work):
    issue("89.00")
    work()
    before = db.session.scalars(sa.select(Route)).one().token
    nubefact.site.mounted["nubefact"].service.store.rows("DELETE FROM account")
    issue("59.90")
    work()
    assert numbers() == [("authorized", 1), ("authorized", 2)]
    assert db.session.scalars(sa.select(Route)).one().token == before


def test_a_credit_note_waits_for_its_invoice_and_names_it(nubefact, issue, work, run_jobs):
    invoice = issue("1180.00", to=company_customer())[0]
    notes.credit(invoice, "Corte del servicio", amount=Decimal("118.00"))
    db.session.commit()
    run_jobs()
    work()
    run_jobs()
    work()
    found = documents()[1]
    assert (found.state, found.series, found.kind) == ("authorized", "FC01", "3")
    assert [found.request[name] for name in ("documento_que_se_modifica_serie", "documento_que_se_modifica_numero",
                                             "tipo_de_nota_de_credito", "total")] == ["F001", 1, 9, "118.00"]


def test_credits_among_the_lines_are_a_discount(nubefact, issue, work):
    lines = (DraftLine("Internet", Decimal(1), Decimal("89.00"), price_includes_tax=True, taxes=VAT),
             DraftLine("3 días sin servicio", Decimal(1), Decimal("-8.90"), price_includes_tax=True, taxes=VAT))
    issue("0", lines=lines)
    work()
    found = documents()[0]
    assert (found.state, found.request["total"], found.request["descuento_global"]) == ("authorized", "80.10", "7.54")


def test_annulment_undoes_the_debt_once_sunat_has_accepted_it(nubefact, issue, work):
    invoice = issue("89.00")[0]
    work()
    cancelling.request(documents()[0], "baja", "Emitida dos veces")
    db.session.commit()
    from core.jobs import RetryLater
    for _round in range(4):
        try:
            cancel_document(documents()[0].id)
        except RetryLater:
            db.session.rollback()
    found = documents()[0]
    assert (found.state, found.data["cancellation"]["proof"]) == (
        "cancelled", nubefact.state("nubefact")["annulments"][0]["ticket"])
    db.session.refresh(invoice)
    assert (invoice.state, invoice.open_amount) == ("cancelled", Decimal("0.00"))


def test_after_seven_days_only_a_credit_note_helps(nubefact, issue, work, frozen):
    issue("89.00")
    work()
    later = clock.now() + dt.timedelta(days=9)
    frozen(later.year, later.month, later.day, 15)
    with pytest.raises(DomainError):
        cancelling.reasons_for(documents()[0])


def test_reconcile_asks_about_every_document(nubefact, issue, work, peru):
    issue("89.00", "59.90")
    work()
    period = f"{documents()[0].issue_date:%Y-%m}"
    db.session.commit()
    found = reconciling.reconcile(peru, period)
    assert (found["checked"], found["differences"]) == (2, [])


def test_files_that_were_missing_are_fetched_later(nubefact, issue, work, monkeypatch):
    from modules.einvoice_pe import wire
    monkeypatch.setattr(wire, "fetch_files", lambda *what: ())
    issue("89.00")
    work()
    assert files.of_documents([documents()[0].id]) == {}
    fetch_files_of_company()
    assert set(files.of_documents([documents()[0].id])[documents()[0].id]) == {files.XML, files.PDF, files.CDR}


def test_an_invoice_without_series_says_so(nubefact, issue, peru):
    from modules.einvoice_pe import access, rehearsal
    rehearsal.prepare()
    access.keep_series("rehearsal", db.session.scalars(sa.select(Route)).one(), {2: ["B001"]})
    db.session.commit()
    issue("89.00", to=company_customer())
    assert (documents()[0].state, documents()[0].cause) == ("rejected", "no_series")
