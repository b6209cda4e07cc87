"""Notices: stored before anything else, once each, worked through whatever happens meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.errors import Rejected, Unavailable
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import inbox, jobs
from modules.gateways.models import Account, Notice, Transaction
from modules.gateways.shapes import Notice as Judged
from tests.modules.accounting.books import findings
from tests.modules.gateways.probe import Hook

Make = Callable[..., Any]


@pytest.fixture
def send(client: FlaskClient, account: Account, probe: Any) -> Make:
    """`send("77", n=1)`: a notice about a payment; n tells repetitions from new ones."""
    db.session.commit()

    def post(body: str, n: int = 1, word: str = "open", **query: str) -> int:
        return client.post(f"/gateways/{account.token}/notice", query_string={"n": n, **query}, data=body,
                           headers={"X-Word": word}).status_code

    return post


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody signs what this gateway sends."""
    judge = Hook.notice
    monkeypatch.setattr(Hook, "notice", lambda *given: replace(judge(*given), is_hint=True))


def states() -> list[tuple[str, str, int]]:
    return [(one.payment_ref, one.state, one.times) for one in db.session.scalars(
        sa.select(Notice).order_by(Notice.id).execution_options(populate_existing=True))]


def test_a_notice_is_stored_answered_and_its_payment_read_and_booked(
        send: Make, probe: Any, told: Make, customer: Customer, run_jobs: Callable[[], int]) -> None:
    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    assert send("77") == 200
    assert states() == [("77", "waiting", 1)]
    run_jobs()
    assert states() == [("77", "done", 1)]
    assert queries.balance(customer.id) == -100


def test_a_repeated_notice_is_counted_and_read_once(send: Make, probe: Any, told: Make, customer: Customer,
                                                    run_jobs: Callable[[], int]) -> None:
    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    for _time in range(3):
        assert send("77") == 200
        run_jobs()
    assert states() == [("77", "done", 3)]
    assert probe.asked == ["77"]


def test_a_forged_notice_is_kept_refused_and_does_not_take_the_place_of_the_true_one(
        send: Make, probe: Any, told: Make, customer: Customer, run_jobs: Callable[[], int]) -> None:
    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    assert send("77", word="guessed") == 401
    run_jobs()
    assert (states(), probe.asked) == ([("77", "refused", 1)], [])
    assert send("77") == 200
    run_jobs()
    assert states() == [("77", "refused", 1), ("77", "done", 1)]
    assert queries.balance(customer.id) == -100


def test_many_forged_notices_are_an_alarm(send: Make, account: Account) -> None:
    for number in range(inbox.ALARM):
        send(f"{number}", word="guessed")
    assert inbox.forged_lately() == {account.id: inbox.ALARM}


def test_a_gateway_that_is_away_loses_nothing(send: Make, probe: Any, told: Make, customer: Customer,
                                              run_jobs: Callable[[], int], frozen: Callable[..., Any]) -> None:
    probe.payments["77"] = [told("77", customer=customer.code)]
    probe.trouble = Unavailable("away")
    db.session.commit()
    send("77")
    run_jobs()
    assert states() == [("77", "waiting", 1)]
    probe.trouble = None
    frozen(2026, 11, 10, 16)
    run_jobs()
    assert states() == [("77", "done", 1)]


def test_a_payment_that_the_gateway_does_not_know_is_shown(send: Make, probe: Any,
                                                           run_jobs: Callable[[], int]) -> None:
    probe.trouble = Rejected("payment not found")
    send("77")
    run_jobs()
    (row,) = db.session.scalars(sa.select(Notice))
    assert (row.state, row.error) == ("failed", "payment not found")


def test_an_answer_that_nobody_understands_does_not_keep_the_others_waiting(
        send: Make, probe: Any, told: Make, customer: Customer, run_jobs: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch) -> None:
    def read(access: Any, payment_id: str = "", **_values: Any) -> Any:
        return [told("78", customer=customer.code)] if payment_id == "78" else {}["missing"]

    monkeypatch.setattr(probe, "read", read)
    db.session.commit()
    send("77"), send("78")
    run_jobs()
    assert [(ref, state) for ref, state, _times in states()] == [("77", "failed"), ("78", "done")]
    assert queries.balance(customer.id) == -100


def test_topics_that_do_not_concern_us_are_answered_and_left_alone(send: Make, probe: Any,
                                                                   run_jobs: Callable[[], int]) -> None:
    assert send("77", topic="other") == 200
    run_jobs()
    assert (states(), probe.asked) == ([("77", "ignored", 1)], [])


def test_a_hint_that_comes_again_is_read_again_but_not_all_the_time(
        send: Make, probe: Any, hints: None, told: Make, customer: Customer, run_jobs: Callable[[], int],
        frozen: Callable[..., Any]) -> None:
    """It says nothing of what happened: created the first time, approved the second."""
    send("77")
    run_jobs()
    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    for _time in range(3):
        send("77")
        run_jobs()
    assert (probe.asked, states()) == (["77"], [("77", "waiting", 4)])
    frozen(2026, 11, 10, 15, 1)
    jobs.look_after_inbox()
    db.session.commit()
    run_jobs()
    assert (probe.asked, states(), queries.balance(customer.id)) == (["77"] * 2, [("77", "done", 4)], -100)
    frozen(2026, 11, 10, 15, 5)
    send("77")
    run_jobs()
    assert (len(probe.asked), states()) == (3, [("77", "done", 5)])


def test_a_hint_that_comes_while_it_is_read_is_read_again(
        send: Make, probe: Any, hints: None, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch,
        frozen: Callable[..., Any]) -> None:
    def read(*_given: Any, **_values: Any) -> Any:
        probe.asked.append("77")
        if len(probe.asked) == 1:
            send("77")
        return []

    monkeypatch.setattr(probe, "read", read)
    send("77")
    run_jobs()
    assert (probe.asked, states()) == (["77"], [("77", "waiting", 2)])
    frozen(2026, 11, 10, 15, 2)
    jobs.look_after_inbox()
    db.session.commit()
    run_jobs()
    assert (probe.asked, states()) == (["77"] * 2, [("77", "done", 2)])


def test_what_a_provider_fails_over_is_kept_and_can_be_tried_again(
        send: Make, probe: Any, told: Make, customer: Customer, run_jobs: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch, login: Callable[..., FlaskClient]) -> None:
    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    with monkeypatch.context() as broken:
        broken.setattr(Hook, "notice", lambda *_given: {}["missing"])
        assert (send("77"), send("77")) == (200, 200)
    run_jobs()
    (row,) = db.session.scalars(sa.select(Notice))
    assert (row.state, row.reason, row.body, row.times, probe.asked) == ("failed", "not_judged", "77", 2, [])
    browser = login("gateways.view_inbox", "gateways.match_payments")
    page = browser.get(f"/gateways/notices/{row.id}").text
    assert "no se pudo evaluar" in page and "not_judged" not in page
    monkeypatch.setattr(Hook, "notice", lambda *_given: Judged(True, "ok", "1:77", "77"))
    assert browser.post(f"/gateways/notices/{row.id}/again").status_code == 302
    run_jobs()
    assert (states(), queries.balance(customer.id)) == ([("77", "done", 2)], -100)
    assert browser.post(f"/gateways/notices/{row.id}/again").status_code == 409


def test_a_notice_that_cannot_be_judged_any_more_keeps_no_other_waiting(
        send: Make, probe: Any, told: Make, customer: Customer, run_jobs: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch) -> None:
    probe.payments["78"] = [told("78", customer=customer.code)]
    db.session.commit()
    send("77"), send("78")
    judge = Hook.notice
    monkeypatch.setattr(Hook, "notice", lambda self, access, incoming: {}["x"] if incoming.body == "77" else judge(
        self, access, incoming))
    run_jobs()
    assert [(ref, state) for ref, state, _times in states()] == [("77", "failed"), ("78", "done")]
    assert queries.balance(customer.id) == -100


def test_what_proves_nothing_any_more_when_it_is_tried_again_makes_us_ask_the_gateway(
        send: Make, probe: Any, told: Make, customer: Customer, run_jobs: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch) -> None:
    """The password that came with it is not kept (CardNET), its signature is too old (Mercado Pago)."""
    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    with monkeypatch.context() as broken:
        broken.setattr(Hook, "notice", lambda *_given: {}["missing"])
        send("77")
    (row,) = db.session.scalars(sa.select(Notice))
    inbox.try_again(row)
    assert (row.authentic, row.action, row.state) == (False, "poll", "waiting")
    jobs.drain(row.account_id)
    db.session.commit()
    run_jobs()
    assert (states(), queries.balance(customer.id)) == ([("77", "done", 1)], -100)


def test_trouble_of_ours_while_notices_are_judged_is_tried_again_and_fails_none_of_them(
        send: Make, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    send("77"), send("78")

    def away(*_given: Any) -> Any:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(Hook, "notice", away)
    with pytest.raises(sa.exc.OperationalError):
        jobs.drain(account.id)
    db.session.rollback()
    assert [state for _ref, state, _times in states()] == ["waiting", "waiting"]


@pytest.mark.parametrize("number", ["\ud800", "7\x00"])
def test_what_no_column_holds_is_kept_all_the_same(send: Make, probe: Any, monkeypatch: pytest.MonkeyPatch,
                                                   number: str) -> None:
    monkeypatch.setattr(Hook, "notice", lambda *_given: Judged(True, "ok", f"1:{number}", number))
    assert send("any\x00thing") == 200
    assert [state for _ref, state, _times in states()] == ["waiting"]


def test_an_address_that_nobody_has_is_not_found(client: FlaskClient, account: Account, probe: Any) -> None:
    account.active = False
    db.session.commit()
    assert client.post("/gateways/nobody/notice").status_code == 404
    assert client.post(f"/gateways/{account.token}/notice").status_code == 404


def test_the_tick_takes_up_what_no_job_is_at_work_on(send: Make, probe: Any, told: Make, customer: Customer,
                                                     run_jobs: Callable[[], int], frozen: Callable[..., Any]) -> None:
    from core.models import Job

    probe.payments["77"] = [told("77", customer=customer.code)]
    db.session.commit()
    send("77")
    db.session.execute(sa.delete(Job).where(Job.function.like("%gateways%")))
    db.session.commit()
    frozen(2026, 11, 10, 15, 1)
    jobs.look_after_inbox()
    db.session.commit()
    run_jobs()
    assert states() == [("77", "done", 1)]


def test_the_poll_is_the_net_below(probe: Any, account: Account, told: Make, customer: Customer,
                                   run_jobs: Callable[[], int]) -> None:
    for number in range(5):
        probe.payments[f"{number}"] = [told(f"{number}", customer=customer.code)]
    db.session.commit()
    for _time in range(2):
        jobs.poll_all()
        db.session.commit()
        run_jobs()
    jobs.poll(account.id)
    assert queries.balance(customer.id) == -500
    assert (account.cursor, account.trouble) == ("5", "")


def test_the_last_days_are_read_anew_each_night(probe: Any, account: Account, told: Make, customer: Customer,
                                                run_jobs: Callable[[], int]) -> None:
    """What a gateway puts behind the place up to which was read is found, and nothing is booked twice."""
    for number in range(3, 6):
        probe.payments[f"{number}"] = [told(f"{number}", customer=customer.code)]
    db.session.commit()
    jobs.poll(account.id)
    probe.payments["1"] = [told("1", customer=customer.code)]
    jobs.poll(account.id)
    assert queries.balance(customer.id) == -300 and account.cursor == "4"
    jobs.poll_all_anew()
    db.session.commit()
    run_jobs()
    assert (queries.balance(customer.id), account.cursor) == (-400, "4")


@pytest.mark.parametrize("seed", range(3))
def test_notices_in_any_order_with_repetitions_and_a_gateway_that_comes_and_goes(
        send: Make, probe: Any, told: Make, make_customer: Make, run_jobs: Callable[[], int], seed: int,
        frozen: Callable[..., Any]) -> None:
    chance = random.Random(seed)
    people = [make_customer() for _number in range(3)]
    expected = {one.id: 0 for one in people}
    stream = []
    for number in range(20):
        person, amount = chance.choice(people), chance.randint(1, 500)
        probe.payments[f"{number}"] = [told(f"{number}", str(amount), customer=person.code)]
        if chance.random() < 0.3:
            probe.payments[f"{number}"].append(told(f"r{number}", str(amount), "reversed", reverses=f"{number}"))
            amount = 0
        expected[person.id] -= amount
        stream += [f"{number}"] * chance.choice([1, 1, 2, 3])
    db.session.commit()
    chance.shuffle(stream)
    for minute, body in enumerate(stream):
        probe.trouble = Unavailable("away") if chance.random() < 0.2 else None
        send(body, n=chance.choice([1, 1, 2]))
        if chance.random() < 0.5:
            frozen(2026, 11, 10, 15, minute)
            run_jobs()
    probe.trouble = None
    frozen(2026, 11, 10, 18)
    jobs.look_after_inbox()
    db.session.commit()
    run_jobs()
    assert {one.id: queries.balance(one.id) for one in people} == expected
    assert {state for _ref, state, _times in states()} == {"done"}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction).where(
        Transaction.kind == "payment")) == 20
    assert findings() == {}
