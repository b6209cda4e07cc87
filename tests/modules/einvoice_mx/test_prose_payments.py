"""What the prose of the reference (Mexico, 1.7) says of receipts of payment, asked of the preview."""

from __future__ import annotations

import re
from decimal import Decimal as D
from typing import Any

import pytest
from lxml import etree

from tests.modules.einvoice_mx.cases import UUID, VAT, payment
from tests.modules.einvoice_mx.test_prose_tables import document, errors, node
from tests.modules.tables import rows

pytestmark = pytest.mark.once
C, P = "{http://www.sat.gob.mx/cfd/4}", "{http://www.sat.gob.mx/Pagos20}"
IVA = {"code": "VAT", "rate": "16", "base": "1000.00"}
OTHER = "00000000-1111-4222-8333-444455556666"


def invoice(total: str, paid: str, *taxes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"kind": "invoice", "series": "A", "number": 1, "authorization_code": UUID, "total": total,
            "ImpSaldoAnt": total, "ImpPagado": paid, "NumParcialidad": 1, "taxes": list(taxes or (IVA,))} | changes


def paid(amount: str, *invoices: dict[str, Any], **said: Any) -> dict[str, Any]:
    return payment(references=list(invoices), payment={"method": "03", "amount": amount} | said)


def of(root: etree._Element, name: str) -> list[dict[str, str]]:
    return [{str(key): str(value) for key, value in one.attrib.items()} for one in root.iter(f"{P}{name}")]


def test_the_envelope_is_fixed_whatever_is_said():
    said = {"CondicionesDePago": "x", "MetodoPago": "PUE", "FormaPago": "03", "Descuento": "3", "TipoCambio": "1",
            "Exportacion": "02", "UsoCFDI": "G03"}
    root = document(payment(extra=said, lines=[], payment={"method": "03", "amount": "300.00", "terms": "cash"}))
    assert {name: value for name, value in root.attrib.items() if not name.startswith("{")} == {
        "Version": "4.0", "Serie": "P", "Folio": "5", "Fecha": "2026-11-24T11:00:00", "SubTotal": "0", "Moneda": "XXX",
        "Total": "0", "TipoDeComprobante": "P", "Exportacion": "01", "LugarExpedicion": "42501"}
    assert [one.tag for one in root] == [f"{C}{name}" for name in ("Emisor", "Receptor", "Conceptos", "Complemento")]
    assert node(root, f"{C}Receptor")["UsoCFDI"] == "CP01"
    (concept,) = root.find(f"{C}Conceptos")
    assert (dict(concept.attrib), len(concept)) == ({
        "ClaveProdServ": "84111506", "Cantidad": "1", "ClaveUnidad": "ACT", "Descripcion": "Pago",
        "ValorUnitario": "0", "Importe": "0", "ObjetoImp": "01"}, 0)


def test_the_worked_example():
    root = document(paid("500.00", invoice("1160.00", "500.00"), date="2026-11-20"))
    assert of(root, "TrasladoDR") == [{"BaseDR": "431.034483", "ImpuestoDR": "002", "TipoFactorDR": "Tasa",
                                       "TasaOCuotaDR": "0.160000", "ImporteDR": "68.965517"}]
    assert of(root, "Totales") == [{"TotalTrasladosBaseIVA16": "431.03", "TotalTrasladosImpuestoIVA16": "68.97",
                                    "MontoTotalPagos": "500.00"}]
    (pago,) = of(root, "Pago")
    assert list(pago) == ["FechaPago", "FormaDePagoP", "MonedaP", "TipoCambioP", "Monto"]
    assert (pago["FechaPago"], pago["TipoCambioP"]) == ("2026-11-20T12:00:00", "1")
    (docto,) = of(root, "DoctoRelacionado")
    assert list(docto) == ["IdDocumento", "Serie", "Folio", "MonedaDR", "EquivalenciaDR", "NumParcialidad",
                           "ImpSaldoAnt", "ImpPagado", "ImpSaldoInsoluto", "ObjetoImpDR"]


def test_an_invoice_in_three_parts():
    balance, iva = D("1160.00"), D(0)
    for part, amount in enumerate(("500.00", "333.33", "326.67"), start=1):
        root = document(paid(amount, invoice("1160.00", amount, ImpSaldoAnt=f"{balance}", NumParcialidad=part)))
        (docto,), (dr,) = of(root, "DoctoRelacionado"), of(root, "TrasladoDR")
        balance -= D(amount)
        assert (docto["NumParcialidad"], D(docto["ImpSaldoInsoluto"])) == (str(part), balance)
        base = (D(amount) * D("1000.00") / D("1160.00")).quantize(D("0.000001"))  # BaseDR = round6(paid × base / total)
        assert (D(dr["BaseDR"]), D(dr["ImporteDR"])) == (base, (base * D("0.16")).quantize(D("0.000001")))
        iva += D(dr["ImporteDR"])
    assert balance == 0 and abs(iva - 160) < D("0.00001")


def test_the_first_balance_is_the_total_after_withholdings():
    taxes = (IVA, {"code": "ISR", "rate": "1.25", "base": "1000.00", "withheld": True})
    first = invoice("1147.50", "1147.50", *taxes)
    del first["ImpSaldoAnt"]
    root = document(paid("1147.50", first))
    assert of(root, "DoctoRelacionado")[0]["ImpSaldoAnt"] == "1147.50"
    assert of(root, "RetencionP") == [{"ImpuestoP": "001", "ImporteP": "12.50"}]
    assert of(root, "Totales")[0]["TotalRetencionesISR"] == "12.50"
    assert [child.tag for child in next(root.iter(f"{P}ImpuestosDR"))] == [f"{P}RetencionesDR", f"{P}TrasladosDR"]


@pytest.mark.parametrize(("tax", "total", "totals"), [
    ({"code": "VAT", "rate": "16"}, "1160.00",
     {"TotalTrasladosBaseIVA16": "1000.00", "TotalTrasladosImpuestoIVA16": "160.00"}),
    ({"code": "VAT", "rate": "8"}, "1080.00",
     {"TotalTrasladosBaseIVA8": "1000.00", "TotalTrasladosImpuestoIVA8": "80.00"}),
    ({"code": "VAT", "rate": "0"}, "1000.00",
     {"TotalTrasladosBaseIVA0": "1000.00", "TotalTrasladosImpuestoIVA0": "0.00"}),
    ({"code": "VAT", "category": "exempt"}, "1000.00", {"TotalTrasladosBaseIVAExento": "1000.00"}),
    # no total exists for transferred IEPS
    ({"code": "IEPS", "rate": "3"}, "1030.00", {})])
def test_each_rate_has_its_totals(tax, total, totals):
    root = document(paid(total, invoice(total, total, tax | {"base": "1000.00"})))
    assert of(root, "Totales") == [totals | {"MontoTotalPagos": total}]
    assert len(of(root, "TrasladoP")) == 1


@pytest.mark.parametrize(("tax", "name"), [("VAT", "IVA"), ("ISR", "ISR"), ("IEPS", "IEPS")])
def test_each_withholding_has_its_total(tax, name):
    rate = {"VAT": "4", "ISR": "10", "IEPS": "26.5"}[tax]
    held = {"code": tax, "rate": rate, "base": "1000.00", "withheld": True}
    total = f"{1160 - D(rate) * 10:.2f}"
    root = document(paid(total, invoice(total, total, IVA, held)))
    assert of(root, "Totales")[0][f"TotalRetenciones{name}"] == f"{D(rate) * 10:.2f}"


def test_what_is_paid_above_the_invoices_is_in_the_amount_only():
    root = document(paid("600.00", invoice("500.00", "500.00", IVA | {"base": "431.03"})))
    assert (of(root, "Pago")[0]["Monto"], of(root, "Totales")[0]["MontoTotalPagos"]) == ("600.00", "600.00")
    assert [one["ImpPagado"] for one in of(root, "DoctoRelacionado")] == ["500.00"]


def test_several_invoices_are_summed_by_rate_and_rounded_once():
    third = invoice("1160.00", "33.33")
    root = document(paid("99.99", third, third | {"authorization_code": OTHER},
                         third | {"authorization_code": OTHER.replace("0", "9")}))
    bases = [D(one["BaseDR"]) for one in of(root, "TrasladoDR")]
    assert bases == [D("28.732759")] * 3  # round6(33.33 × 1000 / 1160)
    assert D(of(root, "TrasladoP")[0]["BaseP"]) == D("86.198277")
    assert of(root, "Totales")[0]["TotalTrasladosBaseIVA16"] == "86.20"


def test_the_same_currency_has_ten_decimals_beside_another_one():  # the matrix of errors, CRP20277
    dollars = invoice("116.00", "5.00", IVA | {"base": "100.00"}, MonedaDR="USD", EquivalenciaDR="0.05",
                      authorization_code=OTHER)
    root = document(paid("200.00", invoice("1160.00", "100.00"), dollars))
    assert [(one["MonedaDR"], one["EquivalenciaDR"]) for one in of(root, "DoctoRelacionado")] == [
        ("MXN", "1.0000000000"), ("USD", "0.05")]


# --- bank data: forbidden with 01 and other forms that are not banked, else as the pattern of the list ----

ACCOUNT = {11: "12345678901", 10: "1234567890", 15: "123456789012345", 16: "1234567890123456",
           18: "123456789012345678", 20: "AB_34567890123456789"}
NAMES = {"CtaOrdenante": ("patron_cuenta_ordenante", "CRP20224", "CRP20225"),
         "CtaBeneficiario": ("patron_cuenta_beneficiaria", "CRP20228", "CRP20226")}
FORMS = [row for row in rows("mx", "forma_pago") if row["clave"] != "99"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", FORMS, ids=lambda row: row["clave"])
def test_accounts_as_each_form_has_them(row, name):
    column, unbanked, wrong = NAMES[name]
    for account in ACCOUNT.values():
        data = paid("500.00", invoice("1160.00", "500.00"), method=row["clave"], **{name: account})
        if row["bancarizada"] == "no":
            assert errors(data) == [(f"payment.{name}", unbanked)]
        elif re.fullmatch(row[column] or "(?!)", account):
            assert of(document(data), "Pago")[0][name] == account
        else:
            assert errors(data) == [(f"payment.{name}", wrong)]


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row["clave"])
def test_banks_only_with_banked_forms(row):
    for name, value, code in (("RfcEmisorCtaOrd", "BBA830831LJ2", "CRP20221"),
                              ("RfcEmisorCtaBen", "BBA830831LJ2", "CRP20227"),
                              ("NomBancoOrdExt", "CHASE", "")):
        data = paid("500.00", invoice("1160.00", "500.00"), method=row["clave"], **{name: value})
        if row["bancarizada"] == "si":
            assert of(document(data), "Pago")[0][name] == value
        else:
            assert (f"payment.{name}", code) in errors(data)


FIRST = invoice("1160.00", "500.00")


@pytest.mark.parametrize(("data", "field", "code"), [  # what the schema of the complement does not take
    (paid("500.00", FIRST, RfcEmisorCtaOrd="BBA83"), "payment.RfcEmisorCtaOrd", "301"),
    (paid("500.00", FIRST, RfcEmisorCtaBen="CACX7605101P8"), "payment.RfcEmisorCtaBen", "301"),
    (paid("500.00", FIRST, NomBancoOrdExt="X" * 301), "payment.NomBancoOrdExt", "301"),
    (paid("500.00", FIRST, RfcEmisorCtaOrd="XEXX010101000"), "payment.NomBancoOrdExt", "CRP20223"),
    (paid("500.00", FIRST, NumOperacion="9" * 101), "payment.NumOperacion", "301"),
    (paid("500.00", FIRST | {"Serie": "A" * 26}), "references[0].Serie", "301"),
    (paid("500.00", FIRST | {"Folio": "9" * 41}), "references[0].Folio", "301"),
    (paid("500.00", FIRST | {"MonedaDR": "ZZZ", "EquivalenciaDR": "2"}), "references[0].MonedaDR", "301"),
    (paid("500.00", FIRST | {"MonedaDR": "USD", "EquivalenciaDR": "20.00000000001"}), "references[0].EquivalenciaDR",
     "301"),
    (paid("500.00", FIRST | {"ImpSaldoAnt": "1e5"}), "references[0].ImpSaldoAnt", "CRP20239"),
    (paid("500.00", FIRST) | {"currency": "USD", "exchange_rate": "18.1234567"}, "exchange_rate", "301")])
def test_what_is_outside_its_type_is_refused_by_its_field(data, field, code):
    assert errors(data) == [(field, code)]


def test_the_bank_abroad_is_taken_under_the_generic_rfc():
    root = document(paid("500.00", FIRST, RfcEmisorCtaOrd="XEXX010101000", NomBancoOrdExt="CHASE"))
    assert of(root, "Pago")[0]["RfcEmisorCtaOrd"] == "XEXX010101000"


def test_taxes_of_a_line_stand_for_those_of_the_only_invoice():
    first = dict(FIRST)
    del first["taxes"]
    data = payment(references=[first], payment={"method": "03", "amount": "500.00"}, lines=[
        {"description": "Internet", "quantity": "1", "unit_price": "1000.00", "taxes": VAT}])
    assert of(document(data), "TrasladoDR")[0]["BaseDR"] == "431.034483"
