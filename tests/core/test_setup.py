"""The guided set-up: where a fresh installation begins, what each step knows, and what guards production."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app
from flask.testing import FlaskClient

from core import clock, outside, setup
from core.companies import COUNTRIES
from core.db import db
from core.errors import DomainError
from core.models import AuditRecord, Company, User
from core.security import hash_password
from core.setup import Step
from modules.notifications.channels.email import EmailChannel, FileSender, SmtpSender
from modules.notifications.models import ChannelState, MailAccount

# a number that the country's own check digits accept, with the condition of an ordinary company
ISSUERS = {"AR": ("30-99000010-3", "RI"), "EC": ("1790016919001", "GENERAL"), "CO": ("900373913-4", "48"),
           "MX": ("ABC010101AB9", "601"), "PE": ("20131312955", "GENERAL")}
Login = Callable[..., FlaskClient]


@pytest.fixture
def fresh(app: Flask, client: FlaskClient) -> FlaskClient:
    """One administrator, logged in, and no company."""
    db.session.add(User(email="a@example.com", name="Ana", is_admin=True, locale="es",
                        password_hash=hash_password("correct horse")))
    db.session.commit()
    client.post("/login", data={"email": "a@example.com", "password": "correct horse"})
    return client


def test_without_a_company_the_administrator_begins_with_its_country(fresh: FlaskClient) -> None:
    page = fresh.get("/", follow_redirects=True)
    assert 'href="/customers/"' not in page.text and 'href="/setup"' in page.text  # what needs a company is not offered
    assert page.request.path == "/setup/company"
    assert [code for code in COUNTRIES if f"?country={code}" in page.text] == list(COUNTRIES)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_company_of_each_country_is_made_on_screen(fresh: FlaskClient, country: str) -> None:
    number, condition = ISSUERS[country]
    page = fresh.get(f"/setup/company?country={country}").text
    assert f'value="{condition}"' in page
    answer = fresh.post(f"/setup/company?country={country}", data={
        "name": "Fibra Ñandú S.A.", "tax_id": number, "tax_condition": condition, "city": "La Paz"})
    assert answer.status_code == 302, answer.text
    made = db.session.scalars(sa.select(Company)).one()
    assert (made.country, made.currency, made.environment, made.city) == (
        country, COUNTRIES[country][0], "rehearsal", "La Paz")
    shown = fresh.get(answer.location).text
    assert "Fibra Ñandú S.A." in shown and 'aria-current="step"' in shown


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(fresh: FlaskClient) -> None:
    wrong = fresh.post("/setup/company?country=AR", data={"name": "Fibra S.A.", "tax_id": "30-99000010-9",
                                                          "tax_condition": "RI"})
    assert wrong.status_code == 422 and 'value="30-99000010-9"' in wrong.text and "Fibra S.A." in wrong.text
    without = fresh.post("/setup/company?country=AR", data={"name": "Fibra S.A.", "tax_id": "30-99000010-3"})
    assert without.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Company)) == 0


def test_only_an_administrator_makes_companies(login: Login) -> None:
    browser = login("core.edit_company")
    assert browser.get("/setup/company").status_code == 403
    assert browser.post("/setup/company?country=AR", data={"name": "X"}).status_code == 403


def test_a_person_without_company_is_not_led_in_circles(app: Flask, client: FlaskClient) -> None:
    db.session.add(User(email="b@example.com", name="Beto", password_hash=hash_password("correct horse")))
    db.session.commit()
    client.post("/login", data={"email": "b@example.com", "password": "correct horse"})
    assert client.get("/").status_code == 200
    assert client.get("/setup").status_code == 403


def test_each_step_is_looked_up_and_the_next_one_is_shown(login: Login, company: Company) -> None:
    browser = login(admin=True)
    page = browser.get("/setup").text
    assert page.count('class="is-done') == 1  # the company's own data came with the fixture
    assert "/einvoice/enable?step=data" in page
    company.street = ""
    db.session.commit()
    assert 'href="/company"' in browser.get("/setup").text
    assert "/design" in browser.get("/setup?step=design").text


def test_the_way_back_to_the_set_up_is_shown_until_one_goes_home(login: Login, company: Company) -> None:
    browser = login(admin=True)
    assert "setup-back" not in browser.get("/company").text
    browser.get("/setup")
    assert "setup-back" in browser.get("/company").text
    browser.get("/")
    assert "setup-back" not in browser.get("/company").text


def test_the_next_step_is_one_that_can_be_done() -> None:
    def step(key: str, **values: Any) -> Step:
        return Step(key, key, values.pop("done", False), "", "", "/", **values)

    steps = [step("a", done=True), step("b", needed=False), step("c", waits_for="b"), step("d")]
    assert [setup.next_step(steps).key, setup.next_step(steps, "c").key] == ["d", "c"]  # type: ignore[union-attr]
    assert setup.next_step([*steps[:3]]).key == "b"  # type: ignore[union-attr]
    assert setup.next_step([]) is None


@pytest.mark.parametrize("typed", ["30990000103", "30-99000010-3", " 30.990000103 "])
def test_the_tax_number_confirms_however_it_is_written(company: Company, typed: str) -> None:
    outside.confirm(typed)


@pytest.mark.parametrize("typed", ["", "sí", "30-99000010-4", "3099000010"])
def test_nothing_else_confirms(company: Company, typed: str) -> None:
    with pytest.raises(DomainError) as refused:
        outside.confirm(typed)
    assert refused.value.field == "confirm"


def test_services_say_what_they_do_and_rehearsal_is_on_every_screen(login: Login, company: Company) -> None:
    browser = login(admin=True)
    page = browser.get("/setup/services").text
    assert page.count("badge-warn") == 2 and "/einvoice/enable?step=live" in page and "/notices/server" in page
    assert 'class="banner"' in browser.get("/customers/").text
    company.environment = "production"
    db.session.commit()
    assert 'class="banner"' in browser.get("/customers/").text  # mail still rehearses


def live_services() -> list[str]:
    with current_app.test_request_context(headers={"Accept-Language": "es"}):
        return [str(one.title) for one in outside.standings() if one.live]


def test_mail_goes_to_production_by_one_guarded_step(login: Login, company: Company) -> None:
    browser = login("notifications.edit_mail_account")
    live = {"live": "1"}
    refused = browser.post("/notices/server/live", data={**live, "confirm": "30-1"})
    assert refused.status_code == 422 and 'value="30-1"' in refused.text and "field-error" in refused.text
    assert live_services() == []
    browser.post("/notices/server/live", data={**live, "confirm": "30-99000010-3"})
    assert live_services() == ["Correo a clientes"]
    actions = db.session.scalars(sa.select(AuditRecord.action)).all()
    assert actions.count("notifications.go_live") == 1
    browser.post("/notices/server/live", data={"live": "0"})
    assert live_services() == []


def test_letters_become_files_in_rehearsal_unless_the_server_only_catches_them(company: Company) -> None:
    db.session.add(MailAccount(host="mail.example", port=587, sender_address="cobros@rcw.example"))
    db.session.flush()
    assert isinstance(EmailChannel().sender(), FileSender)
    db.session.add(ChannelState(channel="email", live_since=clock.now()))
    db.session.flush()
    assert isinstance(EmailChannel().sender(), SmtpSender)
    db.session.execute(sa.delete(ChannelState))
    db.session.execute(sa.update(MailAccount).values(host="127.0.0.1", port=1025))
    assert isinstance(EmailChannel().sender(), SmtpSender)
    db.session.execute(sa.update(MailAccount).values(port=25))
    assert isinstance(EmailChannel().sender(), FileSender)


def test_without_the_permission_nothing_goes_to_production(login: Login, company: Company) -> None:
    browser = login("notifications.view_messages")
    assert browser.post("/notices/server/live", data={"live": "1", "confirm": "30990000103"}).status_code == 403
