"""The web frame: one transaction per request, errors as sentences, headers, health."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, OperationalError

from core import scope
from core.db import db
from core.errors import DomainError, NotFound, Unavailable
from core.models import Company, Job
from core.security import access

Login = Callable[..., FlaskClient]


@pytest.fixture
def view(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """`view(function)`: the function answers GET and POST of /company in place of the real page."""

    def put(function: Callable[[], Any], guard: str = access.LOGGED_IN) -> None:
        def answer(**_values: Any) -> Any:
            return function()

        answer.guard = guard  # type: ignore[attr-defined]
        monkeypatch.setitem(app.view_functions, "core.company", answer)

    return put


@pytest.fixture
def with_csrf(app: Flask) -> Iterator[None]:
    before, app.config["WTF_CSRF_ENABLED"] = app.config.get("WTF_CSRF_ENABLED", True), True
    yield
    app.config["WTF_CSRF_ENABLED"] = before


def rename() -> None:
    scope.current_company().trade_name = "Otro nombre"


def name_in_database(company: Company) -> str:
    return db.session.scalars(sa.select(Company.trade_name).where(Company.id == company.id)).one()


# --- one transaction --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "status", "kept"),
    [
        ("post", 200, True),
        ("post", 302, True),
        ("post", 400, False),
        ("post", 422, False),
        ("post", 500, False),
        ("get", 200, False),
    ],
)
def test_only_a_writing_request_that_succeeds_leaves_something(
    login: Login, view: Any, company: Company, method: str, status: int, kept: bool
) -> None:
    browser = login(admin=True)

    def page() -> Any:
        rename()
        db.session.flush()
        return "x", status

    view(page)
    assert getattr(browser, method)("/company").status_code == status
    assert (name_in_database(company) == "Otro nombre") is kept


def test_an_error_in_the_middle_leaves_nothing(login: Login, view: Any, company: Company) -> None:
    browser = login(admin=True)

    def page() -> Any:
        rename()
        db.session.flush()
        raise RuntimeError("secret detail")

    view(page)
    answer = browser.post("/company")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert name_in_database(company) == ""


def test_a_refusal_goes_back_with_its_words_and_leaves_nothing(login: Login, view: Any, company: Company) -> None:
    browser = login(admin=True)

    def page() -> Any:
        rename()
        raise DomainError("To bill you must choose a plan.")

    view(page)
    answer = browser.post("/company", headers={"Referer": "http://localhost/jobs?state=all"})
    assert (answer.status_code, answer.location) == (303, "/jobs?state=all")
    assert "To bill you must choose a plan." in browser.get("/jobs?state=all").text
    assert name_in_database(company) == ""


@pytest.mark.parametrize("referrer", ["http://evil.example/x", "", "//evil.example/", "http://localhost//evil.example"])
def test_a_refusal_never_goes_back_to_another_site(login: Login, view: Any, referrer: str) -> None:
    browser = login(admin=True)

    def page() -> Any:
        raise DomainError("No.")

    view(page)
    answer = browser.post("/company", headers={"Referer": referrer})
    assert answer.status_code == 409 or answer.location == "/"


def test_a_program_gets_409_with_the_code_of_the_refusal(login: Login, view: Any) -> None:
    browser = login(admin=True)

    def page() -> Any:
        raise DomainError("To pay you must …", code="too_much", field="amount")

    view(page)
    answer = browser.post("/company", json={})
    assert answer.status_code == 409
    assert {key: answer.json["error"][key] for key in ("code", "field")} == {"code": "too_much", "field": "amount"}


def test_a_record_that_is_not_there_is_a_page_and_not_a_way_back(login: Login, view: Any) -> None:
    browser = login(admin=True)

    def page() -> Any:
        raise NotFound("This record does not exist.")

    view(page)
    answer = browser.get("/company", headers={"Referer": "http://localhost/company"})
    assert answer.status_code == 404 and "This record does not exist." in answer.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (IntegrityError("INSERT secret", {}, Exception("UNIQUE")), 409),
        (OperationalError("SELECT secret", {}, Exception("database is locked")), 503),
        (Unavailable("The bank does not answer."), 502),
        (KeyError("secret"), 500),
    ],
)
def test_faults_become_sentences_without_insides(login: Login, view: Any, error: Exception, status: int) -> None:
    browser = login(admin=True)

    def page() -> Any:
        raise error

    view(page)
    answer = browser.get("/company")
    assert answer.status_code == status
    assert "secret" not in answer.text and "<h1>" in answer.text


# --- pages of errors ----------------------------------------------------------------------------------------


def test_a_missing_page_says_so_inside_the_frame_to_who_is_logged_in(login: Login) -> None:
    answer = login("core.view_jobs").get("/no-such-page")
    assert answer.status_code == 404
    assert 'class="side"' in answer.text and "/jobs" in answer.text


def test_a_missing_page_shows_strangers_no_menu(client: FlaskClient) -> None:
    answer = client.get("/no-such-page")
    assert answer.status_code == 404 and 'class="side"' not in answer.text


def test_a_missing_permission_is_named(login: Login) -> None:
    answer = login("core.view_audit").get("/jobs")
    assert answer.status_code == 403
    assert re.search("See background jobs|Ver las tareas en segundo plano", answer.text)


def test_a_form_without_its_token_is_refused_in_words(login: Login, with_csrf: None, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = login(admin=True)
    app.config["WTF_CSRF_ENABLED"] = True
    answer = browser.post("/account/profile", data={"name": "Eva", "locale": "es"})
    assert answer.status_code == 400
    assert "<h1>" in answer.text and "csrf" not in answer.text.lower().replace("csrf_token", "")


def test_a_form_with_its_token_is_accepted(login: Login, with_csrf: None, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = login(admin=True)
    app.config["WTF_CSRF_ENABLED"] = True
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/account").text)
    assert found
    answer = browser.post("/account/profile", data={"name": "Eva", "locale": "es", "csrf_token": found[1]})
    assert answer.status_code == 302


# --- headers ------------------------------------------------------------------------------------------------


def policy(answer: Any) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


@pytest.mark.parametrize("path", ["/login", "/", "/admin/", "/no-such-page", "/healthz"])
def test_scripts_run_only_with_the_nonce_of_the_page(login: Login, path: str) -> None:
    rules = policy(login(admin=True).get(path))
    assert "unsafe" not in rules["script-src"] and "'nonce-" in rules["script-src"]
    assert rules["object-src"] == "'none'" and rules["base-uri"] == "'none'"


def test_our_own_pages_allow_no_inline_styles(login: Login) -> None:
    assert policy(login(admin=True).get("/"))["style-src"] == "'self'"


def test_the_nonce_changes_with_every_answer_and_is_the_one_of_the_scripts(login: Login) -> None:
    browser = login(admin=True)
    first, second = browser.get("/"), browser.get("/")
    nonces = [re.search("'nonce-([^']+)'", policy(answer)["script-src"])[1] for answer in (first, second)]  # type: ignore[index]
    assert nonces[0] != nonces[1]
    assert set(re.findall(r'nonce="([^"]+)"', second.text)) == {nonces[1]}


def test_pages_are_kept_out_of_caches_and_frames(login: Login) -> None:
    headers = login(admin=True).get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(("given", "kept"), [("abcdef-123456", True), ("<script>", False), ("x" * 200, False)])
def test_the_request_id_of_the_proxy_is_kept_when_it_is_one(client: FlaskClient, given: str, kept: bool) -> None:
    answered = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (answered == given) is kept and len(answered) >= 8


# --- for machines -----------------------------------------------------------------------------------------------


def test_health_and_readiness_need_no_login(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.schema.is_current", lambda: True)  # it opens a connection of its own
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["status"] == "ready"


def test_not_ready_while_the_schema_is_old(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.schema.is_current", lambda: False)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "abona upgrade" in answer.json["problems"]["database"]


def test_metrics_count_requests_and_jobs(client: FlaskClient, app: Flask) -> None:
    db.session.add(Job(function="x", state="failed"))
    db.session.commit()
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'abona_jobs{state="failed"} 1.0' in text
    assert "abona_database_up 1.0" in text
    assert re.search(r'abona_requests_total\{endpoint="core.healthz",method="GET",status="200"\} [1-9]', text)


def test_metrics_are_not_for_the_internet(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "8.8.8.8"}).status_code == 403


def test_a_form_is_good_only_for_the_company_in_which_it_was_opened(
        login: Login, with_csrf: None, app: Flask, company: Company, other_company: Company) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = login(admin=True)
    app.config["WTF_CSRF_ENABLED"] = True

    def token() -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/account").text)
        assert found is not None
        return found[1]

    def choose(chosen: Company) -> None:
        answer = browser.post("/company/choose", data={"company": chosen.id, "csrf_token": token()})
        assert answer.status_code == 302

    def save(name: str, form: str) -> int:
        return browser.post("/account/profile", data={"name": name, "locale": "es", "csrf_token": form}).status_code

    choose(company)
    form_of_one_tab = token()
    choose(other_company)  # in another tab
    assert save("Eva", form_of_one_tab) == 400
    assert save("Eva", token()) == 302
    choose(company)
    assert save("Eva", form_of_one_tab) == 302
