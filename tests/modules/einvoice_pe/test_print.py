"""The representación impresa: what stands on it, and the QR read back by a decoder."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from core.db import db
from modules.accounting import documents as papers
from modules.accounting import notes
from modules.accounting.drafts import DraftLine
from modules.einvoice import services
from modules.einvoice_pe import access, print
from modules.einvoice_pe.layout import PeruvianLayout
from modules.einvoice_pe.print import Printed
from tests.issuing import documents
from tests.modules.accounting.documents_sample import codes, text
from tests.modules.einvoice_pe.cases import RUC
from tests.modules.einvoice_pe.conftest import VAT, customer


def long_customer():
    return customer("RUC", RUC, "CORPORACIÓN DE TELECOMUNICACIONES Y SERVICIOS GENERALES DEL VALLE DEL MANTARO S.A.C.")


@pytest.fixture
def factura(nubefact, issue, work):
    access.profile().detraction_account = "00123456789"
    (invoice,) = issue("1180.00", to=long_customer())
    work()
    return invoice


def test_what_sunat_wants_on_the_paper(factura):
    (document,) = documents()
    found = text(papers.preview(factura))
    for words in ("FACTURA ELECTRÓNICA", "F001-00000001", "RUC: 20612345679", "RUC: 20555666773",
                  "Jr. Los Olivos 123", "Forma de pago: CRÉDITO", "SON: MIL CIENTO OCHENTA CON 00/100 "
                  "SOLES", "Op. gravada: S/ 1000.00", "IGV 18 %: S/ 180.00", "Monto neto pendiente de pago: S/ 1038.40",
                  "Cuota 001:", "Operación sujeta al Sistema de Pago de Obligaciones Tributarias", "S/ 141.60",
                  "00123456789", "Representación impresa de la FACTURA ELECTRÓNICA", "Código hash",
                  document.authorization_code):
        assert words in " ".join(found.split()), f"{words!r} is missing in:\n{found}"


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_the_qr_is_read_back_unchanged(factura, tmp_path: Path, dpi: int):
    (document,) = documents()
    assert document.response["cadena_para_codigo_qr"] in codes(papers.preview(factura), tmp_path, dpi)


def test_many_lines_go_on_several_pages(nubefact, issue, work):
    lines = tuple(DraftLine(f"Servicio de internet dedicado simétrico, sede número {index}", Decimal(1),
                            Decimal("10.00"), price_includes_tax=True, taxes=VAT) for index in range(60))
    (invoice,) = issue("0", to=long_customer(), lines=lines)
    work()
    assert documents()[0].state == "authorized"
    paper = papers.preview(invoice)
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") >= 2 or "2" in text(paper)
    assert "sede número 59" in text(paper)


def test_a_credit_note_names_what_it_modifies(factura, work):
    note = notes.credit(factura, "Servicio no prestado")
    services.open_documents([note.id])
    db.session.commit()
    work()
    found = " ".join(text(papers.preview(note)).split())
    for words in ("NOTA DE CRÉDITO ELECTRÓNICA", "FC01-00000001", "Documento que modifica: Factura electrónica F001-1",
                  "Motivo: Anulación de la operación"):
        assert words in found


def test_before_it_is_accepted_nothing_looks_like_a_document(nubefact, issue):
    (invoice,) = issue("89.00")
    part = PeruvianLayout().parts([invoice])[invoice.id]
    assert (part.valid, part.qr_text, part.legal, part.title) == (False, "", [], "Comprobante")


def test_a_sample_is_recognisable(nubefact, issue):
    (invoice,) = issue("89.00")
    part = PeruvianLayout().sample(invoice)
    assert part.number == "B001-00000119"
    assert "0" * 44 in str(part.seals)
    assert part.rehearsal is False or part.valid


def test_a_document_that_needs_no_authority_has_its_own_number():
    assert print.part(Printed("invoice", RUC, own_number="A-17")).number == "N° A-17"
