"""The guide keeps its word: the modules of docs/writing-a-module.md load, migrate, work, are switched off and dropped.

Nothing outside their own folder is touched.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.config import ROOT
from tests.installation import Installation

pytestmark = pytest.mark.slow
GUIDE = ROOT / "docs" / "writing-a-module.md"
BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.M | re.S)
SITUATION = '''
    from decimal import Decimal
    from core import companies, jobs, scope
    from core.models import User
    from core.security import hash_password
    from modules.accounting.payments import Medium, PaymentData, record_payment
    from modules.crm.services import create_customer

    company = companies.create_company("AR", "Norte S.A.", "30999000017", code="norte", tax_condition="RI")
    db.session.add(User(email="a@b.c", is_admin=True, password_hash=hash_password("correct horse")))
    with scope.company_scope(company):
        customer = create_customer(name="Ana Pérez", tax_id_kind="DNI", tax_id="30111222", tax_condition="CF")
        record_payment(PaymentData(customer_id=customer.id, media=(Medium(Decimal("250000.00")),)))
        record_payment(PaymentData(customer_id=customer.id, media=(Medium(Decimal("900.00")),)))
    db.session.commit()
    jobs.run_jobs()
    print(customer.id)
'''
PAGE = '''
    from flask import current_app
    current_app.config["WTF_CSRF_ENABLED"] = False
    client = current_app.test_client()
    client.post("/login", data={"email": "a@b.c", "password": "correct horse"})
    page = client.get("/customers/1?tab=loyalty").get_data(as_text=True)
'''


def tables(made: Installation) -> set[str]:
    engine = sa.create_engine(made.database_url)
    try:
        return {name for name in sa.inspect(engine).get_table_names() if name.startswith("loyalty")}
    finally:
        engine.dispose()


# What every process of the test runs first: it notes each file of the product that is written, moved or removed.
WATCH = f'''
import os, sys

def note(event, args):
    if event == "open" and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or event in (
            "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
        elsewhere = event.startswith("os.") and args[-1] != -1  # the name is relative to an open folder
        path = os.path.abspath(os.fsdecode(args[0])) if isinstance(args[0], (str, bytes)) and not elsewhere else ""
        if path.startswith({str(ROOT)!r} + os.sep) and "__pycache__" not in path and not noting:
            noting.append(path)
            with open(os.environ["WATCHED"], "a") as file:
                file.write(path + chr(10))
            noting.clear()

noting = []
sys.addaudithook(note)
'''


@pytest.fixture
def touched(made: Installation, tmp_path: Path) -> Callable[[], str]:
    """`touched()`: the product's files that this test's processes changed."""
    (tmp_path / "watch.py").write_text(WATCH)
    made.settings |= {"RUN_FIRST": str(tmp_path / "watch.py"), "WATCHED": str(tmp_path / "watched")}
    return lambda: (tmp_path / "watched").read_text() if (tmp_path / "watched").exists() else ""


@pytest.fixture
def made(installation: Installation) -> Installation:
    """An installation whose modules' folder holds what the guide says, and nothing switched on yet."""
    root = installation.folder.parent / "modules_path"
    for name, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    installation.settings |= {"ABONA_MODULES_PATH": str(root), "ABONA_MODULES": "accounting", "ABONA_LANGUAGE": "en"}
    installation.init()
    return installation


def migrate(made: Installation) -> None:
    made.settings["ABONA_MODULES"] = "loyalty_gifts"
    for name in ("loyalty", "loyalty_gifts"):
        made.abona("modules", "revision", name, "-m", "first tables")
    made.abona("upgrade")


@pytest.mark.once
def test_the_watch_would_see_a_change(made: Installation, touched: Callable[[], str]) -> None:
    made.python(f"open({str(ROOT / 'modules' / 'watched-by-a-test')!r}, 'w').close(); import os; "
                f"os.remove({str(ROOT / 'modules' / 'watched-by-a-test')!r})")
    assert touched().count("watched-by-a-test") == 2


def test_two_modules_by_the_guide_live_and_go_without_touching_another_file(
        made: Installation, touched: Callable[[], str]) -> None:
    assert tables(made) == set()
    migrate(made)
    assert tables(made) == {"loyalty_points_entry", "loyalty_gifts_gift"}
    assert made.python("from core import schema; print(schema.differences())") == "[]"
    assert [one["name"] for one in made.abona("modules", "list", "--json").json["modules"] if one["enabled"]][-2:] == [
        "loyalty", "loyalty_gifts"]

    made.python(SITUATION)
    assert made.python('''
        import sqlalchemy as sa
        print(db.session.execute(sa.text("SELECT sum(points), count(*) FROM loyalty_points_entry")).one(),
              db.session.execute(sa.text("SELECT count(*) FROM loyalty_gifts_gift")).scalar())''') == "(250, 1) 2"
    assert made.python(PAGE + '''
    topic = client.get("/help/loyalty/points").get_data(as_text=True)
    index = client.get("/help").get_data(as_text=True)
    print("ganan puntos" in topic, "/customers/" in topic, "/help/loyalty/points" in index)''') == "True True True"
    assert made.python(PAGE + "    print('250 p' in page, '/loyalty/customers/1/give' in page, 'mug' in page)") == (
        "True True True")
    found = made.abona("check", "--json").json
    assert found["ok"] and "points_of_the_payer" in [one["name"] for one in found["checks"]]

    made.settings["ABONA_MODULES"] = "accounting"
    assert made.abona("upgrade").code == 0 and len(tables(made)) == 2
    assert made.python(PAGE + "    print('tab=loyalty' in page, client.post('/loyalty/customers/1/give').status_code)"
                       ) == "False 404"
    assert made.abona("check").code == 0
    assert "loyalty_gifts" in made.abona("modules", "drop", "loyalty", "--yes", code=2).err
    for name in ("loyalty_gifts", "loyalty"):
        made.abona("modules", "drop", name, "--yes")
    assert tables(made) == set()
    assert made.abona("check").code == 0 and touched() == ""


@pytest.mark.once
def test_what_the_guide_s_modules_refuse_and_do_twice(made: Installation) -> None:
    migrate(made)
    made.python(SITUATION)
    assert made.python('''
        from core import jobs, scope
        from modules.accounting.events import PaymentsRecorded
        with scope.company_scope(1):
            for _number in range(3):
                jobs.publish(PaymentsRecorded([1]))
        db.session.commit()
        jobs.run_jobs()
        import sqlalchemy as sa
        print(db.session.execute(sa.text("SELECT count(*) FROM loyalty_points_entry")).scalar(),
              db.session.execute(sa.text("SELECT count(*) FROM loyalty_gifts_gift")).scalar())''') == "1 2"
    assert made.python(PAGE + '''
    came_from = {"Referer": "http://localhost/customers/1"}
    answers = [client.post("/loyalty/customers/1/give", data={"points": 60, "reason": reason},
                           headers=came_from).status_code for reason in ("", "thanks")]
    from core import jobs
    jobs.run_jobs()
    import sqlalchemy as sa
    print(answers, db.session.execute(sa.text("SELECT sum(points) FROM loyalty_points_entry")).scalar(),
          db.session.execute(sa.text("SELECT count(*) FROM loyalty_gifts_gift")).scalar())''') == "[303, 302] 310 3"


@pytest.mark.once
def test_the_guide_s_modules_are_as_the_product_s_own_must_be(made: Installation) -> None:
    """They pass the linter, but for the order of imports (it depends on the folder), and import along their depends."""
    root = Path(made.settings["ABONA_MODULES_PATH"])
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--ignore",
                           "I001", str(root)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    allowed = {"loyalty": {"loyalty", "accounting", "crm", "notifications"},
               "loyalty_gifts": {"loyalty", "loyalty_gifts"}}
    for path in root.rglob("*.py"):
        wanted = set(re.findall(r"from modules\.(\w+)", path.read_text()))
        assert wanted <= allowed[path.relative_to(root).parts[0]], path
