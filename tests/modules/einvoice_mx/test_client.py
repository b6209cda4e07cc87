"""The client against the PAC: stamped, refused, lost, recovered, cancelled."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from core.errors import Rejected, Unavailable, Unknown
from core.simulators import Running
from modules.einvoice_mx import consulta, schema, seal
from modules.einvoice_mx.client import Pac, Stamped, read_timbre
from modules.einvoice_mx.schema import TFD
from tests.modules.einvoice_mx.cases import FOLDER, PASSWORD, PERSON, case, csd, everybody, note, payment, ppd
from tests.modules.einvoice_mx.conftest import NAME, sealed

pytestmark = pytest.mark.once


def documents(fm: Running) -> list[dict[str, Any]]:
    return list(fm.state(NAME)["documents"])


@pytest.mark.parametrize("make", [case, ppd, note, everybody, payment])
def test_every_kind_is_stamped_and_comes_back_unchanged(pac, make):
    sent = sealed(make)
    timbre = pac.stamp(sent)
    document = schema.parse(timbre.xml)
    assert schema.faults(document) == []
    assert document[-1][-1].tag == f"{{{TFD}}}TimbreFiscalDigital"
    assert timbre.cadena == f"||1.1|{timbre.uuid}|{timbre.stamped_at}|SPR190613I52|{document.get('Sello')}|" \
                            f"{timbre.sat_certificate}||"
    assert csd("JES900109Q90").verifies(timbre.cadena, timbre.sat_seal)
    assert schema.parse(sent).get("Sello") == document.get("Sello")


@pytest.mark.parametrize("fault", ["lost_answer", "garbage", "error_500", "base64_broken", "xml_cut", "other_seal",
                                   "without_timbre"])
def test_whatever_happens_to_the_answer_there_is_one_uuid(pac, fm, fault):
    sent = sealed()
    fm.fault(NAME, fault, count=1, seed=3)
    with pytest.raises(Unknown):
        pac.stamp(sent)
    if fault == "other_seal":
        return  # the timbre itself is of another document: no second call can mend that
    timbre = pac.stamp(sent)
    assert [one["uuid"] for one in documents(fm)] == [timbre.uuid]


def test_nothing_is_sent_where_nobody_listens(pac):
    with pytest.raises(Unavailable):
        replace(pac, address="http://127.0.0.1:9/timbrado/soap").stamp(sealed())


def test_double_click_gives_one_uuid(pac, fm):
    sent = sealed()
    with ThreadPoolExecutor(4) as pool:
        found = {one.uuid for one in pool.map(lambda _index: pac.stamp(sent), range(4))}
    assert len(found) == len(documents(fm)) == 1


def test_stamped_before_with_its_xml(pac, fm):
    sent = sealed()
    first = pac.stamp(sent)
    fm.post(NAME, "config", {"again": "307_with_xml"})
    assert pac.stamp(sent).xml == first.xml


def test_stamped_before_without_its_xml_is_told_apart_and_comes_later(pac, fm):
    sent = sealed()
    first = pac.stamp(sent)
    fm.post(NAME, "config", {"again": "307_empty", "again_seconds": 60})
    with pytest.raises(Stamped):
        pac.stamp(sent)
    fm.post(NAME, "config", {"again_seconds": 0})
    assert pac.stamp(sent).uuid == first.uuid


@pytest.mark.parametrize(("changes", "code"), [
    ({"password": "wrong"}, "FM501"), ({"rfc": "URE180429TM6"}, "FM507"), ({"rfc": "AAA010101AAA"}, "FM402"),
])
def test_account_that_is_wrong(pac, changes, code):
    with pytest.raises(Rejected) as caught:
        replace(pac, **changes).stamp(sealed())
    assert caught.value.code == code


@pytest.mark.parametrize(("changes", "code"), [
    ({"customer__name": "UNIVERSIDAD ROBOTICA"}, "CFDI40145"),
    ({"customer__address": {"postal_code": "01010"}}, "CFDI40148"),
    ({"customer__tax_id": "XIA190128J62"}, "CFDI40143"), ({"customer": PERSON | {"tax_condition": "606"}}, "CFDI40159"),
    ({"issuer__name": "ESCUELA KEMPER"}, "CFDI40139"), ({"issued_at": "2020-01-01T10:00:00-06:00"}, "401"),
])
def test_what_only_the_sat_knows_is_refused_with_its_code(pac, fm, changes, code):
    with pytest.raises(Rejected) as caught:
        pac.stamp(sealed() if not changes else _sealed_of(changes))
    assert caught.value.code == code and code not in caught.value.message
    assert documents(fm) == []


def _sealed_of(changes: dict[str, Any]) -> bytes:
    if "issued_at" not in changes:
        return sealed(**changes)
    document = schema.parse(sealed())
    document.set("Fecha", changes["issued_at"][:19])
    seal.seal(document, csd())
    return schema.text(document).encode()


def test_no_timbres_left(pac, fm):
    fm.post(NAME, "config", {"stamps": 0})
    with pytest.raises(Rejected):
        pac.stamp(sealed())


def test_check_of_the_account(pac):
    pac.check()
    with pytest.raises(Rejected):
        replace(pac, user="nobody").check()


def test_timbre_of_another_document_is_not_taken(pac):
    timbre = pac.stamp(sealed())
    with pytest.raises(ValueError, match="seal"):
        read_timbre(sealed(number=11), timbre.xml)


# --- cancelling ------------------------------------------------------------------------------------------


def big(**changes: Any) -> dict[str, Any]:
    """Above $1,000.00: its receiver must accept that it is cancelled."""
    return case(**({"lines": [case()["lines"][0] | {"unit_price": "5000.00"}]} | changes))


@pytest.fixture
def activated(pac: Pac) -> Pac:
    cer, key = ((FOLDER / "csd" / f"EKU9003173C9.{end}").read_bytes() for end in ("cer", "key"))
    assert pac.activate(cer, key, PASSWORD)
    return pac


def state(fm: Running, timbre: Any, receiver: str = "URE180429TM6") -> consulta.Estado:
    total = str(schema.parse(timbre.xml).get("Total"))
    return consulta.ask(f"{fm.url}/{NAME}/ConsultaCFDIService.svc", "EKU9003173C9", receiver, total, timbre.uuid)


def later(fm: Running, days: int) -> None:
    moment = time.time() + days * 86400
    fm.post(NAME, "config", {"now": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(moment))})


def test_cancelling_needs_the_csd_at_the_pac(pac):
    timbre = pac.stamp(sealed())
    with pytest.raises(Rejected):
        pac.cancel(timbre.uuid, "02")


def test_small_document_is_cancelled_without_acceptance(activated, fm):
    timbre = activated.stamp(sealed())
    assert state(fm, timbre).state == "vigente"
    assert activated.cancel(timbre.uuid, "02")[0] == "GT05"
    assert state(fm, timbre).state == "cancelado"
    assert activated.status("URE180429TM6", "116.00", timbre.uuid)["estatusCancelacion"] == "Cancelado sin aceptación"


@pytest.mark.parametrize(("action", "expected", "words"), [
    ("accept", "cancelado", "cancelado con aceptacion"), ("expire", "cancelado", "plazo vencido"),
    ("reject", "vigente", "solicitud rechazada"),
])
def test_receiver_decides(activated, fm, action, expected, words):
    timbre = activated.stamp(sealed(big))
    later(fm, 10)
    assert activated.cancel(timbre.uuid, "03")[0] == "GT11"
    assert state(fm, timbre).cancellation == "en proceso"
    assert activated.cancel(timbre.uuid, "03")[0] == ""  # asked for before: no error
    fm.post(NAME, "receiver", {"uuid": timbre.uuid, "action": action})
    found = state(fm, timbre)
    assert (found.state, found.cancellation) == (expected, words)


@pytest.mark.parametrize(("motive", "code"), [("05", "207"), ("01", "208")])
def test_wrong_motives(activated, motive, code):
    timbre = activated.stamp(sealed())
    with pytest.raises(Rejected) as caught:
        activated.cancel(timbre.uuid, motive, "00000000-0000-4000-8000-000000000000")
    assert caught.value.code == code


def test_document_with_a_payment_is_cancelled_after_it(activated, fm):
    invoice = activated.stamp(sealed(big))
    paid = payment()["references"][0] | {"authorization_code": invoice.uuid, "total": "5800.00",
                                         "ImpSaldoAnt": "5800.00"}
    receipt = activated.stamp(sealed(payment, references=[paid]))
    assert state(fm, invoice).cancellable == "no cancelable"
    with pytest.raises(Rejected):
        activated.cancel(invoice.uuid, "02")
    activated.cancel(receipt.uuid, "02")
    assert activated.cancel(invoice.uuid, "02")[0]


def test_replaced_document_is_cancelled_with_its_substitute(activated, fm):
    old = activated.stamp(sealed(big))
    reference = {"kind": "04", "authorization_code": old.uuid}
    new = activated.stamp(sealed(big, references=[reference], number=11))
    later(fm, 10)
    assert activated.cancel(old.uuid, "01", new.uuid)[0] == "GT11"


def test_sat_lags_behind(pac, fm):
    fm.post(NAME, "config", {"sat_seconds": 3600})
    assert state(fm, pac.stamp(sealed())).state == "no encontrado"


def test_sat_that_is_away_says_nothing_about_the_document(pac, fm):
    timbre = pac.stamp(sealed())
    fm.fault(NAME, "sat_down", count=1)
    with pytest.raises(Unavailable):
        state(fm, timbre)
