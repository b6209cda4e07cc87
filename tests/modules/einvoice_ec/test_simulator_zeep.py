"""Other people's clients: plain zeep with the WSDLs that the simulator serves, as OCA's module uses it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import zeep
from lxml import etree

from core.simulators import Running
from tests.modules.einvoice_ec.wire import PATH, prepare, sri_running, voucher

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def sim() -> Iterator[Running]:
    with sri_running() as found:
        prepare(found)
        yield found


def service(sim: Running, name: str) -> Any:
    return zeep.Client(f"{sim.url}/sri{PATH}/{name}?wsdl").service


def test_the_whole_way_by_the_served_wsdls(sim):
    clave, xml = voucher()
    received = service(sim, "RecepcionComprobantesOffline").validarComprobante(xml)
    assert (received.estado, received.comprobantes) == ("RECIBIDA", None)
    again = service(sim, "RecepcionComprobantesOffline").validarComprobante(xml)
    (one,) = again.comprobantes.comprobante
    assert (again.estado, one.claveAcceso, one.mensajes.mensaje[0].identificador) == ("DEVUELTA", clave, "43")
    found = service(sim, "AutorizacionComprobantesOffline").autorizacionComprobante(clave)
    (verdict,) = found.autorizaciones.autorizacion
    assert (found.claveAccesoConsultada, found.numeroComprobantes) == (clave, "1")
    assert (verdict.estado, verdict.numeroAutorizacion) == ("AUTORIZADO", clave)
    assert etree.fromstring(verdict.comprobante.encode()).tag == "factura"
    assert service(sim, "AutorizacionComprobantesOffline").autorizacionComprobante("1" * 49).autorizaciones is None
    state = service(sim, "ConsultaComprobante").consultarEstadoAutorizacionComprobante(clave)
    assert (state.estadoConsulta, state.estadoAutorizacion, state.tipoComprobante) == (None, "AUTORIZADO", "Factura")


def test_text_instead_of_bytes_and_bytes_encoded_twice_are_refused(sim):
    _clave, xml = voucher(number=77)
    reception = service(sim, "RecepcionComprobantesOffline")
    text = reception.validarComprobante(xml.decode())
    assert text.comprobantes.comprobante[0].mensajes.mensaje[0].identificador == "26"
    twice = reception.validarComprobante(base64.b64encode(xml))
    assert twice.comprobantes.comprobante[0].mensajes.mensaje[0].identificador == "35"
