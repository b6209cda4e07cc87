"""The page of who is cut: found by his address, with reason, amount, and the promise that brings him back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from modules.accounting import ledger, opening
from modules.arrears.ports import stages, timeline
from modules.contracts import services as contracts
from modules.contracts.models import Contract
from modules.networking import services
from modules.networking.models import Node, Router
from tests.modules.networking.conftest import Net, connection_of


def visit(client: FlaskClient, address: str, path: str = "/cut", method: str = "GET", **headers: str) -> Any:
    return client.open(path, method=method, environ_overrides={"REMOTE_ADDR": address}, headers=headers)


def test_who_cannot_be_told_for_sure_sees_no_names_and_no_amounts(
        net: Net, norte: Router, client: FlaskClient, make_router: Callable[..., Router],
        make_contract: Callable[..., Contract]) -> None:
    contracts.suspend(net.contracts["u1"], "arrears")
    twin = make_contract()
    services.link(twin, make_router("sur"), "u1", address="10.5.0.2")
    contracts.suspend(twin, "arrears")
    contracts.suspend(net.contracts["u2"], "arrears")
    db.session.commit()
    for address in ("10.9.9.9", "10.5.0.3", "10.5.0.2"):  # unknown, not cut, two have it
        page = visit(client, address).get_data(as_text=True)
        assert "No podemos saber" in page and "Cliente" not in page
    answer = visit(client, "10.5.0.1")
    assert "No podemos saber" not in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_suspension_at_wish_shows_no_debt(net: Net, norte: Router, client: FlaskClient) -> None:
    contracts.suspend(net.contracts["u1"], "request")
    db.session.commit()
    assert "Su servicio está suspendido" in visit(client, "10.5.0.1").get_data(as_text=True)


def test_the_promise_on_the_page_brings_the_service_back(
        app: Flask, net: Net, norte: Router, client: FlaskClient, run_jobs: Callable[[], int], frozen: Any) -> None:
    ledger.policy().legal_documents = False
    contract = net.contracts["u1"]
    opening.record_opening_balances([(contract.customer_id, Decimal("12100.00"), "Saldo")],
                                    dt.date(2026, 10, 1))
    db.session.commit()
    contracts.suspend(contract, "arrears", "Deuda vencida")
    db.session.commit()
    run_jobs()
    net.advance()
    assert net.sees("u1") == "abona-cut"
    app.config["WTF_CSRF_ENABLED"] = True  # in plain HTTP no cookie comes back
    away = visit(client, "10.5.0.1", "/cut/promise", "POST", Origin="http://elsewhere.example")
    run_jobs()
    net.advance(60)
    assert away.status_code == 303 and net.sees("u1") == "abona-cut"
    answer = visit(client, "10.5.0.1", "/cut/promise", "POST", Origin="http://localhost")
    if answer.status_code == 303:  # the rules of arrears say no: the page says why
        page = visit(client, "10.5.0.1", "/cut?problem=1").get_data(as_text=True)
        pytest.fail(page)
    run_jobs()
    net.advance(60)
    assert net.sees("u1") == "100M"


def test_the_story_of_a_service_tells_what_the_router_answered(
        app: Flask, net: Net, norte: Router, run_jobs: Callable[[], int]) -> None:
    contracts.suspend(net.contracts["u1"], "arrears")
    db.session.commit()
    run_jobs()
    with app.test_request_context():
        (event,) = timeline.get("networking").events(net.contracts["u1"])
    assert "norte" in event.words and event.tone == "bad" and event.at == dt.datetime(2026, 11, 10, 15, tzinfo=dt.UTC)


def test_cut_offs_go_ahead_by_node(net: Net, norte: Router) -> None:
    ids = [one.id for one in net.contracts.values()]
    assert set(stages.get("networking").of(ids).values()) == {"norte"}
    norte.node = Node(name="Torre")
    db.session.flush()
    assert set(stages.get("networking").of(ids).values()) == {"Torre"}
    assert connection_of(net.contracts["u1"]).router_id == norte.id
