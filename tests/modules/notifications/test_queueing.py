"""Queueing: once per subject and channel, in the customer's language, never to who is not to be written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import storage
from core.db import db
from core.models import Company, Job
from core.scope import company_scope
from modules.crm import services as crm
from modules.notifications import services, texts
from modules.notifications.models import Message
from modules.notifications.ports import kinds
from modules.notifications.services import Notice, notify, notify_many


def only() -> Message:
    db.session.expire_all()
    return db.session.scalars(sa.select(Message)).one()


def test_the_same_notice_is_queued_once(make_customer: Callable[..., Any]) -> None:
    customer = make_customer("ana@example.com")
    assert notify(customer, "test.bill", "invoice:1", {"amount": "$ 10"}) == 1
    assert notify(customer, "test.bill", "invoice:1", {"amount": "$ 99"}) == 0
    assert notify(customer, "test.bill", "invoice:2", {"amount": "$ 20"}) == 1
    subjects = db.session.scalars(sa.select(Message.subject).order_by(Message.id)).all()
    assert subjects == ["Su factura: $ 10", "Su factura: $ 20"]


def test_the_same_notice_twice_in_one_call_is_one(make_customer: Callable[..., Any]) -> None:
    customer = make_customer("ana@example.com")
    assert notify_many([Notice(customer.id, "test.bill", "invoice:1", {})] * 3) == 1


def test_the_customers_language_is_spoken(make_customer: Callable[..., Any]) -> None:
    notify(make_customer("ana@example.com", language="en"), "test.bill", "invoice:1", {"amount": "$ 10"})
    assert only().subject == "Your invoice: $ 10"


def test_a_customer_without_address_leaves_a_row_that_says_so(make_customer: Callable[..., Any],
                                                            run_jobs: Callable[[], int]) -> None:
    notify(make_customer(), "test.bill", "invoice:1", {})
    db.session.commit()
    run_jobs()
    assert only().state == "no_address"


def test_a_contact_is_not_written_to(make_customer: Callable[..., Any]) -> None:
    customer = make_customer()
    crm.add_contact(customer, "Vecina Rosa", emails="rosa@example.com")
    notify(customer, "test.bill", "invoice:1", {})
    assert (only().state, only().address) == ("no_address", "")


def test_a_bounced_address_is_not_written_to(make_customer: Callable[..., Any]) -> None:
    services.suppress("email", "ana@example.com", "bounced", "550 no such user")
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    assert (only().state, only().answer) == ("suppressed", "550 no such user")


@pytest.mark.parametrize(("kind", "state"), [("test.bill", "queued"), ("test.news", "suppressed")])
def test_who_unsubscribed_gets_bills_but_no_news(make_customer: Callable[..., Any], kind: str, state: str) -> None:
    services.suppress("email", "ana@example.com", "unsubscribed")
    notify(make_customer("ana@example.com"), kind, "thing:1", {})
    assert only().state == state


def test_a_kind_that_is_switched_off_is_not_sent(make_customer: Callable[..., Any]) -> None:
    services.save_template("test.news", "es", "email", "Novedades", "Nada.", enabled=False)
    assert notify(make_customer("ana@example.com"), "test.news", "thing:1", {}) == 0


def test_a_kind_is_off_in_every_language_until_it_is_kept_switched_on(make_customer: Callable[..., Any]) -> None:
    services.save_template("test.bill", "es", "email", "Asunto", "Texto", enabled=False)
    assert notify(make_customer("a@example.com", language="en"), "test.bill", "invoice:1", {}) == 0
    services.save_template("test.bill", "en", "email", "Subject", "Text", enabled=True)
    assert notify(make_customer("b@example.com"), "test.bill", "invoice:1", {}) == 1


def test_the_standard_text_comes_back(make_customer: Callable[..., Any]) -> None:
    services.save_template("test.bill", "es", "email", "Propio", "Texto")
    services.restore_standard("test.bill", "es", "email")
    notify(make_customer("a@example.com"), "test.bill", "invoice:1", {"amount": "$ 5"})
    assert (only().subject, only().template_id) == ("Su factura: $ 5", None)
    assert services.save_template("test.bill", "es", "email", "Otro", "Texto").revision == 3


def test_many_notices_cost_a_constant_number_of_statements(make_customer: Callable[..., Any]) -> None:
    def count(customer_ids: list[int]) -> int:
        seen: list[str] = []
        listener = lambda conn, cursor, statement, *rest: seen.append(statement)  # noqa: E731
        sa.event.listen(sa.Engine, "before_cursor_execute", listener)
        notify_many([Notice(one, "test.bill", "m:1", {"amount": "$ 1"}) for one in customer_ids])
        sa.event.remove(sa.Engine, "before_cursor_execute", listener)
        return len([text for text in seen if "SAVEPOINT" not in text])

    first = count([make_customer("a0@example.com").id])
    many = count([make_customer(f"b{number}@example.com").id for number in range(40)])
    assert many <= first


def test_a_batch_becomes_jobs_of_a_hundred(make_customer: Callable[..., Any]) -> None:
    customer = make_customer("ana@example.com")
    notify_many([Notice(customer.id, "test.bill", f"invoice:{number}", {}) for number in range(250)])
    sizes = [len(job.payload["message_ids"]) for job in db.session.scalars(
        sa.select(Job).where(Job.function == services.SEND))]
    assert sorted(sizes) == [50, 100, 100]


def test_the_own_text_is_used_and_messages_keep_the_revision(make_customer: Callable[..., Any]) -> None:
    first = services.save_template("test.bill", "es", "email", "Factura {{ amount }}", "Uno")
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {"amount": "$ 5"})
    second = services.save_template("test.bill", "es", "email", "Nueva {{ amount }}", "Dos")
    assert (only().subject, only().template_id) == ("Factura $ 5", first.id)
    assert (first.revision, second.revision) == (1, 2)


@pytest.mark.parametrize("body", [
    "{{ amount", "{{ unknown_word }}", "{% for x in %}", "", "{{ ''.__class__.__mro__ }}", "{{ amount.__init__ }}",
    "{% set x = 1 // 0 %}{{ x }}",
])
def test_a_bad_text_is_refused_before_it_is_saved(company: Company, body: str) -> None:
    with pytest.raises(texts.BadTemplate):
        services.save_template("test.bill", "es", "email", "Asunto", body)
    assert not services.own_templates("email", ["test.bill"])


def test_a_line_break_in_a_name_does_not_break_the_subject(make_customer: Callable[..., Any]) -> None:
    services.save_template("test.bill", "es", "email", "Para {{ customer_name }}", "Hola")
    notify(make_customer("ana@example.com", name="Ana\nBcc: todos@example.com"), "test.bill", "invoice:1", {})
    assert only().subject == "Para Ana Bcc: todos@example.com"


def test_another_company_does_not_see_the_messages(make_customer: Callable[..., Any], other_company: Company) -> None:
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {})
    db.session.commit()
    with company_scope(other_company):
        assert db.session.scalars(sa.select(Message)).all() == []


def test_the_html_has_a_button_and_escapes_names() -> None:
    html = texts.as_html("Hola <b>:\n\nhttps://pagar.example/x?y=1\n\nver https://rcw.example hoy", "#112233")
    assert "&lt;b&gt;" in html and "background:#112233" in html
    assert '<a href="https://rcw.example">https://rcw.example</a> hoy' in html


def test_kinds_of_all_modules_have_valid_spanish_texts(app: Any) -> None:
    for _code, kind in kinds.items():
        texts.check(kind, kind.subject["es"], kind.body["es"])


def test_attachments_are_stored_files(make_customer: Callable[..., Any]) -> None:
    file = storage.store(b"%PDF-1.7", "factura.pdf", "application/pdf")
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {}, attachments=[file.id])
    assert only().attachments == [file.id]
