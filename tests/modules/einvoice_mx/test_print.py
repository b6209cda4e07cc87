"""The printed representation of a CFDI: what stands on it, and the QR read back by a decoder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modules.accounting import documents as papers
from modules.einvoice_mx import schema
from modules.einvoice_mx.layout import MexicanLayout
from modules.einvoice_mx.proofs import WIDTH
from tests.issuing import documents
from tests.modules.accounting.documents_sample import codes, text
from tests.modules.einvoice_mx.conftest import customer


@pytest.fixture
def stamped(issue, settle):
    issue("399.00")
    settle()
    return documents()[0].invoice


def test_what_the_sat_wants_on_the_sheet(stamped):
    row = documents()[0]
    found = text(papers.preview(stamped))
    for words in ("Factura", "A 1", row.authorization_code, "EKU9003173C9", "601 General de Ley Personas Morales",
                  "Lugar de expedición: 42501", "URE180429TM6", "UNIVERSIDAD ROBOTICA ESPAÑOLA",
                  "Uso del CFDI: G03 Gastos en general", "Método de pago: PPD", "Forma de pago: 99 Por definir",
                  "representación impresa de un CFDI", "Sello digital del CFDI", "Sello digital del SAT",
                  "Cadena original del complemento", "SPR190613I52", row.response["NoCertificadoSAT"]):
        assert words in found, f"{words!r} is missing in:\n{found}"
    root = schema.parse(row.request["xml"].encode())
    for proof in (str(root.get("Sello")), row.response["SelloSAT"], row.response["cadena"]):
        for place in range(0, len(proof), WIDTH):  # the watermark's letters stand between the lines
            assert proof[place:place + WIDTH] in found


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("dpi", [200, 300])
def test_the_qr_is_read_back(stamped, tmp_path: Path, dpi: int):
    expected = MexicanLayout().parts([stamped])[stamped.id].qr_text
    assert expected in codes(papers.preview(stamped), tmp_path, dpi)


def test_before_it_is_stamped_nothing_looks_like_a_cfdi(issue):
    (invoice,) = issue("399.00", to=customer(condition="612"))
    part = MexicanLayout().parts([invoice])[invoice.id]
    assert (part.valid, part.qr_text, part.legal, part.seals) == (False, "", [], [])
    assert part.void_text == "DOCUMENTO SIN VALIDEZ FISCAL"


def test_sample_is_marked_as_one(mexico, issue):
    (invoice,) = issue("399.00")
    part = MexicanLayout().sample(invoice)
    assert part.rehearsal and part.number == "A 119" and "0000" in part.legal[0].value
