"""Stamped XML and acuses that come by hand: what is taken, and what is not."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from core import cli, clock, storage
from core import schema as schema_of_database
from core.db import db
from core.i18n import use_locale
from modules.einvoice import cancelling, files
from modules.einvoice.models import Document
from modules.einvoice_mx import access, corrections, recovering, schema, seal
from modules.einvoice_mx.cli import cli as cfdi
from modules.einvoice_mx.errors import NotOurs
from tests.issuing import documents, let_time_pass
from tests.modules.einvoice_mx.cases import csd
from tests.modules.einvoice_mx.conftest import NAME, pay, rows, sealed

UUID = "{http://www.sat.gob.mx/TimbreFiscalDigital}TimbreFiscalDigital"


@pytest.fixture(autouse=True)
def english(app: Any) -> Iterator[None]:
    """Refusals are told apart by their words."""
    with use_locale("en"):
        yield


def stamped(xml: str) -> bytes:
    """What the PAC gives for these bytes, as its site would let one download it."""
    found = access.connect(access.environment()).pac.stamp(xml.encode()).xml
    db.session.rollback()
    return found


@pytest.fixture
def lost(issue: Any, pac_server: Any, run_jobs: Callable[[], int]) -> Document:
    """An invoice that the PAC stamped, and whose answer never came."""
    pac_server.fault(NAME, "lost_answer", only="requestTimbrarCFDI")
    issue("116.00")
    run_jobs()
    pac_server.fault(NAME, "lost_answer", rate=0)
    (row,) = documents()
    assert row.state in ("unknown", "sending") and row.authorization_code == ""
    return row


def test_invoice_whose_answer_was_lost_is_adopted(lost):
    data = stamped(lost.request["xml"])
    found = recovering.adopt(data)
    db.session.commit()
    (row,) = documents()
    assert (found.row.id, row.state, row.number, row.invoice.legal_state) == (row.id, "authorized", 1, "authorized")
    assert row.authorization_code in found.text and row.authorization_code.encode() in data
    assert row.response["SelloSAT"] and row.invoice.legal_number == "A 1"
    assert storage.read(files.of_documents([row.id])[row.id]["xml"]) == data


def test_what_the_worker_learns_afterwards_changes_nothing(lost, settle, pac_server):
    data = stamped(lost.request["xml"])
    recovering.adopt(data)
    db.session.commit()
    before = documents()[0].authorization_code
    settle()
    assert documents()[0].authorization_code == before
    assert len(pac_server.state(NAME)["documents"]) == 1


def test_receipt_whose_answer_was_lost_is_adopted(issue, settle, run_jobs, done, pac_server):
    issue("116.00")
    settle()
    pac_server.fault(NAME, "lost_answer", count=1, only="requestTimbrarCFDI")
    pay("116.00")
    run_jobs()
    (row,) = rows()
    assert (row.state, row.uuid) == ("sending", "")
    recovering.adopt(stamped(row.xml))
    db.session.commit()
    done()
    (row,) = rows()
    assert row.state == "authorized" and row.uuid and row.pdf_file_id and row.xml_file_id


# --- refused -----------------------------------------------------------------------------------------------


def _changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    root = schema.parse(data)
    change(root)
    return schema.text(root).encode()


def _without_timbre(root: Any) -> None:
    node = root.find(f".//{UUID}")
    node.getparent().remove(node)


def _total(root: Any) -> None:
    root.set("Total", "999.00")


def _issuer(root: Any) -> None:
    root.find("{http://www.sat.gob.mx/cfd/4}Emisor").set("Rfc", "XIA190128J61")


def _timbre_of_another_seal(root: Any) -> None:
    root.find(f".//{UUID}").set("SelloCFD", "AAAA")


@pytest.mark.parametrize("change, said", [
    (_without_timbre, "TimbreFiscalDigital"), (_total, "the file was changed"), (_issuer, "another issuer"),
    (_timbre_of_another_seal, "another seal")])
def test_changed_xml_is_refused(lost, change, said):
    with pytest.raises(NotOurs, match=said):
        recovering.adopt(_changed(stamped(lost.request["xml"]), change))
    assert documents()[0].state in ("unknown", "sending")


@pytest.mark.parametrize("data, said", [
    (b"", "choose its XML file"), (b"<a", "cannot be read"), (b"<a/>", "XML of a CFDI 4.0"),
    (b"%PDF-1.4", "cannot be read")])
def test_what_is_no_stamped_xml_is_refused(mexico, data, said):
    with pytest.raises(NotOurs, match=said):
        recovering.adopt(data)


def test_document_of_another_date_under_the_same_folio_is_refused(lost, pac_server):
    """Sealed elsewhere, or before it was dated anew: it says something else than what we have."""
    root = schema.parse(lost.request["xml"].encode())
    moment = dt.datetime.fromisoformat(str(root.get("Fecha"))) - dt.timedelta(minutes=5)
    root.set("Fecha", moment.isoformat())
    seal.seal(root, access.csd_of(access.certificate("rehearsal")))
    with pytest.raises(NotOurs, match="Fecha here"):
        recovering.adopt(stamped(schema.text(root)))


def test_document_that_was_never_made_here_is_refused(mexico, pac):
    data = pac.stamp(sealed(number=4711)).xml
    with pytest.raises(NotOurs, match="4711"):
        recovering.adopt(data)


def test_document_that_is_stamped_already_is_refused(issue, settle):
    issue("116.00")
    settle()
    with pytest.raises(NotOurs, match="stamped already"):
        recovering.adopt(stamped(documents()[0].request["xml"]))


def test_seal_of_another_certificate_is_refused(lost):
    """The certificate inside is of another taxpayer than the issuer."""
    root = schema.parse(stamped(lost.request["xml"]))
    node = root.find(f".//{UUID}")
    node.getparent().remove(node)
    seal.seal(root, csd("XIA190128J61"))
    root.find("{http://www.sat.gob.mx/cfd/4}Complemento").append(node)
    with pytest.raises(NotOurs, match="the file was changed"):
        recovering.adopt(schema.text(root).encode())


# --- acuses ------------------------------------------------------------------------------------------------


def acuse(uuid: str, rfc: str = "EKU9003173C9") -> bytes:
    """As the SAT gives it."""
    root = etree.Element("{http://cancelacfd.sat.gob.mx}Acuse", nsmap={None: "http://cancelacfd.sat.gob.mx"},
                         Fecha="2026-11-28T10:00:00", RfcEmisor=rfc)
    folios = etree.SubElement(root, "{http://cancelacfd.sat.gob.mx}Folios")
    etree.SubElement(folios, "{http://cancelacfd.sat.gob.mx}UUID").text = uuid
    etree.SubElement(folios, "{http://cancelacfd.sat.gob.mx}EstatusUUID").text = "201"
    return etree.tostring(root)


def test_acuse_is_kept_with_its_cancelled_document(issue, settle):
    issue("116.00")
    settle()
    row = documents()[0]
    with pytest.raises(NotOurs, match="no document with the UUID"):
        recovering.adopt(acuse(row.authorization_code))
    cancelling.request(row, "03")
    db.session.commit()
    settle()
    row = documents()[0]
    assert row.state == "cancelled"
    with pytest.raises(NotOurs, match="another issuer"):
        recovering.adopt(acuse(row.authorization_code, "XIA190128J61"))
    recovering.adopt(acuse(row.authorization_code))
    db.session.commit()
    assert set(files.of_documents([row.id])[row.id]) == {"xml", "cancelling", "acuse"}


def test_acuse_of_a_receipt_takes_the_place_of_the_query(issue, settle, done):
    issue("116.00")
    settle()
    pay("116.00")
    done()
    corrections.cancel(rows()[0], "prueba")
    db.session.commit()
    done()
    row = rows()[0]
    before = row.proof_file_id
    recovering.adopt(acuse(row.uuid))
    assert row.proof_file_id not in (None, before)


# --- never stamped ---------------------------------------------------------------------------------------------


def test_found_nowhere_after_72_hours_it_is_sealed_anew_under_its_folio(issue, settle, run_jobs, pac_server):
    pac_server.fault(NAME, "timeout_before", seconds=0, only="requestTimbrarCFDI")
    issue("116.00")
    run_jobs()
    pac_server.fault(NAME, "timeout_before", rate=0)
    row = documents()[0]
    with pytest.raises(recovering.DomainError, match="may still stamp it"):
        recovering.never_stamped(row, "portal del PAC")
    assert recovering.lost() == []
    with clock.freeze(clock.now() + dt.timedelta(hours=80)):
        assert [one.id for one in recovering.lost()] == [row.id]
        with pytest.raises(recovering.DomainError, match="where you looked"):
            recovering.never_stamped(row, " ")
        recovering.never_stamped(row, "portal del PAC y del SAT")
        db.session.commit()
        assert (row.state, row.tried_number) == ("pending", 1)
    let_time_pass()
    settle()
    after = documents()[0]
    assert (after.state, after.number, after.attempts) == ("authorized", 1, 2)
    assert len(pac_server.state(NAME)["documents"]) == 1


# --- screen and command ------------------------------------------------------------------------------------


def test_screen_takes_the_good_file_and_tells_of_the_bad_one(lost, login):
    data = stamped(lost.request["xml"])
    db.session.commit()
    client = login("einvoice.send_documents", "einvoice.view_documents")
    assert "XML" in client.get("/einvoice-mx/recover").text
    answer = client.post("/einvoice-mx/recover", data={"files": [(io.BytesIO(data), "bueno.xml"),
                                                                 (io.BytesIO(b"<a/>"), "malo.xml")]})
    assert answer.status_code == 200 and "malo.xml" in answer.text and "A 1" in answer.text
    assert documents()[0].state == "authorized"
    assert client.post("/einvoice-mx/recover", data={"files": [(io.BytesIO(data), "bueno.xml")]}).status_code == 422
    assert client.post("/einvoice-mx/recover", data={}).status_code == 422


def test_screen_is_closed_to_who_may_not_send(mexico, login):
    assert login("einvoice.view_documents").get("/einvoice-mx/recover").status_code == 403


def test_command_adopts_files(lost, tmp_path, app, monkeypatch):
    monkeypatch.setattr(cli, "app", lambda: app)
    monkeypatch.setattr(schema_of_database, "require_current", lambda: None)
    path = tmp_path / "bueno.xml"
    path.write_bytes(stamped(lost.request["xml"]))
    db.session.commit()
    answer = CliRunner().invoke(cfdi, ["upload", str(path), "--json"], standalone_mode=False)
    assert answer.return_value == 0, answer.output
    assert [one["adopted"] for one in json.loads(answer.stdout)["files"]] == [True]
    answer = CliRunner().invoke(cfdi, ["upload", str(path), str(tmp_path / "no.xml"), "--json"],
                                standalone_mode=False)
    assert answer.return_value == 1
    assert [one["adopted"] for one in json.loads(answer.stdout)["files"]] == [False, False]
