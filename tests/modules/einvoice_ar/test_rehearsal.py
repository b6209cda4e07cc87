"""A company in rehearsal and ARCA's simulator, over the wire: certificate, ticket and register come by themselves."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from core import clock, companies, leases
from core.db import db
from core.errors import DomainError, Unavailable
from core.models import Company
from core.simulators import Running, running
from modules.einvoice import desk
from modules.einvoice_ar import access, register, rehearsal, wsaa
from modules.einvoice_ar.enabling import ArgentineEnabler
from modules.einvoice_ar.errors import LoginRefused
from modules.einvoice_ar.models import Certificate
from tests.installation import free_port


def point_to(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    settings = dataclasses.replace(app.extensions["abona"], simulators_url=url)
    monkeypatch.setitem(app.extensions, "abona", settings)


@pytest.fixture
def arca(app: Flask, company: Company, simulator: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    point_to(app, monkeypatch, simulator.url)
    return simulator


def certificates() -> list[Certificate]:
    return list(db.session.scalars(sa.select(Certificate).where(Certificate.active)))


def test_the_first_connection_brings_its_certificate(arca: Running) -> None:
    assert access.connect().last_number(1, 6) == 0
    (found,) = certificates()
    assert (found.environment, found.cuit) == ("rehearsal", "30990000103")
    access.connect().last_number(1, 1)
    assert arca.state("arca")["tickets"] == 1


def test_a_corrected_number_rehearses_once_its_step_is_done_again(arca: Running, company: Company) -> None:
    access.connect().last_number(1, 6)
    companies.change_identity(company, "30-99000030-8", "MO", True)
    db.session.commit()
    ArgentineEnabler().run("rehearsal.start", {"number": "1"})
    (found,) = certificates()
    assert found.cuit == company.tax_id == "30990000308"
    assert access.connect().last_number(1, 11) == 0  # a class that only its new condition issues


def open_steps(company: Company) -> list[str]:
    return [step.key for step in desk.setup_steps(company) if not step.done]


def test_in_rehearsal_the_step_is_done_once_the_simulator_has_prepared_it(arca: Running, company: Company) -> None:
    enabler = ArgentineEnabler()
    with pytest.raises(DomainError, match="1 a 99998"):
        enabler.run("rehearsal.start", {"number": "x"})
    with current_app.test_request_context():
        assert open_steps(company) == ["tax", "authority"]
        enabler.run("data", {"gross_income_number": "280-1", "activity_start": "2014-05-01"})
        said = enabler.run("rehearsal.start", {"number": "4"})
        assert "Factura B 0" in said and open_steps(company) == []
    assert access.profile().point_of_sale == 4 and certificates()[0].environment == "rehearsal"
    company.environment = "production"
    with current_app.test_request_context():
        assert open_steps(company) == ["authority"]  # what the simulator gave opens nothing at ARCA


def test_real_customers_are_known_in_rehearsal(arca: Running) -> None:
    access.connect()
    found = register.look_up("30712345671")
    assert found is not None and found.condition == "RI"
    assert register.look_up("30990009992") is None


def test_a_simulator_that_was_started_anew_gives_another_certificate(app: Flask, arca: Running,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    access.connect()
    before = certificates()[0].id
    with running(["arca"]) as other:
        point_to(app, monkeypatch, other.url)
        wsaa.forget(1)
        db.session.execute(sa.text("DELETE FROM einvoice_ar_ticket"))
        assert access.connect().last_number(1, 6) == 0
    assert [one.id for one in certificates()] != [before]


def test_without_a_simulator_it_says_how_to_start_it(app: Flask, company: Company,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(app, monkeypatch, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="abona simulators serve arca"):
        access.connect()


def test_a_wrong_clock_is_told_with_both_times(arca: Running) -> None:
    rehearsal.enable_rehearsal()
    late = clock.now() - dt.timedelta(hours=5)
    arca.post("arca", "config", {"now": late.isoformat()})
    with pytest.raises(LoginRefused) as refused:
        access.connect()
    # the certificate is from an hour ago: by ARCA's clock it is not valid yet
    assert refused.value.code == "cms.cert.invalid"
    arca.post("arca", "config", {"now": (clock.now() - dt.timedelta(minutes=30)).isoformat()})
    db.session.execute(sa.text("DELETE FROM einvoice_ar_ticket"))
    db.session.commit()
    with pytest.raises(LoginRefused) as refused:
        access.connect()
    assert refused.value.code == "xml.generationTime.invalid"
    words = str(refused.value)
    assert f"{clock.now():%Y-%m-%d}" in words and words.count("UTC") == 2


def test_two_workers_at_once_get_one_certificate(arca: Running, company: Company,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """WSAA gives one ticket per certificate: the second worker waits, and finds what the first one brought."""
    lease = f"einvoice.rehearsal:AR:{company.id}"
    assert leases.acquire(lease, 60, "another")

    def the_other_one_ends(_seconds: float) -> None:
        rehearsal.enable_rehearsal()
        leases.release(lease, "another")

    monkeypatch.setattr(leases.time, "sleep", the_other_one_ends)
    assert access.connect().last_number(1, 6) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 1
    assert arca.state("arca")["tickets"] == 1


def test_the_step_waits_for_a_worker_that_prepares_the_same(arca: Running, company: Company,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed is not lost by waiting."""
    lease, waited = f"einvoice.rehearsal:AR:{company.id}", []
    assert leases.acquire(lease, 60, "another")

    def the_other_one_ends(seconds: float) -> None:
        waited.append(seconds)
        leases.release(lease, "another")

    monkeypatch.setattr(leases.time, "sleep", the_other_one_ends)
    with current_app.test_request_context():
        ArgentineEnabler().run("rehearsal.start", {"number": "4"})
    assert waited and access.profile().point_of_sale == 4
