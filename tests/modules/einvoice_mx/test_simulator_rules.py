"""What the simulator refuses although our client never sends it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from core.errors import Rejected
from modules.einvoice_mx import schema, seal
from modules.einvoice_mx.simulator.rules import broken
from tests.modules.einvoice_mx.cases import RESICO, VAT, case, csd, everybody, line, mapped, note, payment, ppd
from tests.modules.einvoice_mx.conftest import NAME, sealed

pytestmark = pytest.mark.once
C, P = "{http://www.sat.gob.mx/cfd/4}", "{http://www.sat.gob.mx/Pagos20}"
EXEMPT = [{"code": "VAT", "category": "exempt"}]


def put(path: str, name: str, value: str | None) -> Callable[[etree._Element], None]:
    def change(document: etree._Element) -> None:
        node = document if not path else document.find(path)
        assert node is not None, path
        if value is None:
            del node.attrib[name]
        else:
            node.set(name, value)
    return change


LINE, T = f"{C}Conceptos/{C}Concepto", f"{C}Conceptos//{C}Traslado"
SUM = f"{C}Impuestos/{C}Traslados/{C}Traslado"
R, RSUM = f"{C}Conceptos//{C}Retencion", f"{C}Impuestos/{C}Retenciones/{C}Retencion"
DOCTO, PAGO, TOTALS = f".//{P}DoctoRelacionado", f".//{P}Pago", f".//{P}Totales"
INVOICE = [
    ("", "FormaPago", "03", "CFDI40105"), ("", "SubTotal", "639.480", "CFDI40107"),
    ("", "SubTotal", "639.47", "CFDI40108"),
    ("", "Descuento", "640.00", "CFDI40110"), ("", "Descuento", None, "CFDI40111"),
    ("", "Descuento", "8.000", "CFDI40112"),
    ("", "TipoCambio", "2", "CFDI40114"), ("", "Moneda", "USD", "CFDI40115"), ("", "Total", "732.53", "CFDI40119"),
    ("", "Exportacion", "02", "CFDI40122"), (f"{C}Emisor", "RegimenFiscal", "612", "CFDI40141"),
    (f"{C}Receptor", "RegimenFiscalReceptor", "612", "CFDI40158"), (f"{C}Receptor", "UsoCFDI", "D01", "CFDI40161"),
    (f"{C}Receptor", "UsoCFDI", "P01", "CFDI40160"), (f"{C}Receptor", "Nombre", "PUBLICO EN GENERAL", "CFDI40146"),
    (f"{C}Receptor", "ResidenciaFiscal", "USA", "CFDI40151"), (LINE, "ValorUnitario", "0.000000", "CFDI40166"),
    (LINE, "Importe", "900.00", "CFDI40167"), (LINE, "ObjetoImp", "01", "CFDI40172"), (T, "Base", "0.00", "CFDI40174"),
    (T, "TasaOCuota", "0.150000", "CFDI40179"), (T, "TasaOCuota", None, "CFDI40178"),
    (T, "Importe", "89.60", "CFDI40180"),
    (T, "TipoFactor", "Exento", "CFDI40177"), (f"{C}Impuestos", "TotalImpuestosTrasladados", "101.05", "CFDI40205"),
    (f"{C}Impuestos", "TotalImpuestosTrasladados", None, "CFDI40212"),
    (f"{C}Impuestos", "TotalImpuestosTrasladados", "101.040", "CFDI40204"), (SUM, "Base", "631.47", "CFDI40215"),
    (SUM, "Base", "631.480", "CFDI40214"), (SUM, "Importe", "101.05", "CFDI40221"),
    (SUM, "Importe", "101.040", "CFDI40220"),
]
PAYMENT = [
    ("", "FormaPago", "03", "CRP20105"), ("", "SubTotal", "1", "CRP20103"), ("", "Total", "1", "CRP20110"),
    ("", "MetodoPago", "PUE", "CRP20106"), (LINE, "Descripcion", "Pagos", "CRP20118"),
    (LINE, "Unidad", "x", "CRP20117"),
    (LINE, "ClaveProdServ", "81112101", "CRP20113"), (TOTALS, "TotalTrasladosBaseIVA16", "258.63", "CRP20204"),
    (TOTALS, "TotalTrasladosImpuestoIVA16", None, "CRP20273"), (TOTALS, "TotalTrasladosBaseIVA16", None, "CRP20267"),
    (TOTALS, "MontoTotalPagos", "299.99", "CRP20211"), (PAGO, "FormaDePagoP", "99", "CRP20212"),
    (PAGO, "TipoCambioP", None, "CRP20215"), (PAGO, "TipoCambioP", "2", "CRP20215"),
    (PAGO, "Monto", "299.99", "CRP20217"),
    (PAGO, "Monto", "300.000", "CRP20219"), (DOCTO, "EquivalenciaDR", "2", "CRP20238"),
    (DOCTO, "ImpSaldoInsoluto", "432.53", "CRP20244"), (DOCTO, "ImpPagado", "300.000", "CRP20242"),
    (DOCTO, "ObjetoImpDR", "01", "CRP20247"), (f".//{P}TrasladoDR", "ImporteDR", "41.50", "CRP20261"),
    (f".//{P}TrasladoDR", "BaseDR", "0.00", "CRP20255"), (f".//{P}TrasladoDR", "TasaOCuotaDR", "0.150000", "CRP20260"),
    (f".//{P}TrasladoP", "BaseP", "258.61", "CRP20268"), (f".//{P}TrasladoP", "ImporteP", "41.37", "CRP20274"),
]
OTHERS: list[tuple[dict[str, Any], str, str, str | None, str]] = [
    (everybody(), f"{C}InformacionGlobal", "Año", "2021", "CFDI40136"),
    (everybody(), f"{C}InformacionGlobal", "Meses", "13", "CFDI40134"),
    (everybody(), f"{C}InformacionGlobal", "Periodicidad", "05", "CFDI40132"),
    (everybody(), f"{C}Receptor", "Nombre", "ANA", "CFDI40130"),
    (everybody(), f"{C}Receptor", "DomicilioFiscalReceptor", "01010", "CFDI40149"),
    (case(issuer=RESICO), R, "Importe", "1.30", "CFDI40186"),
    (case(issuer=RESICO), R, "TasaOCuota", "0.360000", "CFDI40185"),
    (case(issuer=RESICO), RSUM, "Importe", "1.26", "CFDI40211"),
    (case(issuer=RESICO), f"{C}Impuestos", "TotalImpuestosRetenidos", "1.26", "CFDI40203"),
    (case(issuer=RESICO), f"{C}Impuestos", "TotalImpuestosRetenidos", None, "CFDI40206"),
    (case(lines=[line(taxes=EXEMPT)]), SUM, "Base", "99.99", "CFDI40216"),
    (case(lines=[line(taxes=EXEMPT)]), SUM, "Importe", "0.00", "CFDI40213"),
    (case(lines=[line(discount="1.00")]), LINE, "Descuento", "1.000", "CFDI40168"),
    (case(lines=[line(discount="1.00")]), LINE, "Descuento", "101.00", "CFDI40169"),
    (note(), f"{C}CfdiRelacionados", "TipoRelacion", "08", "CFDI40137"),
]


@pytest.mark.parametrize(("data", "path", "name", "value", "code"), [
    *((ppd(), *one) for one in INVOICE), *((payment(), *one) for one in PAYMENT), *OTHERS])
def test_rule_is_broken_by_one_wrong_attribute(data, path, name, value, code):
    document = mapped(data).document
    assert broken(document) == []
    put(path, name, value)(document)
    assert code in broken(document)


def test_an_egreso_of_the_general_public_bears_no_period_of_a_global_invoice():
    """Two PACs say so: CFDI40130, "TipoDeComprobante es distinto de I"; and without the node it is stamped."""
    document = mapped(note()).document
    receiver = document.find(f"{C}Receptor")
    for name, value in (("Rfc", "XAXX010101000"), ("Nombre", "PUBLICO EN GENERAL"), ("UsoCFDI", "S01"),
                        ("RegimenFiscalReceptor", "616"),
                        ("DomicilioFiscalReceptor", document.get("LugarExpedicion"))):
        receiver.set(name, value)
    assert "CFDI40130" not in broken(document)
    document.insert(0, etree.Element(f"{C}InformacionGlobal", Periodicidad="04", Meses="09", **{"Año": "2026"}))
    assert "CFDI40130" in broken(document)


@pytest.mark.parametrize("data", [
    case(lines=[line("33.33")] * 7), case(lines=[line("399.00", price_includes_tax=True, quantity="0.533333")] * 3),
    case(lines=[line("0.01", price_includes_tax=True, quantity="1234.5")]),
    case(issuer=RESICO, lines=[line("0.37")] * 9),
    case(lines=[line("119.48", [{"code": "IEPS", "rate": "3"}, *VAT], price_includes_tax=True), line(taxes=EXEMPT)]),
    case(lines=[line("0.05", price_includes_tax=True), line("0.05", [{"code": "VAT", "rate": "8"}],
                                                            price_includes_tax=True)]),
])
def test_what_we_map_breaks_no_rule(data):
    assert broken(mapped(data).document) == []


def altered(change: Callable[[etree._Element], None], again: bool = False) -> bytes:
    """A sealed document that was changed; sealed again where wanted."""
    document = schema.parse(sealed())
    change(document)
    if again:
        seal.seal(document, csd())
    return schema.text(document).encode()


@pytest.mark.parametrize(("data", "code"), [
    (lambda: altered(put("", "Folio", "11")), "302"),
    (lambda: altered(put("", "NoCertificado", "30001000000400002443")), "303"),
    (lambda: altered(put("", "LugarExpedicion", "4250"), again=True), "301"),
    (lambda: altered(put("", "Total", "116.01"), again=True), "CFDI40119"),
    (lambda: altered(put("", "Certificado", "AAAA")), "CFDI40106"),
    (lambda: b"\xef\xbb\xbf" + sealed(), "301"), (lambda: b"[ComprobanteFiscalDigital]", "301"),
    (lambda: sealed()[:-5], "301"), (lambda: schema.text(mapped(case()).document).encode(), "301"),
])
def test_document_that_is_not_right(pac, data, code):
    with pytest.raises(Rejected) as caught:
        pac.stamp(data())
    assert caught.value.code == code


def test_stamped_document_is_not_stamped_again(pac):
    with pytest.raises(Rejected) as caught:
        pac.stamp(pac.stamp(sealed()).xml)
    assert caught.value.code == "307"


def test_rehearsals_certificate_is_built_as_the_sats(fm):
    found = fm.post(NAME, "csd", {"rfc": "AAA010101AAA", "nombre": "FIBRA", "password": "secreta1"})
    made = seal.read_pair(base64.b64decode(found["cer"]), base64.b64decode(found["key"]), "secreta1")
    assert (made.rfc, made.is_fiel, made.is_test, made.number) == ("AAA010101AAA", False, True, found["number"])
