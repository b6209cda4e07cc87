"""Files of debts are taken to SIRO once, and what it says of them is followed, whatever happens on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from core import jobs
from core.db import db
from core.errors import DomainError, Unavailable
from core.simulators import Running, running
from modules.gateways import accounts, deliveries, files_out
from modules.gateways import jobs as own_jobs
from modules.gateways.models import Account, File
from modules.gateways.providers.siro import client
from tests.modules.gateways.debts.making import lines, make

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(["siro"]) as server:
        yield server


@pytest.fixture
def siro(_server: Running, app: Flask, at: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account at the simulator of the bank."""
    _server.reset("siro")
    client._sessions.clear()
    monkeypatch.setitem(app.extensions, "abona", replace(app.extensions["abona"], simulators_url=_server.url))
    account = at("siro")
    account.keys = json.dumps({"password": "Hola123"})
    db.session.flush()
    yield account
    _server.reset("siro")


@pytest.fixture
def sent(siro: Account, owing: Make) -> Callable[..., File]:
    """`sent("100", "200")`: a file with these debts, on its way."""

    def send(*amounts: str) -> File:
        owing(*amounts)
        row = make(siro)
        deliveries.request(row)
        db.session.commit()
        return row

    return send


def fault(server: Running, name: str) -> None:
    server.fault("siro", name, count=1)


def follow(row: File) -> None:
    jobs.run_jobs()
    deliveries.ask(row.id)


def test_the_bank_takes_every_debt(sent: Callable[..., File]) -> None:
    row = sent("100", "200")
    follow(row)
    assert (row.state, row.facts["taken"], row.facts["refused"]) == ("taken", "2", "0")
    assert row.remote == "1" and {line.refusal for line in lines(row)} == {""}
    with pytest.raises(DomainError):
        deliveries.request(row)


def test_debts_that_the_bank_refuses_are_told_one_by_one_and_go_again(sent: Callable[..., File], siro: Account,
                                                                      _server: Running) -> None:
    fault(_server, "base_partial_error")
    row = sent("100", "200")
    follow(row)
    assert (row.state, row.facts) == ("taken", {"taken": "1", "refused": "1"})
    assert [line.refusal for line in lines(row)] == ["Error al procesar el registro", ""]
    again = make(siro)
    assert [line.invoice_id for line in lines(again)] == [lines(row)[0].invoice_id]


def test_a_file_whose_answer_was_lost_is_never_sent_again_by_itself(sent: Callable[..., File], siro: Account,
                                                                    _server: Running) -> None:
    client.Siro(accounts.access(siro))._token()  # the log-in is not what gets lost
    row = sent("100")
    fault(_server, "lost_answer")
    jobs.run_jobs()
    assert row.state == "unknown" and row.error
    own_jobs.deliver(row.id)
    assert row.state == "unknown"
    deliveries.arrived(row, "1")
    deliveries.ask(row.id)
    assert row.state == "taken"


def test_what_did_not_arrive_is_sent_when_somebody_looked(sent: Callable[..., File], _server: Running) -> None:
    row = sent("100")
    row.state = "sending"  # its worker died
    db.session.commit()
    jobs.run_jobs()
    assert row.state == "unknown"
    deliveries.not_arrived(row)
    deliveries.request(row)
    db.session.commit()
    follow(row)
    assert row.state == "taken"


def test_a_bank_that_is_away_gets_it_later(sent: Callable[..., File], siro: Account, _server: Running) -> None:
    fault(_server, "refuse_connection")
    row = sent("100")
    with pytest.raises(Unavailable):
        own_jobs.deliver(row.id)
    assert row.state == "made" and row.error
    own_jobs.deliver(row.id)
    assert row.state == "sent"


def test_keys_that_the_bank_does_not_take_are_told(sent: Callable[..., File], siro: Account) -> None:
    siro.keys = json.dumps({"password": "wrong"})
    row = sent("100")
    jobs.run_jobs()
    assert row.state == "refused" and row.error and lines(row)[0].key is None


def test_a_file_withdrawn_on_the_way_is_not_sent(sent: Callable[..., File]) -> None:
    row = sent("100")
    files_out.withdraw(row, "wrong")
    db.session.commit()
    jobs.run_jobs()
    assert (row.state, row.remote) == ("withdrawn", "")
