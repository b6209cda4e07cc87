"""The printed sheet of a receipt of payment, its QR read back, its notice with the XML, and its files in bulk."""

from __future__ import annotations

import io
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from core import storage
from core.db import db
from core.models import StoredFile
from modules.einvoice_mx import corrections, paper_files, proofs
from modules.einvoice_mx.models import PaymentReceipt
from modules.notifications.models import Message
from tests.modules.accounting.documents_sample import codes, text
from tests.modules.einvoice_mx.conftest import NAME, pay, rows


@pytest.fixture
def receipt(issue: Any, settle: Any, done: Any) -> PaymentReceipt:
    """The second instalment of one invoice, and all of another."""
    issue("1160.00")
    settle()
    pay("500.00")
    done()
    issue("232.00")
    settle()
    pay("892.00", "cash")
    done()
    return rows()[1]


def data_of(file_id: int | None) -> bytes:
    return storage.read(storage.find_file(file_id or 0))


def test_what_the_sat_wants_on_the_sheet(receipt):
    found = text(data_of(receipt.pdf_file_id))
    timbre = proofs.timbre_of(receipt.stamped_xml.encode())
    for words in ("Recibo de pago", "P2", receipt.uuid, "EKU9003173C9", "601 General de Ley Personas Morales",
                  "Lugar de expedición: 42501", "URE180429TM6", "UNIVERSIDAD ROBOTICA ESPAÑOLA", "CP01 Pagos",
                  "Forma de pago: 01 Efectivo", "Tipo de cambio: 1", "Documentos relacionados", "Saldo insoluto", "A 1",
                  "A 2", "660.00", "232.00", "0.00", "IVA 16 %: base 568.965517, importe 91.034483",
                  "objeto de impuesto 02", "Base IVA 16 %", "768.97", "123.03", "892.00",
                  "ochocientos noventa y dos pesos 00/100 M.N.", "representación impresa de un CFDI",
                  "Sello digital del CFDI", "Sello digital del SAT", timbre["NoCertificadoSAT"],
                  timbre["RfcProvCertif"]):
        assert words in found, f"{words!r} is missing in:\n{found}"
    for proof in (timbre["SelloCFD"], timbre["SelloSAT"], timbre["cadena"]):
        for place in range(0, len(proof), proofs.WIDTH):
            assert proof[place:place + proofs.WIDTH] in found


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("dpi", [200, 300])
def test_the_qr_is_read_back(receipt, tmp_path: Path, dpi: int):
    (found,) = [one for one in codes(data_of(receipt.pdf_file_id), tmp_path, dpi) if "verificacfdi" in one]
    sello = proofs.timbre_of(receipt.stamped_xml.encode())["SelloCFD"]
    assert found == ("https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id=" + receipt.uuid
                     + "&re=EKU9003173C9&rr=URE180429TM6&tt=0&fe=" + sello[-8:])


def test_the_customer_gets_pdf_and_xml_once(receipt, run_jobs):
    paper_files.deliver_receipts([receipt.id])
    db.session.commit()
    sent = db.session.scalars(sa.select(Message).where(Message.kind == "einvoice_mx.receipt_stamped",
                                                       Message.subject_key == f"receipt:{receipt.id}")).all()
    assert [one.attachments for one in sent] == [[receipt.pdf_file_id, receipt.xml_file_id]]
    assert receipt.uuid in sent[0].body
    assert data_of(receipt.xml_file_id).decode() == receipt.stamped_xml


def test_many_invoices_on_several_pages(issue, settle, done):
    for _turn in range(3):
        issue(*["116.00"] * 12)
    settle()
    pay(f"{116 * 36}.00")
    done()
    (row,) = rows()
    reader = PdfReader(io.BytesIO(data_of(row.pdf_file_id)))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) >= 3
    assert all(row.uuid in page for page in pages) and sum(page.count("objeto de impuesto 02") for page in pages) == 36


def test_before_it_is_stamped_and_after_it_is_cancelled_the_sheet_is_void(issue, settle, run_jobs, done, pac_server):
    issue("116.00")
    settle()
    pac_server.fault(NAME, "refuse", count=1, code="CRP20211")
    pay("116.00")
    run_jobs()
    (row,) = rows()
    found = text(storage.read(paper_files.pdf_of(row)))
    assert "Sello digital" not in found and "representación impresa" not in found and row.pdf_file_id is None
    corrections.retry(row)
    db.session.commit()
    done()
    corrections.cancel(rows()[1], "datos equivocados")
    db.session.commit()
    done()
    cancelled = rows()[1]
    assert (cancelled.state, cancelled.uuid != "", cancelled.proof_file_id is not None) == ("cancelled", True, True)
    assert b"Cancelado" in data_of(cancelled.proof_file_id)
    assert paper_files.prepare([cancelled])[0].html.count("CANCELADO") == 1
    # what the payment still pays has a receipt again
    assert rows()[2].state == "authorized"


def test_all_files_of_receipts_come_in_one_zip(receipt, login, app):
    client = login("einvoice.view_documents")
    answer = client.post("/einvoice-mx/receipts/export", data={
        "kind": "bundle", "all": "1", "part": ["pdf", "xml", "proof"]})
    assert answer.status_code == 200, answer.status_code
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert sorted(one.rpartition(".")[2] for one in names) == ["pdf", "pdf", "xml", "xml"]
    assert f"{receipt.uuid}.xml" in names
    merged = client.post("/einvoice-mx/receipts/export", data={"kind": "pdf", "all": "1"})
    assert "Recibo de pago" in text(merged.data)


def test_page_of_a_receipt_shows_balances_and_gives_files(receipt, login):
    client = login("einvoice.view_documents", "einvoice.cancel_documents")
    page = client.get(f"/einvoice-mx/receipts/{receipt.id}").text
    for words in (receipt.uuid, "660.00", "A 1", "IVA 16 %"):
        assert words in page
    assert client.get(f"/einvoice-mx/receipt/{receipt.id}/pdf").data[:4] == b"%PDF"
    assert client.get(f"/einvoice-mx/receipt/{receipt.id}/xml").text == receipt.stamped_xml
    assert client.get(f"/einvoice-mx/receipt/{receipt.id}/proof").status_code == 404
    assert Decimal(receipt.payment.amount) == Decimal("892.00")
    assert client.post(f"/einvoice-mx/receipts/{receipt.id}/cancel", data={"reason": ""}).status_code == 409
    assert rows()[1].state == "authorized"  # without a reason nothing was asked for


def test_page_tells_that_the_stored_xml_cannot_be_read(receipt, login):
    receipt.stamped_xml = "<cfdi:Comprobante"
    receipt.pdf_file_id = None
    db.session.commit()
    client = login("einvoice.view_documents")
    page = client.get(f"/einvoice-mx/receipts/{receipt.id}")
    assert page.status_code == 200 and f"No se puede leer el XML guardado de {receipt}" in page.text
    assert client.get(f"/einvoice-mx/receipt/{receipt.id}/xml").text == "<cfdi:Comprobante"
    answer = client.get(f"/einvoice-mx/receipt/{receipt.id}/pdf")
    assert answer.status_code == 409 and "No se puede leer" in answer.text


def test_files_of_another_company_are_not_shown(receipt, login, other_company):
    file = db.session.get(StoredFile, receipt.pdf_file_id)
    assert file is not None and file.company_id == receipt.company_id
