"""Each row of the SAT's code lists is a case: mapped, valid by the official schemas, breaking no rule of the matrix."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from lxml import etree

from modules.einvoice_mx import schema
from modules.einvoice_mx.simulator.rules import broken
from tests.modules.einvoice_mx.cases import COMPANY, PERSON, RESICO, VAT, case, everybody, line, mapped, note, refusals
from tests.modules.tables import rows

pytestmark = pytest.mark.once
C = "{http://www.sat.gob.mx/cfd/4}"
USES, REGIMES = rows("mx", "uso_cfdi"), rows("mx", "regimen_fiscal")
PERIODS = {kind: [row["clave"] for row in rows("mx", "periodicidad_y_meses") if row["catalogo"] == kind]
           for kind in ("c_Periodicidad", "c_Meses")}


def good(data: dict[str, Any]) -> etree._Element:
    """The document, which breaks no rule of the matrix and which the official schemas take."""
    document = mapped(data).document
    assert broken(document) == [] and schema.faults(document) == []
    return document


def buyer(regime: dict[str, str], use: str) -> dict[str, Any]:
    who = COMPANY if regime["persona_moral"] == "si" else PERSON
    return who | {"tax_condition": regime["clave"], "extra": {"UsoCFDI": use}}


@pytest.mark.parametrize("use", USES, ids=lambda row: row["clave"])
def test_each_use_goes_with_its_regimes_and_persons_and_with_no_other(use):
    if use["clave"] in ("CP01", "CN01"):  # of receipts of payment and of wages
        return
    for regime in REGIMES:
        data = case(customer=buyer(regime, use["clave"]))
        company = regime["persona_moral"] == "si"
        fits = regime["clave"] in use["regimenes_receptor_permitidos"].split() and (
            use["persona_moral"] == "si" or not company)
        if fits:
            assert good(data).find(f"{C}Receptor").get("UsoCFDI") == use["clave"]
        else:
            assert "CFDI40161" in {code for _field, code in refusals(data)}, (use["clave"], regime["clave"])


@pytest.mark.parametrize("regime", REGIMES, ids=lambda row: row["clave"])
def test_each_regime_is_of_its_persons(regime):
    for who, column in ((COMPANY, "persona_moral"), (PERSON, "persona_fisica")):
        data = case(customer=who | {"tax_condition": regime["clave"], "extra": {"UsoCFDI": "S01"}})
        assert (not refusals(data)) == (regime[column] == "si"), (regime["clave"], column)


@pytest.mark.parametrize("row", rows("mx", "forma_pago"), ids=lambda row: row["clave"])
def test_each_form_of_payment_of_what_is_paid_at_once(row):
    data = case(payment={"terms": "cash", "method": row["clave"]})
    if row["clave"] == "99":
        assert "CFDI40105" in {code for _field, code in refusals(data)}
    else:
        assert good(data).get("FormaPago") == row["clave"]


@pytest.mark.parametrize(("period", "months"), list(itertools.product(PERIODS["c_Periodicidad"], PERIODS["c_Meses"])))
def test_each_period_of_a_global_invoice_with_each_month(period, months):
    said = {"InformacionGlobal": {"Periodicidad": period, "Meses": months, "Año": "2026"}}
    incorporated = {"issuer__tax_condition": "621", "issuer__tax_id": "CACX7605101P8",
                    "issuer__name": "XOCHILT CASAS CHAVEZ"} if period == "05" else {}
    data = everybody(extra=said, **incorporated)
    if (period == "05") == (int(months) > 12):
        node = good(data).find(f"{C}InformacionGlobal")
        assert (node.get("Periodicidad"), node.get("Meses")) == (period, months)
    else:
        assert {"CFDI40134", "CFDI40135"} & {code for _field, code in refusals(data)}


# by the SAT's table: what a line may bear under each ObjetoImp
BORNE = {"01": ["none"], "02": ["iva", "ieps", "isr"], "03": ["none"], "04": ["none"], "05": ["none"],
         "06": ["none"], "07": ["ieps alone"], "08": ["none"]}
IEPS = {"code": "IEPS", "rate": "3"}
BEARING: dict[str, list[dict[str, Any]]] = {
    "none": [], "iva": VAT, "ieps": [IEPS, *VAT], "ieps alone": [IEPS],
    "isr": [*VAT, {"code": "ISR", "rate": "1.25", "withheld": True}]}


@pytest.mark.parametrize("row", rows("mx", "objeto_imp"), ids=lambda row: row["clave"])
@pytest.mark.parametrize("bears", BEARING)
def test_each_object_of_tax_bears_what_the_table_says(row, bears):
    data = case(lines=[line(taxes=BEARING[bears], extra={"ObjetoImp": row["clave"]})],
                **({"issuer": RESICO} if bears == "isr" else {}))
    if bears in BORNE[row["clave"]] or (row["clave"], bears) == ("02", "ieps alone"):
        concepto = good(data).find(f"{C}Conceptos/{C}Concepto")
        assert (concepto.get("ObjetoImp"), concepto.find(f"{C}Impuestos") is None) == (row["clave"], bears == "none")
    else:
        assert refusals(data)[0][0] == "lines[0].extra.ObjetoImp"


@pytest.mark.parametrize("row", [row for row in rows("mx", "tasa_cuota") if row["traslado"] == "si"
                                 and row["tipo"] == "Fijo" and row["impuesto"] in ("IVA", "IEPS")],
                         ids=lambda row: f"{row['impuesto']} {row['valor_o_maximo']}")
def test_each_rate_that_is_charged(row):
    rate = f"{float(row['valor_o_maximo']) * 100:g}"
    taxes = [{"code": "VAT", "rate": rate}] if row["impuesto"] == "IVA" else [{"code": "IEPS", "rate": rate}, *VAT]
    document = good(case(lines=[line("100.00", taxes)]))
    charged = {(node.get("Impuesto"), node.get("TasaOCuota")) for node in document.iterfind(
        f"{C}Impuestos/{C}Traslados/{C}Traslado")}
    assert ({"IVA": "002", "IEPS": "003"}[row["impuesto"]], row["valor_o_maximo"]) in charged


@pytest.mark.parametrize("row", rows("mx", "tipo_relacion"), ids=lambda row: row["clave"])
def test_each_relation_of_an_internet_provider(row):
    if not row["uso_en_isp"]:
        return
    reference = {"kind": "01", "series": "A", "number": 10, "date": "2026-11-24", "reason": "x",
                 "authorization_code": "ABCDEF01-2345-4789-8ABC-DEF012345678", "TipoRelacion": row["clave"]}
    kinds = {"02": "debit_note", "04": "invoice"}
    data = (note(references=[reference]) if row["clave"] not in kinds
            else case(kind=kinds[row["clave"]], references=[reference]))
    assert good(data).find(f"{C}CfdiRelacionados").get("TipoRelacion") == row["clave"]
