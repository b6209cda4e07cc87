"""The simulator against recorded talks of ARCA's testing service: the same requests, answers of the same shape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from core.simulators import Running
from tests.modules.einvoice_ar.foreign import FEV1, WSFE, Answer, Foreign, today

pytestmark = pytest.mark.once
FOLDER = Path(__file__).parent / "samples"
# what differs from talk to talk
VALUES = ("fecha", "id", "ambiente", "CAE", "CAEFchVto", "FchProceso", "CodAutorizacion", "FchVto", "CbteFch",
          "FchServDesde", "FchServHasta", "FchVtoPago", "Cuit", "CbteNro", "MonCotiz", "FchCotiz", "Msg", "RegXReq")


def request(name: str, client: Foreign, **changes: str) -> str:
    """The recorded request with our ticket, today's date and other changes."""
    text = (FOLDER / f"{name}_request.xml").read_text(encoding="utf-8")
    text = text.replace("TOKEN", client.token).replace("SIGN", client.sign).replace("20111111112", client.cuit)
    text = re.sub(r"202107\d\d", today(), text).replace("30000000007", "27990001206")
    text = text.replace("<PtoVta>4000<", "<PtoVta>3<").replace("1835", "0")
    for before, after in changes.items():
        text = re.sub(rf"<{before}>[^<]*<", f"<{before}>{after}<", text)
    return text


def ask(client: Foreign, name: str, operation: str, **changes: str) -> Answer:
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": f'"{FEV1}{operation}"'}
    return client.post(WSFE, request(name, client, **changes), headers)


def shape(content: bytes) -> list[Any]:
    """Names in order, texts too where they do not differ from talk to talk; lists by their first row."""
    def of(node: Any) -> Any:
        name = etree.QName(node).localname
        if not len(node):
            return name if name in VALUES else (name, node.text)
        return [name, *(of(child) for child in node)]

    return of(etree.fromstring(content).find(".//{*}Body"))


def recorded(name: str, **changes: str) -> list[Any]:
    text = (FOLDER / f"{name}_response.xml").read_text(encoding="utf-8")
    text = text.replace("30000000007", "27990001206").replace("<PtoVta>4000<", "<PtoVta>3<")
    for before, after in changes.items():
        text = re.sub(rf"<{before}>[^<]*<", f"<{before}>{after}<", text)
    return shape(text.encode())


def first_row(found: list[Any]) -> list[Any]:
    """A list of codes by its first row only."""
    result = found[1][1][1]
    assert result[0] == "ResultGet"
    return result[1]


def test_the_health_of_the_servers(foreign: Foreign) -> None:
    assert shape(ask(foreign, "dummy", "FEDummy").body) == recorded("dummy")


def test_numbers_limits_and_lists(logged_in: Foreign) -> None:
    for name, operation in (("ultimo_autorizado", "FECompUltimoAutorizado"), ("tot_x_request", "FECompTotXRequest"),
                            ("cotizacion", "FEParamGetCotizacion"), ("tipos_iva", "FEParamGetTiposIva")):
        assert shape(ask(logged_in, name, operation).body) == recorded(name), name
    found = first_row(shape(ask(logged_in, "ptos_venta", "FEParamGetPtosVenta").body))
    assert found == [*first_row(recorded("ptos_venta"))[:1], ("Nro", "1"), *first_row(recorded("ptos_venta"))[2:]]


def test_an_approval_with_an_observation_asked_for_again_and_repeated(logged_in: Foreign) -> None:
    number = {"CbteDesde": "1", "CbteHasta": "1"}
    name = "solicitar_aprobado_con_observacion"
    answer = ask(logged_in, name, "FECAESolicitar", **number)
    assert sorted(answer.codes("Obs")) == [10217, 10245]  # the recording is older than the receiver's condition
    text = re.sub(r"<Obs><Code>10245</Code>.*?</Obs>", "", answer.body.decode())
    assert shape(text.encode()) == recorded(name, **number)
    assert answer.texts("Msg")[-1] == (
        "El credito fiscal discriminado en el presente comprobante solo podra ser computado a efectos del "
        "Procedimiento permanente de transicion al Regimen General.")

    found = ask(logged_in, "consultar", "FECompConsultar", CbteNro="1")
    text = re.sub(r"<Obs><Code>10245</Code>.*?</Obs>", "", found.body.decode())
    assert shape(text.encode()) == recorded("consultar", **number)

    again = ask(logged_in, "solicitar_repetido_10016", "FECAESolicitar", **number)
    assert shape(again.body) == recorded("solicitar_repetido_10016", **number)
    assert b"El numero o fecha del comprobante no se corresponde con el proximo a autorizar." in again.body


def test_nothing_found(logged_in: Foreign) -> None:
    answer = ask(logged_in, "consultar_602", "FECompConsultar")
    assert shape(answer.body) == recorded("consultar_602")


def test_the_login(foreign: Foreign, simulator: Running) -> None:
    from tests.modules.einvoice_ar.foreign import LOGIN, request_for

    text = (FOLDER / "login_cms_request.xml").read_text().replace("BASE64_CMS", foreign.signed(request_for()))
    answer = foreign.post(LOGIN, text, {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '"None"'})
    sample = (FOLDER / "login_cms_response.xml").read_bytes()

    def outline(content: bytes) -> tuple[list[str], list[str]]:
        root = etree.fromstring(content)
        ticket = etree.fromstring(root.findtext(".//{*}loginCmsReturn").encode())
        return [one.tag for one in root.iter()], [one.tag for one in ticket.iter()]

    assert outline(answer.body) == outline(sample)
