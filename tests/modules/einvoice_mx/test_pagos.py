"""The complement of payments: shares of the invoice's taxes, instalments, totals."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from modules.einvoice_mx import schema, seal
from tests.modules.einvoice_mx.cases import FOLDER, NOBODY, PERSON, UUID, csd, mapped, payment, remarks

pytestmark = pytest.mark.once
P = "{http://www.sat.gob.mx/Pagos20}"
OTHER = "00000000-1111-4222-8333-444455556666"


def invoice(total: str, paid: str, taxes: Any = None, **changes: Any) -> dict[str, Any]:
    entry = {"kind": "invoice", "series": "A", "number": 1, "authorization_code": UUID, "total": total,
             "ImpSaldoAnt": total, "ImpPagado": paid, "NumParcialidad": 1}
    return entry | ({"taxes": taxes} if taxes is not None else {}) | changes


def node(document: etree._Element, name: str) -> dict[str, str]:
    found = document.find(f".//{P}{name}")
    assert found is not None, name
    return {str(key): str(value) for key, value in found.attrib.items()}


def test_the_sample_comes_out_sign_by_sign():
    found = mapped(payment())
    assert seal.seal(found.document, csd()) == (FOLDER / "samples/pago_cadena.txt").read_text("utf-8").strip()
    sample = schema.parse((FOLDER / "samples/pago_sellado.xml").read_bytes())
    assert (found.document.get("Sello"), found.document.attrib) == (sample.get("Sello"), sample.attrib)
    assert (f"{found.totals.total:.2f}", f"{found.totals.tax_total:.2f}", found.total) == ("300.00", "41.38", "0")


@pytest.mark.parametrize("taxes", [
    [{"code": "VAT", "rate": "16", "base": "1000.00"}], [{"code": "VAT", "rate": "16"}], None])
def test_half_of_an_invoice(taxes):
    document = mapped(payment(references=[invoice("1160.00", "500.00", taxes)],
                              payment={"method": "03", "amount": "500.00", "date": "2026-11-20"})).document
    expected = {"BaseDR": "431.034483", "ImpuestoDR": "002", "TipoFactorDR": "Tasa", "TasaOCuotaDR": "0.160000",
                "ImporteDR": "68.965517"}
    assert node(document, "TrasladoDR") == expected
    assert node(document, "Totales") == {"TotalTrasladosBaseIVA16": "431.03", "TotalTrasladosImpuestoIVA16": "68.97",
                                         "MontoTotalPagos": "500.00"}
    assert node(document, "Pago") == {"FechaPago": "2026-11-20T12:00:00", "FormaDePagoP": "03", "MonedaP": "MXN",
                                      "TipoCambioP": "1", "Monto": "500.00"}
    assert node(document, "DoctoRelacionado")["ImpSaldoInsoluto"] == "660.00"


def test_taxes_that_nobody_said_are_remarked():
    assert ("references[0].taxes", "") in remarks(payment(references=[invoice("1160.00", "1160.00")],
                                                          payment={"method": "01", "amount": "1160.00"}))


def test_several_invoices_of_several_rates_with_what_resico_withholds():
    taxes = [{"code": "VAT", "rate": "16", "base": "1000.00"},
             {"code": "ISR", "rate": "1.25", "base": "1000.00", "withheld": True}]
    mixed = [{"code": "VAT", "rate": "8", "base": "100.00"}, {"code": "VAT", "category": "exempt", "base": "50.00"},
             {"code": "IEPS", "rate": "3", "base": "100.00"}]
    document = mapped(payment(references=[
        invoice("1147.50", "1147.50", taxes), invoice("161.00", "80.50", mixed, authorization_code=OTHER)],
        payment={"method": "03", "amount": "1300.00"})).document
    assert node(document, "Totales") == {
        "TotalRetencionesISR": "12.50", "TotalTrasladosBaseIVA16": "1000.00", "TotalTrasladosImpuestoIVA16": "160.00",
        "TotalTrasladosBaseIVA8": "50.00", "TotalTrasladosImpuestoIVA8": "4.00", "TotalTrasladosBaseIVAExento": "25.00",
        "MontoTotalPagos": "1300.00"}
    assert node(document, "RetencionP") == {"ImpuestoP": "001", "ImporteP": "12.50"}
    assert [child.tag for child in document.find(f".//{P}ImpuestosP")] == [f"{P}RetencionesP", f"{P}TrasladosP"]
    traslados = [dict(one.attrib) for one in document.findall(f".//{P}TrasladoP")]
    assert {"BaseP": "25.00", "ImpuestoP": "002", "TipoFactorP": "Exento"} in traslados
    assert {"BaseP": "50.00", "ImpuestoP": "003", "TipoFactorP": "Tasa", "TasaOCuotaP": "0.030000",
            "ImporteP": "1.50"} in traslados


def test_invoice_in_dollars_paid_in_pesos():
    document = mapped(payment(references=[invoice("116.00", "116.00", MonedaDR="USD", EquivalenciaDR="0.05")],
                              payment={"method": "03", "amount": "2320.00"})).document
    assert node(document, "DoctoRelacionado")["EquivalenciaDR"] == "0.05"
    assert node(document, "TrasladoP")["BaseP"] == "2000.00"
    assert node(document, "Totales")["TotalTrasladosBaseIVA16"] == "2000.00"


def test_payment_in_dollars_is_totalled_in_pesos():
    document = mapped(payment(currency="USD", exchange_rate="18.5", references=[invoice("116.00", "116.00")],
                              payment={"method": "03", "amount": "116.00"})).document
    assert node(document, "Pago")["TipoCambioP"] == "18.5"
    assert node(document, "Totales") == {"TotalTrasladosBaseIVA16": "1850.00", "TotalTrasladosImpuestoIVA16": "296.00",
                                         "MontoTotalPagos": "2146.00"}


@pytest.mark.parametrize(("said", "expected"), [
    ({"date": "2026-11-20"}, "2026-11-20T12:00:00"), ({"date": "2026-11-20T18:30:00-06:00"}, "2026-11-20T18:30:00"),
    ({"paid_at": "2026-11-21T00:30:00+00:00"}, "2026-11-20T18:30:00"), ({}, "2026-11-24T12:00:00"),
])
def test_when_it_was_paid(said, expected):
    document = mapped(payment(payment={"method": "cash", "amount": "300.00"} | said)).document
    assert (node(document, "Pago")["FechaPago"], node(document, "Pago")["FormaDePagoP"]) == (expected, "01")


def test_accounts_of_a_transfer():
    document = mapped(payment(payment={"method": "03", "amount": "300.00", "NumOperacion": "778899",
                                       "RfcEmisorCtaOrd": "BBA830831LJ2", "CtaOrdenante": "012345678901234567",
                                       "CtaBeneficiario": "1234567890"})).document
    assert node(document, "Pago")["CtaOrdenante"] == "012345678901234567"
    assert node(document, "Pago")["NumOperacion"] == "778899"


@pytest.mark.parametrize("customer", [PERSON, NOBODY | {"name": "ANA PEÑA"}])
def test_everybodys_payment_has_the_use_of_payments(customer):
    receiver = mapped(payment(customer=customer)).document.find("{http://www.sat.gob.mx/cfd/4}Receptor")
    assert receiver is not None and receiver.get("UsoCFDI") == "CP01"


def test_invoice_outside_the_taxes_is_paid_outside_them():
    document = mapped(payment(references=[invoice("100.00", "100.00", ObjetoImpDR="01")],
                              payment={"method": "01", "amount": "100.00"})).document
    assert node(document, "DoctoRelacionado")["ObjetoImpDR"] == "01"
    assert node(document, "Totales") == {"MontoTotalPagos": "100.00"}
    assert document.find(f".//{P}ImpuestosP") is None


@pytest.mark.parametrize(("total", "taxes", "expected"), [
    # IVA stands on IEPS, also where no base is said
    ("119.48", [{"code": "VAT", "rate": "16"}, {"code": "IEPS", "rate": "3"}],
     {"TotalTrasladosBaseIVA16": "103.00", "TotalTrasladosImpuestoIVA16": "16.48", "MontoTotalPagos": "119.48"}),
    ("1147.50", [{"code": "VAT", "rate": "16"}, {"code": "ISR", "rate": "1.25", "withheld": True}],
     {"TotalRetencionesISR": "12.50", "TotalTrasladosBaseIVA16": "1000.00", "TotalTrasladosImpuestoIVA16": "160.00",
      "MontoTotalPagos": "1147.50"}),
    # what is outside the taxes is no exempt base
    ("216.00", [{"code": "VAT", "rate": "16", "base": "100.00"}, {"code": "VAT", "category": "untaxed",
                                                                 "base": "100.00"}],
     {"TotalTrasladosBaseIVA16": "100.00", "TotalTrasladosImpuestoIVA16": "16.00", "MontoTotalPagos": "216.00"}),
    ("100.00", [{"code": "VAT", "category": "untaxed", "base": "100.00"}], {"MontoTotalPagos": "100.00"}),
    ("100.00", [], {"MontoTotalPagos": "100.00"}),
])
def test_taxes_of_the_invoice_that_is_paid(total, taxes, expected):
    document = mapped(payment(references=[invoice(total, total, taxes)],
                              payment={"method": "03", "amount": total})).document
    assert node(document, "Totales") == expected
    assert node(document, "DoctoRelacionado")["ObjetoImpDR"] == ("02" if len(expected) > 1 else "01")


def test_amounts_of_a_reference_may_stand_in_its_extra():
    amounts = {"ImpSaldoAnt": "1160.00", "ImpPagado": "500.00", "NumParcialidad": 2}
    document = mapped(payment(references=[{"kind": "invoice", "authorization_code": UUID, "extra": amounts}],
                              payment={"method": "03", "amount": "500.00"})).document
    assert (node(document, "DoctoRelacionado")["NumParcialidad"],
            node(document, "DoctoRelacionado")["ImpSaldoInsoluto"]) == ("2", "660.00")


def test_a_payment_needs_no_lines():
    data = payment()
    del data["lines"]
    assert node(mapped(data).document, "Pago")["Monto"] == "300.00"
