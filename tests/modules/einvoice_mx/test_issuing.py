"""A Mexican company in rehearsal: invoices stamped, lost answers recovered, notes, refusals, cancelling, the sheet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.db import db
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.ports import collectors, layouts
from modules.accounting.totals import of_draft
from modules.contracts.ports import billing_checks
from modules.einvoice import cancelling, files, services
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice_mx import access, schema
from tests.issuing import documents
from tests.modules.einvoice_mx.conftest import NAME, VAT, customer


def test_invoices_are_stamped_and_kept(issue, settle, pac_server):
    issue("399.00", "649.00", "116.00")
    settle()
    rows = documents()
    assert [(row.state, row.series, row.kind, row.number) for row in rows] == [
        ("authorized", "A", "I", 1), ("authorized", "A", "I", 2), ("authorized", "A", "I", 3)]
    there = {one["uuid"]: one for one in pac_server.state(NAME)["documents"]}
    assert {row.authorization_code: row.invoice.total for row in rows} == {
        uuid: Decimal(one["total"]) for uuid, one in there.items()}
    kept = files.of_documents([rows[0].id])[rows[0].id]["xml"]
    assert kept.name == f"{rows[0].authorization_code}.xml"
    assert rows[0].invoice.legal_number == "A 1" and rows[0].invoice.legal_state == "authorized"


@pytest.mark.parametrize("fault", ["lost_answer", "garbage", "error_500", "timeout_before"])
def test_answers_that_are_lost_leave_one_uuid_each(issue, settle, pac_server, fault):
    issue("399.00")
    settle()
    pac_server.fault(NAME, fault, rate=0.5, count=6, seed=5, seconds=0.01, only="requestTimbrarCFDI")
    issue(*[f"{price}.00" for price in range(100, 108)])
    settle()
    rows = documents()
    there = pac_server.state(NAME)["documents"]
    assert {row.authorization_code for row in rows} == {one["uuid"] for one in there}
    assert [row.number for row in rows] == list(range(1, 10))
    assert len(there) == len(rows)


def test_stamped_before_without_its_xml_is_waited_for(issue, settle, run_jobs, pac_server):
    pac_server.post(NAME, "config", {"again": "307_empty", "again_seconds": 60})
    pac_server.fault(NAME, "lost_answer", count=1, only="requestTimbrarCFDI")
    issue("399.00")
    run_jobs()
    assert [(row.state, row.next_try is not None) for row in documents()] == [("unknown", True)]
    pac_server.post(NAME, "config", {"again_seconds": 0})
    settle()
    assert [row.state for row in documents()] == ["authorized"]
    assert len(pac_server.state(NAME)["documents"]) == 1


def test_customer_that_the_sat_has_otherwise_is_refused_and_mended(issue, settle, mexico):
    wrong = customer(name="Universidad Robotica")
    issue("399.00", to=wrong)
    settle()
    row = documents()[0]
    assert (row.state, row.cause, row.authorization_code) == ("rejected", "CFDI40145", "")
    wrong.name = "Universidad Robotica Española"
    db.session.flush()
    services.retry(row)
    db.session.commit()
    settle()
    assert [(one.state, one.number) for one in documents()] == [("authorized", 1)]


def test_wrong_data_are_refused_before_anybody_is_asked(issue, pac_server):
    issue("399.00", to=customer(condition="612"))
    row = documents()[0]
    assert (row.state, row.cause, row.problems[0]["field"]) == ("rejected", "CFDI40158", "tax_condition")
    assert pac_server.state(NAME)["documents"] == []


def test_wrong_account_stops_the_series_and_refuses_no_document(issue, settle, run_jobs, pac_server):
    issue("399.00")
    settle()
    pac_server.post(NAME, "config", {"password": "another"})
    issue("649.00")
    run_jobs()
    db.session.expire_all()
    assert documents()[1].state == "pending"
    assert db.session.scalar(sa.select(Numbering.blocked_code)) == "FM501"


def test_credit_note_follows_its_invoice(issue, settle, pac_server):
    invoice = issue("580.00")[0]
    note = issue("58.00", kind="credit_note", original_id=invoice.id, reason="bonificación")[0]
    assert {row.invoice_id: row.state for row in documents()}[note.id] == "rejected"
    settle()
    rows = {row.invoice_id: row for row in documents()}
    assert (rows[note.id].state, rows[note.id].series, rows[note.id].kind) == ("authorized", "NC", "E")
    stamped = {one["uuid"]: one for one in pac_server.state(NAME)["documents"]}
    assert stamped[rows[note.id].authorization_code]["related"] == [
        {"relation": "01", "uuid": rows[invoice.id].authorization_code}]


def test_cancelling_is_done_when_the_sat_says_so(issue, settle, pac_server):
    issue("399.00")
    settle()
    row = documents()[0]
    assert [one.code for one in cancelling.reasons_for(row)] == ["01", "02", "03", "04"]
    cancelling.request(row, "02")
    db.session.commit()
    settle()
    row = documents()[0]
    assert (row.state, row.invoice.legal_state) == ("cancelled", "cancelled")
    assert pac_server.state(NAME)["documents"][0]["motive"] == "02"


def test_the_sheet_shows_what_the_sat_wants(issue, settle, mexico):
    invoice = issue("399.00")[0]
    layout = layouts.get("MX")
    assert not layout.parts([invoice])[invoice.id].valid
    settle()
    invoice = documents()[0].invoice
    found = layout.parts([invoice])[invoice.id]
    row = documents()[0]
    text = " ".join(f"{one.label} {one.value}" for one in (*found.issuer, *found.customer, *found.legal))
    for wanted in (row.authorization_code, "EKU9003173C9", "601 General de Ley", "42501", "URE180429TM6", "86991",
                   "G03 Gastos en general", "SPR190613I52"):
        assert wanted in text
    seals = " ".join(one.text.replace("\n", "") for one in found.seals)
    root = schema.parse(row.request["xml"].encode())
    for wanted in (root.get("Sello"), row.response["SelloSAT"], row.response["cadena"], "81112101 E48",
                   row.response["NoCertificadoSAT"], root.get("NoCertificado")):
        assert wanted in seals
    assert found.qr_text.startswith("https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id=")
    assert found.qr_text.endswith(f"&tt=399.00&fe={str(root.get('Sello'))[-8:]}")
    assert "representación impresa de un CFDI" in found.legends[0].text
    assert (found.valid, found.rehearsal) == (True, True)


def test_resico_is_withheld_from_companies_only(mexico):
    mexico.tax_id, mexico.tax_condition = "CACX7605101P8", "626"
    collecting = collectors.get("MX").on(mexico, dt.date(2026, 11, 1))
    assert collecting is not None
    company, person = customer(), customer("KICR630120NX3", "Rodrigo Kitia Castro", "612", "36246")
    collecting.look_up([company.id, person.id])
    for who, withheld in ((company, "4.30"), (person, "0.00")):
        line = DraftLine("Internet", Decimal(1), Decimal("399.00"), taxes=VAT, price_includes_tax=True)
        draft = InvoiceDraft(who.id, dt.date(2026, 11, 1), (line,))
        taxes = collecting.taxes(draft, of_draft(draft, "MX"))
        totals = of_draft(dataclasses.replace(draft, document_taxes=taxes), "MX")
        assert f"{totals.withheld:.2f}" == withheld
        assert totals.total == Decimal("399.00") - totals.withheld
    mexico.tax_condition = "612"
    assert collectors.get("MX").on(mexico, dt.date(2026, 11, 1)) is None


@pytest.mark.parametrize(("changes", "code"), [
    ({}, ""), ({"tax_condition": "612"}, "regime"), ({"tax_id": "URE1804"}, "rfc"), ({"tax_condition": ""}, "regime"),
    ({"tax_id": "XAXX010101000", "tax_condition": "616"}, ""), ({"name": "Público en general"}, "everybody"),
])
def test_month_is_checked_before_it_is_billed(mexico, changes, code):
    who = dataclasses.make_dataclass("Who", ["id", "name", "tax_id_kind", "tax_id", "tax_condition"])
    facts = {"id": 1, "name": "Universidad", "tax_id_kind": "RFC", "tax_id": "URE180429TM6", "tax_condition": "601"}
    draft = InvoiceDraft(1, dt.date(2026, 11, 1), (DraftLine("Internet", Decimal(1), Decimal("399.00"), taxes=VAT),))
    found = billing_checks.get("MX").check(mexico, who(**(facts | changes)), draft, None)
    assert (found.code if found else "") == code


def test_border_rate_is_only_for_the_border_region(mexico):
    draft = InvoiceDraft(1, dt.date(2026, 11, 1), (DraftLine("Internet", Decimal(1), Decimal("399.00"),
                                                             taxes=({"code": "VAT", "rate": "8"},)),))
    who = customer()
    check = billing_checks.get("MX")
    found = check.check(mexico, who, draft, None)
    assert found is not None and found.code == "border_rate"
    access.profile().border_region = True
    db.session.flush()
    assert check.check(mexico, who, draft, None) is None
