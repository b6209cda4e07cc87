"""Global invoices on screen, on paper, in the terminal; the finding; several at once."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core import checks, cli, clock, storage
from core import schema as schema_of_database
from core.db import db
from modules.accounting import documents as papers
from modules.accounting.models import Invoice
from modules.einvoice_mx import access, catalogs, desk, gathering, proofs
from modules.einvoice_mx.checks import public_sales_gathered, receipts_in_time
from modules.einvoice_mx.cli import cli as cfdi
from modules.einvoice_mx.closing import MexicanMonth
from modules.einvoice_mx.models import GlobalInvoice, PaymentReceipt, PublicSale
from tests.modules.accounting.documents_sample import codes, text
from tests.modules.einvoice_mx.conftest import customer, pay, rows
from tests.modules.einvoice_mx.test_globals import gather, named, sell, yesterday  # noqa: F401

READ = ("einvoice.view_documents", "accounting.view_documents")


@pytest.fixture
def gathered(sell: Any, gather: Any) -> GlobalInvoice:  # noqa: F811
    sell("399.00", "649.00")
    gather()
    (row,) = rows(GlobalInvoice)
    return row


def data_of(file_id: int | None) -> bytes:
    return storage.read(storage.find_file(file_id or 0))


def test_what_the_sat_wants_on_the_sheet(gathered, tmp_path):
    sheet = data_of(gathered.pdf_file_id)
    found, timbre = text(sheet), proofs.timbre_of(gathered.stamped_xml.encode())
    month = catalogs.periods()["c_Meses"][f"{yesterday().month:02d}"]
    for words in ("Factura global", "G1", gathered.uuid, "PUBLICO EN GENERAL", "XAXX010101000", "S01", "616",
                  "Periodicidad: 01 Diario", f"Meses: {yesterday().month:02d} {month} de",
                  "01010101 · ACT · objeto de impuesto 02", "00000001", "343.97", "00000002", "PUE", "1,048.00",
                  "Sello digital del CFDI", "Sello digital del SAT", timbre["NoCertificadoSAT"]):
        assert words in found, f"{words!r} is missing in:\n{found}"
    assert any(f"id={gathered.uuid}" in code and "rr=XAXX010101000" in code for code in codes(sheet, tmp_path))


def test_paper_of_a_sale_says_that_it_is_gathered(sell):  # noqa: F811
    (sold,) = sell("116.00")
    found = text(data_of(papers.pdf_of(sold).id))
    for words in ("Nota de venta", "Comprobante de operación con el público en general", "00000001", "EKU9003173C9",
                  "601 General de Ley Personas Morales", "42501", "forma parte de la factura global"):
        assert words in found, f"{words!r} is missing in:\n{found}"


def test_list_page_files_and_bundle(gathered, login):
    client = login(*READ)
    page = client.get("/einvoice-mx/globals").text
    assert gathered.uuid in page and "G 1" in page
    assert "G 1" not in client.get("/einvoice-mx/globals?state=rejected").text
    assert "G 1" in client.get("/einvoice-mx/globals?q=00000002").text
    shown = client.get(f"/einvoice-mx/globals/{gathered.id}").text
    assert "00000001" in shown and "Persona" in shown and "Diario" in shown
    assert client.get(f"/einvoice-mx/global/{gathered.id}/xml").text == gathered.stamped_xml
    assert client.get(f"/einvoice-mx/global/{gathered.id}/pdf").data[:4] == b"%PDF"
    answer = client.post("/einvoice-mx/globals/export", data={"kind": "bundle", "all": "1", "part": ["pdf", "xml"]})
    assert f"{gathered.uuid}.xml" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    for path in ("make", f"{gathered.id}/retry", f"{gathered.id}/cancel"):
        assert client.post(f"/einvoice-mx/globals/{path}").status_code == 403


def test_by_hand_on_screen(sell, gather, login):  # noqa: F811
    client = login(*READ, "einvoice.send_documents", "einvoice.cancel_documents")
    assert "ninguna venta espera" in client.post("/einvoice-mx/globals/make", follow_redirects=True).text
    (sold,) = sell("116.00")
    assert "por hacer" in client.get("/einvoice-mx/globals").text
    client.post("/einvoice-mx/globals/make")
    gather()
    (row,) = rows(GlobalInvoice)
    assert row.state == "authorized"
    page = client.get(f"/invoices/{sold.id}").text
    assert "Está en la factura global" in page and "Darle un CFDI propio" in page
    refused = client.post(f"/einvoice-mx/sales/{sold.id}/own")
    assert refused.status_code == 409 and "RFC" in refused.text
    assert client.post(f"/einvoice-mx/globals/{row.id}/cancel", data={"code": "02"}).status_code == 409
    client.post(f"/einvoice-mx/globals/{row.id}/cancel", data={"code": "02", "reason": "serie"})
    gather()
    assert [one.state for one in rows(GlobalInvoice)] == ["cancelled", "authorized"]


def test_command_makes_what_is_due(sell, app, monkeypatch):  # noqa: F811
    monkeypatch.setattr(cli, "app", lambda: app)
    monkeypatch.setattr(schema_of_database, "require_current", lambda: None)
    sell("116.00", "232.00")
    sell("348.00", day=clock.today())
    answer = CliRunner().invoke(cfdi, ["global", "--json"], standalone_mode=False)
    assert answer.return_value == 0, answer.output
    found = json.loads(answer.stdout)
    assert [(one["number"], one["sales"], one["total"], one["state"]) for one in found["made"]] == [
        ("G 1", 2, "348.00", "pending")]
    assert [(one["sales"], one["total"]) for one in found["waiting"]] == [(1, "348.00")]
    again = CliRunner().invoke(cfdi, ["global"], standalone_mode=False)
    assert again.return_value == 0 and "No hay facturas globales por hacer" in again.output
    assert len(rows(GlobalInvoice)) == 1


# --- the finding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "environment", "fine"), [
    (1, "production", True), (2, "production", True), (4, "production", False), (4, "rehearsal", True)])
def test_sale_in_no_global_invoice_after_its_term(sell, days, environment, fine):  # noqa: F811
    sell("116.00", day=clock.today() - dt.timedelta(days=days))
    db.session.execute(sa.update(PublicSale).values(environment=environment))
    db.session.commit()
    assert public_sales_gathered()[0] is fine


@pytest.mark.parametrize(("today", "paid_on", "state", "fine"), [
    ("2026-12-02", "2026-11-30", "pending", True), ("2026-12-03", "2026-11-30", "pending", False),
    ("2026-12-05", "2026-11-02", "rejected", False), ("2026-12-05", "2026-12-01", "pending", True),
    ("2026-12-02", "2026-10-31", "sending", False), ("2026-12-05", "2026-11-30", "authorized", True)])
def test_receipts_of_payment_by_the_fifth(mexico, today, paid_on, state, fine):
    payment = pay("116.00", who=customer())
    payment.paid_on = dt.date.fromisoformat(paid_on)
    db.session.add(PaymentReceipt(environment="production", state=state, series="P", number=1, uuid="X", xml="x",
                                  payment_id=payment.id))
    db.session.commit()
    with clock.freeze(dt.datetime.fromisoformat(f"{today}T18:00:00+00:00")):
        assert receipts_in_time()[0] is fine


def test_what_keeps_the_month_open(gathered, app):
    day = yesterday()
    with app.test_request_context():
        _points(day)


def _points(day: dt.date) -> None:
    assert MexicanMonth().open_points(day, day) == []
    db.session.execute(sa.update(GlobalInvoice).values(state="rejected"))
    db.session.execute(sa.update(PublicSale).where(PublicSale.number == 2).values(global_id=None))
    db.session.commit()
    assert [(one.text, one.tone) for one in MexicanMonth().open_points(day, day)] == [
        ("1 venta no está en ninguna factura global", "warn"), ("1 factura global no está timbrada", "bad")]
    assert MexicanMonth().open_points(day - dt.timedelta(days=9), day - dt.timedelta(days=5)) == []


def test_one_replaced_that_the_sat_did_not_cancel(gathered):
    db.session.add(GlobalInvoice(
        environment="production", state="authorized", series="G", number=2, uuid="X", xml="x", period="01",
        first_day=yesterday(), last_day=yesterday(), sales=2, total=Decimal(1), replaces_id=gathered.id))
    db.session.commit()
    assert public_sales_gathered()[:2] == (False, 1)


def test_refused_ones_are_told_on_the_home_page(gathered, mexico, app):
    with app.test_request_context():
        assert desk.refused_globals(mexico) == ""
        gathered.state = "rejected"
        db.session.commit()
        assert "1 facturas globales" in desk.refused_globals(mexico)


def test_timbres_of_all_kinds_are_counted_down(gathered):
    profile = access.profile()
    profile.stamps_bought, profile.stamps_counted_at = 100, clock.now() - dt.timedelta(days=1)
    db.session.commit()
    assert desk.stamps_left() == 100
    db.session.execute(sa.update(GlobalInvoice).values(environment="production"))
    db.session.commit()
    assert desk.stamps_left() == 99


def test_all_checks_hold(gathered):
    assert [one.check for one in checks.run_all(
        ("own_numbers_no_gap", "documents_in_ledger", "public_sales_gathered")) if not one.ok] == []
    assert db.session.scalars(sa.select(Invoice.legal_state)).all() == ["not_required"] * 2
    assert gathering.waiting() == []
