"""The guided set-up: each step verified, production only after the test document."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core import clock, outside
from core.db import db
from core.errors import DomainError, Rejected
from core.models import Company
from modules.einvoice.ports import enablers
from modules.einvoice_mx import access, desk, endpoints
from modules.einvoice_mx.checks import csd_expiry
from modules.einvoice_mx.endpoints import PRODUCTION, TEST_PASSWORD, TEST_USER
from modules.einvoice_mx.errors import BadCsd, NotEnabled
from modules.einvoice_mx.explanations import explanation
from modules.einvoice_mx.models import Certificate
from tests.modules.einvoice_mx.cases import FOLDER, PASSWORD
from tests.modules.einvoice_mx.conftest import NAME

DATA = {"legal_name": "Escuela Kemper Urgate", "place": "42501", "series": "a", "credit_series": "nc", "method": "PPD",
        "form": "03"}


@pytest.fixture
def everywhere(pac_server, monkeypatch):
    """The simulator stands for the PAC's demo and for its production too."""
    address = f"{pac_server.url}/{NAME}/timbrado/soap"
    monkeypatch.setattr(endpoints, "PAC", dict.fromkeys(endpoints.PAC, address))
    return pac_server


def run(step: str, **values: Any) -> str:
    return enablers.get("MX").run(step, values)


def done() -> dict[str, bool]:
    return {step.key: step.done for step in enablers.get("MX").steps()}


def files(rfc: str = "EKU9003173C9") -> dict[str, Any]:
    folder = FOLDER / "csd"
    return {"certificate": (folder / f"{rfc}.cer").read_bytes(), "key": (folder / f"{rfc}.key").read_bytes(),
            "password": PASSWORD}


def test_from_nothing_to_the_end_of_rehearsal(mexico: Company, everywhere):
    assert not any(done().values())
    run("data", **DATA)
    assert (access.profile().legal_name, access.profile().series) == ("ESCUELA KEMPER URGATE", "A")
    assert "30001000000999" in run("rehearsal.start")
    assert len(run("testing.test")) > 36
    assert everywhere.state(NAME)["documents"][-1]["series"] == "PRUEBA"
    run("production.account", user=TEST_USER, password=TEST_PASSWORD)
    assert [key for key, is_done in done().items() if not is_done] == ["production.csd", "production.cancel", "live"]


def test_real_invoices_need_a_real_seal(mexico, everywhere):
    with pytest.raises(BadCsd) as caught:
        run("production.csd", **files())
    assert caught.value.field == "certificate"
    assert access.certificate(PRODUCTION) is None


@pytest.mark.parametrize(("changes", "field"), [
    ({"certificate": b""}, "certificate"), ({"key": b""}, "key"), ({"password": "wrong"}, "password"),
    (files("XIA190128J61"), "certificate"),
])
def test_files_that_are_not_the_companys_seal(mexico, changes, field):
    with pytest.raises(BadCsd) as caught:
        run("production.csd", **(files() | changes))
    assert caught.value.field == field


@pytest.mark.parametrize(("changes", "field"), [
    ({"legal_name": " "}, "legal_name"), ({"place": "4250"}, "place"), ({"series": "A-1"}, "series"),
    ({"credit_series": "A"}, "credit_series"), ({"method": "X"}, "method"), ({"global_period": "07"}, "global_period"),
    ({"global_period": "05"}, "global_period"), ({"series": "G"}, "series"),
])
def test_data_that_the_sat_would_refuse(mexico, changes, field):
    with pytest.raises(DomainError) as caught:
        run("data", **(DATA | changes))
    assert caught.value.field == field


def test_sales_to_who_has_no_rfc_are_chosen_with_the_data(mexico):
    run("data", **DATA)
    assert access.profile().global_period == ""
    run("data", **DATA, global_period="04")
    assert access.profile().global_period == "04"
    run("data", **DATA)  # a terminal that gives only what it wants to change
    assert access.profile().global_period == "04"


def test_account_is_tried_before_it_is_kept(mexico, everywhere):
    with pytest.raises(Rejected):
        run("production.account", user="nobody", password="x")
    assert access.account(PRODUCTION) is None
    with pytest.raises(DomainError):
        run("production.account", user="", password="")


def seal_of(mexico: Company, days: int) -> Certificate:
    row = Certificate(environment=PRODUCTION, number="00001000000500003416", rfc=mexico.tax_id, cer="x", key="x",
                      password="x", valid_from=clock.now(), valid_until=clock.now() + dt.timedelta(days=days))
    db.session.add(row)
    db.session.flush()
    return row


def test_production_only_after_the_test_document_and_with_the_rfc_typed(app, mexico, everywhere):
    seal_of(mexico, 400)
    run("production.account", user=TEST_USER, password=TEST_PASSWORD)
    with pytest.raises(NotEnabled):
        run("live", confirm=mexico.tax_id)
    run("testing.test")
    with pytest.raises(DomainError):
        run("live", confirm="another")
    assert access.environment() == "rehearsal"
    run("live", confirm=mexico.tax_id)
    assert (access.environment(), mexico.environment) == (PRODUCTION, "production")
    with app.test_request_context():
        assert [one.live for one in outside.standings() if "Moderna" in str(one.title)] == [True]


def test_pac_gets_the_seal_only_with_consent(mexico, everywhere):
    with pytest.raises(DomainError):
        run("production.cancel")
    with pytest.raises(NotEnabled):
        run("production.cancel", agree="1")


@pytest.mark.parametrize(("days", "told", "ok"), [(90, "", True), (59, "warn", True), (20, "warn", False),
                                                  (5, "bad", False), (-1, "bad", False)])
def test_end_of_a_seal_is_told_in_time(app, mexico, days, told, ok):
    seal_of(mexico, days)
    with app.test_request_context():
        assert (f"notice-{told}" in desk.certificates(mexico)) if told else not desk.certificates(mexico)
    assert csd_expiry()[0] is ok


@pytest.mark.parametrize(("left", "told"), [(None, ""), (5000, ""), (500, "warn"), (50, "bad"), (0, "bad")])
def test_timbres_that_run_out_are_told(app, mexico, left, told):
    access.profile().stamps_bought, access.profile().stamps_counted_at = left, clock.now() if left is not None else None
    db.session.flush()
    with app.test_request_context():
        assert (f"notice-{told}" in desk.stamps(mexico)) if told else not desk.stamps(mexico)


@pytest.mark.parametrize(("code", "field", "words"), [
    ("CFDI40145", "name", True), ("CFDI40161", "extra.UsoCFDI", True), ("FM501", "", True), ("CFDI40119", "", True),
    ("CFDI40130", "", True), ("999", "", False),
])
def test_refusals_in_our_words(app, code, field, words):
    found = explanation(code, "…")
    assert (found.field, bool(found.text)) == (field, words)
