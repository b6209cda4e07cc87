"""Sending again what did not arrive, the log of tries, and a worker that is killed while it speaks with the server."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs
from core.db import db
from modules.crm import services as crm
from modules.notifications import lists, queries, services
from modules.notifications.models import Message
from modules.notifications.services import Notice, notify, notify_many
from tests.installation import eventually


def messages() -> list[Message]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Message).order_by(Message.id)))


def run() -> None:
    db.session.commit()
    jobs.run_jobs()


def test_every_try_stays_in_the_log(make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any,
                                    frozen: Callable[..., Any]) -> None:
    frozen(2026, 11, 3, 12)
    account(smtp())
    handler.data = ["451 4.7.1 Greylisted", "554 5.7.1 Spam"]
    customer = make_customer("ana@example.com")
    notify(customer, "test.bill", "invoice:1", {})
    run()
    frozen(2026, 11, 3, 13)
    run()
    services.send_again(messages()[0])
    run()
    crm.update_customer(customer, emails="otra@example.com")
    services.correct_address(messages()[0], "otra@example.com")
    run()
    (row,) = messages()
    assert (row.state, row.address, row.sendings) == ("sent", "otra@example.com", 2)
    assert [(one.state, one.address, one.answer[:3]) for one in queries.attempts_of(row.id)] == [
        ("queued", "ana@example.com", "451"), ("failed", "ana@example.com", "554"), ("sent", "ana@example.com", "250")]


def test_a_notice_that_a_person_sends_again_is_no_copy_to_mail_programs(
        make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any) -> None:
    account(smtp())
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    services.send_again(messages()[0])
    run()
    assert len({one["Message-ID"] for one in handler.received}) == 2


def test_many_are_sent_again_at_once_each_to_its_present_address(make_customer: Callable[..., Any], smtp: Any,
                                                                 handler: Any, account: Any) -> None:
    account(smtp())
    handler.rcpt |= {f"c{n}@example.com": "554 5.7.1 Relay access denied" for n in range(3)}
    handler.rcpt["gone@example.com"] = "550 5.1.1 No such user"
    customers = [make_customer(f"c{n}@example.com") for n in range(5)] + [make_customer("gone@example.com"),
                                                                         make_customer()]
    notify_many([Notice(one.id, "test.bill", "m:1", {}) for one in customers])
    run()
    assert [row.state for row in messages()] == ["failed"] * 3 + ["sent"] * 2 + ["bounced", "no_address"]
    crm.update_customer(customers[6], emails="nueva@example.com")
    handler.rcpt.clear()
    refused = []
    for row in [row for row in messages() if row.state != "sent"]:
        try:
            lists.send_again(row.id, {})
        except services.CannotSendAgain:
            refused.append(row.address)
    run()
    assert refused == ["gone@example.com"]
    assert [row.state for row in messages()] == ["sent"] * 5 + ["bounced", "sent"] and len(handler.received) == 6


def test_who_unsubscribed_gets_no_news_from_sending_again_either(make_customer: Callable[..., Any]) -> None:
    services.suppress("email", "ana@example.com", "unsubscribed")
    notify(make_customer("ana@example.com"), "test.news", "n:1", {})
    with pytest.raises(services.CannotSendAgain):
        services.send_again(messages()[0])


def test_an_unknown_notice_is_decided_by_a_person(make_customer: Callable[..., Any], smtp: Any, handler: Any,
                                                  account: Any) -> None:
    account(smtp())
    handler.data = ["drop"]
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    assert messages()[0].state == "unknown" and messages()[0].sent_at is not None
    services.send_again(messages()[0])
    run()
    assert messages()[0].state == "sent" and [one.state for one in queries.attempts_of(messages()[0].id)] == ["unknown"]


@pytest.mark.parametrize("address", ["josé@example.com", "ana@exámple.com"])
def test_an_address_that_no_server_takes_fails_alone(make_customer: Callable[..., Any], smtp: Any, account: Any,
                                                     address: str) -> None:
    account(smtp())
    notify_many([Notice(make_customer(address).id, "test.bill", "m:1", {}),
                 Notice(make_customer("good@example.com").id, "test.bill", "m:1", {})])
    run()
    assert [row.state for row in messages()] == ["failed", "sent"] and messages()[0].answer


# --- in a process of its own -----------------------------------------------------------------------------

PREPARE = """
    import sqlalchemy as sa
    from core import companies, scope
    from modules.crm import services
    from modules.notifications.models import MailAccount
    from modules.notifications.ports import kind
    company = companies.create_company("AR", "Rio", "30990000103", code="rio", tax_condition="RI")
    db.session.commit()
    with scope.company_scope(company):
        kind("test.kill", "Kill", {{}}, subject={{"es": "Hola"}}, body={{"es": "Hola"}})
        from modules.notifications.services import notify
        db.session.add(MailAccount(host="127.0.0.1", port={port}, security="none", sender_address="a@rio.example"))
        for n in range(3):
            notify(services.create_customer(name=f"C {{n}}", emails=f"c{{n}}@example.com"), "test.kill", "m:1")
        db.session.commit()
"""
WORK = """
    import datetime as dt
    from core import clock, jobs
    jobs.release_orphans()
    with clock.freeze(clock.now() + dt.timedelta(seconds=5)):
        print(jobs.run_jobs())
"""
STATES = """
    import sqlalchemy as sa
    from core.scope import every_company
    from modules.notifications.models import Message
    with every_company():
        print(*db.session.scalars(sa.select(Message.state).order_by(Message.id)))
"""


@pytest.mark.slow
def test_killed_between_the_servers_word_and_its_own_it_never_sends_twice(installation: Any, smtp: Any,
                                                                          handler: Any) -> None:
    installation.init()
    port, arrived, running = smtp(), threading.Event(), []
    installation.python(PREPARE.format(port=port))
    real = handler.handle_DATA

    async def taken(server: Any, session: Any, envelope: Any) -> str:
        answer = await real(server, session, envelope)
        if not arrived.is_set():
            arrived.set()
            os.kill(running[0].pid, signal.SIGKILL)
        return str(answer)

    handler.handle_DATA = taken
    running.append(installation.start_python(WORK))
    running[0].wait(60)
    assert arrived.is_set() and len(handler.received) == 1
    assert installation.python(STATES).split()[1:] == ["queued", "queued"]
    installation.python(WORK)
    eventually(lambda: len(handler.received) == 3)
    assert installation.python(STATES) == "unknown sent sent"
    assert sorted(one["To"] for one in handler.received) == [f"C {n} <c{n}@example.com>" for n in range(3)]
