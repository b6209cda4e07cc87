"""Invoices of a Colombian company, sent through either provider's simulator: numbers, CUFE, notes, lost answers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs, scope
from core.db import db
from core.errors import Rejected, Unknown
from core.exact_json import read
from modules.accounting import notes
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.crm.drafts import AddressData
from modules.crm.models import Customer
from modules.crm.services import create_customer
from modules.einvoice import reconciling, services
from modules.einvoice.files import of_documents
from modules.einvoice.models import Document, Sequence
from modules.einvoice_co import access, rehearsal
from modules.einvoice_co.issuer import ColombianIssuer
from modules.einvoice_co.providers.siigo.client import INVOICES, Siigo

VAT = ({"code": "VAT", "rate": "19"},)
DAY = dt.date(2026, 11, 3)


def use(provider: str) -> None:
    access.profile().provider = provider
    db.session.commit()
    rehearsal.enable_rehearsal()


def customer(**changes: Any) -> Customer:
    made = create_customer(
        name="Ana María Pérez Gómez", tax_id_kind="CC", tax_id="1020304050", tax_condition="49",
        emails="ana@ejemplo.example", phones="300 123 4567", addresses=[AddressData(
            street="Cra 10", number="20-30", city="Cali", region="76", postal_code="760001")])
    for name, value in changes.items():
        setattr(made, name, value)
    db.session.flush()
    return made


def issue(*totals: int, taxes: Any = VAT, who: Customer | None = None) -> list[Invoice]:
    """Invoices of these totals, IVA included."""
    buyer = who or db.session.scalar(sa.select(Customer).limit(1)) or customer()
    drafts = [InvoiceDraft(buyer.id, DAY, (DraftLine("Internet 100 Mb", D(1), D(total), price_includes_tax=True,
                                                     taxes=taxes, code="INT100"),),
                           due_date=dt.date(2026, 11, 15)) for total in totals]
    ids = issue_many(scope.current_company(), drafts)
    db.session.commit()
    return list(db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)))


def work(rounds: int = 12) -> None:
    """Run the jobs as a worker does, until nothing is left that may be done now."""
    for _time in range(rounds):
        if not jobs.run_jobs():
            return
        db.session.rollback()


def documents() -> list[Document]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Document).order_by(Document.id)))


def test_hka_numbers_consecutively_and_keeps_what_came(isp):
    use("hka")
    issue(100000, 59500, 11900)
    work()
    found = documents()
    assert [(one.state, one.series, one.number) for one in found] == [
        ("authorized", "SETP", 990000000 + index) for index in range(3)], found[0].problems
    assert all(len(one.authorization_code) == 96 and one.observations == [] for one in found)
    assert found[0].data["qr"].startswith("NumFac: SETP990000000\n")
    assert found[0].request["factura"]["fechaEmision"] == "2026-11-03 10:00:00"
    assert set(of_documents([found[0].id])[found[0].id]) == {"xml", "answer"}
    assert [one.legal_number for one in db.session.scalars(sa.select(Invoice).order_by(Invoice.id))] == [
        f"SETP99000000{index}" for index in range(3)]


def test_a_new_company_s_first_month_needs_no_step_before(isp):
    issue(100000)
    work()
    assert [(one.state, one.number) for one in documents()] == [("authorized", 990000000)], documents()[0].problems


def test_siigo_numbers_and_its_number_is_ours(isp, site):
    use("siigo")
    issue(100000)
    work()
    (found,) = documents()
    assert found.state == "authorized", found.problems
    assert (found.data["name"], found.data["number"], len(found.authorization_code)) == ("FV-2-22", 22, 96)
    assert db.session.scalar(sa.select(Invoice.legal_number)) == "FV-2-22"
    state = site("siigo").state
    assert state["customers"][0]["identification"] == "1020304050" and state["products"] == ["INT100"]
    assert state["documents"][0]["total"] == "100000.00"


@pytest.mark.parametrize("provider", ["hka", "siigo"])
def test_a_credit_note_on_the_whole_is_an_annulment(isp, site, provider):
    use(provider)
    (invoice,) = issue(100000)
    work()
    notes.credit(db.session.get_one(Invoice, invoice.id), "baja")
    db.session.commit()
    work()
    note = documents()[-1]
    assert (note.kind, note.state) == ("91", "authorized"), note.problems
    if provider == "hka":
        pair = note.request["factura"]["documentosReferenciados"]["DocumentoReferenciado"]
        assert (note.series, note.number) == ("NC", 1)
        assert (pair[0]["codigoEstatusDocumento"], pair[1]["numeroDocumento"]) == ("2", "SETP990000000")
        assert pair[1]["cufeDocReferenciado"] == documents()[0].authorization_code
    else:
        assert note.data["name"] == "NC-1-1" and site("siigo").state["documents"][1]["reason"] == 2


@pytest.mark.parametrize(("provider", "fault"), [
    ("hka", "lost_answer"), ("hka", "error_500"), ("hka", "garbage"), ("hka", "error_103"), ("hka", "rule_90"),
    ("siigo", "lost_answer"), ("siigo", "error_500"), ("siigo", "garbage"), ("siigo", "error_after")])
def test_after_a_lost_answer_every_document_is_there_once(isp, site, frozen, provider, fault):
    use(provider)
    only = {"hka": "Enviar", "siigo": "/v1/invoices"}[provider] if fault in ("lost_answer", "error_500",
                                                                           "garbage") else ""
    site(provider).post("faults", {"fault": fault, "count": 2, "seed": 3, "only": only})
    issue(100000, 59500, 11900)
    for minute in (0, 5, 10, 30, 59):
        frozen(2026, 11, 3, 15, minute)
        work()
    found = documents()
    assert [one.state for one in found] == ["authorized"] * 3, [(one.state, one.problems) for one in found]
    assert site(provider).state["documents_total"] == 3
    if provider == "hka":
        assert [one.number for one in found] == [990000000, 990000001, 990000002]


def test_pending_is_asked_about_and_never_sent_again(isp, site, frozen):
    use("hka")
    site("hka").fault("pending_201", asks=1)
    issue(100000)
    work()
    (found,) = documents()
    assert found.state in ("sending", "unknown") and site("hka").state["calls"]["Enviar"] == 1
    for minute in (2, 8, 20):
        frozen(2026, 11, 3, 15, minute)
        work()
    (found,) = documents()
    assert found.state == "authorized" and site("hka").state["calls"]["Enviar"] == 1


def test_a_refusal_of_the_dian_keeps_its_number(isp, site):
    use("hka")
    site("hka").fault("reject_99")
    issue(100000)
    work()
    (found,) = documents()
    assert (found.state, found.problems[0]["code"], found.tried_number) == ("rejected", "FAD06", 990000000)
    assert "clave técnica" in ColombianIssuer().explain("FAD06", "").text
    issue(59500)
    work()
    assert documents()[1].number == 990000001
    services.retry(found)
    db.session.commit()
    work()
    assert [(one.state, one.number) for one in documents()] == [
        ("authorized", 990000000), ("authorized", 990000001)]


def test_somebody_else_s_document_stops_the_series(isp, site):
    use("hka")
    site("hka").fault("foreign_document")
    issue(100000)
    work()
    sequence = db.session.scalar(sa.select(Sequence).where(Sequence.series == "SETP"))
    assert sequence.blocked_code == "foreign_document" and "900000001" in sequence.blocked_reason
    assert documents()[0].state == "pending"


def test_tokens_that_are_not_good_any_more_stop_the_series(isp, site):
    use("hka")
    site("hka").post("faults", {"fault": "token_refused"})
    issue(100000)
    work()
    sequence = db.session.scalar(sa.select(Sequence).where(Sequence.series == "SETP"))
    assert sequence.blocked_code == "hka_access" and documents()[0].state == "pending"


def test_a_range_that_ends_stops_before_the_dian_refuses(isp, site):
    use("hka")
    found = access.resolution("rehearsal")
    found.last = found.first
    db.session.commit()
    issue(100000, 59500)
    work()
    sequence = db.session.scalar(sa.select(Sequence).where(Sequence.series == "SETP"))
    assert [one.state for one in documents()] == ["authorized", "pending"]
    assert sequence.blocked_code == "hka_range" and site("hka").state["documents_total"] == 1


@pytest.mark.parametrize(("taxes", "base"), [
    (({"code": "VAT", "category": "exempt"},), "100000.00"), (({"code": "VAT", "category": "excluded"},), "0.00")])
def test_exempt_and_excluded_go_through(isp, taxes, base):
    use("hka")
    issue(100000, taxes=taxes)
    work()
    (found,) = documents()
    assert found.state == "authorized", found.problems
    assert found.request["factura"]["totalBaseImponible"] == base


def test_what_would_be_refused_is_found_before_it_is_sent(isp, site):
    use("hka")
    issue(100000, who=customer(tax_id_kind="NIT", tax_id="8001972685"))
    work()
    (found,) = documents()
    assert (found.state, found.problems[0]["code"]) == ("rejected", "FAK43b")
    assert "Enviar" not in site("hka").state["calls"]


def test_asked_about_one_document(isp):
    use("hka")
    issue(100000)
    work()
    issuer, (document,) = ColombianIssuer(), documents()
    there = issuer.find("rehearsal", "SETP", "01", 990000000)
    assert (there.authorization_code, there.total, there.date, there.receiver) == (
        document.authorization_code, D(100000), DAY, "1020304050")
    assert issuer.find("rehearsal", "SETP", "01", 990000001) is None


def test_a_customer_that_siigo_refuses_by_now_does_not_hide_what_was_issued(isp, site, frozen, monkeypatch):
    """The answer was lost; until it is asked about, somebody made the customer one that Siigo does not take."""
    use("siigo")
    plain, came = Siigo.ensure_customer, []

    def ensure(self, body):
        came.append(body)
        if len(came) > 1:
            raise Rejected("The customer is inactive", code="parameter_inactive")
        return plain(self, body)

    monkeypatch.setattr(Siigo, "ensure_customer", ensure)
    monkeypatch.setattr(Siigo, "create", lost_once(Siigo.create))
    issue(100000)
    for minute in (0, 5, 10):
        frozen(2026, 11, 3, 15, minute)
        work()
    (found,) = documents()
    assert (found.state, found.data["name"]) == ("authorized", "FV-2-22"), found.problems
    assert found.authorization_code == site("siigo").state["documents"][0]["stamp"]["cufe"]


def lost_once(real):
    """The document is created, and the first answer never comes."""
    came = []

    def create(self, *args):
        found = real(self, *args)
        if not came:
            came.append(found)
            raise Unknown("no answer")
        return found

    return create


def test_what_never_came_to_siigo_and_is_refused_now_waits_in_the_tray(isp, site, frozen, monkeypatch):
    """The request was lost on its way; when it is asked about, Siigo refuses it: it was never there."""
    use("siigo")
    plain, came = Siigo.create, []

    def create(self, *args):
        came.append(args)
        if len(came) == 1:
            raise Unknown("no answer")
        return plain(self, args[0], {**args[1], "seller": 9}, args[2])

    monkeypatch.setattr(Siigo, "create", create)
    issue(100000)
    for minute in (0, 5, 10):
        frozen(2026, 11, 3, 15, minute)
        work()
    (found,) = documents()
    assert (found.state, found.problems[0]["code"], len(came)) == ("rejected", "invalid_reference", 3)
    assert not site("siigo").state["documents"]


def test_what_was_mended_in_siigo_nube_meanwhile_is_adopted(isp, site, frozen, monkeypatch):
    """The key gives the first answer, a refusal, though somebody corrected the invoice there and the DIAN has it."""
    use("siigo")
    site("siigo").fault("stamp_rejected", rule="Regla: FAK24, Rechazo: falta el número del adquiriente")
    issue(100000)
    work()
    (found,) = documents()
    assert (found.state, found.problems[0]["code"]) == ("rejected", "FAK24")
    siigo, body = access.siigo("rehearsal"), read(found.request["body"])
    first = siigo.create(INVOICES, body, f"{access.profile().siigo_salt}{found.id}")
    assert siigo.edit(first.id, body).status == "Accepted"
    monkeypatch.setattr(Siigo, "create", lambda *_args: first)
    services.retry(found)
    db.session.commit()
    work()
    (found,) = documents()
    assert (found.state, found.data["name"]) == ("authorized", first.name), found.problems


def test_what_only_siigo_has_is_told_and_never_taken_over(isp, site):
    use("siigo")
    issue(100000)
    work()
    (ours,) = documents()
    theirs = access.siigo("rehearsal").create(INVOICES, read(ours.request["body"]), "byhand1")
    db.session.rollback()
    found = reconciling.reconcile(scope.current_company(), "2026-11")
    assert [(one["code"], one["number"], one["kind"]) for one in found["differences"]] == [
        ("missing_here", theirs.name, "01")]
    assert "2026-11-03 100000.00 1020304050" in found["differences"][0]["message"]
    assert [one.id for one in documents()] == [ours.id]
    assert reconciling.reconcile(scope.current_company(), "2026-10")["differences"] == []


def test_what_follows_our_last_number_at_the_provider_is_told(isp):
    """The Factory HKA lists nothing: the numbers after our last one are asked about."""
    use("hka")
    issue(100000)
    work()
    (ours,) = documents()
    factura = {**ours.request["factura"], "consecutivoDocumento": "SETP990000002"}
    access.hka("rehearsal").send(factura, "0")
    db.session.rollback()
    found = reconciling.reconcile(scope.current_company(), "2026-11")
    assert [(one["code"], one["number"]) for one in found["differences"]] == [("missing_here", 990000002)]
    assert (found["checked"], len(documents())) == (1 + 1, 1)
