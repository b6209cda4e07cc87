"""Boletas that are signed: handed over at once, decided by SUNAT later; what is refused after that is withdrawn."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from core import storage
from core.db import db
from modules.accounting import documents as paper
from modules.accounting import notes, sending, services
from modules.accounting.models import Invoice
from modules.einvoice import checks, desk, files, queries
from modules.einvoice import services as legal
from modules.einvoice_pe.jobs import fetch_files_of_company
from modules.notifications.models import Message
from tests.issuing import documents, let_time_pass
from tests.modules.einvoice_pe.cases import RUC
from tests.modules.einvoice_pe.conftest import customer

LATE = {"boleta_consults": 5}


@pytest.fixture
def signed(nubefact: Any, issue: Any, work: Any, run_jobs: Any) -> Invoice:
    """A boleta that Nubefact has signed and SUNAT has not decided, and its notice."""
    nubefact.post("nubefact", "config", LATE)
    (invoice,) = issue("89.00", to=customer(emails="ana@example.com"))
    work(rounds=1)
    run_jobs()
    assert documents()[0].state == "signed"
    db.session.refresh(invoice)
    return invoice


def notices() -> list[Message]:
    return list(db.session.scalars(sa.select(Message).order_by(Message.id)))


def documents_of(invoice: Invoice) -> str:
    """What its paper says, as HTML."""
    return paper.prepare([invoice.id], stored_too=True)[0].html


def unzipped(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(archive.namelist()[0])


def reject(nubefact: Any, number: int, code: str = "2335") -> None:
    """SUNAT decides against it."""
    nubefact.post("nubefact", "config", {"decisions": {f"2-B001-{number}": code}, "boleta_consults": 0})
    let_time_pass()


def test_it_is_delivered_with_its_paper_and_xml_before_sunat_decides(signed):
    document = documents()[0]
    assert (signed.legal_state, signed.legal_number) == ("signed", "B001-00000001")
    assert document.data["qr"] and document.authorization_code and document.signed_at
    (notice,) = notices()
    attached = [storage.find_file(one).name for one in notice.attachments]
    assert [name.rsplit(".", 1)[-1] for name in attached] == ["pdf", "xml"]
    assert set(files.of_documents([document.id])[document.id]) == {"xml", "pdf"}


def test_once_sunat_accepts_it_nobody_is_told_again(signed, nubefact, work, run_jobs):
    paper = signed.pdf_file_id
    work()
    run_jobs()
    db.session.refresh(signed)
    assert (signed.legal_state, documents()[0].state, signed.pdf_file_id) == ("authorized", "authorized", paper)
    assert len(notices()) == 1
    document = documents()[0]
    assert set(files.of_documents([document.id])[document.id]) == {"xml", "pdf", "cdr"}
    assert nubefact.state("nubefact")["calls"]["generar_comprobante"] == 1


def test_what_sunat_refuses_afterwards_is_withdrawn_and_replaced(signed, nubefact, work, run_jobs, app):
    first = signed.pdf_file_id
    reject(nubefact, 1)
    work()
    run_jobs()
    db.session.refresh(signed)
    document = documents()[0]
    assert (document.state, document.cause, document.authorization_code) == ("rejected", "2335", "")
    assert (signed.legal_state, signed.pdf_file_id, signed.open_amount) == ("rejected", None, signed.total)
    assert services.withdrawn(signed) == [{"number": "B001-00000001", "pdf": first}]
    assert queries.withdrawn() == 1 and not checks.withdrawn_documents()[0]
    with app.test_request_context():
        assert "state=withdrawn" in desk.todo(None) and "2335" in document.problems[0]["code"]

    legal.retry(document)
    db.session.commit()
    work()
    run_jobs()
    db.session.refresh(signed)
    assert [(one.state, one.number) for one in documents()] == [("authorized", 2)]
    assert (signed.legal_number, queries.withdrawn()) == ("B001-00000002", 0)
    assert signed.pdf_file_id not in (None, first)
    told = notices()
    assert ["Reemplaza a B001-00000001" in one.body for one in told] == [False, True]
    assert "B001-00000001" in documents_of(signed)
    assert sending.message_about(signed).id == told[1].id
    kept = files.of_documents([document.id])[document.id]
    assert set(kept) == {"xml", "pdf", "cdr", "xml-1", "pdf-1", "cdr-1", "refusal-1"}
    assert b"<cbc:ResponseCode>2335<" in unzipped(storage.read(kept["cdr-1"]))
    assert b"<cbc:ID>B001-1<" in storage.read(kept["xml-1"]) and b"<cbc:ID>B001-2<" in storage.read(kept["xml"])


def test_new_documents_go_before_questions_about_signed_ones(signed, nubefact, issue, work):
    issue("59.90")
    let_time_pass()
    nubefact.fault("nubefact", "consult_fails", count=1)
    work(rounds=1)
    assert [one.state for one in documents()] == ["signed", "signed"]


def test_what_disappears_at_nubefact_is_for_a_person(signed, nubefact, work):
    """Demo documents are deleted in the panel to make room (peru.md, trap 15): never sent again by itself."""
    nubefact.site.mounted["nubefact"].service.store.rows("DELETE FROM document")
    let_time_pass()
    work(rounds=1)
    assert (documents()[0].state, documents()[0].cause) == ("rejected", "vanished")


def test_a_note_waits_until_sunat_has_accepted_what_it_corrects(signed, nubefact, work, run_jobs):
    """A note before that is refused by SUNAT minutes later (peru.md, trap 17)."""
    notes.credit(signed, "Corte del servicio")
    db.session.commit()
    run_jobs()
    assert [(one.kind, one.state, one.cause) for one in documents()] == [
        ("2", "signed", ""), ("", "rejected", "original_not_authorized")]
    work()
    run_jobs()
    work()
    assert [(one.kind, one.state) for one in documents()] == [("2", "authorized"), ("3", "authorized")]


def test_an_exception_is_not_handed_over(nubefact, issue, work):
    """0100 to 1999: SUNAT has not registered it."""
    issue("1180.00", to=customer("RUC", RUC, "SIM EXCEPCION 0109"))
    work(rounds=2)
    assert documents()[0].state == "unknown"


def test_a_factura_that_sunat_cannot_be_reached_about_is_signed_all_the_same(nubefact, issue, work):
    nubefact.fault("nubefact", "soap_error", count=2)
    issue("1180.00", to=customer("RUC", RUC, "Comercial Ejemplo S.A.C."))
    work(rounds=1)
    found = documents()[0]
    assert (found.state, found.response["sunat_soap_error"][:9]) == ("signed", "SoapError")
    work()
    assert documents()[0].state == "authorized"


def test_files_that_were_missing_when_it_was_signed_are_fetched_at_night(signed):
    document = documents()[0]
    db.session.execute(sa.delete(files.DocumentFile))
    db.session.commit()
    fetch_files_of_company()
    assert set(files.of_documents([document.id])[document.id]) == {"xml", "pdf"}


def test_the_books_and_documents_agree_whatever_sunat_has_decided(signed, nubefact, work):
    assert checks.one_document_per_invoice()[0]
    reject(nubefact, 1)
    work()
    assert checks.one_document_per_invoice()[0] and checks.numbers_no_gap()[0]


def test_everything_that_is_kept_comes_as_one_zip(signed, work, run_jobs, login):
    work()
    run_jobs()
    document = documents()[0]
    answer = login("einvoice.view_documents").post("/einvoice/export", data={
        "kind": "bundle", "id": [str(document.id)], "part": ["xml", "cdr", "printed", "request", "reply"]})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        found = {name.rsplit("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    assert all("Boleta de venta electrónica B001-00000001/" in name for name in archive.namelist())
    assert set(found) == {"03-B001-1.xml", "03-B001-1.zip", "request.json", "reply.json",
                          "BOLETA DE VENTA ELECTRÓNICA B001-00000001.pdf"}
    assert json.loads(found["request.json"])["codigo_unico"] == "2-B001-1"
    assert json.loads(found["reply.json"])["aceptada_por_sunat"] is True
