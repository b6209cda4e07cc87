"""The sales part of the ATS, checked against the SRI's schema (ecuador.md, section 7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import etree

from core.db import db
from core.errors import DomainError
from modules.accounting import notes
from modules.einvoice import exporting, services
from modules.einvoice.models import Document
from modules.einvoice_ec import ats
from modules.einvoice_ec.catalogs import FINAL_CONSUMER
from tests.issuing import documents
from tests.modules.einvoice_ec.cases import SAMPLES
from tests.modules.einvoice_ec.conftest import customer

ZERO_RATE = ({"code": "VAT", "category": "zero"},)
UNTAXED = ({"code": "VAT", "category": "untaxed"},)
TELEPHONY = ({"code": "VAT", "rate": "15"}, {"code": "ICE", "rate": "15", "codigoPorcentaje": "3093"})


def made(company: Any) -> Any:
    found = exporting.make(company, "ats", f"{documents()[0].issue_date:%Y-%m}")
    root = etree.fromstring(found.content)
    assert len(root.findall("ventas/detalleVentas")) == found.rows
    return root


def rows(root: Any) -> list[dict[str, str]]:
    return [{one.tag: one.text for one in row} for row in root.iterfind("ventas/detalleVentas")]


def test_one_row_for_each_customer_and_kind_of_voucher(sri, issue, work, ecuador):
    first, _second = issue("25.00", "20.00")
    issue("10.00", to=customer("RUC", "1790016919001", "Comercial Ejemplo S.A."))
    work()
    services.open_documents([notes.credit(first, "sin servicio", amount=Decimal("5.75")).id])
    db.session.commit()
    work()
    root = made(ecuador)
    day = documents()[0].issue_date
    assert [root.findtext(name) for name in ("IdInformante", "razonSocial", "Anio", "Mes", "numEstabRuc", "totalVentas")
            ] == ["1790012344001", "ISP ANDINO S A S", f"{day:%Y}", f"{day:%m}", "001", "0.00"]
    company, note, person = sorted(rows(root), key=lambda row: (row["tpIdCliente"], row["tipoComprobante"]))
    assert (person["idCliente"], person["tipoComprobante"], person["numeroComprobantes"]) == ("1710034065", "18", "2")
    assert (person["baseImpGrav"], person["montoIva"], person["tipoEmision"], person["parteRelVtas"]) == (
        "45.00", "6.75", "E", "NO")
    assert (note["tipoComprobante"], note["baseImpGrav"], note["montoIva"]) == ("04", "5.00", "0.75")
    assert "formasDePago" in person and "formasDePago" not in note
    assert (company["tpIdCliente"], company["idCliente"], company["baseImpGrav"]) == ("04", "1790016919001", "10.00")
    assert root.findtext("ventasEstablecimiento/ventaEst/codEstab") == "001"


def test_bases_by_their_rate_and_ice(sri, issue, work, ecuador):
    issue("10.00", taxes=ZERO_RATE)
    issue("20.00", taxes=UNTAXED)
    issue("100.00", taxes=TELEPHONY)
    work()
    (row,) = rows(made(ecuador))
    assert [row[name] for name in ats.AMOUNTS[:5]] == ["20.00", "10.00", "115.00", "17.25", "15.00"]


def test_who_is_not_named_is_related_to_nobody(sri, issue, work, ecuador):
    issue("10.00", to=customer("CONSUMIDOR_FINAL", FINAL_CONSUMER, "CONSUMIDOR FINAL"))
    issue("10.00", to=customer("PASAPORTE", "AB-1234 567890123", "Zoë Müller"))
    work()
    passport, nobody = rows(made(ecuador))
    assert (nobody["tpIdCliente"], "parteRelVtas" in nobody) == ("07", False)
    assert (passport["tpIdCliente"], passport["idCliente"], passport["parteRelVtas"]) == ("06", "AB12345678901", "NO")


def test_annulled_is_not_in_it(sri, issue, work, ecuador):
    issue("10.00", "20.00")
    work()
    db.session.execute(sa.update(Document).where(Document.number == 1).values(
        state="cancelled", data={"cancellation": {"code": "portal"}}))
    db.session.commit()
    assert [row["baseImpGrav"] for row in rows(made(ecuador))] == ["20.00"]


def test_a_month_without_sales_is_a_valid_file_too(ecuador):
    root = etree.fromstring(exporting.make(ecuador, "ats", "2026-11").content)
    assert root.find("ventas") is not None and rows(root) == []


def test_what_the_schema_refuses_is_told(sri, issue, work, ecuador):
    issue("10.00")
    work()
    ecuador.name = "Ñ"
    db.session.commit()
    with pytest.raises(DomainError, match="razonSocial"):
        made(ecuador)


def test_the_published_sample_passes_the_schema():
    sample = etree.parse(str(SAMPLES / "ats_ventas_112026.xml"))
    assert ats._schema().validate(sample)
