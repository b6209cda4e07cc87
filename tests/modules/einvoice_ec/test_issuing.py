"""From an invoice to an authorised voucher, against the simulated SRI: the ordinary way, refusals, lost answers."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import etree

from core import clock
from core.db import db
from modules.accounting import notes, reissuing
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.errors import NotPossible
from modules.accounting.models import Invoice
from modules.einvoice import cancelling, files, services
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice_ec import access, certificates, rehearsal
from modules.einvoice_ec.clave_acceso import is_well_formed
from modules.einvoice_ec.findings import GUAYAQUIL
from modules.einvoice_ec.issuer import EcuadorianIssuer
from tests.issuing import documents
from tests.modules.einvoice_ec import keys
from tests.modules.einvoice_ec.conftest import customer


def states() -> list[tuple[str, int | None]]:
    return [(one.state, one.number) for one in documents()]


def fault(sri: Any, name: str, **options: Any) -> None:
    sri.post("sri", "faults", {"fault": name, "rate": 1, "count": 1, "seconds": 0.01, **options})


def test_invoices_become_authorised_vouchers(sri, issue, work):
    issue("25.00", "30.00", "0.10")
    work()
    assert states() == [("authorized", 1), ("authorized", 2), ("authorized", 3)]
    first = documents()[0]
    assert first.kind == "01" and first.series == "001-001"
    assert is_well_formed(first.authorization_code)
    assert [one["code"] for one in first.observations] == ["60"]
    kept = files.of_documents([first.id])[first.id]
    assert set(kept) == {"xml"} and kept["xml"].name == f"{first.authorization_code}.xml"
    assert db.session.scalars(sa.select(Invoice.legal_number).order_by(Invoice.id)).first() == "001-001-000000001"
    tree = etree.fromstring(first.request["xml"].encode())
    assert tree.findtext("infoFactura/pagos/pago/plazo") == "9"
    assert tree.findtext("infoFactura/importeTotal") == "28.75"
    assert sri.state("sri")["states"] == {"AUTORIZADO": 3}


def test_the_file_that_the_buyer_gets(sri, issue, work):
    from core import storage

    issue("25.00")
    work()
    (document,) = documents()
    kept = files.of_documents([document.id])[document.id]["xml"]
    tree = etree.fromstring(storage.read(kept))
    assert [tree.findtext(name) for name in ("estado", "numeroAutorizacion")] == ["AUTORIZADO",
                                                                                   document.authorization_code]
    assert tree.findtext("comprobante") == document.request["xml"]


@pytest.mark.parametrize("name", ["lost_answer", "timeout_before", "error_500", "garbage", "html_maintenance_page",
                                  "refuse_connection", "internal_error_50", "already_registered",
                                  "received_then_lost", "two_authorizations", "unsigned_returned",
                                  "wrong_key_answered", "clock_ahead"])
def test_whatever_is_lost_every_invoice_is_authorised_once(sri, issue, work, name):
    issue("25.00", "30.00")
    fault(sri, name, count=2)
    work()
    assert states() == [("authorized", 1), ("authorized", 2)]
    state = sri.state("sri")
    assert state["states"] == {"AUTORIZADO": 2} and state["documents_total"] == 2


def test_a_voucher_in_process_is_asked_about_and_never_sent_again(sri, issue, work):
    sri.post("sri", "config", {"delay": "never"})
    issue("25.00")
    work(4)
    assert states() == [("unknown", None)] or documents()[0].state == "unknown"
    assert sri.state("sri")["calls"]["validarComprobante"] == 1
    assert sri.state("sri")["calls"]["autorizacionComprobante"] >= 2


def test_after_a_day_in_process_the_same_file_is_sent_once_more(sri, issue, work, frozen):
    sri.post("sri", "config", {"delay": "never"})
    issue("25.00")
    work(3)
    xml = documents()[0].request["xml"]
    later = clock.now() + dt.timedelta(hours=25)
    frozen(later.year, later.month, later.day, later.hour)
    work(3)
    assert sri.state("sri")["calls"]["validarComprobante"] == 2
    assert documents()[0].request["xml"] == xml
    assert sri.state("sri")["documents_total"] == 1


def test_a_refusal_keeps_its_number_and_is_mended_under_the_same_key(sri, issue, work):
    issue("25.00")
    fault(sri, "certificate_expired")
    work()
    (document,) = documents()
    assert (document.state, document.cause, document.tried_number) == ("rejected", "39", 1)
    clave = document.request["clave"]
    services.retry(document)
    db.session.commit()
    work()
    (document,) = documents()
    assert (document.state, document.number, document.authorization_code) == ("authorized", 1, clave)


def test_with_a_certificate_that_has_ended_nothing_is_numbered(sri, issue, work, monkeypatch):
    certificates.install("rehearsal", keys.signing_file(days=1), keys.PASSWORD)
    monkeypatch.setattr(rehearsal, "ensure", lambda: None)  # a real certificate does not renew itself
    issue("25.00")
    with clock.freeze(clock.now() + dt.timedelta(days=2)):
        work(2)
    (document,) = documents()
    assert (document.state, document.number, document.tried_number) == ("pending", None, None)
    (sequence,) = db.session.scalars(sa.select(Numbering).where(Numbering.kind == "01"))
    assert sequence.trouble and sequence.last_number == 0


def test_a_rehearsals_certificate_renews_itself(sri, issue, work):
    certificates.install("rehearsal", keys.signing_file(days=1), keys.PASSWORD)
    with clock.freeze(clock.now() + dt.timedelta(days=2)):
        sri.post("sri", "config", {"delay": 0})
        issue("25.00")
        work()
    assert documents()[0].state == "authorized"


def test_a_number_of_another_program_stops_the_series_for_a_person(sri, issue, work):
    issue("25.00")
    fault(sri, "sequence_taken")
    work(3)
    (sequence,) = db.session.scalars(sa.select(Numbering).where(Numbering.kind == "01"))
    assert sequence.blocked_code and "45" not in sequence.blocked_code
    services.continue_after(sequence)
    db.session.commit()
    work()
    assert states() == [("authorized", 2)]


def test_an_issuer_who_may_not_issue_stops_the_series(sri, issue, work):
    access.key("rehearsal")
    sri.post("sri", "taxpayer", {"ruc": "1790012344001", "estado": "suspendido"})
    issue("25.00")
    work()
    assert documents()[0].cause == "57"
    issue("30.00", "31.00")
    sri.post("sri", "taxpayer", {"ruc": "1790012344001"})
    services.retry(documents()[0])
    db.session.commit()
    work()
    assert {one.state for one in documents()} == {"authorized"}


def test_what_the_sri_would_refuse_is_refused_here(ecuador, issue, sri):
    issue("25.00", to=customer("CEDULA", "1710034066"))
    (document,) = documents()
    assert (document.state, document.cause) == ("rejected", "62")
    assert "identifica" in document.problems[0]["message"]


def test_a_credit_note_of_an_authorised_invoice(sri, issue, work):
    (invoice,) = issue("25.00")
    work()
    note = notes.credit(invoice, "Servicio no prestado") if hasattr(notes, "credit") else None
    if note is None:
        pytest.skip("no such verb")
    db.session.commit()
    services.open_documents([note.id])
    db.session.commit()
    work()
    assert [(one.kind, one.state, one.number) for one in documents()] == [("01", "authorized", 1),
                                                                          ("04", "authorized", 1)]


def test_notes_of_an_amount_and_of_more(sri, issue, work):
    """A credit of a part of it, and a debit for late payment, each with its IVA."""
    (invoice,) = issue("25.00")
    work()
    part = notes.credit(invoice, "Corte de dos días", amount=Decimal("5.75"))
    more = notes.debit(invoice, "Interés por mora", [DraftLine("Interés por mora", Decimal(1), Decimal("2.40"),
                                                               taxes=({"code": "VAT", "rate": "15"},))])
    services.open_documents([part.id, more.id])
    db.session.commit()
    work()
    assert [(one.kind, one.state) for one in documents()] == [("01", "authorized"), ("04", "authorized"),
                                                              ("05", "authorized")]
    credit, debit = (etree.fromstring(one.request["xml"].encode()) for one in documents()[1:])
    assert (credit.findtext("infoNotaCredito/valorModificacion"), credit.findtext("infoNotaCredito/motivo")) == (
        "5.75", "Corte de dos días")
    assert (debit.findtext("infoNotaDebito/valorTotal"), debit.findtext("motivos/motivo/razon")) == (
        "2.76", "Interés por mora")


def test_lines_that_round_apart_are_credited_as_they_were(sri, ecuador, work):
    """Three lines of 0.10: 0.02 of IVA each and 0.05 together; the note takes back exactly the factura."""
    day = clock.now().astimezone(GUAYAQUIL).date()
    lines = tuple(DraftLine(f"Línea {n}", Decimal(1), Decimal("0.10"), taxes=({"code": "VAT", "rate": "15"},))
                  for n in range(3))
    (invoice_id,) = issue_many(ecuador, [InvoiceDraft(customer().id, day, lines)])
    services.open_documents([invoice_id])
    db.session.commit()
    work()
    invoice = db.session.get_one(Invoice, invoice_id)
    assert (invoice.total, invoice.tax_total) == (Decimal("0.35"), Decimal("0.05"))
    note = notes.credit(invoice, "Anulación")
    services.open_documents([note.id])
    db.session.commit()
    work()
    assert note.total == invoice.total
    assert [one.state for one in documents()] == ["authorized", "authorized"]


def test_an_annulment_in_the_portal_is_watched(sri, issue, work):
    issue("25.00")
    work()
    (document,) = documents()
    (reason,) = cancelling.reasons_for(document)
    cancelling.request(document, reason.code, "cobrado dos veces")
    db.session.commit()
    order = cancelling.order_of(document)
    from modules.einvoice.ports import cancellers

    answer = cancellers.get("EC").cancel(order)
    assert document.authorization_code in answer.text
    sri.post("sri", "annul", {"clave": document.authorization_code, "estado": "PENDIENTE DE ANULAR"})
    assert cancellers.get("EC").ask(order).seconds > 0
    sri.post("sri", "annul", {"clave": document.authorization_code})
    done = cancellers.get("EC").ask(order)
    cancelling.conclude(document, done)
    db.session.commit()
    assert (document.state, document.invoice.state) == ("cancelled", "cancelled")


def test_after_the_seventh_only_a_credit_note_takes_it_back(sri, issue, work, frozen):
    issue("25.00")
    work()
    (document,) = documents()
    later = document.issue_date + dt.timedelta(days=45)
    frozen(later.year, later.month, later.day)
    with pytest.raises(Exception, match=r"credit note|nota de crédito"):
        cancelling.reasons_for(document)


def test_a_consumidor_final_is_never_annulled(sri, issue, work):
    issue("10.00", to=customer("CONSUMIDOR_FINAL", "9999999999999", "Mostrador"))
    work()
    (document,) = documents()
    assert document.state == "authorized"
    with pytest.raises(Exception, match="consumidor final"):
        cancelling.reasons_for(document)


def test_one_document_as_the_sri_has_it(sri, issue, work):
    issue("25.00")
    work()
    (document,) = documents()
    found = EcuadorianIssuer().find("rehearsal", "001-001", "01", 1)
    assert found is not None
    assert (found.authorization_code, str(found.total), found.date, found.receiver) == (
        document.authorization_code, "28.75", document.issue_date, "1710034065")
    assert EcuadorianIssuer().find("rehearsal", "001-001", "01", 2) is None


def test_a_simulator_that_was_started_anew_gives_another_certificate(sri, issue, work):
    issue("25.00")
    work()
    first = access.active("rehearsal").id
    sri.post("sri", "reset", {})
    sri.post("sri", "config", {"delay": 0, "open_register": False})
    sri.post("sri", "taxpayer", {"ruc": "1790012344001", "estado": "no activo"})
    issue("30.00")
    work()
    assert first  # the certificate of the same authority stays good
    assert documents()[1].cause == "2"


def test_what_was_never_sent_gets_todays_date_and_keeps_its_number_afterwards(sri, issue, work, frozen):
    issue("25.00")
    tomorrow = clock.now() + dt.timedelta(days=1)
    frozen(tomorrow.year, tomorrow.month, tomorrow.day, 15)
    sri.post("sri", "config", {"delay": 0})
    work()
    (document,) = documents()
    assert document.state == "authorized"
    assert document.issue_date == tomorrow.date()
    assert document.authorization_code.startswith(tomorrow.strftime("%d%m%Y"))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Document)) == 1


@pytest.mark.parametrize("kind", ["credit_note", "debit_note"])
def test_a_note_to_the_consumidor_final_is_refused_when_it_is_asked_for(sri, issue, work, kind):
    """Before it stands in the books: the SRI would never authorise it."""
    (invoice,) = issue("25.00", to=customer("CONSUMIDOR_FINAL", "9999999999999", "Consumidor final"))
    work()
    assert [one.state for one in documents()] == ["authorized"]
    line = DraftLine("Interés", Decimal(1), Decimal("2.40"), taxes=({"code": "VAT", "rate": "15"},))
    with pytest.raises(NotPossible, match="consumidor final"):
        notes.credit(invoice, "Devolución") if kind == "credit_note" else notes.debit(invoice, "Interés", [line])
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 1
    assert "consumidor final" in reissuing.refusal(invoice)


def test_a_factura_that_names_its_buyer_may_be_corrected(sri, issue, work):
    (invoice,) = issue("25.00")
    work()
    db.session.refresh(invoice)
    assert (notes.refusal(invoice), notes.refusal(invoice, "debit_note"), reissuing.refusal(invoice)) == ("", "", "")


def test_the_form_says_at_once_that_it_cannot_be(sri, issue, work, login):
    (invoice,) = issue("25.00", to=customer("CONSUMIDOR_FINAL", "9999999999999", "Consumidor final"))
    work()
    page = login("accounting.view_documents", "accounting.issue_credit_notes").get(
        f"/invoices/{invoice.id}/credit").text
    assert "consumidor final" in page and 'value="issue"' not in page


def test_everything_that_is_kept_comes_as_one_zip(sri, issue, work, run_jobs, login):
    """XML as authorised, the RIDE, the signed voucher byte for byte, and the SRI's answer."""
    issue("25.00")
    work()
    run_jobs()
    (document,) = documents()
    answer = login("einvoice.view_documents").post("/einvoice/export", data={
        "kind": "bundle", "id": [str(document.id)], "part": ["xml", "printed", "request", "reply"]})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        found = {name.rsplit("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    key = document.authorization_code
    assert set(found) == {f"{key}.xml", f"{key}-firmado.xml", "reply.xml", "FACTURA 001-001-000000001.pdf"}
    assert found[f"{key}-firmado.xml"] == document.request["xml"].encode()
    assert f"<claveAcceso>{key}</claveAcceso>".encode() in found[f"{key}.xml"]
    assert b"AUTORIZADO" in found["reply.xml"]
