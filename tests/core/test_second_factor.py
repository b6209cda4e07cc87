"""The second factor: codes of the clock, the second step of the login, recovery, and who is made to set it up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import clock
from core.db import db
from core.deeds import WORDS
from core.models import AuditRecord, Role, User
from core.security import limiter, logins, second_factor, second_steps, sessions

MakeUser = Callable[..., User]
Frozen = Callable[..., dt.datetime]
GOOD = "correct horse"
# base32 of "12345678901234567890", the key of both RFCs
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def reload(user: User) -> User:
    return db.session.scalars(sa.select(User).where(User.id == user.id).execution_options(populate_existing=True)).one()


def secret_of(user: User) -> str:
    return reload(user).totp_secret or ""


def code_now(secret: str, later: int = 0) -> str:
    return second_factor.code_at(secret, second_factor.step_of(clock.now()) + later)


def wrong_code(secret: str) -> str:
    """Six digits that none of the accepted steps has."""
    near = {code_now(secret, later) for later in (-1, 0, 1)}
    return next(one for one in ("000000", "111111", "222222", "333333") if one not in near)


def password(client: FlaskClient, user: User, **more: Any) -> Any:
    return client.post("/login", data={"email": user.email, "password": GOOD}, **more)


def code(client: FlaskClient, text: str, **more: Any) -> Any:
    return client.post("/login/code", data={"code": text}, **more)


def is_in(client: FlaskClient) -> bool:
    return bool(client.get("/account").status_code == 200)


def set_up(client: FlaskClient) -> list[str]:
    """Set the second factor up on the page; the recovery codes."""
    key = re.search(r'<code id="key">([^<]+)</code>', client.get("/account/second-factor").text)
    assert key
    answer = client.post("/account/second-factor", data={
        "password": GOOD, "code": code_now(key[1].replace(" ", ""))})
    assert answer.status_code == 200, answer.text
    return re.findall(r"<li><code>([^<]+)</code>", answer.text)


@pytest.fixture
def noon(frozen: Frozen) -> Callable[[int], dt.datetime]:
    """The clock stands at noon; `noon(90)` moves it to so many seconds later."""

    def at(seconds: int) -> dt.datetime:
        return frozen(2026, 11, 3, 12, seconds // 60, seconds % 60)

    at(0)
    return at


@pytest.fixture
def ana(client: FlaskClient, make_user: MakeUser, noon: Callable[[int], dt.datetime]) -> User:
    """A person who set it up at noon and left; a minute has passed."""
    user = make_user("core.view_jobs")
    password(client, user)
    set_up(client)
    client.post("/logout")
    noon(60)
    return user


def actions() -> list[str]:
    return list(db.session.scalars(sa.select(AuditRecord.action).order_by(AuditRecord.id)))


# --- the codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "expected"), [
    # RFC 6238, appendix B, SHA-1: the last six of its eight digits
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
    (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(seconds: int, expected: str) -> None:
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    assert second_factor.code_at(RFC_SECRET, second_factor.step_of(moment)) == expected


def test_codes_are_those_of_rfc_4226() -> None:
    assert [second_factor.code_at(RFC_SECRET, count) for count in range(10)] == [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("away", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_a_wrong_clock_is_forgiven(away: int, fits: bool) -> None:
    moment = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    step = second_factor.step_of(moment) + away
    found = second_factor.accepted_step(RFC_SECRET, second_factor.code_at(RFC_SECRET, step), moment, None)
    assert found == (step if fits else None)


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "²²²²²²", "１２３４５６"])
def test_what_is_no_code_is_refused(text: str) -> None:
    moment = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    assert second_factor.accepted_step(RFC_SECRET, text, moment, None) is None


def test_a_step_once_used_is_over_with_all_before_it() -> None:
    moment = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    now = second_factor.step_of(moment)
    codes = {step: second_factor.code_at(RFC_SECRET, step) for step in (now - 1, now, now + 1)}
    found = [second_factor.accepted_step(RFC_SECRET, one, moment, now) for one in codes.values()]
    assert found == [None, None, now + 1]


def test_secrets_and_recovery_codes_are_long_enough() -> None:
    secret, codes = second_factor.new_secret(), second_factor.new_recovery_codes()
    assert len(secret) == 32 and secret != second_factor.new_secret()
    assert len(set(codes)) == 10 and all(re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", one) for one in codes)
    assert second_factor.hash_recovery(codes[0].upper().replace("-", " ")) == second_factor.hash_recovery(codes[0])


# --- setting it up -----------------------------------------------------------------------------------------


def test_it_is_set_up_on_the_page_of_the_account(client: FlaskClient, make_user: MakeUser,
                                                 noon: Callable[[int], dt.datetime]) -> None:
    user = make_user()
    password(client, user)
    page = client.get("/account/second-factor").text
    assert 'src="data:image/svg+xml' in page and "style=" not in page
    assert client.get("/account/second-factor").text.count(re.findall(r'id="key">([^<]+)', page)[0]) == 1
    codes = set_up(client)
    assert len(codes) == 10 and reload(user).has_second_factor
    kept = db.session.execute(sa.text("SELECT totp_secret, recovery_hashes FROM core_user WHERE id = :id"),
                              {"id": user.id}).one()
    assert secret_of(user) not in str(kept) and not [one for one in codes if one in str(kept)]
    assert not [one for one in codes if one in client.get("/account").text]
    assert "core.turn_on_second_factor" in actions()


def test_the_qr_code_says_what_the_app_must_know(app: Flask) -> None:
    assert second_factor.uri(RFC_SECRET, "ana@example.com") == (
        f"otpauth://totp/Abona:ana%40example.com?secret={RFC_SECRET}&issuer=Abona&algorithm=SHA1&digits=6&period=30")


@pytest.mark.parametrize(("password_", "right"), [("wrong", True), (GOOD, False)])
def test_without_password_or_code_nothing_is_set_up(client: FlaskClient, make_user: MakeUser, password_: str,
                                                    right: bool, noon: Callable[[int], dt.datetime]) -> None:
    user = make_user()
    password(client, user)
    key = re.findall(r'id="key">([^<]+)', client.get("/account/second-factor").text)[0].replace(" ", "")
    answer = client.post("/account/second-factor", data={
        "password": password_, "code": code_now(key) if right else wrong_code(key)})
    assert answer.status_code == 422 and not reload(user).has_second_factor
    assert key == re.findall(r'id="key">([^<]+)', answer.text)[0].replace(" ", "")  # the scanned one still counts


def test_setting_it_up_logs_other_devices_out(app: Flask, client: FlaskClient, make_user: MakeUser) -> None:
    user, other = make_user(), app.test_client()
    password(client, user)
    password(other, user)
    set_up(client)
    assert is_in(client) and not is_in(other)


# --- the login ---------------------------------------------------------------------------------------------


def test_the_session_begins_only_after_the_code(client: FlaskClient, ana: User) -> None:
    before = len(sessions.living_sessions(ana))
    asked = password(client, ana, query_string={"next": "/jobs"})
    assert asked.location == "/login/code?next=/jobs"
    assert len(sessions.living_sessions(ana)) == before and not is_in(client)
    answer = code(client, code_now(secret_of(ana)), query_string={"next": "/jobs"})
    assert answer.location == "/jobs" and is_in(client)
    assert actions()[-1] == "core.log_in"


def test_without_second_factor_the_password_is_enough(client: FlaskClient, make_user: MakeUser) -> None:
    assert password(client, make_user()).location == "/" and is_in(client)
    assert client.get("/login/code").location == "/login"


def test_a_code_opens_one_login_only(app: Flask, client: FlaskClient, ana: User) -> None:
    used = code_now(secret_of(ana))
    password(client, ana)
    assert code(client, used).status_code == 302
    stranger = app.test_client()
    password(stranger, ana)
    assert code(stranger, used).status_code == 401 and not is_in(stranger)


def test_the_code_that_set_it_up_is_used(client: FlaskClient, make_user: MakeUser,
                                         noon: Callable[[int], dt.datetime]) -> None:
    user = make_user()
    password(client, user)
    set_up(client)
    client.post("/logout")
    password(client, user)
    assert code(client, code_now(secret_of(user))).status_code == 401


def test_the_code_alone_opens_nothing(client: FlaskClient, ana: User) -> None:
    assert code(client, code_now(secret_of(ana))).location == "/login"
    client.post("/login", data={"email": ana.email, "password": "wrong"})
    assert code(client, code_now(secret_of(ana))).location == "/login" and not is_in(client)


def test_wrong_codes_lock_the_account_like_wrong_passwords(client: FlaskClient, ana: User) -> None:
    password(client, ana)
    for _try in range(logins.TRIES):
        assert code(client, wrong_code(secret_of(ana))).status_code == 401
    assert reload(ana).locked_until == clock.now() + logins.FIRST_LOCK
    assert code(client, code_now(secret_of(ana))).status_code == 401  # the right one does not help meanwhile
    assert password(client, ana).status_code == 401 and "core.lock_user" in actions()


def test_the_password_does_not_buy_new_tries(client: FlaskClient, ana: User) -> None:
    for _try in range(logins.TRIES):
        password(client, ana)
        code(client, wrong_code(secret_of(ana)))
    assert reload(ana).locked_until is not None


def test_a_whole_login_sets_the_count_back(client: FlaskClient, ana: User) -> None:
    password(client, ana)
    code(client, wrong_code(secret_of(ana)))
    assert reload(ana).failed_logins == 1
    code(client, code_now(secret_of(ana)))
    assert reload(ana).failed_logins == 0


def test_who_waits_too_long_begins_again(client: FlaskClient, ana: User, noon: Callable[[int], dt.datetime]) -> None:
    password(client, ana)
    noon(60 + int(second_steps.PATIENCE.total_seconds()))
    assert code(client, code_now(secret_of(ana))).location == "/login"


def test_a_new_password_ends_the_waiting(client: FlaskClient, ana: User) -> None:
    password(client, ana)
    logins.set_password(reload(ana), "tres tristes tigres")
    db.session.commit()
    assert code(client, code_now(secret_of(ana))).location == "/login"


def test_who_is_disabled_meanwhile_stays_out(client: FlaskClient, ana: User) -> None:
    password(client, ana)
    reload(ana).active = False
    db.session.commit()
    assert code(client, code_now(secret_of(ana))).location == "/login"


def test_many_codes_for_one_account_are_slowed_down(client: FlaskClient, ana: User) -> None:
    password(client, ana)
    limiter.enabled = True
    try:
        answers = [code(client, "000000", environ_base={"REMOTE_ADDR": f"203.0.113.{n}"}).status_code
                   for n in range(22)]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert answers == [401] * 20 + [429, 429]


def test_the_step_is_guarded_against_foreign_forms(app: Flask, client: FlaskClient, ana: User) -> None:
    password(client, ana)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert code(client, code_now(secret_of(ana))).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert not is_in(client)


# --- recovery, off, taken away -------------------------------------------------------------------------------


def test_a_recovery_code_opens_once(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    password(client, user)
    codes = set_up(client)
    for written, status in ((codes[3].upper(), 302), (codes[3], 401), (codes[4].replace("-", " "), 302)):
        client.post("/logout")
        password(client, user)
        assert code(client, written).status_code == status
    assert len(reload(user).recovery_hashes) == 8
    assert actions().count("core.use_recovery_code") == 2


def test_it_is_switched_off_with_password_and_code(client: FlaskClient, ana: User,
                                                   noon: Callable[[int], dt.datetime]) -> None:
    password(client, ana)
    code(client, code_now(secret_of(ana)))
    noon(120)
    for given, written in (("wrong", code_now(secret_of(ana))), (GOOD, wrong_code(secret_of(ana)))):
        answer = client.post("/account/second-factor/off", data={"off-password": given, "off-code": written})
        assert answer.status_code == 422 and reload(ana).has_second_factor
    assert reload(ana).failed_logins == 2
    client.post("/account/second-factor/off", data={"off-password": GOOD, "off-code": code_now(secret_of(ana))})
    assert not reload(ana).has_second_factor and not reload(ana).totp_secret and not reload(ana).recovery_hashes
    client.post("/logout")
    assert password(client, ana).location == "/" and "core.turn_off_second_factor" in actions()


def test_an_administrator_takes_it_from_who_lost_the_phone(app: Flask, client: FlaskClient, ana: User,
                                                           make_user: MakeUser) -> None:
    phone = app.test_client()
    password(phone, ana)
    code(phone, code_now(secret_of(ana)))
    assert is_in(phone)
    password(client, make_user(admin=True))
    assert "no_second_factor" in client.get(f"/people/{ana.id}").text
    client.post(f"/people/{ana.id}/no_second_factor")
    assert not reload(ana).has_second_factor and not is_in(phone)
    assert "core.take_second_factor" in actions()
    assert password(phone, ana).location == "/"


def test_nobody_else_takes_it_nor_an_administrator_his_own(client: FlaskClient, ana: User, make_user: MakeUser) -> None:
    password(client, make_user("core.manage_users"))
    assert "no_second_factor" not in client.get(f"/people/{ana.id}").text
    client.post(f"/people/{ana.id}/no_second_factor")
    assert reload(ana).has_second_factor
    client.post("/logout")
    reload(ana).is_admin = True
    db.session.commit()
    password(client, ana)
    code(client, code_now(secret_of(ana)))
    client.post(f"/people/{ana.id}/no_second_factor")
    assert reload(ana).has_second_factor


def test_every_deed_has_words() -> None:
    assert {"core.turn_on_second_factor", "core.turn_off_second_factor", "core.take_second_factor",
            "core.use_recovery_code"} <= set(WORDS)


# --- roles that require it -----------------------------------------------------------------------------------


def require_it(user: User) -> Role:
    role = reload(user).memberships[0].role
    role.needs_second_factor = True
    db.session.commit()
    return role


def test_a_role_that_requires_it_leaves_nothing_open_before(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user("core.view_jobs")
    require_it(user)
    password(client, user, query_string={"next": "/jobs"})
    for path in ("/", "/jobs", "/account", "/search?q=x"):
        assert client.get(path).location == "/account/second-factor"
    assert client.post("/account/profile", data={"name": "X", "locale": "es"}).location == "/account/second-factor"
    assert reload(user).name == "Ana"
    assert client.get("/jobs", headers={"Accept": "application/json"}).status_code == 403
    set_up(client)
    assert client.get("/jobs").status_code == 200


def test_who_is_made_to_set_it_up_can_leave_and_is_made_again(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user("core.view_jobs")
    require_it(user)
    password(client, user)
    assert client.post("/logout").location == "/login"
    password(client, user)
    assert client.get("/jobs").location == "/account/second-factor"


def test_it_cannot_be_switched_off_while_required(client: FlaskClient, ana: User) -> None:
    require_it(ana)
    password(client, ana)
    code(client, code_now(secret_of(ana)))
    assert is_in(client)
    answer = client.post("/account/second-factor/off", data={"off-password": GOOD, "off-code": "000000"})
    assert answer.status_code == 422 and reload(ana).has_second_factor


def test_other_roles_ask_nothing_and_administrators_as_soon_as_one_does(client: FlaskClient,
                                                                        make_user: MakeUser) -> None:
    cashier, clerk, chief = make_user("core.view_jobs"), make_user("core.view_jobs"), make_user(admin=True)
    assert not second_steps.is_required(chief)
    require_it(cashier)
    assert [second_steps.is_required(one) for one in (cashier, clerk, chief)] == [True, False, True]


def test_an_administrator_requires_it_on_the_page_of_the_role(client: FlaskClient, make_user: MakeUser) -> None:
    role = make_user("core.view_jobs").memberships[0].role
    password(client, make_user(admin=True))
    data = {"name": "Caja", "permission": "core.view_jobs"}
    client.post(f"/roles/{role.id}", data={**data, "needs_second_factor": "y"})
    db.session.refresh(role)
    assert role.needs_second_factor
    client.post(f"/roles/{role.id}", data=data)
    db.session.refresh(role)
    assert not role.needs_second_factor
