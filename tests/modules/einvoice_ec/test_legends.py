"""Who the issuer is, on the voucher and on its printed form (ecuador.md, 5.5), fact by fact."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from lxml import etree

from core.db import db
from modules.einvoice import case as cases
from modules.einvoice_ec import access
from modules.einvoice_ec.mapping import map_document
from modules.einvoice_ec.previewer import previewer
from tests.issuing import documents
from tests.modules.einvoice_ec.cases import case, note

RIMPE, POPULAR = "CONTRIBUYENTE RÉGIMEN RIMPE", "CONTRIBUYENTE NEGOCIO POPULAR - RÉGIMEN RIMPE"
# (the fact, where it stands in the XML, what stands there, what is printed)
FACTS = [
    ({"obligadoContabilidad": "SI"}, "{info}/obligadoContabilidad", "SI", "OBLIGADO A LLEVAR CONTABILIDAD: SI"),
    ({"obligadoContabilidad": "NO"}, "{info}/obligadoContabilidad", "NO", "OBLIGADO A LLEVAR CONTABILIDAD: NO"),
    ({"contribuyenteEspecial": "5368"}, "{info}/contribuyenteEspecial", "5368", "Contribuyente Especial Nro. 5368"),
    ({"agenteRetencion": "00000001"}, "infoTributaria/agenteRetencion", "1", "Agente de Retención Resolución No. 1"),
    ({"contribuyenteRimpe": RIMPE}, "infoTributaria/contribuyenteRimpe", RIMPE, RIMPE),
    ({"contribuyenteRimpe": POPULAR}, "infoTributaria/contribuyenteRimpe", POPULAR, POPULAR),
    ({"granContribuyente": "NAC-GCFOIOC21-00001"}, "infoAdicional/campoAdicional[@nombre='Gran Contribuyente']",
     "NAC-GCFOIOC21-00001", "Gran Contribuyente NAC-GCFOIOC21-00001"),
    ({"rucProveedor": "1790016919001"}, "infoAdicional/campoAdicional[@nombre='RUC Proveedor']", "1790016919001",
     "RUC Proveedor: 1790016919001")]
KINDS = {"infoFactura": case, "infoNotaCredito": note,
         "infoNotaDebito": lambda **changes: note("debit_note", **changes)}


def read(info: str, extra: dict[str, str]) -> Any:
    return cases.parse(KINDS[info](extra__infoAdicional=[], issuer__extra={"obligadoContabilidad": "SI"} | extra))


@pytest.mark.parametrize("info", list(KINDS))
@pytest.mark.parametrize(("extra", "path", "value", "printed"), FACTS)
def test_a_fact_stands_on_every_voucher(info, extra, path, value, printed):
    made = read(info, extra)
    root = etree.fromstring(map_document(made).xml)
    assert root.findtext(path.format(info=info)) == value
    assert printed in previewer.preview(made).printed.legends


@pytest.mark.parametrize(("extra", "path", "value", "printed"), FACTS[2:])
def test_what_does_not_apply_stands_nowhere(extra, path, value, printed):
    made = read("infoFactura", {})
    assert etree.fromstring(map_document(made).xml).find(path.format(info="infoFactura")) is None
    assert printed not in previewer.preview(made).printed.legends


@pytest.mark.parametrize(("days", "stands"), [(-1, False), (0, True), (1, True)])
def test_rimpe_ends_on_its_day(sri, issue, work, days, stands):
    profile = access.profile()
    profile.rimpe = "RIMPE_E"
    (first,) = issue("10.00")
    profile.rimpe_until = first.issue_date + dt.timedelta(days)
    db.session.commit()
    issue("10.00")
    work()
    xml = documents()[-1].request["xml"]
    assert documents()[-1].state == "authorized" and (RIMPE in xml) is stands
