"""The RIDE: what stands on it, and the Code 128 read back by a decoder."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.db import db
from modules.accounting import documents as papers
from modules.accounting import notes
from modules.einvoice import services
from modules.einvoice_ec import access, print
from modules.einvoice_ec.layout import EcuadorianLayout
from modules.einvoice_ec.print import Ride
from tests.issuing import documents
from tests.modules.accounting.documents_sample import codes, text
from tests.modules.einvoice_ec.conftest import customer


def rendered(invoice: Any) -> bytes:
    return papers.preview(invoice)


@pytest.fixture
def authorised(sri, issue, work):
    profile = access.profile()
    profile.contribuyente_especial, profile.agente_retencion, profile.rimpe = "5368", "1", "RIMPE_E"
    (invoice,) = issue("25.00", service_from=dt.date(2026, 11, 1), service_to=dt.date(2026, 11, 30))
    work()
    return invoice


def test_what_the_sri_wants_on_the_form(authorised):
    (document,) = documents()
    found = text(rendered(authorised))
    for words in ("FACTURA", "No. 001-001-000000001", "RUC: 1790012344001", document.authorization_code,
                  "NÚMERO DE AUTORIZACIÓN Y CLAVE DE ACCESO", "AMBIENTE: PRUEBAS", "EMISIÓN: NORMAL",
                  "OBLIGADO A LLEVAR CONTABILIDAD: SI", "SIN VALIDEZ TRIBUTARIA", "Cédula: 1710034065",
                  "Dir. matriz: Av. Amazonas N34-120 y Japón, Quito", "INET · Internet fijo 100 Mbps",
                  "Forma de pago: Otros con utilización del sistema financiero, 9 dias"):
        assert words in found, f"{words!r} is missing in:\n{found}"


def test_legends_subtotals_and_free_fields(authorised):
    part = EcuadorianLayout().parts([authorised])[authorised.id]
    assert [note.text for note in part.legends] == [
        "SIN VALIDEZ TRIBUTARIA · Contribuyente Especial Nro. 5368 · OBLIGADO A LLEVAR CONTABILIDAD: SI · "
        "Agente de Retención Resolución No. 1 · CONTRIBUYENTE RÉGIMEN RIMPE",
        "SUBTOTAL 15%: 25.00 · SUBTOTAL SIN IMPUESTOS: 25.00 · TOTAL DESCUENTO: 0.00 · IVA 15%: 3.75 · PROPINA: 0.00 "
        "· VALOR TOTAL: 28.75", "Periodo: 11/2026"]
    assert part.rehearsal and part.valid


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
@pytest.mark.parametrize("dpi", [200, 300])
def test_the_code_128_is_read_back(authorised, tmp_path: Path, dpi: int):
    (document,) = documents()
    assert document.authorization_code in codes(rendered(authorised), tmp_path, dpi)


def test_a_credit_note_names_its_factura(authorised, work):
    note = notes.credit(authorised, "Servicio no prestado")
    services.open_documents([note.id])
    db.session.commit()
    work()
    found = text(rendered(note))
    assert "NOTA DE CRÉDITO" in found and "No. 001-001-000000001" in found
    assert "Comprobante que se modifica: FACTURA 001-001-000000001" in found
    assert "Servicio no prestado" in found


def test_before_it_is_authorised_nothing_looks_like_a_factura(sri, issue):
    (invoice,) = issue("25.00", to=customer("CEDULA", "1710034066"))
    part = EcuadorianLayout().parts([invoice])[invoice.id]
    assert (part.valid, part.barcode, part.legal) == (False, "", [])
    assert part.void_text == "SIN AUTORIZACIÓN DEL SRI"
    assert "todavía sin autorización" in part.number


def test_a_sample_is_recognisable(sri, issue):
    (invoice,) = issue("25.00")
    part = EcuadorianLayout().sample(invoice)
    assert part.rehearsal and part.barcode.count("0") > 40


def test_a_document_that_needs_no_authority_has_its_own_number():
    part = print.part(Ride("invoice", "1790012344001", own_number="A-17"))
    assert (part.valid, part.number, part.title) == (False, "No. A-17", "Factura")
