"""The screens of the texts: written with placeholders, looked at, tried, kept as revisions."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.models import AuditRecord, Company
from modules.notifications import queries, services
from modules.notifications.models import Message, Template
from modules.notifications.ports import kinds

TEXTS, PATH = "notifications.edit_templates", "/notices/texts/test.bill"


@pytest.fixture
def browser(login: Callable[..., FlaskClient], company: Company) -> FlaskClient:
    return login(TEXTS)


def given(**values: Any) -> dict[str, Any]:
    return {"base": "0", "subject": "Debe {{ amount }}", "body": "Hola {{ customer_name }}", "enabled": "y",
            "test_address": "yo@example.com", "action": "keep", **values}


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))))


def kept() -> list[tuple[int, str]]:
    return [(row.revision, row.subject) for row in db.session.scalars(sa.select(Template).order_by(Template.id))]


# --- looking ---------------------------------------------------------------------------------------------


def test_the_preview_is_the_mail_as_it_would_be_sent(browser: FlaskClient) -> None:
    body = "Hola {{ customer_name }}\n\nhttps://pagar.example/1\n\n<script>alert(1)</script>"
    response = browser.post(PATH + "/preview", data=given(body=body))
    page = response.get_data(as_text=True)
    assert response.status_code == 200 and "sandbox" in response.headers["Content-Security-Policy"]
    assert "Debe $ 100" in page and "Hola María Ñandú" in page and 'href="https://pagar.example/1"' in page
    assert "&lt;script&gt;" in page and "<script>" not in page
    assert kept() == [] and db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 0


def test_a_text_that_cannot_be_read_is_said_in_the_place_of_the_preview(browser: FlaskClient) -> None:
    response = browser.post(PATH + "/preview", data=given(body="Hola\n{{ custmer_name }}"))
    assert response.status_code == 422
    assert "Línea 2: no existe {{ custmer_name }}. ¿Quiso decir {{ customer_name }}?" in text(response)
    assert "<script" not in response.get_data(as_text=True)


def test_every_placeholder_is_listed_with_an_example(browser: FlaskClient) -> None:
    page = text(browser.get(PATH))
    for wanted in ("{{ amount }} How much $ 100", "{{ customer_name }} Nombre del cliente María Ñandú",
                   "{{ company_email }} Correo de la empresa cobros@rcw.example"):
        assert wanted in page


def test_every_kind_of_the_product_has_an_example_of_each_of_its_placeholders(app: Any) -> None:
    lacking = {code: sorted(set(kind.placeholders) - set(kind.sample)) for code, kind in kinds.items()
               if not code.startswith("test.") and set(kind.placeholders) - set(kind.sample)}
    assert lacking == {}


# --- keeping ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "said"), [
    ({"body": "{{ amuont }}"}, "¿Quiso decir {{ amount }}?"), ({"subject": "{{ xyzzy }}"}, "Elija uno de la lista"),
    ({"body": "{% if amount %}x{% else %}{{ amuont }}{% endif %}"}, "¿Quiso decir {{ amount }}?"),
    ({"body": "{{ range }}"}, "no existe {{ range }}"), ({"body": "{{ amount"}, "Para guardar este texto"),
    ({"body": "{% for x in amount %}{% endfor %}"}, "Para guardar este texto"), ({"subject": " "}, "asunto")])
def test_a_wrong_text_is_refused_beside_its_field(browser: FlaskClient, values: dict[str, Any], said: str) -> None:
    response = browser.post(PATH, data=given(**values))
    field = next(iter(values))
    assert response.status_code == 422 and said in text(response)
    assert f'id="{field}-error"' in response.get_data(as_text=True)
    assert values[field].strip() in html.unescape(response.get_data(as_text=True))
    assert kept() == []


def test_keeping_makes_a_revision_that_says_who_and_is_on_record(browser: FlaskClient) -> None:
    assert browser.post(PATH, data=given()).status_code == 302
    assert browser.post(PATH, data=given()).status_code == 302  # the same again is no revision
    assert kept() == [(1, "Debe {{ amount }}")]
    trace = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "notifications.edit_template")).one()
    assert trace.changes == {"kind": "test.bill", "language": "es", "channel": "email", "revision": 1,
                             "standard": False, "enabled": True}
    page = text(browser.get(PATH))
    assert "1 en uso Debe {{ amount }}" in page and "Ana" in page


def test_what_somebody_else_kept_meanwhile_is_not_lost_unseen(browser: FlaskClient) -> None:
    services.save_template("test.bill", "es", "email", "Ajeno", "Texto ajeno")
    db.session.commit()
    refused = browser.post(PATH, data=given(body="Texto mío"))
    assert refused.status_code == 422 and "Texto mío" in text(refused) and "revisión 1" in text(refused)
    base = re.search(r'name="base"[^>]*value="(\d+)"', refused.get_data(as_text=True))
    assert base and base[1] == "1"
    assert browser.post(PATH, data=given(body="Texto mío", base=base[1])).status_code == 302
    assert kept() == [(1, "Ajeno"), (2, "Debe {{ amount }}")]


def test_the_standard_text_comes_back_and_a_revision_is_used_again(browser: FlaskClient) -> None:
    browser.post(PATH, data=given())
    browser.post(PATH, data=given(action="standard", subject="", body=""))
    assert services.own_templates("email", ["test.bill"]) == {}
    assert "Su factura: {{ amount }}" in browser.get(PATH).get_data(as_text=True)
    assert "Debe {{ amount }}" in browser.get(PATH + "?revision=1").get_data(as_text=True)
    assert browser.post(PATH + "/1/again").status_code == 302
    assert kept() == [(1, "Debe {{ amount }}"), (2, ""), (3, "Debe {{ amount }}")]
    assert browser.post(PATH + "/2/again").status_code == 302
    assert services.own_templates("email", ["test.bill"]) == {}
    assert browser.get(PATH + "?revision=9").status_code == browser.post(PATH + "/9/again").status_code == 404


def test_a_kind_that_is_switched_off_stays_so_with_the_standard_text(browser: FlaskClient) -> None:
    browser.post(PATH, data=given(enabled=""))
    assert services.switched_off("email", ["test.bill"]) == {"test.bill"}
    browser.post(PATH, data=given(action="standard"))
    assert services.switched_off("email", ["test.bill"]) == {"test.bill"}


def test_texts_are_kept_per_language(browser: FlaskClient) -> None:
    browser.post(PATH + "?language=en", data=given(subject="Bill", body="Hi"))
    row = db.session.scalars(sa.select(Template)).one()
    assert (row.language, row.subject) == ("en", "Bill")
    assert "Bill" in browser.get("/notices/texts?language=en").get_data(as_text=True)
    assert "Su factura" in browser.get("/notices/texts?language=es").get_data(as_text=True)
    assert "Su factura" in browser.get(PATH + "?language=xx").get_data(as_text=True)
    assert 'language=pt' in browser.get(PATH).get_data(as_text=True)


# --- trying ----------------------------------------------------------------------------------------------


def letters(instance: Path) -> list[Any]:
    return [message_from_bytes(path.read_bytes(), policy=default)  # type: ignore[arg-type]
            for path in sorted((instance / "outbox").glob("notice-*.eml"))]


@pytest.fixture
def outbox(instance: Path) -> Path:
    for path in (instance / "outbox").glob("notice-*.eml"):
        path.unlink()
    return instance


def test_a_test_goes_to_an_address_marked_and_on_record_without_being_kept(browser: FlaskClient, outbox: Path,
                                                                           frozen: Any) -> None:
    frozen(2026, 11, 3, 15)
    response = browser.post(PATH, data=given(action="test", body="Texto sin guardar"))
    assert response.status_code == 200 and "yo@example.com" in text(response) and "Texto sin guardar" in text(response)
    frozen(2026, 11, 3, 16)
    browser.post(PATH, data=given(action="test"))
    first, second = letters(outbox)
    assert (first["To"], first["Subject"]) == ("yo@example.com", "Prueba: Debe $ 100")
    body = first.get_body(("plain",)).get_content()
    assert "Esta es una prueba" in body and "Texto sin guardar" in body
    assert first["Message-ID"] != second["Message-ID"]
    assert kept() == []
    trace = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == services.TEST)).first()
    assert trace and trace.changes == {"kind": "test.bill", "channel": "email", "address": "yo@example.com"}


def test_a_test_stands_in_the_outbox_marked_and_counts_nowhere(browser: FlaskClient, outbox: Path,
                                                               login: Callable[..., FlaskClient]) -> None:
    before = queries.counts_by_group()
    browser.post(PATH, data=given(action="test", body="Texto sin guardar"))
    row = db.session.scalars(sa.select(Message)).one()
    assert (row.state, row.address, row.subject) == ("sent", "yo@example.com", "Prueba: Debe $ 100")
    assert row.is_test and row.customer_id is None and "Texto sin guardar" in row.body
    assert queries.counts_by_group() == before
    reader = login("notifications.view_messages", "notifications.send_messages")
    for address in ("/notices/", "/notices/?group=test"):
        assert "Prueba: Debe" in text(reader.get(address))
    assert "Prueba: Debe" not in text(reader.get("/notices/?group=sent"))
    page = text(reader.get(f"/notices/{row.id}"))
    assert "Texto sin guardar" in text(reader.get(f"/notices/{row.id}/html")) and "yo@example.com" in page
    assert f"/notices/{row.id}/again" not in page and f"/notices/{row.id}/address" not in page
    refused = reader.post(f"/notices/{row.id}/again", headers={"Referer": f"http://localhost/notices/{row.id}"},
                          follow_redirects=True)
    assert "prueba" in text(refused) and row.sendings == 1


@pytest.mark.parametrize(("values", "field"), [({"test_address": "nobody"}, "test_address"),
                                               ({"test_address": "a@b.example, c@d.example"}, "test_address"),
                                               ({"body": "{{ amuont }}"}, "body")])
def test_what_cannot_be_sent_is_refused_beside_its_field(browser: FlaskClient, outbox: Path, values: dict[str, Any],
                                                         field: str) -> None:
    response = browser.post(PATH, data=given(action="test", **values))
    assert response.status_code == 422 and f'id="{field}-error"' in response.get_data(as_text=True)
    assert letters(outbox) == []


def test_tests_are_limited_by_the_hour_and_nothing_typed_is_lost(browser: FlaskClient, outbox: Path,
                                                                 frozen: Any) -> None:
    frozen(2026, 11, 3, 15)
    answers = [browser.post(PATH, data=given(action="test")).status_code for _time in range(services.TESTS_PER_HOUR)]
    refused = browser.post(PATH, data=given(action="test", body="Queda"))
    assert set(answers) == {200} and refused.status_code == 422
    assert "Queda" in text(refused) and "10 en una hora" in text(refused)
    frozen(2026, 11, 3, 16, 1)
    assert browser.post(PATH, data=given(action="test")).status_code == 200


def test_a_server_that_is_away_is_said_beside_the_address(browser: FlaskClient, account: Callable[..., Any]) -> None:
    account(1)
    response = browser.post(PATH, data=given(action="test", body="Queda"))
    assert response.status_code == 422 and "Queda" in text(response)
    assert 'id="test_address-error"' in response.get_data(as_text=True) and "localhost" in text(response)
    row = db.session.scalars(sa.select(Message)).one()  # what did not leave is told too, and tried no more
    assert (row.state, row.is_test) == ("failed", True) and "localhost" in row.answer
    assert not queries.counts_by_group()["problem"]


@pytest.mark.parametrize(("method", "path"), [("get", PATH), ("post", PATH), ("post", PATH + "/preview"),
                                              ("post", PATH + "/1/again")])
def test_it_needs_its_permission(login: Callable[..., FlaskClient], method: str, path: str) -> None:
    assert getattr(login("notifications.view_messages"), method)(path).status_code == 403
