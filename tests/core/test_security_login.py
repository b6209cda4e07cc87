"""Entering: passwords, the lock after wrong ones, sessions that can be revoked, the forgotten password."""

from __future__ import annotations

import datetime as dt
import email
import re
from collections.abc import Callable
from email import policy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import clock
from core.db import db
from core.errors import DomainError
from core.models import AuditRecord, Job, User, UserSession
from core.security import limiter, logins, passwords, resets, sessions

MakeUser = Callable[..., User]
GOOD = "correct horse"


def enter(client: FlaskClient, user: User, password: str = GOOD, **more: Any) -> Any:
    return client.post("/login", data={"email": user.email, "password": password}, **more)


def reload(user: User) -> User:
    return db.session.scalars(sa.select(User).where(User.id == user.id).execution_options(populate_existing=True)).one()


# --- the login page ---------------------------------------------------------------------------------------


def test_strangers_are_sent_to_the_login_and_back(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user("core.view_jobs")
    asked = client.get("/jobs?state=done")
    assert asked.status_code == 302 and asked.location == "/login?next=/jobs?state%3Ddone"
    answer = client.post(asked.location, data={"email": user.email, "password": GOOD})
    assert answer.location == "/jobs?state=done"


@pytest.mark.parametrize(("referer", "wanted"), [
    ("http://localhost/customers/new?zone=1", "/customers/new?zone=1"), ("http://evil.example/customers/new", None),
    ("", None), ("http://localhost//evil.example", "/")])
def test_a_form_that_comes_after_the_session_leads_back_to_its_page(client: FlaskClient, referer: str,
                                                                    wanted: str | None) -> None:
    answer = client.post("/customers/new", data={"name": "Ana"}, headers={"Referer": referer} if referer else {})
    parts = urlsplit(answer.location)
    assert answer.status_code == 303 and parts.path == "/login"
    assert dict(parse_qsl(parts.query)) == {"ended": "1"} | ({"next": wanted} if wanted else {})
    assert "Su sesión terminó; nada se guardó" in client.get(answer.location).get_data(as_text=True)
    assert "Su sesión terminó" not in client.get("/login").get_data(as_text=True)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/\tx",
        "\\\\evil.example",
        "/ok\\..\\evil",
    ],
)
def test_the_login_never_goes_on_to_another_site(client: FlaskClient, make_user: MakeUser, target: str) -> None:
    answer = client.post("/login", query_string={"next": target}, data={"email": make_user().email, "password": GOOD})
    assert answer.location == "/"


def test_the_login_name_may_be_written_in_capitals(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user(email="ana@example.com")
    assert client.post("/login", data={"email": " ANA@Example.com ", "password": GOOD}).status_code == 302
    assert reload(user).last_login_at is not None


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    wrong = enter(client, user, "not this one")
    unknown = client.post("/login", data={"email": "nobody@example.com", "password": "not this one"})
    assert wrong.status_code == unknown.status_code == 401
    strip = re.compile(r'value="[^"]*"|nonce="[^"]*"')
    assert strip.sub("", wrong.text) == strip.sub("", unknown.text)


def test_who_is_disabled_stays_out(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    user.active = False
    db.session.commit()
    assert enter(client, user).status_code == 401


def test_five_wrong_passwords_lock_the_account_for_minutes(
    client: FlaskClient, make_user: MakeUser, frozen: Callable[..., dt.datetime]
) -> None:
    frozen(2026, 11, 3, 12)
    user = make_user()
    for _try in range(logins.TRIES):
        assert enter(client, user, "wrong").status_code == 401
    assert enter(client, user).status_code == 401
    frozen(2026, 11, 3, 12, 6)
    assert enter(client, user).status_code == 302
    assert reload(user).failed_logins == 0


def test_the_lock_grows_with_further_tries(
    client: FlaskClient, make_user: MakeUser, frozen: Callable[..., dt.datetime]
) -> None:
    frozen(2026, 11, 3, 12)
    user = make_user()
    user.failed_logins = 9
    db.session.commit()
    enter(client, user, "wrong")
    assert reload(user).locked_until == clock.now() + 2 * logins.FIRST_LOCK


def test_the_lock_is_on_record(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    for _try in range(logins.TRIES):
        enter(client, user, "wrong")
    assert db.session.scalar(sa.select(AuditRecord.object_id).where(AuditRecord.action == "core.lock_user")) == user.id


def test_too_many_tries_from_one_address_are_slowed_down(client: FlaskClient, app: Flask) -> None:
    limiter.enabled = True
    try:
        answers = [
            client.post("/login", data={"email": f"x{n}@example.com", "password": "x"}).status_code for n in range(32)
        ]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert set(answers[:30]) == {401} and answers[30:] == [429, 429]


def test_many_addresses_cannot_try_one_account_for_ever(client: FlaskClient, app: Flask) -> None:
    limiter.enabled = True
    try:
        answers = [
            client.post(
                "/login",
                data={"email": "victim@example.com", "password": "x"},
                environ_base={"REMOTE_ADDR": f"203.0.113.{n}"},
            ).status_code
            for n in range(22)
        ]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert answers[:20] == [401] * 20 and answers[20:] == [429, 429]


def test_an_old_hash_is_made_anew_at_the_next_login(client: FlaskClient, make_user: MakeUser) -> None:
    from argon2 import PasswordHasher

    user = make_user()
    user.password_hash = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(GOOD)
    db.session.commit()
    old = user.password_hash
    assert enter(client, user).status_code == 302
    assert reload(user).password_hash != old and passwords.verify_password(reload(user).password_hash, GOOD)


def test_nobody_enters_an_account_without_password(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    user.password_hash = ""
    db.session.commit()
    assert enter(client, user, "no one has this password").status_code == 401


# --- sessions ----------------------------------------------------------------------------------------------


def test_a_revoked_session_is_logged_out_at_once(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    enter(client, user)
    assert client.get("/account").status_code == 200
    sessions.revoke(user, sessions.living_sessions(user)[0].id)
    db.session.commit()
    assert client.get("/account").location.startswith("/login")


def test_logging_out_ends_the_session_in_the_table_too(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    enter(client, user)
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    client.post("/logout")
    with client.session_transaction() as cookie:
        cookie.update(kept)
    assert client.get("/account").status_code == 302


def test_one_device_is_logged_out_from_another(app: Flask, client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    phone = app.test_client()
    enter(phone, user, headers={"User-Agent": "Mozilla/5.0 (Linux; Android 13) Chrome/130"})
    enter(client, user, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/130"})
    page = client.get("/account").text
    assert "Chrome · Android" in page and "Firefox · Windows" in page
    revoke = re.findall(r"/account/sessions/\d+/revoke", page)
    assert len(revoke) == 1  # not the one in use
    client.post(revoke[0])
    assert client.get("/account").status_code == 200
    assert phone.get("/account").status_code == 302


def test_nobody_revokes_a_stranger_s_session(app: Flask, client: FlaskClient, make_user: MakeUser) -> None:
    mine, theirs = make_user(), make_user()
    other = app.test_client()
    enter(other, theirs)
    enter(client, mine)
    client.post(f"/account/sessions/{sessions.living_sessions(theirs)[0].id}/revoke")
    assert other.get("/account").status_code == 200


@pytest.mark.parametrize("away", [sessions.IDLE, sessions.LIFETIME])
def test_a_session_ends_by_itself(
    client: FlaskClient, make_user: MakeUser, frozen: Callable[..., dt.datetime], away: dt.timedelta
) -> None:
    start = frozen(2026, 11, 3, 12)
    user = make_user()
    enter(client, user)
    later = start + away
    frozen(later.year, later.month, later.day, later.hour)
    assert client.get("/account").status_code == 302


def test_reading_now_and_then_keeps_a_session_alive(
    client: FlaskClient, make_user: MakeUser, frozen: Callable[..., dt.datetime]
) -> None:
    frozen(2026, 11, 3, 12)
    enter(client, make_user())
    for day in (5, 7, 9):
        frozen(2026, 11, day, 12)
        assert client.get("/account").status_code == 200


def test_the_table_holds_no_token_that_opens_a_door(client: FlaskClient, make_user: MakeUser) -> None:
    enter(client, make_user())
    with client.session_transaction() as cookie:
        token = cookie["login"]
    stored = db.session.scalars(sa.select(UserSession.token_hash)).all()
    assert token not in stored and len(stored[0]) == 64


# --- passwords -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 201, "1234567890", "aaaaaaaaaaaa", "ana.perez@example.com", "ana.perez2026", "Contraseña1"],
)
def test_passwords_that_others_guess_are_refused(app: Flask, password: str) -> None:
    with pytest.raises(DomainError) as error:
        passwords.check_strength(password, "ana.perez@example.com", "Ana Pérez")
    assert error.value.field == "password"


@pytest.mark.parametrize("password", ["correct horse", "tres tristes tigres", "ñandú-verde-77"])
def test_passwords_that_are_good_enough(app: Flask, password: str) -> None:
    passwords.check_strength(password, "ana@example.com", "Ana")


def test_changing_the_password_needs_the_present_one_and_ends_other_sessions(
    app: Flask, client: FlaskClient, make_user: MakeUser
) -> None:
    user, other = make_user(), app.test_client()
    enter(client, user)
    enter(other, user)
    refused = client.post("/account/password", data={"old": "wrong", "password": "tres tristes tigres"})
    assert refused.status_code == 422 and passwords.verify_password(reload(user).password_hash, GOOD)
    client.post("/account/password", data={"old": GOOD, "password": "tres tristes tigres"})
    assert passwords.verify_password(reload(user).password_hash, "tres tristes tigres")
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


# --- the forgotten password --------------------------------------------------------------------------------------


def link_in_outbox(instance: Path) -> str:
    letters = (instance / "outbox").glob("*.eml")
    newest = max(letters, key=lambda letter: letter.stat().st_mtime_ns)  # other tests write there at times of their own
    message = email.message_from_bytes(newest.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"/password/\S+", body.get_content())
    assert found
    return found[0]


def test_a_forgotten_password_is_set_by_the_link_once(
    client: FlaskClient, make_user: MakeUser, run_jobs: Callable[[], int], instance: Path
) -> None:
    user = make_user()
    assert client.post("/password", data={"email": user.email}).status_code == 302
    run_jobs()
    link = link_in_outbox(instance)
    assert user.email in client.get(link).text
    assert client.post(link, data={"password": "tres tristes tigres"}).location == "/login"
    assert enter(client, user, "tres tristes tigres").status_code == 302
    client.post("/logout")
    again = client.post(link, data={"password": "cuatro tristes gatos"})
    assert again.location == "/password"
    assert passwords.verify_password(reload(user).password_hash, "tres tristes tigres")


def test_a_reset_logs_every_device_out_and_lifts_the_lock(app: Flask, client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    enter(client, user)
    user.locked_until = clock.now() + dt.timedelta(hours=1)
    db.session.commit()
    app.test_client().post(f"/password/{resets.make_token(user)}", data={"password": "tres tristes tigres"})
    assert client.get("/account").status_code == 302
    assert reload(user).locked_until is None


def test_a_weak_password_is_refused_and_the_link_still_works(client: FlaskClient, make_user: MakeUser) -> None:
    link = f"/password/{resets.make_token(make_user())}"
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": "tres tristes tigres"}).location == "/login"


def test_the_link_expires(client: FlaskClient, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import TimestampSigner

    token = resets.make_token(make_user())
    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + resets.HOURS * 3600 + 1)
    assert client.get(f"/password/{token}").location == "/password"


@pytest.mark.parametrize("change", ["x", "", "AAAA.BBBB.CCCC"])
def test_a_link_that_was_tampered_with_opens_nothing(client: FlaskClient, make_user: MakeUser, change: str) -> None:
    token = resets.make_token(make_user())
    assert (
        client.get(f"/password/{token[:-2] + change if change != 'AAAA.BBBB.CCCC' else change}").location == "/password"
    )


def test_asking_for_an_unknown_login_sends_nothing_and_says_the_same(
    client: FlaskClient, make_user: MakeUser, run_jobs: Callable[[], int]
) -> None:
    known, unknown = (
        client.post("/password", data={"email": address}) for address in (make_user().email, "nobody@example.com")
    )
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert (
        db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.function.endswith("send_reset"))) == 1
    )


def test_no_job_row_holds_a_token(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    client.post("/password", data={"email": user.email})
    assert db.session.scalars(sa.select(Job).where(Job.function.endswith("send_reset"))).one().payload == {
        "user_id": user.id
    }


def test_keys_of_one_letter_are_switched_off_in_my_account(login):
    browser = login()

    def body(values=None):
        answer = browser.post("/account/profile", data={"name": "Ana", "locale": "es"} | values,
                              follow_redirects=True) if values is not None else browser.get("/account")
        return answer.get_data(as_text=True).split("<body")[1].split(">")[0]

    assert " data-no-keys" not in body()
    assert " data-no-keys" in body({}) and " data-no-keys" in body()
    assert " data-no-keys" not in body({"single_keys": "y"})
