"""The printed representation of a CFDI of many lines: on every page whose it is, nothing lost, proofs and QR whole."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from core import clock
from core.db import db
from modules.accounting import documents as papers
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.einvoice import services
from modules.einvoice_mx import qr, schema
from modules.einvoice_mx.proofs import WIDTH
from tests.issuing import documents
from tests.modules.accounting.documents_sample import text
from tests.modules.einvoice_mx.conftest import VAT, customer

LINES = 70


@pytest.fixture
def long_invoice(mexico: Any, pac_server: Any, settle: Any) -> Invoice:
    """Each line at a price of its own, with IVA inside."""
    lines = tuple(DraftLine(f"Enlace dedicado simétrico de la sucursal {place:03d}", Decimal(1),
                            Decimal(1000 + place) / 10, taxes=VAT, price_includes_tax=True) for place in range(LINES))
    ids = issue_many(mexico, [InvoiceDraft(customer().id, clock.local(clock.now()).date(), lines)])
    services.open_documents(ids)
    db.session.commit()
    settle()
    return db.session.get_one(Invoice, ids[0])


def decoded(paper: bytes, folder: Path) -> list[str]:
    """What a reader of codes finds on each page."""
    (folder / "paper.pdf").write_bytes(paper)
    subprocess.run(["pdftoppm", "-r", "200", "-gray", "-png", folder / "paper.pdf", folder / "page"], check=True)
    found: list[str] = []
    for image in sorted(folder.glob("page-*.png")):
        said = subprocess.run(["zbarimg", "-q", "--raw", image], capture_output=True, text=True, check=False).stdout
        found += said.split("\n")
    return [one for one in found if one]


def test_nothing_is_lost_on_several_pages(long_invoice: Invoice) -> None:
    (row,) = documents()
    assert row.state == "authorized"
    paper = papers.preview(long_invoice)
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(paper)).pages]
    assert len(pages) >= 3
    for place, page in enumerate(pages, start=1):
        for words in ("Fibra Kemper", "Factura", "A 1", "representación impresa de un CFDI",
                      f"Página {place} de {len(pages)}"):
            assert words in page, f"{words!r} is missing on page {place}:\n{page}"
    whole = text(paper)
    printed = re.findall(r"sucursal (\d{3})", whole)
    assert printed == [f"{place:03d}" for place in range(LINES)]
    root = schema.parse(row.request["xml"].encode())
    total = sum((Decimal(1000 + place) / 10 for place in range(LINES)), Decimal(0))
    assert Decimal(str(root.get("Total"))) == total
    # totals and proofs stand once, after the last line
    end = whole[whole.index(f"sucursal {LINES - 1:03d}"):]
    for amount in (root.get("SubTotal"), root.find(f"{{{schema.CFDI}}}Impuestos").get("TotalImpuestosTrasladados"),
                   root.get("Total")):
        assert f"{Decimal(str(amount)):,.2f}" in end, f"{amount} is missing in:\n{end}"
    for proof in (str(root.get("Sello")), row.response["SelloSAT"], row.response["cadena"]):
        parts = [proof[place:place + WIDTH] for place in range(0, len(proof), WIDTH)]
        assert [part for part in parts if part not in end] == []
    assert row.authorization_code in end and "representación impresa de un CFDI" in end


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
def test_the_qr_is_read_back_from_every_page(long_invoice: Invoice, tmp_path: Path) -> None:
    (row,) = documents()
    root = schema.parse(row.request["xml"].encode())
    expected = qr.url(row.authorization_code, "EKU9003173C9", "URE180429TM6", str(root.get("Total")),
                      str(root.get("Sello")))
    paper = papers.preview(long_invoice)
    assert decoded(paper, tmp_path) == [expected] * len(PdfReader(io.BytesIO(paper)).pages)
