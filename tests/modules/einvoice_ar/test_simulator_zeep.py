"""A bare zeep client from the WSDLs that the simulator serves: nothing of ours between it and the wire."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import zeep
from lxml import etree
from zeep.exceptions import Fault

from tests.modules.einvoice_ar.foreign import LOGIN, REGISTER, WSFE, Foreign, document, request_for

pytestmark = pytest.mark.once


def client(foreign: Foreign, path: str, port: str | None = None) -> Any:
    return zeep.Client(f"{foreign.url}{path}?wsdl", port_name=port)


def with_arrays(detail: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in detail.items() if value is not None}


@pytest.mark.parametrize("path", [LOGIN, WSFE, REGISTER])
@pytest.mark.parametrize("query", ["wsdl", "WSDL"])
def test_the_official_files_are_served_with_only_the_address_changed(foreign: Foreign, path: str, query: str) -> None:
    text = requests.get(f"{foreign.url}{path}?{query}", timeout=10).text
    addresses = list(etree.fromstring(text.encode()).iter("{*}address"))
    assert {one.get("location") for one in addresses} == {f"{foreign.url}{path}"}
    page = requests.get(f"{foreign.url}{path}", timeout=10)
    assert page.status_code == 200 and "?wsdl" in page.text


def test_clients_that_rewrite_http_get_an_address_that_they_leave_alone(foreign: Foreign) -> None:
    """pyafipws turns http:// of a WSDL into https://, but not HTTP://."""
    text = requests.get(f"{foreign.url}{WSFE}?WSDL", timeout=10, headers={"User-Agent": "Python-httplib2/0.22"}).text
    assert f'location="{foreign.url.replace("http://", "HTTP://")}' in text


def test_the_login(foreign: Foreign) -> None:
    service = client(foreign, LOGIN).service
    answer = service.loginCms(in0=foreign.signed(request_for()))
    assert etree.fromstring(answer.encode()).findtext(".//token")
    with pytest.raises(Fault) as refused:
        service.loginCms(in0="@@")
    assert refused.value.code == "ns1:cms.bad.base64"


@pytest.mark.parametrize("port", ["ServiceSoap", "ServiceSoap12"])
def test_a_document_from_question_to_answer_in_both_bindings(logged_in: Foreign, port: str) -> None:
    service = client(logged_in, WSFE, port).service
    auth = {"Token": logged_in.token, "Sign": logged_in.sign, "Cuit": int(logged_in.cuit)}
    assert service.FEDummy().AppServer == "OK"
    last = service.FECompUltimoAutorizado(auth, 3, 6).CbteNro
    answer = service.FECAESolicitar(auth, {
        "FeCabReq": {"CantReg": 1, "PtoVta": 3, "CbteTipo": 6},
        "FeDetReq": {"FECAEDetRequest": [with_arrays(document(last + 1))]}})
    assert answer.FeCabResp.Resultado == "A" and answer.Errors is None
    cae = answer.FeDetResp.FECAEDetResponse[0].CAE
    found = service.FECompConsultar(auth, {"CbteTipo": 6, "CbteNro": last + 1, "PtoVta": 3}).ResultGet
    assert (found.CodAutorizacion, found.ImpTotal, found.Iva.AlicIva[0].BaseImp) == (cae, 12100.0, 10000.0)
    missing = service.FECompConsultar(auth, {"CbteTipo": 6, "CbteNro": last + 2, "PtoVta": 3})
    assert (missing.Errors.Err[0].Code, missing.ResultGet) == (602, None)


def test_every_operation_of_the_wsdl_answers(logged_in: Foreign) -> None:
    made = client(logged_in, WSFE)
    auth = {"Token": logged_in.token, "Sign": logged_in.sign, "Cuit": int(logged_in.cuit)}
    operations = made.wsdl.services["Service"].ports["ServiceSoap"].binding._operations
    assert len(operations) == 22
    arguments: dict[str, dict[str, Any]] = {
        "FECompUltimoAutorizado": {"PtoVta": 3, "CbteTipo": 6},
        "FECompConsultar": {"FeCompConsReq": {"CbteTipo": 6, "CbteNro": 1, "PtoVta": 3}},
        "FEParamGetCotizacion": {"MonId": "DOL"}, "FECAEASolicitar": {"Periodo": 202611, "Orden": 1},
        "FECAEAConsultar": {"Periodo": 202611, "Orden": 1},
        "FECAEASinMovimientoConsultar": {"CAEA": "1" * 14, "PtoVta": 3},
        "FECAEASinMovimientoInformar": {"CAEA": "1" * 14, "PtoVta": 3}}
    for name in operations:
        more = {} if name == "FEDummy" else {"Auth": auth} | arguments.get(name, {})
        getattr(made.service, name)(**more)


def test_the_register(foreign: Foreign) -> None:
    foreign.enter("ws_sr_constancia_inscripcion")
    service = client(foreign, REGISTER).service
    own = {"token": foreign.token, "sign": foreign.sign, "cuitRepresentada": int(foreign.cuit)}
    assert service.dummy().appserver == "OK"
    person = service.getPersona_v2(**own, idPersona=30990001118)
    assert person.datosGenerales.razonSocial == "DISTRIBUIDORA DEL SUR S.R.L."
    people = service.getPersonaList_v2(**own, idPersona=[30990001118, 27990001206]).persona
    assert [one.datosGenerales.idPersona for one in people] == [30990001118, 27990001206]
    with pytest.raises(Fault, match="No existe persona"):
        service.getPersona_v2(**own, idPersona=30990009992)
