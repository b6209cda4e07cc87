"""The client of the three services: every call ends as an answer, Unavailable or Unknown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import Unavailable, Unknown
from core.simulators import Running
from modules.einvoice_ec import soap
from modules.einvoice_ec.client import Sri
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


def fault(sim: Running, name: str, **options: object) -> None:
    sim.post("sri", "faults", {"fault": name, "rate": 1, "count": 1, "seconds": 0.01, **options})


@pytest.mark.parametrize(("name", "stored"), [("lost_answer", 1), ("timeout_before", 0), ("error_500", 0),
                                              ("garbage", 1), ("html_maintenance_page", 0)])
def test_reception_without_an_answer_is_unknown(sim, name, stored):
    fault(sim, name)
    clave, xml = voucher()
    with pytest.raises(Unknown):
        client(sim).recepcion(xml)
    assert len(client(sim).autorizacion(clave)) == stored


@pytest.mark.parametrize("name", ["lost_answer", "timeout_before", "error_500", "garbage", "html_maintenance_page",
                                  "refuse_connection", "wrong_key_answered"])
def test_a_question_without_an_answer_may_be_put_again(sim, name):
    clave, xml = voucher()
    client(sim).recepcion(xml)
    fault(sim, name)
    with pytest.raises(Unavailable):
        client(sim).autorizacion(clave)
    assert client(sim).autorizacion(clave)[0].authorized
    if name != "wrong_key_answered":
        fault(sim, name)
        with pytest.raises(Unavailable):
            client(sim).consulta(clave)


def test_nobody_there_is_unavailable():
    with pytest.raises(Unavailable):
        Sri("http://127.0.0.1:9/comprobantes-electronicos-ws").recepcion(b"<x/>")


def test_a_wrong_path_is_unavailable_not_refused(sim):
    with pytest.raises(Unavailable):
        client(sim, "/nada").recepcion(voucher()[1])


def test_an_empty_voucher_is_answered(sim):
    assert client(sim).recepcion(b"").codes == {"49"}


def test_a_soap_fault_says_nothing(sim):
    with pytest.raises(Unavailable):  # the wrong service at this address: the SRI answers with a fault
        soap.call(f"{sim.url}/sri{PATH}/AutorizacionComprobantesOffline?", "ConsultaComprobante",
                  "consultarEstadoAutorizacionComprobante", claveAcceso="1" * 49)


@pytest.mark.parametrize(("name", "codes"), [("internal_error_50", {"50"}), ("already_registered", {"43"}),
                                             ("sequence_taken", {"45"}), ("clock_ahead", {"65"})])
def test_the_sris_own_faults(sim, name, codes):
    fault(sim, name)
    assert client(sim).recepcion(voucher()[1]).codes == codes


def test_stuck_lost_twice_and_returned_without_voucher(sim):
    fault(sim, "stuck_in_process", minutes=1)
    clave, xml = voucher()
    client(sim).recepcion(xml)
    assert client(sim).autorizacion(clave)[0].estado == "EN PROCESO"
    fault(sim, "received_then_lost", asks=2)
    clave, xml = voucher(number=2)
    client(sim).recepcion(xml)
    assert [len(client(sim).autorizacion(clave)) for _ask in range(3)] == [0, 0, 1]
    fault(sim, "two_authorizations")
    assert [one.estado for one in client(sim).autorizacion(clave)] == ["NO AUTORIZADO", "AUTORIZADO"]
    fault(sim, "unsigned_returned")
    (found,) = client(sim).autorizacion(clave)
    assert found.authorized and found.comprobante == ""
    fault(sim, "annulled_in_portal")
    assert client(sim).consulta(clave) == "ANULADO"
    fault(sim, "certificate_expired")
    clave, xml = voucher(number=3)
    client(sim).recepcion(xml)
    assert client(sim).autorizacion(clave)[0].mensajes[0].identificador == "39"


def test_an_inventory_of_errors_reads_as_sentences(sim):
    clave, xml = voucher(change=put("infoFactura/totalSinImpuestos", "46.00"))
    client(sim).recepcion(xml)
    text = client(sim).autorizacion(clave)[0].mensajes[0].text
    assert text.startswith("ERROR EN DIFERENCIAS: El total sin impuestos esperado 46.00 no coincide")
    assert "---" not in text and "\t" not in text
