"""The command as operators and scripts use it: exit codes, one JSON document, sentences instead of tracebacks."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import cli
from core.errors import CannotRun, DomainError, Rejected, Unavailable, Unknown
from tests.installation import Installation, fresh_database

pytestmark = [pytest.mark.slow, pytest.mark.once]
# the groups of the documented page that the frame itself brings
FRAME = ["init", "upgrade", "serve", "worker", "scheduler", "check", "config", "backup", "restore", "modules", "keys",
         "users", "simulators", "company"]
CHECKS = {"audit_chain", "migrations_current", "secrets_readable", "clock", "mail", "redis", "backup_age", "stuck_jobs"}


@pytest.fixture
def made(installation: Installation) -> Installation:
    installation.settings["ABONA_MODULES"] = "crm"
    installation.init()
    return installation


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that tests only look at, or whose people and companies do not get in each other's way."""
    place = tmp_path_factory.mktemp("shared")
    with fresh_database(place) as url:
        made = Installation(place / "instance", url, {"ABONA_MODULES": "crm", "ABONA_LANGUAGE": "en"})
        made.init("--admin-email", "Admin@Example.com")
        yield made
        made.stop()


# --- every command ------------------------------------------------------------------------------------------


def test_help_shows_the_groups_in_the_documented_order_each_with_one_line(shared: Installation) -> None:
    text = shared.abona("--help").out.split("Commands:")[1]
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    names = [name for name, _help in lines]
    assert [name for name in names if name in cli.ORDER] == [name for name in cli.ORDER if name in names]
    assert set(FRAME) <= set(names)
    assert [name for name, words in lines if name in FRAME and words.strip().endswith("...")] == []


@pytest.mark.parametrize("error, words, code", [
    (DomainError("To do X you must do Y."), "To do X you must do Y.", 2),
    (CannotRun("First run: abona upgrade"), "First run: abona upgrade", 4),
    (Rejected("The authority says no."), "The authority says no.", 1),
    (Unavailable("ARCA is closed."), "ARCA is closed. Nothing is lost; it will be tried again.", 3),
    (Unknown("No answer came."), "No answer came. Nothing is lost; it will be tried again.", 3),
    (FileNotFoundError(2, "No such file or directory", "x.csv"), "x.csv: No such file or directory", 2),
])
def test_each_kind_of_error_has_its_sentence_and_its_exit_status(error: Exception, words: str, code: int) -> None:
    assert cli.explain(error) == (words, code)


def test_a_fault_says_how_to_see_its_details_and_shows_none() -> None:
    words, code = cli.explain(RuntimeError("secret details"))
    assert "--debug" in words and "secret" not in words and code == 2


def test_before_init_every_command_says_what_to_run(installation: Installation) -> None:
    installation.settings["ABONA_MODULES"] = "crm"
    for words in (["check"], ["company", "list"], ["serve"], ["users", "list"], ["backup", "x.tar"]):
        refused = installation.abona(*words, code=4)
        assert "abona init" in refused.err and refused.out == "" and "Traceback" not in refused.err


def test_wrong_use_is_exit_status_2_with_the_usage(shared: Installation) -> None:
    for words in (["nonsense"], ["check", "--nonsense"], ["company", "create"], ["serve", "--port", "many"]):
        assert shared.abona(*words, code=2).err.startswith("Usage:")


def test_debug_may_stand_anywhere_and_shows_the_traceback(shared: Installation) -> None:
    refused = shared.abona("company", "create", "--country", "ZZ", "--name", "x", "--tax-id", "1", "--debug", code=1)
    assert "Traceback" in refused.err and "DomainError" in refused.err


@pytest.mark.parametrize("name, value, expected", [
    ("ABONA_WORKER_THREADS", "many", "a whole number"), ("ABONA_BEHIND_PROXY", "perhaps", "yes or no"),
    ("ABONA_DATABASE_URL", "nonsense", "postgresql://"), ("ABONA_MODULES", "crm,nowhere", "nowhere")])
def test_a_wrong_setting_is_named_with_what_was_expected(shared: Installation, name: str, value: str,
                                                         expected: str) -> None:
    refused = shared.abona("check", code=4, **{name: value})
    assert expected in refused.err and "Traceback" not in refused.err
    if "MODULES" not in name:
        assert name in refused.err and value in refused.err


def test_a_database_that_is_away_is_said_in_words(shared: Installation) -> None:
    refused = shared.abona("company", "list", code=4, ABONA_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert "127.0.0.1" in refused.err and "Traceback" not in refused.err


def test_an_old_schema_is_exit_status_4_with_the_cure(empty_installation: Installation) -> None:
    made = empty_installation
    made.settings["ABONA_MODULES"] = "crm"
    made.init()
    made.settings["ABONA_MODULES"] = "notifications"
    for words in (["company", "list"], ["serve"]):
        assert "abona upgrade" in made.abona(*words, code=4).err
    found = made.abona("check", "--json", code=4)
    assert [(one["name"], one["ok"]) for one in found.json["checks"]] == [("migrations_current", False)]
    assert "notification" in made.abona("upgrade").out
    assert made.abona("upgrade").code == 0 and made.abona("check").code == 0


# --- init ---------------------------------------------------------------------------------------------------


def test_init_makes_folder_key_database_and_administrator_and_may_be_repeated(installation: Installation) -> None:
    installation.settings |= {"ABONA_MODULES": "crm", "ABONA_LANGUAGE": "en"}
    first = installation.abona("init", "--admin-email", "ana@example.com")
    key = installation.folder / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and "ana@example.com" in first.out
    text = key.read_text()
    second = installation.abona("init", "--admin-email", "ana@example.com")
    assert key.read_text() == text and "ana@example.com" not in second.out
    people = installation.abona("users", "list", "--json").json["users"]
    assert people == [{"email": "ana@example.com", "name": "", "admin": True, "active": True, "roles": []}]


def test_init_reads_the_password_and_never_prints_it(installation: Installation) -> None:
    installation.settings["ABONA_MODULES"] = "crm"
    done = installation.abona("init", "--admin-email", "a@example.com", "--password-stdin", stdin="caballo correcto\n")
    assert "caballo" not in done.out + done.err
    assert installation.python('''
        import sqlalchemy as sa
        from core.models import User
        from core.security import verify_password
        found = db.session.scalars(sa.select(User.password_hash)).one()
        print(verify_password(found, "caballo correcto"))''') == "True"


@pytest.mark.parametrize("words, stdin", [(["--password-stdin"], "x\n"),
                                          (["--admin-email", "a@b.c", "--password-stdin"], "")])
def test_init_refuses_a_password_for_nobody_and_an_empty_one(installation: Installation, words: list[str],
                                                             stdin: str) -> None:
    installation.settings["ABONA_MODULES"] = "crm"
    installation.abona("init", *words, stdin=stdin, code=2)
    assert not (installation.folder / "secret.key").exists()


# --- companies, people ----------------------------------------------------------------------------------------


def test_a_company_is_created_with_a_code_and_listed(shared: Installation) -> None:
    made = shared.abona("company", "create", "--country", "ar", "--name", "Ñandú Wireless S.A.", "--tax-id",
                        "30-99900001-7", "--tax-condition", "RI", "--json").json
    assert made["code"] == "nandu-wireless-s-a"
    listed = next(one for one in shared.abona("company", "list", "--json").json["companies"] if one["id"] == made["id"])
    assert listed == {"id": made["id"], "code": "nandu-wireless-s-a", "name": "Ñandú Wireless S.A.", "country": "AR",
                      "tax_id": "30999000017", "environment": "rehearsal"}
    again = shared.abona("company", "create", "--country", "AR", "--name", "Ñandú Wireless S.A.", "--tax-id",
                         "30999000017", code=2)
    assert "nandu-wireless-s-a" in again.err


@pytest.mark.parametrize("country, number, found", [("AR", "30-99900001-0", "ask for 7"), ("AR", "", "-"),
                                                    ("EC", "1790012344", "1790012344"), ("BR", "1", "AR, EC, CO")])
def test_a_wrong_tax_number_or_country_creates_nothing(shared: Installation, country: str, number: str,
                                                       found: str) -> None:
    before = shared.abona("company", "list", "--json").json
    refused = shared.abona("company", "create", "--country", country, "--name", "Mal", "--tax-id", number, code=2)
    assert found in refused.err and shared.abona("company", "list", "--json").json == before


def test_people_are_added_given_roles_and_shut_out(shared: Installation) -> None:
    shared.abona("company", "create", "--country", "AR", "--name", "R", "--tax-id", "30999000033", "--code", "roles")
    shared.abona("users", "add", "Eva@Example.com", "--name", "Eva", stdin="una clave larga\n")
    shared.abona("users", "role", "eva@example.com", "roles", "billing")
    shared.abona("users", "role", "eva@example.com", "roles", "billing")
    shared.abona("users", "passwd", "eva@example.com", stdin="otra clave larga\n")
    shared.abona("users", "disable", "eva@example.com")
    eva = next(one for one in shared.abona("users", "list", "--json").json["users"] if one["name"] == "Eva")
    assert eva == {"email": "eva@example.com", "name": "Eva", "admin": False, "active": False,
                   "roles": ["roles:billing"]}


@pytest.mark.parametrize("words, found", [
    (["add", "admin@example.com"], "exists"), (["add", "no address"], "no address"),
    (["add", "x@example.com", "--company", "roles"], "--role"),
    (["role", "admin@example.com", "nowhere", "manager"], "nowhere"),
    (["role", "nobody@example.com", "x", "manager"], "nobody@example.com"),
    (["passwd", "nobody@example.com"], "nobody"),
    (["role", "admin@example.com", "x", "boss"], "manager")])
def test_people_commands_say_what_is_wrong(shared: Installation, words: list[str], found: str) -> None:
    assert found in shared.abona("users", *words, stdin="una clave larga\n", code=2).err


def test_a_new_password_logs_the_person_out_and_lifts_the_lock(made: Installation) -> None:
    made.abona("users", "add", "eva@example.com", stdin="una clave larga\n")
    made.python('''
        import sqlalchemy as sa
        from core import clock
        from core.models import User
        from core.security import sessions
        user = db.session.scalars(sa.select(User)).one()
        user.locked_until, user.failed_logins = clock.now(), 5
        sessions.open_session(user, "", "")
        db.session.commit()''')
    made.abona("users", "passwd", "eva@example.com", stdin="otra clave larga\n")
    assert made.python('''
        import sqlalchemy as sa
        from core.models import User, UserSession
        user = db.session.scalars(sa.select(User)).one()
        login = db.session.scalars(sa.select(UserSession)).one()
        print(user.locked_until, user.failed_logins, login.revoked_at is not None)''') == "None 0 True"


# --- config, modules, keys, check ------------------------------------------------------------------------------


def test_config_shows_every_setting_and_no_secret(shared: Installation) -> None:
    shown = shared.abona("config", "--json", ABONA_SMTP_URL="smtp://ana:hush@mail.example:587",
                         ABONA_REDIS_URL="redis://:hush@redis:6379/0", ABONA_HTTP_PROXY="http://u:hush@proxy:3128").json
    assert "hush" not in str(shown) and shown["secret_key"] == "********"
    assert shown["smtp_url"] == "smtp://ana:********@mail.example:587"
    text = shared.abona("config").out
    key = (shared.folder / "secret.key").read_text().strip()
    assert "ABONA_DATABASE_URL" in text and key not in text


def test_modules_are_listed_lower_ones_first(shared: Installation) -> None:
    found = shared.abona("modules", "list", "--json").json["modules"]
    names = [one["name"] for one in found]
    assert names.index("crm") < names.index("notifications") < names.index("accounting")
    assert [one["name"] for one in found if one["enabled"]] == ["crm"]


def test_rotating_makes_a_key_and_leaves_every_secret_readable(made: Installation) -> None:
    made.python('''
        from core.models import User
        db.session.add(User(email="a@b.c", totp_secret="JBSWY3"))
        db.session.commit()''')
    read = '''
        import sqlalchemy as sa
        from core.models import User
        print(db.session.execute(sa.text("SELECT totp_secret FROM core_user")).scalar(), end=" ")
        print(db.session.scalars(sa.select(User)).one().totp_secret)'''
    before = made.python(read)
    made.abona("keys", "rotate", "--new-key")
    after = made.python(read)
    assert before.split()[0] != after.split()[0] and before.split()[1] == after.split()[1] == "JBSWY3"
    assert stat.S_IMODE((made.folder / "encryption.keys").stat().st_mode) == 0o600
    (made.folder / "encryption.keys").unlink()
    lost = made.abona("check", "--only", "secrets_readable", "--json", code=1).json
    assert lost["checks"][0]["detail"] == "core_user.totp_secret"
    assert made.abona("keys", "rotate", code=1).code == 1


def test_a_new_key_is_not_made_where_the_keys_are_set_elsewhere(made: Installation) -> None:
    refused = made.abona("keys", "rotate", "--new-key", code=4, ABONA_ENCRYPTION_KEYS="mine")
    assert "ABONA_ENCRYPTION_KEYS" in refused.err


def test_the_doctor_finds_a_healthy_installation_healthy(shared: Installation) -> None:
    found = shared.abona("check", "--json").json
    assert found["ok"] and {one["name"] for one in found["checks"]} >= CHECKS
    assert all(set(one) == {"name", "ok", "count", "detail"} for one in found["checks"])
    one = shared.abona("check", "--only", "clock", "--json").json["checks"]
    assert [check["name"] for check in one] == ["clock"]
    assert "audit_chain" in shared.abona("check", "--only", "nonsense", code=2).err


def test_the_doctor_finds_what_is_wrong_and_says_so(made: Installation) -> None:
    made.python('''
        import datetime as dt, sqlalchemy as sa
        from core import audit, clock, companies
        from core.models import AuditRecord, Company, Job
        company = companies.create_company("AR", "Norte", "30999000017")
        company.environment = "production"
        db.session.add(Job(function="x", state="failed"))
        db.session.add(Job(function="y", run_at=clock.now() - dt.timedelta(hours=1)))
        db.session.commit()
        db.session.execute(sa.update(AuditRecord).values(reason="changed afterwards"))
        db.session.commit()''')
    found = made.abona("check", "--json", code=1, ABONA_SMTP_URL="smtp://127.0.0.1:1",
                       ABONA_REDIS_URL="redis://127.0.0.1:1/0").json
    bad = {one["name"]: one for one in found["checks"] if not one["ok"]}
    assert set(bad) == {"audit_chain", "stuck_jobs", "worker", "backup_age", "mail", "redis"} and not found["ok"]
    assert bad["stuck_jobs"]["count"] == 2 and "abona backup" in bad["backup_age"]["detail"]
    made.abona("backup", str(made.folder.parent / "b.tar"))
    assert made.abona("check", "--only", "backup_age").code == 0


def test_a_check_that_breaks_is_a_finding_and_does_not_stop_the_others(made: Installation, tmp_path: Path) -> None:
    made.write_module("probe", checks='''
        from core.checks import check

        @check("a_broken_one")
        def broken():
            raise ZeroDivisionError("by nothing")
    ''')
    made.settings["ABONA_MODULES"] = "crm,probe"
    found = made.abona("check", "--json", code=1).json["checks"]
    assert {"name": "a_broken_one", "ok": False, "count": 1, "detail": "ZeroDivisionError: by nothing"} in found
    assert len(found) > len(CHECKS)
