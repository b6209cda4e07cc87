"""What is kept of documents, and how it is had back: refusals aside, files by kind, all of many documents at once."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import storage
from core.db import db
from modules.accounting.models import Invoice
from modules.einvoice import files, records, services, states
from modules.einvoice.files import CDR, PDF, REFUSAL, XML, Kept
from modules.einvoice.models import Document, DocumentFile

PROBLEMS = [{"code": "2335", "message": "alterado"}]


@pytest.fixture
def document(issuer: object, make_invoice: Callable[..., Invoice]) -> Document:
    """One that is being sent."""
    services.open_documents([make_invoice().id])
    found = db.session.scalars(sa.select(Document)).one()
    records.claim([records.Claim(found.id, 7, found.issue_date, {"total": "121.00"})])
    db.session.commit()
    return found


def roles(document: Document) -> dict[str, bytes]:
    return {role: storage.read(file) for role, file in files.of_documents([document.id]).get(document.id, {}).items()}


def kept(role: str, content: bytes = b"x") -> Kept:
    return Kept(role, f"{role}.xml", "application/xml", content)


def test_a_refusal_is_kept_with_what_had_been_sent(document):
    records.refuse([records.Refusal(document.id, PROBLEMS, {"codigo": 2335}, files=(kept(CDR, b"no"),))])
    found = roles(document)
    assert set(found) == {f"{CDR}-1", f"{REFUSAL}-1"} and found[f"{CDR}-1"] == b"no"
    said = json.loads(found[f"{REFUSAL}-1"])
    assert (said["number"], said["request"], said["answer"], said["problems"]) == (
        7, {"total": "121.00"}, {"codigo": 2335}, PROBLEMS)


def test_what_we_refuse_ourselves_is_no_answer_of_the_authority(document):
    records.refuse([records.Refusal(document.id, PROBLEMS)])
    assert roles(document) == {}


def test_what_belonged_to_a_refused_signature_is_set_aside_each_time(document):
    for times in (1, 2):
        files.keep({document.id: [kept(XML, f"signed {times}".encode()), kept(PDF)]})
        files.set_aside([document.id])
    files.keep({document.id: [kept(XML, b"signed 3")]})
    found = roles(document)
    assert {role: found[role] for role in (XML, "xml-1", "xml-2")} == {
        XML: b"signed 3", "xml-1": b"signed 1", "xml-2": b"signed 2"}


def test_many_documents_are_one_zip_with_a_folder_for_each(document, login):
    files.keep({document.id: [kept(XML, b"<a/>"), kept("cdr", b"cdr")]})
    db.session.execute(sa.update(Document).values(response={"estado": "ok"}, data={"cancellation": {"code": "01"}}))
    db.session.execute(sa.insert(DocumentFile).values(
        document_id=document.id, role="xml-1", file_id=storage.store(b"<old/>", "xml.xml", "application/xml").id))
    db.session.commit()
    browser = login("einvoice.view_documents")
    answer = browser.post("/einvoice/export", data={
        "kind": "bundle", "id": [str(document.id)], "part": ["xml", "request", "reply", "cancelling", "before"]})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = sorted(name.split("/", 2)[2] for name in archive.namelist())
        assert names == ["1/xml.xml", "cancelling.xml", "reply.xml", "request.xml", "xml.xml"]
        assert all(name.startswith(f"{document.issue_date:%Y-%m}/") for name in archive.namelist())
        reply = next(name for name in archive.namelist() if name.endswith("reply.xml"))
        assert b"<estado>ok</estado>" in archive.read(reply)


def test_the_page_offers_what_was_said(document, login):
    db.session.execute(sa.update(Document).values(state=states.UNKNOWN, response={"estado": "ok"}))
    db.session.commit()
    browser = login("einvoice.view_documents")
    page = browser.get(f"/einvoice/{document.id}").text
    assert f"/einvoice/{document.id}/said/request" in page and "/said/cancelling" not in page
    assert b"<total>121.00</total>" in browser.get(f"/einvoice/{document.id}/said/request").data
    assert browser.get(f"/einvoice/{document.id}/said/cancelling").status_code == 404
