"""The guided set-up: each step verified, and production only after the test document."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from modules.einvoice.models import Sequence
from modules.einvoice.ports import enablers
from modules.einvoice_pe import access, client
from modules.einvoice_pe.models import Route, Series
from tests.modules.einvoice_pe.cases import OTHER_RUC


@pytest.fixture
def enabler(peru, nubefact):
    return enablers.get("PE")


def account(nubefact: Any, mode: str, series: list[str]) -> dict[str, str]:
    made = nubefact.post("nubefact", "account", {"ruc": OTHER_RUC, "name": "Andina", "mode": mode, "series": series})
    return {"route": f"{nubefact.url}/nubefact/api/v1/{made['route']}", "token": made["token"]}


def done(enabler: Any) -> dict[str, bool]:
    return {step.key: step.done for step in enabler.steps()}


def test_the_whole_way_into_production(enabler, nubefact, peru):
    demo = account(nubefact, "demo", [])
    real = account(nubefact, "production", ["F001", "B001", "FC01", "BC01", "FD01", "BD01"])
    assert not any(done(enabler).values())
    enabler.run("data", {"detraction_kind": "35", "detraction_account": "00-123-456789"})
    enabler.run("rehearsal.start", {})
    enabler.run("testing.route", demo)
    enabler.run("testing.series", {})
    enabler.run("testing.test", {})
    enabler.run("production.route", real)
    enabler.run("production.series", {})
    db.session.commit()
    assert all(value for key, value in done(enabler).items() if key != "live")
    assert nubefact.state("nubefact", series="BBB1")["documents_total"] == 1
    with pytest.raises(DomainError):
        enabler.run("live", {"confirm": "20000000000"})
    enabler.run("live", {"confirm": OTHER_RUC})
    assert (access.environment(), access.profile().detraction_account) == ("production", "00123456789")


@pytest.mark.parametrize(("change", "field"), [
    ({"token": "wrong"}, "token"), ({"token": ""}, "token"), ({"route": "https://nubefact.com"}, "route"),
    ({"route": "unknown"}, "route")])
def test_wrong_routes_and_tokens(enabler, nubefact, change, field):
    if change.get("route") == "unknown":
        change = {"route": f"{nubefact.url}/nubefact/api/v1/00000000-0000-0000-0000-000000000000"}
    with pytest.raises(DomainError) as caught:
        enabler.run("testing.route", account(nubefact, "demo", []) | change)
    assert caught.value.field == field
    assert db.session.scalars(sa.select(Route).where(Route.environment == "testing")).all() == []


def test_a_last_number_that_is_not_the_last_is_refused(enabler, nubefact):
    demo = account(nubefact, "demo", [])
    enabler.run("testing.route", demo)
    enabler.run("testing.series", {})
    enabler.run("testing.test", {})
    for typed in ("BBB1-0", "BBB1-7"):
        with pytest.raises(DomainError) as caught:
            enabler.run("testing.series", {"boleta": typed})
        assert caught.value.field == "boleta"
    enabler.run("testing.series", {"boleta": "BBB1-1"})
    assert db.session.scalar(sa.select(Sequence.last_number).where(Sequence.series == "BBB1",
                                                                   Sequence.kind == "2")) == 1


@pytest.mark.parametrize("typed", ["B001", "F01", "F001-x", "F001-123456789"])
def test_series_that_cannot_be(enabler, typed):
    with pytest.raises(DomainError) as caught:
        enabler.run("rehearsal.start", {"factura": typed})
    assert caught.value.field == "factura"


def test_rehearsal_with_series_of_one_s_own(enabler):
    enabler.run("rehearsal.start", {"boleta": "B777"})
    assert "B777" in db.session.scalars(sa.select(Series.code).where(Series.active)).all()
    assert "B001" not in db.session.scalars(sa.select(Series.code).where(Series.active)).all()


def test_production_waits_for_the_test_document(enabler):
    waiting = {step.key: step.waits_for for step in enabler.steps()}
    assert waiting["production.route"]
    assert waiting["live"]


def test_secrets_are_masked(enabler, nubefact):
    demo = account(nubefact, "demo", [])
    enabler.run("testing.route", demo)
    shown = str([(step.facts, [one.value for one in step.inputs]) for step in enabler.steps()])
    assert demo["token"] not in shown
    assert demo["route"] not in shown


@pytest.mark.parametrize(("values", "field"), [
    ({"detraction_kind": "99"}, "detraction_kind"), ({"detraction_kind": "35", "detraction_account": "1"},
                                                     "detraction_account")])
def test_company_data(enabler, values, field):
    with pytest.raises(DomainError) as caught:
        enabler.run("data", values)
    assert caught.value.field == field


def test_routes_of_resellers_too():
    assert client.is_route("https://api.nubefact.com/api/v1/0a1b2c3d-1111-2222-3333-444455556666")
    assert client.is_route("https://abc.pse.pe/api/v1/0a1b2c3d-1111-2222-3333-444455556666")
    assert not client.is_route("https://api.nubefact.com/")


def test_series_of_paper_are_entered_beside_the_others(enabler, nubefact, peru):
    enabler.run("testing.route", account(nubefact, "demo", ["0001", "0007"]))
    for wrong in ("1", "F001", "0001 00A2"):
        with pytest.raises(DomainError) as caught:
            enabler.run("testing.series", {"contingencia": wrong})
        assert caught.value.field == "contingencia"
    enabler.run("testing.series", {"contingencia": "0007, 0001"})
    assert {(one.kind, one.code) for one in access.active_series("testing") if one.letter == "0"} == {
        (kind, code) for kind in (1, 2, 3, 4) for code in ("0001", "0007")}
    step = next(one for one in enabler.steps() if one.key == "testing.series")
    assert next(one.value for one in step.inputs if one.name == "contingencia") == "0001 0007"
    enabler.run("testing.series", {"contingencia": ""})
    assert not [one for one in access.active_series("testing") if one.letter == "0"]
    # what gets a number by itself never gets one of paper
    assert {one.code for one in access.active_series("testing")} == {"FFF1", "BBB1"}


def test_the_rehearsal_has_paper_to_try(enabler, peru):
    assert next(one.value for step in enabler.steps() if step.key == "rehearsal.start" for one in step.inputs
                if one.name == "contingencia") == "0001"
    enabler.run("rehearsal.start", {})
    assert {one.kind for one in access.active_series("rehearsal") if one.code == "0001"} == {1, 2, 3, 4}
    # those of paper are made with the first paper, as ones that never give a number
    assert "0001" not in db.session.scalars(sa.select(Sequence.series)).all()
