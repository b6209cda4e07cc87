"""The month's sales in the 40 columns of SUNAT's proposal (peru.md, section 5)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError, NotFound
from core.jobs import RetryLater
from modules.accounting import notes
from modules.einvoice import cancelling, exporting, services
from modules.einvoice.jobs import cancel_document
from modules.einvoice.models import Document
from modules.einvoice_pe.catalogs import rvie_columns
from tests.issuing import documents
from tests.modules.einvoice_pe.cases import OTHER_RUC, RUC
from tests.modules.einvoice_pe.conftest import customer

AMOUNTS = ("BI Gravada", "Dscto BI", "IGV / IPM", "Dscto IGV / IPM", "Total CP")


def made(peru: Any, period: str = "", form: str = "") -> list[dict[str, str]]:
    found = exporting.make(peru, "rvie", period or f"{documents()[0].issue_date:%Y-%m}", form)
    text = found.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter="|" if form == "txt" else ","))
    assert len(rows) == found.rows and text.count("\r\n") == found.rows + 1
    return rows


def amounts(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in AMOUNTS)


def test_one_line_a_document_under_sunat_s_headings(nubefact, issue, work, peru):
    issue("118.00")
    issue("1180.00", to=customer("RUC", RUC, "Comercial Ejemplo S.A.C."))
    work()
    boleta, factura = made(peru)
    assert tuple(boleta) == rvie_columns() and len(boleta) == 40
    day = documents()[0].issue_date
    assert (boleta["Ruc"], boleta["Periodo"], boleta["Fecha de emisión"]) == (OTHER_RUC, f"{day:%Y%m}",
                                                                              f"{day:%d/%m/%Y}")
    assert (boleta["Tipo CP/Doc."], boleta["Serie del CDP"], boleta["Nro CP o Doc. Nro Inicial (Rango)"],
            boleta["Tipo Doc Identidad"]) == ("03", "B001", "1", "1")
    assert amounts(boleta) == ("100.00", "0.00", "18.00", "0.00", "118.00")
    assert (boleta["Moneda"], boleta["Tipo Cambio"], boleta["Tipo Operación"]) == ("PEN", "1.000", "0101")
    assert (factura["Tipo CP/Doc."], factura["Nro Doc Identidad"], factura["Tipo Operación"]) == ("01", RUC, "1001")
    # neither CAR nor the state of the document is ours to say
    assert {boleta[name] for name in ("CAR SUNAT", "Est. Comp", "Serie CP Modificado", "Tipo de Nota")} == {""}


def test_a_credit_note_is_negative_and_of_an_earlier_month_a_discount(nubefact, issue, work, peru):
    first, second = issue("118.00", "236.00")
    work()
    for invoice in (first, second):
        services.open_documents([notes.credit(invoice, "sin servicio", amount=Decimal("59.00")).id])
    db.session.commit()
    work()
    earlier = documents()[0]
    month = earlier.issue_date.replace(day=1)
    db.session.execute(sa.update(Document).where(Document.id == earlier.id).values(issue_date=month - dt.timedelta(1)))
    db.session.commit()
    found = {row["Nro CP Modificado"]: row for row in made(peru, f"{month:%Y-%m}") if row["Tipo CP/Doc."] == "07"}
    assert amounts(found["1"]) == ("0.00", "-50.00", "0.00", "-9.00", "-59.00")
    assert amounts(found["2"]) == ("-50.00", "0.00", "-9.00", "0.00", "-59.00")
    assert found["1"]["Fecha Emisión Doc Modificado"] == f"{month - dt.timedelta(1):%d/%m/%Y}"
    assert (found["2"]["Tipo CP Modificado"], found["2"]["Serie CP Modificado"], found["2"]["Tipo de Nota"]) == (
        "03", "B001", "09")


def test_annulled_has_no_amounts_and_what_was_refused_is_not_there(nubefact, issue, work, peru):
    issue("118.00", "236.00")
    work()
    issue("354.00", to=customer("DNI", "45678913", "SIM RECHAZO 2335"))
    work()
    cancelling.request(documents()[0], "baja", "equivocada")
    db.session.commit()
    for _round in range(4):
        try:
            cancel_document(documents()[0].id)
        except RetryLater:
            db.session.rollback()
    states = {one.number: one.state for one in documents()}
    assert states == {1: "cancelled", 2: "authorized", None: "rejected"}
    services.abandon(documents()[2], "nunca valió")
    db.session.commit()
    assert [amounts(row)[-1] for row in made(peru)] == ["0.00", "236.00"]


def test_in_the_other_form_and_page_by_page(nubefact, issue, work, peru, monkeypatch):
    issue("118.00", "118.00", "118.00")
    work()
    monkeypatch.setattr(exporting, "CHUNK", 2)
    rows = made(peru, form="txt")
    assert [row["Nro CP o Doc. Nro Inicial (Rango)"] for row in rows] == ["1", "2", "3"]


def test_a_name_is_no_formula_of_a_spreadsheet(nubefact, issue, work, peru):
    issue("118.00", to=customer("DNI", "45678913", "=cmd|calc"))
    work()
    assert made(peru)[0]["Apellidos Nombres/ Razón Social"] == "'=cmd|calc"


def test_what_there_is_not_is_told(peru):
    with pytest.raises(NotFound):
        exporting.make(peru, "ats", "2026-11")
    with pytest.raises(DomainError, match="csv, txt"):
        exporting.make(peru, "rvie", "2026-11", "xlsx")


def test_on_the_page(nubefact, issue, work, peru, login):
    issue("118.00")
    work()
    browser = login("einvoice.view_documents")
    assert 'href="/einvoice/exports"' in browser.get("/einvoice/").text
    assert "Registro de ventas (RVIE)" in browser.get("/einvoice/exports").text
    answer = browser.get(f"/einvoice/exports/rvie?period={documents()[0].issue_date:%Y-%m}&form=txt")
    assert answer.status_code == 200 and "RVIE-" in answer.headers["Content-Disposition"]
    wrong = browser.get("/einvoice/exports/rvie?period=2026-13")
    assert wrong.status_code == 422 and "2026-13" in wrong.text
    assert browser.get("/einvoice/exports/nada?period=2026-11").status_code == 404
