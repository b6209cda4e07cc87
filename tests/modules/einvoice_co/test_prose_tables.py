"""Tables of colombia.md, section 1, through `abona einvoice preview`: numbering, keys, print, codes, IVA, rules."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.modules.einvoice_co.cases import (
    CUFE,
    EXCLUDED,
    EXEMPT,
    REFERENCE,
    SAMPLES,
    TECHNICAL_KEY,
    VAT,
    case,
    line,
    note,
    siigo,
)
from tests.modules.einvoice_co.previewed import KINDS, debit, factura, iva, refused, taxed
from tests.modules.preview_command import accepted, ask, found, unreadable

pytestmark = pytest.mark.once
EXAMPLE = json.loads((SAMPLES / "cufe_ejemplo.json").read_text(encoding="utf-8"))
INC = {"code": "INC", "rate": "8"}


# --- 1.1: documents -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("made", "kind", "operation", "words"), [
    (case, "01", "10", "Factura electrónica de venta"), (note, "91", "20", "Nota crédito electrónica"),
    (debit, "92", "30", "Nota débito electrónica")])
def test_each_document_that_an_isp_issues(made, kind, operation, words):
    answer = accepted(made())
    sent = answer["payload"]["factura"]
    assert (answer["legal_kind"], sent["tipoDocumento"], sent["tipoOperacion"]) == (kind, kind, operation)
    assert answer["print"]["legends"][0] == words  # 1.5, 1


@pytest.mark.parametrize("kind", ["02", "03", "04", "91", "92", "96"])
def test_exports_contingency_and_events_are_not_issued(kind):
    assert refused(case(extra={"tipoDocumento": kind})) == {("extra.tipoDocumento", "109")}


@pytest.mark.parametrize(("made", "allowed"), [
    (case, {"10", "09", "11"}), (note, {"20", "22"}), (debit, {"30", "32"})])
@pytest.mark.parametrize("operation", ["09", "10", "11", "20", "22", "23", "30", "32", "33", "99"])
def test_each_type_of_operation(made, allowed, operation):
    data = made(extra={"tipoOperacion": operation})
    if operation in allowed:
        assert factura(data)["tipoOperacion"] == operation
    else:
        assert refused(data) == {("extra.tipoOperacion", "109")}


# --- 1.2: numbering -------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [True, False], ids=["authorisation", "habilitacion"])
@pytest.mark.parametrize(("number", "day", "refusal"), [
    (990000000, "2025-03-01", None), (995000000, "2025-03-01", None), (989999999, "2025-03-01", ("number", "FAB11")),
    (995000001, "2025-03-01", ("number", "FAB12")), (990000123, "2019-01-19", None), (990000123, "2030-01-19", None),
    (990000123, "2019-01-18", ("issued_at", "FAB07")), (990000123, "2030-01-20", ("issued_at", "FAB08"))])
def test_the_first_and_the_last_of_range_and_validity(said, number, day, refusal):
    """The test range is the DIAN's own for everybody: known where nothing was said of it."""
    more = {} if said else {"issuer__extra": {}}
    data = case(number=number, issued_at=f"{day}T12:00:00-05:00", due_date="2031-01-01", **more)
    assert refused(data) == ({refusal} if refusal else set())


@pytest.mark.parametrize(("prefix", "code"), [
    ("", None), ("A", None), ("SETP", None), ("FE12", None), ("FACTU", "FAB10"), ("fe", "FAB10"), ("F-E", "FAB10")])
def test_a_prefix_has_up_to_four_letters_or_digits(prefix, code):
    data = case(issuer__series=prefix, issuer__extra={"desde": 1}, number=7)
    assert refused(data) == ({("issuer.series", code)} if code else set())
    if not code:  # nothing between prefix and number, no zero before it
        assert factura(data)["consecutivoDocumento"] == f"{prefix}7"


def test_a_note_wants_neither_authorisation_nor_technical_key():
    for made in (note, debit):
        sent = factura(made(issuer__extra={}, environment="production"))
        assert (sent["consecutivoDocumento"], sent["rangoNumeracion"]) == ("NCE15", "NCE-1")


# --- 1.3, 1.4: CUFE, CUDE, QR ---------------------------------------------------------------------------


def sha384(*parts: str) -> str:
    return hashlib.sha384("".join(parts).encode()).hexdigest()


def test_the_dian_s_own_example_of_a_cufe():
    given = EXAMPLE["entrada"]
    answer = accepted(case(
        environment="production", issuer__tax_id="700085371", issuer__series="", number=323200000129,
        issuer__extra={"desde": 1, "claveTecnica": given["ClTec"]}, customer__tax_id_kind="NIT",
        customer__tax_id="800199436", issued_at="2019-01-16T10:53:10-05:00", lines=[line("1500000.00")]))
    assert answer["print"]["access_key"] == (
        "8bb918b19ba22a694f1da11c643b5e9de39adf60311cf179179e9b33381030bcd4c3c3f156c506ed5908f9276f5bd9b4")


@pytest.mark.parametrize(("changes", "net", "taxes", "total"), [
    ({"lines": [line("10000.00", [*VAT, INC])]}, "10000.00", ("1900.00", "800.00", "0.00"), "12700.00"),
    ({"lines": [line("10000.00", [INC])]}, "10000.00", ("0.00", "800.00", "0.00"), "10800.00"),
    ({"lines": [line("10000.00", [*VAT, {"code": "ICA", "rate": "1"}])]}, "10000.00", ("1900.00", "0.00", "100.00"),
     "12000.00"),
    ({"lines": [line("10000.00", EXEMPT), line("5000.00", EXCLUDED)]}, "15000.00", ("0.00", "0.00", "0.00"),
     "15000.00"),
    # ValTot is what is to be paid, ValFac what the lines come to
    ({"lines": [line("10000.00")], "extra": {"totalDescuentos": "900.00"}}, "10000.00", ("1900.00", "0.00", "0.00"),
     "11000.00")])
def test_what_a_cufe_is_made_of(changes, net, taxes, total):
    answer = accepted(case(**changes))
    assert answer["print"]["access_key"] == sha384(
        "SETP990000123", "2025-03-01", "08:15:30-05:00", net, "01", taxes[0], "04", taxes[1], "03", taxes[2], total,
        "901234568", "1020304050", TECHNICAL_KEY, "2")
    said = dict(one.split(": ", 1) for one in answer["print"]["qr"].split("\n"))
    assert [said[name] for name in ("ValFac", "ValIva", "ValOtroIm", "ValTolFac")] == [
        net, taxes[0], f"{float(taxes[1]) + float(taxes[2]):.2f}", total]


@pytest.mark.parametrize(("made", "environment", "digit"), [
    (note, "test", "2"), (debit, "test", "2"), (note, "production", "1"), (debit, "production", "1")])
def test_a_cude_has_the_software_s_pin_in_the_place_of_the_technical_key(made, environment, digit):
    answer = accepted(made(environment=environment, issuer__extra={"pin": "75315"}))
    assert answer["print"]["access_key"] == sha384(
        "NCE15", "2025-03-05", "10:00:00-05:00", "84033.61", "01", "15966.39", "04", "0.00", "03", "0.00",
        "100000.00", "901234568", "1020304050", "75315", digit)


@pytest.mark.parametrize("issuer", ["901234568", "901.234.568", "901234568-4", "901.234.568-4"])
@pytest.mark.parametrize("buyer", ["1020304050", "1.020.304.050"])
def test_numbers_stand_in_the_cufe_without_marks_and_check_digit(issuer, buyer):
    data = case(issuer__tax_id=issuer, customer__tax_id=buyer)
    assert accepted(data)["print"]["access_key"] == CUFE


@pytest.mark.parametrize("key", [TECHNICAL_KEY[:38], TECHNICAL_KEY + "a", "g" * 40])
@pytest.mark.parametrize("provider", [case, siigo])
def test_a_technical_key_of_38_characters_is_a_bad_paste(provider, key):
    """Trap 15."""
    assert refused(provider(issuer__extra__claveTecnica=key)) == {("issuer.extra.claveTecnica", "FAD06")}


# --- 1.5: the printed document --------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "words"), [
    ("O-13", "Gran contribuyente"), ("O-15", "Autorretenedor"), ("O-23", "Agente de retención IVA"),
    ("O-47", "Régimen simple de tributación")])
@pytest.mark.parametrize(("condition", "quality"), [("48", "Responsable de IVA"), ("49", "No responsable de IVA")])
def test_each_quality_of_the_issuer_is_printed(condition, quality, code, words):
    answer = accepted(case(issuer__tax_condition=condition, issuer__extra__responsabilidades=[code]))
    assert answer["print"]["legends"][1] == f"{quality}, {words}"


@pytest.mark.parametrize(("made", "provider"), [
    (case, "The Factory HKA Colombia SAS, NIT 900390126-6"), (siigo, "Siigo SAS, NIT 830048145-8")])
def test_software_and_technology_provider_are_printed(made, provider):
    assert accepted(made())["print"]["legends"][-1] == f"Software: Abona. Proveedor tecnológico: {provider}"


@pytest.mark.parametrize("changes", [{}, {"payment": {"terms": "cash", "method": "10"}}])
def test_payment_and_buyer_are_printed(changes):
    nobody = {"name": "", "tax_id": "", "tax_id_kind": ""}
    legends = accepted(case(customer=nobody, **changes))["print"]["legends"]
    assert "Adquiriente: consumidor final, 222222222222" in legends
    assert ("Forma de pago: Contado. Medio de pago: Efectivo" if changes else
            "Forma de pago: Crédito, vence el 2025-03-15. Medio de pago: Instrumento no definido") in legends


def test_a_note_prints_what_it_corrects():
    legends = accepted(note())["print"]["legends"]
    assert f"CUFE de la factura: {CUFE}" in legends
    assert any(one.startswith("Corrige la factura SETP990000123 del 2025-03-01. Concepto: 2") for one in legends)


# --- 1.6: codes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "ours", "number"), [
    ("11", "RC", "12345678"), ("12", "TI", "1020304050"), ("13", "CC", "1020304050"), ("21", "TE", "E12345"),
    ("22", "CE", "345678"), ("31", "NIT", "900390126-6"), ("41", "PASAPORTE", "AB123456"), ("42", "EXT", "X99"),
    ("47", "PEP", "123456789012345"), ("48", "PPT", "4567890"), ("50", "NIT_EXT", "J29384756"),
    ("91", "NUIP", "1020304050")])
def test_each_kind_of_identification(code, ours, number):
    for kind in (code, ours):
        client = factura(case(customer__tax_id_kind=kind, customer__tax_id=number))["cliente"]
        assert client["tipoIdentificacion"] == code


@pytest.mark.parametrize("kind", ["00", "14", "43", "99", "DNI", "RUC"])
def test_what_is_no_kind_of_identification(kind):
    assert refused(case(customer__tax_id_kind=kind)) == {("customer.tax_id_kind", "109")}


@pytest.mark.parametrize(("extra", "condition", "expected"), [
    ({}, "48", "01"), ({}, "49", "ZZ"), ({"codigoImpuesto": "01"}, "49", "01"), ({"codigoImpuesto": "04"}, "48", "04"),
    ({"codigoImpuesto": "ZA"}, "48", "ZA"), ({"codigoImpuesto": "ZZ"}, "48", "ZZ"),
    ({"codigoImpuesto": "22"}, "48", "22")])
def test_each_tribute_of_a_buyer(extra, condition, expected):
    client = factura(case(customer__tax_condition=condition, customer__extra=extra))["cliente"]
    assert client["detallesTributarios"] == {"Tributos": [{"codigoImpuesto": expected}]}
    assert client["responsabilidadesRut"]["Obligaciones"][0]["regimen"] == condition


@pytest.mark.parametrize("code", ["O-06", "O-07", "O-09", "O-14", "O-16", "O-48", "R-00-PN"])
def test_the_older_long_list_of_responsibilities_is_refused(code):
    assert refused(case(customer__extra={"responsabilidades": [code]})) == {("customer.extra.responsabilidades", "110")}


@pytest.mark.parametrize(("code", "words"), [
    ("1", "undefined"), ("10", "efectivo"), ("20", "cheque"), ("42", "consignacion"), ("47", "transferencia"),
    ("48", "tarjeta_credito"), ("49", "tarjeta_debito"), ("ZZZ", "acuerdo_mutuo")])
@pytest.mark.parametrize(("terms", "form"), [("cash", "1"), ("credit", "2")])
def test_each_form_and_means_of_payment(terms, form, code, words):
    for method in (code, words):
        (paid,) = factura(case(payment={"terms": terms, "method": method}))["mediosDePago"]["MediosDePago"]
        assert (paid["metodoDePago"], paid["medioPago"]) == (form, code)
        assert ("fechaDeVencimiento" in paid) is (form == "2")
    assert refused(case(payment={"terms": terms}, due_date=None)) == (
        {("due_date", "109")} if form == "2" else set())


@pytest.mark.parametrize(("made", "concept", "words"), [
    (note, "1", "Devolución parcial"), (note, "2", "Anulación"), (note, "3", "Rebaja"), (note, "4", "Ajuste de precio"),
    (debit, "1", "Intereses"), (debit, "2", "Gastos por cobrar"), (debit, "3", "Cambio del valor"),
    (debit, "4", "Otro")])
def test_each_concept_of_a_note(made, concept, words):
    sent = factura(made(references=[REFERENCE | {"reason": concept}]))
    reason = sent["documentosReferenciados"]["DocumentoReferenciado"][0]
    assert reason["codigoEstatusDocumento"] == concept
    assert reason["descripcion"]["string"][0].startswith(words)


@pytest.mark.parametrize("made", [note, debit])
@pytest.mark.parametrize("concept", ["0", "5", "6", "7", "10"])
def test_concepts_that_the_lists_do_not_agree_on_are_not_sent(made, concept):
    assert refused(made(references=[REFERENCE | {"reason": concept}])) == {("references[0].reason", "109")}


@pytest.mark.parametrize(("extra", "unit", "standard"), [
    ({}, "94", "999"), ({"unidadMedida": "WSD"}, "WSD", "999"), ({"estandarCodigo": "001"}, "94", "001"),
    ({"estandarCodigo": "010"}, "94", "010"), ({"estandarCodigo": "999"}, "94", "999")])
def test_unit_and_standard_of_a_product(extra, unit, standard):
    (row,) = factura(case(lines=[line(extra=extra)]))["detalleDeFactura"]["FacturaDetalle"]
    assert (row["unidadMedida"], row["estandarCodigo"]) == (unit, standard)


# --- 1.7: the check digit of a NIT ------------------------------------------------------------------------


@pytest.mark.parametrize(("nit", "right"), [("800197268", "4"), ("900390126", "6"), ("830048145", "8")])
@pytest.mark.parametrize("digit", list("0123456789"))
def test_only_one_check_digit_is_right(nit, right, digit):
    written = f"{nit}-{digit}"
    assert refused(case(issuer__tax_id=written)) == (set() if digit == right else {("issuer.tax_id", "FAJ44a")})
    assert refused(case(customer__tax_id_kind="NIT", customer__tax_id=written)) == (
        set() if digit == right else {("customer.tax_id", "FAK43b")})


# --- 1.8: IVA of an ISP ---------------------------------------------------------------------------------

# what stands in the invoice: (rate, base, tax) of its node, None where there is none
CASES = [("1", "", EXEMPT, ("0.00", "100000.00", "0.00")), ("2", "", EXEMPT, ("0.00", "100000.00", "0.00")),
         ("3", "", EXCLUDED, None), ("4", "", VAT, ("19.00", "100000.00", "19000.00")),
         ("5", "", VAT, ("19.00", "100000.00", "19000.00")), ("6", "", VAT, ("19.00", "100000.00", "19000.00")),
         ("1", "comercial", VAT, ("19.00", "100000.00", "19000.00")),
         ("3", "comercial", VAT, ("19.00", "100000.00", "19000.00"))]


def internet(estrato: str, use: str, taxes: Any) -> dict[str, Any]:
    return case(lines=[line("100000.00", taxes, description="Internet hogar")],
                customer__address__extra={"estrato": estrato, "uso": use})


@pytest.mark.parametrize(("estrato", "use", "taxes", "node"), CASES)
def test_the_iva_of_internet_by_estrato_and_what_of_it_is_sent(estrato, use, taxes, node):
    answer = accepted(internet(estrato, use, taxes))
    sent = answer["payload"]["factura"]
    nodes = [(one["porcentajeTOTALImp"], one["baseImponibleTOTALImp"], one["valorTOTALImp"])
             for one in sent.get("impuestosGenerales", {"FacturaImpuestos": []})["FacturaImpuestos"]]
    assert (answer["problems"], nodes) == ([], [node] if node else [])
    assert sent["totalBaseImponible"] == (node[1] if node else "0.00")  # trap 8


@pytest.mark.parametrize(("estrato", "use", "right", "_node"), CASES)
@pytest.mark.parametrize("said", [EXEMPT, EXCLUDED, VAT], ids=["exempt", "excluded", "taxed"])
def test_another_iva_of_internet_is_remarked(estrato, use, right, _node, said):
    answer = accepted(internet(estrato, use, said))
    assert [one["field"] for one in answer["problems"]] == ([] if said == right else ["lines[0].taxes"])


def test_telephony_is_two_lines():
    """The first 325 minutes excluded, the others at 19 %."""
    lines = [line("9750.00", EXCLUDED, description="Telefonía local, 325 minutos"),
             line("1000.00", description="Telefonía local, minutos adicionales")]
    answer = accepted(case(lines=lines, customer__address__extra={"estrato": "2"}))
    assert answer["problems"] == []
    assert (answer["totals"]["untaxed"], answer["totals"]["net"], answer["totals"]["total"]) == (
        "9750.00", "1000.00", "10940.00")


@pytest.mark.parametrize("estrato", ["0", "7", "tres", "1.5"])
@pytest.mark.parametrize(("made", "code"), [(case, "109"), (siigo, "invalid_range")])
def test_what_is_no_estrato(made, code, estrato):
    assert refused(made(customer__address__extra={"estrato": estrato})) == {
        ("customer.address.extra.estrato", code)}


@pytest.mark.parametrize(("rate", "refusal"), [
    ("0", None), ("5", None), ("16", None), ("19", None), ("18", "FAX"), ("20", "FAX"), ("8", "FAX")])
def test_each_rate_of_iva(rate, refusal):
    assert refused(taxed(iva(rate))) == ({("lines[0].taxes[0].rate", refusal)} if refusal else set())


@pytest.mark.parametrize("code", ["RETEFUENTE", "RETEIVA", "RETEICA", "05", "06", "07"])
def test_what_the_buyer_withholds_is_only_shown(code):
    answer = accepted(taxed(*VAT, {"code": code, "rate": "10", "withheld": True}))
    assert (answer["totals"]["total"], answer["totals"]["withheld"]) == ("119000.00", "10000.00")
    assert answer["payload"]["factura"]["totalMonto"] == "119000.00"
    assert any(one.startswith("Retención que practica el adquiriente") for one in answer["print"]["legends"])


# --- 1.9: families of rules --------------------------------------------------------------------------------


@pytest.mark.parametrize(("made", "family"), [(case, "FA"), (note, "CA"), (debit, "DA")])
@pytest.mark.parametrize(("changes", "field", "rule"), [
    ({"customer__tax_id": "", "customer__name": "Ana Peña"}, "customer.tax_id", "K24"),
    ({"customer__tax_id_kind": "NIT", "customer__tax_id": "800197268-5"}, "customer.tax_id", "K43b"),
    ({"issuer__tax_id": "901234568-9"}, "issuer.tax_id", "J44a"), ({"lines": [line("0.00")]}, "lines", "U14"),
    ({"lines": [line(taxes=[iva("18")])]}, "lines[0].taxes[0].rate", "X")])
def test_a_rule_bears_the_letters_of_its_document(made, family, changes, field, rule):
    assert refused(made(**changes)) == {(field, family + rule)}


@pytest.mark.parametrize("made", [note, debit])
def test_a_note_has_no_rule_of_an_authorisation(made):
    """1.2: notes need a prefix of their own and no authorisation."""
    assert refused(made(issuer__series="NOTAS")) == {("issuer.series", "109")}


@pytest.mark.parametrize(("changes", "field"), [
    ({"issued_at": "2025-03-01 08:15:30"}, "issued_at"), ({"due_date": "15/03/2025"}, "due_date"),
    ({"number": "SETP990000123"}, "number"), ({"kind": "factura"}, "kind"),
    ({"lines": [line("84.033,61")]}, "lines[0].unit_price"),
    ({"lines": [line(taxes=[{"code": "VAT", "category": "excluido"}])]}, "lines[0].taxes[0].category")])
def test_what_cannot_be_read_is_named(changes, field):
    assert unreadable(case(**changes)) == {field}


def test_every_kind_is_previewed_alike():
    assert [ask(one())["valid"] for one in KINDS] == [True] * 3
    assert found(case(due_date="2025-02-01"), "warning") == {("due_date", "")}
