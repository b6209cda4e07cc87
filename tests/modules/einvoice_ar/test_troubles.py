"""What goes wrong in life, over the wire: clear words, nothing lost, and it goes on when cured."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock, jobs
from core.db import db
from core.models import Company, Job
from core.simulators import Running
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.accounting.services import issue_invoice
from modules.crm.services import create_customer, update_customer
from modules.einvoice import queries, services
from modules.einvoice.models import Document, Sequence
from modules.einvoice_ar import access, certificates, rehearsal
from modules.einvoice_ar.models import AccessTicket, Certificate
from tests.installation import free_port

VAT = ({"code": "VAT", "rate": "21"},)


@pytest.fixture
def arca(app: Flask, company: Company, simulator: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    point_to(app, monkeypatch, simulator.url)
    return simulator


def point_to(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    settings = dataclasses.replace(app.extensions["abona"], simulators_url=url)
    monkeypatch.setitem(app.extensions, "abona", settings)


@pytest.fixture
def issue(company: Company) -> Callable[..., Document]:
    """`issue(tax_condition="RI", ...)`: an invoice of 121.00 to a new customer, and its document after the jobs ran."""

    def make(**customer: Any) -> Document:
        given = {"name": "Ana Peña", "tax_condition": "CF"} | customer
        line = DraftLine("Internet", Decimal(1), Decimal("121.00"), price_includes_tax=True, taxes=VAT)
        invoice = issue_invoice(InvoiceDraft(create_customer(**given).id, clock.today(), (line,)))
        db.session.commit()
        settle()
        return db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()

    return make


def settle(rounds: int = 3) -> None:
    """Run the jobs, and those that wait for their time as if it had come."""
    for _round in range(rounds):
        jobs.run_jobs()
        sequences: Any = Sequence.__table__
        db.session.execute(sa.update(sequences).values(next_try=None))
        db.session.execute(sa.update(Job).where(Job.state == "pending").values(run_at=clock.now())
                           .execution_options(synchronize_session=False))
        db.session.execute(sa.update(AccessTicket.__table__).values(not_before=None))
        db.session.commit()
    jobs.run_jobs()
    db.session.expire_all()


def sequence_of(document: Document) -> Sequence:
    return db.session.get_one(Sequence, document.sequence_id)


def test_all_is_well(arca: Running, issue: Callable[..., Document]) -> None:
    document = issue()
    assert (document.state, document.number) == ("authorized", 1)
    assert document.valid_until == document.issue_date + dt.timedelta(days=10)
    invoice = db.session.get_one(Invoice, document.invoice_id)
    assert (invoice.legal_state, invoice.legal_number) == ("authorized", "B 0001-00000001")


@pytest.mark.parametrize(("point", "code"), [(5, "11002"), (4, "10005"), (77, "11002"), (9, "10005")],
                         ids=["closed", "blocked", "unknown", "of contingencies"])
def test_a_point_of_sale_that_is_not_open(arca: Running, issue: Callable[..., Document], monkeypatch: Any, point: int,
                                          code: str) -> None:
    from modules.einvoice_ar import rehearsal

    monkeypatch.setattr(rehearsal, "_introduce", lambda *values: None)  # it would open the point of sale
    access.profile().point_of_sale = point
    document = issue()
    stopped = sequence_of(document)
    assert (document.state, stopped.blocked_code) == ("pending", code)
    assert "Administración de puntos de venta" in stopped.blocked_reason  # where to open it
    assert "Punto de venta no" in stopped.blocked_reason  # ARCA's own words

    access.profile().point_of_sale = 2
    services.continue_after(stopped)
    db.session.commit()
    settle()
    db.session.refresh(document)
    assert (document.state, document.series, document.number) == ("authorized", "0002", 1)
    assert stopped.blocked_code == ""


def test_a_certificate_that_expires(arca: Running, issue: Callable[..., Document]) -> None:
    access.connect()
    before = db.session.scalars(sa.select(Certificate)).one()
    row = certificates.request("rehearsal", "vencido")
    past = (clock.now() - dt.timedelta(days=1)).isoformat()
    answer = arca.post("arca", "certificate", {
        "csr": row.csr, "cuit": "30990000103", "alias": "vencido", "not_after": past,
        "not_before": (clock.now() - dt.timedelta(days=700)).isoformat()})
    row.pem, row.active, before.active = answer["certificate"], False, False
    db.session.flush()
    row.active = True
    db.session.commit()
    document = issue()
    stopped = sequence_of(document)
    assert document.state == "pending" and stopped.blocked_code == ""
    assert "Certificado expirado" in stopped.trouble and "cms.cert.expired" in stopped.trouble

    row.active = False
    db.session.flush()
    before.active = True
    db.session.commit()
    settle()
    db.session.refresh(document)
    assert document.state == "authorized" and sequence_of(document).trouble == ""


def test_the_rehearsals_own_certificate_renews_itself(arca: Running, issue: Callable[..., Document]) -> None:
    rehearsal.enable_rehearsal()
    old = db.session.scalars(sa.select(Certificate)).one()
    old.valid_until = clock.now() - dt.timedelta(days=1)
    db.session.commit()
    assert issue().state == "authorized"
    assert access.certificate("rehearsal").id != old.id and not old.active


@pytest.mark.parametrize(("cuit", "code"), [("20990001503", "10247"), ("30990001606", "10248"),
                                            ("30990001800", "10195")])
def test_a_cuit_that_arca_refuses_is_mended_and_sent_again(arca: Running, issue: Callable[..., Document], cuit: str,
                                                           code: str) -> None:
    document = issue(tax_condition="RI", tax_id_kind="CUIT", tax_id=cuit)
    assert (document.state, document.cause, document.number) == ("rejected", code, None)
    explained = services.issuer_of("AR").explain(code, "")
    assert explained.text and explained.field == "tax_id"

    (_invoice, customer), = queries.with_invoices([document]).values()
    update_customer(customer, tax_id="30990001118")
    services.retry(document)
    db.session.commit()
    settle()
    db.session.refresh(document)
    assert (document.state, document.number) == ("authorized", 1)


def test_a_cuit_with_a_wrong_digit_never_leaves_the_house(arca: Running, issue: Callable[..., Document]) -> None:
    access.connect()
    before = arca.state("arca")["calls"].get("FECAESolicitar", 0)
    document = issue(tax_condition="RI", tax_id_kind="CUIT", tax_id="30990001118")
    (_invoice, customer), = queries.with_invoices([document]).values()
    customer.tax_id = "30990001119"
    other = issue_again(customer.id)
    assert (other.state, other.cause) == ("rejected", "10015")
    assert "30-99000111-9" in other.problems[0]["message"]
    assert arca.state("arca")["calls"]["FECAESolicitar"] == before + 1


def issue_again(customer_id: int) -> Document:
    line = DraftLine("Internet", Decimal(1), Decimal("121.00"), price_includes_tax=True, taxes=VAT)
    invoice = issue_invoice(InvoiceDraft(customer_id, clock.today(), (line,)))
    db.session.commit()
    settle()
    return db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()


def test_arca_away_and_back(app: Flask, arca: Running, issue: Callable[..., Document],
                            monkeypatch: pytest.MonkeyPatch) -> None:
    access.connect()
    point_to(app, monkeypatch, f"http://127.0.0.1:{free_port()}")
    document = issue()
    stopped = sequence_of(document)
    assert document.state == "pending" and "127.0.0.1" in stopped.trouble
    assert stopped.trouble_since is not None and stopped.failures > 0
    point_to(app, monkeypatch, arca.url)
    settle()
    db.session.refresh(document)
    assert document.state == "authorized"
    assert (sequence_of(document).trouble, sequence_of(document).failures) == ("", 0)


def test_a_ticket_that_ends_midway_is_renewed(arca: Running, issue: Callable[..., Document]) -> None:
    access.connect()
    arca.fault("arca", "ticket_expires_midway", rate=1, count=1, only="")
    assert issue().state == "authorized"


def test_another_program_on_the_point_of_sale(arca: Running, issue: Callable[..., Document]) -> None:
    issue()
    arca.fault("arca", "foreign_document", rate=1, count=1)
    document = issue(name="Beto")
    stopped = sequence_of(document)
    assert (document.state, stopped.blocked_code) == ("pending", "foreign_document")
    assert "1.234,56" in stopped.blocked_reason
    services.continue_after(stopped, 2)
    db.session.commit()
    settle()
    db.session.refresh(document)
    assert (document.state, document.number) == ("authorized", 3)


def test_notices_and_remarks_are_kept(arca: Running, issue: Callable[..., Document]) -> None:
    from modules.einvoice_ar.models import Notice

    arca.fault("arca", "event_notice", rate=1)
    arca.fault("arca", "observe", rate=1, codes=[10236])
    arca.fault("arca", "latin1", rate=1)
    document = issue()
    assert document.state == "authorized"
    assert [one["code"] for one in document.observations] == ["10236"]
    kept = db.session.scalars(sa.select(Notice).order_by(Notice.code)).all()
    assert [one.code for one in kept] == ["39", "40"] and "Comunicación" in kept[1].text


def test_a_batch_with_a_bad_one_and_a_limit_that_changes(arca: Running, company: Company) -> None:
    from tests.modules.einvoice_ar.conftest import issue_invoices

    issue_invoices([100 + number for number in range(25)], clock.today())
    arca.fault("arca", "cascade", rate=1, count=1)
    arca.fault("arca", "limit_changes", rate=1, count=1)
    db.session.commit()
    settle()
    counted = queries.counts()
    assert (counted["authorized"], counted["rejected"]) == (24, 1)
    services.retry_all(queries.refused())
    db.session.commit()
    settle()
    assert queries.counts()["authorized"] == 25
    assert [row["last"] for row in arca.state("arca")["sequences"]] == [25]
