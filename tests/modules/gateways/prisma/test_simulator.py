"""From a file of debits to the acquirer's answers, what it refuses, and what may be wrong with an answer."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.simulators import Running, running
from tests.modules.gateways.files import Read, built, debt, read, refused

ACCOUNT = {"establecimiento": "0012345678", "tipo": "DEBLIQC"}
CARD, OTHER = "4509953566233704", "5031755734530604"
MONDAY = dt.datetime(2026, 11, 16, 10, 0, tzinfo=ZoneInfo("America/Argentina/Buenos_Aires"))
DAY = dt.timedelta(days=1)
DEBTS = [debt("1", ("2026-11-20", "100.00"), invoice="1", extra={"card": CARD}),
         debt("2", ("2026-11-20", "200.00"), invoice="2", extra={"card": OTHER})]


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(["prisma"]) as server:
        yield server


@pytest.fixture
def site(_server: Running) -> Iterator[Running]:
    _server.reset("prisma")
    with clock.freeze(MONDAY):
        yield _server
    _server.reset("prisma")


def upload(site: Running, content: bytes) -> dict:
    return json.load(urllib.request.urlopen(f"{site.url}/prisma/upload", content, timeout=10))


def answers(site: Running, days: int) -> list[bytes]:
    with clock.freeze(MONDAY + days * DAY):
        names = json.load(urllib.request.urlopen(f"{site.url}/prisma/answers/", timeout=10))["files"]
        return [urllib.request.urlopen(f"{site.url}/prisma/answers/{name}", timeout=10).read() for name in names]


def answered(site: Running, tipo: str = "DEBLIQC", days: int = 1) -> Read:
    account = {**ACCOUNT, "tipo": tipo}
    upload(site, built("prisma", account, DEBTS, "2026-11-16", time="10:00"))
    return read("prisma", answers(site, days)[-1], account)


@pytest.mark.parametrize("tipo", ["DEBLIQC", "DEBLIMC"])
def test_debits_are_answered_on_the_next_banking_day(site: Running, tipo: str) -> None:
    found = answered(site, tipo)
    assert answers(site, 0) == []
    assert [(one.status, one.reference.customer, one.reference.invoice, str(one.amount)) for one in found.payments] == [
        ("approved", "1", "00000001", "100.00"), ("approved", "2", "00000002", "200.00")]
    assert found.payments[0].credited_at == dt.date(2026, 12, 1)


def test_visa_debit_is_validated_then_settled(site: Running) -> None:
    account = {**ACCOUNT, "tipo": "DEBLIQD"}
    site.fault("prisma", "retried", count=1)
    upload(site, built("prisma", account, DEBTS, "2026-11-16"))
    validated, settled = (read("prisma", one, account).payments for one in answers(site, 30))
    assert [one.status for one in validated] == ["pending", "pending"]
    assert [one.status for one in settled] == ["pending", "approved"]
    assert [one.external_id for one in validated] == [one.external_id for one in settled]


def test_cards_that_are_rejected(site: Running) -> None:
    site.post("prisma", "config", {"rejects": {"3704": "62"}})
    assert [(one.status, one.reason) for one in answered(site).payments] == [
        ("rejected", "62 TARJETA VENCIDA"), ("approved", "")]


def test_a_new_card_and_a_return(site: Running) -> None:
    site.fault("prisma", "new_card", count=1)
    site.fault("prisma", "returned")
    found = answered(site).payments
    assert found[0].secret["card"] != CARD and [one.status for one in found] == ["approved", "approved", "reversed"]


@pytest.mark.parametrize(("fault", "code"), [("wrong_trailer", "control"), ("other_establishment", "other_company")])
def test_wrong_answers_are_refused(site: Running, fault: str, code: str) -> None:
    site.fault("prisma", fault)
    upload(site, built("prisma", ACCOUNT, DEBTS, "2026-11-16"))
    assert refused("prisma", answers(site, 1)[0], ACCOUNT).code == code


def test_the_same_answer_twice_is_the_same_payments(site: Running) -> None:
    site.fault("prisma", "answered_twice")
    upload(site, built("prisma", ACCOUNT, DEBTS, "2026-11-16"))
    first, second = ([one.external_id for one in read("prisma", file).payments] for file in answers(site, 1))
    assert first == second


FILE = built("prisma", ACCOUNT, DEBTS, "2026-11-16", time="10:00")


@pytest.mark.parametrize(("content", "words"), [
    (FILE[:-40], "FORMATO"), (FILE.replace(b"0000002000000000030000", b"0000003000000000030000"), "CANTIDAD"),
    (FILE.replace(b"000000000030000", b"000000000030001"), "TOTAL"), (FILE.replace(b"0005", b"0006"), "FORMATO"),
    (FILE.replace(b"0012345678", b"0012345679"), "INEXISTENTE"), (FILE.replace(b"DEBLIQC", b"DEBLIQX"), "INICIAL"),
    (FILE.replace(b"20261120", b"20261320"), "FECHA"), (FILE.replace(CARD.encode(), b"450995356623370X"), "FORMATO"),
])
def test_a_wrong_file_is_refused_whole(site: Running, content: bytes, words: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        upload(site, content)
    assert words in error.value.read().decode() and site.state("prisma")["answers"] == []


def test_the_same_file_is_taken_once_and_the_state_shows_no_card(site: Running) -> None:
    upload(site, FILE)
    with pytest.raises(urllib.error.HTTPError):
        upload(site, FILE)
    assert CARD not in json.dumps(site.state("prisma"))
