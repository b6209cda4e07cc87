"""The guided enabling: every step verified, resumable, and production behind a guard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError, Rejected
from core.models import Company
from modules.einvoice.models import Sequence
from modules.einvoice_ar import access, certificates, enabling, wsaa
from modules.einvoice_ar.client import ListedPoint
from modules.einvoice_ar.enabling import ArgentineEnabler
from modules.einvoice_ar.errors import BadCertificate, NotEnabled
from modules.einvoice_ar.models import AccessTicket, PointOfSale
from tests.modules.einvoice_ar.authority import issue
from tests.modules.einvoice_ar.fake_arca import FakeArca

OPEN = ListedPoint(3, "CAE - Ri Iva", False, None)
CLOSED = ListedPoint(5, "CAE - Ri Iva", False, dt.date(2025, 1, 31))


@pytest.fixture
def enabler(arca: FakeArca, monkeypatch: pytest.MonkeyPatch) -> ArgentineEnabler:
    """With tickets that are always granted."""

    def ticket(row: Any, service: str, cuit: str) -> wsaa.Ticket:
        expires = clock.now() + dt.timedelta(hours=12)
        found = wsaa._row(row, service)
        found.token, found.sign, found.expires_at = "T", "S", expires
        db.session.commit()
        return wsaa.Ticket("T", "S", cuit, expires, found.id)

    monkeypatch.setattr(wsaa, "ticket", ticket)
    monkeypatch.setattr(enabling, "Wsfe", lambda _stage, _ticket: arca)
    return ArgentineEnabler()


def done(enabler: ArgentineEnabler) -> dict[str, bool]:
    return {step.key: step.done for step in enabler.steps()}


def certificate(enabler: ArgentineEnabler, stage: str) -> None:
    enabler.run(f"{stage}.key", {"alias": "abona"})
    row = certificates.waiting(stage)
    assert row is not None
    issuer = {"testing": "Computadores Test", "production": "Computadores"}[stage]
    enabler.run(f"{stage}.certificate", {"certificate": issue(row.csr, issuer=issuer)})


def through(enabler: ArgentineEnabler, stage: str) -> None:
    certificate(enabler, stage)
    enabler.run(f"{stage}.access", {})
    enabler.run(f"{stage}.point", {"number": "3"})
    enabler.run(f"{stage}.numbers", {})


def test_at_first_nothing_is_done_and_each_step_says_what_it_waits_for(enabler: ArgentineEnabler) -> None:
    assert not any(done(enabler).values())
    waiting = [step.key for step in enabler.steps() if step.waits_for]
    assert "testing.key" not in waiting and "testing.certificate" in waiting and "live" in waiting


def test_the_request_is_shown_to_be_taken_to_arca(enabler: ArgentineEnabler) -> None:
    enabler.run("testing.key", {"alias": "abona"})
    step = next(step for step in enabler.steps() if step.key == "testing.key")
    assert step.done and step.download is not None and "BEGIN CERTIFICATE REQUEST" in step.download[1]
    assert all("PRIVATE" not in str(step) for step in enabler.steps())


def test_the_whole_way_ends_in_production(enabler: ArgentineEnabler, arca: FakeArca, company: Company) -> None:
    enabler.run("data", {"gross_income_number": "280-123", "activity_start": "2010-05-01"})
    arca.points = [OPEN, CLOSED]
    through(enabler, "testing")
    enabler.run("testing.test", {})
    through(enabler, "production")
    assert [key for key, value in done(enabler).items() if not value] == ["rehearsal.start", "live"]
    enabler.run("live", {"confirm": "30-99000010-3"})
    assert all(done(enabler).values())
    assert (company.environment, access.environment()) == ("production", "production")


def test_production_is_not_reached_without_its_steps_or_without_consent(enabler: ArgentineEnabler,
                                                                       company: Company) -> None:
    for typed in ("", "1", "30-99000010-4", "sí"):
        with pytest.raises(DomainError) as refused:
            enabler.run("live", {"confirm": typed})
        assert refused.value.field == "confirm" and "Río Cuarto Wireless" in str(refused.value)
    with pytest.raises(NotEnabled):
        enabler.run("live", {"confirm": "30990000103"})
    assert company.environment == "rehearsal"


def test_numbers_begin_after_those_of_the_former_program(enabler: ArgentineEnabler, arca: FakeArca) -> None:
    for _index in range(7):
        arca.issue_elsewhere(3, 6)
    through(enabler, "testing")
    row = db.session.scalars(sa.select(Sequence).where(Sequence.environment == "testing", Sequence.series == "0003",
                                                       Sequence.kind == "6")).one()
    assert row.last_number == 7


def test_a_closed_point_of_sale_is_refused(enabler: ArgentineEnabler, arca: FakeArca) -> None:
    arca.points = [OPEN, CLOSED]
    certificate(enabler, "testing")
    enabler.run("testing.access", {})
    with pytest.raises(DomainError) as refused:
        enabler.run("testing.point", {"number": "5"})
    assert refused.value.field == "number"


def test_a_point_of_sale_that_arca_does_not_list_is_refused(enabler: ArgentineEnabler, arca: FakeArca) -> None:
    arca.points = [OPEN]
    certificate(enabler, "testing")
    with pytest.raises(DomainError, match="3"):
        enabler.run("testing.point", {"number": "8"})


def test_where_arca_lists_none_the_number_is_typed(enabler: ArgentineEnabler) -> None:
    certificate(enabler, "testing")
    enabler.run("testing.access", {})
    enabler.run("testing.point", {"number": "12"})
    assert db.session.scalars(sa.select(PointOfSale.number)).all() == [12]
    assert access.profile().point_of_sale == 12


def test_the_test_document_is_sent_to_testing_and_counted(enabler: ArgentineEnabler, arca: FakeArca) -> None:
    through(enabler, "testing")
    said = enabler.run("testing.test", {})
    assert "76000000000000" in said
    assert [entry["ImpTotal"] for entry in arca.book(3, 6)] == ["1.00"]
    assert done(enabler)["testing.test"]


def test_a_refused_test_document_says_arcas_words(enabler: ArgentineEnabler, arca: FakeArca) -> None:
    through(enabler, "testing")
    arca.refused[0] = "Emisor no autorizado"
    with pytest.raises(Rejected, match="Emisor no autorizado"):
        enabler.run("testing.test", {})
    assert not done(enabler)["testing.test"]


@pytest.mark.parametrize(("values", "field"), [
    ({"gross_income_number": "1", "activity_start": "ayer"}, "activity_start"),
    ({"gross_income_number": " ", "activity_start": "2010-05-01"}, "gross_income_number")])
def test_company_data_is_checked(enabler: ArgentineEnabler, values: dict[str, str], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        enabler.run("data", values)
    assert refused.value.field == field


def test_a_wrong_file_leaves_the_step_open(enabler: ArgentineEnabler) -> None:
    enabler.run("testing.key", {"alias": "abona"})
    with pytest.raises(BadCertificate):
        enabler.run("testing.certificate", {"certificate": b"hola"})
    assert not done(enabler)["testing.certificate"]


def test_the_screen_walks_the_same_steps(enabler: ArgentineEnabler, login: Callable[..., Any]) -> None:
    browser = login("einvoice.enable")
    page = browser.get("/einvoice/enable").get_data(as_text=True)
    assert "30990000103" in page
    answer = browser.post("/einvoice/enable/data", data={"gross_income_number": "", "activity_start": "2010-05-01"})
    assert answer.status_code == 422 and "has-error" in answer.get_data(as_text=True)
    browser.post("/einvoice/enable/testing.key", data={"alias": "abona"})
    csr = browser.get("/einvoice/enable/testing.key/download")
    assert csr.data.startswith(b"-----BEGIN CERTIFICATE REQUEST")
    import io

    browser.post("/einvoice/enable/testing.certificate", data={"certificate": (io.BytesIO(issue(csr.text)), "a.crt")},
                 content_type="multipart/form-data")
    assert done(enabler)["testing.certificate"]
    browser.post("/einvoice/enable/testing.access")
    assert db.session.scalars(sa.select(AccessTicket)).one().expires_at is not None


def test_the_condition_is_told_in_words_not_as_a_code(enabler: ArgentineEnabler) -> None:
    said = str(next(step for step in enabler.steps() if step.key == "data").instructions[0])
    assert said.endswith(", IVA Responsable Inscripto.")
