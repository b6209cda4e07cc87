"""Who mails a document, our own PDF at The Factory HKA, and what is fetched afterwards."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import pytest
import sqlalchemy as sa

from core import jobs as core_jobs
from core import storage
from core.db import db
from core.models import Company, Job
from modules.accounting import handlers as accounting
from modules.accounting.models import Invoice
from modules.einvoice.files import of_documents
from modules.einvoice_co import access, attaching, delivery, fetching, jobs
from modules.einvoice_co.models import Attachment
from modules.notifications.models import Message
from tests.modules.einvoice_co.test_issuer import customer, documents, issue, use, work


@pytest.fixture
def company(isp: Company) -> Company:
    """Who logs in belongs to the Colombian company."""
    return isp


def mails_with(mailing: str, provider: str = "hka") -> None:
    access.profile().mailing = mailing
    use(provider)


def kept() -> dict[str, str]:
    (document,) = documents()
    return {role: file.name for role, file in of_documents([document.id]).get(document.id, {}).items()}


# --- who mails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mailing", "email", "expected"), [
    ("theirs", "a@b.example", "0"), ("bare", "a@b.example", "10"), ("ours", "a@b.example", "11"),
    ("both", "a@b.example", "1"), ("none", "a@b.example", "10"),
    ("theirs", "", "0"), ("bare", "", "10"), ("ours", "", "10"), ("both", "", "0"), ("none", "", "10")])
def test_what_the_factory_is_told(mailing, email, expected):
    assert delivery.adjuntos(mailing, email) == expected


@pytest.mark.parametrize(("mailing", "notified", "mails", "attached"), [
    ("theirs", "SI", ["Enviar"], []), ("bare", "SI", ["Enviar"], []), ("none", "NO", [], []),
    ("ours", "SI", ["SETP990000000"], ["SETP990000000.pdf (1)"]),
    ("both", "SI", ["SETP990000000"], ["SETP990000000.pdf (2)"])])
def test_the_customer_gets_one_mail_of_the_provider_or_none(isp, site, mailing, notified, mails, attached):
    mails_with(mailing)
    issue(100000)
    work()
    (document,) = documents()
    (there,) = site("hka").state["documents"]
    assert document.state == "authorized", document.problems
    assert document.request["factura"]["cliente"]["notificar"] == notified
    assert [one["what"] for one in there["mails"]] == mails and there["attached"] == attached
    assert all(one["to"] == ["ana@ejemplo.example"] for one in there["mails"])


def test_without_an_address_nothing_waits_for_an_attachment(isp, site):
    mails_with("ours")
    customer().all_emails.clear()
    issue(100000)
    work()
    assert documents()[0].request["adjuntos"] == "10" and site("hka").state["documents"][0]["mails"] == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 0


def test_siigo_mails_or_does_not(isp, site):
    mails_with("none", "siigo")
    issue(100000)
    work()
    assert '"mail":{"send":false}' in documents()[0].request["body"]


def test_where_only_we_mail_the_container_goes_with_our_notice(isp):
    mails_with("none")
    issue(100000)
    work()
    assert kept() == {"xml": "SETP990000000.xml", "answer": "adSETP990000000.xml"}
    (notice,) = db.session.scalars(sa.select(Message))
    names = [storage.find_file(file_id).name for file_id in notice.attachments]
    assert [name.rpartition(".")[2] for name in names] == ["pdf", "xml", "xml"] and names[2] == "adSETP990000000.xml"


def test_where_the_provider_mails_our_notice_needs_no_container(isp):
    mails_with("theirs")
    (invoice,) = issue(100000)
    work()
    assert set(kept()) == {"xml", "answer"}
    assert fetching.Containers().files([invoice.id]) == {}
    assert len(accounting.document_notices([invoice.id])[0].attachments) == 2


# --- our own PDF -------------------------------------------------------------------------------------------


def attachment() -> Attachment:
    db.session.rollback()
    return db.session.scalars(sa.select(Attachment)).one()


def pass_time(frozen, minutes: int) -> None:
    frozen(2026, 11, 3, 15 + minutes // 60, minutes % 60)
    work()


@pytest.mark.parametrize("fault", ["refuse_connection", "timeout_before", "lost_answer", "garbage", "error_500"])
def test_a_failing_attachment_loses_nothing_and_mails_once(isp, site, frozen, fault):
    mails_with("ours")
    (invoice,) = issue(100000)
    site("hka").post("faults", {"fault": fault, "count": 2, "seconds": 0.01, "only": "CargarAdjuntos"})
    work()
    assert attachment().state in ("waiting", "unknown") and attachment().message
    pass_time(frozen, 2)
    pass_time(frozen, 10)
    db.session.expire_all()
    assert db.session.get_one(Invoice, invoice.id).legal_state == "authorized"
    assert attachment().state == "sent"
    (there,) = site("hka").state["documents"]
    assert len(there["mails"]) == 1 and len(there["attached"]) == 1


def test_a_refused_attachment_waits_for_a_person_and_can_be_tried_again(isp, site, monkeypatch):
    mails_with("ours")
    from modules.einvoice_co.providers.hka.client import Hka
    real = Hka.attach
    monkeypatch.setattr(Hka, "attach", lambda self, number, name, *rest, **more: real(self, number, "", *rest, **more))
    issue(100000)
    work()
    row = attachment()
    assert (row.state, row.attempts) == ("failed", 1) and "nombre es obligatorio" in row.message
    assert documents()[0].state == "authorized"
    monkeypatch.setattr(Hka, "attach", real)
    core_jobs.enqueue(jobs.attach, document_ids=attaching.again([row.document_id]))
    db.session.commit()
    work()
    assert attachment().state == "sent" and len(site("hka").state["documents"][0]["mails"]) == 1


def test_a_pdf_that_is_not_drawn_yet_is_waited_for(isp, site, frozen, monkeypatch):
    mails_with("ours")
    monkeypatch.setattr(accounting.documents, "render_missing", lambda ids: {})
    (invoice,) = issue(100000)
    work()
    assert attachment().state == "waiting" and site("hka").state["documents"][0]["attached"] == []
    invoice = db.session.get_one(Invoice, invoice.id)
    invoice.pdf_file_id = storage.store(b"%PDF-1.4 ours", "a.pdf", "application/pdf").id
    db.session.commit()
    pass_time(frozen, 2)
    assert attachment().state == "sent" and len(site("hka").state["documents"][0]["mails"]) == 1


def test_after_a_day_of_silence_a_person_must_look(isp, site, monkeypatch):
    mails_with("ours")
    monkeypatch.setattr(attaching, "MOST", 1)
    issue(100000)
    site("hka").post("faults", {"fault": "refuse_connection", "only": "CargarAdjuntos"})
    work()
    assert attachment().state == "failed" and "The Factory HKA" in attachment().message


def test_what_a_killed_worker_left_is_asked_about(isp, site):
    mails_with("ours")
    issue(100000)
    work()
    row = attachment()
    row.state = "unknown"
    db.session.commit()
    assert attaching.attach([row.document_id]) is None
    assert attachment().state == "sent" and len(site("hka").state["documents"][0]["mails"]) == 1


def test_what_was_left_lying_is_swept_up(isp, site, frozen):
    mails_with("ours")
    issue(100000)
    work()
    row = attachment()
    row.state, row.tried_at = "waiting", dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    db.session.commit()
    assert attaching.left_lying() == [row.document_id]
    jobs.catch_up_hourly()
    db.session.commit()
    work()
    assert attachment().state == "sent" and attaching.left_lying() == []


# --- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "files"), [("hka", {"xml", "answer"}), ("siigo", {"xml"})])
def test_what_the_law_wants_is_kept(isp, provider, files):
    use(provider)
    issue(100000)
    work()
    assert set(kept()) == files


def test_what_the_provider_did_not_give_is_fetched_later(isp, site):
    use("hka")
    issue(100000)
    site("hka").post("faults", {"fault": "error_500", "only": "GenerarContenedor"})
    work()
    site("hka").post("faults", {"fault": "error_500", "rate": 0.0})
    assert documents()[0].state == "authorized"
    assert set(kept()) == {"xml"}
    assert fetching.without_files() == [documents()[0].id]
    jobs.catch_up()
    db.session.commit()
    work()
    assert set(kept()) == {"xml", "answer"} and fetching.without_files() == []
    assert not db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state == "failed"))


@pytest.mark.parametrize(("provider", "names"), [
    ("hka", {"SETP990000000.xml", "adSETP990000000.xml", "request.xml", "reply.xml"}),
    ("siigo", {"{id}.xml", "request.json", "reply.json"})])
def test_everything_that_is_kept_comes_as_one_zip(isp, login, provider, names):
    use(provider)
    issue(100000)
    work()
    (document,) = documents()
    answer = login("einvoice.view_documents").post("/einvoice/export", data={
        "kind": "bundle", "id": [str(document.id)], "part": ["xml", "answer", "request", "reply"]})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        found = {name.rsplit("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    assert set(found) == {name.format(id=document.data.get("siigo_id")) for name in names}
    if provider == "hka":
        assert b"ApplicationResponse" in found["adSETP990000000.xml"]
        assert b"<totalMonto>100000.00" in found["request.xml"]
    else:
        assert json.loads(found["request.json"])["body"]["payments"][0]["value"] == 100000
