"""The client of The Factory HKA against its simulator: every call ends as result, Rejected, Unavailable or Unknown."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from core.errors import Rejected, Unavailable, Unknown
from modules.einvoice_co.providers.hka.client import AccessRefused, Hka, Tokens
from tests.modules.einvoice_co.cases import CUFE, case, note, valid
from tests.modules.einvoice_co.conftest import TOKENS

pytestmark = pytest.mark.once
NUMBER = "SETP990000123"


def request(data: dict[str, Any] | None = None, adjuntos: str = "0") -> tuple[dict[str, Any], str]:
    return valid(data or case()).payload["factura"], adjuntos


def test_accepted(hka):
    found = hka.send(*request())
    assert (found.code, found.valid, found.cufe) == (200, True, CUFE)
    assert found.qr.startswith(f"NumFac: {NUMBER}\nFecFac: 2025-03-01") and found.accepted_at
    root = etree.fromstring(found.xml)
    assert root.findtext("{*}UUID") == CUFE and root.findtext("{*}LegalMonetaryTotal/{*}PayableAmount") == "100000.00"
    assert found.answer["codigo"] == 200 and "xml" not in found.answer


def test_a_note(hka):
    hka.send(*request())
    found = hka.send(*request(note()))
    assert found.code == 200 and hka.status("NCE15").answer["tipoCufe"] == "CUDE-SHA384"


def test_what_the_document_is_now(hka):
    assert hka.status(NUMBER) is None
    hka.send(*request())
    found = hka.status(NUMBER)
    assert (found.code, found.valid, found.cufe, found.moment) == (200, True, CUFE, "2025-03-01 08:15:30")
    assert found.key_text.startswith(f"{NUMBER}2025-03-0108:15:30-05:0084033.61")
    assert hka.xml(NUMBER).startswith(b"<?xml") and hka.pdf(NUMBER).startswith(b"%PDF")


def test_pending_until_the_dian_answers(hka, hka_site):
    hka_site.fault("pending_201", asks=2)
    found = hka.send(*request())
    assert (found.code, found.valid, found.cufe) == (201, False, "")
    assert [hka.status(NUMBER).code for _time in range(3)] == [201, 201, 200]


def test_rejected_by_the_dian(hka, hka_site):
    hka_site.fault("reject_99")
    found = hka.send(*request())
    assert (found.code, found.rules) == (
        99, ("Regla: FAD06, Rechazo: Valor del CUFE no está calculado correctamente",))
    assert hka.send(*request()).code == 200  # the number is still free


def test_notices_are_no_refusals(hka, hka_site):
    from tests.modules.einvoice_co.conftest import COMPANY

    notice = "Regla: FAJ43b, Notificación: Nombre informado No corresponde al registrado en el RUT"
    hka_site.post("company", {**COMPANY, "notifications": [notice]})
    found = hka.send(*request())
    assert (found.code, found.notices, found.rules) == (200, (notice,), ())


def test_own_validation_names_every_field(hka):
    factura, adjuntos = request()
    del factura["moneda"], factura["totalMonto"]
    found = hka.send(factura, adjuntos)
    assert (found.code, found.messages) == (
        109, ("El campo moneda es obligatorio", "El campo totalMonto es obligatorio"))


def test_one_message_or_many(hka):
    factura, adjuntos = request()
    del factura["moneda"]
    assert hka.send(factura, adjuntos).messages == ("El campo moneda es obligatorio",)


@pytest.mark.parametrize(("tokens", "code"), [(Tokens("c3" * 20, "b2" * 20), "101"), (Tokens("A1" * 20, "x"), "111")])
def test_tokens_that_are_not_accepted(hka_site, tokens, code):
    service = Hka(f"{hka_site.address}/ws/v1.0/Service.svc", tokens)
    for call in (lambda: service.send(*request()), service.folios, lambda: service.status(NUMBER)):
        with pytest.raises(AccessRefused) as caught:
            call()
        assert caught.value.code == code
    assert tokens.password not in repr(tokens)


@pytest.mark.parametrize("fault", ["lost_answer", "garbage", "error_500", "error_103"])
@pytest.mark.parametrize("seed", [1, 2])
def test_after_sending_nobody_knows(hka, hka_site, fault, seed):
    hka_site.fault(fault, seed=seed, **({"done": bool(seed % 2)} if fault == "error_103" else {}))
    with pytest.raises(Unknown):
        hka.send(*request())
    done = fault in ("lost_answer", "garbage") or (fault == "error_103" and seed == 1)
    assert (hka.status(NUMBER) is not None) == done
    assert hka.send(*request()).code == (114 if done else 200)


@pytest.mark.parametrize("fault", ["lost_answer", "garbage", "error_500", "timeout_before"])
def test_a_question_may_be_asked_again(hka, hka_site, fault):
    hka_site.fault(fault, seconds=0.01)
    with pytest.raises(Unavailable):
        hka.folios()
    assert hka.folios() == 100


def test_nobody_is_there():
    with pytest.raises(Unavailable):
        Hka("http://127.0.0.1:9/ws", TOKENS).send(*request())


def test_a_document_of_another_program(hka, hka_site):
    hka_site.fault("foreign_document")
    assert hka.send(*request()).code == 114
    assert "900000001" in hka.status(NUMBER).key_text


def test_our_own_pdf_is_attached_and_mailed(hka, hka_site):
    hka.send(*request(adjuntos="11"))
    hka.attach(NUMBER, "factura", b"%PDF-1.4 ours", ["cliente@ejemplo.co"])
    (found,) = hka_site.state["documents"]
    assert found["mails"] == [{"what": "factura", "to": ["cliente@ejemplo.co"]}]
    assert found["attached"] == ["factura.pdf (1)"] and hka.status(NUMBER).answer["poseeAdjuntos"] is True


def test_an_annex_without_receivers_is_not_mailed(hka, hka_site):
    hka.send(*request(adjuntos="1"))
    hka.attach(NUMBER, "contrato", b"%PDF-1.4 ours", [], kind="2")
    (found,) = hka_site.state["documents"]
    assert (found["attached"], found["mails"]) == (["contrato.pdf (2)"], [])


@pytest.mark.parametrize("fault", ["refuse_connection", "lost_answer", "garbage", "error_500"])
def test_an_attachment_whose_answer_is_lost_may_be_there(hka, hka_site, fault):
    hka.send(*request(adjuntos="11"))
    hka_site.fault(fault)
    with pytest.raises(Unknown):
        hka.attach(NUMBER, "factura", b"%PDF", ["cliente@ejemplo.co"])


def test_the_container_holds_the_document_and_the_dian_s_answer(hka):
    sent = hka.send(*request())
    root = etree.fromstring(hka.container(NUMBER))
    inside = [etree.fromstring((one.text or "").encode()) for one in root.iter("{*}Description")]
    assert [etree.QName(one).localname for one in inside] == ["Invoice", "ApplicationResponse"]
    assert etree.tostring(inside[0]) == etree.tostring(etree.fromstring(sent.xml))
    assert inside[1].findtext(".//{*}ResponseCode") == "02" and sent.cufe in [one.text for one in inside[1].iter()]


def test_attachments_where_none_were_announced(hka):
    hka.send(*request())
    with pytest.raises(Rejected) as caught:
        hka.attach(NUMBER, "factura.pdf", b"%PDF", [])
    assert caught.value.code == "109" and "no admite adjuntos" in caught.value.message


def test_mail_again(hka, hka_site):
    hka.send(*request())
    hka.mail(NUMBER, "otra@ejemplo.co")
    assert hka_site.state["documents"][0]["mails"][-1]["to"] == ["otra@ejemplo.co"]
