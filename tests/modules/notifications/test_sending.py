"""Sending: TLS and login, one connection, 4xx later, 5xx a bounce, lost answers known as such, limits kept."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, jobs, storage
from core.db import db
from core.models import Company, Job
from modules.notifications import services
from modules.notifications.models import MailAccount, Message, Suppression
from modules.notifications.services import Notice, notify, notify_many


def messages() -> list[Message]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Message).order_by(Message.id)))


def run() -> None:
    db.session.commit()
    jobs.run_jobs()


def later(minutes: float) -> Any:
    return clock.freeze(clock.now() + dt.timedelta(minutes=minutes))


def test_without_a_server_messages_become_files_that_open(make_customer: Callable[..., Any], instance: Path) -> None:
    import email
    from email.policy import default

    file = storage.store(b"%PDF-1.7 x", "Factura Ñ.pdf", "application/pdf")
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {"amount": "$ 10", "url": "https://p.example/1"},
           attachments=[file.id])
    run()
    (row,) = messages()
    assert row.state == "sent" and row.answer == f"notice-{row.id:010d}.eml"
    found = email.message_from_bytes((instance / "outbox" / row.answer).read_bytes(), policy=default)
    assert found["To"] == "María Ñandú <ana@example.com>" and found["Subject"] == "Su factura: $ 10"
    (attachment,) = list(found.iter_attachments())  # type: ignore[attr-defined]
    assert attachment.get_filename() == "Factura Ñ.pdf" and attachment.get_content() == b"%PDF-1.7 x"
    assert found["List-Unsubscribe"] is None


def test_starttls_and_login_are_used_and_the_batch_shares_a_connection(
        make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any, certificate: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    monkeypatch.setattr("core.mail.ssl.create_default_context", lambda *args, **kwargs: trusted)
    account(smtp(tls=True, auth=True), security="starttls", user="rcw", password="secret", sender_name="Cobranzas",
            reply_to="responder@rcw.example")
    notify_many([Notice(make_customer(f"c{number}@example.com").id, "test.bill", "m:1", {}) for number in range(3)])
    run()
    assert [row.state for row in messages()] == ["sent"] * 3
    assert messages()[0].answer == "250 2.0.0 Ok: queued as 4711"
    assert handler.encrypted == [True] * 3 and handler.users == [b"rcw"] * 3 and len(handler.sessions) == 1
    assert handler.received[0]["From"] == "Cobranzas <cobros@rcw.example>"
    assert handler.received[0]["Reply-To"] == "responder@rcw.example"


def test_a_wrong_password_keeps_the_messages_and_says_so(make_customer: Callable[..., Any], smtp: Any,
                                                        account: Any) -> None:
    account(smtp(auth=True), user="rcw", password="wrong")
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    (row,) = messages()
    assert row.state == "queued" and row.attempts == 0 and "535" in row.answer
    assert "535" in db.session.scalars(sa.select(MailAccount.problem)).one()
    job = db.session.scalars(sa.select(Job).where(Job.function == services.SEND)).one()
    assert job.state == "pending" and job.run_at > clock.now() + dt.timedelta(minutes=10)


def test_a_server_that_is_down_loses_nothing_and_sends_when_it_is_back(
        make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any) -> None:
    row = account(1)
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    assert messages()[0].state == "queued" and messages()[0].answer
    row = db.session.get(MailAccount, row.id)
    row.port = smtp()
    with later(20):
        run()
    assert messages()[0].state == "sent" and len(handler.received) == 1


def test_a_temporary_refusal_is_tried_again_later(make_customer: Callable[..., Any], smtp: Any, handler: Any,
                                                 account: Any) -> None:
    account(smtp())
    handler.data = ["451 4.7.1 Greylisted, come back later"]
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    (row,) = messages()
    assert row.state == "queued" and row.attempts == 1 and row.answer.startswith("451")
    run()
    assert handler.received == []
    with later(2):
        run()
    (row,) = messages()
    assert row.state == "sent" and row.attempts == 2 and len(handler.received) == 1


def test_a_refusal_that_stays_temporary_is_given_up(make_customer: Callable[..., Any], smtp: Any, handler: Any,
                                                   account: Any) -> None:
    account(smtp())
    handler.rcpt["ana@example.com"] = "450 4.2.0 Mailbox busy"
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    for _number in range(8):
        with later(60 * 24 * 30 * (_number + 1)):
            run()
    (row,) = messages()
    assert (row.state, row.attempts) == ("failed", 8)
    assert db.session.scalars(sa.select(Suppression)).all() == []


@pytest.mark.parametrize(("answer", "state", "remembered"), [
    ("550 5.1.1 No such user here", "bounced", True),
    ("550 No such user here", "bounced", True),
    ("550 5.7.1 Message rejected as spam", "failed", False),
    ("552 5.3.4 Message too big", "failed", False),
    ("554 5.7.1 Relay access denied", "failed", False),
])
def test_a_final_refusal_blames_the_address_only_where_it_is_the_address(
        make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any, answer: str, state: str,
        remembered: bool) -> None:
    account(smtp())
    handler.rcpt["ana@example.com"] = answer
    notify_many([Notice(make_customer("ana@example.com").id, "test.bill", "m:1", {}),
                 Notice(make_customer("good@example.com").id, "test.bill", "m:1", {})])
    run()
    assert [row.state for row in messages()] == [state, "sent"]
    assert messages()[0].answer == answer
    found = db.session.scalars(sa.select(Suppression)).all()
    assert [(row.address, row.reason) for row in found] == ([("ana@example.com", "bounced")] if remembered else [])


@pytest.mark.parametrize("answer", ["550 Content refused", "554 5.7.1 Spam", "550 5.1.1 said too late"])
def test_a_text_that_is_refused_does_not_blame_the_address(make_customer: Callable[..., Any], smtp: Any, handler: Any,
                                                         account: Any, answer: str) -> None:
    account(smtp())
    handler.data = [answer]
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    assert messages()[0].state == "failed" and messages()[0].answer == answer
    assert db.session.scalars(sa.select(Suppression)).all() == []


def test_a_connection_lost_after_the_text_is_unknown_and_not_sent_again(
        make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any) -> None:
    account(smtp())
    handler.data = ["drop"]
    notify_many([Notice(make_customer(f"c{number}@example.com").id, "test.bill", "m:1", {}) for number in range(2)])
    run()
    assert [row.state for row in messages()] == ["unknown", "sent"]
    with later(60 * 24):
        run()
    assert len(handler.received) == 2


def test_a_killed_worker_leaves_an_unknown_message_with_smtp(make_customer: Callable[..., Any], smtp: Any,
                                                            handler: Any, account: Any) -> None:
    account(smtp())
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    db.session.execute(sa.update(Message).values(state="sending"))
    run()
    assert messages()[0].state == "unknown" and handler.received == []


def test_a_killed_worker_leaves_nothing_undone_with_the_file_outbox(make_customer: Callable[..., Any],
                                                                   instance: Path) -> None:
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    db.session.execute(sa.update(Message).values(state="sending"))
    run()
    assert messages()[0].state == "sent"
    assert (instance / "outbox" / messages()[0].answer).exists()


def test_the_limit_per_minute_is_kept(make_customer: Callable[..., Any], smtp: Any, handler: Any, account: Any) -> None:
    account(smtp(), per_minute=2)
    notify_many([Notice(make_customer(f"c{number}@example.com").id, "test.bill", "m:1", {}) for number in range(5)])
    run()
    assert len(handler.received) == 2
    with later(1.1):
        run()
        assert len(handler.received) == 4
    with later(2.3):
        run()
    assert len(handler.received) == 5


def test_news_carry_a_link_to_unsubscribe_that_works(make_customer: Callable[..., Any], smtp: Any, handler: Any,
                                                    account: Any, client: Any) -> None:
    account(smtp())
    notify(make_customer("ana@example.com"), "test.news", "n:1", {})
    run()
    link = handler.received[0]["List-Unsubscribe"].strip("<>")
    path = "/unsubscribe/" + link.rpartition("/")[2]
    assert client.get(path).status_code == 200
    assert db.session.scalars(sa.select(Suppression)).all() == []
    assert client.post(path).status_code == 200
    row = db.session.scalars(sa.select(Suppression)).one()
    assert (row.address, row.reason) == ("ana@example.com", "unsubscribed")
    assert client.post(path[:-3] + "abc").status_code == 404


def test_correcting_a_bounced_address_sends_to_the_new_one(make_customer: Callable[..., Any], smtp: Any, handler: Any,
                                                         account: Any) -> None:
    account(smtp())
    handler.rcpt["maria@exmaple.com"] = "550 5.1.1 Unknown"
    customer = make_customer("maria@exmaple.com")
    notify(customer, "test.bill", "invoice:1", {})
    run()
    with pytest.raises(services.CannotSendAgain):
        services.send_again(messages()[0])
    services.correct_address(messages()[0], " Maria@Example.com ")
    run()
    assert messages()[0].state == "sent" and handler.received[0]["To"] == "María Ñandú <maria@example.com>"
    assert [email.address for email in customer.emails] == ["maria@example.com"]


def test_a_missing_attachment_fails_its_message_alone(make_customer: Callable[..., Any], instance: Path,
                                                     company: Company) -> None:
    file = storage.store(b"gone", "a.pdf", "application/pdf")
    (instance / "files" / file.sha256[:2] / file.sha256).unlink()
    notify_many([Notice(make_customer("a@example.com").id, "test.bill", "m:1", {}, [file.id]),
                 Notice(make_customer("b@example.com").id, "test.bill", "m:1", {})])
    run()
    assert [row.state for row in messages()] == ["failed", "sent"]


def test_a_full_disk_keeps_the_messages_waiting(make_customer: Callable[..., Any],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modules.notifications.channels.email.os.fsync", full)
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    run()
    assert messages()[0].state == "queued" and "No space left" in messages()[0].answer
    monkeypatch.undo()
    with later(30):
        run()
    assert messages()[0].state == "sent"
