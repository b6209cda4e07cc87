"""The screens: outbox, message, mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import storage
from core.db import db
from core.models import Company
from modules.notifications.models import MailAccount, Message
from modules.notifications.services import notify

VIEW, SEND = "notifications.view_messages", "notifications.send_messages"
SERVER = "notifications.edit_mail_account"


@pytest.fixture
def sent(make_customer: Callable[..., Any], run_jobs: Callable[[], int]) -> Message:
    """A message that went out, with a PDF."""
    file = storage.store(b"%PDF-1.7 x", "Factura Ñ.pdf", "application/pdf")
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {"amount": "$ 10"}, attachments=[file.id])
    db.session.commit()
    run_jobs()
    return db.session.scalars(sa.select(Message)).one()


@pytest.mark.parametrize("path", ["/notices/", "/notices/1", "/notices/texts", "/notices/texts/test.bill",
                                  "/notices/server"])
def test_every_page_needs_its_permission(login: Any, path: str) -> None:
    assert login("crm.view_customers").get(path).status_code == 403


@pytest.mark.parametrize(("query", "found"), [("", True), ("group=sent", True), ("group=waiting", False),
                                              ("q=nandu", True), ("q=nadie", False), ("q=ANA@example.com", True),
                                              ("kind=test.news", False)])
def test_the_outbox_is_filtered(login: Any, sent: Message, query: str, found: bool) -> None:
    page = login(VIEW).get("/notices/?" + query)
    assert page.status_code == 200
    assert (f"/notices/{sent.id}" in page.get_data(as_text=True)) is found


def test_a_message_shows_text_answer_and_attachment(login: Any, sent: Message) -> None:
    browser = login(VIEW)
    page = browser.get(f"/notices/{sent.id}").get_data(as_text=True)
    assert "Factura Ñ.pdf" in page and sent.answer in page
    shown = browser.get(f"/notices/{sent.id}/html")
    assert "Debe $ 10" in shown.get_data(as_text=True)
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert browser.get(f"/notices/{sent.id}/files/{sent.attachments[0]}").data == b"%PDF-1.7 x"
    assert browser.get(f"/notices/{sent.id}/files/{sent.attachments[0] + 1}").status_code == 404


def test_sending_again_queues_the_message(login: Any, sent: Message) -> None:
    assert login(VIEW, SEND).post(f"/notices/{sent.id}/again").status_code == 302
    db.session.expire_all()
    assert sent.state == "queued"


def test_correcting_the_address_needs_a_good_one(login: Any, make_customer: Callable[..., Any]) -> None:
    notify(make_customer(), "test.bill", "invoice:1", {})
    db.session.commit()
    row = db.session.scalars(sa.select(Message)).one()
    browser = login(VIEW, SEND)
    assert browser.post(f"/notices/{row.id}/address", data={"address": "nonsense"}).status_code == 422
    assert browser.post(f"/notices/{row.id}/address", data={"address": "ana@example.com"}).status_code == 302
    db.session.expire_all()
    assert (row.state, row.address) == ("queued", "ana@example.com")


def test_the_mail_server_is_kept_tested_and_its_password_never_shown(login: Any, company: Company, smtp: Any,
                                                                    handler: Any) -> None:
    browser = login(SERVER)
    data = {"host": "localhost", "port": smtp(), "security": "none", "user": "", "password": "",
            "sender_address": "cobros@rcw.example", "per_minute": "0", "active": "y"}
    assert browser.post("/notices/server", data={**data, "action": "test"}).status_code == 302
    assert len(handler.received) == 1
    browser.post("/notices/server", data={**data, "user": "rcw", "password": "geheim77"})
    browser.post("/notices/server", data={**data, "user": "rcw", "password": ""})
    db.session.expire_all()
    assert db.session.scalars(sa.select(MailAccount)).one().password == "geheim77"
    assert "geheim77" not in browser.get("/notices/server").get_data(as_text=True)
    stored = db.session.execute(sa.text("SELECT password FROM notifications_mail_account")).scalar_one()
    assert "geheim77" not in stored


def test_a_server_that_does_not_answer_is_said_on_screen(login: Any, company: Company) -> None:
    browser = login(SERVER)
    data = {"host": "localhost", "port": 1, "security": "none", "sender_address": "cobros@rcw.example",
            "per_minute": "0", "active": "y", "action": "test"}
    page = browser.post("/notices/server", data=data, follow_redirects=True).get_data(as_text=True)
    assert "localhost" in page and db.session.scalars(sa.select(MailAccount)).one().port == 1


def test_the_last_notice_is_one_step_from_being_sent_again(login: Any, sent: Message) -> None:
    address = f'href="/notices/{sent.id}"'
    page = login(VIEW, "notifications.send_messages", "crm.view_customers").get(f"/customers/{sent.customer_id}").text
    assert address in page.split('class="summary"')[0]
    assert address not in login(VIEW, "crm.view_customers").get(
        f"/customers/{sent.customer_id}").text.split('class="summary"')[0]


def test_what_a_customer_was_sent_stands_on_his_page(login: Any, sent: Message) -> None:
    browser = login(VIEW, "crm.view_customers")
    page = browser.get(f"/customers/{sent.customer_id}?tab=notices").get_data(as_text=True)
    assert "Su factura: $ 10" in page and f"/notices/?customer={sent.customer_id}" in page
    assert "ana@example.com" in browser.get(f"/notices/?customer={sent.customer_id}").get_data(as_text=True)
