"""The representación gráfica: what stands on it, and the QR read back by a decoder."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.scope import current_company
from modules.accounting import documents as papers
from modules.accounting import notes
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.einvoice_co import access, print
from modules.einvoice_co.layout import ColombianLayout
from modules.einvoice_co.print import LegalFacts
from tests.modules.accounting.documents_sample import codes, text
from tests.modules.einvoice_co.test_issuer import VAT, customer, documents, issue, use, work

LONG = "CORPORACIÓN DE TELECOMUNICACIONES Y SERVICIOS GENERALES DEL VALLE DEL CAUCA Y EL EJE CAFETERO SAS"
EXEMPT, EXCLUDED = ({"code": "VAT", "category": "exempt"},), ({"code": "VAT", "category": "excluded"},)


def words(invoice: Invoice) -> str:
    return " ".join(text(papers.preview(invoice)).split())


def fresh(invoice: Invoice) -> Invoice:
    db.session.rollback()
    return db.session.get_one(Invoice, invoice.id)


@pytest.fixture
def factura(isp: Any) -> Invoice:
    access.profile().responsibilities = "O-13 O-23"
    use("hka")
    lines = tuple(DraftLine(name, D(1), D("50000.00"), price_includes_tax=True, taxes=taxes) for name, taxes in (
        ("Internet hogar estrato 2", EXEMPT), ("Internet hogar estrato 3", EXCLUDED), ("Televisión", VAT)))
    ids = issue_many(current_company(), [InvoiceDraft(
        customer(name=LONG, tax_id_kind="NIT", tax_id="9003901266").id, dt.date(2026, 11, 3), lines,
        due_date=dt.date(2026, 11, 15))])
    db.session.commit()
    work()
    return db.session.get_one(Invoice, ids[0])


def test_what_the_law_wants_on_the_paper(factura):
    (document,) = documents()
    assert document.state == "authorized", document.problems
    found = words(factura)
    for part in ("FACTURA ELECTRÓNICA DE VENTA", "SETP990000000", "901234568-", "900.390.126-6",
                 "Responsable de IVA, Gran contribuyente, Agente de retención IVA",
                 "Autorización de numeración DIAN N.º 18760000001", "desde 990000000 hasta 995000000",
                 "Forma de pago: Crédito, vence el 2026-11-15", "Exento de IVA (tarifa 0 %): $ 50.000,00",
                 "Excluido de IVA: $ 50.000,00", "The Factory HKA Colombia SAS, NIT 900390126-6",
                 *print.in_parts(document.authorization_code).split(" ")):
        assert part.lower() in found.lower(), f"{part!r} is missing in:\n{found}"


def test_the_cent_that_a_price_leaves_over_is_called_rounding(isp):
    use("hka")
    (invoice,) = issue(59900)
    work()
    found = words(fresh(invoice))
    for part in ("Redondeo $0,01", "$50.336,13", "$9.563,86", "$59.900,00"):
        assert part.replace(" ", "") in found.replace(" ", "").replace("\xa0", ""), f"{part!r} is missing in:\n{found}"
    assert "No gravado" not in found and "Excluido" not in found


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_the_qr_is_read_back_unchanged(factura, tmp_path: Path, dpi: int):
    (document,) = documents()
    found = codes(papers.preview(fresh(factura)), tmp_path, dpi)
    assert set(document.data["qr"].split("\n")) <= set(found), found


def test_many_lines_go_on_several_pages(isp):
    use("hka")
    lines = tuple(DraftLine(f"Enlace dedicado simétrico en la sede número {index} de la empresa", D(1), D("10000.00"),
                            price_includes_tax=True, taxes=VAT) for index in range(60))
    ids = issue_many(current_company(), [InvoiceDraft(customer().id, dt.date(2026, 11, 3), lines)])
    db.session.commit()
    work()
    assert documents()[0].state == "authorized", documents()[0].problems
    assert "sede número 59" in words(db.session.get_one(Invoice, ids[0]))


def test_a_credit_note_names_what_it_corrects(factura):
    notes.credit(fresh(factura), "Servicio no prestado")
    db.session.commit()
    work()
    note = db.session.scalar(sa.select(Invoice).where(Invoice.kind == "credit_note"))
    found = words(note)
    for part in ("Nota crédito electrónica", "NC1", "Corrige la factura SETP990000000 del 2026-11-03",
                 "Concepto: 2", "Anulación de factura electrónica", "CUDE:", documents()[0].authorization_code[:24]):
        assert part.lower() in found.lower(), f"{part!r} is missing in:\n{found}"
    # neither key runs into what stands beside it: no word is longer than a part of one
    legends = "\n".join(one.text for one in ColombianLayout().parts([note])[note.id].legends)
    assert f"CUFE de la factura: {documents()[0].authorization_code[:24]} " in legends
    assert max(len(word) for word in legends.split()) <= print.PART


def test_siigo_s_number_is_printed(isp):
    use("siigo")
    (invoice,) = issue(100000)
    work()
    assert "FV-2-22" in words(fresh(invoice)) and "Siigo SAS, NIT 830048145-8" in words(fresh(invoice))


def test_before_it_is_validated_nothing_looks_like_a_document(isp):
    use("hka")
    (invoice,) = issue(100000)
    part = ColombianLayout().parts([invoice])[invoice.id]
    assert (part.valid, part.qr_text, part.legal, part.number) == (False, "", [], print.WITHOUT_KEY)


def test_a_sample_says_that_it_is_none(isp):
    use("hka")
    (invoice,) = issue(100000)
    part = ColombianLayout().sample(invoice)
    assert part.valid and part.rehearsal and part.qr_text.endswith("0" * 96)


def test_a_final_consumer_is_named_as_such():
    part = print.part(LegalFacts("invoice", "901234568-1"))
    assert part.customer[0].value == "consumidor final 222222222222"
