"""The simulated SRI refuses what the SRI refuses, in its order, whoever sends it."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from lxml import etree

from core import clock
from core.simulators import Running
from modules.einvoice_ec import certificados, firma
from modules.einvoice_ec.clave_acceso import check_digit
from tests.modules.einvoice_ec import keys
from tests.modules.einvoice_ec.cases import SAMPLES, line
from tests.modules.einvoice_ec.wire import PATH, client, prepare, put, sri_running, voucher

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def _running() -> Iterator[Running]:
    with sri_running() as found:
        yield found


@pytest.fixture
def sim(_running: Running) -> Running:
    _running.post("sri", "reset", {})
    prepare(_running)
    return _running


def raw(sim: Running, service: str, body: bytes, path: str = PATH) -> Any:
    return requests.post(f"{sim.url}/sri{path}/{service}", data=body, timeout=20,
                         headers={"Content-Type": "text/xml", "SOAPAction": '""'})


def reception(inner: str) -> bytes:
    return ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<e:validarComprobante xmlns:e="http://ec.gob.sri.ws.recepcion">{inner}</e:validarComprobante>'
            "</s:Body></s:Envelope>").encode()


def test_received_then_authorised(sim):
    clave, xml = voucher()
    assert client(sim).recepcion(xml).estado == "RECIBIDA"
    (found,) = client(sim).autorizacion(clave)
    assert (found.estado, found.numero, found.ambiente) == ("AUTORIZADO", clave, "PRUEBAS")
    assert [one.identificador for one in found.mensajes] == ["60"]
    assert found.comprobante.encode() == xml
    assert found.fecha is not None and found.fecha.utcoffset() == dt.timedelta(hours=-5)
    assert client(sim).consulta(clave) == "AUTORIZADO"


def test_the_answers_have_the_shape_of_the_samples(sim):
    clave, xml = voucher()

    def shape(element: Any) -> Any:
        return etree.QName(element).localname, [shape(one) for one in element]

    answer = raw(sim, "RecepcionComprobantesOffline", reception(f"<xml>{base64.b64encode(xml).decode()}</xml>"))
    wanted = etree.fromstring((SAMPLES / "soap_recepcion_recibida.xml").read_bytes())
    assert shape(etree.fromstring(answer.content)) == shape(wanted)
    again = raw(sim, "RecepcionComprobantesOffline", reception(f"<xml>{base64.b64encode(xml).decode()}</xml>"))
    wanted = etree.fromstring((SAMPLES / "soap_recepcion_devuelta_43.xml").read_bytes())
    assert shape(etree.fromstring(again.content)) == shape(wanted)
    body = (SAMPLES / "soap_autorizacion_vacia.xml").read_bytes()
    assert client(sim).autorizacion("1" * 49) == []
    asked = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><e:autorizacionComprobante '
             f'xmlns:e="http://ec.gob.sri.ws.autorizacion"><claveAccesoComprobante>{clave}</claveAccesoComprobante>'
             "</e:autorizacionComprobante></s:Body></s:Envelope>").encode()
    found = raw(sim, "AutorizacionComprobantesOffline", asked)
    wanted = etree.fromstring((SAMPLES / "soap_autorizacion_autorizado.xml").read_bytes())
    assert shape(etree.fromstring(found.content)) == shape(wanted)
    empty = raw(sim, "AutorizacionComprobantesOffline", asked.replace(clave.encode(), b"1" * 49))
    assert shape(etree.fromstring(empty.content)) == shape(etree.fromstring(body))


@pytest.mark.parametrize(("inner", "code"), [
    ("", "49"), ("<xml/>", "49"), ("<xml>%%%</xml>", "26"),
    (f"<xml>{base64.b64encode(b'x' * (320 * 1024 + 1)).decode()}</xml>", "26"),
    (f"<xml>{base64.b64encode(b'<factura>').decode()}</xml>", "35"),
    (f"<xml>{base64.b64encode(base64.b64encode(b'<factura/>')).decode()}</xml>", "35"),
    (f"<xml>{base64.b64encode(b'<!DOCTYPE factura><factura/>').decode()}</xml>", "35"),
    (f"<xml>{base64.b64encode(b'<recibo/>').decode()}</xml>", "48"),
])
def test_what_cannot_be_read_is_returned(sim, inner, code):
    found = etree.fromstring(raw(sim, "RecepcionComprobantesOffline", reception(inner)).content)
    assert [one.text for one in found.iter("estado", "identificador")] == ["DEVUELTA", code]


@pytest.mark.parametrize("body", [
    b"no xml", b"<a/>", reception("").replace(b"validarComprobante", b"otraCosa"),
    reception('<e:xml xmlns:e="http://ec.gob.sri.ws.recepcion">AA==</e:xml>')])
def test_what_is_no_call_gets_a_fault(sim, body):
    answer = raw(sim, "RecepcionComprobantesOffline", body)
    assert answer.status_code == 500 and b"<faultstring>" in answer.content


def version(text):
    def change(tree):
        tree.set("version", text)

    return change


def without(path):
    def change(tree):
        found = tree.find(path)
        found.getparent().remove(found)

    return change


@pytest.mark.parametrize(("change", "code"), [
    (version("2.24"), "36"), (put("infoTributaria/codDoc", "04"), "47"), (without("infoFactura/moneda"), ""),
    (without("infoFactura/importeTotal"), "35"), (put("infoFactura/razonSocialComprador", "a\nb"), "35"),
    (put("infoFactura/fechaEmision", "31/02/2026"), "67"), (put("infoFactura/fechaEmision", "01/01/2026"), "65"),
    (put("infoTributaria/contribuyenteRimpe", ""), "")])
def test_structure_and_date(sim, change, code):
    try:
        _clave, xml = voucher(change=change)
    except AttributeError:  # nothing to change: the element is optional
        _clave, xml = voucher()
    assert client(sim).recepcion(xml).codes == (frozenset((code,)) if code else frozenset())


def test_tomorrow_is_too_early(sim):
    tomorrow = (clock.now() + dt.timedelta(days=1, hours=6)).isoformat()
    _clave, xml = voucher(date=tomorrow)
    found = client(sim).recepcion(xml)
    assert found.codes == {"65"}
    assert "[129600 minutos]" in found.mensajes[0].informacion


def test_a_key_in_process_is_70_and_a_known_one_43(sim):
    sim.post("sri", "config", {"delay": "never"})
    clave, xml = voucher()
    assert client(sim).recepcion(xml).estado == "RECIBIDA"
    assert client(sim).recepcion(xml).codes == {"70"}
    assert [one.estado for one in client(sim).autorizacion(clave)] == ["EN PROCESO"]
    assert client(sim).consulta(clave) == ""
    sim.post("sri", "config", {"delay": 0})
    clave, xml = voucher(number=124)
    assert client(sim).recepcion(xml).estado == "RECIBIDA"
    assert client(sim).recepcion(xml).codes == {"43"}


def test_a_number_under_another_key_is_45(sim):
    client(sim).recepcion(voucher()[1])
    _clave, xml = voucher(extra__codigoNumerico="87654321")
    assert client(sim).recepcion(xml).codes == {"45"}


def test_after_a_refusal_the_same_key_may_come_again(sim):
    clave, wrong = voucher(change=put("infoFactura/importeTotal", "51.80"))
    assert client(sim).recepcion(wrong).estado == "RECIBIDA"
    (refused,) = client(sim).autorizacion(clave)
    assert (refused.estado, refused.mensajes[0].identificador) == ("NO AUTORIZADO", "52")
    assert "El importe total esperado 51.80 no coincide con el calculado 51.75" in refused.mensajes[0].informacion
    assert client(sim).recepcion(voucher()[1]).estado == "RECIBIDA"
    assert [one.estado for one in client(sim).autorizacion(clave)] == ["NO AUTORIZADO", "AUTORIZADO"]


def verdict(sim: Running, xml: bytes, clave: str, path: str = PATH) -> tuple[str, str]:
    """(estado, first identificador)"""
    assert client(sim, path).recepcion(xml).estado == "RECIBIDA"
    (found,) = client(sim, path).autorizacion(clave)
    return found.estado, found.mensajes[0].identificador if found.mensajes else ""


@pytest.mark.parametrize(("given", "code"), [
    ({"estado": "no activo"}, "2"), ({"estado": "suspendido"}, "57"), ({"estado": "clausurado"}, "63"),
    ({"establecimientos": {"001": "cerrado"}}, "56"), ({"establecimientos": {"001": "clausurado"}}, "10"),
    ({"establecimientos": {"009": "abierto"}}, "56"), ({"permisos": {"1": ["04"], "2": ["01"]}}, "37")])
def test_who_may_not_issue(sim, given, code):
    sim.post("sri", "taxpayer", {"ruc": "1790012344001", **given})
    clave, xml = voucher()
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", code)


def test_a_ruc_that_nobody_knows(sim):
    key = certificados.open_p12(keys.signing_file(ruc="1790012352001"), keys.PASSWORD)
    clave, xml = voucher(issuer__tax_id="1790012352001", key=key)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "46")


def another_digit(tree):
    key = tree.find("infoTributaria/claveAcceso")
    key.text = key.text[:-1] + str((int(key.text[-1]) + 1) % 10)


def another_number(tree):
    key = tree.find("infoTributaria/claveAcceso")
    body = key.text[:38] + "9" + key.text[39:48]
    key.text = body + check_digit(body)


@pytest.mark.parametrize("change", [another_digit, another_number])
def test_a_key_that_disagrees_is_58(sim, change):
    clave, xml = voucher(change=change)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "58")


def test_the_other_environment(sim):
    clave, xml = voucher(environment="production")
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "35")
    clave, xml = voucher(environment="production", number=5)
    assert verdict(sim, xml, clave, PATH.replace("pruebas", "produccion")) == ("AUTORIZADO", "")


# --- signature -----------------------------------------------------------------------------------------


def broken(xml: bytes) -> bytes:
    return xml.replace(b"<direccionComprador>Calle", b"<direccionComprador>Calla")


def unsigned(xml: bytes) -> bytes:
    tree = etree.fromstring(xml)
    tree.remove(tree[-1])
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


def indented(xml: bytes) -> bytes:
    tree = etree.fromstring(xml)
    etree.indent(tree, "    ")
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


@pytest.mark.parametrize("spoil", [broken, unsigned, indented])
def test_a_signature_that_does_not_hold_is_39(sim, spoil):
    clave, xml = voucher()
    assert verdict(sim, spoil(xml), clave) == ("NO AUTORIZADO", "39")


@pytest.mark.parametrize(("options", "words"), [
    ({"ruc": "1790012352001"}, "El RUC del certificado"), ({"days": -1, "begins": -9}, "periodo de validez")])
def test_a_certificate_of_another_or_expired_is_39(sim, options, words):
    clave, xml = voucher(key=certificados.open_p12(keys.signing_file(**options), keys.PASSWORD))
    client(sim).recepcion(xml)
    (found,) = client(sim).autorizacion(clave)
    assert found.mensajes[0].identificador == "39" and words in found.mensajes[0].informacion


def test_an_unknown_authority_and_a_clock_ahead_are_39(sim):
    stranger = certificados.open_p12((SAMPLES / "firma_prueba_clave123.p12").read_bytes(), "clave123")
    clave, xml = voucher(key=stranger)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "39")
    sim.post("sri", "authority", {"pem": (SAMPLES / "ca_prueba.pem").read_text()})
    with clock.freeze(clock.now() + dt.timedelta(minutes=10)):
        clave, xml = voucher(number=9)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "39")
    clave, xml = voucher(number=10, key=stranger)
    assert verdict(sim, xml, clave)[0] == "AUTORIZADO"


@pytest.mark.parametrize("file", ["factura_1.1.0_firmada_rsa_sha1.xml",
                                  "factura_1.1.0_firmada_rsa_sha1_digest_sha256.xml"])
def test_the_signed_samples_of_the_reference_are_authorised(sim, file):
    sim.post("sri", "authority", {"pem": (SAMPLES / "ca_prueba.pem").read_text()})
    xml = (SAMPLES / file).read_bytes()
    clave = etree.fromstring(xml).findtext("infoTributaria/claveAcceso")
    assert verdict(sim, xml, clave) == ("AUTORIZADO", "60")


def test_the_profile_with_sha256_is_taken_too(sim):
    clave, xml = voucher()
    tree = etree.fromstring(xml)
    tree.remove(tree[-1])
    key = certificados.open_p12(keys.signing_file(), keys.PASSWORD)
    signed = firma.sign(etree.tostring(tree), key, method="rsa-sha256", digest="sha256")
    assert verdict(sim, signed, clave)[0] == "AUTORIZADO"


# --- sums, buyers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "value", "words"), [
    ("infoFactura/totalSinImpuestos", "46.00", "total sin impuestos"),
    ("infoFactura/totalDescuento", "0.00", "total descuento"),
    ("infoFactura/totalConImpuestos/totalImpuesto/valor", "6.70", "FacturaTotalConImpuesto [codigo=2"),
    ("infoFactura/totalConImpuestos/totalImpuesto/codigoPorcentaje", "2", "FacturaTotalConImpuesto"),
    ("detalles/detalle/precioTotalSinImpuesto", "24.00", "precio total sin impuesto del detalle 1"),
    ("detalles/detalle/impuestos/impuesto/valor", "3.00", "valor del detalle 1"),
    ("detalles/detalle/impuestos/impuesto/tarifa", "12.00", "no corresponde al codigoPorcentaje"),
    ("detalles/detalle/cantidad", "2.000000", "detalle 1")])
def test_sums_that_do_not_agree_are_52(sim, path, value, words):
    clave, xml = voucher(change=put(path, value))
    client(sim).recepcion(xml)
    (found,) = client(sim).autorizacion(clave)
    assert found.mensajes[0].identificador == "52"
    assert found.mensajes[0].informacion.startswith("\n\n--- Inventario de errores ---\n\n- ")
    assert words in found.mensajes[0].informacion


def test_a_cent_is_tolerated(sim):
    clave, xml = voucher(change=put("infoFactura/importeTotal", "51.76"))
    assert verdict(sim, xml, clave)[0] == "AUTORIZADO"


def cedula(tree):
    tree.find("infoFactura/identificacionComprador").text = "1710034066"


def final_consumer(tree):
    tree.find("infoFactura/tipoIdentificacionComprador").text = "07"
    tree.find("infoFactura/identificacionComprador").text = "9999999999999"


def final_consumer_of_note(tree):
    tree.find("infoNotaCredito/tipoIdentificacionComprador").text = "07"


def test_buyers(sim):
    clave, xml = voucher(change=cedula)
    client(sim).recepcion(xml)
    assert [one.identificador for one in client(sim).autorizacion(clave)[0].mensajes] == ["60", "62"]
    clave, xml = voucher(number=2, change=final_consumer)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "52")
    clave, xml = voucher("credit_note", change=final_consumer_of_note)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "69")
    sim.post("sri", "config", {"unknown_buyers": ["1710034065"]})
    clave, xml = voucher(number=3)
    assert verdict(sim, xml, clave) == ("NO AUTORIZADO", "69")


@pytest.mark.parametrize("kind", ["credit_note", "debit_note"])
def test_a_note_on_an_unknown_factura_is_authorised_with_a_warning(sim, kind):
    lines = [line("2.40", description="Interés por mora")]
    clave, xml = voucher(kind, number=1, lines=lines)
    client(sim).recepcion(xml)
    assert [one.identificador for one in client(sim).autorizacion(clave)[0].mensajes] == ["60", "68"]
    client(sim).recepcion(voucher()[1])
    clave, xml = voucher(kind, number=2, lines=lines)
    client(sim).recepcion(xml)
    assert [one.identificador for one in client(sim).autorizacion(clave)[0].mensajes] == ["60"]


# --- the rest ------------------------------------------------------------------------------------------


def test_a_bad_key_is_80_and_an_unknown_one_has_no_state(sim):
    (found,) = client(sim).autorizacion("123")
    assert [one.identificador for one in found.mensajes] == ["80"]
    assert client(sim).consulta("1" * 49) == ""


def test_what_is_annulled_in_the_portal(sim):
    clave, xml = voucher()
    verdict(sim, xml, clave)
    for state in ("PENDIENTE DE ANULAR", "ANULADO"):
        sim.post("sri", "annul", {"clave": clave, "estado": state})
        assert client(sim).consulta(clave) == state


def test_its_wsdls_name_its_own_address(sim):
    for service in ("RecepcionComprobantesOffline", "AutorizacionComprobantesOffline", "ConsultaComprobante"):
        url = f"{sim.url}/sri{PATH}/{service}"
        text = requests.get(url + "?wsdl", timeout=20).text
        assert f'location="{url}"' in text


def test_it_gives_certificates_that_it_accepts(sim):
    given = sim.post("sri", "certificate", {"ruc": "1790012344001", "password": "x", "name": "ISP"})
    key = certificados.open_p12(base64.b64decode(given["p12"]), "x")
    assert certificados.ruc_of(key.certificate) == "1790012344001"
    clave, xml = voucher(key=key)
    assert verdict(sim, xml, clave)[0] == "AUTORIZADO"


def test_its_state_tells_what_it_has(sim):
    clave, xml = voucher()
    verdict(sim, xml, clave)
    state = sim.state("sri")
    assert (state["documents_total"], state["states"]) == (1, {"AUTORIZADO": 1})
    assert state["documents"][0]["clave"] == clave and state["documents"][0]["total"] == "51.75"
