"""Tables of ecuador.md through `abona einvoice preview`: keys (2), versions, fields, notes (1), free fields (5.5)."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from tests.modules.einvoice_ec.cases import REFERENCE, case, line, note, to
from tests.modules.einvoice_ec.previewed import KINDS, POPULAR, RIMPE, debit, iva, refused, tree
from tests.modules.preview_command import accepted

pytestmark = pytest.mark.once


# --- section 2: the clave de acceso --------------------------------------------------------------------

KEYS = [
    ({"issued_at": "2026-11-01T09:30:00-05:00", "number": 123, "extra": {"codigoNumerico": "12345678"}}, case,
     "0111202601179001234400110010020000001231234567810"),
    ({"issued_at": "2026-11-30T09:30:00-05:00", "environment": "production", "number": 7,
      "extra": {"codigoNumerico": "00000001"}}, note, "3011202604179001234400120010020000000070000000112"),
    ({"issued_at": "2027-01-15T09:30:00-05:00", "environment": "production", "issuer__series": "002-001", "number": 3,
      "extra": {"codigoNumerico": "87654321"}}, debit,
     "1501202705179001234400120020010000000038765432115"),
    ({"issued_at": "2026-12-05T09:30:00-05:00", "environment": "production", "number": 456,
      "extra": {"codigoNumerico": "00000002"}}, case, "0512202601179001234400120010020000004560000000210"),
    ({"issued_at": "2026-12-05T09:30:00-05:00", "environment": "production", "number": 456,
      "extra": {"codigoNumerico": "00000006"}}, case, "0512202601179001234400120010020000004560000000611")]


@pytest.mark.parametrize(("changes", "kind", "key"), KEYS, ids=[key for _changes, _kind, key in KEYS])
def test_each_key_of_the_table_with_its_twins_in_the_xml(changes, kind, key):
    answer = accepted(kind(**changes))
    root = etree.fromstring(answer["payload"].encode())
    assert answer["print"]["access_key"] == answer["print"]["barcode"] == key  # 5.7, last line
    head = root.find("infoTributaria")
    assert head.findtext("claveAcceso") == key
    # 58 where a part differs: each field equals its twin
    day = "".join(next(root.iter("fechaEmision")).text.split("/"))
    parts = [head.findtext(name) for name in ("codDoc", "ruc", "ambiente", "estab", "ptoEmi", "secuencial")]
    assert (key[:8], key[8:39], key[47]) == (day, "".join(parts), head.findtext("tipoEmision"))


def test_a_retry_has_the_same_key_and_another_day_or_number_another():
    keys = [accepted(case(extra={}, **changes))["print"]["access_key"] for changes in (
        {}, {}, {"number": 124}, {"issued_at": "2026-11-02T09:30:00-05:00"}, {"environment": "production"})]
    assert keys[0] == keys[1] and len(set(keys)) == 4
    assert keys[3][39:47] == keys[0][39:47]  # re-dated: another key, same código numérico


# --- section 1: versions, fields and their lengths -----------------------------------------------------


@pytest.mark.parametrize(("version", "places"), [("1.0.0", 2), ("1.1.0", 6), ("2.0.0", 2), ("2.1.0", 6)])
@pytest.mark.parametrize("name", ["quantity", "unit_price"])
def test_decimals_of_quantity_and_price_by_version(version, places, name):
    fits = accepted(case(extra__version=version, lines=[line(**{name: "1." + "1" * places})]))
    shown = etree.fromstring(fits["payload"].encode()).find("detalles/detalle")
    tag = {"quantity": "cantidad", "unit_price": "precioUnitario"}[name]
    assert shown.findtext(tag) == "1." + "1" * places
    beyond = case(extra__version=version, lines=[line(**{name: "1." + "1" * (places + 1)})])
    assert (f"lines[0].{name}", "35") in refused(beyond)


@pytest.mark.parametrize("version", ["2.24", "2.26", "2.32", "2.34", "1.2.0", "3.0.0"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_ficha_s_own_number_is_no_version(kind, version):
    assert refused(kind(extra={"version": version})) == {("extra.version", "36")}


def detail(name: str) -> Any:
    said = {"nombre": "a", "valor": "b"}
    return lambda text: case(lines=[line(extra={"detallesAdicionales": [said | {name: text}]})])


def additional(name: str) -> Any:
    return lambda text: case(extra__infoAdicional=[{"nombre": "a", "valor": "b"} | {name: text}])


LENGTHS = [
    ("issuer.name", 300, lambda text: case(issuer__name=text)),
    ("issuer.trade_name", 300, lambda text: case(issuer__trade_name=text)),
    ("issuer.address", 300, lambda text: case(issuer__address={"street": text})),
    ("issuer.extra.dirMatriz", 300, lambda text: case(issuer__extra__dirMatriz=text)),
    ("issuer.extra.granContribuyente", 300, lambda text: case(issuer__extra__granContribuyente=text)),
    ("issuer.extra.contribuyenteEspecial", 13, lambda text: case(issuer__extra__contribuyenteEspecial=text)),
    ("customer.name", 300, lambda text: case(customer__name=text)),
    ("customer.address", 300, lambda text: case(customer__address={"street": text})),
    ("customer.tax_id", 20, lambda text: to("PASAPORTE", text)),
    ("customer.tax_id", 20, lambda text: to("EXTERIOR", text)),
    ("lines[0].code", 25, lambda text: case(lines=[line(code=text)])),
    ("lines[0].description", 300, lambda text: case(lines=[line(description=text)])),
    ("lines[0].extra.codigoAuxiliar", 25, lambda text: case(lines=[line(extra={"codigoAuxiliar": text})])),
    ("lines[0].extra.unidadMedida", 50, lambda text: case(lines=[line(extra={"unidadMedida": text})])),
    ("lines[0].extra.detallesAdicionales[0].nombre", 300, detail("nombre")),
    ("lines[0].extra.detallesAdicionales[0].valor", 300, detail("valor")),
    ("extra.infoAdicional[0].nombre", 300, additional("nombre")),
    ("extra.infoAdicional[0].valor", 300, additional("valor")),
    ("extra.unidadTiempo", 10, lambda text: case(extra__unidadTiempo=text)),
    ("extra.otrosRubrosTerceros[0].concepto", 300,
     lambda text: case(extra__otrosRubrosTerceros=[{"concepto": text, "total": "1.00"}])),
    ("references[0].reason", 300, lambda text: note(references=[REFERENCE | {"reason": text}])),
    ("lines[0].description", 300, lambda text: debit(lines=[line(code="", description=text)]))]


@pytest.mark.parametrize(("field", "longest", "made"), LENGTHS,
                         ids=[f"{field}-{number}" for number, (field, _longest, _made) in enumerate(LENGTHS)])
def test_each_text_as_long_as_its_form_allows(field, longest, made):
    assert refused(made("x" * longest)) == set()
    assert refused(made("x" * (longest + 1))) == {(field, "35")}


@pytest.mark.parametrize(("field", "fits", "beyond"), [
    ("contribuyenteEspecial", ["123", "A1B2C3"], ["12", "12-34", "5368 9"]),
    ("agenteRetencion", ["1", "12345678"], ["123456789", "A1", "NAC-1"]),
    ("obligadoContabilidad", ["SI", "NO"], ["S", "TRUE"]),
    ("contribuyenteRimpe", [RIMPE, POPULAR], ["RIMPE", "NEGOCIO POPULAR"]),
    ("rucProveedor", ["1790016919001"], ["1790016919002", "1710034065"])])
def test_each_fact_of_the_issuer_in_its_form(field, fits, beyond):
    for text in fits:
        assert refused(case(issuer__extra={"obligadoContabilidad": "SI"} | {field: text})) == set()
    for text in beyond:
        said = refused(case(issuer__extra={"obligadoContabilidad": "SI"} | {field: text}))
        assert said == {(f"issuer.extra.{field}", "35")}


@pytest.mark.parametrize(("version", "fits"), [("1.0.0", "100000000000.01"), ("1.1.0", "100000000000.000001")])
@pytest.mark.parametrize("name", ["quantity", "unit_price"])
def test_figures_have_up_to_eighteen_digits_or_fourteen(name, version, fits):
    other = {"quantity": "unit_price", "unit_price": "quantity"}[name]

    def data(figure: str) -> dict[str, Any]:
        return case(extra__version=version, lines=[line(**{name: figure, other: "0.01"})])

    assert (refused(data(fits)), refused(data("1" + fits))) == (set(), {(f"lines[0].{name}", "35")})


def test_no_element_is_empty_and_no_text_has_a_line_feed():
    """1.1 and 3.3: an empty element is an error; control characters and line feeds go, blanks collapse."""
    said = " Calle\r\nLos  Pinos\t12 \x00 "
    for made in KINDS:
        root = tree(made(issuer__trade_name="", customer__name=said, customer__address={"street": said},
                         customer__email="", lines=[line(code="", description=said)]))
        texts = [one.text for one in root.iter() if not len(one)]
        assert all(texts) and not any("\n" in one for one in texts)
        assert "Calle Los Pinos 12" in texts


def test_the_fields_that_an_isp_leaves_out_and_those_always_sent():
    info = tree(case()).find("infoFactura")
    assert (info.findtext("propina"), info.findtext("moneda"), info.findtext("obligadoContabilidad")) == (
        "0.00", "DOLAR", "SI")
    for name in ("comercioExterior", "totalSubsidio", "compensaciones", "placa", "valorRetIva", "descuentoAdicional"):
        assert info.find(f".//{name}") is None


def test_without_dir_matriz_the_address_is_used_for_both():
    root = tree(case())
    assert root.findtext("infoTributaria/dirMatriz") == root.findtext("infoFactura/dirEstablecimiento")
    root = tree(case(issuer__extra__dirMatriz="Guayaquil"))
    assert root.findtext("infoTributaria/dirMatriz") == "Guayaquil" != root.findtext("infoFactura/dirEstablecimiento")


# --- 1.2, 1.3: notes -----------------------------------------------------------------------------------

FACTS = {"obligadoContabilidad": "SI", "contribuyenteEspecial": "5368"}
SPARE = ("totalDescuento", "pagos", "direccionComprador", "propina", "importeTotal")


def test_a_credit_note_says_what_the_reference_lists_and_nothing_of_a_factura():
    root = tree(note(number=7, issuer__extra=FACTS, lines=[line("10.00", extra={"codigoAuxiliar": "AUX"})]))
    info = root.find("infoNotaCredito")
    assert [one.tag for one in info] == [
        "fechaEmision", "dirEstablecimiento", "tipoIdentificacionComprador", "razonSocialComprador",
        "identificacionComprador", "contribuyenteEspecial", "obligadoContabilidad", "codDocModificado",
        "numDocModificado", "fechaEmisionDocSustento", "totalSinImpuestos", "valorModificacion", "moneda",
        "totalConImpuestos", "motivo"]
    assert [info.findtext(name) for name in ("codDocModificado", "numDocModificado", "fechaEmisionDocSustento",
                                             "valorModificacion")] == ["01", "001-002-000000123", "01/11/2026", "11.50"]
    assert [one.tag for one in next(info.iter("totalImpuesto"))] == ["codigo", "codigoPorcentaje", "baseImponible",
                                                                   "valor"]
    assert [root.findtext(f"detalles/detalle/{name}") for name in ("codigoInterno", "codigoAdicional")] == ["X", "AUX"]
    assert not [name for name in SPARE if root.find(f".//{name}") is not None]


def test_a_debit_note_has_reasons_in_the_place_of_lines():
    """1.3: the ficha's own example is interest with IVA."""
    root = tree(debit(number=3, issuer__extra=FACTS,
                     lines=[line("2.40", description="Interés por mora", code=""), line("1.00", code="")]))
    info = root.find("infoNotaDebito")
    assert [one.tag for one in info][-4:] == ["totalSinImpuestos", "impuestos", "valorTotal", "pagos"]
    assert [one.tag for one in info.find("impuestos/impuesto")] == ["codigo", "codigoPorcentaje", "tarifa",
                                                                    "baseImponible", "valor"]
    assert (info.findtext("totalSinImpuestos"), info.findtext("valorTotal")) == ("3.40", "3.91")
    assert [(one.findtext("razon"), one.findtext("valor")) for one in root.iter("motivo")] == [
        ("Interés por mora", "2.40"), ("Internet", "1.00")]
    assert root.find("detalles") is None


@pytest.mark.parametrize(("kind", "code"), [("01", None), ("invoice", None), ("04", "64"), ("05", "64"), ("07", "64")])
@pytest.mark.parametrize("made", ["credit_note", "debit_note"])
def test_a_note_changes_a_factura_only(made, kind, code):
    said = refused(note(made, references=[REFERENCE | {"kind": kind}]))
    assert said == ({("references[0].kind", code)} if code else set())


# --- 5.5: the fifteen free fields ------------------------------------------------------------------------


@pytest.mark.parametrize(("facts", "most"), [
    ({}, 15), ({"rucProveedor": "1790016919001"}, 14), ({"granContribuyente": "NAC-1"}, 14),
    ({"rucProveedor": "1790016919001", "granContribuyente": "NAC-1"}, 13)])
@pytest.mark.parametrize("made", KINDS)
def test_the_legal_fields_have_their_place_reserved(made, facts, most):
    def data(count: int) -> dict[str, Any]:
        return made(issuer__extra={"obligadoContabilidad": "SI"} | facts, extra={
            "infoAdicional": [{"nombre": f"n{one}", "valor": "v"} for one in range(count)]})

    assert len(list(tree(data(most)).iter("campoAdicional"))) == 15
    assert refused(data(most + 1)) == {("extra.infoAdicional", "35")}


@pytest.mark.parametrize(("total", "remarked"), [("200000000.00", False), ("200000000.01", True)])
def test_a_permit_above_two_hundred_million(total, remarked):
    """5.6: above, not from there."""
    answer = accepted(case(lines=[line(total, [iva("0")])]))
    assert [one["field"] for one in answer["problems"]] == ["lines"] * remarked
