"""From "ready" to the customer: rendered once, stored by content, noticed once, whatever is killed or full."""

from __future__ import annotations

import datetime as dt
import errno
import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from core import jobs, pdf, storage
from core.db import db
from core.models import Company, Job, StoredFile
from modules.accounting import designs, documents, handlers
from modules.accounting.events import InvoiceReady
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax
from modules.crm.models import Customer, Email
from modules.notifications.models import Message

ZERO = Decimal(0)


@pytest.fixture
def make_invoice(company: Company) -> Callable[..., Invoice]:
    """`make_invoice(total="12100")`: an issued invoice of a customer of its own, that needs no authority."""
    count = iter(range(1, 1000))

    def make(total: str = "12100", customer: Customer | None = None, **values: Any) -> Invoice:
        number = next(count)
        if customer is None:
            customer = Customer(code=f"D{number:04}", name=f"Cliente Ñandú {number}")
            db.session.add(customer)
            db.session.flush()
            db.session.add(Email(customer_id=customer.id, address=f"c{number}@example.com"))
        amount = Decimal(total)
        net = (amount / Decimal("1.21")).quantize(Decimal("0.01"))
        row = Invoice(**{
            "kind": "invoice", "state": "issued", "legal_state": "not_required", "customer_id": customer.id,
            "legal_number": f"B 0003-{number:08d}", "issue_date": dt.date(2026, 11, 1),
            "due_date": dt.date(2026, 11, 10),
            "service_from": dt.date(2026, 11, 1), "service_to": dt.date(2026, 11, 30), "currency": "ARS", "net": net,
            "tax_total": amount - net, "total": amount, "open_amount": amount, "origin": "billing",
            "snapshot": {"customer": {"code": customer.code, "name": customer.name}}, **values})
        db.session.add(row)
        db.session.flush()
        db.session.add(InvoiceLine(invoice_id=row.id, position=1, description="Hogar 100 Megas", quantity=Decimal(1),
                                   unit_price=net, net=net, tax=amount - net, total=amount,
                                   taxes=[{"code": "VAT", "rate": "21"}]))
        db.session.add(InvoiceTax(invoice_id=row.id, code="VAT", rate=Decimal(21), base=net, amount=amount - net))
        db.session.commit()
        return row

    return make


def ready(*invoices: Invoice) -> None:
    jobs.publish(InvoiceReady([one.id for one in invoices]))
    db.session.commit()
    jobs.run_jobs()
    db.session.expire_all()


def texts(file_id: int | None) -> str:
    assert file_id
    return PdfReader(io.BytesIO(storage.read(file_id))).pages[0].extract_text()


def test_a_ready_invoice_is_rendered_stored_and_sent(make_invoice: Any, instance: Path) -> None:
    invoice = make_invoice()
    ready(invoice)
    assert "Cliente Ñandú 1" in texts(invoice.pdf_file_id)
    message = db.session.scalars(sa.select(Message)).one()
    assert (message.kind, message.state) == ("accounting.invoice_ready", "sent")
    assert message.attachments == [invoice.pdf_file_id]
    assert "$12.100,00 hasta el 10/11/2026" in message.subject
    assert (instance / "outbox" / message.answer).exists()


def test_a_second_event_renders_and_sends_nothing(make_invoice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice()
    ready(invoice)
    monkeypatch.setattr(pdf, "render_many", lambda *args: pytest.fail("rendered again"))
    ready(invoice)
    assert len(db.session.scalars(sa.select(Message)).all()) == 1


def test_a_download_does_not_render_again(make_invoice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice()
    first = documents.pdf_of(invoice)
    monkeypatch.setattr(pdf, "render_many", lambda *args: pytest.fail("rendered again"))
    assert documents.pdf_of(invoice).id == first.id


def test_what_is_not_authorised_is_shown_but_not_stored_nor_sent(make_invoice: Any) -> None:
    invoice = make_invoice(legal_state="pending")
    ready(invoice)
    assert invoice.pdf_file_id is None and db.session.scalars(sa.select(Message)).all() == []
    data = documents.preview(invoice)
    assert "NOVÁLIDOCOMOFACTURA" in "".join(PdfReader(io.BytesIO(data)).pages[0].extract_text().upper().split())
    documents.pdf_of(invoice)
    assert invoice.pdf_file_id is None


def test_a_job_that_was_killed_before_recording_does_the_same_again(make_invoice: Any) -> None:
    invoice = make_invoice()
    (prepared,) = documents.prepare([invoice.id])
    first = pdf.render(prepared.html)
    storage.backend().put([first])
    ready(invoice)
    assert storage.read(invoice.pdf_file_id) == first


def test_a_full_disk_keeps_the_job_and_goes_on_when_cured(make_invoice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice(snapshot={"customer": {"name": uuid.uuid4().hex, "code": "1"}})  # content not yet stored

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.storage.os.fsync", full)
    ready(invoice)
    waiting = db.session.scalars(sa.select(Job).where(Job.state == "pending")).one()
    assert waiting.function.endswith("deliver_documents") and "files" in waiting.error
    assert invoice.pdf_file_id is None
    assert db.session.scalars(sa.select(StoredFile)).all() == []
    monkeypatch.undo()
    jobs.run_again(waiting)
    db.session.commit()
    jobs.run_jobs()
    db.session.expire_all()
    assert invoice.pdf_file_id and db.session.scalars(sa.select(Message)).one().state == "sent"


def test_one_document_that_cannot_be_rendered_stops_only_itself(make_invoice: Any,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    invoices = [make_invoice() for _number in range(3)]
    real = pdf.render_many

    def second_breaks(batch: list[str], assets: Any = None) -> list[Any]:
        results = real(batch, assets)
        return [pdf.PdfError("broken") if "Ñandú 2" in html else data
                for html, data in zip(batch, results, strict=True)]

    monkeypatch.setattr(pdf, "render_many", second_breaks)
    ready(*invoices)
    assert [bool(one.pdf_file_id) for one in invoices] == [True, False, True]
    assert len(db.session.scalars(sa.select(Message)).all()) == 2
    open_jobs = db.session.scalars(sa.select(Job).where(Job.function.endswith("deliver_documents"))).all()
    assert any(job.state == "pending" and "broken" in job.error for job in open_jobs)


def test_many_documents_become_jobs_of_fifty_with_few_statements(make_invoice: Any,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "render_many", lambda batch, assets=None: [html.encode()[:9000] for html in batch])
    invoices = [make_invoice() for _number in range(120)]

    def count(ids: list[int]) -> int:
        seen: list[str] = []
        listener = lambda conn, cursor, statement, *rest: seen.append(statement)  # noqa: E731
        sa.event.listen(sa.Engine, "before_cursor_execute", listener)
        handlers.deliver_documents(ids)
        sa.event.remove(sa.Engine, "before_cursor_execute", listener)
        return len([text for text in seen if "SAVEPOINT" not in text])

    ids = [one.id for one in invoices]
    jobs.publish(InvoiceReady(ids))
    db.session.commit()
    jobs.run_jobs(limit=1)
    batches = [len(job.payload["invoice_ids"]) for job in db.session.scalars(
        sa.select(Job).where(Job.function.endswith("deliver_documents")))]
    assert sorted(batches) == [20, 50, 50]
    count(ids[:1])
    few, many = count(ids[1:3]), count(ids[3:53])
    assert many <= few + 2


def test_who_owes_more_than_this_is_told_the_whole_balance(make_invoice: Any) -> None:
    old = make_invoice("3000", legal_number="B 0003-00000900", due_date=dt.date(2026, 10, 10))
    new = make_invoice(customer=db.session.get(Customer, old.customer_id))
    ready(new)
    assert "su saldo es de $15.100,00" in db.session.scalars(sa.select(Message)).one().body
    assert "B 0003-00000900" in texts(new.pdf_file_id)


def test_who_has_nothing_to_pay_is_not_asked_to(make_invoice: Any) -> None:
    ready(make_invoice(open_amount=ZERO))
    body = db.session.scalars(sa.select(Message)).one().body
    assert "No hay nada que pagar" in body and "Debe pagar" not in body


def test_a_document_keeps_the_design_it_was_issued_with(make_invoice: Any) -> None:
    first = designs.revise(blocks=["lines", "text"], texts={"text": "Texto viejo"})
    old = make_invoice()
    old.snapshot = {**old.snapshot, "design": first.id}
    designs.revise(blocks=["lines", "text"], texts={"text": "Texto nuevo"}, color="#123456")
    new = make_invoice()
    assert "Texto viejo" in PdfReader(io.BytesIO(documents.preview(old))).pages[0].extract_text()
    assert "Texto nuevo" in PdfReader(io.BytesIO(documents.preview(new))).pages[0].extract_text()


@pytest.mark.parametrize("values", [
    {"blocks": ["text"]}, {"blocks": ["lines", "lines"]}, {"blocks": ["lines", "nonsense"]},
    {"blocks": ["lines"], "color": "teal"},
])
def test_an_impossible_design_is_refused(company: Company, values: dict[str, Any]) -> None:
    from core.errors import DomainError

    with pytest.raises(DomainError):
        designs.revise(texts={}, **values)


def test_a_company_logo_is_printed(make_invoice: Any, company: Company) -> None:
    from tests.modules.accounting import documents_sample as sample

    company.logo_file_id = storage.store(sample.logo(), "logo.png", "image/png").id
    data = documents.preview(make_invoice())
    assert len(PdfReader(io.BytesIO(data)).pages[0].images) == 1
