"""Enabling Colombia step by step, against the simulators as if they were the providers themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.errors import DomainError, OutsideError
from core.models import Company
from core.scope import current_company
from modules.einvoice.models import Sequence
from modules.einvoice_co import access, endpoints, numbering_step
from modules.einvoice_co.checks import dian_numbering
from modules.einvoice_co.enabling import ColombianEnabler
from modules.einvoice_co.endings import endings
from modules.einvoice_co.errors import NotEnabled
from modules.einvoice_co.models import Resolution
from tests.modules.einvoice_co.conftest import ACCESS, COMPANY, SIIGO_COMPANY, TOKENS

enabler = ColombianEnabler()
RESOLUTION = {"number": "18764000001", "prefix": "FE", "first": "1", "last": "5000", "valid_from": "2026-01-01",
              "valid_until": "2027-12-31", "next": "120", "technical_key": "a" * 40}


@pytest.fixture
def company(isp: Company) -> Company:
    """Who logs in belongs to the Colombian company."""
    return isp


@pytest.fixture
def real(isp, _served: str, site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The providers' own addresses lead to the simulators."""
    monkeypatch.setattr(endpoints, "HKA", dict.fromkeys(("testing", "production"), f"{_served}/hka"))
    monkeypatch.setattr(endpoints, "SIIGO", f"{_served}/siigo")
    monkeypatch.setattr(access, "PER_MINUTE_IN_TESTS", 1000)  # nobody waits a minute here
    ranges = [{"prefix": "SETP", "first": 990000000, "last": 995000000}, {"prefix": "FE", "first": 1, "last": 5000}]
    site("hka").post("company", COMPANY | {"ranges": ranges})
    site("siigo").post("company", SIIGO_COMPANY)


def step(key: str) -> Any:
    db.session.rollback()
    return next(one for one in enabler.steps() if one.key == key)


def run(step_key: str, **values: Any) -> str:
    said = enabler.run(step_key, values)
    db.session.commit()
    return said


def usual(key: str) -> dict[str, Any]:
    return {one.name: one.value for one in step(key).inputs}


def test_the_whole_way_with_the_factory_hka(real):
    assert [one.key for one in enabler.steps()] == [
        "data", "rehearsal.start", "testing.access", "testing.numbering", "testing.test", "production.access",
        "production.numbering", "live"]
    run("data", provider="hka", responsibilities="O-13, O-23")
    assert step("data").done and access.profile().responsibilities == "O-13 O-23"
    assert step("testing.test").waits_for and step("production.access").waits_for
    assert "100" in run("testing.access", user=TOKENS.company, password=TOKENS.password)
    run("testing.numbering", **usual("testing.numbering"))
    assert "SETP990000000" in run("testing.test")
    assert dict(step("testing.test").facts)
    run("production.access", user=TOKENS.company, password=TOKENS.password)
    run("production.numbering", **RESOLUTION)
    sequence = db.session.scalar(sa.select(Sequence).where(Sequence.series == "FE"))
    assert (sequence.environment, sequence.kind, sequence.last_number) == ("production", "01", 119)
    with pytest.raises(DomainError):
        run("live", confirm="123")
    run("live", confirm="901234568-1".replace("-1", "") + current_company().tax_id[-1])
    assert step("live").done and not current_company().is_rehearsal and access.environment() == "production"


def test_the_whole_way_with_siigo(real):
    run("data", provider="siigo")
    run("testing.access", user=ACCESS.username, password=ACCESS.access_key)
    choices = usual("testing.numbering")
    assert choices["siigo_document"] == "24446" and choices["siigo_seller"] == "629"
    run("testing.numbering", **choices | {"siigo_account_group": "1253"})
    assert "FV-2-22" in run("testing.test")
    run("production.access", user=ACCESS.username, password=ACCESS.access_key)
    assert not step("production.numbering").done and step("live").waits_for  # the law wants it on the paper
    run("production.numbering", **usual("production.numbering") | RESOLUTION)
    assert step("production.numbering").done and not step("live").waits_for
    found = access.resolution("production")
    assert (found.number, found.prefix, found.last, found.technical_key) == ("18764000001", "FE", 5000, "a" * 40)
    assert db.session.scalar(sa.select(Sequence).where(Sequence.series == "FE")) is None  # Siigo numbers


@pytest.mark.parametrize(("changes", "field"), [
    ({"number": ""}, "number"), ({"last": "0"}, "last"), ({"siigo_seller": "7"}, "siigo_seller")])
def test_with_siigo_neither_choices_nor_resolution_are_kept_where_one_is_wrong(real, changes, field):
    run("data", provider="siigo")
    run("testing.access", user=ACCESS.username, password=ACCESS.access_key)
    values = usual("testing.numbering") | RESOLUTION | {"siigo_account_group": "77"} | changes
    with pytest.raises(DomainError) as caught:
        run("production.numbering", **values)
    db.session.rollback()
    assert caught.value.field == field
    assert access.resolution("production") is None and access.profile().siigo_account_group == 1253


def test_production_only_after_the_test(real):
    with pytest.raises(NotEnabled):
        run("live", confirm=current_company().tax_id)


@pytest.mark.parametrize(("values", "field"), [
    ({"user": "ABC", "password": "b2" * 20}, "user"), ({"user": "a1" * 20, "password": ""}, "password"),
    ({"user": "a1" * 20, "password": "b2" * 20, "address": "http://x"}, "address")])
def test_access_that_cannot_be(real, values, field):
    with pytest.raises(DomainError) as caught:
        run("testing.access", **values)
    assert caught.value.field == field


def test_access_that_is_refused_is_not_kept(real):
    with pytest.raises(OutsideError):
        run("testing.access", user="c3" * 20, password="b2" * 20)
    db.session.rollback()
    assert access.stored("testing", "hka") is None


@pytest.mark.parametrize(("changes", "field"), [
    ({"prefix": "LARGO"}, "prefix"), ({"first": "0"}, "first"), ({"last": "0"}, "last"), ({"number": "x"}, "number"),
    ({"valid_until": "2025-01-01"}, "valid_until"), ({"valid_from": "1/1/2026"}, "valid_from"),
    ({"technical_key": "a" * 38}, "technical_key"), ({"next": "5001"}, "next")])
def test_resolutions_that_cannot_be(isp, changes, field):
    with pytest.raises(DomainError) as caught:
        numbering_step.save("production", RESOLUTION | changes)
    assert caught.value.field == field


@pytest.mark.parametrize(("values", "field"), [
    ({"provider": "otro"}, "provider"), ({"responsibilities": "O-06"}, "responsibilities"),
    ({"credit_prefix": "LARGO"}, "credit_prefix"), ({"debit_prefix": "NC"}, "debit_prefix"),
    ({"means": "98"}, "means")])
def test_data_that_cannot_be(isp, values, field):
    with pytest.raises(DomainError) as caught:
        run("data", **values)
    assert caught.value.field == field


@pytest.mark.parametrize(("until", "last", "told", "urgent"), [
    ("2027-12-31", "5000", 0, False), ("2026-12-20", "5000", 1, False), ("2026-11-08", "5000", 1, True),
    ("2026-11-02", "5000", 1, True), ("2027-12-31", "130", 1, True)])
def test_what_runs_out_is_told(isp, until, last, told, urgent):
    numbering_step.save("production", RESOLUTION | {"valid_until": until, "last": last})
    db.session.commit()
    found = endings()
    assert (len(found), any(one.urgent for one in found)) == (told, urgent)
    assert dian_numbering()[:2] == (told == 0, told)


def test_a_new_resolution_takes_the_place_of_the_old(isp):
    numbering_step.save("production", RESOLUTION)
    numbering_step.save("production", RESOLUTION | {"prefix": "FX", "next": "1"})
    db.session.commit()
    active = db.session.scalars(sa.select(Resolution).where(Resolution.active)).all()
    assert [one.prefix for one in active] == ["FX"] and active[0].valid_until == dt.date(2027, 12, 31)


def test_screens_open(isp, client: FlaskClient, login: Any) -> None:
    login(admin=True)
    for path in ("/einvoice/enable", "/admin/einvoice-co-profile/", "/admin/einvoice-co-resolution/",
                 "/admin/einvoice-co-access/"):
        assert client.get(path).status_code == 200, path
